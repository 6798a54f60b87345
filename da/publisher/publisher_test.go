package publisher

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/datest"
	"github.com/lockstep-network/lockstep/da/local"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
)

func TestPublishesEverything(t *testing.T) {
	w := newWorld(t, 1, 60, manual())
	s, _ := w.publish(w.cfg, nil)
	w.check(w.layer)
	if s.Retries != 0 || s.Reposts != 0 || s.Batches != w.layer.Height() {
		t.Errorf("status %+v after %d DA blocks: want one batch for each", s, w.layer.Height())
	}
	before := w.layer.Height()
	if s, _ := w.publish(w.cfg, nil); s.Batches != 0 || w.layer.Height() != before {
		t.Errorf("a restart with nothing to do published %d batches", s.Batches)
	}
	fresh := w.cfg
	fresh.Dir = t.TempDir()
	if s, _ := w.publish(fresh, nil); s.Batches != 0 || w.layer.Height() != before {
		t.Errorf("another publisher, with an empty folder, published %d batches again", s.Batches)
	}
}

func TestFollowsTheHead(t *testing.T) {
	w := newWorld(t, 2, 80, local.Options{Interval: 2 * time.Millisecond})
	w.source.certified.Store(0)
	w.source.growTo = 80
	if s, _ := w.publish(w.cfg, nil); s.Published != 80 || s.Batches < 2 {
		t.Errorf("status %+v, want all 80 blocks in several batches", s)
	}
	w.check(w.layer)
}

func TestBatchesAreBoundedAndAged(t *testing.T) {
	w := newWorld(t, 3, 30, manual())
	w.cfg.MaxAge = time.Hour
	p := w.open(w.cfg)
	b, err := p.next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if p.pending.bytes < w.cfg.Bytes || p.pending.bytes > w.cfg.Bytes+10_000 || b.after.Height != uint64(len(p.pending.blocks)) {
		t.Errorf("batch of %d bytes up to height %d, want about %d bytes", p.pending.bytes, b.after.Height, w.cfg.Bytes)
	}
	p.journal.Done = w.source.chain.TrustAt(29)
	if _, err := p.next(t.Context()); !errors.Is(err, errNothing) {
		t.Errorf("a batch of one young block: %v", err)
	}
	p.pending.since = time.Now().Add(-2 * time.Hour)
	if b, err := p.next(t.Context()); err != nil || b.from != 30 {
		t.Errorf("a batch of one old block: from %d, %v", b.from, err)
	}
}

func TestSparseCertificates(t *testing.T) {
	w := newWorld(t, 4, 60, manual())
	for h := uint64(1); h < 60; h++ {
		if h%11 != 0 && h != 31 { // the change of operators must be certified
			w.source.bare[h] = true
		}
	}
	w.publish(w.cfg, nil)
	w.check(w.layer)
}

// What is too large for the layer is split: by heights while there are several, then into chunks over several submissions.
func TestSplitsWhatIsTooLarge(t *testing.T) {
	for name, o := range map[string]local.Options{
		"block of 8 KiB":            {Interval: local.ManualBlocks, MaxBlock: 8 << 10},
		"blobs of 5 KiB":            {Interval: local.ManualBlocks, MaxBlock: 64 << 10, MaxBlob: 5 << 10},
		"submissions of their own":  {Interval: local.ManualBlocks, MaxBlock: 1 << 20},
		"a block of 8 KiB, in time": {Interval: time.Millisecond, MaxBlock: 8 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 5, 20, o)
			big := block.Lane{Namespace: nsB(), Data: datest.RandomLane(t, w.rng, 60_000)}
			w.source.chain.Add(t, block.Lane{Namespace: nsA(), Data: datest.RandomLane(t, w.rng, 30_000)}, big)
			w.source.chain.Add(t)
			w.source.certified.Store(22)
			w.cfg.Bytes = 1 << 20
			w.publish(w.cfg, nil)
			w.check(w.layer)
		})
	}
}

func TestALayerThatTakesTooLittle(t *testing.T) {
	w := newWorld(t, 6, 5, local.Options{Interval: local.ManualBlocks, MaxBlock: 100})
	p := w.open(w.cfg)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { _ = p.cfg.Back.Run(ctx) }() // the publisher tells how it ended
	done := make(chan error)
	go func() { done <- p.Run(ctx) }()
	for p.Status().Trouble == nil {
		time.Sleep(time.Millisecond) // until it says so
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if !errors.Is(p.Status().Trouble, da.ErrTooLarge{}) {
		t.Errorf("trouble %v", p.Status().Trouble)
	}
}

func TestWrongBlocksAreNeverSent(t *testing.T) {
	for name, spoil := range map[string]func(*datest.Block){
		"a lane that is not its leaf's": func(b *datest.Block) {
			b.Lanes = slices.Clone(b.Lanes)
			b.Lanes[0].Data = append(slices.Clone(b.Lanes[0].Data), 0)
		},
		"a lane left out":                 func(b *datest.Block) { b.Lanes = b.Lanes[1:] },
		"another table":                   func(b *datest.Block) { b.Leaves = nil },
		"a header of another block":       func(b *datest.Block) { b.Header.ParentHash[0] ^= 1 },
		"a header with another timestamp": func(b *datest.Block) { b.Header.TimeMS++ },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 15, 4, manual())
			for i := range w.source.chain.Blocks {
				if b := &w.source.chain.Blocks[i]; len(b.Lanes) > 0 {
					spoil(b)
					break
				}
			}
			for h := uint64(1); h < 4; h++ {
				w.source.bare[h] = h != 3 // the change of operators at 3
			}
			p := w.open(w.cfg)
			p.pending.reset()
			if _, err := p.build(t.Context(), 1, 3); err == nil {
				t.Error("it is built")
			}
			if w.layer.Height() != 0 {
				t.Error("it is sent")
			}
		})
	}
}

// How fast blocks of about 40 KB go onto a local layer, verified before and read back after.
func BenchmarkPublisher(b *testing.B) {
	const blocks = 400
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b, 17, 2, manual())
		w.source.chain.Grow(b, w.rng, blocks-2, 40_000, nsA(), nsB())
		w.source.certified.Store(blocks)
		w.cfg.Bytes = 0
		b.StartTimer()
		s, _ := w.publish(w.cfg, nil)
		b.SetBytes(int64(s.Bytes))
	}
	b.ReportMetric(float64(blocks*b.N)/b.Elapsed().Seconds(), "blocks/s")
}

func TestBadConfig(t *testing.T) {
	w := newWorld(t, 16, 2, manual())
	for name, change := range map[string]func(*Config){
		"no folder":         func(c *Config) { c.Dir = "" },
		"no layer":          func(c *Config) { c.Layer = nil },
		"no source":         func(c *Config) { c.Source = nil },
		"no chain":          func(c *Config) { c.Genesis = cert.Trust{} },
		"no follower":       func(c *Config) { c.Back = nil },
		"a tiny submission": func(c *Config) { c.Submit = 100 },
		"a negative bound":  func(c *Config) { c.Bytes = -1 },
		"a negative age":    func(c *Config) { c.MaxAge = -1 },
	} {
		cfg := w.open(w.cfg).cfg
		change(&cfg)
		if _, err := Open(cfg); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
