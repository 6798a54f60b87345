package pool_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/pool"
)

// scarce makes blocks of ten transactions, whose price doubles in one and a half full ones.
func scarce(g *genesis.Genesis) {
	g.Params.Capacity, g.Params.MaxSignatures, g.Params.LaneShare, g.Params.Damping = 10_000, 10, 1_500, 2
	g.Params.LanePrice, g.Params.GlobalPrice, g.Params.DAPrice = 1_000, 100, 10
}

const least = 1_110 // wei per byte on a network that scarce made

func (n *node) bid(payer int, ns namespaces.Namespace, salt, most uint64) tx.Verified {
	return n.Unsigned(n.tb, payer, tx.Fields{
		Salt: salt, MaxFeePerByte: most, Tip: most % 7, Expiry: n.store.Head() + 900, Legs: chaintest.Legs(ns, "x"),
	})
}

// block puts what the pool takes into a block, which must stand.
func (n *node) block() (taken []*tx.Tx) {
	n.tb.Helper()
	taken = n.pool.Take(1<<20, 1<<20)
	list := make([]tx.Verified, len(taken))
	for i, t := range taken {
		list[i] = tx.Verified{Tx: t}
	}
	n.commit(list...)
	return taken
}

// A flood raises its lane's price: those that accept less wait and are in no proposal, newcomers that accept less are told so, and when the price has
// fallen again, those that waited are taken. Nobody in the other lane notices.
func TestTransactionsWaitForTheirPrice(t *testing.T) {
	n := newNode(t, 3, scarce, nil)
	frugal, bundle := n.bid(1, chaintest.Alpha, 1, least+1), n.Unsigned(t, 1, tx.Fields{
		Salt: 2, MaxFeePerByte: least + 1, Expiry: 900, Legs: append(chaintest.Legs(chaintest.Alpha, "a"), chaintest.Legs(chaintest.Beta, "b")...),
	})
	salt := uint64(0)
	fill := func(count int) {
		for range count {
			salt++
			n.mustAdd(n.bid(0, chaintest.Alpha, salt, 1_000*least))
		}
	}
	fill(10)
	n.block()
	fill(10)
	n.block() // the price stands above what the two accept, but they must come in before that
	if err := n.add(frugal); tx.CodeOf(err) != ledger.FeeTooLow {
		t.Fatalf("a newcomer that accepts too little: %v", err)
	}
	for range 40 {
		n.commit()
	}
	n.mustAdd(frugal, bundle)
	n.commit(n.flood(10)...)
	for _, taken := range n.pool.Take(1<<20, 1<<20) {
		t.Fatalf("%s is taken, and accepts too little", taken.ID())
	}
	if n.pool.Size().Count != 2 {
		t.Fatalf("the pool holds %d transactions, want the two that wait", n.pool.Size().Count)
	}
	soon, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := n.pool.Wait(soon, n.store.Head()); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a proposer is woken by transactions that wait: %v", err)
	}
	n.mustAdd(n.bid(2, chaintest.Beta, 1, least))
	if taken := n.block(); len(taken) != 1 || taken[0].Namespace() != chaintest.Beta {
		t.Fatalf("%d transactions are taken, want the one of the other lane", len(taken))
	}
	var late []*tx.Tx
	for range 40 {
		late = append(late, n.block()...)
	}
	if len(late) != 2 || n.pool.Size().Count != 0 {
		t.Fatalf("%d transactions came back when the price had fallen, %d are still there", len(late), n.pool.Size().Count)
	}
}

// flood is transactions of Alpha that no pool has seen.
func (n *node) flood(count int) (out []tx.Verified) {
	for i := range count {
		out = append(out, n.bid(2, chaintest.Alpha, 10_000+uint64(i), 1_000*least))
	}
	return out
}

// Who waits for a lower price makes room for who does not.
func TestWaitingOnesMakeRoom(t *testing.T) {
	n := newNode(t, 3, scarce, func(c *pool.Config) { c.PerNamespace.Count = 3 })
	first := n.bid(1, chaintest.Alpha, 1, least+1)
	n.mustAdd(first, n.bid(1, chaintest.Alpha, 2, least+2), n.bid(1, chaintest.Alpha, 3, least+3))
	n.commit(n.flood(10)...)
	rich := n.bid(0, chaintest.Alpha, 1, 100*least)
	n.mustAdd(rich)
	if taken := n.pool.Take(1<<20, 1<<20); len(taken) != 1 || taken[0].ID() != rich.ID() {
		t.Fatalf("%d taken", len(taken))
	}
	n.state(first, pool.Rejected, pool.Evicted)
}

// One that waits for its price is replaced by one of the same salt that pays it, without a higher tip; one that does not wait is not.
func TestWaitingOnesAreSignedAnew(t *testing.T) {
	n := newNode(t, 3, scarce, nil)
	again := func(most uint64) tx.Verified {
		return n.Unsigned(t, 1, tx.Fields{Salt: 1, MaxFeePerByte: most, Tip: 7, Expiry: 900, Legs: chaintest.Legs(chaintest.Alpha, "x")})
	}
	first := again(least + 1)
	n.mustAdd(first)
	if err := n.add(again(50 * least)); tx.CodeOf(err) != pool.ReplacementUnderpriced {
		t.Fatalf("a replacement of equal tip while nothing waits: %v", err)
	}
	n.commit(n.flood(10)...)
	if err := n.add(again(least + 2)); tx.CodeOf(err) != ledger.FeeTooLow {
		t.Fatalf("a replacement that accepts too little as well: %v", err)
	}
	second := again(100 * least)
	n.mustAdd(second)
	n.state(first, pool.Rejected, pool.Replaced)
	if err := n.add(again(200 * least)); tx.CodeOf(err) != pool.ReplacementUnderpriced {
		t.Fatalf("a second replacement at the same price: %v", err)
	}
	if taken := n.block(); len(taken) != 1 || taken[0].ID() != second.ID() {
		t.Fatalf("%d taken", len(taken))
	}
}

// Two floods and one lane within its share, for many blocks: the third is in each block at once, at the least price, while the floods' prices rise
// until their payers step back.
func TestFloodsChangeNothingForOthers(t *testing.T) {
	n := newNode(t, 3, scarce, nil)
	salt := uint64(0)
	var after int
	for height := range 60 {
		for payer, ns := range []namespaces.Namespace{chaintest.Alpha, chaintest.Queue} {
			for range 50 { // ten times what two of them could share
				salt++
				if err := n.add(n.bid(payer, ns, salt, 20*least)); err != nil && tx.CodeOf(err) == "" {
					t.Fatal(err)
				}
			}
		}
		quiet := n.bid(2, chaintest.Beta, uint64(height), least)
		n.mustAdd(quiet)
		taken := n.block()
		if !slices.Contains(taken, quiet.Tx) {
			t.Fatalf("block %d: a lane within its share has to wait", height+1)
		}
		if height >= 40 {
			after += len(taken)
		}
	}
	if after >= 20*10 {
		t.Error("blocks are full for ever: no price holds the floods back")
	}
}

// A vote shrinks the blocks: what no block has room for any more leaves the pool with its reason, and does not stand before what fits. What all others
// take is counted anew.
func TestASmallerCapacityDropsWhatNoLongerFits(t *testing.T) {
	n := newNode(t, 3, func(g *genesis.Genesis) {
		scarce(g)
		for _, o := range g.Operators {
			g.Balances = append(g.Balances, genesis.Balance{Address: o.Address, Amount: uint256.NewInt(1 << 60)})
		}
		slices.SortFunc(g.Balances, func(a, b genesis.Balance) int { return a.Address.Cmp(b.Address) })
	}, nil)
	voters := len(n.Payers)
	n.Payers = append(n.Payers, n.Keys...)
	height := n.store.Head() + 10
	smaller := &action.Vote{Height: height, Changes: []action.Change{
		{Name: "capacity", Value: uint256.NewInt(4_000)}, {Name: "laneShare", Value: uint256.NewInt(1_500)},
	}}
	for i := range n.Keys {
		n.commit(n.act(voters+i, 1, smaller))
	}
	if n.store.Head()+1 >= height {
		t.Fatalf("the votes take effect at %d, this is %d", height, n.store.Head())
	}
	size := func(payer int, salt, tip uint64, bytes int) tx.Verified {
		return n.Unsigned(t, payer, tx.Fields{
			Salt: salt, MaxFeePerByte: 1 << 40, Tip: tip, Expiry: 900, Legs: []tx.Leg{{Namespace: chaintest.Alpha, Data: make([]byte, bytes)}},
		})
	}
	large, fits := size(0, 1, 9, 5_000), size(1, 1, 5, 2_000)
	n.mustAdd(large, fits)
	for n.store.Head()+1 < height {
		n.commit()
	}
	if taken := n.block(); len(taken) != 1 || taken[0].ID() != fits.ID() {
		t.Fatalf("%d transactions are taken, want the one that fits", len(taken))
	}
	n.state(large, pool.Rejected, tx.TxTooLarge)
	for i := range uint64(10) { // ten times the least size, 400 bytes, which was 1,000 when the first came
		n.mustAdd(size(2, i, 1, 20))
	}
	if taken := n.block(); len(taken) != 10 || n.pool.Size() != (pool.Limits{}) {
		t.Errorf("%d transactions are taken, %+v is held", len(taken), n.pool.Size())
	}
}
