package rollups

import (
	"slices"

	"github.com/lockstep-network/lockstep/namespaces/forced"
	"github.com/lockstep-network/lockstep/namespaces/lane"
)

// decoded is a block with what it asks of the executor.
type decoded struct {
	Block
	entries [][]byte // in shared order; none: no rollup block
	ready   bool     // entries are set; a block that may only be compared is decoded late, or never
	broken  bool     // the lane is certified and cannot be read
}

// decode reads the lane's entries (specs/07-derivation.md, "Entries"): the data of every entry that is a leg, bundles' legs among them;
// envelopes stand for no leg. A lane that is certified and does not decode needs a quorum of faulty operators. It must not stop anybody
// either, for then a quorum could stop a rollup for good: it counts as empty, for everyone alike.
func decode(b Block) decoded {
	d := decoded{Block: b, ready: true}
	if len(b.Lane) == 0 {
		return d
	}
	entries, err := lane.Decode(b.Lane)
	if err != nil {
		d.broken = true
		return d
	}
	d.entries = make([][]byte, 0, len(entries))
	for _, e := range entries {
		if !e.Envelope && !e.System {
			d.entries = append(d.entries, e.Data)
		}
	}
	return d
}

// input is what the executor is given: forced items first. timeMS is the time of the input before.
func (d *decoded) input(items [][]byte, timeMS uint64) Input {
	return Input{
		Height: d.Header.Height, Hash: forced.Hash(d.Hash, 0, items), TimeMS: max(d.Header.TimeMS, timeMS),
		Entries: slices.Concat(items, d.entries), Forced: len(items),
	}
}
