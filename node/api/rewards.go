package api

import (
	"context"
	"errors"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/proof"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
	"github.com/lockstep-network/lockstep/node/ledger/state"
	"github.com/lockstep-network/lockstep/node/store"
)

// maxRoots is how many ended epochs one answer lists.
const maxRoots = 8

// Rewards is what seq_getRewards answers. Amounts are wei, in decimal digits.
type Rewards struct {
	Address     common.Address `json:"address"`
	Unclaimed   *uint256.Int   `json:"unclaimed"` // what a claim pays, beside what delegations are owed
	Lifetime    *uint256.Int   `json:"lifetime"`  // settled since genesis, claimed or not
	Owed        *uint256.Int   `json:"owed"`      // to the delegations below together: a claim of each settles it
	Delegations []Delegation   `json:"delegations"`
	Epoch       uint64         `json:"epoch"`   // that is open
	EpochMS     uint64         `json:"epochMs"` // when it began
	Roots       []RewardsRoot  `json:"roots"`   // of the newest epochs that have ended, newest first; at most 8
	Leaf        *proof.Reward  `json:"leaf"`    // of the epoch asked for, or the last; null if the address has none there
	Height      uint64         `json:"height"`  // the ledger after this height

	Proof *proof.Document `json:"proof,omitempty"` // of the records and of the leaf, if asked for
}

// Delegation is what an address has bonded with an operator.
type Delegation struct {
	Operator common.Address `json:"operator"` // its owner
	Name     string         `json:"name,omitempty"`
	Shares   *uint256.Int   `json:"shares"`
	Tokens   *uint256.Int   `json:"tokens"` // wei that the shares are worth
	Owed     *uint256.Int   `json:"owed"`   // wei that a claim settles
}

// RewardsRoot is an epoch that has ended.
type RewardsRoot struct {
	Epoch  uint64      `json:"epoch"`
	Height uint64      `json:"height"` // its last
	EndMS  uint64      `json:"endMs"`
	Root   common.Hash `json:"root"` // over the lifetime rewards of all addresses (specs/09-operators.md, "Rewards")
}

// GetRewards tells what an address has earned.
func (s *Service) GetRewards(ctx context.Context, address common.Address, options *RewardOptions) (*Rewards, error) {
	if options == nil {
		options = new(RewardOptions)
	}
	if len(options.Operators) > maxOperators {
		return nil, fail(BadArgument, "%d operators, at most %d", len(options.Operators), maxOperators)
	}
	var out *Rewards
	head, d, err := s.atHead(ctx, options.Proof, func(r state.Reader) (keys []state.Key, err error) {
		out, keys, err = rewardsOf(r, address, options)
		return keys, err
	})
	if err != nil {
		return nil, s.coded(ctx, err)
	}
	out.Height, out.Proof = head.Height, d
	if out.Leaf, err = s.leaf(out, options.Epoch); err != nil {
		return nil, s.coded(ctx, err)
	}
	if d != nil && out.Leaf != nil {
		d.Rewards = []proof.Reward{*out.Leaf}
	}
	return out, nil
}

// rewardsOf reads what an address has earned, and names the records that the answer is read from.
func rewardsOf(r state.Reader, address common.Address, options *RewardOptions) (*Rewards, []state.Key, error) {
	earned, _, err := stake.LoadReward(r, address)
	if err != nil {
		return nil, nil, err
	}
	open, err := stake.LoadOpen(r)
	if err != nil {
		return nil, nil, err
	}
	out := &Rewards{
		Address: address, Unclaimed: &earned.Unclaimed, Lifetime: &earned.Lifetime, Owed: new(uint256.Int),
		Delegations: []Delegation{}, Epoch: open.Number, EpochMS: open.StartMS, Roots: []RewardsRoot{},
	}
	keys := []state.Key{stake.RewardKey(address), stake.OpenKey()}
	if options.Epoch != nil {
		if *options.Epoch >= open.Number {
			return nil, nil, fail(NotYet, "epoch %d is open, %d has not ended", open.Number, *options.Epoch)
		}
		keys = append(keys, stake.EpochKey(*options.Epoch))
	} else if open.Number > 0 {
		keys = append(keys, stake.EpochKey(open.Number-1))
	}
	more, err := out.delegations(r, options.Operators)
	if err != nil {
		return nil, nil, err
	}
	return out, append(keys, more...), out.roots(r)
}

// delegations reads what the address has bonded with the operators; with the first ones if none are named.
func (out *Rewards) delegations(r state.Reader, owners []common.Address) (keys []state.Key, err error) {
	if len(owners) == 0 {
		if owners, err = stake.Bonded(r, maxOperators); err != nil {
			return nil, err
		}
	}
	for _, owner := range owners {
		d, found, err := stake.LoadDelegation(r, owner, out.Address)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		o, _, err := stake.LoadOperator(r, owner)
		if err != nil {
			return nil, err
		}
		keys = append(keys, stake.DelegationKey(owner, out.Address), stake.OperatorKey(owner))
		if !d.Fresh.IsZero() {
			keys = append(keys, stake.EntryKey(owner, d.Epoch))
		}
		owed, err := stake.Owed(r, owner, &o, &d)
		if err != nil {
			return nil, err
		}
		worth := d.Worth(o)
		out.Owed.Add(out.Owed, &owed)
		out.Delegations = append(out.Delegations, Delegation{owner, o.Node.Name, &d.Shares, &worth, &owed})
	}
	return keys, nil
}

// roots lists the newest epochs that have ended.
func (out *Rewards) roots(r state.Reader) error {
	for n := out.Epoch; n > 0 && len(out.Roots) < maxRoots; n-- {
		e, _, err := stake.LoadEpoch(r, n-1)
		if err != nil {
			return err
		}
		out.Roots = append(out.Roots, RewardsRoot{n - 1, e.Last, e.EndMS, e.Root})
	}
	return nil
}

// leaf shows what stands of the address under the rewards root of an epoch; nil if nothing.
func (s *Service) leaf(out *Rewards, epoch *uint64) (*proof.Reward, error) {
	n := out.Epoch
	switch {
	case epoch != nil:
		n = *epoch
	case n == 0:
		return nil, nil
	default:
		n--
	}
	all, err := s.store.Lifetimes(n)
	if errors.Is(err, store.ErrNotFound) && epoch == nil {
		return nil, nil
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, fail(Pruned, "what stands under the rewards root of epoch %d is no longer kept: the last %d are", n, store.RewardsHistory)
	}
	if err != nil {
		return nil, err
	}
	shown, there := proof.Prove(n, all, out.Address)
	if !there {
		return nil, nil
	}
	return &shown, nil
}
