package block

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// Step is what a vote of consensus is for, as CometBFT numbers them.
type Step uint64

// The steps of a round in which operators vote.
const (
	Prevote   Step = 1
	Precommit Step = 2
)

// Fault is a proof that an operator has misbehaved: its signatures on two votes for different blocks in one step of one round. Whoever has it can
// check it (specs/09-operators.md, "System section"). RLP:
//
//	fault = [step, height, round, vote, vote]
//	vote  = [block, seconds, nanos, signature(65)]
//	block = [] for none, or [hash(32), parts, parts_hash(32)]
type Fault struct {
	Step   Step
	Height uint64
	Round  uint32
	Votes  [2]FaultVote
}

// FaultVote is one of the two: what CometBFT's vote says beside the place that both share.
type FaultVote struct {
	Block     *ConsensusID `rlp:"nilList"` // nil: a vote for no block
	Seconds   uint64       // since 1970 on the voter's clock; in two's complement, for it may be false
	Nanos     uint32
	Signature tx.Signature
}

// ConsensusID is CometBFT's name of a consensus block.
type ConsensusID struct {
	Hash      common.Hash
	Parts     uint32
	PartsHash common.Hash
}

// same says whether two votes are for the same block, or both for none.
func (b *ConsensusID) same(c *ConsensusID) bool {
	if b == nil || c == nil {
		return b == c
	}
	return *b == *c
}

// Operator is the consensus address of whoever signed both votes; an error if they prove nothing.
func (f *Fault) Operator(chainID string) (common.Address, error) {
	a, b := &f.Votes[0], &f.Votes[1]
	if a.Block.same(b.Block) {
		return common.Address{}, errors.New("both votes are for the same block")
	}
	first, err := tx.Recover(f.Digest(chainID, 0), a.Signature)
	if err != nil {
		return common.Address{}, fmt.Errorf("first vote: %w", err)
	}
	second, err := tx.Recover(f.Digest(chainID, 1), b.Signature)
	if err != nil {
		return common.Address{}, fmt.Errorf("second vote: %w", err)
	}
	if first != second {
		return common.Address{}, fmt.Errorf("the votes are of two keys, %s and %s", first, second)
	}
	return first, nil
}

// Digest is what the first (0) or the second (1) of the votes signs: CometBFT's sign bytes of it (specs/03-certificates.md, "Digest of a vote"):
//
//	keccak256(varint length | 08 step | 11 height(8, little endian) | [19 round(8), absent for 0] | [22 length block, absent for none] |
//	          2a length time | 32 length chain_id)
//	block = 0a 20 hash | 12 length (08 varint parts | 12 20 parts_hash)
//	time  = [08 varint seconds, absent for 0] | [10 varint nanos, absent for 0]
func (f *Fault) Digest(chainID string, vote int) common.Hash {
	v := &f.Votes[vote]
	body := make([]byte, 0, 160+len(chainID))
	body = append(body, 0x08, byte(f.Step), 0x11)
	body = binary.LittleEndian.AppendUint64(body, f.Height)
	if f.Round > 0 {
		body = append(body, 0x19)
		body = binary.LittleEndian.AppendUint64(body, uint64(f.Round))
	}
	if b := v.Block; b != nil {
		parts := binary.AppendUvarint([]byte{0x08}, uint64(b.Parts))
		parts = append(append(parts, 0x12, common.HashLength), b.PartsHash[:]...)
		id := append([]byte{0x0a, common.HashLength}, b.Hash[:]...)
		body = field(body, 0x22, field(id, 0x12, parts))
	}
	var at []byte
	if v.Seconds != 0 {
		at = binary.AppendUvarint(append(at, 0x08), v.Seconds)
	}
	if v.Nanos != 0 {
		at = binary.AppendUvarint(append(at, 0x10), uint64(v.Nanos))
	}
	body = field(body, 0x2a, at)
	body = field(body, 0x32, []byte(chainID))
	return crypto.Keccak256Hash(binary.AppendUvarint(nil, uint64(len(body))), body)
}

// field appends a tag and what stands under it with its length.
func field(to []byte, tag byte, value []byte) []byte {
	return append(binary.AppendUvarint(append(to, tag), uint64(len(value))), value...)
}

// validate says whether the fault is one that CometBFT's encoding can mean.
func (f *Fault) validate() error {
	if f.Step != Prevote && f.Step != Precommit || f.Height == 0 {
		return fmt.Errorf("fault in step %d of height %d", f.Step, f.Height)
	}
	for i := range f.Votes {
		if b := f.Votes[i].Block; b != nil && b.Parts == 0 || f.Votes[i].Nanos >= 1_000_000_000 {
			return errors.New("fault with a vote that cannot be")
		}
	}
	return nil
}
