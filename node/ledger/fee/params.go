package fee

import (
	"errors"
	"fmt"
)

// Bounds of the parameters. With them no sum below leaves 64 bits and no product 256.
const (
	MaxCapacity = 1 << 26 // bytes per block
	MaxDamping  = 1 << 12 // blocks
	MaxPrice    = 1<<62 - 1
)

// Params are the parameters of the fee rule.
type Params struct {
	Capacity      uint64 // bytes per block that transactions may take together: see [Shares]
	MaxSignatures uint64 // transactions per block; with it goes the least size of one, Capacity / MaxSignatures
	LaneShare     uint64 // bytes per block that each namespace may take without raising its price; at most half of Capacity
	Damping       uint64 // full blocks that raise a price by the factor e
	LanePrice     uint64 // wei per byte: the least lane price
	GlobalPrice   uint64 // wei per byte: the least global price
	ReservePrice  uint64 // wei per second for each reserved byte per block: the least
}

// Validate checks every bound.
func (p Params) Validate() error {
	for _, b := range []struct {
		name               string
		value, least, most uint64
	}{
		{"capacity", p.Capacity, 1 << 10, MaxCapacity},
		{"maxSignatures", p.MaxSignatures, 1, p.Capacity},
		{"laneShare", p.LaneShare, 1, p.Capacity / 2},
		{"damping", p.Damping, 1, MaxDamping},
		{"lanePrice", p.LanePrice, 1, MaxPrice},
		{"globalPrice", p.GlobalPrice, 1, MaxPrice},
		{"reservePrice", p.ReservePrice, 1, MaxPrice},
	} {
		if b.value < b.least || b.value > b.most {
			return fmt.Errorf("%s is %d, want %d to %d", b.name, b.value, b.least, b.most)
		}
	}
	if p.target() < p.reservable() {
		return errors.New("more may be reserved than half of the capacity")
	}
	return nil
}

// MinSize is the least that a transaction takes of a block, in bytes: its part of the signatures that a block may have.
func (p Params) MinSize() uint64 { return p.Capacity / p.MaxSignatures }

// target is the bytes per block that leave prices as they are: half of the capacity, so that there is room for a burst.
func (p Params) target() uint64 { return p.Capacity / 2 }

// reservable is the bytes per block that may be reserved together.
func (p Params) reservable() uint64 { return p.Capacity / 4 }

// slope is the excess, in bytes, that raises a price by the factor e.
func (p Params) slope() uint64 { return p.Damping * (p.Capacity - p.target()) }

// maxExcess bounds an excess: beyond it the price would not rise, and what is not remembered need not be worked off.
func (p Params) maxExcess() uint64 { return maxExponent * p.slope() }
