package ledger

import (
	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// namespace reads a registered namespace.
func (x *run) namespace(ns namespaces.Namespace) (*Namespace, error) {
	n, err := NamespaceOf(x.st, ns)
	if err == nil && n == nil {
		err = tx.NewReject(UnknownNamespace, "nobody has registered %s", ns)
	}
	return n, err
}

// owned reads a namespace that is the payer's.
func (x *run) owned(payer common.Address, ns namespaces.Namespace) (*Namespace, error) {
	n, err := x.namespace(ns)
	if err == nil && n.Owner != payer {
		return nil, tx.NewReject(NotOwner, "%s is %s's, not %s's", ns, n.Owner, payer)
	}
	return n, err
}

// staying reads a namespace that is the payer's and has not announced its exit.
func (x *run) staying(payer common.Address, ns namespaces.Namespace) (*Namespace, error) {
	n, err := x.owned(payer, ns)
	if err == nil && n.ExitHeight > 0 {
		return nil, tx.NewReject(NamespaceExited, "%s leaves at height %d", ns, n.ExitHeight)
	}
	return n, err
}

func (x *run) register(payer common.Address, a *action.Register) error {
	if err := a.Namespace.ValidateForRollup(); err != nil {
		return tx.NewReject(NamespaceReserved, "%v", err)
	}
	n, err := NamespaceOf(x.st, a.Namespace)
	if err != nil {
		return err
	}
	if n != nil {
		return tx.NewReject(NamespaceTaken, "%s is %s's", a.Namespace, n.Owner)
	}
	deposit := uint256.NewInt(x.params.NamespaceDeposit)
	if !deposit.IsZero() {
		if err := x.debit(payer, deposit); err != nil {
			return err
		}
	}
	x.st.Set(NamespaceKey(a.Namespace), &Namespace{
		Owner: a.Owner, Metadata: a.Metadata, Lane: a.Lane, Deposit: deposit, Registered: x.height,
	})
	return x.begin(a.Namespace, a.Lane)
}

func (x *run) update(payer common.Address, a *action.Update) error {
	n, err := x.staying(payer, a.Namespace)
	if err != nil {
		return err
	}
	renewed := a.Lane.Policy == action.Owned && (n.Lane.Policy != action.Owned || n.Lane.Key != a.Lane.Key)
	n.Metadata, n.Lane = a.Metadata, a.Lane
	x.st.Set(NamespaceKey(a.Namespace), n)
	if !renewed {
		return nil
	}
	return x.begin(a.Namespace, a.Lane)
}

// begin starts the next epoch of an owned lane: what was signed before is void.
func (x *run) begin(ns namespaces.Namespace, l action.Lane) error {
	if l.Policy != action.Owned {
		return nil
	}
	lane, err := LaneOf(x.st, ns)
	if err != nil {
		return err
	}
	next := Lane{Epoch: lane.Epoch + 1}.heard(x.now())
	x.st.Set(ownedKey(ns), &next)
	return nil
}

// now is the clock of this block, for lanes that are heard in it.
func (x *run) now() Clock { return Clock{TimeMS: x.block.TimeMS, Rotation: x.clock.Rotation} }

func (x *run) handOver(payer common.Address, a *action.HandOver) error {
	n, err := x.owned(payer, a.Namespace)
	if err != nil {
		return err
	}
	n.Owner = a.Owner
	x.st.Set(NamespaceKey(a.Namespace), n)
	return nil
}

// namePrice: one part in so many of a deposit stays with the treasury. The name is taken and its record kept for ever, so who exits at once has paid for it.
const namePrice = 8

// maxExitAhead is how many heights ahead an exit may lie.
const maxExitAhead = 1 << 20

func (x *run) exit(payer common.Address, a *action.Exit) error {
	n, err := x.staying(payer, a.Namespace)
	if err != nil {
		return err
	}
	height := a.Height
	if height == 0 {
		height = x.height + 1
	}
	if height <= x.height || height-x.height > maxExitAhead {
		return tx.NewReject(BadHeight, "leaves at height %d, this block is %d", height, x.height)
	}
	price := new(uint256.Int).Div(n.Deposit, uint256.NewInt(namePrice))
	back := new(uint256.Int).Sub(n.Deposit, price)
	n.ExitHeight, n.Deposit = height, new(uint256.Int)
	x.st.Set(NamespaceKey(a.Namespace), n)
	if err := x.credit(Treasury(), price); err != nil {
		return err
	}
	return x.credit(n.Owner, back)
}

// heard reads a lane whose owner or key the payer is.
func (x *run) heard(payer common.Address, ns namespaces.Namespace) (*Namespace, Lane, error) {
	n, err := x.namespace(ns)
	switch {
	case err != nil:
		return nil, Lane{}, err
	case n.Lane.Policy != action.Owned:
		return nil, Lane{}, tx.NewReject(NotOwned, "%s is not an owner's lane", ns)
	case payer != n.Owner && payer != n.Lane.Key:
		return nil, Lane{}, tx.NewReject(NotOwner, "%s is neither owner nor key of %s", payer, ns)
	}
	lane, err := LaneOf(x.st, ns)
	return n, lane, err
}

func (x *run) heartbeat(payer common.Address, a *action.Heartbeat) error {
	_, lane, err := x.heard(payer, a.Namespace)
	if err != nil {
		return err
	}
	if lane.opened(x.clock, x.params) {
		return tx.NewReject(LaneOpen, "silence has opened %s", a.Namespace)
	}
	lane = lane.heard(x.now())
	x.st.Set(ownedKey(a.Namespace), &lane)
	return nil
}

func (x *run) resume(payer common.Address, a *action.Resume) error {
	n, lane, err := x.heard(payer, a.Namespace)
	if err != nil {
		return err
	}
	if !lane.opened(x.clock, x.params) {
		return tx.NewReject(NotSilent, "%s is its owner's", a.Namespace)
	}
	return x.begin(a.Namespace, n.Lane)
}
