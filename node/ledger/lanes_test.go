package ledger_test

import (
	"crypto/ecdsa"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
)

// A gated lane takes what a gateway signed; the tank pays for its own legs alone, within the quota.
func TestGatedLane(t *testing.T) {
	w := newWorld(t)
	gate, other := testKey("gate"), testKey("other")
	lane := action.Lane{Order: block.ByTip, Policy: action.Gated, Gateways: []common.Address{address(gate)}, Quota: 700}
	w.must(payer(0), &action.Register{Namespace: beta, Owner: payer(0), Lane: lane})
	w.must(payer(4), &action.FillTank{Namespace: beta, Amount: uint256.NewInt(100_000)})
	plain := func(size int) *tx.Tx { return w.tx(payer(3), leg(beta, size)) }
	w.invalid("without consent", ledger.ConsentMissing, plain(5))
	w.invalid("another's consent", ledger.BadConsent, w.consented(plain(5), other, tx.Auth{Namespace: beta, Kind: tx.AuthGateway}))
	w.invalid("an owner's consent", ledger.BadConsent, w.consented(plain(5), gate, tx.Auth{Namespace: beta, Kind: tx.AuthOwner}))
	w.invalid("with a number", ledger.BadConsent, w.consented(plain(5), gate, tx.Auth{Namespace: beta, Kind: tx.AuthGateway, LaneSeq: 1}))
	good := w.consented(plain(5), gate, tx.Auth{Namespace: beta, Kind: tx.AuthGateway})
	moved, err := plain(5).WithAuths(good.Auths()...)
	if err != nil {
		t.Fatal(err)
	}
	w.invalid("consent to another transaction", ledger.BadConsent, moved)
	w.invalid("an auth for no leg", ledger.UnexpectedAuth, w.consented(w.tx(payer(3), leg(alpha, 5)), gate, tx.Auth{Namespace: beta, Kind: tx.AuthGateway}))
	w.invalid("an auth for an open lane", ledger.UnexpectedAuth, w.consented(w.tx(payer(3), leg(alpha, 5)), gate, tx.Auth{Namespace: alpha, Kind: tx.AuthGateway}))
	w.invalid("two auths", ledger.UnexpectedAuth, w.consented(good, gate, tx.Auth{Namespace: beta, Kind: tx.AuthTank}))
	e := w.block(good)
	if e.Charges[0].Fee != feeOf(good) || len(e.Charges[0].Tanks) != 0 {
		t.Fatal("the payer does not pay for what the gateway let in")
	}
	// The tank pays its part of a bundle, the payer the rest.
	bundle := w.consented(w.tx(payer(3), leg(alpha, 50), leg(beta, 20)), gate, tx.Auth{Namespace: beta, Kind: tx.AuthTank})
	e = w.block(bundle)
	total := feeOf(bundle)
	sum := e.Charges[0].Fee
	if len(e.Charges[0].Tanks) != 1 || e.Charges[0].Fee.IsZero() || *sum.Add(&sum, &e.Charges[0].Tanks[0].Fee) != total {
		t.Fatalf("charges %+v of %s", e.Charges[0], total.Dec())
	}
	tank, err := ledger.Tank(w.s, beta)
	if err != nil || *tank.Add(&tank, &e.Charges[0].Tanks[0].Fee) != *uint256.NewInt(100_000) {
		t.Fatalf("the tank with what it paid: %s (%v)", tank.Dec(), err)
	}
	// A payer without a wei needs none; its quota is its own, ends with the epoch, and holds within a block too.
	free := func(from common.Address, size int) *tx.Tx {
		return w.consented(w.tx(from, leg(beta, size)), gate, tx.Auth{Namespace: beta, Kind: tx.AuthTank})
	}
	poor := common.Address{0xcc}
	w.invalid("two above the quota", ledger.QuotaExceeded, free(poor, 200), free(poor, 200))
	w.block(free(poor, 200))
	w.invalid("above the quota", ledger.QuotaExceeded, free(poor, 200))
	w.block(free(common.Address{0xcd}, 200))
	for w.s.Head.Height < 61 {
		w.block()
	}
	w.block(free(poor, 200))
	// The tank is not overdrawn, within a block either.
	if tank, err = ledger.Tank(w.s, beta); err != nil {
		t.Fatal(err)
	}
	least := feeOf(free(poor, 5))
	w.must(payer(0), &action.DrainTank{Namespace: beta, Amount: tank.Sub(&tank, &least)})
	w.invalid("two from one tank", ledger.TankEmpty, free(common.Address{1}, 5), free(common.Address{2}, 5))
	w.block(free(common.Address{1}, 5))
	w.invalid("an empty tank", ledger.TankEmpty, free(common.Address{2}, 5))
}

// One epoch holds for all that goes by epochs: a vote that changes its length in the middle gives no payer a second quota.
func TestQuotaOutlivesAnotherEpochLength(t *testing.T) {
	w := newWorld(t)
	gate := testKey("gate")
	lane := action.Lane{Order: block.ByTip, Policy: action.Gated, Gateways: []common.Address{address(gate)}, Quota: 600}
	w.must(payer(0), &action.Register{Namespace: beta, Owner: payer(0), Lane: lane})
	w.must(payer(4), &action.FillTank{Namespace: beta, Amount: uint256.NewInt(100_000)})
	free := func() *tx.Tx {
		return w.consented(w.tx(common.Address{0xcc}, leg(beta, 200)), gate, tx.Auth{Namespace: beta, Kind: tx.AuthTank})
	}
	for w.s.Head.Height < 70 { // seconds: in the second epoch, which by the next length would be the first
		w.block()
	}
	w.block(free())
	began := w.epoch()
	w.invalid("above the quota", ledger.QuotaExceeded, free())
	w.params(t, "epochMs", 90_000)
	if w.epoch() != began {
		t.Fatal("the epoch was to be the same one")
	}
	w.invalid("above the quota, in a longer epoch", ledger.QuotaExceeded, free())
	for w.epoch() == began {
		w.block()
	}
	w.block(free())
}

// epoch is the number of the one that the next block is in.
func (w *world) epoch() uint64 {
	w.tb.Helper()
	open, err := stake.LoadOpen(w.s)
	if err != nil {
		w.tb.Fatal(err)
	}
	return open.Number
}

// An owned lane takes messages in their order, opens after silence, and closes with a new epoch that voids what was signed before.
func TestOwnedLane(t *testing.T) {
	w := newWorld(t)
	key, thief := testKey("lane"), testKey("thief")
	lane := action.Lane{Order: block.ByTip, Policy: action.Owned, Key: address(key)}
	w.must(payer(0), &action.Register{Namespace: beta, Owner: payer(0), Lane: lane})
	if code := w.does(payer(0), &action.Resume{Namespace: beta}); code != ledger.NotSilent {
		t.Fatalf("resume of what is not silent: %q", code)
	}
	w.must(payer(0), &action.Transfer{To: address(key), Amount: uint256.NewInt(1_000_000)})
	message := func(epoch, seq uint64, key *ecdsa.PrivateKey) *tx.Tx {
		return w.consented(w.tx(payer(3), leg(beta, 5)), key, tx.Auth{Namespace: beta, Kind: tx.AuthOwner, Epoch: epoch, LaneSeq: seq})
	}
	plain := func() *tx.Tx { return w.tx(payer(3), leg(beta, 5)) }
	w.invalid("without consent", ledger.ConsentMissing, plain())
	w.invalid("a stranger's", ledger.BadConsent, message(1, 0, thief))
	w.invalid("a later message", ledger.LaneSeq, message(1, 1, key))
	w.invalid("another epoch", ledger.LaneEpoch, message(0, 0, key))
	w.invalid("out of order", ledger.LaneSeq, message(1, 1, key), message(1, 0, key))
	w.invalid("one place twice", ledger.LaneSeq, message(1, 0, key), message(1, 0, key))
	old := message(1, 2, key)
	w.block(message(1, 0, key), message(1, 1, key))
	w.invalid("a place that is taken", ledger.LaneSeq, message(1, 1, key))
	if rule := ledger.OrderIn(w.s)(beta); rule != block.BySeq {
		t.Fatalf("ordered by %q", rule)
	}
	pass := w.rules.Begin(w.s, w.s.Head.Height+1)
	if _, err := pass.Check(message(1, 900, key)); err != nil {
		t.Fatalf("a pool does not wait for a later message: %v", err)
	}
	if _, err := pass.Check(message(1, 2_000, key)); tx.CodeOf(err) != ledger.LaneSeq {
		t.Fatalf("a pool waits for a message far ahead: %v", err)
	}
	opened := func() bool { _, err := w.try(plain()); return err == nil }
	// Three rotations of four operators, and more than ten seconds: a heartbeat starts it anew.
	for range 10 {
		w.block()
	}
	w.must(address(key), &action.Heartbeat{Namespace: beta})
	since, blocks := w.s.Head.Height, 0
	for ; !opened(); blocks++ {
		if blocks > 40 {
			t.Fatal("the lane never opens")
		}
		w.block()
	}
	if passed := w.s.Head.Height - since; passed*1_000 <= silence || passed < 9 {
		t.Fatalf("opened after %d blocks", passed)
	}
	w.invalid("its owner's message while it is open", ledger.UnexpectedAuth, message(1, 2, key))
	w.block(plain(), plain())
	if code := w.does(payer(0), &action.Heartbeat{Namespace: beta}); code != ledger.LaneOpen {
		t.Fatalf("a heartbeat closes it: %q", code)
	}
	w.must(payer(0), &action.Resume{Namespace: beta})
	w.invalid("a message of before", ledger.LaneEpoch, old)
	w.invalid("anybody's", ledger.ConsentMissing, plain())
	w.block(message(2, 0, key))
	// Another key begins another epoch.
	lane.Key = address(thief)
	w.must(payer(0), &action.Update{Namespace: beta, Lane: lane})
	w.invalid("the former key", ledger.BadConsent, message(2, 1, key))
	w.block(message(3, 0, thief))
}

// Few proposers cannot make a lane look silent: with two of four operators the rotations never end.
func TestSilenceNeedsRotations(t *testing.T) {
	w := newWorld(t)
	w.must(payer(0), &action.Register{Namespace: beta, Owner: payer(0), Lane: action.Lane{Order: block.ByTip, Policy: action.Owned, Key: payer(1)}})
	w.off[0], w.off[1] = true, true
	w.turn = 2
	for range 100 {
		w.block()
	}
	w.invalid("after a minute of two proposers", ledger.ConsentMissing, w.tx(payer(3), leg(beta, 5)))
	w.off[1] = false // three of four: more than two thirds
	for range 30 {
		w.block()
	}
	w.block(w.tx(payer(3), leg(beta, 5)))
}
