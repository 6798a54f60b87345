package fee

import (
	"math"

	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// Share is what one transaction takes in one of its namespaces.
type Share struct {
	Namespace namespaces.Namespace
	Weight    uint64 // bytes that are charged; the shares of a transaction add up to its weight
	Size      uint64 // bytes that count towards capacity; they add up to the weight or, if that is more, to the least size
}

// Shares splits a transaction: each namespace bears what its own legs weigh, and all bear the rest in equal parts, of which the first also gets what does
// not divide.
func (p Params) Shares(t *tx.Tx) []Share {
	volumes := t.Envelope().Volumes
	out := make([]Share, len(volumes))
	rest := t.Weight()
	var legs uint64
	for _, v := range volumes {
		legs += v.Legs
	}
	for i, v := range volumes {
		own := tx.WeightOfVolume(v, legs, len(volumes) > 1)
		rest -= own
		out[i] = Share{Namespace: v.Namespace, Weight: own}
	}
	divide(out, rest, func(s *Share, bytes uint64) { s.Weight += bytes })
	for i := range out {
		out[i].Size = out[i].Weight
	}
	divide(out, p.SizeOf(t)-t.Weight(), func(s *Share, bytes uint64) { s.Size += bytes })
	return out
}

func divide(shares []Share, bytes uint64, give func(*Share, uint64)) {
	n := uint64(len(shares))
	for i := range shares {
		give(&shares[i], bytes/n)
	}
	give(&shares[0], bytes%n)
}

// Prices are what a byte costs in one namespace at one state, each in wei and below 2^62, so that their sum is below 2^64.
type Prices struct {
	Lane   uint64 // the namespace's base price
	Global uint64 // of the pool of capacity
	DA     uint64 // pass-through of the DA layer's price
}

// Sum is what max_fee_per_byte is held against.
func (p Prices) Sum() uint64 { return p.Lane + p.Global + p.DA }

// Margin is the max_fee_per_byte to sign at a price: twice as much, which leaves room for [Params.Damping] x ln 2 full blocks.
func Margin(price uint64) uint64 { return add(price, price, math.MaxUint64) }

// Part is what a transaction is charged for its share of one namespace, in wei.
type Part struct {
	Namespace namespaces.Namespace
	Ordering  uint256.Int // weight x (lane price + global price): for those who order
	DA        uint256.Int // weight x DA price: for who publishes
	Tip       uint256.Int // weight x tip: mostly for the namespace's owner
}

// Total is what the payer is charged for the part.
func (p Part) Total() (sum uint256.Int) {
	sum.Add(&p.Ordering, &p.DA)
	sum.Add(&sum, &p.Tip)
	return sum
}

// PartOf prices one share. Products are below 2^63 x 2^20.
func PartOf(s Share, p Prices, tip uint64) Part {
	part := Part{Namespace: s.Namespace}
	weight := uint256.NewInt(s.Weight)
	part.Ordering.Mul(weight, uint256.NewInt(p.Lane+p.Global))
	part.DA.Mul(weight, uint256.NewInt(p.DA))
	part.Tip.Mul(weight, uint256.NewInt(tip))
	return part
}
