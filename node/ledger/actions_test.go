package ledger_test

import (
	"crypto/ecdsa"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/ledgertest"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

const (
	deposit = 1_000
	rich    = 1_000_000_000
	silence = 10_000 // milliseconds
)

// world is a ledger with four operators of equal power, whose blocks are a second apart.
type world struct {
	tb    testing.TB
	rules ledger.Rules
	s     *ledgertest.Memory
	ops   []*ecdsa.PrivateKey
	salt  uint64
	turn  int             // whose it is to propose
	off   map[int]bool    // operators that never propose
	last  *ledger.Effects // of the newest block
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{tb: tb, off: map[int]bool{}}
	g := &genesis.Genesis{Version: genesis.Version, ChainID: "ledger-test", Params: genesis.DefaultParams()}
	g.Params.LanePrice, g.Params.GlobalPrice, g.Params.DAPrice, g.Params.NamespaceDeposit, g.Params.SilenceMS, g.Params.EpochMS = 1, 1, 1, deposit, silence, 60_000
	for i := range 4 {
		key := testKey(fmt.Sprint("operator ", i))
		w.ops = append(w.ops, key)
		g.Operators = append(g.Operators, genesis.Operator{Address: address(key), PublicKey: crypto.CompressPubkey(&key.PublicKey), Power: 10})
		g.Balances = append(g.Balances, genesis.Balance{Address: address(key), Amount: uint256.NewInt(rich)})
	}
	for i := range 6 {
		g.Balances = append(g.Balances, genesis.Balance{Address: payer(i), Amount: uint256.NewInt(rich)})
	}
	stakes := new(uint256.Int).Mul(uint256.NewInt(4*10), uint256.NewInt(g.Params.PowerUnit))
	rest := new(uint256.Int).Sub(new(uint256.Int).SetAllOne(), stakes)
	g.Balances = append(g.Balances, genesis.Balance{Address: common.Address{0xee}, Amount: rest.Sub(rest, uint256.NewInt(100*rich))})
	slices.SortFunc(g.Balances, func(a, b genesis.Balance) int { return a.Address.Cmp(b.Address) })
	g.Namespaces = []genesis.Namespace{{Namespace: alpha, Order: block.ByTip}}
	if err := g.Validate(); err != nil {
		tb.Fatal(err)
	}
	w.rules, w.s = ledger.NewRules(g), newState(tb, g)
	return w
}

func testKey(name string) *ecdsa.PrivateKey {
	return crypto.ToECDSAUnsafe(crypto.Keccak256([]byte(name)))
}

func address(key *ecdsa.PrivateKey) common.Address { return crypto.PubkeyToAddress(key.PublicKey) }

// tx makes a transaction of the payer that stands in any of the next blocks.
func (w *world) tx(from common.Address, legs ...tx.Leg) *tx.Tx {
	w.salt++
	return unsigned(w.tb, from, w.salt, w.s.Head.Height+100, 0, legs...)
}

func act(tb testing.TB, a action.Action) tx.Leg {
	tb.Helper()
	raw, err := action.Encode(a)
	if err != nil {
		tb.Fatal(err)
	}
	return tx.Leg{Namespace: namespaces.Ledger(), Data: raw}
}

// consented adds an auth to a transaction.
func (w *world) consented(t *tx.Tx, key *ecdsa.PrivateKey, a tx.Auth) *tx.Tx {
	w.tb.Helper()
	a, err := tx.SignAuth(a, t.ID(), key)
	if err != nil {
		w.tb.Fatal(err)
	}
	if t, err = t.WithAuths(append(slices.Clone(t.Auths()), a)...); err != nil {
		w.tb.Fatal(err)
	}
	return t
}

// try applies a block without keeping what it does.
func (w *world) try(txs ...*tx.Tx) (*ledger.Effects, error) {
	p := w.s.Parent()
	b := blockOf(p, txs)
	b.Proposer = address(w.ops[w.turn])
	return ledger.Apply(w.rules, p, b)
}

// block applies a block that must be valid.
func (w *world) block(txs ...*tx.Tx) *ledger.Effects {
	w.tb.Helper()
	e, err := w.try(txs...)
	if err != nil {
		w.tb.Fatal(err)
	}
	w.s.Write(e)
	w.last = e
	for w.turn = (w.turn + 1) % 4; w.off[w.turn]; w.turn = (w.turn + 1) % 4 {
	}
	return e
}

// does applies one action, and returns the code of its failure, if it failed.
func (w *world) does(from common.Address, a action.Action) tx.Code {
	w.tb.Helper()
	e := w.block(w.tx(from, act(w.tb, a)))
	if len(e.Failures) == 0 {
		return ""
	}
	return e.Failures[0].Code
}

func (w *world) must(from common.Address, a action.Action) {
	w.tb.Helper()
	if code := w.does(from, a); code != "" {
		w.tb.Fatalf("%T: %s: %s", a, code, w.last.Failures[0].Detail)
	}
}

func (w *world) invalid(what string, code tx.Code, txs ...*tx.Tx) {
	w.tb.Helper()
	if _, err := w.try(txs...); tx.CodeOf(err) != code {
		w.tb.Errorf("%s: %v, want %s", what, err, code)
	}
}

var gamma = namespaces.Namespace{0: 1, 9: 0xc}

func open() action.Lane { return action.Lane{Order: block.ByTip} }

// Each action with each kind of bad input: a code, no change but the fee, which is kept.
func TestBadActions(t *testing.T) {
	w := newWorld(t)
	w.must(payer(0), &action.Register{Namespace: beta, Owner: payer(0), Lane: open()})
	w.must(payer(0), &action.FillTank{Namespace: beta, Amount: uint256.NewInt(50)})
	w.must(payer(0), &action.Register{Namespace: gamma, Owner: payer(0), Lane: action.Lane{Order: block.ByTip, Policy: action.Owned, Key: payer(1)}})
	left := namespaces.Namespace{0: 2}
	w.must(payer(0), &action.Register{Namespace: left, Owner: payer(0), Lane: open()})
	w.must(payer(0), &action.Exit{Namespace: left})
	one, much, all := uint256.NewInt(1), uint256.NewInt(rich), new(uint256.Int).SetAllOne()
	vote := func(height uint64, name string, value uint64) *action.Vote {
		return &action.Vote{Height: height, Changes: []action.Change{{Name: name, Value: uint256.NewInt(value)}}}
	}
	op := address(w.ops[0])
	for name, c := range map[string]struct {
		code tx.Code
		from common.Address
		a    action.Action
	}{
		"transfer of nothing":          {ledger.ZeroAmount, payer(0), &action.Transfer{To: payer(1), Amount: new(uint256.Int)}},
		"transfer of more than held":   {ledger.InsufficientBalance, payer(0), &action.Transfer{To: payer(1), Amount: much}},
		"transfer of everything":       {ledger.InsufficientBalance, payer(0), &action.Transfer{To: payer(0), Amount: all}},
		"register twice":               {ledger.NamespaceTaken, payer(1), &action.Register{Namespace: beta, Owner: payer(1), Lane: open()}},
		"register genesis's":           {ledger.NamespaceTaken, payer(1), &action.Register{Namespace: alpha, Owner: payer(1), Lane: open()}},
		"register what has left":       {ledger.NamespaceTaken, payer(1), &action.Register{Namespace: left, Owner: payer(1), Lane: open()}},
		"register ours":                {ledger.NamespaceReserved, payer(1), &action.Register{Namespace: namespaces.Ledger(), Owner: payer(1), Lane: open()}},
		"register Celestia's":          {ledger.NamespaceReserved, payer(1), &action.Register{Namespace: namespaces.Namespace{9: 3}, Owner: payer(1), Lane: open()}},
		"register without the deposit": {ledger.InsufficientBalance, common.Address{0xaa}, &action.Register{Namespace: namespaces.Namespace{0: 3}, Lane: open()}},
		"update another's":             {ledger.NotOwner, payer(1), &action.Update{Namespace: beta, Lane: open()}},
		"update nobody's":              {ledger.NotOwner, payer(1), &action.Update{Namespace: alpha, Lane: open()}},
		"update unknown":               {ledger.UnknownNamespace, payer(0), &action.Update{Namespace: namespaces.Namespace{0: 9}, Lane: open()}},
		"update what leaves":           {ledger.NamespaceExited, payer(0), &action.Update{Namespace: left, Lane: open()}},
		"hand over another's":          {ledger.NotOwner, payer(1), &action.HandOver{Namespace: beta, Owner: payer(1)}},
		"hand over unknown":            {ledger.UnknownNamespace, payer(1), &action.HandOver{Namespace: namespaces.Namespace{0: 9}, Owner: payer(1)}},
		"exit another's":               {ledger.NotOwner, payer(1), &action.Exit{Namespace: beta}},
		"exit unknown":                 {ledger.UnknownNamespace, payer(1), &action.Exit{Namespace: namespaces.Namespace{0: 9}}},
		"exit twice":                   {ledger.NamespaceExited, payer(0), &action.Exit{Namespace: left}},
		"exit before":                  {ledger.BadHeight, payer(0), &action.Exit{Namespace: beta, Height: 1}},
		"exit much later":              {ledger.BadHeight, payer(0), &action.Exit{Namespace: beta, Height: 1 << 60}},
		"fill with nothing":            {ledger.ZeroAmount, payer(0), &action.FillTank{Namespace: beta, Amount: new(uint256.Int)}},
		"fill with more than held":     {ledger.InsufficientBalance, payer(0), &action.FillTank{Namespace: beta, Amount: much}},
		"fill unknown":                 {ledger.UnknownNamespace, payer(0), &action.FillTank{Namespace: namespaces.Namespace{0: 9}, Amount: one}},
		"drain nothing":                {ledger.ZeroAmount, payer(0), &action.DrainTank{Namespace: beta, Amount: new(uint256.Int)}},
		"drain more than is there":     {ledger.InsufficientBalance, payer(0), &action.DrainTank{Namespace: beta, Amount: uint256.NewInt(51)}},
		"drain another's":              {ledger.NotOwner, payer(1), &action.DrainTank{Namespace: beta, Amount: one}},
		"drain unknown":                {ledger.UnknownNamespace, payer(1), &action.DrainTank{Namespace: namespaces.Namespace{0: 9}, Amount: one}},
		"heartbeat in an open lane":    {ledger.NotOwned, payer(0), &action.Heartbeat{Namespace: beta}},
		"heartbeat of a stranger":      {ledger.NotOwner, payer(2), &action.Heartbeat{Namespace: gamma}},
		"heartbeat in unknown":         {ledger.UnknownNamespace, payer(2), &action.Heartbeat{Namespace: namespaces.Namespace{0: 9}}},
		"resume of a stranger":         {ledger.NotOwner, payer(2), &action.Resume{Namespace: gamma}},
		"resume of an open lane":       {ledger.NotOwned, payer(0), &action.Resume{Namespace: beta}},
		"vote of a stranger":           {ledger.NotOperator, payer(0), vote(1_000, "lanePrice", 4)},
		"vote for the past":            {ledger.BadHeight, op, vote(1, "lanePrice", 4)},
		"vote for the far future":      {ledger.BadHeight, op, vote(1<<60, "lanePrice", 4)},
		"vote for no parameter":        {ledger.UnknownParameter, op, vote(1_000, "fee", 4)},
		"vote for what is fixed":       {ledger.UnknownParameter, op, vote(1_000, "expiryWindow", 4)},
		"vote out of range":            {ledger.ParameterRange, op, vote(1_000, "epochMs", 1)},
		"vote beyond 64 bits":          {ledger.ParameterRange, op, &action.Vote{Height: 1_000, Changes: []action.Change{{Name: "lanePrice", Value: all}}}},
		"vote for version 0":           {ledger.ParameterRange, op, vote(1_000, "protocolVersion", 0)},
	} {
		before := supply(t, w.s)
		one := w.tx(c.from, act(t, c.a))
		if c.from == (common.Address{0xaa}) {
			fee := feeOf(one)
			w.must(payer(5), &action.Transfer{To: c.from, Amount: &fee})
			before = supply(t, w.s)
		}
		held := w.s.Balance(c.from)
		params, namespacesBefore := w.s.Records[ledger.ParamsKey()], w.s.Records[ledger.NamespaceKey(beta)]
		e := w.block(one)
		if len(e.Failures) != 1 || e.Failures[0].Code != c.code {
			t.Errorf("%s: %+v, want %s", name, e.Failures, c.code)
			continue
		}
		fee := feeOf(one)
		now := w.s.Balance(c.from)
		if now.Add(&now, &fee); now != held {
			t.Errorf("%s: the payer has %s with its fee, had %s", name, now.Dec(), held.Dec())
		}
		if supply(t, w.s) != before || string(params) != string(w.s.Records[ledger.ParamsKey()]) || string(namespacesBefore) != string(w.s.Records[ledger.NamespaceKey(beta)]) {
			t.Errorf("%s: the state changed", name)
		}
		for _, r := range e.Records { // the payer, the treasury, the clock, the prices, and what every block does to the stake
			each := []state.Kind{state.Clock, state.Market, state.Chain, state.Tally, state.Pots}
			if k := r.Key; k != ledger.AccountKey(c.from) && k != ledger.AccountKey(ledger.Treasury()) && !slices.Contains(each, k.Kind()) {
				t.Errorf("%s: record %x changed", name, string(k))
			}
		}
	}
	// An overflow needs nearly all there is.
	whale := common.Address{0xee}
	amount := w.s.Balance(whale)
	w.must(whale, &action.Transfer{To: payer(3), Amount: amount.SubUint64(&amount, 1_000_000)})
	if code := w.does(payer(3), &action.Transfer{To: payer(3), Amount: one}); code != "" {
		t.Errorf("a transfer to oneself: %s", code)
	}
	w.invalid("no action", ledger.BadAction, w.tx(payer(0), tx.Leg{Namespace: namespaces.Ledger(), Data: []byte{1}}))
}

// What a transaction cannot pay makes its block invalid, whatever its actions would bring.
func TestActionsNeverPayForTheirTransaction(t *testing.T) {
	w := newWorld(t)
	poor := common.Address{0xbb}
	gift := w.tx(payer(0), act(t, &action.Transfer{To: poor, Amount: uint256.NewInt(1_000_000)}))
	w.invalid("paid by a gift in the block", ledger.Unfunded, gift, w.tx(poor, leg(alpha, 1)))
	w.block(gift)
	w.block(w.tx(poor, leg(alpha, 1)))
}

// A namespace from its registration to its exit: deposit, owners, legs from the block after to the height before.
func TestNamespaceLife(t *testing.T) {
	w := newWorld(t)
	in := func() *tx.Tx { return w.tx(payer(3), leg(beta, 5)) }
	w.invalid("before it is registered", ledger.UnknownNamespace, in())
	w.invalid("in the block that registers it", ledger.UnknownNamespace,
		w.tx(payer(0), act(t, &action.Register{Namespace: beta, Owner: payer(1), Lane: open()})), in())
	held := w.s.Balance(payer(0))
	w.must(payer(0), &action.Register{Namespace: beta, Owner: payer(1), Metadata: []byte("b"), Lane: open()})
	now, paid := w.s.Balance(payer(0)), w.last.Charges[0].Fee
	if now.Add(&now, &paid); *now.AddUint64(&now, deposit) != held {
		t.Fatal("the registrant has not paid fee and deposit")
	}
	w.block(in())
	if code := w.does(payer(0), &action.Update{Namespace: beta, Lane: open()}); code != ledger.NotOwner {
		t.Fatalf("who registered for another updates: %q", code)
	}
	w.must(payer(1), &action.HandOver{Namespace: beta, Owner: payer(2)})
	if code := w.does(payer(1), &action.Exit{Namespace: beta}); code != ledger.NotOwner {
		t.Fatalf("a former owner leaves: %q", code)
	}
	held = w.s.Balance(payer(2))
	exit := w.s.Head.Height + 4
	w.must(payer(2), &action.Exit{Namespace: beta, Height: exit})
	now, paid = w.s.Balance(payer(2)), w.last.Charges[0].Fee
	if now.Add(&now, &paid); *now.SubUint64(&now, deposit-deposit/8) != held {
		t.Fatal("the owner does not have seven eighths of the deposit back")
	}
	n, err := ledger.NamespaceOf(w.s, beta)
	if err != nil || n.ExitHeight != exit || !n.Deposit.IsZero() {
		t.Fatalf("%+v (%v)", n, err)
	}
	for w.s.Head.Height+1 < exit {
		w.block(in())
	}
	w.invalid("at the height of its exit", ledger.NamespaceExited, in())
	w.block()
	w.invalid("after it", ledger.NamespaceExited, in())
}

// One deposit does not take any number of names: each name costs an eighth of it.
func TestEachNameHasItsPrice(t *testing.T) {
	w := newWorld(t)
	const names = 64
	var legs []tx.Leg
	for i := range names {
		ns := namespaces.Namespace{0: 9, 8: byte(i), 9: 1}
		legs = append(legs, act(t, &action.Register{Namespace: ns, Owner: payer(0), Lane: open()}), act(t, &action.Exit{Namespace: ns}))
	}
	held, treasury := w.s.Balance(payer(0)), w.s.Balance(ledger.Treasury())
	e := w.block(w.tx(payer(0), legs...))
	if len(e.Failures) > 0 {
		t.Fatal(e.Failures)
	}
	paid, now := e.Charges[0].Fee, w.s.Balance(payer(0))
	now.Add(&now, &paid)
	if *now.AddUint64(&now, names*(deposit/8)) != held {
		t.Errorf("the payer has %s wei and the prices of %d names, before it had %s", &now, names, &held)
	}
	if got := w.s.Balance(ledger.Treasury()); got.Lt(treasury.AddUint64(&treasury, names*(deposit/8))) {
		t.Errorf("the treasury has %s wei, want at least %s", &got, &treasury)
	}
}

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

// Parameters change at the height that more than two thirds of the power have voted for, and not before.
func TestVotes(t *testing.T) {
	w := newWorld(t)
	height := w.s.Head.Height + 10
	dear := &action.Vote{Height: height, Changes: []action.Change{{Name: "lanePrice", Value: uint256.NewInt(5)}}}
	other := &action.Vote{Height: height, Changes: []action.Change{{Name: "lanePrice", Value: uint256.NewInt(6)}}}
	w.must(address(w.ops[0]), other)
	for i := range 3 {
		w.must(address(w.ops[i]), dear) // the first changes its mind
	}
	for w.s.Head.Height+1 < height {
		w.block(w.tx(payer(0), leg(alpha, 5)))
	}
	w.invalid("the old price", ledger.FeeTooLow, w.tx(payer(0), leg(alpha, 5)))
	if p, err := ledger.ParamsOf(w.s); err != nil || p.LanePrice != 5 {
		t.Fatalf("%+v (%v)", p, err)
	}
	for k := range w.s.Records {
		if k.Kind() == state.Vote || k.Kind() == state.Schedule {
			t.Fatalf("record %x stays behind", string(k))
		}
	}
}

// A program stops before the first block whose rules it does not know, and says what to do.
func TestUnknownProtocolVersionStops(t *testing.T) {
	w := newWorld(t)
	height := w.s.Head.Height + 6
	for i := range 3 {
		w.must(address(w.ops[i]), &action.Vote{Height: height, Changes: []action.Change{{Name: "protocolVersion", Value: uint256.NewInt(2)}}})
	}
	for w.s.Head.Height+1 < height {
		if err := ledger.Supported(w.s.Parent()); err != nil {
			t.Fatal(err)
		}
		w.block()
	}
	var upgrade *ledger.UpgradeError
	if _, err := w.try(); !errors.As(err, &upgrade) || upgrade.Height != height || upgrade.Version != 2 {
		t.Fatalf("height %d: %v", w.s.Head.Height+1, err)
	}
}
