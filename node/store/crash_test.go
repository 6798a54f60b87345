package store_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/proof"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/state"
	"github.com/lockstep-network/lockstep/node/store"
)

// The power fails at random moments: what a call has returned for is there, what is there is whole, and the chain goes on. Certificates alone
// may be lost.
func TestPowerFailures(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	n := chaintest.New(t, 2, func(g *genesis.Genesis) { g.Params.ExpiryWindow = 8 })
	fs := vfs.NewCrashableMem()
	var acknowledged []tx.Verified
	var cursor uint64
	salt := uint64(0)
	next := func(s *store.Store) tx.Verified {
		salt++
		return n.Signed(t, rng.IntN(2), fields(salt, s.Head()+4, fmt.Sprint("round ", salt, string(make([]byte, rng.IntN(40_000))))))
	}
	var headers []common.Hash
	for range 12 {
		s, err := store.Open(store.Config{Dir: "db", Genesis: n.Genesis}.On(fs, 150_000))
		if err != nil {
			t.Fatal(err)
		}
		if s.Head() != uint64(len(headers)) {
			t.Fatalf("head %d after a crash, %d blocks were committed", s.Head(), len(headers))
		}
		checkWhole(t, n, s, headers)
		checkJournal(t, s, acknowledged)
		if height, _ := s.Cursor("reader"); height != cursor {
			t.Fatalf("cursor %d after a crash, %d was set", height, cursor)
		}
		for range 1 + rng.IntN(6) {
			headers = append(headers, n.Commit(t, s, next(s), next(s)).Hash())
			if rng.IntN(2) == 0 {
				n.Certify(t, s, s.Head())
			}
			if rng.IntN(3) == 0 {
				a := next(s)
				if err := s.JournalPut([]*tx.Tx{a.Tx}); err != nil {
					t.Fatal(err)
				}
				acknowledged = append(acknowledged, a)
			}
			if rng.IntN(3) == 0 {
				cursor = s.Head()
				if err := s.SetCursor("reader", cursor); err != nil {
					t.Fatal(err)
				}
			}
			if rng.IntN(4) == 0 {
				if _, err := s.Prune(s.Head() - min(s.Head(), 3)); err != nil {
					t.Fatal(err)
				}
			}
		}
		crashed := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50 * rng.IntN(3), RNG: rng})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		fs = crashed
	}
}

// checkWhole reads every block that is there and checks that chain, index and ledger belong together.
func checkWhole(tb testing.TB, n *chaintest.Network, s *store.Store, headers []common.Hash) {
	tb.Helper()
	for height := s.Floor(); height <= s.Head(); height++ {
		h, err := s.Header(height)
		if err != nil {
			tb.Fatal(err)
		}
		if len(headers) > 0 && h.Hash() != headers[height-1] {
			tb.Fatalf("height %d has another header after a crash", height)
		}
		c, err := s.Contents(height)
		if err != nil {
			tb.Fatal(err)
		}
		if c.Table.Root() != h.DataRoot || c.IDs.Root() != h.TxRoot {
			tb.Fatalf("height %d: the body is not its header's", height)
		}
		for i, t := range c.Txs {
			if l, err := s.Tx(t.ID()); err != nil || l.Height != height || int(l.Position) != i {
				tb.Fatalf("height %d, transaction %d is found at %v, %v", height, i, l, err)
			}
		}
	}
	if s.Certified() > s.Head() || s.Floor() > max(1, s.Certified()) {
		tb.Fatalf("floor %d, certified %d, head %d", s.Floor(), s.Certified(), s.Head())
	}
	// The trie is whole: every payer and the treasury are in it with the record of the flat table.
	parent := s.Ledger()
	if _, err := n.Next(s); err != nil {
		tb.Fatal(err)
	}
	addresses := []common.Address{ledger.Treasury()}
	for i := range n.Payers {
		addresses = append(addresses, n.Payer(i))
	}
	for _, a := range addresses {
		k := ledger.AccountKey(a)
		flat, err := parent.View.Record(k)
		if err != nil {
			tb.Fatal(err)
		}
		nodes, err := state.Prove(parent.Head.StateRoot, parent.Nodes, k)
		if err != nil {
			tb.Fatal(err)
		}
		if proven, err := proof.VerifyRecord(parent.Head.StateRoot, []byte(k), nodes); err != nil || !bytes.Equal(proven, flat) {
			tb.Fatalf("%s: trie and table differ: %v", a, err)
		}
	}
}

func checkJournal(tb testing.TB, s *store.Store, want []tx.Verified) {
	tb.Helper()
	raws, err := s.Journal()
	if err != nil {
		tb.Fatal(err)
	}
	have := make(map[string]bool)
	for _, raw := range raws {
		have[string(raw)] = true
	}
	for i, v := range want {
		if !have[string(v.Raw())] {
			tb.Fatalf("acknowledged transaction %d of %d is lost", i, len(want))
		}
	}
	if len(raws) != len(want) {
		tb.Fatalf("the journal has %d transactions, want %d", len(raws), len(want))
	}
}
