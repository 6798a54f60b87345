package ledger

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// Why an action does nothing (specs/05-ledger.md, "Actions"). Its transaction stays in the block, and pays.
const (
	ZeroAmount          tx.Code = "zero_amount"
	InsufficientBalance tx.Code = "insufficient_balance" // of an account, or of a tank
	Overflow            tx.Code = "overflow"             // a sum above 2^256
	NamespaceTaken      tx.Code = "namespace_taken"
	NamespaceReserved   tx.Code = "namespace_reserved"
	NotOwner            tx.Code = "not_owner"
	BadHeight           tx.Code = "bad_height"
	NotOwned            tx.Code = "not_owned"  // heartbeat or resume of a lane that is not an owner's
	LaneOpen            tx.Code = "lane_open"  // a heartbeat comes too late
	NotSilent           tx.Code = "not_silent" // a resume of a lane that is not open
	NotOperator         tx.Code = "not_operator"
	UnknownParameter    tx.Code = "unknown_parameter"
	ParameterRange      tx.Code = "parameter_range"
	ReservationsFull    tx.Code = "reservations_full" // more than is left of the next epoch
)

// Failure is an action that did nothing.
type Failure struct {
	Position uint32 // of its transaction, in shared order
	Leg      uint32
	Code     tx.Code
	Detail   string
}

// run is a block being applied.
type run struct {
	rules    Rules
	height   uint64
	block    Block
	params   genesis.Params // in force for this block
	clock    Clock          // of the state before it
	st       *state.State
	failures []Failure

	voted             *ballots // nil: the block has brought no vote
	viewed            bool     // the block brings a view of the DA layer
	daHead, published uint64   // what operators see of it
	consensus, owners []Power  // of this height's set
	stake             *stake.Stake
	income            stake.Income
	outcome           stake.Outcome
}

// actions runs the block's actions, each on a snapshot.
func (x *run) actions() error {
	for position, t := range x.block.Txs {
		legs := t.Legs()
		for i := range legs {
			if legs[i].Namespace != namespaces.Ledger() {
				continue
			}
			a, err := action.Decode(legs[i].Data)
			if err != nil {
				return err // the pass decoded it
			}
			before := x.st.Snapshot()
			err = handler(a)(x, t.Payer())
			if code := tx.CodeOf(err); code != "" {
				x.st.Revert(before)
				x.failures = append(x.failures, Failure{uint32(position), uint32(i), code, err.Error()})
			} else if err != nil {
				return fmt.Errorf("transaction %d, leg %d: %w", position, i, err)
			}
		}
	}
	return nil
}

// handler is what an action does when the payer sends it; nil if this ledger has no such action. The one list of them.
func handler(a action.Action) func(*run, common.Address) error {
	switch a := a.(type) {
	case *action.Transfer:
		return func(x *run, payer common.Address) error { return x.transfer(payer, a) }
	case *action.Register:
		return func(x *run, payer common.Address) error { return x.register(payer, a) }
	case *action.Update:
		return func(x *run, payer common.Address) error { return x.update(payer, a) }
	case *action.HandOver:
		return func(x *run, payer common.Address) error { return x.handOver(payer, a) }
	case *action.Exit:
		return func(x *run, payer common.Address) error { return x.exit(payer, a) }
	case *action.FillTank:
		return func(x *run, payer common.Address) error { return x.fillTank(payer, a) }
	case *action.DrainTank:
		return func(x *run, payer common.Address) error { return x.drainTank(payer, a) }
	case *action.Resume:
		return func(x *run, payer common.Address) error { return x.resume(payer, a) }
	case *action.Heartbeat:
		return func(x *run, payer common.Address) error { return x.heartbeat(payer, a) }
	case *action.Reserve:
		return func(x *run, payer common.Address) error { return x.reserve(payer, a) }
	case *action.DAView:
		return func(x *run, payer common.Address) error { return x.daView(payer, a) }
	case *action.Vote:
		return func(x *run, payer common.Address) error { return x.vote(payer, a) }
	case *action.OperatorCreate, *action.OperatorUpdate, *action.OperatorRotate, *action.OperatorLeave, *action.Unjail,
		*action.Delegate, *action.Undelegate, *action.Withdraw, *action.Claim, *action.Report, *action.AttestBatch:
		return func(x *run, payer common.Address) error { return x.operate(payer, a) }
	}
	return nil
}

// debit takes wei from an account.
func (x *run) debit(a common.Address, amount *uint256.Int) error {
	if amount.IsZero() {
		return tx.NewReject(ZeroAmount, "nothing to move")
	}
	balance, err := Balance(x.st, a)
	if err != nil {
		return err
	}
	if balance.Lt(amount) {
		return tx.NewReject(InsufficientBalance, "%s has %s wei, not %s", a, balance.Dec(), amount.Dec())
	}
	SetBalance(x.st, a, balance.Sub(&balance, amount))
	return nil
}

// credit gives wei to an account.
func (x *run) credit(a common.Address, amount *uint256.Int) error {
	balance, err := Balance(x.st, a)
	if err != nil {
		return err
	}
	sum, over := new(uint256.Int).AddOverflow(&balance, amount)
	if over {
		return tx.NewReject(Overflow, "%s would hold more than 2^256 wei", a)
	}
	SetBalance(x.st, a, sum)
	return nil
}

func (x *run) transfer(payer common.Address, a *action.Transfer) error {
	if err := x.debit(payer, a.Amount); err != nil {
		return err
	}
	return x.credit(a.To, a.Amount)
}

func (x *run) fillTank(payer common.Address, a *action.FillTank) error {
	if _, err := x.namespace(a.Namespace); err != nil {
		return err
	}
	if err := x.debit(payer, a.Amount); err != nil {
		return err
	}
	tank, err := Tank(x.st, a.Namespace)
	if err != nil {
		return err
	}
	sum, over := new(uint256.Int).AddOverflow(&tank, a.Amount)
	if over {
		return tx.NewReject(Overflow, "the tank would hold more than 2^256 wei")
	}
	SetTank(x.st, a.Namespace, sum)
	return nil
}

func (x *run) drainTank(payer common.Address, a *action.DrainTank) error {
	n, err := x.owned(payer, a.Namespace)
	if err != nil {
		return err
	}
	if a.Amount.IsZero() {
		return tx.NewReject(ZeroAmount, "nothing to move")
	}
	tank, err := Tank(x.st, a.Namespace)
	if err != nil {
		return err
	}
	if tank.Lt(a.Amount) {
		return tx.NewReject(InsufficientBalance, "the tank has %s wei, not %s", tank.Dec(), a.Amount.Dec())
	}
	SetTank(x.st, a.Namespace, tank.Sub(&tank, a.Amount))
	return x.credit(n.Owner, a.Amount)
}
