package reader_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/batch"
	"github.com/lockstep-network/lockstep/da/datest"
	"github.com/lockstep-network/lockstep/da/local"
	"github.com/lockstep-network/lockstep/da/reader"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
)

func nsA() namespaces.Namespace { return namespaces.Namespace{0: 0xaa, 9: 1} }
func nsB() namespaces.Namespace { return namespaces.Namespace{0: 0xbb, 9: 1} }
func nsC() namespaces.Namespace { return namespaces.Namespace{0: 0xcc, 9: 1} }

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// world is a chain and a DA layer without a clock, where each submission is a block.
type world struct {
	testing.TB
	chain *datest.Chain
	layer *local.Layer
	codec *batch.Codec
	rng   *rand.Rand
}

func newWorld(t testing.TB, seed uint64) *world {
	t.Helper()
	l, err := local.Open(t.TempDir(), local.Options{Interval: local.ManualBlocks, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	z, err := batch.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	return &world{t, datest.NewChain(t, 4), l, z, rand.New(rand.NewPCG(seed, 1))}
}

func (w *world) grow(n int) { w.chain.Grow(w, w.rng, n, 2000, nsA(), nsB()) }

func (w *world) empty(n int) {
	w.Helper()
	for range n {
		if err := w.layer.Advance(); err != nil {
			w.Fatal(err)
		}
	}
}

func (w *world) post(blobs ...da.Blob) uint64 {
	w.Helper()
	h, err := w.layer.Submit(context.Background(), blobs)
	if err != nil {
		w.Fatal(err)
	}
	return h
}

func (w *world) headersOf(c *datest.Chain, from, to uint64) batch.Headers {
	h := batch.Headers{ChainID: datest.ChainID, Certificate: c.Certificate(w, to, 0), Next: c.Blocks[to-1].Next}
	for _, b := range c.Blocks[from-1 : to] {
		h.Blocks = append(h.Blocks, batch.HeaderLanes{Header: b.Header, Leaves: b.Leaves})
	}
	return h
}

func (w *world) encode(h batch.Headers) da.Blob {
	w.Helper()
	raw, err := w.codec.EncodeHeaders(h)
	if err != nil {
		w.Fatal(err)
	}
	return da.Blob{Namespace: namespaces.Headers(), Data: raw}
}

func (w *world) headers(from, to uint64) da.Blob { return w.encode(w.headersOf(w.chain, from, to)) }

// lanes returns the blob of a namespace's lanes; nil if there are none in these heights.
func (w *world) lanes(ns namespaces.Namespace, from, to uint64) []da.Blob {
	w.Helper()
	l := batch.Lanes{ChainID: datest.ChainID, Namespace: ns}
	for _, b := range w.chain.Blocks[from-1 : to] {
		for _, one := range b.Lanes {
			if one.Namespace == ns {
				l.Lanes = append(l.Lanes, batch.LaneAt{Height: b.Header.Height, Data: one.Data})
			}
		}
	}
	if len(l.Lanes) == 0 {
		return nil
	}
	raw, err := w.codec.EncodeLanes(l)
	if err != nil {
		w.Fatal(err)
	}
	return []da.Blob{{Namespace: ns, Data: raw}}
}

// all returns all blobs of a run.
func (w *world) all(from, to uint64) []da.Blob {
	blobs := append([]da.Blob{w.headers(from, to)}, w.lanes(nsA(), from, to)...)
	return append(blobs, w.lanes(nsB(), from, to)...)
}

func (w *world) config() reader.Config {
	return reader.Config{
		Layer: w.layer, After: w.chain.Genesis, Namespaces: []namespaces.Namespace{nsA(), nsB()}, Log: quiet(),
		Limits: reader.Limits{Poll: time.Millisecond, BackoffMin: time.Millisecond, BackoffMax: 2 * time.Millisecond},
	}
}

func (w *world) open(cfg reader.Config) *reader.Reader {
	w.Helper()
	r, err := reader.New(cfg)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() {
		if err := r.Close(); err != nil {
			w.Error(err)
		}
	})
	return r
}

func (w *world) read() *reader.Reader { w.Helper(); return w.open(w.config()) }

// take reads blocks from..to and compares them with the chain.
func (w *world) take(r *reader.Reader, from, to uint64) []reader.Block {
	w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second) // ends a test that hangs
	defer cancel()
	var out []reader.Block
	for h := from; h <= to; h++ {
		b, err := r.Next(ctx)
		if err != nil {
			w.Fatalf("block %d: %v; status %+v", h, err, r.Status())
		}
		want := w.chain.Blocks[h-1]
		if b.Hash != want.Header.Hash() || b.Header != want.Header || b.Trust.Hash != b.Hash {
			w.Fatalf("block %d is another", h)
		}
		if b.Trust.Set.Hash() != w.chain.TrustAt(h).Set.Hash() {
			w.Fatalf("block %d: another set is trusted after it", h)
		}
		for _, l := range want.Lanes {
			if !bytes.Equal(b.Lane(l.Namespace), l.Data) {
				w.Fatalf("block %d: lane %s has %d bytes, want %d", h, l.Namespace, len(b.Lane(l.Namespace)), len(l.Data))
			}
		}
		if len(b.Lanes) != len(want.Lanes) {
			w.Fatalf("block %d has %d lanes, want %d", h, len(b.Lanes), len(want.Lanes))
		}
		out = append(out, b)
	}
	return out
}

// until reads, without a block coming, until cond holds.
func (w *world) until(r *reader.Reader, cond func(reader.Status) bool) {
	w.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if b, err := r.Next(ctx); err == nil {
			w.Errorf("block %d came", b.Header.Height)
		}
	}()
	deadline := time.Now().Add(time.Minute) // ends a test that hangs
	for !cond(r.Status()) && time.Now().Before(deadline) {
		select {
		case <-done:
			w.Fatal("the reader stopped")
		case <-time.After(time.Millisecond): // the condition is polled
		}
	}
	cancel()
	<-done
	if !cond(r.Status()) {
		w.Fatalf("it never came about: %+v", r.Status())
	}
}

func (w *world) scanned(r *reader.Reader) {
	w.Helper()
	w.until(r, func(s reader.Status) bool { return s.Scanned == w.layer.Height() })
}

func TestReadsWhatWasPublished(t *testing.T) {
	w := newWorld(t, 1)
	w.grow(50)
	w.empty(10)
	at := map[uint64]uint64{}
	for from := uint64(1); from <= 50; from += 10 {
		h := w.post(w.all(from, from+9)...)
		for i := range uint64(10) {
			at[from+i] = h
		}
		w.empty(3)
	}
	for _, b := range w.take(w.read(), 1, 50) {
		if b.DAHeight != at[b.Header.Height] {
			t.Errorf("block %d is at DA height %d, want %d", b.Header.Height, b.DAHeight, at[b.Header.Height])
		}
		if (b.Certificate != nil) != (b.Header.Height%10 == 0) {
			t.Errorf("block %d: certificate %v", b.Header.Height, b.Certificate)
		}
	}
}

func TestHeadersAlone(t *testing.T) {
	w := newWorld(t, 2)
	w.grow(10)
	w.post(w.headers(1, 10))
	cfg := w.config()
	cfg.Namespaces = nil
	r := w.open(cfg)
	for h := uint64(1); h <= 10; h++ {
		if b, err := r.Next(t.Context()); err != nil || b.Header.Height != h || len(b.Lanes) != 0 {
			t.Fatalf("block %d: %+v, %v", h, b, err)
		}
	}
}

// A lane with a leaf that nobody has posted is withheld: the reader waits and says so. A namespace without a leaf is empty.
func TestWithheldIsNotEmpty(t *testing.T) {
	w := newWorld(t, 3)
	w.chain.Add(t)
	w.chain.Add(t, block.Lane{Namespace: nsA(), Data: []byte{0xc2, 1, 2}})
	w.chain.Add(t, block.Lane{Namespace: nsB(), Data: []byte{0xc2, 1, 2}}, block.Lane{Namespace: nsC(), Data: []byte("not asked for")})
	w.post(append(w.lanes(nsB(), 1, 3), w.headers(1, 3))...)
	r := w.read()
	if b, err := r.Next(t.Context()); err != nil || len(b.Lanes) != 0 {
		t.Fatalf("the empty block: %+v, %v", b, err)
	}
	w.scanned(r)
	s := r.Status()
	if len(s.Withheld) != 1 || s.Withheld[0] != (reader.Missing{Height: 2, Namespace: nsA()}) || s.Tip.Height != 3 || s.Delivered != 1 {
		t.Fatalf("status %+v", s)
	}
	w.empty(300) // however late it comes
	at := w.post(w.lanes(nsA(), 1, 3)...)
	for h := uint64(2); h <= 3; h++ {
		b, err := r.Next(t.Context())
		if err != nil || b.Header.Height != h || len(b.Lanes) != 1 {
			t.Fatalf("block %d: %+v, %v", h, b, err)
		}
		if want := map[uint64]uint64{2: at, 3: 1}[h]; b.DAHeight != want {
			t.Errorf("block %d is at DA height %d, want %d", h, b.DAHeight, want)
		}
	}
}

func TestLanesBeforeTheirHeaders(t *testing.T) {
	for _, x := range []struct {
		name   string
		before int
		counts bool
	}{{"in the window", reader.Window - 1, true}, {"before the window", reader.Window, false}} {
		t.Run(x.name, func(t *testing.T) {
			for _, held := range []int{1, 1 << 20} { // too little to keep them, and enough
				w := newWorld(t, 4)
				w.chain.Add(t, block.Lane{Namespace: nsA(), Data: datest.RandomLane(t, w.rng, 500)})
				lanes := w.lanes(nsA(), 1, 1)
				w.post(lanes...)
				w.empty(x.before)
				at := w.post(w.headers(1, 1))
				cfg := w.config()
				cfg.Limits.HeldBytes = held
				r := w.open(cfg)
				if !x.counts {
					w.scanned(r)
					if s := r.Status(); len(s.Withheld) != 1 {
						t.Fatalf("status %+v", s)
					}
					at = w.post(lanes...)
				}
				if b := w.take(r, 1, 1); b[0].DAHeight != at {
					t.Errorf("DA height %d, want %d", b[0].DAHeight, at)
				}
			}
		})
	}
}

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

func TestChunksInAnyOrder(t *testing.T) {
	w := newWorld(t, 6)
	w.grow(40)
	var blobs []da.Blob
	for _, b := range w.all(1, 40) {
		chunks, err := batch.Chunks(datest.ChainID, b.Namespace, b.Data, 3000)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range chunks {
			blobs = append(blobs, da.Blob{Namespace: b.Namespace, Data: c})
			if i%3 == 0 { // a forged part with the same index, and a true one twice
				forged := append([]byte{}, c...)
				forged[len(forged)-1] ^= 1
				blobs = append(blobs, da.Blob{Namespace: b.Namespace, Data: forged}, da.Blob{Namespace: b.Namespace, Data: c})
			}
		}
	}
	w.rng.Shuffle(len(blobs), func(i, j int) { blobs[i], blobs[j] = blobs[j], blobs[i] })
	for _, b := range blobs[:len(blobs)/2] {
		w.post(b)
	}
	w.post(blobs[len(blobs)/2:]...)
	want := w.take(w.read(), 1, 40)
	cfg := w.config()
	cfg.Limits.HeldBytes = 1 // nothing is kept: all is read again
	for i, b := range w.take(w.open(cfg), 1, 40) {
		if b.DAHeight != want[i].DAHeight {
			t.Errorf("block %d is at DA height %d for one who keeps little, %d for another", i+1, b.DAHeight, want[i].DAHeight)
		}
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

// Whoever restarts with the cursor of any block sees what one who never stopped sees, down to the DA heights.
func TestResumeFromEveryBlock(t *testing.T) {
	w := newWorld(t, 9)
	w.schedule(t, 60)
	want := w.take(w.read(), 1, 60)
	runEnd := w.chain.Genesis
	for i, b := range want {
		if b.Certificate != nil {
			runEnd = b.Trust
		}
		for _, after := range []cert.Trust{b.Trust, runEnd} {
			cfg := w.config()
			cfg.After, cfg.Cursor = after, b.Cursor
			r := w.open(cfg)
			for k, got := range w.take(r, after.Height+1, min(uint64(i)+6, 60)) {
				if at := want[after.Height+uint64(k)].DAHeight; got.DAHeight != at && got.Header.Height > b.Header.Height {
					t.Fatalf("resumed after %d: block %d is at DA height %d, want %d", i+1, got.Header.Height, got.DAHeight, at)
				}
			}
		}
	}
}

// schedule posts n blocks as an unlucky publisher among vandals does: pieces apart and in any order, duplicates, chunks, rubbish.
func (w *world) schedule(tb testing.TB, n uint64) {
	tb.Helper()
	w.grow(int(n))
	for from := uint64(1); from <= n; {
		to := min(n, from+uint64(w.rng.IntN(8)))
		first := from - min(from-1, uint64(w.rng.IntN(4))) // a prefix that is known
		var blobs []da.Blob
		for _, b := range w.all(first, to) {
			if w.rng.IntN(3) > 0 {
				blobs = append(blobs, b)
				continue
			}
			chunks, err := batch.Chunks(datest.ChainID, b.Namespace, b.Data, 2000)
			if err != nil {
				tb.Fatal(err)
			}
			for _, c := range chunks {
				blobs = append(blobs, da.Blob{Namespace: b.Namespace, Data: c})
			}
		}
		for range w.rng.IntN(3) {
			blobs = append(blobs, blobs[w.rng.IntN(len(blobs))], da.Blob{Namespace: nsA(), Data: []byte("rubbish")})
		}
		w.rng.Shuffle(len(blobs), func(i, j int) { blobs[i], blobs[j] = blobs[j], blobs[i] })
		for len(blobs) > 0 {
			k := 1 + w.rng.IntN(len(blobs))
			w.post(blobs[:k]...)
			blobs = blobs[k:]
			w.empty(w.rng.IntN(3))
		}
		from = to + 1
	}
}

// What a reader keeps in memory changes nothing in what it gives.
func TestRandomSchedules(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := newWorld(t, 100+seed)
			w.schedule(t, 80)
			want := w.take(w.read(), 1, 80)
			for _, limits := range []reader.Limits{
				{HeldBytes: 1, HeldBlocks: 1, InFlight: 1, ReadBytes: 1},
				{HeldBytes: 5000, HeldBlocks: 3, InFlight: 3, ReadBytes: 2000},
			} {
				cfg := w.config()
				limits.Poll, limits.BackoffMin = time.Millisecond, time.Millisecond
				cfg.Limits = limits
				for i, b := range w.take(w.open(cfg), 1, 80) {
					if b.DAHeight != want[i].DAHeight {
						t.Fatalf("block %d is at DA height %d with %+v, else at %d", i+1, b.DAHeight, limits, want[i].DAHeight)
					}
				}
			}
		})
	}
}

// The queue is full of blocks behind a withheld lane: later headers are passed over, and come when the lane has come.
func TestWithheldForLong(t *testing.T) {
	w := newWorld(t, 10)
	w.chain.Add(t, block.Lane{Namespace: nsA(), Data: []byte{0xc2, 1, 2}})
	w.grow(300)
	w.post(w.headers(1, 1))
	for h := uint64(2); h <= 301; h++ {
		w.post(w.all(h, h)...)
	}
	cfg := w.config()
	cfg.Limits.HeldBlocks, cfg.Limits.HeldBytes = 20, 10_000
	r := w.open(cfg)
	w.scanned(r)
	if s := r.Status(); s.Tip.Height > 30 || len(s.Withheld) != 1 {
		t.Errorf("tip %d, withheld %v: want at most 20 blocks held behind one lane", s.Tip.Height, s.Withheld)
	}
	at := w.post(w.lanes(nsA(), 1, 1)...)
	for _, b := range w.take(r, 1, 301) {
		if want := b.Header.Height; want > 1 && b.DAHeight != want || want == 1 && b.DAHeight != at {
			t.Errorf("block %d is at DA height %d", b.Header.Height, b.DAHeight)
		}
	}
}

func TestOutage(t *testing.T) {
	w := newWorld(t, 11)
	w.grow(10)
	w.post(w.all(1, 5)...)
	r := w.read()
	w.take(r, 1, 5)
	if err := w.layer.SetFaults(local.Faults{NoRead: true}); err != nil {
		t.Fatal(err)
	}
	w.post(w.all(6, 10)...)
	w.until(r, func(s reader.Status) bool { return errors.Is(s.Trouble, da.ErrUnavailable) })
	if err := w.layer.SetFaults(local.Faults{}); err != nil {
		t.Fatal(err)
	}
	w.take(r, 6, 10)
	w.until(r, func(s reader.Status) bool { return s.Trouble == nil })
}

// pruned is a layer that has nothing left below a height.
type pruned struct {
	da.Layer
	below uint64
}

func (p pruned) Read(ctx context.Context, h uint64, ns namespaces.Namespace) ([]da.Blob, error) {
	if h < p.below {
		return nil, fmt.Errorf("read %d: %w", h, da.ErrGone)
	}
	return p.Layer.Read(ctx, h, ns)
}

func TestPrunedLayer(t *testing.T) {
	w := newWorld(t, 12)
	w.grow(10)
	w.post(w.all(1, 5)...)
	w.post(w.all(6, 10)...)
	cfg := w.config()
	cfg.Layer = pruned{w.layer, 2}
	r := w.open(cfg)
	for range 2 {
		if _, err := r.Next(t.Context()); !errors.Is(err, da.ErrGone) {
			t.Errorf("%v, want ErrGone", err)
		}
	}
}

// slow is a layer that is no Seeker: every height is read.
type slow struct{ da.Layer }

func TestLayerWithoutSeek(t *testing.T) {
	w := newWorld(t, 13)
	w.grow(20)
	w.empty(50)
	w.post(w.all(1, 10)...)
	w.empty(50)
	w.post(w.all(11, 20)...)
	cfg := w.config()
	cfg.Layer = slow{w.layer}
	w.take(w.open(cfg), 1, 20)
}

func TestNextCanBeCalledAgain(t *testing.T) {
	w := newWorld(t, 14)
	w.grow(20)
	r := w.read()
	for from := uint64(1); from <= 20; from += 4 {
		w.until(r, func(s reader.Status) bool { return s.Delivered == from-1 })
		w.post(w.all(from, from+3)...)
		w.take(r, from, from+3)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
}

func TestFollowsALayerThatMisbehaves(t *testing.T) {
	w := newWorld(t, 15)
	if err := w.layer.SetFaults(local.Faults{Seed: 15, Duplicate: 0.3, Reorder: 1}); err != nil {
		t.Fatal(err)
	}
	w.grow(60)
	r := w.read()
	go func() {
		for from := uint64(1); from <= 60; from += 6 {
			if _, err := w.layer.Submit(t.Context(), w.all(from, from+5)); err != nil {
				t.Error(err)
			}
		}
	}()
	w.take(r, 1, 60)
}

func TestBadConfig(t *testing.T) {
	w := newWorld(t, 16)
	for name, change := range map[string]func(*reader.Config){
		"no layer":              func(c *reader.Config) { c.Layer = nil },
		"no trust":              func(c *reader.Config) { c.After = cert.Trust{} },
		"namespaces descend":    func(c *reader.Config) { c.Namespaces = []namespaces.Namespace{nsB(), nsA()} },
		"a namespace twice":     func(c *reader.Config) { c.Namespaces = []namespaces.Namespace{nsA(), nsA()} },
		"the headers' own":      func(c *reader.Config) { c.Namespaces = []namespaces.Namespace{namespaces.Headers()} },
		"an empty cursor":       func(c *reader.Config) { c.Cursor = []byte{} },
		"a cursor of version 2": func(c *reader.Config) { c.Cursor = []byte{2, 1} },
		"a cut cursor":          func(c *reader.Config) { c.Cursor = []byte{1, 0x80} },
		"a long cursor":         func(c *reader.Config) { c.Cursor = []byte{1, 1, 1} },
		"a cursor of zero":      func(c *reader.Config) { c.Cursor = []byte{1, 0} },
	} {
		cfg := w.config()
		change(&cfg)
		if _, err := reader.New(cfg); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func BenchmarkReader(b *testing.B) {
	w := newWorld(b, 17)
	const blocks = 2000
	w.chain.Grow(w, w.rng, blocks, 20_000, nsA(), nsB())
	for from := uint64(1); from <= blocks; from += 10 {
		w.post(w.all(from, from+9)...)
	}
	for b.Loop() {
		r := w.read()
		for range blocks {
			if _, err := r.Next(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(blocks*b.N)/b.Elapsed().Seconds(), "blocks/s")
}
