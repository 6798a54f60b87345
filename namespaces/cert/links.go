package cert

import (
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/block"
)

// A run may be longer than a message. These bound its pieces (specs/03-certificates.md, "Long runs").
const (
	// MaxPiece is how many headers one message carries at most.
	MaxPiece = 1024
	// MarkEvery is the distance of marks, in heights.
	MarkEvery = 16
	// MaxMarks bounds the marks that are kept: some 16 MiB, for a spell of four million heights. Beyond it the highest are forgotten.
	MaxMarks = 1 << 18
)

// MarkAfter is the lowest height that can be a mark and is not below height.
func MarkAfter(height uint64) uint64 { return (height + MarkEvery - 1) / MarkEvery * MarkEvery }

// Links are headers that lead downwards from a certified one. They ascend; the first is the one after a multiple of [MarkEvery], or stands at
// or below the height after the tip.
type Links struct {
	Headers     []block.Header
	Certificate Certificate // of the last header; bare if that is a mark
}

// Marks are hashes of headers above a trusted tip that are certified because a later certificate stands on them, at multiples of
// [MarkEvery]. [Marks.Take] is the only way in. The zero value is ready for use.
type Marks struct {
	set    common.Hash // of the set that certifies them all
	at     map[uint64]mark
	raised uint64 // the tip's height: all marks are above it
	oldest uint64 // lowest since of all marks
	stale  bool   // oldest must be looked for
}

type mark struct {
	hash  common.Hash
	note  uint64 // of the links that gave it
	since uint64 // lowest note of the links that it hangs on, its own included: those above may be forgotten before it is
}

// Take verifies links on top of what is trusted and keeps the marks that they give, each with the caller's note (where it was read, say). A mark
// that is known keeps its note. Errors wrap [ErrRun] or [ErrUncertified], or are a [*ErrConflict].
func (m *Marks) Take(t Trust, l Links, note uint64) error {
	n := len(l.Headers)
	if n == 0 || n > MaxPiece {
		return fmt.Errorf("links of %d headers, want 1 to %d: %w", n, MaxPiece, ErrRun)
	}
	m.Raise(t)
	first, last := l.Headers[0], l.Headers[n-1]
	switch {
	case last.Height <= t.Height:
		return fmt.Errorf("links end at height %d, tip is %d: %w", last.Height, t.Height, ErrRun)
	case (first.Height-1)%MarkEvery != 0 && first.Height > t.Height+1:
		return fmt.Errorf("links begin at height %d, which is not after a mark: %w", first.Height, ErrRun)
	}
	hash := last.Hash()
	if c := l.Certificate; c.Height != last.Height || c.HeaderHash != hash {
		return fmt.Errorf("certificate is for height %d, links end at %d: %w", c.Height, last.Height, ErrUncertified)
	}
	if err := m.Certifies(t, l.Certificate); err != nil {
		return err
	}
	found, err := t.down(l, hash)
	if err != nil {
		return err
	}
	for _, f := range found {
		if known, ok := m.at[f.height]; ok && known.hash != f.hash {
			return &ErrConflict{Height: f.height, Known: known.hash, Run: Run{Headers: l.Headers, Certificate: l.Certificate}}
		}
	}
	since := note
	if l.Certificate.Bare() {
		since = min(since, m.at[last.Height].since)
	}
	for _, f := range found {
		m.put(f, note, since)
	}
	m.bound()
	return nil
}

// Certifies says whether the header that a certificate names is certified: by the signatures of the trusted set, or, if it is bare, as a mark of
// that set. The error wraps [ErrUncertified].
func (m *Marks) Certifies(t Trust, c Certificate) error {
	if !c.Bare() {
		return c.Verify(t.ChainID, t.Set)
	}
	if m.set != t.Set.Hash() || !m.Has(c.Height, c.HeaderHash) {
		return fmt.Errorf("height %d in %s is no mark: %w", c.Height, c.HeaderHash, ErrUncertified)
	}
	return nil
}

type found struct {
	height uint64
	hash   common.Hash
}

// down goes from the last header, whose hash is known to be certified, to the one after the tip or to the first, and returns the marks.
func (t Trust) down(l Links, hash common.Hash) (marks []found, err error) {
	set := t.Set.Hash()
	mark := func(height uint64, hash common.Hash) {
		if height%MarkEvery == 0 && height > t.Height {
			marks = append(marks, found{height, hash})
		}
	}
	last := len(l.Headers) - 1
	mark(l.Headers[last].Height, hash)
	for i := last; i >= 0 && l.Headers[i].Height > t.Height; i-- {
		h := l.Headers[i]
		changes := h.NextOperatorsHash != h.OperatorsHash
		switch {
		case i < last && h.Hash() != hash:
			return nil, fmt.Errorf("height %d is not the parent that the next header names: %w", h.Height, ErrRun)
		case i < last && (h.Height+1 != l.Headers[i+1].Height || h.TimeMS > l.Headers[i+1].TimeMS):
			return nil, fmt.Errorf("height %d, time %d, before height %d: %w", h.Height, h.TimeMS, l.Headers[i+1].Height, ErrRun)
		case h.ChainID != t.ChainID:
			return nil, fmt.Errorf("height %d is of chain %q, want %q: %w", h.Height, h.ChainID, t.ChainID, ErrRun)
		case h.OperatorsHash != set:
			return nil, fmt.Errorf("height %d names operators %s, want %s: %w", h.Height, h.OperatorsHash, set, ErrRun)
		case changes && (i < last || l.Certificate.Bare()):
			return nil, fmt.Errorf("height %d changes the operators inside a run: %w", h.Height, ErrRun)
		}
		hash = h.ParentHash
		mark(h.Height-1, hash)
		if h.Height != t.Height+1 {
			continue
		}
		switch {
		case hash != t.Hash && t.Height > 0: // at genesis nothing is certified yet: another network's
			return nil, &ErrConflict{Height: t.Height, Known: t.Hash, Run: Run{Headers: l.Headers, Certificate: l.Certificate}}
		case hash != t.Hash, h.TimeMS < t.TimeMS:
			return nil, fmt.Errorf("height %d does not stand on the tip: %w", h.Height, ErrRun)
		}
	}
	return marks, nil
}

func (m *Marks) put(f found, note, since uint64) {
	if _, ok := m.at[f.height]; ok {
		return
	}
	if m.at == nil {
		m.at = make(map[uint64]mark)
	}
	m.at[f.height] = mark{f.hash, note, since}
	m.stale = m.stale || len(m.at) == 1 || since < m.oldest
}

// bound forgets the highest quarter when there are too many.
func (m *Marks) bound() {
	if len(m.at) <= MaxMarks {
		return
	}
	heights := make([]uint64, 0, len(m.at))
	for h := range m.at {
		heights = append(heights, h)
	}
	slices.Sort(heights)
	for _, h := range heights[MaxMarks/4*3:] {
		delete(m.at, h)
	}
	m.stale = true
}

// Raise forgets the marks that are not above the tip, and all if its set is another one.
func (m *Marks) Raise(t Trust) {
	if set := t.Set.Hash(); set != m.set {
		*m = Marks{set: set, raised: t.Height}
		return
	}
	if len(m.at) > 0 && t.Height > m.raised {
		for h := MarkAfter(m.raised + 1); h <= t.Height; h += MarkEvery {
			m.stale = m.stale || m.at[h].since == m.oldest
			delete(m.at, h)
		}
	}
	m.raised = t.Height
}

// Has says whether the header of a height is known to be certified.
func (m *Marks) Has(height uint64, hash common.Hash) bool {
	known, ok := m.at[height]
	return ok && known.hash == hash
}

// At is the hash of the mark at a height; false if there is none.
func (m *Marks) At(height uint64) (common.Hash, bool) {
	known, ok := m.at[height]
	return known.hash, ok
}

// Len is how many marks are known.
func (m *Marks) Len() int { return len(m.at) }

// Lowest is the lowest mark; false if there is none.
func (m *Marks) Lowest() (height uint64, hash common.Hash, found bool) {
	for h, k := range m.at { // any order: the lowest is one
		if !found || h < height {
			height, hash, found = h, k.hash, true
		}
	}
	return height, hash, found
}

// Oldest is the lowest note of all links that the marks hang on: who takes those from there on knows the marks again. False if there is none.
func (m *Marks) Oldest() (note uint64, found bool) {
	if m.stale {
		m.stale, m.oldest = false, 0
		for _, k := range m.at { // any order: the lowest is one
			if m.oldest == 0 || k.since < m.oldest {
				m.oldest = k.since
			}
		}
	}
	return m.oldest, len(m.at) > 0
}

// Before returns a copy with the marks whose note is below the one given.
func (m *Marks) Before(note uint64) *Marks {
	return m.copy(func(k mark) bool { return k.note < note })
}

// Clone returns a copy.
func (m *Marks) Clone() *Marks {
	return m.copy(func(mark) bool { return true })
}

func (m *Marks) copy(keep func(mark) bool) *Marks {
	out := &Marks{set: m.set, raised: m.raised, stale: true, at: make(map[uint64]mark, len(m.at))}
	for h, k := range m.at { // any order: into a map
		if keep(k) {
			out.at[h] = k
		}
	}
	return out
}

// Along verifies headers that follow what is trusted and end in a mark, and returns the trust after them. Errors wrap [ErrRun] or
// [ErrUncertified].
func (t Trust) Along(m *Marks, headers []block.Header) (Trust, error) {
	if len(headers) == 0 {
		return t, fmt.Errorf("piece without headers: %w", ErrRun)
	}
	next, err := t.chain(headers)
	switch last := headers[len(headers)-1]; {
	case err != nil:
		return t, err
	case m.set != t.Set.Hash() || !m.Has(next.Height, next.Hash):
		return t, fmt.Errorf("piece ends at height %d in %s, which is no mark: %w", next.Height, next.Hash, ErrUncertified)
	case last.NextOperatorsHash != last.OperatorsHash:
		return t, fmt.Errorf("height %d changes the operators inside a run: %w", last.Height, ErrRun)
	}
	return next, nil
}
