package reader_test

import (
	"bytes"
	"context"
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
)

func nsA() namespaces.Namespace { return namespaces.Namespace{0: 0xaa, 9: 1} }

func nsB() namespaces.Namespace { return namespaces.Namespace{0: 0xbb, 9: 1} }

func nsC() namespaces.Namespace { return namespaces.Namespace{0: 0xcc, 9: 1} }

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// world is a chain and a DA layer without a clock, where each submission is a block.
type world struct {
	testing.TB
	chain *datest.Chain
	layer *local.Layer // nil in tests of another
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
