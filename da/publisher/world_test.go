package publisher

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/datest"
	"github.com/lockstep-network/lockstep/da/local"
	"github.com/lockstep-network/lockstep/da/readback"
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

// Piece is a run as the store gives it, or, where a certificate is far, a piece of one.
func (s *source) Piece(from, to uint64) (cert.Run, error) {
	to = min(to, from+cert.MaxPiece-cert.MarkEvery)
	run, err := s.run(from, to)
	if err != nil || run.End() <= to || len(run.Headers) <= 4*cert.MarkEvery {
		return run, err
	}
	end := max(to/cert.MarkEvery*cert.MarkEvery, cert.MarkAfter(from))
	run.Headers = run.Headers[:end-from+1]
	run.Certificate = cert.Bare(run.Headers[end-from])
	return run, nil
}

func (s *source) Anchor(from uint64) (uint64, error) {
	run, err := s.run(from, from)
	if err != nil {
		return 0, err
	}
	return run.End(), nil
}

func (s *source) Certificate(height uint64) (cert.Certificate, error) {
	if s.bare[height] {
		return cert.Certificate{}, fmt.Errorf("height %d has no certificate", height)
	}
	return s.chain.Certificate(s, height, 0), nil
}

func (s *source) Headers(from, to uint64) (hs []block.Header, err error) {
	for _, b := range s.chain.Blocks[from-1 : to] {
		hs = append(hs, b.Header)
	}
	return hs, nil
}

func (s *source) run(from, to uint64) (cert.Run, error) {
	var run cert.Run
	whole := 0
	for h := from; h <= s.Certified() && (h <= to || whole == 0); h++ {
		b := s.chain.Blocks[h-1]
		run.Headers = append(run.Headers, b.Header)
		if !s.bare[h] {
			whole = len(run.Headers)
		}
		if b.Header.NextOperatorsHash != b.Header.OperatorsHash {
			break
		}
	}
	if whole == 0 {
		return run, fmt.Errorf("no certificate covers height %d", from)
	}
	run.Headers = run.Headers[:whole]
	run.Certificate = s.chain.Certificate(s, run.End(), 0)
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
		Dir: t.TempDir(), Layer: l, Source: w.source, Genesis: chain.Genesis, Self: func() common.Address { return common.Address{1} }, MaxAge: time.Millisecond, Bytes: 20_000, Log: quiet(),
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

// open opens a publisher and what it reads the layer back with, which reads nothing yet.
func (w *world) open(cfg Config) *Publisher {
	w.Helper()
	var err error
	cfg.Back, err = readback.Open(readback.Config{
		Dir: filepath.Join(cfg.Dir, "back"), Layer: cfg.Layer, Genesis: cfg.Genesis, Log: cfg.Log,
		Limits: readback.Limits{Poll: time.Millisecond, BackoffMin: time.Millisecond, BackoffMax: 4 * time.Millisecond, Save: time.Minute},
	})
	if err != nil {
		w.Fatal(err)
	}
	p, err := Open(cfg)
	if err != nil {
		w.Fatal(err)
	}
	return p
}

// publish runs a publisher until the DA layer shows all that is certified, or a hook kills it, which it tells.
func (w *world) publish(cfg Config, hook func(string) error) (status Status, killed bool) {
	w.Helper()
	return w.publishUntil(cfg, hook, func(Status) bool { return true })
}

// publishUntil is publish that goes on until more holds. What was known from before the start says nothing of a layer that has been exchanged.
func (w *world) publishUntil(cfg Config, hook func(string) error, enough func(Status) bool) (status Status, killed bool) {
	w.Helper()
	p := w.open(cfg)
	if hook != nil {
		p.hook = hook
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // ends a test that hangs
	var reading sync.WaitGroup
	defer reading.Wait()
	defer cancel()
	reading.Go(func() { _ = p.cfg.Back.Run(ctx) }) // the publisher tells how it ended
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
		if firm, scanned := p.cfg.Back.Firm(); scanned > 0 && min(p.Status().Published, firm.Height) == w.source.Certified() && enough(p.Status()) {
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
