package celestia_test

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

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/batch"
	"github.com/lockstep-network/lockstep/da/celestia/celestiatest"
	"github.com/lockstep-network/lockstep/da/datest"
	"github.com/lockstep-network/lockstep/da/publisher"
	"github.com/lockstep-network/lockstep/da/readback"
	"github.com/lockstep-network/lockstep/da/reader"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
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

func (s *source) Headers(from, to uint64) (hs []block.Header, err error) {
	for _, b := range s.chain.Blocks[from-1 : to] {
		hs = append(hs, b.Header)
	}
	return hs, nil
}

func (s *source) Contents(height uint64) (*block.Contents, error) {
	b := s.chain.Blocks[height-1]
	table, err := lane.NewTable(b.Leaves)
	return &block.Contents{Lanes: b.Lanes, Table: table}, err
}

func both() []namespaces.Namespace { return []namespaces.Namespace{nsA(), nsB()} }

func newSource(t *testing.T, blocks, size int) *source {
	t.Helper()
	chain := datest.NewChain(t, 4)
	chain.Grow(t, rand.New(rand.NewPCG(7, 7)), blocks, size, both()...)
	return &source{t, chain}
}

// publish runs a publisher, and who reads the layer back for it, until a condition on the published and the firm height holds, then kills both.
func publish(t *testing.T, src *source, dir string, l da.Layer, enough func(published, firm uint64) bool) {
	t.Helper()
	back, err := readback.Open(readback.Config{
		Dir: filepath.Join(dir, "back"), Layer: l, Genesis: src.chain.Genesis, Log: quiet(),
		Limits: readback.Limits{Poll: 2 * time.Millisecond, BackoffMin: 2 * time.Millisecond, BackoffMax: 20 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := publisher.Open(publisher.Config{
		Dir: dir, Layer: l, Back: back, Source: src, Genesis: src.chain.Genesis, Self: func() common.Address { return common.Address{1} },
		MaxAge: time.Millisecond, Bytes: 60_000, Log: quiet(),
		Limits: publisher.Limits{Poll: 2 * time.Millisecond, BackoffMin: 2 * time.Millisecond, BackoffMax: 20 * time.Millisecond},
	})
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

// derive reads a rollup's two namespaces back, its own and that of the headers, as a rollup does.
func derive(t *testing.T, src *source, l da.Layer, ns namespaces.Namespace) {
	t.Helper()
	r, err := reader.New(reader.Config{
		Layer: l, After: src.chain.Genesis, Namespaces: []namespaces.Namespace{ns}, Log: quiet(),
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
		if b.Header != wanted.Header {
			t.Fatalf("block %d is another", h)
		}
		for _, w := range wanted.Lanes {
			if w.Namespace == ns && !bytes.Equal(b.Lane(ns), w.Data) {
				t.Fatalf("block %d: lane %s differs", h, ns)
			}
		}
	}
}

func deriveAll(t *testing.T, src *source, l da.Layer) {
	t.Helper()
	for _, ns := range both() {
		derive(t, src, l, ns)
	}
}

// vandal posts rubbish of several kinds under every namespace of a network, and batches of a rival chain that strangers have signed.
func vandal(t *testing.T, n *celestiatest.Node, src *source, rng *rand.Rand) {
	t.Helper()
	some := make([]byte, 3000)
	for i := range some {
		some[i] = byte(rng.Uint32())
	}
	z, err := batch.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	rival := datest.NewChain(t, 4)
	rival.Grow(t, rng, len(src.chain.Blocks), 500, both()...)
	last := rival.Blocks[len(rival.Blocks)-1]
	h := batch.Headers{
		ChainID: datest.ChainID, Certificate: datest.Sign(t, rival.Keys(), rival.Operators(t, "strangers", 4), last.Header, 0),
	}
	for _, b := range rival.Blocks {
		h.Blocks = append(h.Blocks, batch.HeaderLanes{Header: b.Header, Leaves: b.Leaves})
	}
	forged, err := z.EncodeHeaders(h)
	if err != nil {
		t.Fatal(err)
	}
	posts := []da.Blob{{Namespace: namespaces.Headers(), Data: forged}, {Namespace: namespaces.Headers(), Data: forged[:len(forged)/2]}, {Namespace: namespaces.Headers(), Data: some}}
	for _, ns := range both() {
		l := batch.Lanes{ChainID: datest.ChainID, Namespace: ns, Lanes: []batch.LaneAt{{Height: 1, Data: some[:100]}}}
		lanes, err := z.EncodeLanes(l)
		if err != nil {
			t.Fatal(err)
		}
		posts = append(posts, da.Blob{Namespace: ns, Data: lanes}, da.Blob{Namespace: ns, Data: some}, da.Blob{Namespace: ns, Data: forged})
	}
	n.Post(t, posts...)
}

// TestStrangerWritesFirst: rubbish, rivals and forged lanes stand before the first batch, between the batches and behind them; two rollups derive their
// blocks as if there were nothing of it.
func TestStrangerWritesFirst(t *testing.T) {
	n, l := start(t, celestiatest.Config{})
	src := newSource(t, 30, 4000)
	rng := rand.New(rand.NewPCG(9, 9))
	dir := t.TempDir()
	for stop := uint64(10); stop <= src.Certified(); stop += 10 {
		vandal(t, n, src, rng)
		publish(t, src, dir, l, func(published, _ uint64) bool { return published >= stop })
	}
	publish(t, src, dir, l, all(src))
	vandal(t, n, src, rng)
	deriveAll(t, src, l)
}

// TestPublisherAndABadNode: a node that loses every third answer and says that it is busy to every fifth request costs attempts, not blocks. A
// publisher that is killed meanwhile, once with its folder lost, leaves a chain that derives.
func TestPublisherAndABadNode(t *testing.T) {
	n, l := start(t, celestiatest.Config{})
	src := newSource(t, 40, 6000)
	n.Interfere(func(method string, number int) celestiatest.Fault {
		switch {
		case method == "blob.Submit" && number%3 == 0:
			return celestiatest.Fault{Status: 502, Late: true}
		case number%5 == 0:
			return celestiatest.Fault{Message: "mempool is full"}
		}
		return celestiatest.Fault{}
	})
	dir := t.TempDir()
	for stop := uint64(1); stop < src.Certified(); stop += 12 {
		publish(t, src, dir, l, func(published, _ uint64) bool { return published >= stop })
		if stop == 13 {
			dir = t.TempDir()
		}
	}
	publish(t, src, dir, l, all(src))
	n.Interfere(nil)
	deriveAll(t, src, l)
}

// TestBlockLargerThanATransaction: one block's lane does not fit into a transaction of this network: it goes in chunks over several, and derives.
func TestBlockLargerThanATransaction(t *testing.T) {
	_, l := start(t, celestiatest.Config{MaxTx: 100_000})
	chain := datest.NewChain(t, 4)
	rng := rand.New(rand.NewPCG(11, 11))
	chain.Add(t, block.Lane{Namespace: nsA(), Data: datest.RandomLane(t, rng, 400_000)}, block.Lane{Namespace: nsB(), Data: datest.RandomLane(t, rng, 1000)})
	src := &source{t, chain}
	publish(t, src, t.TempDir(), l, all(src))
	deriveAll(t, src, l)
}

// TestFeeSpike: the network asks more than the publisher may pay; the batch waits, and lands when prices have come down.
func TestFeeSpike(t *testing.T) {
	n, l := start(t, celestiatest.Config{GasPrice: 900_000})
	src := newSource(t, 10, 2000)
	n.Interfere(func(method string, number int) celestiatest.Fault {
		if method == "blob.Submit" && number == 12 {
			go n.SetGasPrice(4_000)
		}
		return celestiatest.Fault{}
	})
	publish(t, src, t.TempDir(), l, all(src))
	deriveAll(t, src, l)
}
