package proof

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
)

// epochKind is the kind of an epoch's record (specs/09-operators.md, "Records").
const epochKind = 25

// Reward shows what an address has earned since genesis, up to the end of an epoch, under the rewards root of that epoch: what a claim elsewhere
// needs (specs/09-operators.md, "Rewards"). The epoch's record stands in the same document.
type Reward struct {
	Epoch    uint64         `json:"epoch"`
	Address  common.Address `json:"address"`
	Lifetime *uint256.Int   `json:"lifetime"` // wei, in decimal digits
	Count    uint64         `json:"count"`    // of leaves
	Index    uint64         `json:"index"`
	Siblings []common.Hash  `json:"siblings"` // from the leaf upwards
}

// RewardFact is what an address has earned since genesis, up to the end of an epoch.
type RewardFact struct {
	Epoch    uint64         `json:"epoch"`
	Height   uint64         `json:"height"` // the epoch's last
	Address  common.Address `json:"address"`
	Lifetime *uint256.Int   `json:"lifetime"` // wei, in decimal digits
}

// epoch is the record of an epoch that has ended.
type epoch struct {
	Last  uint64
	EndMS uint64
	Root  common.Hash
}

// Prove shows one of the lifetimes of an epoch; false if the address has none.
func Prove(number uint64, all namespaces.Lifetimes, a common.Address) (Reward, bool) {
	for i, l := range all {
		if l.Address == a {
			return Reward{number, a, l.Wei.Clone(), uint64(len(all)), uint64(i), all.Leaves().Siblings(i)}, true
		}
	}
	return Reward{}, false
}

// Root is the rewards root that the siblings lead to.
func (r Reward) Root() (common.Hash, error) {
	if r.Lifetime == nil {
		return common.Hash{}, errors.New("a reward without a lifetime")
	}
	return namespaces.RootOf(r.Count, r.Index, namespaces.Lifetime{Address: r.Address, Wei: *r.Lifetime}.Leaf(), r.Siblings)
}

func (v *verifier) reward(r Reward) error {
	ended, err := v.epoch(r.Epoch)
	if err != nil {
		return err
	}
	root, err := r.Root()
	if err != nil {
		return err
	}
	if root != ended.Root {
		return fmt.Errorf("what is shown of %s has root %s, epoch %d has %s", r.Address, root, r.Epoch, ended.Root)
	}
	v.facts.Rewards = append(v.facts.Rewards, RewardFact{r.Epoch, ended.Last, r.Address, r.Lifetime})
	return nil
}

// epoch finds the record of an epoch among those that are proven.
func (v *verifier) epoch(number uint64) (out epoch, err error) {
	key := binary.BigEndian.AppendUint64([]byte{epochKind}, number)
	for _, r := range v.facts.Records {
		if string(r.Key) == string(key) && len(r.Value) > 0 {
			if err := rlp.DecodeBytes(r.Value, &out); err != nil {
				return out, fmt.Errorf("decode the record of epoch %d: %w", number, err)
			}
			return out, nil
		}
	}
	return out, fmt.Errorf("the record of epoch %d is not shown", number)
}
