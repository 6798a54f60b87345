package store_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/state"
	"github.com/lockstep-network/lockstep/node/store"
)

// A ledger that was asked for at one height tells that height's balances, and proves them, while other blocks are committed.
func TestLedgerStaysThatOfItsHeight(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	s, err := store.Open(store.Config{Dir: t.TempDir(), Genesis: n.Genesis})
	if err != nil {
		t.Fatal(err)
	}
	balance := func() uint256.Int {
		b, err := ledger.Balance(s.Ledger().View, n.Payer(0))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	first := s.Ledger()
	var mu sync.Mutex // guards balances
	balances := map[uint64]uint256.Int{0: balance()}
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				p := s.Ledger()
				have, err := ledger.Balance(p.View, n.Payer(0))
				if errors.Is(err, store.ErrClosed) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := state.Prove(p.Head.StateRoot, p.Nodes, ledger.AccountKey(n.Payer(0))); err != nil && !errors.Is(err, store.ErrClosed) {
					t.Error(err)
					return
				}
				mu.Lock()
				want, told := balances[p.Head.Height]
				mu.Unlock()
				if told && have != want {
					t.Errorf("the ledger after %d says %s wei, it was %s", p.Head.Height, have.Dec(), want.Dec())
					return
				}
			}
		})
	}
	for i := range uint64(200) {
		n.Commit(t, s, n.Unsigned(t, 0, fields(i, i+9, "data")))
		b := balance()
		mu.Lock()
		balances[s.Head()] = b
		mu.Unlock()
	}
	if _, err := ledger.Balance(first.View, n.Payer(0)); err == nil {
		t.Error("a view two hundred blocks old is kept")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	readers.Wait()
}
