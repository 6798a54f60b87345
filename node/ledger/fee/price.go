package fee

import (
	"github.com/lockstep-network/lockstep/namespaces"
)

// Global is what the ledger keeps of all lanes together. The zero value is that of a new network.
type Global struct {
	Excess uint64 // bytes that lanes took within their shares, beyond the target, not worked off
	Credit uint64 // bytes that a lane without transactions has been granted since genesis: what it worked off of an excess
}

// Lane is what the ledger keeps of one namespace. A new namespace has an Excess of 0.
type Lane struct {
	Excess uint64 // bytes beyond what the lane was granted, when its last block had been counted
	Mark   uint64 // Global.Credit then
}

// Use is what a block holds of one namespace.
type Use struct {
	Namespace namespaces.Namespace
	Size      uint64 // sum of [Share.Size]
	Reserved  uint64 // bytes per block that the namespace has reserved
}

// free is what counts against the grant.
func (u Use) free() uint64 { return sub(u.Size, u.Reserved) }

// At is the lane's excess at the state that g is of. If g is of an older one, nothing has been worked off.
func (l Lane) At(g Global) uint64 { return sub(l.Excess, sub(g.Credit, l.Mark)) }

// LanePriceAt is the namespace's base price in wei per byte, at the state that g is of.
func (p Params) LanePriceAt(l Lane, g Global) uint64 {
	return exponential(p.LanePrice, l.At(g), p.slope())
}

// GlobalPriceAt is the price of the pool of capacity in wei per byte, which every lane pays.
func (p Params) GlobalPriceAt(g Global) uint64 {
	return exponential(p.GlobalPrice, g.Excess, p.slope())
}

// Next counts a block: uses are what it holds, one for each namespace that it touches, and lanes what the ledger keeps of these, in the same order.
// It returns both after the block. A block without transactions has no uses.
func (p Params) Next(g Global, uses []Use, lanes []Lane) (Global, []Lane) {
	var total, within uint64
	for _, u := range uses {
		total += u.free()
		within += min(u.free(), p.LaneShare)
	}
	next := Global{
		Excess: sub(add(g.Excess, within, p.maxExcess()+p.target()), p.target()),
		Credit: g.Credit + p.grant(total),
	}
	out := make([]Lane, len(lanes))
	for i, u := range uses {
		grant := p.grant(total - u.free())
		excess := sub(lanes[i].At(g)+u.free(), grant)
		out[i] = Lane{Excess: min(excess, p.maxExcess()), Mark: next.Credit}
	}
	return next, out
}

// grant is what a lane may take of a block without raising its price: its share, or what the others leave of the target.
func (p Params) grant(others uint64) uint64 { return max(p.LaneShare, sub(p.target(), others)) }
