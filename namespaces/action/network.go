package action

import (
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
)

// Transfer moves wei from the payer to an address.
type Transfer struct {
	To     common.Address
	Amount *uint256.Int // wei
}

// Policy says whose consent a leg in a namespace needs.
type Policy uint8

// The policies.
const (
	Open  Policy = 0 // nobody's
	Gated Policy = 1 // one of the gateways'
	Owned Policy = 2 // the lane key's
)

// Lane is what a namespace's owner decides about its lane.
type Lane struct {
	Order    block.Rule // of its own transactions: tip or proposer; those of an owned lane go by lane_seq
	Policy   Policy
	Gateways []common.Address // of a gated lane, ascending, 1 to MaxGateways
	Quota    uint64           // weight in bytes that the tank pays for one payer in an epoch; 0: no bound
	Key      common.Address   // of an owned lane: who consents
}

// Register makes a namespace its owner's, for the deposit that the network asks.
type Register struct {
	Namespace namespaces.Namespace
	Owner     common.Address
	Metadata  []byte // the owner's own
	Lane      Lane
}

// Update replaces what the owner decides.
type Update struct {
	Namespace namespaces.Namespace
	Metadata  []byte
	Lane      Lane
}

// HandOver gives a namespace, its deposit and its tank to another owner.
type HandOver struct {
	Namespace namespaces.Namespace
	Owner     common.Address
}

// Exit ends a namespace: no block at the height or above holds a leg in it.
type Exit struct {
	Namespace namespaces.Namespace
	Height    uint64 // 0: the next one
}

// FillTank moves wei from the payer, who may be anybody, into a namespace's tank.
type FillTank struct {
	Namespace namespaces.Namespace
	Amount    *uint256.Int
}

// DrainTank moves wei from the tank to the owner.
type DrainTank struct {
	Namespace namespaces.Namespace
	Amount    *uint256.Int
}

// Resume closes an owned lane that silence has opened, and begins its next epoch.
type Resume struct{ Namespace namespaces.Namespace }

// Heartbeat says that an owned lane's owner is there.
type Heartbeat struct{ Namespace namespaces.Namespace }

// Reserve sets bytes per block aside for a namespace in the next epoch.
type Reserve struct {
	Namespace namespaces.Namespace
	Bytes     uint64
}

// Change is a parameter's new value.
type Change struct {
	Name  string
	Value *uint256.Int
}

// Vote is an operator's vote for changes of parameters that are in force from the height on. Votes for the same changes at the same height add up.
type Vote struct {
	Changes []Change // ascending by name
	Height  uint64
}

// DAView is what an operator sees of the DA layer.
type DAView struct {
	DAHeight        uint64
	DAHash          common.Hash
	PublishedHeight uint64
	Price           uint64 // wei per byte of weight
}

// Kind implements [Action].
func (*Transfer) Kind() Kind { return KindTransfer }

// Kind implements [Action].
func (*Register) Kind() Kind { return KindRegister }

// Kind implements [Action].
func (*Update) Kind() Kind { return KindUpdate }

// Kind implements [Action].
func (*HandOver) Kind() Kind { return KindHandOver }

// Kind implements [Action].
func (*Exit) Kind() Kind { return KindExit }

// Kind implements [Action].
func (*FillTank) Kind() Kind { return KindFillTank }

// Kind implements [Action].
func (*DrainTank) Kind() Kind { return KindDrainTank }

// Kind implements [Action].
func (*Resume) Kind() Kind { return KindResume }

// Kind implements [Action].
func (*Heartbeat) Kind() Kind { return KindHeartbeat }

// Kind implements [Action].
func (*Reserve) Kind() Kind { return KindReserve }

// Kind implements [Action].
func (*Vote) Kind() Kind { return KindVote }

// Kind implements [Action].
func (*DAView) Kind() Kind { return KindDAView }

func (a *Transfer) validate() error  { return amount(a.Amount) }
func (a *FillTank) validate() error  { return amount(a.Amount) }
func (a *DrainTank) validate() error { return amount(a.Amount) }
func (*HandOver) validate() error    { return nil }
func (*Exit) validate() error        { return nil }
func (*Resume) validate() error      { return nil }
func (*Heartbeat) validate() error   { return nil }
func (*Reserve) validate() error     { return nil }
func (*DAView) validate() error      { return nil }

func (a *Register) validate() error {
	if err := bounded("metadata", len(a.Metadata), MaxMetadata); err != nil {
		return err
	}
	return a.Lane.validate()
}

func (a *Update) validate() error {
	if err := bounded("metadata", len(a.Metadata), MaxMetadata); err != nil {
		return err
	}
	return a.Lane.validate()
}

func (l *Lane) validate() error {
	if l.Order != block.ByTip && l.Order != block.ByProposer {
		return fmt.Errorf("order %q, want %q or %q", l.Order, block.ByTip, block.ByProposer)
	}
	for i := 1; i < len(l.Gateways); i++ {
		if l.Gateways[i-1].Cmp(l.Gateways[i]) >= 0 {
			return errors.New("gateways do not ascend")
		}
	}
	gated, owned := l.Policy == Gated, l.Policy == Owned
	switch {
	case l.Policy > Owned:
		return fmt.Errorf("there is no policy %d", l.Policy)
	case gated != (len(l.Gateways) > 0) || len(l.Gateways) > MaxGateways:
		return fmt.Errorf("%d gateways: a gated lane has 1 to %d, another none", len(l.Gateways), MaxGateways)
	case !gated && l.Quota > 0:
		return errors.New("a quota is for a gated lane")
	case owned != (l.Key != common.Address{}):
		return errors.New("an owned lane has a key, another none")
	}
	return nil
}

func (a *Vote) validate() error {
	if len(a.Changes) == 0 || len(a.Changes) > MaxChanges {
		return fmt.Errorf("%d changes, want 1 to %d", len(a.Changes), MaxChanges)
	}
	for i, c := range a.Changes {
		if err := bounded("parameter's name", len(c.Name), MaxName); err != nil {
			return err
		}
		if i > 0 && a.Changes[i-1].Name >= c.Name {
			return errors.New("changes do not ascend by name")
		}
		if err := amount(c.Value); err != nil {
			return err
		}
	}
	return nil
}

func amount(v *uint256.Int) error {
	if v == nil {
		return errors.New("an amount is missing")
	}
	return nil
}
