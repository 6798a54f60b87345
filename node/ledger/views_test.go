package ledger_test

import (
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// look sends one view of each operator in its turn, and returns how far the header of the next block has come.
func (w *world) look(views ...action.DAView) (daHead, published uint64) {
	w.tb.Helper()
	for i := range views {
		w.must(address(w.ops[i]), &views[i])
	}
	return w.s.Head.DAHead, w.s.Head.PublishedHeight
}

// The header's heights follow more than half of the power, and never fall; the DA price goes with the median, an eighth a block, to twice what it was when the
// epoch began, and on in the next one.
func TestViews(t *testing.T) {
	w := newWorld(t)
	for range 20 {
		w.block()
	}
	for _, step := range []struct {
		what            string
		views           []action.DAView
		head, published uint64
	}{
		{"one of four", []action.DAView{{DAHeight: 50, PublishedHeight: 9, Price: 90}}, 0, 0},
		{"two of four", []action.DAView{{DAHeight: 50, PublishedHeight: 9, Price: 90}, {DAHeight: 40, PublishedHeight: 7, Price: 90}}, 0, 0},
		{"three of four", []action.DAView{{DAHeight: 50, PublishedHeight: 9}, {DAHeight: 40, PublishedHeight: 7}, {DAHeight: 30, PublishedHeight: 8}}, 30, 7},
		{"back", []action.DAView{{}, {}, {}}, 30, 7},
		{"one lies", []action.DAView{{DAHeight: 1 << 60, PublishedHeight: 20}, {DAHeight: 51, PublishedHeight: 9}, {DAHeight: 52, PublishedHeight: 10}, {DAHeight: 53, PublishedHeight: 11}}, 52, 10},
	} {
		root := w.s.Head.Root()
		if head, published := w.look(step.views...); head != step.head || published != step.published {
			t.Errorf("%s: DA head %d, published %d, want %d and %d", step.what, head, published, step.head, step.published)
		}
		if w.s.Head.Root() == root {
			t.Errorf("%s: the root stays", step.what)
		}
	}
	price := func() uint64 {
		prices, err := w.rules.Prices(w.s)
		if err != nil {
			t.Fatal(err)
		}
		p, err := prices.In(alpha)
		if err != nil {
			t.Fatal(err)
		}
		if w.last.Fees.DAPrice != p.DA {
			t.Fatalf("the block says a DA price of %d, the state %d", w.last.Fees.DAPrice, p.DA)
		}
		return p.DA
	}
	dear := action.DAView{DAHeight: 60, PublishedHeight: 10, Price: 1_000}
	for _, most := range []uint64{2, 4, 8} { // 1 wei at first
		for w.s.Head.Height%60 != 1 { // an epoch has just begun
			w.block()
		}
		for range 4 {
			for _, op := range w.ops[:3] {
				w.salt++
				view, err := tx.New(tx.Fields{
					ChainID: "ledger-test", Payer: address(op), Salt: w.salt, Expiry: w.s.Head.Height + 9, MaxFeePerByte: 100, Legs: []tx.Leg{act(t, &dear)},
				})
				if err != nil {
					t.Fatal(err)
				}
				w.block(view)
			}
		}
		if price() != most {
			t.Fatalf("a DA price of %d in an epoch that ends at %d", price(), most)
		}
	}
}

// What an operator has seen and voted for ends with its last height in the set: nothing of it counts when the operator comes back.
func TestViewsAndVotesEndWithMembership(t *testing.T) {
	w := newWorld(t)
	op := address(w.ops[0])
	w.must(op, &action.DAView{DAHeight: 50, Price: 90})
	w.must(op, &action.Vote{Height: 1_000, Changes: []action.Change{{Name: "epochMs", Value: uint256.NewInt(90_000)}}})
	w.must(op, &action.OperatorLeave{Leave: true})
	there := func() (n int) {
		for k := range w.s.Records {
			if k.Kind() == state.DAView || k.Kind() == state.Vote {
				n++
			}
		}
		return n
	}
	for start := w.epoch(); w.epoch() == start; {
		w.block()
	}
	if n := there(); n != 2 {
		t.Errorf("%d records of a view and a vote while the operator is still in the set", n)
	}
	w.block()
	if n := there(); n != 0 {
		t.Errorf("%d records of a view and a vote are left of an operator that has left", n)
	}
	if code := w.does(op, &action.DAView{DAHeight: 51}); code != ledger.NotOperator {
		t.Errorf("a view of an operator that has left: %q", code)
	}
}

// Bad views and bad reservations: a code, no change but the fee.
func TestBadViewsAndReservations(t *testing.T) {
	w := newWorld(t)
	left, unknown := namespaces.Namespace{0: 2}, namespaces.Namespace{0: 9}
	w.must(payer(0), &action.Register{Namespace: beta, Owner: payer(0), Lane: open()})
	w.must(payer(0), &action.Register{Namespace: left, Owner: payer(0), Lane: open()})
	w.must(payer(0), &action.Exit{Namespace: left})
	op := address(w.ops[0])
	params, err := ledger.ParamsOf(w.s)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		code tx.Code
		from common.Address
		a    action.Action
	}{
		"a stranger's view":         {ledger.NotOperator, payer(0), &action.DAView{DAHeight: 1}},
		"this block is published":   {ledger.BadHeight, op, &action.DAView{PublishedHeight: 1 << 63}},
		"nothing reserved":          {ledger.ZeroAmount, payer(0), &action.Reserve{Namespace: beta}},
		"reserved in another's":     {ledger.NotOwner, payer(1), &action.Reserve{Namespace: beta, Bytes: 1}},
		"reserved in nobody's":      {ledger.NotOwner, payer(1), &action.Reserve{Namespace: alpha, Bytes: 1}},
		"reserved in unknown":       {ledger.UnknownNamespace, payer(1), &action.Reserve{Namespace: unknown, Bytes: 1}},
		"reserved in what leaves":   {ledger.NamespaceExited, payer(0), &action.Reserve{Namespace: left, Bytes: 1}},
		"more than a quarter":       {ledger.ReservationsFull, payer(0), &action.Reserve{Namespace: beta, Bytes: params.Capacity/4 + 1}},
		"more than 64 bits":         {ledger.ReservationsFull, payer(0), &action.Reserve{Namespace: beta, Bytes: 1<<64 - 1}},
		"more than the owner's wei": {ledger.InsufficientBalance, payer(0), &action.Reserve{Namespace: beta, Bytes: params.Capacity / 4}},
	} {
		before, head := everything(t, w.s), w.s.Head
		if code := w.does(c.from, c.a); code != c.code {
			t.Errorf("%s: %q, want %s", name, code, c.code)
		}
		if everything(t, w.s) != before || w.s.Head.DAHead != head.DAHead || w.s.Head.PublishedHeight != head.PublishedHeight {
			t.Errorf("%s: the state changed", name)
		}
		for k := range w.s.Records {
			if k.Kind() == state.Reservation || k.Kind() == state.Book || k.Kind() == state.DAView {
				t.Errorf("%s: record %x", name, string(k))
			}
		}
	}
}

// A reservation is paid at once, holds through the next epoch and no longer, and shields from the lane price while it does.
func TestReservation(t *testing.T) {
	w := newWorld(t)
	w.params(t, "reservePrice", 1)
	w.params(t, "capacity", 1<<20)
	w.params(t, "laneShare", 1_000)
	w.params(t, "damping", 1)
	w.must(payer(0), &action.Register{Namespace: beta, Owner: payer(0), Lane: open()})
	held, total := w.s.Balance(payer(0)), everything(t, w.s)
	w.must(payer(0), &action.Reserve{Namespace: beta, Bytes: 100_000})
	now, fee := w.s.Balance(payer(0)), w.last.Charges[0].Fee
	if held.Sub(held.Sub(&held, &now), &fee); held != *uint256.NewInt(100_000 * 60) { // an epoch of a minute
		t.Errorf("100,000 bytes for a minute cost %s", held.Dec())
	}
	if everything(t, w.s) != total {
		t.Error("wei came or went")
	}
	excess := func() (after uint64) { // of a block that takes what was reserved, while another lane takes the target
		var txs []*tx.Tx
		for range 6 {
			txs = append(txs, w.tx(payer(3), leg(alpha, 100_000)))
		}
		e := w.block(append(txs, w.tx(payer(4), leg(beta, 90_000)))...)
		for _, l := range e.Fees.Lanes {
			if l.Namespace == beta {
				after = l.After.Excess
			}
		}
		for range 20 {
			w.block()
		}
		return after
	}
	if excess() == 0 {
		t.Error("a reservation holds before its epoch begins")
	}
	for start := w.epoch(); w.epoch() == start; {
		w.block()
	}
	w.block()
	if excess() != 0 {
		t.Error("a reservation does not shield")
	}
	for start := w.epoch(); w.epoch() == start; {
		w.block()
	}
	w.block()
	w.block()
	if excess() == 0 {
		t.Error("a reservation does not end")
	}
	for range 70 {
		w.block()
	}
	w.block(w.tx(payer(4), leg(beta, 5)))
	if r, err := ledger.ReservationOf(w.s, beta); err != nil || r.Epoch != 0 {
		t.Errorf("a reservation that has passed leaves %+v (%v)", r, err)
	}
}

// params changes a parameter by a vote.
func (w *world) params(t *testing.T, name string, value uint64) {
	t.Helper()
	at := w.s.Head.Height + 5
	for i := range 3 {
		w.must(address(w.ops[i]), &action.Vote{Height: at, Changes: []action.Change{{Name: name, Value: uint256.NewInt(value)}}})
	}
	for w.s.Head.Height < at {
		w.block()
	}
}
