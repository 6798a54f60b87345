package ledger_test

import (
	"crypto/ecdsa"
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
	mute  common.Address  // an operator that does not vote
	last  *ledger.Effects // of the newest block
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	return worldWith(tb, nil)
}

// worldWith changes parameters of the genesis before it is used.
func worldWith(tb testing.TB, change func(*genesis.Params)) *world {
	tb.Helper()
	w := &world{tb: tb, off: map[int]bool{}}
	g := &genesis.Genesis{Version: genesis.Version, ChainID: "ledger-test", Params: genesis.DefaultParams()}
	g.Params.LanePrice, g.Params.GlobalPrice, g.Params.DAPrice, g.Params.NamespaceDeposit, g.Params.SilenceMS, g.Params.EpochMS = 1, 1, 1, deposit, silence, 60_000
	if change != nil {
		change(&g.Params)
	}
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
	w.silence(&b.System)
	return ledger.Apply(w.rules, p, b)
}

// silence takes the vote of the one that is mute out of a section.
func (w *world) silence(s *block.System) {
	set, err := stake.LoadSet(w.s, stake.Last)
	if err != nil {
		w.tb.Fatal(err)
	}
	if i := slices.IndexFunc(set.Members, func(m stake.Member) bool { return m.Owner == w.mute }); i >= 0 && len(s.Votes) > 0 {
		s.Votes[i/8] &^= 0x80 >> (i % 8)
	}
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
