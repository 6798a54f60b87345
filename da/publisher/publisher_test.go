package publisher

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/batch"
	"github.com/lockstep-network/lockstep/da/datest"
	"github.com/lockstep-network/lockstep/da/local"
	"github.com/lockstep-network/lockstep/da/reader"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/lane"
)

func nsA() namespaces.Namespace { return namespaces.Namespace{0: 0xaa, 9: 1} }
func nsB() namespaces.Namespace { return namespaces.Namespace{0: 0xbb, 9: 1} }

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// source is a chain as a node's store shows it: some heights have no certificate of their own.
type source struct {
	testing.TB
	chain     *datest.Chain
	bare      map[uint64]bool // heights without a certificate
	certified atomic.Uint64
	growTo    uint64 // each look at it finds one more block, up to here
}

func (s *source) Certified() uint64 {
	if h := s.certified.Load(); h < s.growTo {
		s.certified.CompareAndSwap(h, h+1)
	}
	return s.certified.Load()
}

func (s *source) Run(from, to uint64) (cert.Run, error) {
	var run cert.Run
	whole := 0
	for h := from; h <= s.Certified() && len(run.Headers) < cert.MaxRun && (h <= to || whole == 0); h++ {
		b := s.chain.Blocks[h-1]
		run.Headers = append(run.Headers, b.Header)
		if !s.bare[h] {
			run.Certificate, whole = s.chain.Certificate(s, h, 0), len(run.Headers)
		}
		if b.Header.NextOperatorsHash != b.Header.OperatorsHash {
			break
		}
	}
	if whole == 0 {
		return run, fmt.Errorf("no certificate covers height %d", from)
	}
	run.Headers = run.Headers[:whole]
	return run, nil
}

func (s *source) Contents(height uint64) (*block.Contents, error) {
	if height > s.Certified() {
		return nil, fmt.Errorf("block %d is not there", height)
	}
	b := s.chain.Blocks[height-1]
	table, err := lane.NewTable(b.Leaves)
	return &block.Contents{Lanes: b.Lanes, Table: table}, err
}

// world is a chain, a DA layer with a fast clock and a publisher's folder.
type world struct {
	testing.TB
	source *source
	layer  *local.Layer
	rng    *rand.Rand
	cfg    Config
}

func newWorld(t testing.TB, seed uint64, blocks int, o local.Options) *world {
	t.Helper()
	o.Logger = quiet()
	l, err := local.Open(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{TB: t, layer: l, rng: rand.New(rand.NewPCG(seed, 2))}
	chain := datest.NewChain(t, 4)
	chain.Grow(t, w.rng, blocks/2, 3000, nsA(), nsB())
	second := chain.Operators(t, "second", 3)
	chain.Change(t, second, block.Lane{Namespace: nsA(), Data: datest.RandomLane(t, w.rng, 100)})
	chain.Grow(t, w.rng, blocks-blocks/2-1, 3000, nsA(), nsB())
	w.source = &source{TB: t, chain: chain, bare: map[uint64]bool{}}
	w.source.certified.Store(uint64(blocks))
	w.cfg = Config{
		Dir: t.TempDir(), Layer: l, Source: w.source, Genesis: chain.Genesis, MaxAge: time.Millisecond, Bytes: 20_000, Log: quiet(),
		Sets: func(h common.Hash) (cert.Set, error) {
			if h == second.Hash() {
				return second, nil
			}
			return cert.Set{}, errors.New("not known")
		},
		Limits: Limits{Poll: time.Millisecond, BackoffMin: time.Millisecond, BackoffMax: 4 * time.Millisecond},
	}
	return w
}

func manual() local.Options { return local.Options{Interval: local.ManualBlocks} }

// publish runs a publisher until the DA layer shows all that is certified, or a hook kills it, which it tells.
func (w *world) publish(cfg Config, hook func(string) error) (status Status, killed bool) {
	w.Helper()
	p, err := Open(cfg)
	if err != nil {
		w.Fatal(err)
	}
	if hook != nil {
		p.hook = hook
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // ends a test that hangs
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	for {
		select {
		case err := <-done:
			var k *killedError
			if !errors.As(err, &k) {
				w.Fatalf("publisher: %v; status %+v", err, p.Status())
			}
			return p.Status(), true
		case <-time.After(time.Millisecond): // the condition is polled
		}
		if published, firm := p.Published(); min(published, firm) == w.source.Certified() {
			cancel()
			var k *killedError
			if err := <-done; !errors.Is(err, context.Canceled) && !errors.As(err, &k) {
				w.Fatalf("publisher: %v", err)
			}
			return p.Status(), false
		}
	}
}

// check reads everything back as a rollup does, and once more.
func (w *world) check(layer da.Layer) {
	w.Helper()
	r, err := reader.New(reader.Config{
		Layer: layer, After: w.source.chain.Genesis, Namespaces: []namespaces.Namespace{nsA(), nsB()}, Log: quiet(),
		Limits: reader.Limits{Poll: time.Millisecond, BackoffMin: time.Millisecond},
	})
	if err != nil {
		w.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			w.Error(err)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second) // ends a test that hangs
	defer cancel()
	for h := uint64(1); h <= w.source.Certified(); h++ {
		b, err := r.Next(ctx)
		if err != nil {
			w.Fatalf("block %d is not readable: %v; %+v", h, err, r.Status())
		}
		want := w.source.chain.Blocks[h-1]
		if b.Header != want.Header || len(b.Lanes) != len(want.Lanes) {
			w.Fatalf("block %d is another", h)
		}
		for _, l := range want.Lanes {
			if !bytes.Equal(b.Lane(l.Namespace), l.Data) {
				w.Fatalf("block %d: lane %s differs", h, l.Namespace)
			}
		}
	}
}

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
	p, err := Open(w.cfg)
	if err != nil {
		t.Fatal(err)
	}
	b, err := p.next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if p.pending.bytes < w.cfg.Bytes || p.pending.bytes > w.cfg.Bytes+10_000 || b.after.Height != uint64(len(p.pending.blocks)) {
		t.Errorf("batch of %d bytes up to height %d, want about %d bytes", p.pending.bytes, b.after.Height, w.cfg.Bytes)
	}
	p.journal.Done = mark{Trust: w.source.chain.TrustAt(29)}
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
	p, err := Open(w.cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
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

func TestOutage(t *testing.T) {
	w := newWorld(t, 7, 20, manual())
	if err := w.layer.SetFaults(local.Faults{NoSubmit: true}); err != nil {
		t.Fatal(err)
	}
	tries := 0
	w.publish(w.cfg, func(effect string) error {
		if effect == "submitting" {
			tries++
			switch tries {
			case 5:
				return w.layer.SetFaults(local.Faults{NoSubmit: true, NoRead: true})
			case 10:
				return w.layer.SetFaults(local.Faults{})
			}
		}
		return nil
	})
	if tries < 10 {
		t.Errorf("%d attempts, want the ten of the outage", tries)
	}
	w.check(w.layer)
}

// An included submission whose reply was lost is found on the layer and not sent again.
func TestUnknownOutcomeIsSettledByLooking(t *testing.T) {
	w := newWorld(t, 8, 10, manual())
	w.cfg.Bytes = 1 << 20
	w.source.certified.Store(5)
	if err := w.layer.SetFaults(local.Faults{LoseReply: 1}); err != nil {
		t.Fatal(err)
	}
	s, _ := w.publish(w.cfg, nil)
	w.check(w.layer)
	if w.layer.Height() != 1 || s.Retries != 1 {
		t.Errorf("%d DA blocks, %d retries, want one submission that was found", w.layer.Height(), s.Retries)
	}
}

// The publisher is killed after every effect, one after the other, and once more at the same place after each restart.
func TestKilledAfterEveryEffect(t *testing.T) {
	effects := map[string]bool{}
	for k := 0; ; k++ {
		w := newWorld(t, 9, 7, local.Options{Interval: local.ManualBlocks, MaxBlock: 6 << 10})
		w.cfg.Submit = 6 << 10
		n := 0
		_, killed := w.publish(w.cfg, func(effect string) error {
			n++
			if n > k {
				effects[effect] = true
				return &killedError{effect}
			}
			return nil
		})
		if !killed {
			break
		}
		n = 0
		w.publish(w.cfg, func(effect string) error {
			n++
			if n == k+1 {
				return &killedError{effect}
			}
			return nil
		})
		w.publish(w.cfg, nil)
		w.check(w.layer)
	}
	for _, e := range []string{"built", "journaled", "submitting", "submitted", "landed", "closed"} {
		if !effects[e] {
			t.Errorf("never killed after %q", e)
		}
	}
}

// Kills, faults, a second publisher, lost and damaged journals, from a seed: everything is readable in the end.
func TestRandomMisfortune(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, seed, 40, local.Options{
				Interval: time.Millisecond, MaxBlock: 12 << 10, FinalityDepth: 5,
				Faults: local.Faults{Seed: seed, Drop: 0.1, LoseReply: 0.2, Duplicate: 0.2, Reorder: 0.5},
			})
			other := w.cfg
			other.Dir = t.TempDir()
			var wg sync.WaitGroup
			for i, cfg := range []Config{w.cfg, other} {
				rng := rand.New(rand.NewPCG(seed, uint64(i)))
				wg.Go(func() { w.misfortune(rng, cfg) })
			}
			wg.Wait()
			if err := w.layer.SetFaults(local.Faults{}); err != nil {
				t.Fatal(err)
			}
			w.publish(w.cfg, nil)
			w.check(w.layer)
		})
	}
}

func (w *world) misfortune(rng *rand.Rand, cfg Config) {
	w.Helper()
	path := filepath.Join(cfg.Dir, journalName)
	for range 8 {
		left := rng.IntN(25)
		_, killed := w.publish(cfg, func(effect string) error {
			left--
			if left < 0 {
				return &killedError{effect}
			}
			return nil
		})
		if !killed {
			return
		}
		switch rng.IntN(6) {
		case 0:
			_ = os.Remove(path) // there may be none yet
		case 1:
			if raw, err := os.ReadFile(path); err == nil {
				if err := os.WriteFile(path, raw[:rng.IntN(len(raw))], 0o600); err != nil {
					w.Error(err)
				}
			}
		}
	}
}

// liar acknowledges submissions that it does not keep.
type liar struct {
	da.Layer
	rng *rand.Rand
}

func (l *liar) Submit(ctx context.Context, blobs []da.Blob) (uint64, error) {
	if l.rng.IntN(2) == 0 {
		h, err := l.Head(ctx)
		return max(h.Height, 1), err
	}
	return l.Layer.Submit(ctx, blobs)
}

func TestALayerThatLies(t *testing.T) {
	w := newWorld(t, 10, 30, manual())
	if err := w.layer.Advance(); err != nil {
		t.Fatal(err)
	}
	w.cfg.Layer = &liar{w.layer, w.rng}
	if s, _ := w.publish(w.cfg, nil); s.Retries == 0 {
		t.Error("no lie was noticed")
	}
	w.check(w.layer)
}

// What was not final when the publisher stopped is gone when it starts again; the layer has grown past it.
func TestRepostsFromTheFirmTip(t *testing.T) {
	w := newWorld(t, 11, 40, local.Options{Interval: local.ManualBlocks, FinalityDepth: 4})
	w.publish(w.cfg, nil)
	reorged, err := local.Open(t.TempDir(), local.Options{Interval: local.ManualBlocks, FinalityDepth: 4, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := reorged.Close(); err != nil {
			t.Error(err)
		}
	}()
	for h := uint64(1); h+3 < w.layer.Height(); h++ {
		var blobs []da.Blob
		for _, ns := range []namespaces.Namespace{namespaces.Headers(), nsA(), nsB()} {
			b, err := w.layer.Read(t.Context(), h, ns)
			if err != nil {
				t.Fatal(err)
			}
			blobs = append(blobs, b...)
		}
		if _, err := reorged.Submit(t.Context(), blobs); err != nil {
			t.Fatal(err)
		}
	}
	for range 10 {
		if err := reorged.Advance(); err != nil {
			t.Fatal(err)
		}
	}
	w.cfg.Layer = reorged
	if s, _ := w.publish(w.cfg, nil); s.Reposts != 1 || s.Batches == 0 {
		t.Errorf("status %+v, want one repost", s)
	}
	w.check(reorged)
}

func TestAnotherLayer(t *testing.T) {
	w := newWorld(t, 12, 30, manual())
	w.publish(w.cfg, nil)
	empty, err := local.Open(t.TempDir(), local.Options{Interval: local.ManualBlocks, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := empty.Close(); err != nil {
			t.Error(err)
		}
	}()
	w.cfg.Layer = empty
	w.publish(w.cfg, nil)
	w.check(empty)
}

// A stand-by publishes nothing while another does, and takes over when that one stops.
func TestStandBy(t *testing.T) {
	w := newWorld(t, 13, 40, manual())
	w.source.certified.Store(20)
	w.publish(w.cfg, nil)
	before := w.layer.Height()
	standby := w.cfg
	standby.Dir, standby.StandBy = t.TempDir(), 50*time.Millisecond
	if s, _ := w.publish(standby, nil); s.Batches != 0 || w.layer.Height() != before {
		t.Errorf("the stand-by published %d batches of what was there", s.Batches)
	}
	w.source.certified.Store(40)
	if s, _ := w.publish(standby, nil); s.Batches == 0 {
		t.Error("the stand-by did not take over")
	}
	w.check(w.layer)
}

func TestConflictEndsThePublisher(t *testing.T) {
	w := newWorld(t, 14, 10, manual())
	w.publish(w.cfg, nil)
	rival := w.source.chain.Fork(3)
	rival.Grow(t, rand.New(rand.NewPCG(99, 99)), 4, 100, nsA())
	h := batch.Headers{ChainID: datest.ChainID, Certificate: rival.Certificate(t, 5, 0)}
	for _, b := range rival.Blocks[:5] {
		h.Blocks = append(h.Blocks, batch.HeaderLanes{Header: b.Header, Leaves: b.Leaves})
	}
	z, err := batch.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := z.EncodeHeaders(h)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.layer.Submit(t.Context(), []da.Blob{{Namespace: namespaces.Headers(), Data: raw}}); err != nil {
		t.Fatal(err)
	}
	fresh := w.cfg
	fresh.Dir = t.TempDir()
	p, err := Open(fresh)
	if err != nil {
		t.Fatal(err)
	}
	var conflict *cert.ErrConflict
	if err := p.Run(t.Context()); !errors.As(err, &conflict) {
		t.Errorf("%v, want a conflict", err)
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
			p, err := Open(w.cfg)
			if err != nil {
				t.Fatal(err)
			}
			p.pending.reset()
			if _, err := p.build(1, 3); err == nil {
				t.Error("it is built")
			}
			if w.layer.Height() != 0 {
				t.Error("it is sent")
			}
		})
	}
}

func TestJournal(t *testing.T) {
	c := datest.NewChain(t, 4)
	c.Grow(t, rand.New(rand.NewPCG(1, 1)), 9, 100, nsA())
	dir := t.TempDir()
	j, err := openJournal(dir, c.Genesis, quiet())
	if err != nil {
		t.Fatal(err)
	}
	j.Done, j.Firm, j.DAHeight = mark{Trust: c.TrustAt(9)}, mark{c.TrustAt(5), []byte{1, 2}}, 77
	j.Open = &entry{From: 10, To: 12, Hash: common.Hash{1}, Blobs: []digest{{nsA(), common.Hash{2}, 1}}, Landed: []uint64{5, 0}}
	if err := j.save(); err != nil {
		t.Fatal(err)
	}
	got, err := openJournal(dir, c.Genesis, quiet())
	if err != nil {
		t.Fatal(err)
	}
	if got.Done.Trust.Hash != j.Done.Trust.Hash || !bytes.Equal(got.Firm.Cursor, j.Firm.Cursor) || got.DAHeight != 77 ||
		got.Open == nil || got.Open.To != 12 || !slices.Equal(got.Open.Blobs, j.Open.Blobs) || !slices.Equal(got.Open.Landed, j.Open.Landed) {
		t.Errorf("the journal comes back as %+v", got)
	}
	raw, err := os.ReadFile(filepath.Join(dir, journalName))
	if err != nil {
		t.Fatal(err)
	}
	for n := range raw {
		cut, flipped := raw[:n], slices.Clone(raw)
		flipped[n] ^= 1
		for _, bad := range [][]byte{cut, flipped} {
			if err := new(journal).decode(bad); err == nil {
				t.Fatalf("a journal damaged at byte %d is read", n)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, journalName), raw[:50], 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := openJournal(dir, c.Genesis, quiet()); err != nil || got.Done.Trust.Hash != c.Genesis.Hash {
		t.Errorf("a damaged journal: %+v, %v; want to begin anew", got, err)
	}
	if err := os.WriteFile(filepath.Join(dir, journalName), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	foreign := c.Genesis
	foreign.ChainID = "other"
	if _, err := openJournal(dir, foreign, quiet()); err == nil {
		t.Error("another chain's journal is taken")
	}
}

func FuzzJournal(f *testing.F) {
	c := datest.NewChain(f, 4)
	j := journal{chainID: datest.ChainID, Done: mark{Trust: c.Genesis}, Firm: mark{c.Genesis, []byte{1, 1}}, Open: &entry{From: 1, To: 1, Landed: []uint64{0}}}
	raw, err := j.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var j journal
		if err := j.decode(raw); err != nil {
			return
		}
		if again, err := j.encode(); err != nil || !bytes.Equal(again, raw) {
			t.Errorf("a journal has two forms: %v", err)
		}
	})
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
		"a tiny submission": func(c *Config) { c.Submit = 100 },
		"a negative bound":  func(c *Config) { c.Bytes = -1 },
		"a negative age":    func(c *Config) { c.MaxAge = -1 },
	} {
		cfg := w.cfg
		change(&cfg)
		if _, err := Open(cfg); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
