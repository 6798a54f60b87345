package reader

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// Reason says why something on the DA layer was ignored.
type Reason string

// The reasons. Each stands for one blob, but for the last two, which stand for one lane and one unfinished set of chunks.
const (
	Malformed   Reason = "malformed"   // no batch, or one beyond a bound
	OtherChain  Reason = "other_chain" // of another network
	Misplaced   Reason = "misplaced"   // headers or links among lanes, lanes among headers, another namespace's
	Known       Reason = "known"       // ends at or below the tip, and does not contradict it as far as is remembered
	Gap         Reason = "gap"         // begins above the tip
	Uncertified Reason = "uncertified" // too few of the trusted operators signed, or no mark
	Unlinked    Reason = "unlinked"    // the headers do not follow each other or the tip
	BadTable    Reason = "bad_table"   // leaves that are not the header's own
	Unwanted    Reason = "unwanted"    // lanes of heights that need none, any more or at all
	Mismatch    Reason = "mismatch"    // a lane that is not the one its leaf names
	Forgotten   Reason = "forgotten"   // chunks beyond the bound on unfinished ones; see specs/06-da-batches.md
)

// Missing is a lane that a certified header commits to and the DA layer has not shown: it is withheld, not empty.
type Missing struct {
	Height    uint64
	Namespace namespaces.Namespace
}

// Status tells how far a reader has come.
type Status struct {
	Head      da.Head           // the layer's, when last asked
	Scanned   uint64            // DA height up to which all was looked at
	Tip       cert.Trust        // newest certified header that stands on the DA layer
	Delivered uint64            // shared height of the last block given
	Withheld  []Missing         // lanes that the next block lacks
	Ignored   map[Reason]uint64 // since New
	Trouble   error             // of the layer, while it lasts
}

// Status returns how far the reader has come.
func (r *Reader) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.status
	s.Head, s.Trouble = r.view.get()
	s.Ignored = maps.Clone(s.Ignored)
	return s
}

// report copies what Status shows, and logs when a block begins to wait for a lane.
func (r *Reader) report() {
	m := r.machine
	s := Status{Scanned: m.scanned, Tip: m.tip, Delivered: r.after.Height, Withheld: m.withheld(), Ignored: maps.Clone(m.ignored)}
	head, _ := r.view.get()
	if len(s.Withheld) > 0 && m.scanned >= head.Height && r.warned != s.Withheld[0].Height {
		r.warned = s.Withheld[0].Height
		r.cfg.Log.Warn("a certified lane is not on the DA layer; waiting for it", "height", r.warned,
			"namespace", s.Withheld[0].Namespace, "da_height", m.scanned)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = s
}

const cursorVersion = 2

// cursor is where to go on after a block: the DA heights from which headers, and before them links, must be read.
type cursor struct {
	headers uint64
	links   uint64 // at most headers
}

// encode writes the cursor's version and both heights.
func (c cursor) encode() []byte {
	return binary.AppendUvarint(binary.AppendUvarint([]byte{cursorVersion}, c.headers), c.links)
}

func decodeCursor(raw []byte) (cursor, error) {
	if raw == nil {
		return cursor{}, nil
	}
	if len(raw) == 0 || raw[0] != cursorVersion {
		return cursor{}, fmt.Errorf("cursor %x is not one of this version: begin without one", raw)
	}
	headers, n := binary.Uvarint(raw[1:])
	links, k := binary.Uvarint(raw[1+max(n, 0):])
	if n <= 0 || k <= 0 || 1+n+k != len(raw) || links == 0 || links > headers {
		return cursor{}, errors.New("cursor is damaged: begin without one")
	}
	return cursor{headers, links}, nil
}
