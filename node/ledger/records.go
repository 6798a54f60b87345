package ledger

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// Namespace is a namespace's record (specs/05-ledger.md, "Namespaces").
type Namespace struct {
	Owner      common.Address
	Metadata   []byte
	Lane       action.Lane
	Deposit    *uint256.Int // wei, given back by exit
	Registered uint64       // height of the block that registered it; 0: genesis
	ExitHeight uint64       // no block at this height or above has a leg in it; 0: it stays
}

// exited says whether the namespace takes no legs at the height.
func (n *Namespace) exited(height uint64) bool { return n.ExitHeight > 0 && height >= n.ExitHeight }

// order is how the namespace's own transactions stand in a block.
func (n *Namespace) order() block.Rule {
	if n.Lane.Policy == action.Owned {
		return block.BySeq
	}
	return n.Lane.Order
}

// Lane is what the ledger knows of an owned lane.
type Lane struct {
	Epoch    uint64
	Next     uint64 // lane_seq of the next message
	HeardMS  uint64 // block time when its owner was last heard
	Rotation uint64 // of proposers then
}

// quota is what a tank has paid for one payer.
type quota struct {
	Epoch uint64
	Used  uint64 // bytes of weight, in that epoch
}

// Clock is what the ledger knows of the blocks before (specs/05-ledger.md, "Clock").
type Clock struct {
	TimeMS   uint64
	Rotation uint64           // full rotations of proposers since genesis
	Seen     []common.Address // who has proposed in the present one, ascending
}

// NamespaceKey is the key of a namespace's record.
func NamespaceKey(ns namespaces.Namespace) state.Key { return state.NewKey(state.Namespace, ns[:]) }

// NamespaceKeys are the keys of all that the ledger knows of a namespace but its prices: itself, its tank, its owned lane, its reservation, and the
// open epoch, from which that counts.
func NamespaceKeys(ns namespaces.Namespace) []state.Key {
	return []state.Key{NamespaceKey(ns), tankKey(ns), ownedKey(ns), reservationKey(ns), stake.OpenKey()}
}

// ParamsKey is the key of the parameters.
func ParamsKey() state.Key { return state.NewKey(state.Params) }

// VoteKey is the key of an operator's vote, by its owner.
func VoteKey(owner common.Address) state.Key { return state.NewKey(state.Vote, owner[:]) }

// ScheduleKey is the key of the changes of parameters that wait.
func ScheduleKey() state.Key { return state.NewKey(state.Schedule) }

func tankKey(ns namespaces.Namespace) state.Key  { return state.NewKey(state.Tank, ns[:]) }
func ownedKey(ns namespaces.Namespace) state.Key { return state.NewKey(state.OwnedLane, ns[:]) }
func clockKey() state.Key                        { return state.NewKey(state.Clock) }
func quotaKey(ns namespaces.Namespace, a common.Address) state.Key {
	return state.NewKey(state.Quota, ns[:], a[:])
}

// NamespaceOf reads a namespace's record; nil if nobody has registered it.
func NamespaceOf(r state.Reader, ns namespaces.Namespace) (*Namespace, error) {
	record, found, err := state.Load[Namespace](r, NamespaceKey(ns))
	if err != nil || !found {
		return nil, err
	}
	return &record, nil
}

// LaneOf reads what the ledger knows of an owned lane.
func LaneOf(r state.Reader, ns namespaces.Namespace) (Lane, error) {
	lane, _, err := state.Load[Lane](r, ownedKey(ns))
	return lane, err
}

func quotaOf(r state.Reader, ns namespaces.Namespace, payer common.Address) (quota, bool, error) {
	return state.Load[quota](r, quotaKey(ns, payer))
}

// Tank is what a namespace's tank holds, in wei.
func Tank(r state.Reader, ns namespaces.Namespace) (uint256.Int, error) {
	v, _, err := state.Load[uint256.Int](r, tankKey(ns))
	return v, err
}

// SetTank writes what a namespace's tank holds. An empty one has no record.
func SetTank(s *state.State, ns namespaces.Namespace, v *uint256.Int) {
	if v.IsZero() {
		s.Delete(tankKey(ns))
		return
	}
	s.Set(tankKey(ns), v)
}

// ParamsOf reads the parameters that are in force for the next block.
func ParamsOf(r state.Reader) (genesis.Params, error) {
	p, found, err := state.Load[genesis.Params](r, ParamsKey())
	if err == nil && !found {
		err = fmt.Errorf("read parameters: there are none")
	}
	return p, err
}

// OrderIn says how each namespace orders its own transactions in the next block: what [block.Order] asks for. What cannot be read is taken as
// listed; a pass says so.
func OrderIn(r state.Reader) func(namespaces.Namespace) block.Rule {
	return func(ns namespaces.Namespace) block.Rule {
		if ns == namespaces.Ledger() {
			return block.ByTip
		}
		record, err := NamespaceOf(r, ns)
		if err != nil || record == nil {
			return block.ByProposer
		}
		return record.order()
	}
}

// held is what a record holds in wei, of all kinds that hold any: what the supply consists of.
func held(k state.Key, r state.Reader) (*uint256.Int, error) {
	switch k.Kind() {
	case state.Account:
		b, err := Balance(r, common.BytesToAddress(k.ID()))
		return &b, err
	case state.Tank:
		b, err := Tank(r, namespaces.Namespace(k.ID()))
		return &b, err
	case state.Namespace:
		n, err := NamespaceOf(r, namespaces.Namespace(k.ID()))
		if err != nil || n == nil {
			return new(uint256.Int), err
		}
		return n.Deposit, nil
	case state.Pots:
		return stakes(r)
	default:
		return new(uint256.Int), nil
	}
}

// conserved says whether changes leave the supply as it was, modulo 2^256: the identity of specs/05-ledger.md, "Supply", in time that grows with
// what a block has touched.
func conserved(before, after state.Reader, changes []state.Record) error {
	var sum uint256.Int
	for _, c := range changes {
		old, err := held(c.Key, before)
		if err != nil {
			return err
		}
		now, err := held(c.Key, after)
		if err != nil {
			return err
		}
		sum.Sub(sum.Add(&sum, now), old)
	}
	if !sum.IsZero() {
		return fmt.Errorf("the supply changes by %s wei (modulo 2^256)", sum.Dec())
	}
	return nil
}
