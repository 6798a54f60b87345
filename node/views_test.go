package node

import (
	"crypto/ecdsa"
	"errors"
	"log/slog"
	"slices"
	"testing"

	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/local"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/pool"
)

// Operators' views go through a real pool and a real store into headers: with those of more than half of the power da_head moves, and published_height with
// what that many have read back. An operator without wei, and one whose layer does not answer, go on without.
func TestViewsReachTheHeader(t *testing.T) {
	n := chaintest.New(t, 1, func(g *genesis.Genesis) {
		for _, o := range g.Operators[:3] {
			g.Balances = append(g.Balances, genesis.Balance{Address: o.Address, Amount: uint256.NewInt(1 << 60)})
		}
		slices.SortFunc(g.Balances, func(a, b genesis.Balance) int { return a.Address.Cmp(b.Address) })
	})
	s := n.Open(t, t.TempDir())
	txs, err := pool.New(pool.DefaultConfig(n.Rules), s, s)
	if err != nil {
		t.Fatal(err)
	}
	layer, err := local.Open(t.TempDir(), local.Options{Interval: local.ManualBlocks})
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if err := layer.Advance(); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		n.Commit(t, s)
	}
	view := func(i int, firm uint64) *viewer {
		return &viewer{
			layer: layer, seen: &seenTo{firm: firm}, price: 1, key: func(ledger.Parent) *ecdsa.PrivateKey { return operatorKey(i) },
			rules: n.Rules, newest: s.Ledger, pool: txs, log: slog.New(slog.DiscardHandler),
		}
	}
	if err := view(3, 1).send(t.Context()); tx.CodeOf(err) != ledger.Unfunded {
		t.Errorf("an operator without wei: %v", err)
	}
	for i, firm := range []uint64{2, 900, 3} { // the second claims more than there is
		if err := view(i, firm).send(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var list []tx.Verified
	for _, taken := range txs.Take(1<<20, 1<<20) {
		list = append(list, tx.Verified{Tx: taken})
	}
	if len(list) != 3 {
		t.Fatalf("the pool has %d views, want 3", len(list))
	}
	n.Commit(t, s, list...)
	if h := n.Commit(t, s); h.DAHead != 5 || h.PublishedHeight != 2 {
		t.Errorf("the header says DA head %d, published %d, want 5 and 2", h.DAHead, h.PublishedHeight)
	}
	silent := view(0, 3)
	if err := layer.Close(); err != nil {
		t.Fatal(err)
	}
	if err := silent.send(t.Context()); !errors.Is(err, da.ErrUnavailable) {
		t.Errorf("a layer that does not answer: %v", err)
	}
}
