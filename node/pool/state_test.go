package pool_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/pool"
)

// owned is a namespace that payer 0 registers.
var owned = namespaces.Namespace{0: 1, 9: 0x7a}

// act is a payer's action.
func (n *node) act(payer int, salt uint64, a action.Action) tx.Verified {
	n.tb.Helper()
	raw, err := action.Encode(a)
	if err != nil {
		n.tb.Fatal(err)
	}
	return n.Unsigned(n.tb, payer, tx.Fields{
		Salt: salt, MaxFeePerByte: 1_000 * n.Genesis.Params.LeastPrice(), Expiry: n.store.Head() + 900,
		Legs: []tx.Leg{{Namespace: namespaces.Ledger(), Data: raw}},
	})
}

func anyone() action.Lane { return action.Lane{Order: block.ByTip} }

// What a proposal's refusals tell the pool: what the state rules out leaves with its reason, whatever it was when the transaction came; what a later block
// may hold stays.
func TestRecheck(t *testing.T) {
	const salt = 77
	for name, c := range map[string]struct {
		change func(n *node) // by one block, after the transaction has come in
		lags   bool          // the pool has not seen that block
		state  pool.State
		code   tx.Code
	}{
		"nothing": {func(n *node) { n.Commit(t, n.store) }, false, pool.Volatile, ""},
		"its namespace has left": {func(n *node) {
			n.Commit(t, n.store, n.act(0, 2, &action.Exit{Namespace: owned}))
		}, false, pool.Rejected, ledger.NamespaceExited},
		"its namespace wants a consent": {func(n *node) {
			lane := action.Lane{Order: block.ByTip, Policy: action.Gated, Gateways: []common.Address{{1}}}
			n.Commit(t, n.store, n.act(0, 2, &action.Update{Namespace: owned, Lane: lane}))
		}, false, pool.Rejected, ledger.ConsentMissing},
		"its namespace has a new owner": {func(n *node) {
			n.Commit(t, n.store, n.act(0, 2, &action.HandOver{Namespace: owned, Owner: common.Address{1}}))
		}, false, pool.Volatile, ""},
		"its salt is spent in a block that the pool has not seen": {func(n *node) {
			n.Commit(t, n.store, n.leg(1, chaintest.Beta, salt, 9, 10))
		}, true, pool.Rejected, ledger.Spent},
		"its payer has nothing left": {func(n *node) {
			all, err := ledger.Balance(n.store.Ledger().View, n.Payer(1))
			if err != nil {
				t.Fatal(err)
			}
			all.Sub(&all, uint256.NewInt(400*least)) // what the transfer itself costs, about
			n.Commit(t, n.store, n.act(1, 2, &action.Transfer{To: n.Payer(0), Amount: &all}))
		}, false, pool.Rejected, ledger.Unfunded},
		"the price is above what it accepts": {func(n *node) {
			for range 3 {
				salt := n.store.Head() * 100
				var flood []tx.Verified
				for i := range uint64(10) {
					flood = append(flood, n.bid(2, owned, salt+i, 1_000*least))
				}
				n.Commit(t, n.store, flood...)
			}
		}, false, pool.Volatile, ""},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNode(t, 3, scarce, nil)
			n.commit(n.act(0, 1, &action.Register{Namespace: owned, Owner: n.Payer(0), Lane: anyone()}))
			v := n.bid(1, owned, salt, least+1)
			n.mustAdd(v)
			c.change(n)
			if !c.lags {
				n.follow()
			}
			n.pool.Recheck([]*tx.Tx{v.Tx, n.bid(1, owned, salt+1, least).Tx}) // and one that the pool does not hold
			n.state(v, c.state, c.code)
			if taken := n.pool.Take(1<<20, 1<<20); (c.code != "" || strings.HasPrefix(name, "the price")) && len(taken) > 0 {
				t.Errorf("%d are taken", len(taken))
			}
			n.follow()
			n.state(v, c.state, c.code)
		})
	}
}

// Reserved bytes come first, and count for nothing when the rest is shared: beside three floods, one that has reserved a quarter of the blocks gets
// that and a quarter of the rest. What it does not use, others do; when the reservation has ended, all get the same.
func TestReservedBytesComeFirst(t *testing.T) {
	n := newNode(t, 5, func(g *genesis.Genesis) {
		scarce(g)
		g.Params.EpochMS = 4_000 // forty blocks
	}, nil)
	names := []namespaces.Namespace{owned, chaintest.Alpha, chaintest.Beta, chaintest.Queue}
	n.commit(n.act(0, 1, &action.Register{Namespace: owned, Owner: n.Payer(0), Lane: anyone()}))
	n.commit(n.act(0, 2, &action.Reserve{Namespace: owned, Bytes: 2_500}))
	salt := uint64(100)
	run := func(blocks int, of []namespaces.Namespace) (got map[namespaces.Namespace]int) {
		got = make(map[namespaces.Namespace]int)
		for range blocks {
			for i, ns := range of {
				for range 10 {
					salt++
					if err := n.add(n.bid(i+1, ns, salt, 1<<40)); err != nil && tx.CodeOf(err) != pool.NamespaceFull {
						t.Fatal(err)
					}
				}
			}
			_, now, _, err := ledger.Reserved(n.store.Ledger().View, owned)
			if err != nil {
				t.Fatal(err)
			}
			taken := n.block()
			if now > 0 && of[0] == owned && (taken[0].Namespace() != owned || taken[1].Namespace() != owned) {
				t.Fatal("what is reserved does not come first")
			}
			for _, v := range taken {
				got[v.Namespace()]++
			}
		}
		return got
	}
	until := func(reserved uint64) {
		for range 100 {
			if _, now, _, err := ledger.Reserved(n.store.Ledger().View, owned); err != nil || now == reserved {
				return
			}
			n.commit()
		}
		t.Fatalf("%d bytes are never reserved", reserved)
	}
	until(2_500)
	run(2, names) // from here on every queue has waited
	if got := run(16, names); got[owned] < 69 || got[owned] > 71 || got[chaintest.Alpha] < 29 || got[chaintest.Queue] > 31 {
		t.Errorf("of 160: %v; want 70 for who has reserved, and 30 for each other", got)
	}
	for n.pool.Size().Count > 0 {
		n.block()
	}
	if got := run(8, names[1:]); got[chaintest.Alpha]+got[chaintest.Beta]+got[chaintest.Queue] != 80 {
		t.Errorf("what is reserved and not used is left empty: %v", got)
	}
	until(0)
	run(2, names)
	if got := run(16, names); got[owned] < 39 || got[owned] > 41 {
		t.Errorf("of 160: %v; want the same for each after the reservation", got)
	}
}

// The pool fills blocks by the capacity that is in force, not by that of the genesis.
func TestCapacityIsVoted(t *testing.T) {
	n := newNode(t, 2, func(g *genesis.Genesis) {
		scarce(g)
		for i := range 4 {
			key := chaintest.Key("operator " + string(rune('0'+i)))
			g.Balances = append(g.Balances, genesis.Balance{Address: crypto.PubkeyToAddress(key.PublicKey), Amount: uint256.NewInt(1e18)})
		}
		slices.SortFunc(g.Balances, func(a, b genesis.Balance) int { return a.Address.Cmp(b.Address) })
	}, nil)
	n.Payers = n.Keys
	var votes []tx.Verified
	for i := range 3 {
		votes = append(votes, n.act(i, 1, &action.Vote{
			Changes: []action.Change{{Name: "capacity", Value: uint256.NewInt(5_000)}}, Height: n.store.Head() + 3,
		}))
	}
	n.commit(votes...)
	sizes := make([]int, 0, 4)
	for salt := range uint64(30) {
		n.mustAdd(n.Unsigned(t, 3, tx.Fields{
			Salt: salt, MaxFeePerByte: 1_000 * least, Expiry: 900, Legs: chaintest.Legs(chaintest.Alpha, strings.Repeat("x", 700)),
		}))
	}
	for range 4 {
		sizes = append(sizes, len(n.block()))
	}
	if sizes[0] != 10 || sizes[3] != 5 {
		t.Errorf("blocks of %v transactions of 1,000 bytes; want 10 at first, and 5 in the end", sizes)
	}
}
