package ethereum

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/datest"
	"github.com/lockstep-network/lockstep/da/publisher"
	"github.com/lockstep-network/lockstep/da/readback"
	"github.com/lockstep-network/lockstep/da/reader"
	"github.com/lockstep-network/lockstep/namespaces"
	shared "github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/lane"
)

// source is a test chain as a node's store shows it: each height has its certificate.
type source struct {
	testing.TB
	chain *datest.Chain
}

func (s *source) Certified() uint64 { return uint64(len(s.chain.Blocks)) }

func (s *source) Piece(from, to uint64) (run cert.Run, err error) {
	run.Headers, err = s.Headers(from, to)
	run.Certificate = s.chain.Certificate(s, to, 0)
	return run, err
}

func (s *source) Anchor(from uint64) (uint64, error) { return from, nil }

func (s *source) Certificate(height uint64) (cert.Certificate, error) {
	return s.chain.Certificate(s, height, 0), nil
}

func (s *source) Headers(from, to uint64) (hs []shared.Header, err error) {
	for _, b := range s.chain.Blocks[from-1 : to] {
		hs = append(hs, b.Header)
	}
	return hs, nil
}

func (s *source) Contents(height uint64) (*shared.Contents, error) {
	b := s.chain.Blocks[height-1]
	table, err := lane.NewTable(b.Leaves)
	return &shared.Contents{Lanes: b.Lanes, Table: table}, err
}

func both() []namespaces.Namespace { return []namespaces.Namespace{nsA(), nsB()} }

func publisherOf(src *source, dir string, l da.Layer) publisher.Config {
	return publisher.Config{
		Dir: dir, Layer: l, Source: src, Genesis: src.chain.Genesis, Self: func() common.Address { return common.Address{1} }, MaxAge: time.Millisecond,
		Bytes: 60_000, Log: quiet(),
		Limits: publisher.Limits{Poll: 2 * time.Millisecond, BackoffMin: 2 * time.Millisecond, BackoffMax: 20 * time.Millisecond},
	}
}

// publish runs a publisher, and who reads the layer back for it, until a condition on the published and the firm height holds, then kills both.
func publish(t *testing.T, cfg publisher.Config, enough func(published, firm uint64) bool) {
	t.Helper()
	back, err := readback.Open(readback.Config{
		Dir: filepath.Join(cfg.Dir, "back"), Layer: cfg.Layer, Genesis: cfg.Genesis, Log: cfg.Log,
		Limits: readback.Limits{Poll: 2 * time.Millisecond, BackoffMin: 2 * time.Millisecond, BackoffMax: 20 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Back = back
	p, err := publisher.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var reading sync.WaitGroup
	defer reading.Wait()
	defer cancel()
	reading.Go(func() { _ = back.Run(ctx) }) // the publisher tells how it ended
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	eventually(t, "published enough", func() bool {
		firm, _ := back.Firm()
		return enough(p.Status().Published, firm.Height)
	})
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatalf("publisher: %v; %+v", err, p.Status())
	}
}

func all(src *source) func(published, firm uint64) bool {
	return func(published, firm uint64) bool { return min(published, firm) == src.Certified() }
}

// derive reads everything back as a rollup does, from the L1 alone.
func derive(t *testing.T, src *source, l da.Layer) {
	t.Helper()
	r, err := reader.New(reader.Config{
		Layer: l, After: src.chain.Genesis, Namespaces: both(), Log: quiet(),
		Limits: reader.Limits{Poll: 2 * time.Millisecond, BackoffMin: 2 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // ends a test that hangs
	defer cancel()
	for h := uint64(1); h <= src.Certified(); h++ {
		b, err := r.Next(ctx)
		if err != nil {
			t.Fatalf("block %d: %v; %+v", h, err, r.Status())
		}
		wanted := src.chain.Blocks[h-1]
		if b.Header != wanted.Header || len(b.Lanes) != len(wanted.Lanes) {
			t.Fatalf("block %d is another", h)
		}
		for _, w := range wanted.Lanes {
			if !bytes.Equal(b.Lane(w.Namespace), w.Data) {
				t.Fatalf("block %d: lane %s differs", h, w.Namespace)
			}
		}
	}
}

func newSource(t *testing.T, blocks, size int) *source {
	t.Helper()
	chain := datest.NewChain(t, 4)
	chain.Grow(t, rand.New(rand.NewPCG(7, 7)), blocks, size, both()...)
	return &source{t, chain}
}

// TestPublisherKilledAndResumed: a publisher that is killed again and again, once with its folder lost, leaves a chain that derives.
func TestPublisherKilledAndResumed(t *testing.T) {
	l1 := startL1(t)
	src := newSource(t, 40, 8000)
	dir := t.TempDir()
	for stop := uint64(1); stop < src.Certified(); stop += 12 {
		l := open(t, l1.config(2))
		publish(t, publisherOf(src, dir, l), func(published, _ uint64) bool { return published >= stop })
		if stop == 13 {
			dir = t.TempDir()
		}
	}
	publish(t, publisherOf(src, dir, open(t, l1.config(2))), all(src))
	derive(t, src, open(t, l1.config(0)))
}

// TestStrangerWritesFirst: forged containers, and forged batches in true ones, stand before the first batch, and after it.
func TestStrangerWritesFirst(t *testing.T) {
	l1 := startL1(t)
	stranger := open(t, l1.config(1))
	rng := rand.New(rand.NewPCG(9, 9))
	rubbish := func() {
		t.Helper()
		var forgedBatches []da.Blob
		for _, ns := range append(both(), namespaces.Headers()) {
			forgedBatches = append(forgedBatches, da.Blob{Namespace: ns, Data: someBytes(rng, 2000)})
		}
		if _, err := stranger.Submit(t.Context(), forgedBatches); err != nil {
			t.Fatal(err)
		}
		from := l1.account("stranger").Address
		l1.call("anvil_impersonateAccount", from)
		for _, f := range strangers(t) {
			l1.call("eth_sendTransaction", map[string]any{"from": from, "to": inbox(), "data": "0x" + f.hex})
		}
		l1.call("eth_sendTransaction", map[string]any{"from": from, "to": inbox(), "data": hexutil.Bytes(someBytes(rng, 100_000)), "gas": "0xf00000"})
	}
	rubbish()
	src := newSource(t, 12, 4000)
	cfg := l1.config(1)
	cfg.Accounts = []Account{l1.account("publisher")}
	publish(t, publisherOf(src, t.TempDir(), open(t, cfg)), all(src))
	rubbish()
	derive(t, src, open(t, l1.config(0)))
}

// TestForgedBlobContainers: blobs that are no containers cost a look and are passed over.
func TestForgedBlobContainers(t *testing.T) {
	l1 := startL1(t)
	l := open(t, l1.config(1))
	for _, f := range strangers(t) {
		if f.hex == "" {
			continue
		}
		load := newPayload(hexutil.MustDecode("0x" + f.hex))
		if err := l.prover.prove(t.Context(), load); err != nil {
			t.Fatal(err)
		}
		a, err := l.sendRaw(t.Context(), load)
		if err != nil {
			t.Fatalf("%s: %v", f.name, err)
		}
		want(t, l, a, nsA())
	}
}

// sendRaw sends a payload as blobs, whatever it is.
func (s *sender) sendRaw(ctx context.Context, load *payload) (uint64, error) {
	a, err := s.take(ctx, load.digest, blobKind)
	if err != nil {
		return 0, err
	}
	defer s.put(a)
	return s.drive(ctx, a, load, blobKind)
}

// TestBlockLargerThanABlob: the batch of one block does not fit into a transaction of one blob: it goes in several, and derives.
func TestBlockLargerThanABlob(t *testing.T) {
	l1 := startL1(t)
	cfg := l1.config(1)
	cfg.Blobs = 1
	chain := datest.NewChain(t, 4)
	rng := rand.New(rand.NewPCG(11, 11))
	chain.Add(t, shared.Lane{Namespace: nsA(), Data: datest.RandomLane(t, rng, 300_000)}, shared.Lane{Namespace: nsB(), Data: datest.RandomLane(t, rng, 1000)})
	src := &source{t, chain}
	publish(t, publisherOf(src, t.TempDir(), open(t, cfg)), all(src))
	derive(t, src, open(t, l1.config(0)))
}

// TestReorgOfABatch: a reorganisation takes the newest batch back, and a publisher that starts afterwards posts it anew.
func TestReorgOfABatch(t *testing.T) {
	l1 := startL1(t)
	src := newSource(t, 6, 2000)
	dir := t.TempDir()
	l := open(t, l1.config(1))
	publish(t, publisherOf(src, dir, l), all(src))
	head, err := l.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l1.call("anvil_reorg", 1, []any{})
	if got, err := l.Read(t.Context(), head.Height, namespaces.Headers()); err != nil || len(got) > 0 {
		t.Fatalf("%d blobs of headers stand where the batch was: %v", len(got), err)
	}
	publish(t, publisherOf(src, dir, l), all(src))
	derive(t, src, open(t, l1.config(0)))
}

// TestSeekPassesOverEmptyHeights: a thousand empty blocks cost a few requests.
func TestSeekPassesOverEmptyHeights(t *testing.T) {
	l1 := startL1(t)
	w := open(t, l1.config(1))
	first, err := w.Submit(t.Context(), blobs(nsA(), "x"))
	if err != nil {
		t.Fatal(err)
	}
	l1.mine(1000)
	last, err := w.Submit(t.Context(), blobs(nsA(), "y"))
	if err != nil {
		t.Fatal(err)
	}
	c := l1.config(0)
	p := newProxy(t, l1.URL)
	c.RPC = p.URL
	l := open(t, c)
	for from, to := range map[uint64]uint64{1: first, first + 1: last, last + 1: last + 1} {
		if h, err := l.Seek(t.Context(), from, both()); err != nil || h != to {
			t.Errorf("seek from %d: %d, %v, want %d", from, h, err, to)
		}
	}
	if n := p.count("eth_getBlockByNumber"); n > 1200 {
		t.Errorf("%d blocks were asked for", n)
	}
	head, err := l.Head(t.Context())
	if err != nil || head.Height != last || head.Final == 0 || head.Final >= head.Height {
		t.Errorf("head %+v: %v", head, err)
	}
}
