package reader_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/batch"
	"github.com/lockstep-network/lockstep/da/datest"
	"github.com/lockstep-network/lockstep/da/reader"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// All that anybody can write into the namespaces that are read: each is ignored for its reason, and what is true comes out as if it were not there.
func TestAdversaries(t *testing.T) {
	hd := namespaces.Headers()
	for name, x := range map[string]struct {
		why   reader.Reason
		blobs func(w *world, rival *datest.Chain) []da.Blob
	}{
		"rubbish among headers": {reader.Malformed, func(w *world, _ *datest.Chain) []da.Blob { return []da.Blob{{Namespace: hd, Data: []byte("rubbish")}} }},
		"rubbish among lanes":   {reader.Malformed, func(w *world, _ *datest.Chain) []da.Blob { return []da.Blob{{Namespace: nsA(), Data: []byte{0xc0}}} }},
		"truncated headers": {reader.Malformed, func(w *world, _ *datest.Chain) []da.Blob {
			b := w.headers(1, 10)
			b.Data = b.Data[:len(b.Data)/2]
			return []da.Blob{b}
		}},
		"truncated lanes": {reader.Malformed, func(w *world, _ *datest.Chain) []da.Blob {
			b := w.lanes(nsA(), 1, 10)
			b[0].Data = b[0].Data[:len(b[0].Data)/2]
			return b
		}},
		"headers with a spoilt payload": {reader.Malformed, func(w *world, _ *datest.Chain) []da.Blob {
			b := w.headers(1, 10)
			b.Data[len(b.Data)-5] ^= 1
			return []da.Blob{b}
		}},
		"an oversized blob": {reader.Malformed, func(w *world, _ *datest.Chain) []da.Blob {
			return []da.Blob{{Namespace: hd, Data: make([]byte, 3<<20)}}
		}},
		"a certificate without quorum": {reader.Uncertified, func(w *world, _ *datest.Chain) []da.Blob {
			h := w.headersOf(w.chain, 1, 10)
			h.Certificate = w.chain.Certificate(w, 10, 2)
			return []da.Blob{w.encode(h)}
		}},
		"a rival without quorum": {reader.Uncertified, func(w *world, rival *datest.Chain) []da.Blob {
			h := w.headersOf(rival, 1, 20)
			h.Certificate = rival.Certificate(w, 20, 2)
			return []da.Blob{w.encode(h)}
		}},
		"a rival signed by strangers": {reader.Uncertified, func(w *world, rival *datest.Chain) []da.Blob {
			h := w.headersOf(rival, 1, 20)
			h.Certificate = datest.Sign(w, w.chain.Keys(), w.chain.Operators(w, "strangers", 4), rival.Blocks[19].Header, 0)
			return []da.Blob{w.encode(h)}
		}},
		"a header swapped under a true certificate": {reader.Unlinked, func(w *world, rival *datest.Chain) []da.Blob {
			h := w.headersOf(w.chain, 1, 20)
			h.Blocks[12].Header = rival.Blocks[12].Header
			return []da.Blob{w.encode(h)}
		}},
		"headers reordered": {reader.Malformed, func(w *world, _ *datest.Chain) []da.Blob {
			h := w.headersOf(w.chain, 1, 20)
			h.Blocks[3], h.Blocks[4] = h.Blocks[4], h.Blocks[3]
			return []da.Blob{w.encode(h)}
		}},
		"leaves of another block": {reader.BadTable, func(w *world, _ *datest.Chain) []da.Blob {
			h := w.headersOf(w.chain, 1, 20)
			for i := range h.Blocks {
				h.Blocks[i].Leaves = nil
			}
			return []da.Blob{w.encode(h)}
		}},
		"a run that begins too high": {reader.Gap, func(w *world, _ *datest.Chain) []da.Blob { return []da.Blob{w.headers(15, 20)} }},
		"another network's headers": {reader.OtherChain, func(w *world, _ *datest.Chain) []da.Blob {
			h := w.headersOf(w.chain, 1, 1)
			h.ChainID = "other"
			h.Blocks[0].Header.ChainID = "other"
			return []da.Blob{w.encode(h)}
		}},
		"another network's lanes": {reader.OtherChain, func(w *world, _ *datest.Chain) []da.Blob {
			raw, err := w.codec.EncodeLanes(batch.Lanes{ChainID: "other", Namespace: nsA(), Lanes: []batch.LaneAt{{Height: 1, Data: []byte("x")}}})
			if err != nil {
				w.Fatal(err)
			}
			return []da.Blob{{Namespace: nsA(), Data: raw}}
		}},
		"headers among lanes": {reader.Misplaced, func(w *world, _ *datest.Chain) []da.Blob {
			return []da.Blob{{Namespace: nsA(), Data: w.headers(1, 10).Data}}
		}},
		"lanes among headers": {reader.Misplaced, func(w *world, _ *datest.Chain) []da.Blob {
			return []da.Blob{{Namespace: hd, Data: w.lanes(nsA(), 1, 10)[0].Data}}
		}},
		"a lane in another's namespace": {reader.Misplaced, func(w *world, _ *datest.Chain) []da.Blob {
			return []da.Blob{{Namespace: nsA(), Data: w.lanes(nsB(), 1, 10)[0].Data}}
		}},
		"forged lanes of the right lengths": {reader.Mismatch, func(w *world, _ *datest.Chain) []da.Blob {
			l := batch.Lanes{ChainID: datest.ChainID, Namespace: nsA()}
			for _, b := range w.chain.Blocks {
				for _, one := range b.Lanes {
					if one.Namespace == nsA() {
						l.Lanes = append(l.Lanes, batch.LaneAt{Height: b.Header.Height, Data: make([]byte, len(one.Data))})
					}
				}
			}
			raw, err := w.codec.EncodeLanes(l)
			if err != nil {
				w.Fatal(err)
			}
			return []da.Blob{{Namespace: nsA(), Data: raw}}
		}},
		"lanes of heights long past": {reader.Unwanted, func(w *world, _ *datest.Chain) []da.Blob { return w.lanes(nsA(), 1, 3) }},
		"everything once more":       {reader.Known, func(w *world, _ *datest.Chain) []da.Blob { return w.all(1, 10) }},
		"a chunk of nothing": {reader.Malformed, func(w *world, _ *datest.Chain) []da.Blob {
			chunks, err := batch.Chunks(datest.ChainID, nsA(), make([]byte, 1000), 600)
			if err != nil {
				w.Fatal(err)
			}
			var out []da.Blob
			for _, c := range chunks {
				out = append(out, da.Blob{Namespace: nsA(), Data: c})
			}
			return out
		}},
		"a chunk within a chunk": {reader.Malformed, func(w *world, _ *datest.Chain) []da.Blob {
			out := w.headers(1, 20).Data
			for range 2 {
				one, err := batch.Chunks(datest.ChainID, hd, out, 1<<20)
				if err != nil {
					w.Fatal(err)
				}
				out = one[0]
			}
			return []da.Blob{{Namespace: hd, Data: out}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 5)
			w.grow(30)
			rival := w.chain.Fork(0)
			rival.Grow(t, rand.New(rand.NewPCG(99, 99)), 30, 100, nsA())
			bad := x.blobs(w, rival)
			w.post(bad...)
			w.post(append(append(bad, w.all(1, 10)...), bad...)...)
			w.post(bad...)
			w.post(append(w.all(11, 30), bad...)...)
			w.post(bad...)
			r := w.read()
			for i, b := range w.take(r, 1, 30) {
				if want := map[bool]uint64{true: 2, false: 4}[i < 10]; b.DAHeight != want && name != "everything once more" {
					t.Errorf("block %d is at DA height %d, want %d", i+1, b.DAHeight, want)
				}
			}
			w.scanned(r)
			if s := r.Status(); s.Ignored[x.why] == 0 || s.Tip.Height != 30 {
				t.Errorf("tip %d, ignored %v, want some as %s", s.Tip.Height, s.Ignored, x.why)
			}
		})
	}
}

func TestOperatorsChange(t *testing.T) {
	w := newWorld(t, 7)
	w.grow(5)
	w.chain.Change(t, w.chain.Operators(t, "second", 7))
	w.grow(4)
	w.chain.Change(t, w.chain.Operators(t, "third", 1))
	w.grow(5)
	w.post(w.all(1, 6)...)
	forged := w.headersOf(w.chain, 7, 10)
	forged.Certificate = datest.Sign(t, w.chain.Keys(), w.chain.Genesis.Set, w.chain.Blocks[9].Header, 0)
	w.post(w.encode(forged)) // the first set is trusted no more
	across := w.headersOf(w.chain, 7, 16)
	w.post(w.encode(across)) // a run never crosses a change
	w.post(w.all(7, 11)...)
	w.post(w.all(12, 16)...)
	r := w.read()
	w.take(r, 1, 16)
	if n := r.Status().Ignored[reader.Uncertified]; n != 2 {
		t.Errorf("%d uncertified, want 2", n)
	}
}

func TestConflict(t *testing.T) {
	for name, x := range map[string]struct {
		tip, fork int
		from, to  uint64
	}{
		"above the tip":             {10, 10, 11, 15},
		"through the tip":           {10, 5, 3, 15},
		"on another parent":         {10, 5, 11, 15},
		"at the tip":                {10, 5, 6, 10},
		"below the tip":             {10, 5, 6, 8},
		"below, with another start": {10, 0, 1, 8},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 8)
			w.grow(20)
			rival := w.chain.Fork(x.fork)
			rival.Grow(t, rand.New(rand.NewPCG(99, 99)), 20, 100, nsA())
			w.post(w.all(1, uint64(x.tip))...)
			r := w.read()
			w.take(r, 1, uint64(x.tip))
			w.post(w.encode(w.headersOf(rival, x.from, x.to)))
			if name == "above the tip" { // the rival is first, so it is the tip, and ours the conflict
				w.post(w.all(11, 20)...)
			}
			var conflict *cert.ErrConflict
			var err error
			for err == nil {
				_, err = r.Next(t.Context())
			}
			if !errors.As(err, &conflict) || len(conflict.Run.Headers) == 0 || conflict.Height == 0 {
				t.Fatalf("%v, want a conflict with evidence", err)
			}
			if _, again := r.Next(t.Context()); !errors.Is(again, err) {
				t.Errorf("after a conflict: %v", again)
			}
		})
	}
}
