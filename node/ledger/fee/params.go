package fee

import (
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// Params are the parameters of the fee rule, within the bounds that package genesis checks.
type Params struct {
	Capacity      uint64 // bytes per block that transactions may take together: see [Shares]
	MaxSignatures uint64 // transactions per block; with it goes the least size of one, Capacity / MaxSignatures
	LaneShare     uint64 // bytes per block that each namespace may take without raising its price; at most half of Capacity
	Damping       uint64 // full blocks that raise a price by the factor e
	LanePrice     uint64 // wei per byte: the least lane price
	GlobalPrice   uint64 // wei per byte: the least global price
	ReservePrice  uint64 // wei per second for each reserved byte per block: the least
}

// ParamsOf takes the fee rule's parameters out of a network's.
func ParamsOf(p genesis.Params) Params {
	return Params{p.Capacity, p.MaxSignatures, p.LaneShare, p.Damping, p.LanePrice, p.GlobalPrice, p.ReservePrice}
}

// MinSize is what each signature check takes at least of a block, in bytes: its part of the signatures that a block may have.
func (p Params) MinSize() uint64 { return p.Capacity / p.MaxSignatures }

// LeastSize is what a transaction of so many bytes takes at least of a block, whatever its auths and actions are.
func (p Params) LeastSize(bytes uint64) uint64 { return max(bytes, p.MinSize()) }

// SizeOf is what a transaction takes of a block, in bytes of its capacity (specs/10-fees.md, "Size").
func (p Params) SizeOf(t *tx.Tx) uint64 { return max(t.Weight(), checks(t)*p.MinSize()) }

// checks is the work that a transaction makes beyond its bytes, in signature checks: its own, one for each auth, one or two for each action.
func checks(t *tx.Tx) uint64 {
	n := uint64(t.Signatures())
	for _, l := range t.Legs() {
		if l.Namespace == namespaces.Ledger() {
			n += action.Checks(l.Data)
		}
	}
	return n
}

// target is the bytes per block that leave prices as they are: half of the capacity, so that there is room for a burst.
func (p Params) target() uint64 { return p.Capacity / 2 }

// reservable is the bytes per block that may be reserved together.
func (p Params) reservable() uint64 { return p.Capacity / 4 }

// slope is the excess, in bytes, that raises a price by the factor e.
func (p Params) slope() uint64 { return p.Damping * (p.Capacity - p.target()) }

// maxExcess bounds an excess: beyond it the price would not rise, and what is not remembered need not be worked off.
func (p Params) maxExcess() uint64 { return maxExponent * p.slope() }
