package forced

import (
	"encoding/binary"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

// Bounds of what one input takes (specs/12-forced.md, "Items"). One item always fits.
const (
	MaxInputItems = 1_024
	MaxInputBytes = 2 << 20
)

// Rule says when an item's turn comes. All in DA heights; the genesis's parameters. The zero Rule is of a network without a forced way in.
type Rule struct {
	Start  uint64 // first DA height that counts
	Delay  uint64 // between an item and its turn
	Window uint64 // within which blocks are to land
}

// On says whether there is a forced way in.
func (r Rule) On() bool { return r.Window > 0 }

// Before returns the DA height up to which items are inserted before a block with this da_head that landed at a DA height; 0 for none. A block
// that is not known to have landed counts as landed at 0.
func (r Rule) Before(daHead, landed uint64) uint64 {
	return less(max(daHead, less(landed, r.Window)), r.Delay)
}

// Fallback returns the DA height up to which items are inserted by the fallback block of a DA height; 0 for none.
func (r Rule) Fallback(at uint64) uint64 { return r.Before(0, at) }

// FallsAt returns the first DA height above another whose fallback block takes an item of this DA height.
func (r Rule) FallsAt(item, after uint64) uint64 { return max(item+r.Window+r.Delay, after+1) }

// Late says whether what is inserted before a block depends on where it landed: then a node waits until that is final. before is the da_head of
// the block before it.
func (r Rule) Late(before, daHead, landed uint64) bool {
	return less(landed, r.Window) > daHead || less(landed, r.Window+1) > before
}

func less(x, by uint64) uint64 { return x - min(x, by) }

// Place is how far items are inserted: so many of this DA height, and all before it.
type Place struct {
	Height uint64
	Count  uint64
}

// Items are those of one DA height, at least one, in order.
type Items struct {
	Height uint64
	Data   [][]byte
}

// Take returns what the next input takes of items up to a DA height, and the place after it. queue ascends and begins at the place or before.
func Take(from Place, due uint64, queue []Items) ([][]byte, Place) {
	var taken [][]byte
	size := 0
	for _, at := range queue {
		if at.Height > due {
			break
		}
		if at.Height < from.Height {
			continue
		}
		first := 0
		if at.Height == from.Height {
			first = int(min(from.Count, uint64(len(at.Data))))
		}
		for i := first; i < len(at.Data); i++ {
			if len(taken) > 0 && (len(taken) == MaxInputItems || size+len(at.Data[i]) > MaxInputBytes) {
				return taken, from
			}
			taken, size = append(taken, at.Data[i]), size+len(at.Data[i])
			from = Place{at.Height, uint64(i + 1)}
		}
	}
	return taken, from
}

// Hash is the hash of an input: the shared header's if nothing is forced, else
// keccak256("lockstep/forced" | header hash | D(8) | keccak256(item data)...). D is the DA height of a fallback block, 0 of another.
func Hash(header common.Hash, fallback uint64, items [][]byte) common.Hash {
	if len(items) == 0 {
		return header
	}
	raw := append([]byte("lockstep/forced"), header[:]...)
	raw = binary.BigEndian.AppendUint64(raw, fallback)
	for _, data := range items {
		raw = append(raw, crypto.Keccak256(data)...)
	}
	return crypto.Keccak256Hash(raw)
}
