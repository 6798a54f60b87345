package reader

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"

	"github.com/ethereum/go-ethereum/common"

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
	Settled   uint64            // DA height up to which what was looked at stands for good; the layer's own word may be ahead
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
	if s.Head, s.Trouble = r.view.get(); r.fixed {
		s.Settled = s.Head.Final
	}
	s.Ignored = maps.Clone(s.Ignored)
	return s
}

// report copies what Status shows, and logs when a block begins to wait for a lane.
func (r *Reader) report() {
	m := r.machine
	s := Status{Scanned: m.scanned, Settled: r.settled, Tip: m.tip, Delivered: r.after.Height, Withheld: m.withheld(), Ignored: maps.Clone(m.ignored)}
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

const cursorVersion = 3

// cursor is where to go on after a block: the DA heights from which headers, and before them links, must be read. at and hash name the DA block
// that all of this relies on, if it can be replaced; 0 if not.
type cursor struct {
	headers uint64
	links   uint64 // at most headers
	at      uint64
	hash    common.Hash
}

// encode writes the cursor's version, both heights, and, if there is one, the DA block.
func (c cursor) encode() []byte {
	raw := []byte{cursorVersion}
	for _, v := range []uint64{c.headers, c.links, c.at} {
		raw = binary.AppendUvarint(raw, v)
	}
	if c.at > 0 {
		raw = append(raw, c.hash[:]...)
	}
	return raw
}

func decodeCursor(raw []byte) (c cursor, err error) {
	if raw == nil {
		return cursor{}, nil
	}
	if len(raw) == 0 || raw[0] != cursorVersion {
		return cursor{}, fmt.Errorf("cursor %x is not one of this version: begin without one", raw)
	}
	raw = raw[1:]
	for _, v := range []*uint64{&c.headers, &c.links, &c.at} {
		var n int
		if *v, n = binary.Uvarint(raw); n <= 0 {
			return cursor{}, errDamaged
		}
		raw = raw[n:]
	}
	if c.at > 0 {
		if len(raw) < common.HashLength {
			return cursor{}, errDamaged
		}
		c.hash, raw = common.Hash(raw[:common.HashLength]), raw[common.HashLength:]
	}
	if len(raw) != 0 || c.links == 0 || c.links > c.headers {
		return cursor{}, errDamaged
	}
	return c, nil
}

var errDamaged = errors.New("cursor is damaged: begin without one")
