package block

import (
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// Bounds of a [System].
const (
	maxVoters = 256 // operators of a set
	maxFaults = 256 // more than what CometBFT carries of evidence in one block: 64 KiB, at least 300 bytes each
)

// MaxSystemSize bounds an encoded system section in bytes: the bitmap, a late vote of 75 bytes for each operator, faults of up to 330.
const MaxSystemSize = 64 + maxVoters*80 + maxFaults*336

// System is what consensus knows of the past and the ledger needs (specs/09-operators.md, "System section"). RLP:
//
//	system = [votes, [late...], [fault...]]
//	late   = [operator index, round, signature(65)]
//	fault  = two votes: see [Fault]
//
// The zero value says nothing; the first block has it.
type System struct {
	Votes  []byte     // bitmap over the set of the height before: whose precommits stand in its commit
	Late   []LateVote // ascending by operator, over the set two heights before
	Faults []Fault    // in the order in which consensus lists them
}

// LateVote is an operator's extension signature over the header two heights before.
type LateVote struct {
	Operator  uint32 // its place in the set of that height
	Round     uint32
	Signature tx.Signature
}

// IsEmpty says whether the section says nothing; then no lane carries it.
func (s System) IsEmpty() bool { return len(s.Votes) == 0 && len(s.Late) == 0 && len(s.Faults) == 0 }

// Encode returns the canonical RLP.
func (s System) Encode() []byte {
	raw, err := rlp.EncodeToBytes(&s)
	if err != nil {
		panic(fmt.Sprintf("encode system section: %v", err)) // integers, arrays and byte strings always encode
	}
	return raw
}

// DecodeSystem reads a section from its encoding: within its bounds, late votes ascending. Whether it is true is for others to check.
func DecodeSystem(raw []byte) (System, error) {
	if len(raw) > MaxSystemSize {
		return System{}, fmt.Errorf("decode system section: %d bytes, at most %d", len(raw), MaxSystemSize)
	}
	var s System
	if err := rlp.DecodeBytes(raw, &s); err != nil {
		return System{}, fmt.Errorf("decode system section: %w", err)
	}
	if err := s.validate(); err != nil {
		return System{}, fmt.Errorf("decode system section: %w", err)
	}
	return s, nil
}

func (s System) validate() error {
	if len(s.Votes) > maxVoters/8 || len(s.Late) > maxVoters || len(s.Faults) > maxFaults {
		return fmt.Errorf("%d bytes of votes, %d late votes, %d faults: too many", len(s.Votes), len(s.Late), len(s.Faults))
	}
	for i, l := range s.Late {
		if l.Operator >= maxVoters || i > 0 && s.Late[i-1].Operator >= l.Operator {
			return errors.New("late votes do not ascend")
		}
	}
	for i := range s.Faults {
		if err := s.Faults[i].validate(); err != nil {
			return err
		}
	}
	return nil
}

// Voted says whether the operator at the place stands in the bitmap.
func (s System) Voted(i int) bool { return i/8 < len(s.Votes) && s.Votes[i/8]&(0x80>>(i%8)) != 0 }
