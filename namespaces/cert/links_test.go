package cert

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces/block"
)

// A run of any length is taken in pieces of any size: downwards from its certificate, with rubbish and repetition in between, then upwards from
// the tip. What comes out is what the whole run gives at once.
func TestLongRunInPieces(t *testing.T) {
	n := newNetwork(t, "long", 1, 1, 1, 1)
	for seed := range uint64(20) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 3))
			tip := n.trust()
			if before := rng.IntN(40); before > 0 {
				hs := headers(tip, before)
				tip = advance(t, n, tip, hs)
			}
			all := headers(tip, 1+rng.IntN(6000))
			last := all[len(all)-1]
			whole := advance(t, n, tip, all)
			c := n.certify(t, last, 1, 0, 1, 2)
			m := takeDown(t, rng, tip, all, c)
			if over := len(m.at) - len(all)/MarkEvery - 1; over > 0 {
				t.Fatalf("%d marks more than heights need", over)
			}
			at := tip
			for at.Height+MarkEvery < last.Height {
				end := MarkAfter(at.Height + 1 + uint64(rng.IntN(int(min(MaxPiece, last.Height-at.Height)-MarkEvery)+1)))
				if end > last.Height {
					break
				}
				piece := all[at.Height-tip.Height : end-tip.Height]
				forged := slices.Clone(piece)
				forged[rng.IntN(len(forged))].TxRoot[0]++
				if _, err := at.Along(m, forged); !errors.Is(err, ErrRun) && !errors.Is(err, ErrUncertified) {
					t.Fatalf("a forged piece: %v", err)
				}
				var err error
				if at, err = at.Along(m, piece); err != nil {
					t.Fatal(err)
				}
				m.Raise(at)
			}
			if got := advance(t, n, at, all[at.Height-tip.Height:]); got.Hash != whole.Hash || got.Height != whole.Height {
				t.Fatalf("pieces end at %d %s, the run at %d %s", got.Height, got.Hash, whole.Height, whole.Hash)
			}
			for h := range m.at {
				if h <= at.Height {
					t.Fatalf("mark %d is below the tip %d", h, at.Height)
				}
			}
		})
	}
}

func advance(t *testing.T, n network, on Trust, hs []block.Header) Trust {
	t.Helper()
	next, err := on.Advance(Run{Headers: hs, Certificate: n.certify(t, hs[len(hs)-1], 0, 1, 2, 3)})
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// takeDown gives all links of a run in pieces of random size, with what must be refused between them.
func takeDown(t *testing.T, rng *rand.Rand, tip Trust, all []block.Header, c Certificate) *Marks {
	t.Helper()
	m := new(Marks)
	height := all[len(all)-1].Height
	for note := uint64(1); height > tip.Height; note++ {
		first := tip.Height + 1
		if size := uint64(1 + rng.IntN(MaxPiece-MarkEvery)); height-tip.Height > size {
			first = MarkAfter(height-size) - MarkEvery + 1
			if first+MarkEvery <= height && first <= tip.Height {
				first = tip.Height + 1
			}
		}
		first = max(first, tip.Height+1)
		l := Links{Headers: all[first-tip.Height-1 : height-tip.Height], Certificate: c}
		forged := Links{Headers: slices.Clone(l.Headers), Certificate: c}
		forged.Headers[rng.IntN(len(forged.Headers))].LedgerRoot[3]++
		if err := m.Take(tip, forged, note); !errors.Is(err, ErrRun) && !errors.Is(err, ErrUncertified) {
			t.Fatalf("forged links to height %d: %v", height, err)
		}
		if c.Bare() {
			forged.Headers = l.Headers
			forged.Certificate.Bitmap = []byte{0}
			if err := m.Take(tip, forged, note); !errors.Is(err, ErrUncertified) {
				t.Fatalf("links with a false certificate: %v", err)
			}
		}
		for range 1 + rng.IntN(2) {
			if err := m.Take(tip, l, note); err != nil {
				t.Fatalf("links of heights %d to %d: %v", first, height, err)
			}
		}
		if oldest, found := m.Oldest(); found && oldest != 1 && len(m.at) > 0 && all[len(all)-1].Height%MarkEvery == 0 {
			t.Fatalf("oldest note %d", oldest)
		}
		height = first - 1
		if height > tip.Height {
			c = Bare(all[height-tip.Height-1])
		}
	}
	return m
}

// What links and pieces are not taken for.
func TestLinksRefused(t *testing.T) {
	n, fresh := newNetwork(t, "links", 1, 1, 1, 1), newNetwork(t, "others", 1, 1, 1, 1)
	tip := n.trust()
	all := headers(tip, 100)
	tip = advance(t, n, tip, all[:20])
	good := n.certify(t, all[99], 0, 0, 1, 2)
	strange := fresh.certify(t, all[99], 0, 0, 1, 2)
	change := slices.Clone(all)
	change[60].NextOperatorsHash = fresh.set.Hash()
	relink(change)
	other := slices.Clone(all)
	other[19].TxRoot = common.Hash{1}
	relink(other)
	last := func(hs []block.Header) Certificate {
		return n.certify(t, hs[len(hs)-1], 0, 0, 1, 2)
	}
	for name, test := range map[string]struct {
		links Links
		want  error
	}{
		"no headers":            {Links{Certificate: good}, ErrRun},
		"too many":              {Links{Headers: make([]block.Header, MaxPiece+1)}, ErrRun},
		"no mark":               {Links{all[64:96], Bare(all[95])}, ErrUncertified},
		"others' certificate":   {Links{all[64:], strange}, ErrUncertified},
		"another's certificate": {Links{all[64:98], good}, ErrUncertified},
		"not after a mark":      {Links{all[65:], good}, ErrRun},
		"at the tip":            {Links{all[16:20], last(all[:20])}, ErrRun},
		"a change inside":       {Links{change[48:], last(change)}, ErrRun},
		"a gap":                 {Links{slices.Delete(slices.Clone(all[64:]), 3, 4), good}, ErrRun},
		"good, to the tip":      {Links{all[20:], good}, nil},
		"good, beyond the tip":  {Links{all[3:], good}, nil},
		"good":                  {Links{all[64:], good}, nil},
	} {
		m := new(Marks)
		if err := m.Take(tip, test.links, 1); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		if (len(m.at) > 0) != (test.want == nil) {
			t.Errorf("%s: %d marks", name, len(m.at))
		}
	}
	var conflict *ErrConflict
	if err := new(Marks).Take(tip, Links{other[10:], last(other)}, 1); !errors.As(err, &conflict) || conflict.Height != 20 {
		t.Errorf("links that reach another tip: %v", err)
	}
	m := new(Marks)
	if err := m.Take(tip, Links{all[80:], good}, 1); err != nil {
		t.Fatal(err)
	}
	if err := m.Take(tip, Links{other[64:], last(other)}, 1); !errors.As(err, &conflict) {
		t.Errorf("two certified headers at one height: %v", err)
	}
	if _, err := tip.Along(m, all[20:80]); err != nil {
		t.Error(err)
	}
	if _, err := tip.Along(m, all[20:79]); !errors.Is(err, ErrUncertified) {
		t.Errorf("a piece that ends between marks: %v", err)
	}
	tip.Set = fresh.set
	if m.Raise(tip); len(m.at) != 0 {
		t.Error("marks outlive their set")
	}
}

func relink(hs []block.Header) {
	for i := 1; i < len(hs); i++ {
		hs[i].ParentHash = hs[i-1].Hash()
	}
}

// However many headers are certified, the marks stay bounded, the lowest are kept, and the tip passes them all.
func TestMarksAreBounded(t *testing.T) {
	m := &Marks{}
	for h := uint64(3 * MaxMarks); h > 0; h-- {
		m.put(found{h * MarkEvery, crypto.Keccak256Hash([]byte{byte(h)})}, h, h)
		m.bound()
	}
	if low, _, _ := m.Lowest(); len(m.at) > MaxMarks || len(m.at) < MaxMarks/2 || low != MarkEvery {
		t.Fatalf("%d marks from %d", len(m.at), low)
	}
	if oldest, found := m.Oldest(); !found || oldest != 1 {
		t.Fatalf("oldest note %d", oldest)
	}
}

// When the highest marks are forgotten, those that hang on them stay, and with them the note of the links without which nobody knows them.
func TestForgottenAnchorsLeaveTheirNote(t *testing.T) {
	n := newNetwork(t, "anchors", 1, 1, 1, 1)
	const kept = MaxMarks / 4 * 3
	tip, below := n.trust(), n.trust()
	below.Height = kept * MarkEvery
	all := headers(below, 4*MarkEvery)
	m := new(Marks)
	m.Raise(tip)
	for h := uint64(1); h <= MaxMarks-4; h++ { // all but two of those that are kept, and what is above
		at := h
		if h > kept-2 {
			at += 10
		}
		m.put(found{at * MarkEvery, common.Hash{1}}, 9, 9)
	}
	upper := Links{all[2*MarkEvery:], n.certify(t, all[4*MarkEvery-1], 0, 0, 1, 2)}
	lower := Links{all[:2*MarkEvery], Bare(all[2*MarkEvery-1])}
	if err := m.Take(tip, upper, 5); err != nil {
		t.Fatal(err)
	}
	if err := m.Take(tip, lower, 9); err != nil {
		t.Fatal(err)
	}
	_, anchor := m.At(below.Height + 2*MarkEvery)
	_, hangs := m.At(below.Height + MarkEvery)
	if m.Len() != kept || anchor || !hangs {
		t.Fatalf("%d marks; the anchor is known: %t, what hangs on it: %t", m.Len(), anchor, hangs)
	}
	if oldest, found := m.Oldest(); !found || oldest != 5 {
		t.Errorf("oldest note %d, want that of the links from above, 5", oldest)
	}
	if m.Before(9).Len() != 0 {
		t.Error("a mark counts as known before its own links came")
	}
}
