package ledger_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/ledgertest"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// BenchmarkLargeState applies blocks of a thousand transactions to ledgers of different sizes, each by another payer, in a thousand namespaces or in all there are:
// what is idle costs nothing but the depth of the trie. BenchmarkLargeState of node/store does so on disk.
func BenchmarkLargeState(b *testing.B) {
	for _, size := range []struct{ accounts, namespaces int }{{1_000, 10}, {100_000, 10}, {100_000, 10_000}, {1_000_000, 100_000}} {
		var g *genesis.Genesis
		var r ledger.Rules
		var s *ledgertest.Memory
		b.Run(fmt.Sprintf("%daccounts/%dnamespaces", size.accounts, size.namespaces), func(b *testing.B) {
			if s == nil { // it takes longer than many blocks
				g, _ = network(b, size.accounts, 1<<60, 1_024)
				g.Namespaces = nil
				for i := range size.namespaces {
					g.Namespaces = append(g.Namespaces, genesis.Namespace{Namespace: namespaces.Namespace{0: 1, 7: byte(i >> 16), 8: byte(i >> 8), 9: byte(i)}, Order: block.ByTip})
				}
				if err := g.Validate(); err != nil {
					b.Fatal(err)
				}
				r, s = ledger.NewRules(g), newState(b, g)
			}
			rng := rand.New(rand.NewPCG(s.Head.Height, 1))
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				b.StopTimer()
				txs := make([]*tx.Tx, 1_000)
				first, in := rng.IntN(size.accounts), rng.IntN(size.namespaces)
				for i := range txs {
					ns := g.Namespaces[(in+i*max(1, size.namespaces/1_000))%size.namespaces].Namespace
					txs[i] = unsigned(b, payer((first+i*(size.accounts/1_000))%size.accounts), s.Head.Height<<20+uint64(i), s.Head.Height+2, 0, leg(ns, 250))
				}
				b.StartTimer()
				e, err := ledger.Apply(r, s.Parent(), blockOf(s.Parent(), txs))
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				s.Write(e)
			}
		})
	}
}

// counting counts the records that are read.
type counting struct {
	*ledgertest.Memory

	records int
}

func (c *counting) Record(k state.Key) ([]byte, error) { c.records++; return c.Memory.Record(k) }

// A block reads and writes the same records whatever else there is, and of the trie only the paths to what it changes, which grow with its depth.
func TestIdleEntriesCostNothing(t *testing.T) {
	type cost struct{ reads, changes int }
	var costs []cost
	var nodes []int
	for _, idle := range []int{0, 20_000} {
		g, _ := network(t, 10+idle, 1<<60, 1_024)
		g.Namespaces = []genesis.Namespace{{Namespace: alpha, Order: block.ByTip}}
		for i := range idle / 10 {
			g.Namespaces = append(g.Namespaces, genesis.Namespace{Namespace: namespaces.Namespace{0: 2, 8: byte(i >> 8), 9: byte(i)}, Order: block.ByTip})
		}
		r, s := ledger.NewRules(g), newState(t, g)
		var txs []*tx.Tx
		for i := range 100 {
			txs = append(txs, bid(t, i%10, uint64(i), 1<<30, leg(alpha, 50)))
		}
		c := &counting{Memory: s}
		p := s.Parent()
		p.View, s.Reads = c, 0
		e, err := ledger.Apply(r, p, blockOf(p, txs))
		if err != nil {
			t.Fatal(err)
		}
		costs, nodes = append(costs, cost{c.records, len(e.Records)}), append(nodes, s.Reads)
	}
	if costs[0] != costs[1] {
		t.Errorf("alone %+v, among idle entries %+v", costs[0], costs[1])
	}
	if more := nodes[1] - nodes[0]; more > 5*costs[0].changes {
		t.Errorf("%d nodes are read, %d among idle entries, for %d changes", nodes[0], nodes[1], costs[0].changes)
	}
}
