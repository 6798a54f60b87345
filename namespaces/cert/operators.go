// Package cert holds the operators, their certificates over headers, and the one verifier of header runs that every reader uses: rollup nodes,
// the DA reader, the publisher, `lockstep verify`.
//
// Trust changes the type: a run of headers with a [Certificate] goes into [Trust.Advance], and only what comes out is certified.
// Rules: specs/03-certificates.md.
package cert

import (
	"errors"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"
)

// MaxOperators bounds a set: what one certificate may cost to check (one recovery of about 40 us each).
const MaxOperators = 256

// MaxPower bounds the sum of voting powers: CometBFT's own bound, and no product in the quorum rule overflows.
const MaxPower = 1<<60 - 1

// Operator is a member of the set: its Ethereum address, which is also its CometBFT address, and its voting power.
type Operator struct {
	Address common.Address `json:"address"`
	Power   uint64         `json:"power"`
}

// Set is the operators in CometBFT's order: power descending, then address ascending. RLP: [[address, power]...]. The zero value is empty
// and certifies nothing.
type Set struct {
	operators []Operator
	total     uint64
	hash      common.Hash
}

// NewSet sorts the operators and checks them: at least one, at most [MaxOperators], no address twice, no power of zero.
func NewSet(operators []Operator) (Set, error) {
	if len(operators) == 0 || len(operators) > MaxOperators {
		return Set{}, fmt.Errorf("operator set of %d, want 1 to %d", len(operators), MaxOperators)
	}
	ops := slices.Clone(operators)
	slices.SortFunc(ops, compare)
	seen := make(map[common.Address]bool, len(ops))
	var total uint64
	for _, o := range ops {
		if o.Power == 0 || o.Power > MaxPower {
			return Set{}, fmt.Errorf("operator %s: power %d, want 1 to 2^60-1", o.Address, o.Power)
		}
		if seen[o.Address] {
			return Set{}, fmt.Errorf("operator %s stands twice in the set", o.Address)
		}
		seen[o.Address] = true
		if total += o.Power; total > MaxPower {
			return Set{}, errors.New("operator set: total power above 2^60-1")
		}
	}
	raw, err := rlp.EncodeToBytes(ops)
	if err != nil {
		return Set{}, fmt.Errorf("encode operator set: %w", err)
	}
	return Set{operators: ops, total: total, hash: crypto.Keccak256Hash(raw)}, nil
}

func compare(a, b Operator) int {
	if a.Power != b.Power {
		if a.Power > b.Power {
			return -1
		}
		return 1
	}
	return a.Address.Cmp(b.Address)
}

// Operators lists the set in its order. The caller must not change it.
func (s Set) Operators() []Operator { return s.operators }

// Hash is keccak256(rlp(set)): the header's operators_hash.
func (s Set) Hash() common.Hash { return s.hash }

// Total is the sum of all voting power.
func (s Set) Total() uint64 { return s.total }

// Index returns the place of an operator in the set, or -1.
func (s Set) Index(a common.Address) int {
	return slices.IndexFunc(s.operators, func(o Operator) bool { return o.Address == a })
}

// Quorum says whether the signed power is more than two thirds of the whole.
func (s Set) Quorum(signed uint64) bool { return s.total > 0 && 3*signed > 2*s.total }
