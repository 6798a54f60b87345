package readback

import (
	"slices"

	"github.com/ethereum/go-ethereum/common"
)

// Remembered is for how many heights below the tip it is known who published them: some hours of blocks in 8 MiB. Who is not paid for that long is
// not paid any more (specs/09-operators.md, "Publisher").
const Remembered = 1 << 18

// Run is consecutive heights that one publisher has published.
type Run struct {
	Last      uint64
	Publisher common.Address // zero: nobody
	Bytes     uint64         // what they count for; 0 if nobody published them
}

// tally is who published what, from a height on.
type tally struct {
	first uint64 // height of items[0]
	items []item
}

type item struct {
	publisher common.Address
	bytes     uint64
}

// end is the height after the last one known.
func (t *tally) end() uint64 { return t.first + uint64(len(t.items)) }

// add notes the next height; one that is known is passed over.
func (t *tally) add(height uint64, publisher common.Address, bytes uint64) {
	switch {
	case height < t.end():
		return
	case height > t.end(): // what is between was forgotten before it was known
		t.first, t.items = height, t.items[:0]
	}
	if publisher == (common.Address{}) {
		bytes = 0
	}
	t.items = append(t.items, item{publisher, bytes})
	if len(t.items) >= 2*Remembered {
		t.forget(t.end() - 1 - Remembered)
	}
}

// cut drops the heights above one.
func (t *tally) cut(height uint64) {
	if height+1 < t.first {
		t.first, t.items = height+1, nil
		return
	}
	t.items = t.items[:min(uint64(len(t.items)), height+1-t.first)]
}

// forget drops the heights up to one.
func (t *tally) forget(height uint64) {
	if height < t.first {
		return
	}
	n := min(height+1-t.first, uint64(len(t.items)))
	t.items = slices.Clone(t.items[n:])
	t.first = height + 1
}

// runs sums heights up.
func (t *tally) runs(first, last uint64) (out []Run) {
	for h := first; h <= last; h++ {
		var i item
		if h >= t.first && h < t.end() {
			i = t.items[h-t.first]
		}
		if n := len(out); n > 0 && out[n-1].Publisher == i.publisher {
			out[n-1].Last, out[n-1].Bytes = h, out[n-1].Bytes+i.bytes
			continue
		}
		out = append(out, Run{h, i.publisher, i.bytes})
	}
	return out
}
