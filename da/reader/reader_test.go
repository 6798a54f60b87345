package reader_test

import (
	"context"
	"errors"
	"fmt"
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

// What a reader keeps in memory changes nothing in what it gives.
func TestRandomSchedules(t *testing.T) {
	seeds := uint64(20)
	if testing.Short() {
		seeds = 4
	}
	for seed := range seeds {
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
		"a cursor of version 1": func(c *reader.Config) { c.Cursor = []byte{1, 1, 1} },
		"a cut cursor":          func(c *reader.Config) { c.Cursor = []byte{3, 1, 0x80} },
		"a long cursor":         func(c *reader.Config) { c.Cursor = []byte{3, 1, 1, 0, 1} },
		"a cursor of zero":      func(c *reader.Config) { c.Cursor = []byte{3, 0, 0, 0} },
		"half a hash":           func(c *reader.Config) { c.Cursor = []byte{3, 1, 1, 1, 7} },
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
