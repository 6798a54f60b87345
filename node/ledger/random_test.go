package ledger_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/ledgertest"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// everything is what all addresses, tanks and deposits hold.
func everything(tb testing.TB, s *ledgertest.Memory) uint256.Int {
	tb.Helper()
	sum := supply(tb, s)
	for k := range s.Records {
		switch k.Kind() {
		case state.Tank:
			v, err := ledger.Tank(s, namespaces.Namespace(k.ID()))
			if err != nil {
				tb.Fatal(err)
			}
			sum.Add(&sum, &v)
		case state.Namespace:
			n, err := ledger.NamespaceOf(s, namespaces.Namespace(k.ID()))
			if err != nil {
				tb.Fatal(err)
			}
			sum.Add(&sum, n.Deposit)
		default: // holds nothing, or is counted as a balance
		}
	}
	return sum
}

// deed is a random action, often one that fails.
func (w *world) deed(rng *rand.Rand) action.Action {
	ns := namespaces.Namespace{0: 1, 9: byte(rng.IntN(12))}
	who := func() common.Address { return payer(rng.IntN(6)) }
	amount := uint256.NewInt(rng.Uint64N(1 << rng.IntN(20)))
	lane := action.Lane{Order: block.ByTip}
	switch rng.IntN(3) {
	case 0:
		lane = action.Lane{Order: block.ByProposer, Policy: action.Gated, Gateways: []common.Address{who()}, Quota: rng.Uint64N(1_000)}
	case 1:
		lane = action.Lane{Order: block.ByTip, Policy: action.Owned, Key: who()}
	}
	switch rng.IntN(13) {
	case 0, 1:
		return &action.Transfer{To: who(), Amount: amount}
	case 2:
		return &action.Register{Namespace: ns, Owner: who(), Lane: lane}
	case 3:
		return &action.Update{Namespace: ns, Lane: lane}
	case 4:
		return &action.HandOver{Namespace: ns, Owner: who()}
	case 5:
		if rng.IntN(20) > 0 {
			return &action.Transfer{To: who(), Amount: amount}
		}
		return &action.Exit{Namespace: ns, Height: rng.Uint64N(2) * (w.s.Head.Height + rng.Uint64N(10))}
	case 6:
		return &action.FillTank{Namespace: ns, Amount: amount}
	case 7:
		return &action.DrainTank{Namespace: ns, Amount: amount}
	case 8:
		return &action.Resume{Namespace: ns}
	case 9:
		return &action.Heartbeat{Namespace: ns}
	case 10:
		return &action.Reserve{Namespace: ns, Bytes: rng.Uint64N(1 << rng.IntN(20))}
	case 11:
		return &action.DAView{DAHeight: rng.Uint64N(1_000), PublishedHeight: rng.Uint64N(w.s.Head.Height + 2), Price: rng.Uint64N(2)}
	}
	return &action.Vote{Height: w.s.Head.Height + rng.Uint64N(3), Changes: []action.Change{{Name: "namespaceDeposit", Value: uint256.NewInt(rng.Uint64N(3) * deposit)}}}
}

// A hundred thousand random actions of every kind: the supply is the same to the last wei after each block, a replay gives the same root and the
// same failures, and the trie is that of the records.
func TestRandomActions(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	most := 100_000
	if testing.Short() {
		most = 5_000
	}
	w, again := newWorld(t), newWorld(t)
	codes := make(map[tx.Code]int)
	count := 0
	for count < most {
		total := everything(t, w.s)
		var txs []*tx.Tx
		pass := w.rules.Begin(w.s, w.s.Head.Height+1)
		for range rng.IntN(200) {
			from := payer(rng.IntN(6))
			if rng.IntN(4) == 0 {
				from = address(w.ops[rng.IntN(4)])
			}
			one := w.tx(from, act(t, w.deed(rng)))
			switch err := pass.Add(one); tx.CodeOf(err) {
			case "":
				if err != nil {
					t.Fatal(err)
				}
				txs = append(txs, one)
			case ledger.Unfunded, ledger.FeeTooLow:
			default:
				t.Fatal(err)
			}
		}
		if len(txs) == 0 && rng.IntN(50) == 0 { // all are poor: the whale helps
			for i := range 6 {
				txs = append(txs, w.tx(common.Address{0xee}, act(t, &action.Transfer{To: payer(i), Amount: uint256.NewInt(rich)})))
			}
		}
		count += len(txs)
		again.turn = w.turn
		e, twin := w.block(txs...), again.block(txs...)
		if e.Head.Root() != twin.Head.Root() || !slices.Equal(e.Failures, twin.Failures) ||
			!slices.EqualFunc(e.Records, twin.Records, func(a, b state.Record) bool { return a.Key == b.Key && bytes.Equal(a.Value, b.Value) }) {
			t.Fatal("the same block has other effects")
		}
		for _, f := range e.Failures {
			codes[f.Code]++
		}
		if now := everything(t, w.s); now != total {
			t.Fatalf("height %d: %s wei, before %s", w.s.Head.Height, now.Dec(), total.Dec())
		}
	}
	checkTrie(t, w.s)
	t.Logf("%d actions in %d blocks, failures %v", count, w.s.Head.Height, codes)
	if !testing.Short() && len(codes) < 8 {
		t.Errorf("only %d codes were met", len(codes))
	}
}

// BenchmarkLargeState applies a block of a thousand transactions to ledgers of different sizes: what is idle costs nothing but the depth of the trie.
func BenchmarkLargeState(b *testing.B) {
	for _, size := range []struct{ accounts, namespaces int }{{1_000, 10}, {100_000, 10}, {100_000, 10_000}} {
		b.Run(fmt.Sprintf("%daccounts/%dnamespaces", size.accounts, size.namespaces), func(b *testing.B) {
			g, _ := network(b, size.accounts, 1<<60, 1_024)
			g.Namespaces = nil
			for i := range size.namespaces {
				g.Namespaces = append(g.Namespaces, genesis.Namespace{Namespace: namespaces.Namespace{0: 1, 7: byte(i >> 16), 8: byte(i >> 8), 9: byte(i)}, Order: block.ByTip})
			}
			if err := g.Validate(); err != nil {
				b.Fatal(err)
			}
			r, s := ledger.NewRules(g), newState(b, g)
			for range b.N {
				b.StopTimer()
				txs := make([]*tx.Tx, 1_000)
				for i := range txs {
					txs[i] = bid(b, i*size.accounts/1_000, s.Head.Height<<20+uint64(i), 1<<30, leg(g.Namespaces[i*size.namespaces/1_000].Namespace, 250))
					f := txs[i].Fields()
					f.Expiry = s.Head.Height + 2
					var err error
					if txs[i], err = tx.New(f); err != nil {
						b.Fatal(err)
					}
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
