package stake

import (
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// LoadDelegation reads what a holder has bonded with an operator; false if nothing.
func LoadDelegation(r state.Reader, owner, holder common.Address) (Delegation, bool, error) {
	return state.Load[Delegation](r, DelegationKey(owner, holder))
}

// LoadReward reads what an address has earned; false if nothing ever was.
func LoadReward(r state.Reader, a common.Address) (Reward, bool, error) {
	return state.Load[Reward](r, RewardKey(a))
}

// LoadEpoch reads an epoch that has ended; false if it has not.
func LoadEpoch(r state.Reader, n uint64) (Epoch, bool, error) {
	return state.Load[Epoch](r, EpochKey(n))
}

// Worth is what a delegation's shares stand for, in wei; zero for none.
func (d Delegation) Worth(o Operator) uint256.Int {
	if o.Shares.IsZero() {
		return uint256.Int{}
	}
	return partOf(&d.Shares, &o.Tokens, &o.Shares)
}

// Bonded lists the owners of operators that at least what one begins with is bonded with, by their places in the index; at most so many.
func Bonded(r state.Reader, most uint64) ([]common.Address, error) {
	n, err := operators.count(r)
	if err != nil {
		return nil, err
	}
	out := make([]common.Address, 0, min(n, most))
	for i := uint64(1); i <= min(n, most); i++ {
		owner, err := operators.at(r, i)
		if err != nil {
			return nil, err
		}
		out = append(out, owner)
	}
	return out, nil
}

// Lifetimes lists what each address with a leaf under the rewards root has earned, ascending by address (specs/09-operators.md, "Rewards").
func Lifetimes(r state.Reader) (namespaces.Lifetimes, error) {
	all, err := earners.all(r)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, common.Address.Cmp)
	out := make(namespaces.Lifetimes, len(all))
	for i, a := range all {
		earned, _, err := LoadReward(r, a)
		if err != nil {
			return nil, err
		}
		out[i] = namespaces.Lifetime{Address: a, Wei: earned.Lifetime}
	}
	return out, nil
}
