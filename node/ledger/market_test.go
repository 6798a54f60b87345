package ledger_test

import (
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/ledgertest"
)

// bid is a transaction that accepts so much for a byte.
func bid(tb testing.TB, from int, salt, most uint64, legs ...tx.Leg) *tx.Tx {
	tb.Helper()
	t, err := tx.New(tx.Fields{ChainID: "ledger-test", Payer: payer(from), Salt: salt, Expiry: 500, MaxFeePerByte: most, Legs: legs})
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// laneSum is what a byte costs in a namespace.
func laneSum(tb testing.TB, r ledger.Rules, s *ledgertest.Memory, ns namespaces.Namespace) uint64 {
	tb.Helper()
	prices, err := r.Prices(s)
	if err != nil {
		tb.Fatal(err)
	}
	p, err := prices.In(ns)
	if err != nil {
		tb.Fatal(err)
	}
	return p.Sum()
}

// A flood in Alpha: its price rises block by block, its payers are charged by the state before, those who accept less are refused; Beta, within its
// share, pays what it paid before. When the flood is over, the record of its lane is worked off and goes.
func TestFloodRaisesItsOwnPrice(t *testing.T) {
	g, _ := network(t, 2, 1<<62, 500)
	g.Params.Capacity, g.Params.MaxSignatures, g.Params.LaneShare, g.Params.Damping = 10_000, 10, 2_000, 2
	g.Params.LanePrice, g.Params.GlobalPrice, g.Params.DAPrice = 1_000, 100, 10
	r := ledger.NewRules(g)
	s := newState(t, g)
	const least = 1_110
	salt := uint64(0)
	for range 12 {
		price := laneSum(t, r, s, alpha)
		var txs []*tx.Tx
		for range 9 {
			salt++
			txs = append(txs, bid(t, 0, salt, price, leg(alpha, 700)))
		}
		salt++
		txs = append(txs, bid(t, 1, salt, least, leg(beta, 1)))
		full := append(slices.Clone(txs), bid(t, 0, salt+100, price, leg(alpha, 1)))
		if _, err := ledger.Apply(r, s.Parent(), blockOf(s.Parent(), full)); tx.CodeOf(err) != ledger.BlockFull {
			t.Fatalf("eleven transactions of a tenth of the block each: %v", err)
		}
		e, err := ledger.Apply(r, s.Parent(), blockOf(s.Parent(), txs))
		if err != nil {
			t.Fatal(err)
		}
		if want := uint256.NewInt(price * txs[0].Weight()); !e.Charges[0].Fee.Eq(want) || len(e.Charges[0].Parts) != 1 {
			t.Fatalf("charged %s at %d wei per byte, want %s", e.Charges[0].Fee.Dec(), price, want.Dec())
		}
		s.Write(e)
		if after := laneSum(t, r, s, alpha); after <= price {
			t.Fatalf("a full block brings the price from %d to %d", price, after)
		}
		if after := laneSum(t, r, s, beta); after != least {
			t.Fatalf("the other lane pays %d", after)
		}
	}
	if _, err := ledger.Apply(r, s.Parent(), blockOf(s.Parent(), []*tx.Tx{bid(t, 0, 1<<40, 1<<40, leg(alpha, 9_900))})); tx.CodeOf(err) != tx.TxTooLarge {
		t.Errorf("one that no block has room for: %v", err)
	}
	salt++
	now := laneSum(t, r, s, alpha)
	for name, low := range map[string]*tx.Tx{
		"a wei too low": bid(t, 0, salt, now-1, leg(alpha, 1)), "enough for the other lane only": bid(t, 0, salt, least, leg(beta, 1), leg(alpha, 1)),
	} {
		if _, err := ledger.Apply(r, s.Parent(), blockOf(s.Parent(), []*tx.Tx{low})); tx.CodeOf(err) != ledger.FeeTooLow {
			t.Errorf("%s: %v", name, err)
		}
	}
	bundle := bid(t, 0, salt, now, leg(alpha, 100), leg(beta, 50))
	e, err := ledger.Apply(r, s.Parent(), blockOf(s.Parent(), []*tx.Tx{bundle}))
	if err != nil {
		t.Fatal(err)
	}
	most := r.MaxFee(bundle)
	if c := e.Charges[0]; len(c.Parts) != 2 || !c.Fee.Lt(&most) || !c.Parts[1].Ordering.Lt(&c.Parts[0].Ordering) {
		t.Errorf("a bundle pays each lane's price for its part: %+v", c)
	}
	s.Write(e)
	records := len(s.Records)
	for range 100 {
		if e, err = ledger.Apply(r, s.Parent(), blockOf(s.Parent(), nil)); err != nil {
			t.Fatal(err)
		}
		s.Write(e)
	}
	if now = laneSum(t, r, s, alpha); now != least || len(s.Records) != records {
		t.Errorf("a hundred empty blocks later the price is %d, with %d records instead of %d", now, len(s.Records), records)
	}
	salt++
	if e, err = ledger.Apply(r, s.Parent(), blockOf(s.Parent(), []*tx.Tx{bid(t, 0, salt, least, leg(alpha, 1))})); err != nil {
		t.Fatal(err)
	}
	s.Write(e)
	if len(s.Records) != records-1 {
		t.Error("a lane that has worked off its excess keeps a record")
	}
	checkTrie(t, s)
}

// Whoever fills blocks with signatures or with actions raises prices as whoever fills them with bytes.
func TestWorkRaisesPrices(t *testing.T) {
	gate := testKey("gate")
	gated := func(w *world) *tx.Tx {
		return w.consented(w.tx(payer(1), leg(beta, 1)), gate, tx.Auth{Namespace: beta, Kind: tx.AuthGateway})
	}
	acting := func(w *world) *tx.Tx {
		return w.tx(payer(1), act(t, &action.Transfer{To: payer(2), Amount: uint256.NewInt(1)}))
	}
	for name, c := range map[string]struct {
		make func(*world) *tx.Tx
		in   namespaces.Namespace
	}{"an auth for each": {gated, beta}, "an action for each": {acting, namespaces.Ledger()}} {
		w := newWorld(t)
		w.must(payer(0), &action.Register{Namespace: beta, Owner: payer(0), Lane: action.Lane{Order: block.ByTip, Policy: action.Gated, Gateways: []common.Address{address(gate)}}})
		var txs []*tx.Tx
		for range w.rules.Params().MaxSignatures / 2 {
			txs = append(txs, c.make(w))
		}
		w.invalid(name+": one more", ledger.BlockFull, append(slices.Clone(txs), c.make(w))...)
		w.block(txs...)
		used := w.last.Fees.Lanes[slices.IndexFunc(w.last.Fees.Lanes, func(l ledger.LaneFees) bool { return l.Namespace == c.in })]
		if used.After.Excess == 0 {
			t.Errorf("%s: a block with no room for one more leaves the excess at 0: %+v", name, used)
		}
	}
}
