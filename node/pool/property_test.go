package pool_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/node/pool"
	"github.com/lockstep-network/lockstep/node/pool/verify"
	"github.com/lockstep-network/lockstep/node/store"
)

// A flood of ten times a block's room in one namespace does not delay another: what Beta brings fits its share of the next block, and is in it,
// whether its transactions are many and small or few and large. So for those that span namespaces.
func TestFloodDelaysNoOther(t *testing.T) {
	const room, signatures = 200_000, 400
	for _, flood := range []struct {
		ns   namespaces.Namespace
		size int
	}{{chaintest.Alpha, 250}, {chaintest.Queue, 250}, {chaintest.Alpha, 30_000}} {
		n := newNode(t, 2, nil, nil)
		salt := uint64(0)
		for bytes := 0; bytes < 10*room; bytes += flood.size {
			salt++
			n.mustAdd(n.leg(0, flood.ns, salt, 1_000, flood.size)) // with a high tip: it orders only within a namespace
		}
		var quiet []tx.Verified
		for i := range uint64(30) {
			quiet = append(quiet, n.leg(1, chaintest.Beta, i, 0, 1_000), n.bundle(1, i+1_000, 0))
		}
		n.mustAdd(quiet...)
		taken := n.pool.Take(room, signatures)
		in := make(map[*tx.Tx]bool)
		total := 0
		for _, t := range taken {
			in[t], total = true, total+len(t.Raw())
		}
		for i, v := range quiet {
			if !in[v.Tx] {
				t.Fatalf("flood of %d bytes in %s: transaction %d of the quiet ones has to wait", flood.size, flood.ns, i)
			}
		}
		if total > room || len(taken) > signatures {
			t.Fatalf("took %d bytes in %d transactions", total, len(taken))
		}
		if total < room-flood.size-1_000 && len(taken) < signatures {
			t.Fatalf("took %d bytes in %d transactions: room is left", total, len(taken))
		}
	}
}

// While three namespaces flood, each block serves them alike, over many blocks to within a transaction; and a large transaction that did not fit
// is the first of the next block.
func TestFloodsShareBlocks(t *testing.T) {
	n := newNode(t, 3, nil, nil)
	names := []namespaces.Namespace{chaintest.Alpha, chaintest.Beta, chaintest.Queue}
	sizes := []int{2_000, 9_000, 40_000}
	salt := uint64(0)
	fill := func() {
		for i, ns := range names {
			for range 100_000/sizes[i] + 2 {
				salt++
				n.mustAdd(n.leg(i, ns, salt, 0, sizes[i]))
			}
		}
	}
	served := make(map[namespaces.Namespace]int)
	for range 30 {
		fill()
		var list []tx.Verified
		for _, t := range n.pool.Take(100_000, 1_000) {
			served[t.Namespace()] += len(t.Raw())
			list = append(list, tx.Verified{Tx: t})
		}
		n.commit(list...)
	}
	for _, ns := range names {
		if share := served[ns]; share < 30*100_000/3-2*40_000 || share > 30*100_000/3+2*40_000 {
			t.Fatalf("%s got %d bytes of %d: %v", ns, share, 30*100_000, served)
		}
	}
}

// Random traffic, random blocks: no bound is ever exceeded, nothing is taken that could not stand in a block, and in the end all is accounted for.
func TestRandomTraffic(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	limits := pool.Config{
		Total: pool.Limits{Bytes: 1 << 20, Count: 120}, PerNamespace: pool.Limits{Bytes: 1 << 19, Count: 50},
		PerPayer: pool.Limits{Bytes: 1 << 19, Count: 40}, Blocks: 1,
	}
	n := newNode(t, 5, nil, func(c *pool.Config) { limits.Rules = c.Rules; *c = limits })
	names := []namespaces.Namespace{chaintest.Alpha, chaintest.Beta, chaintest.Queue}
	var all []tx.Verified
	for range 60 {
		for range rng.IntN(60) {
			v := n.leg(rng.IntN(5), names[rng.IntN(3)], rng.Uint64N(5_000), rng.Uint64N(50), 1+rng.IntN(20_000))
			if rng.IntN(6) == 0 {
				v = n.bundle(rng.IntN(5), rng.Uint64N(5_000), rng.Uint64N(50))
			}
			all = append(all, v)
			var err error
			if rng.IntN(4) == 0 {
				err = n.pool.Acknowledge([]tx.Verified{v})[0]
			} else {
				err = n.add(v)
			}
			if err != nil && tx.CodeOf(err) == "" {
				t.Fatal(err)
			}
			checkBounds(t, n, limits)
		}
		taken := n.pool.Take(rng.IntN(300_000), rng.IntN(60))
		list := make([]tx.Verified, len(taken))
		for i, t := range taken {
			list[i] = tx.Verified{Tx: t}
		}
		if rng.IntN(3) > 0 { // some proposals lose
			list = nil
		}
		n.commit(list...) // applies them: an invalid one fails the test
	}
	journal, err := n.store.Journal()
	if err != nil {
		t.Fatal(err)
	}
	pending := 0
	for _, v := range all {
		s, err := n.pool.Status(v.ID())
		if err != nil {
			t.Fatal(err)
		}
		if s.State == pool.Pending && n.pool.Tx(v.ID()) != nil {
			pending++
			if !slices.ContainsFunc(journal, func(raw []byte) bool { return bytes.Equal(raw, v.Raw()) }) {
				t.Fatal("an acknowledged transaction is not in the journal")
			}
		}
	}
	if pending == 0 || pending < len(journal) {
		t.Fatalf("%d acknowledged, %d in the journal", pending, len(journal))
	}
}

func checkBounds(t *testing.T, n *node, limits pool.Config) {
	t.Helper()
	total, queues, payers := pool.Limits{}, make(map[string]pool.Limits), make(map[string]pool.Limits)
	for _, v := range n.pool.Take(1<<40, 1<<40) {
		queue := v.Namespace().String()
		if v.Spans() {
			queue = "spanning"
		}
		size := max(int(v.Weight()), int(n.Genesis.Params.Capacity/n.Genesis.Params.MaxSignatures))
		grow := func(l pool.Limits) pool.Limits {
			return pool.Limits{Bytes: l.Bytes + len(v.Raw()), Count: l.Count + 1, Size: l.Size + size}
		}
		total, queues[queue], payers[v.Payer().String()] = grow(total), grow(queues[queue]), grow(payers[v.Payer().String()])
	}
	if total != n.pool.Size() {
		t.Fatalf("the pool says %v and holds %v", n.pool.Size(), total)
	}
	over := func(name string, l, most pool.Limits) {
		if l.Bytes > most.Bytes || l.Count > most.Count {
			t.Fatalf("%s holds %v, at most %v", name, l, most)
		}
	}
	over("the pool", total, limits.Total)
	for name, l := range queues {
		over(name, l, limits.PerNamespace)
	}
	for name, l := range payers {
		over(name, l, limits.PerPayer)
	}
}

// Gossip, users, proposals and blocks at once.
func TestConcurrentUse(t *testing.T) {
	n := newNode(t, 4, nil, nil)
	var work sync.WaitGroup
	for g := range 4 {
		work.Go(func() {
			for i := range uint64(150) {
				v := n.leg(g, chaintest.Alpha, i, i%7, 100)
				if g%2 == 0 {
					if err := n.pool.Acknowledge([]tx.Verified{v})[0]; err != nil && tx.CodeOf(err) == "" {
						t.Error(err)
					}
				} else if err := n.add(v); err != nil && tx.CodeOf(err) == "" {
					t.Error(err)
				}
				if _, err := n.pool.Status(v.ID()); err != nil {
					t.Error(err)
				}
				n.pool.Take(10_000, 10)
			}
		})
	}
	for range 20 {
		var list []tx.Verified
		for _, t := range n.pool.Take(20_000, 40) {
			list = append(list, tx.Verified{Tx: t})
		}
		n.commit(list...)
	}
	work.Wait()
	if _, err := n.Next(n.store, func() (list []tx.Verified) {
		for _, t := range n.pool.Take(1<<20, 10_000) {
			list = append(list, tx.Verified{Tx: t})
		}
		return list
	}()...); err != nil {
		t.Fatal(err)
	}
}

// A batch of gossip: good, bad and unreadable ones each get their verdict, at the first time and when they are known; a proposal checks only
// what is not.
func TestChecker(t *testing.T) {
	n := newNode(t, 3, nil, nil)
	var raws [][]byte
	var want []tx.Code
	var txs []*tx.Tx
	for i := range uint64(100) {
		f := tx.Fields{Salt: i, Expiry: 9, Legs: chaintest.Legs(chaintest.Alpha, strings.Repeat("x", int(i)+1))}
		good := n.Signed(t, int(i)%3, f)
		switch i % 10 {
		case 3:
			f := good.Fields()
			f.Signature[5]++
			bad, err := tx.New(f)
			if err != nil {
				t.Fatal(err)
			}
			raws, want = append(raws, bad.Raw()), append(want, tx.BadSignature)
		case 7:
			raws, want = append(raws, good.Raw()[1:]), append(want, tx.Malformed)
		case 8:
			raws, want = append(raws, make([]byte, tx.MaxSize+1)), append(want, tx.TxTooLarge)
		default:
			raws, want, txs = append(raws, good.Raw()), append(want, ""), append(txs, good.Tx)
		}
	}
	c := n.pool.Checker()
	for range 2 {
		verified, errs := c.Check(raws)
		for i := range raws {
			if tx.CodeOf(errs[i]) != want[i] {
				t.Fatalf("transaction %d: %v, want %q", i, errs[i], want[i])
			}
			if _, known := c.Lookup(raws[i]); known != (want[i] == "") || known && verified[i].Tx == nil {
				t.Fatalf("transaction %d is known: %v", i, known)
			}
		}
	}
	unseen := n.Signed(t, 0, tx.Fields{Salt: 1_000, Expiry: 9, Legs: chaintest.Legs(chaintest.Alpha, "unseen")}).Tx
	propose := func(txs ...*tx.Tx) error {
		p := c.Begin()
		if _, err := block.DecodeBody(block.Body{Batches: []block.Batch{{Txs: txs}}}.Encode(), math.MaxInt, p.Decode); err != nil {
			return err
		}
		return p.Verify()
	}
	if err := propose(append(slices.Clone(txs), unseen)...); err != nil {
		t.Fatal(err)
	}
	if _, known := c.Lookup(unseen.Raw()); !known {
		t.Fatal("a checked proposal is not remembered")
	}
	// The same transaction with somebody's other signature: the id is known, the encoding is not.
	f := unseen.Fields()
	f.Signature = txs[0].Fields().Signature
	forged, err := tx.New(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := propose(txs[0], forged); forged.ID() != unseen.ID() || tx.CodeOf(err) != tx.BadSignature {
		t.Fatalf("a forged signature on a known id: %v", err)
	}
}

// A journal that fails acknowledges nothing; the transaction is in the pool as any other.
func TestFailingJournal(t *testing.T) {
	n := newNode(t, 1, nil, nil)
	broken := errors.New("disk is full")
	p, err := pool.New(pool.DefaultConfig(n.Rules), n.store, failingJournal{n.store, broken})
	if err != nil {
		t.Fatal(err)
	}
	v := n.leg(0, chaintest.Alpha, 1, 0, 10)
	if err := p.Acknowledge([]tx.Verified{v})[0]; !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if s, err := p.Status(v.ID()); err != nil || s.State != pool.Volatile {
		t.Fatal(fmt.Sprint(s, err))
	}
}

type failingJournal struct {
	*store.Store

	err error
}

func (j failingJournal) JournalPut([]*tx.Tx) error { return j.err }

func BenchmarkAdd(b *testing.B) {
	n := newNode(b, 64, nil, func(c *pool.Config) {
		c.Total = pool.Limits{Bytes: 1 << 40, Count: 1 << 30}
		c.PerNamespace, c.PerPayer = c.Total, c.Total
	})
	txs := make([]tx.Verified, b.N)
	for i := range txs {
		txs[i] = n.leg(i%64, []namespaces.Namespace{chaintest.Alpha, chaintest.Beta, chaintest.Queue}[i%3], uint64(i), uint64(i%97), 250)
	}
	b.ReportAllocs()
	b.ResetTimer()
	n.mustAdd(txs...)
}

func BenchmarkTake(b *testing.B) {
	n := newNode(b, 64, nil, nil)
	for i := range 40_000 {
		n.mustAdd(n.leg(i%64, []namespaces.Namespace{chaintest.Alpha, chaintest.Beta, chaintest.Queue}[i%3], uint64(i), uint64(i%97), 250))
	}
	b.ResetTimer()
	for range b.N {
		if len(n.pool.Take(7<<20, 8_192)) != 8_192 {
			b.Fatal("too few")
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	n := newNode(b, 1, nil, nil)
	raws := make([][]byte, 4_096)
	for i := range raws {
		raws[i] = n.Signed(b, 0, tx.Fields{Salt: uint64(i), Expiry: 9, Legs: chaintest.Legs(chaintest.Alpha, strings.Repeat("x", 250))}).Raw()
	}
	for _, known := range []bool{false, true} {
		b.Run(fmt.Sprintf("known=%v", known), func(b *testing.B) {
			c := verify.New(nil)
			for range b.N {
				if !known {
					c = verify.New(nil)
				}
				c.Check(raws)
			}
			b.ReportMetric(float64(b.N*len(raws))/b.Elapsed().Seconds(), "tx/s")
		})
	}
}
