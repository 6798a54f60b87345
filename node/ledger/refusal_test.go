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
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

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
