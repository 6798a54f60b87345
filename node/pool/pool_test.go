package pool_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/pool"
	"github.com/lockstep-network/lockstep/node/store"
)

// node is a pool on a real store.
type node struct {
	*chaintest.Network

	tb    testing.TB
	store *store.Store
	pool  *pool.Pool
}

func newNode(tb testing.TB, payers int, genesis func(*genesis.Genesis), config func(*pool.Config)) *node {
	tb.Helper()
	n := chaintest.New(tb, payers, genesis)
	return (&node{Network: n, tb: tb, store: n.Open(tb, tb.TempDir())}).restart(config)
}

// restart puts a new pool on the same store.
func (n *node) restart(config func(*pool.Config)) *node {
	n.tb.Helper()
	c := pool.DefaultConfig(n.Rules)
	if config != nil {
		config(&c)
	}
	var err error
	if n.pool, err = pool.New(c, n.store, n.store); err != nil {
		n.tb.Fatal(err)
	}
	return n
}

// leg is a transaction with one leg.
func (n *node) leg(payer int, ns namespaces.Namespace, salt, tip uint64, size int) tx.Verified {
	return n.Unsigned(n.tb, payer, tx.Fields{
		Salt: salt, Tip: tip, Expiry: n.store.Head() + 1_000, Legs: chaintest.Legs(ns, strings.Repeat("x", size)),
	})
}

func (n *node) bundle(payer int, salt, tip uint64) tx.Verified {
	return n.Unsigned(n.tb, payer, tx.Fields{
		Salt: salt, Tip: tip, Expiry: n.store.Head() + 1_000,
		Legs: append(chaintest.Legs(chaintest.Alpha, "a"), chaintest.Legs(chaintest.Beta, "b")...),
	})
}

func (n *node) add(v tx.Verified) error { return n.pool.Add([]tx.Verified{v})[0] }

func (n *node) mustAdd(txs ...tx.Verified) {
	n.tb.Helper()
	for i, err := range n.pool.Add(txs) {
		if err != nil {
			n.tb.Fatalf("add transaction %d: %v", i, err)
		}
	}
}

// commit puts transactions into the next block and waits until the pool has seen it.
func (n *node) commit(txs ...tx.Verified) {
	n.tb.Helper()
	n.Commit(n.tb, n.store, txs...)
	n.follow()
}

// follow brings the pool to the head and stops.
func (n *node) follow() {
	n.tb.Helper()
	if err := n.pool.CatchUp(n.tb.Context()); err != nil {
		n.tb.Fatal(err)
	}
}

func (n *node) state(v tx.Verified, want pool.State, code tx.Code) {
	n.tb.Helper()
	s, err := n.pool.Status(v.ID())
	if err != nil {
		n.tb.Fatal(err)
	}
	var have tx.Code
	if s.Reason != nil {
		have = s.Reason.Code
	}
	if s.State != want || have != code {
		n.tb.Fatalf("status %q %q, want %q %q", s.State, have, want, code)
	}
}

// Every reason for which a transaction is not taken.
func TestRejections(t *testing.T) {
	open := chaintest.Legs(chaintest.Alpha, "data")
	// The node stands at height 20 with a window of 10. Payer 0 has spent salt 1, and has salt 2 with tip 100 in the pool; payer 1 has
	// fifty wei.
	setup := func(t *testing.T) *node {
		n := newNode(t, 2, func(g *genesis.Genesis) {
			g.Params.ExpiryWindow = 10
			g.Params.MaxLegBytes, g.Params.MaxTxBytes = 1_000, 2_500
			for i := range g.Balances {
				if g.Balances[i].Address == chaintest.New(t, 2, nil).Payer(1) {
					g.Balances[i].Amount = uint256.NewInt(50)
				}
			}
		}, func(c *pool.Config) {
			c.PerNamespace.Count, c.PerPayer.Count = 3, 5
		})
		for range 19 {
			n.Commit(t, n.store)
		}
		n.commit(n.Unsigned(t, 0, tx.Fields{Salt: 1, Expiry: 20, Legs: open}))
		n.mustAdd(n.Unsigned(t, 0, tx.Fields{Salt: 2, Tip: 100, Expiry: 25, Legs: open}))
		return n
	}
	q := chaintest.Legs(chaintest.Queue, "q")
	auth, err := tx.SignAuth(tx.Auth{Namespace: chaintest.Alpha, Kind: tx.AuthGateway}, common.Hash{1}, crypto.ToECDSAUnsafe(common.Hash{1}.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		code tx.Code
		tx   func(n *node) tx.Verified
	}{
		{"other chain", tx.WrongChain, func(n *node) tx.Verified {
			return n.Signed(t, 0, tx.Fields{ChainID: "other", Salt: 3, Expiry: 25, Legs: open})
		}},
		{"expired", ledger.Expired, func(n *node) tx.Verified { return n.Unsigned(t, 0, tx.Fields{Salt: 3, Expiry: 20, Legs: open}) }},
		{"last height", "", func(n *node) tx.Verified { return n.Unsigned(t, 0, tx.Fields{Salt: 3, Expiry: 21, Legs: open}) }},
		{"far expiry", ledger.ExpiryTooFar, func(n *node) tx.Verified { return n.Unsigned(t, 0, tx.Fields{Salt: 3, Expiry: 32, Legs: open}) }},
		{"endless expiry", ledger.ExpiryTooFar, func(n *node) tx.Verified {
			return n.Unsigned(t, 0, tx.Fields{Salt: 3, Expiry: math.MaxUint64, Legs: open})
		}},
		{"farthest expiry", "", func(n *node) tx.Verified { return n.Unsigned(t, 0, tx.Fields{Salt: 3, Expiry: 31, Legs: open}) }},
		{"unknown namespace", ledger.UnknownNamespace, func(n *node) tx.Verified {
			return n.Unsigned(t, 0, tx.Fields{Salt: 3, Expiry: 25, Legs: chaintest.Legs(namespaces.Namespace{0: 9}, "x")})
		}},
		{"no action", ledger.BadAction, func(n *node) tx.Verified {
			return n.Unsigned(t, 0, tx.Fields{Salt: 3, Expiry: 25, Legs: append(open[:1:1], chaintest.Legs(namespaces.Ledger(), "x")...)})
		}},
		{"large leg", tx.LegTooLarge, func(n *node) tx.Verified {
			return n.Unsigned(t, 0, tx.Fields{Salt: 3, Expiry: 25, Legs: chaintest.Legs(chaintest.Alpha, strings.Repeat("x", 1_001))})
		}},
		{"large transaction", tx.TxTooLarge, func(n *node) tx.Verified {
			leg := chaintest.Legs(chaintest.Alpha, strings.Repeat("x", 900))[0]
			return n.Unsigned(t, 0, tx.Fields{Salt: 3, Expiry: 25, Legs: []tx.Leg{leg, leg, leg}})
		}},
		{"low fee", ledger.FeeTooLow, func(n *node) tx.Verified {
			return n.Unsigned(t, 0, tx.Fields{Salt: 3, Expiry: 25, Legs: open, MaxFeePerByte: chaintest.Fee - 1})
		}},
		{"auth", ledger.UnexpectedAuth, func(n *node) tx.Verified {
			return n.Unsigned(t, 0, tx.Fields{Salt: 3, Expiry: 25, Legs: open, Auths: []tx.Auth{auth}})
		}},
		{"spent salt", ledger.Spent, func(n *node) tx.Verified { return n.Unsigned(t, 0, tx.Fields{Salt: 1, Expiry: 25, Legs: q}) }},
		{"unfunded", ledger.Unfunded, func(n *node) tx.Verified { return n.Unsigned(t, 1, tx.Fields{Salt: 3, Expiry: 25, Legs: open}) }},
		{"duplicate", ledger.Duplicate, func(n *node) tx.Verified {
			return n.Unsigned(t, 0, tx.Fields{Salt: 2, Tip: 100, Expiry: 25, Legs: open})
		}},
		{"cheap replacement", pool.ReplacementUnderpriced, func(n *node) tx.Verified {
			return n.Unsigned(t, 0, tx.Fields{Salt: 2, Tip: 109, Expiry: 25, Legs: open})
		}},
		{"replacement", "", func(n *node) tx.Verified {
			return n.Unsigned(t, 0, tx.Fields{Salt: 2, Tip: 110, Expiry: 25, Legs: open})
		}},
		{"full namespace", pool.NamespaceFull, func(n *node) tx.Verified {
			for salt := range uint64(3) {
				n.mustAdd(n.Unsigned(t, 0, tx.Fields{Salt: 10 + salt, Expiry: 25, Legs: q}))
			}
			return n.Unsigned(t, 0, tx.Fields{Salt: 13, Tip: 9, Expiry: 25, Legs: q})
		}},
		{"full namespace, lower tip", pool.NamespaceFull, func(n *node) tx.Verified {
			for salt := range uint64(2) {
				n.mustAdd(n.Unsigned(t, 0, tx.Fields{Salt: 10 + salt, Tip: 5, Expiry: 25, Legs: open}))
			}
			return n.Unsigned(t, 0, tx.Fields{Salt: 13, Tip: 5, Expiry: 25, Legs: open})
		}},
		{"full namespace, higher tip", "", func(n *node) tx.Verified {
			for salt := range uint64(2) {
				n.mustAdd(n.Unsigned(t, 0, tx.Fields{Salt: 10 + salt, Tip: 5, Expiry: 25, Legs: open}))
			}
			return n.Unsigned(t, 0, tx.Fields{Salt: 13, Tip: 6, Expiry: 25, Legs: open})
		}},
		{"full payer", pool.PayerFull, func(n *node) tx.Verified {
			for salt := range uint64(4) {
				ns := []namespaces.Namespace{chaintest.Alpha, chaintest.Beta}[salt%2]
				n.mustAdd(n.Unsigned(t, 0, tx.Fields{Salt: 10 + salt, Expiry: 25, Legs: chaintest.Legs(ns, "x")}))
			}
			return n.Unsigned(t, 0, tx.Fields{Salt: 14, Expiry: 25, Legs: q})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := setup(t)
			v := c.tx(n)
			before := n.pool.Size()
			if code := tx.CodeOf(n.add(v)); code != c.code {
				t.Fatalf("code %q, want %q", code, c.code)
			}
			if c.code == "" {
				n.state(v, pool.Volatile, "")
			} else if n.pool.Size() != before {
				t.Fatal("a rejected transaction changed the pool")
			}
		})
	}
}

// A full pool makes room for a namespace that holds less, at the cost of the one that holds most; and for a higher tip.
func TestFullPoolStaysOpenForOthers(t *testing.T) {
	n := newNode(t, 3, nil, func(c *pool.Config) { c.Total.Count, c.PerNamespace.Count = 10, 10 })
	for salt := range uint64(10) {
		n.mustAdd(n.leg(0, chaintest.Queue, salt, 0, 10))
	}
	if code := tx.CodeOf(n.add(n.leg(0, chaintest.Queue, 10, 9, 10))); code != pool.NamespaceFull {
		t.Fatalf("the flood goes on: %q", code)
	}
	last := n.leg(0, chaintest.Queue, 9, 0, 10)
	n.mustAdd(n.leg(1, chaintest.Alpha, 1, 0, 10))
	n.state(last, pool.Rejected, pool.Evicted)
	for salt := uint64(2); salt <= 5; salt++ {
		n.mustAdd(n.leg(1, chaintest.Alpha, salt, 0, 10))
	}
	// Five and five: neither may push the other out.
	if code := tx.CodeOf(n.add(n.leg(1, chaintest.Alpha, 6, 0, 10))); code != pool.Full {
		t.Fatalf("a full pool takes more: %q", code)
	}
	n.mustAdd(n.leg(1, chaintest.Alpha, 7, 1, 10))
	n.mustAdd(n.bundle(2, 1, 0))
	if n.pool.Size().Count != 10 {
		t.Fatalf("%d transactions", n.pool.Size().Count)
	}
}

// Acknowledged transactions are in the journal, are never evicted, survive a restart, and leave the journal when a block holds them.
func TestAcknowledgedTransactionsStay(t *testing.T) {
	n := newNode(t, 2, nil, func(c *pool.Config) { c.Total.Count = 4 })
	signed := func(salt, expiry uint64) tx.Verified {
		return n.Signed(t, 0, tx.Fields{Salt: salt, Expiry: expiry, Legs: chaintest.Legs(chaintest.Alpha, "own")})
	}
	own := []tx.Verified{signed(1, 9), signed(2, 9), signed(3, 2), signed(4, 9)}
	n.mustAdd(own[0]) // gossip was faster
	n.state(own[0], pool.Volatile, "")
	for _, err := range n.pool.Acknowledge(own) {
		if err != nil {
			t.Fatal(err)
		}
	}
	n.state(own[0], pool.Pending, "")
	if code := tx.CodeOf(n.add(n.leg(1, chaintest.Alpha, 1, 99, 10))); code != pool.Full {
		t.Fatalf("an acknowledged transaction may be evicted: %q", code)
	}
	bad := signed(1, 8)
	if code := tx.CodeOf(n.pool.Acknowledge([]tx.Verified{bad})[0]); code != pool.ReplacementUnderpriced {
		t.Fatalf("code %q", code)
	}
	n.state(bad, pool.Rejected, pool.ReplacementUnderpriced)

	n.commit(own[0])
	n.state(own[0], pool.Included, "")
	n.Commit(t, n.store, own[3])
	n.Commit(t, n.store)
	n = n.restart(nil) // the pool has not seen heights 2 and 3 before it stopped
	n.state(own[1], pool.Pending, "")
	n.state(own[2], pool.Expired, ledger.Expired)
	n.state(own[3], pool.Included, "")
	raws, err := n.store.Journal()
	if err != nil || len(raws) != 1 {
		t.Fatalf("%d transactions in the journal, %v", len(raws), err)
	}
	announced, err := n.pool.Unannounced(t.Context(), 1<<20, 100)
	if err != nil || len(announced) != 1 || !bytes.Equal(announced[0], own[1].Raw()) {
		t.Fatalf("%d transactions to announce after a restart, %v", len(announced), err)
	}
	n.commit(own[1])
	if raws, err := n.store.Journal(); err != nil || len(raws) != 0 {
		t.Fatalf("%d transactions in the journal at the end, %v", len(raws), err)
	}
	n.state(own[1], pool.Included, "")
}

// Own transactions are announced once, and again after some blocks have left them out; bounds of a message are kept.
func TestAnnouncements(t *testing.T) {
	n := newNode(t, 1, nil, nil)
	var own []tx.Verified
	for salt := range uint64(5) {
		own = append(own, n.leg(0, chaintest.Alpha, salt, 0, 1_000))
	}
	got := make(chan int)
	go func() {
		raws, err := n.pool.Unannounced(t.Context(), 2_600, 100)
		if err != nil {
			t.Error(err)
		}
		got <- len(raws)
	}()
	if errs := n.pool.Acknowledge(own); errors.Join(errs...) != nil {
		t.Fatal(errs)
	}
	next := func(bytes, count int) int {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		raws, err := n.pool.Unannounced(ctx, bytes, count)
		if (len(raws) == 0) != errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		return len(raws)
	}
	if have := <-got; have != 2 {
		t.Fatalf("%d announced at first, want 2", have)
	}
	if a, b, c := next(1, 100), next(1<<20, 1), next(1<<20, 100); a != 1 || b != 1 || c != 1 {
		t.Fatalf("announced %d, %d, %d; want one each", a, b, c)
	}
	if have := next(1<<20, 100); have != 0 {
		t.Fatalf("%d announced twice", have)
	}
	n.commit(own[0])
	for range 7 {
		n.commit()
	}
	if have := next(1<<20, 100); have != 4 {
		t.Fatalf("%d announced again, want 4", have)
	}
}

// A block takes out what it holds, what it makes impossible, and what has expired; status tells which.
func TestBlocksCleanThePool(t *testing.T) {
	n := newNode(t, 2, func(g *genesis.Genesis) {
		g.Balances[0].Amount = uint256.NewInt(10_000)
		g.Balances[1].Amount = uint256.NewInt(10_000)
	}, nil)
	tx1 := func(salt, tip, expiry uint64, data string) tx.Verified {
		return n.Unsigned(t, 0, tx.Fields{Salt: salt, Tip: tip, Expiry: expiry, Legs: chaintest.Legs(chaintest.Alpha, data)})
	}
	included, rival, other := tx1(1, 0, 9, "a"), tx1(2, 0, 9, "b"), tx1(2, 1, 9, "b")
	short, long := tx1(3, 0, 1, "c"), tx1(4, 0, 9, "d")
	late := tx1(5, 0, 9, "e")
	n.mustAdd(included, rival, short, long, late)
	// Another node's block: 213 bytes of weight at 7 wei are 1,491 wei each; a tip of 20 makes one dear, and payer 0 cannot pay all any more.
	dear := tx1(9, 16, 9, "elsewhere")
	n.commit(included, other, dear)
	n.state(included, pool.Included, "")
	n.state(rival, pool.Rejected, ledger.Spent)
	n.state(other, pool.Included, "")
	n.state(short, pool.Expired, ledger.Expired)
	n.state(long, pool.Volatile, "")
	n.state(late, pool.Rejected, ledger.Unfunded)
	n.state(tx1(77, 0, 9, "never seen"), pool.Unknown, "")
	if n.pool.Tx(long.ID()) != long.Tx || n.pool.Tx(late.ID()) != nil {
		t.Fatal("the pool holds something else")
	}
}

// After block sync the pool does not read every block, but ends the same.
func TestFarBehind(t *testing.T) {
	n := newNode(t, 2, nil, nil)
	in, rival, stays, short := n.leg(0, chaintest.Alpha, 1, 0, 9), n.leg(0, chaintest.Alpha, 2, 0, 9), n.leg(1, chaintest.Beta, 1, 0, 9),
		n.Unsigned(t, 1, tx.Fields{Salt: 5, Expiry: 50, Legs: chaintest.Legs(chaintest.Alpha, "x")})
	n.mustAdd(in, rival, stays, short)
	n.Commit(t, n.store, in)
	n.Commit(t, n.store, n.leg(0, chaintest.Beta, 2, 0, 10))
	for range 100 {
		n.Commit(t, n.store)
	}
	n.follow()
	n.state(in, pool.Included, "")
	n.state(rival, pool.Rejected, ledger.Spent)
	n.state(stays, pool.Volatile, "")
	n.state(short, pool.Expired, ledger.Expired)
	if n.pool.Height() != 102 || n.pool.Size().Count != 1 {
		t.Fatalf("height %d, %d transactions", n.pool.Height(), n.pool.Size().Count)
	}
}

// The proposer waits for the pool to have seen the last block, and for a transaction.
func TestWait(t *testing.T) {
	n := newNode(t, 1, nil, nil)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	following := make(chan error)
	go func() { following <- n.pool.Follow(ctx) }()
	go func() { done <- n.pool.Wait(ctx, 1) }()
	n.mustAdd(n.leg(0, chaintest.Alpha, 1, 0, 9))
	n.Commit(t, n.store)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	go func() { done <- n.pool.Wait(ctx, 99) }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := <-following; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

// Within a queue, tips go first where tips rule and arrival where the proposer's order is the block's.
func TestOrderWithinAQueue(t *testing.T) {
	n := newNode(t, 1, nil, nil)
	var want [2][]string
	for salt, tip := range []uint64{3, 9, 1, 9, 5} {
		n.mustAdd(n.leg(0, chaintest.Alpha, uint64(salt), tip, 10), n.leg(0, chaintest.Queue, uint64(salt)+100, tip, 10))
		want[1] = append(want[1], fmt.Sprint(salt+100))
	}
	want[0] = []string{"1", "3", "4", "0", "2"}
	var have [2][]string
	for _, t := range n.pool.Take(1<<20, 100) {
		i := 0
		if t.Namespace() == chaintest.Queue {
			i = 1
		}
		have[i] = append(have[i], fmt.Sprint(t.Salt()))
	}
	if fmt.Sprint(have) != fmt.Sprint(want) {
		t.Fatalf("order %v, want %v", have, want)
	}
	if n.pool.Size().Count != 10 {
		t.Fatal("taking removed something")
	}
}

// Metrics can be registered, and a pool with nonsensical limits is refused.
func TestConfig(t *testing.T) {
	registry := prometheus.NewRegistry()
	n := newNode(t, 1, nil, func(c *pool.Config) { c.Metrics = registry })
	n.mustAdd(n.leg(0, chaintest.Alpha, 1, 0, 9))
	families, err := registry.Gather()
	if err != nil || len(families) < 5 {
		t.Fatalf("%d metrics, %v", len(families), err)
	}
	c := pool.DefaultConfig(n.Rules)
	c.PerPayer.Bytes = 10
	if _, err := pool.New(c, n.store, n.store); err == nil {
		t.Fatal("a pool that cannot hold one transaction")
	}
}
