package stake

import (
	"encoding/hex"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/internal/golden"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// do makes a block of one second in which actions run, each of which has to succeed.
func (w *world) do(acts ...func() error) Outcome {
	w.t.Helper()
	if err := w.begin(1_000, 0, block.System{Votes: w.all()}); err != nil {
		w.t.Fatal(err)
	}
	for i, act := range acts {
		if err := act(); err != nil {
			w.t.Fatalf("action %d: %v", i, err)
		}
	}
	return w.end(Income{})
}

// does is an action for do.
func (w *world) does(who common.Address, a action.Action) func() error {
	return func() error { return w.act(who, a) }
}

// gain is what an address has more after f.
func (w *world) gain(a common.Address, f func()) uint64 {
	before := w.balances[a]
	f()
	after := w.balances[a]
	return after.Uint64() - before.Uint64()
}

// Two operators with 40 % of the power sign twice. It costs them the same whether or not they undelegate before anybody shows it.
func TestUndelegatingBeforeTheEvidenceSavesNothing(t *testing.T) {
	run := func(first bool) uint64 {
		w := newWorld(t, testParams(), 20, 20, 30, 30)
		w.do()
		w.do()
		fault := w.height
		if first {
			w.do(w.does(owner(0), &action.Undelegate{Operator: owner(0), Shares: uint256.NewInt(20_000)}),
				w.does(owner(1), &action.Undelegate{Operator: owner(1), Shares: uint256.NewInt(20_000)}))
		} else {
			w.do()
		}
		paid := w.gain(holder(0), func() {
			w.do(w.does(holder(0), w.report(testKey("operator", 0), fault, 0)), w.does(holder(0), w.report(testKey("operator", 1), fault, 0)))
		})
		w.deepAudit()
		p := w.pots()
		return p.Burned.Uint64() + paid
	}
	if stay, leave := run(false), run(true); stay != 40_000 || leave != stay {
		t.Errorf("of 40000 wei %d are slashed, and %d if they undelegate first", stay, leave)
	}
}

// Others that undelegate before two are shown to be at fault make the two no smaller a part of the power, and no larger: stake that is still liable counts
// for those at fault, and the set as it stands for the whole.
func TestFaultsTogetherCountWhatUnbonds(t *testing.T) {
	w := newWorld(t, testParams(), 10, 30, 30, 30)
	w.do()
	fault := w.height
	w.do(w.does(owner(0), &action.Undelegate{Operator: owner(0), Shares: uint256.NewInt(5_000)}))
	w.do(w.does(holder(0), w.report(testKey("operator", 0), fault, 0)))
	// 10 of 100: 50,000 + 3 x 100,000 ppm of 5,000 that stay and 5,000 that unbond.
	if left := w.operator(owner(0)); left.Tokens.Uint64() != 3_250 {
		t.Errorf("%s wei stay of 5000", left.Tokens.Dec())
	}
	w.do(w.does(holder(0), w.report(testKey("operator", 1), fault, 0)))
	// 40 of 100: everything, of the first too, where it unbonds as well.
	if p := w.pots(); !p.Unbonding.IsZero() || p.Staked.Uint64() != 60_000 {
		t.Errorf("%s wei unbond and %s are staked", p.Unbonding.Dec(), p.Staked.Dec())
	}
	w.deepAudit()
}

// An owner that shows its own fault, from another address, gets less than the fault has cost it, though most of what is slashed is its delegators'.
func TestReportingOneselfCosts(t *testing.T) {
	w := newWorld(t, testParams(), 2, 30, 30, 30)
	w.do(w.does(holder(1), &action.Delegate{Operator: owner(0), Amount: uint256.NewInt(60_000)}))
	w.epoch()
	w.do()
	w.do()
	fault := w.height
	w.do(w.does(owner(0), &action.Undelegate{Operator: owner(0), Shares: uint256.NewInt(1_000)}))
	paid := w.gain(holder(2), func() { w.do(w.does(holder(2), w.report(testKey("operator", 0), fault, 0))) })
	// 62 of 92 power: all of it is gone, the owner's 2,000 too, half of them where they unbond.
	if paid != 1_000 {
		t.Errorf("the reporter gets %d, want half of the owner's own 2000", paid)
	}
	w.deepAudit()
}

// Whoever never was in a set has signed nothing that anybody counted: its two signatures are no fault, and leave no trace. Who was there and has
// nothing left at stake is tombstoned, and raises nobody's figure.
func TestFaultsOfThoseWithoutPower(t *testing.T) {
	w := newWorld(t, testParams(), 30, 30, 20, 20)
	w.do(w.does(owner(5), w.create(owner(5), testKey("operator", 5), 3_000)))
	w.epoch()
	w.do()
	w.do()
	if err := w.begin(100, 0, block.System{Votes: w.all()}); err != nil {
		t.Fatal(err)
	}
	if err := w.act(holder(0), w.report(testKey("operator", 5), w.height, 0)); tx.CodeOf(err) != EvidenceStranger {
		t.Errorf("a key that was never in a set: %v", err)
	}
	w.end(Income{})
	if _, kept := w.records[offencesKey]; kept || w.operator(owner(5)).Tombstoned {
		t.Error("the fault of nobody is kept")
	}

	w.do(w.does(owner(3), &action.Undelegate{Operator: owner(3), Shares: uint256.NewInt(20_000)}))
	w.epoch()
	w.do()
	w.epoch() // the stake left in an epoch before the one of the fault
	w.do(w.does(holder(0), w.report(testKey("operator", 3), w.height, 0)))
	if _, kept := w.records[offencesKey]; kept || !w.operator(owner(3)).Tombstoned {
		t.Error("a fault without power is kept, or its operator is not tombstoned")
	}
	w.deepAudit()
}

// An operator that is shown to be at fault is in no set after those that are fixed already: it leaves two heights on, in the middle of an epoch, and the
// others keep their power. The last one stays, for CometBFT needs a validator.
func TestTombstonedLeavesAtOnce(t *testing.T) {
	w := newWorld(t, testParams(), 30, 30, 20, 20)
	w.block(100, 0, Income{})
	guilty := func(i int) Outcome {
		t.Helper()
		if err := w.begin(100, 0, block.System{Votes: w.all()}); err != nil {
			t.Fatal(err)
		}
		if err := w.act(holder(0), w.report(testKey("operator", i), w.height, 0)); err != nil {
			t.Fatal(err)
		}
		out := w.end(Income{})
		w.audit()
		return out
	}
	out := guilty(0)
	if out.Ended || len(out.Updates) != 1 || out.Updates[0].Power != 0 || out.Updates[0].Address != owner(0) {
		t.Fatalf("the updates are %+v, the epoch ends: %v", out.Updates, out.Ended)
	}
	if next, after := w.set(Next), w.set(After); next.owner(owner(0)) < 0 || after.owner(owner(0)) >= 0 || after.Total() != 70 {
		t.Fatalf("the sets of the next heights are %+v and %+v", next.Members, after.Members)
	}
	if out = guilty(1); len(out.Updates) != 1 {
		t.Fatalf("the updates are %+v", out.Updates)
	}
	for range 4 { // counts the heights of the sets that were
		w.block(100, 0, Income{Ordering: wei(800)})
		w.audit()
	}
	guilty(2)
	if out = guilty(3); len(out.Updates) != 0 || len(out.Set.Members) != 1 {
		t.Errorf("the last one leaves: %+v", out.Set.Members)
	}
	if out = w.epoch(); len(out.Updates) != 0 || len(out.Set.Members) != 1 {
		t.Errorf("the set at the epoch's end is %+v", out.Set.Members)
	}
	w.do(w.does(owner(5), w.create(owner(5), testKey("operator", 5), 40_000)))
	if out = w.epoch(); out.Set.owner(owner(5)) != 0 || len(out.Set.Members) != 1 {
		t.Errorf("the set after one has joined is %+v", out.Set.Members)
	}
	w.deepAudit()
}

// With nobody eligible the set stays, and its keys with it: whoever signs can be punished for it.
func TestKeysStayWhileTheSetStays(t *testing.T) {
	w := newWorld(t, testParams(), 50)
	w.do(w.does(owner(0), w.rotate(owner(0), testKey("next", 0))), w.does(owner(0), &action.OperatorLeave{Leave: true}))
	w.epoch()
	w.do()
	w.do()
	if set := w.set(Last); set.Members[0].Address != owner(0) {
		t.Fatalf("the set is %+v", set.Members)
	}
	if key, _, err := LoadKey(w, owner(0)); err != nil || key.Until != 0 {
		t.Errorf("the key that signs is used until %d (%v)", key.Until, err)
	}
	w.do(w.does(owner(0), &action.OperatorLeave{}))
	w.epoch()
	w.do()
	if set := w.set(Next); set.Members[0].Address != addr(testKey("next", 0)) {
		t.Error("the next key does not replace the key once the operator is chosen again")
	}
	w.do(w.does(holder(0), w.report(testKey("operator", 0), 3, 0)))
	w.deepAudit()
}

// What an operator has attested ends with its last height in the set: an operator that comes back says what it sees anew.
func TestAttestationsEndWithMembership(t *testing.T) {
	w := newWorld(t, testParams(), 30, 30, 20, 20)
	w.do()
	batch := attested(1, 1, owner(1))
	w.do(w.does(owner(0), batch), w.does(owner(0), &action.OperatorLeave{Leave: true}))
	if out := w.epoch(); len(out.Gone) != 0 {
		t.Errorf("%v are gone at the epoch's end", out.Gone)
	}
	w.do(w.does(owner(2), batch), w.does(owner(0), batch))
	if _, kept := w.records[AttestationKey(owner(0))]; kept {
		t.Error("the attestation of an operator that is in no set stays")
	}
	if _, kept := w.records[AttestationKey(owner(2))]; !kept {
		t.Error("the attestation of a member is gone")
	}
}

// Operators of a wei each, made with a stake that leaves again, take no places: the epoch's end does not read them, and they keep no newcomer from linking. Of those
// that keep their stake the ones with the most of it may link.
func TestDustTakesNoPlace(t *testing.T) {
	w := newWorld(t, testParams(), 20, 20, 30, 30)
	if err := w.begin(1, 0, block.System{Votes: w.all()}); err != nil {
		t.Fatal(err)
	}
	join := func(name string, i int, amount uint64) common.Address {
		t.Helper()
		k := testKey(name, i)
		w.balances[addr(k)] = *uint256.NewInt(amount)
		w.genesis.Add(&w.genesis, uint256.NewInt(amount))
		if err := w.act(addr(k), w.create(addr(k), k, amount)); err != nil {
			t.Fatal(err)
		}
		return addr(k)
	}
	for i := range 20 {
		dust := join("dust", i, 2_000)
		if err := w.act(dust, &action.Undelegate{Operator: dust, Shares: uint256.NewInt(1_999)}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range maxCandidates {
		join("small", i, 2_000)
	}
	honest := join("honest", 0, 900_000)
	w.end(Income{})
	w.deepAudit()
	if n, err := operators.count(w); err != nil || n != maxCandidates+5 {
		t.Errorf("%d operators have a place (%v)", n, err)
	}
	nodes, err := Nodes(w)
	if err != nil {
		t.Fatal(err)
	}
	if len(nodes) != maxCandidates+4 || nodes[4].Owner != honest || nodes[4].Member {
		t.Errorf("of %d nodes the first candidate is %s, not the newcomer with the most stake", len(nodes), nodes[4].Owner)
	}
	w.do(w.does(honest, &action.Undelegate{Operator: honest, Shares: uint256.NewInt(898_001)}))
	if o := w.operator(honest); o.Place != 0 {
		t.Error("an operator with less than it began with has a place")
	}
	w.do(w.does(holder(0), &action.Delegate{Operator: honest, Amount: uint256.NewInt(1)}))
	if o := w.operator(honest); o.Place == 0 {
		t.Error("an operator with enough stake again has no place")
	}
	w.deepAudit()
}

// What an epoch brings goes to the shares that stood through it: a crumb bonded in its last block earns nothing of it, and who leaves before its end leaves
// its part to those who stay.
func TestOnlySharesOfTheWholeEpochEarn(t *testing.T) {
	w := newWorld(t, testParams(), 50, 50, 50, 50)
	w.do(w.does(owner(0), &action.Undelegate{Operator: owner(0), Shares: uint256.NewInt(49_990)}))
	w.block(1_000, 0, Income{Ordering: wei(100_000)})
	if err := w.begin(5_000, 1, block.System{Votes: w.all()}); err != nil {
		t.Fatal(err)
	}
	if err := w.act(holder(3), &action.Delegate{Operator: owner(0), Amount: uint256.NewInt(90)}); err != nil {
		t.Fatal(err)
	}
	if !w.end(Income{}).Ended {
		t.Fatal("the epoch does not end")
	}
	stood, crumb := w.earned(owner(0)), w.owed(owner(0), holder(3))
	if stood.Uint64() < 18_000 || !crumb.IsZero() {
		t.Errorf("who stood through the epoch earns %s, and who came at its end %s", stood.Dec(), crumb.Dec())
	}
	w.deepAudit()

	w.block(1_000, 0, Income{Ordering: wei(80_000)}) // the operator has no power for the next set, and votes for two heights more
	w.do()
	w.epoch()
	more := w.earned(owner(0))
	more.Sub(&more, &stood)
	crumb = w.owed(owner(0), holder(3))
	if more.IsZero() || crumb.Uint64() < 9*more.Uint64()-9 || crumb.Uint64() > 9*more.Uint64()+9 {
		t.Errorf("in the next epoch 10 shares earn %s and 90 earn %s", more.Dec(), crumb.Dec())
	}
	w.deepAudit()
	w.do(w.does(holder(3), &action.Claim{Operator: owner(0)}), w.does(owner(0), &action.Claim{Operator: owner(0)}))
	w.deepAudit()
	for k := range w.records {
		if k.Kind() == state.Entry {
			t.Errorf("entry %x stays after all have settled", string(k))
		}
	}
}

// A delegation that grows in an epoch earns with what it had, and leaves with what came last; one that came in an epoch without income earns from the
// next one on, whether or not it claims between.
func TestFreshSharesLeaveFirst(t *testing.T) {
	for _, claims := range []bool{false, true} {
		w := newWorld(t, testParams(), 50, 50, 50, 50)
		w.do(w.does(holder(1), &action.Delegate{Operator: owner(0), Amount: uint256.NewInt(50_000)}))
		w.epoch()
		w.epoch()
		w.block(1_000, 0, Income{Ordering: wei(100_000)})
		w.do(w.does(holder(1), &action.Delegate{Operator: owner(0), Amount: uint256.NewInt(70_000)}))
		if claims {
			if err := w.begin(1, 0, block.System{Votes: w.all()}); err != nil {
				t.Fatal(err)
			}
			if err := w.act(holder(1), &action.Claim{Operator: owner(0)}); tx.CodeOf(err) != NothingToClaim {
				t.Errorf("a claim in the epoch: %v", err)
			}
			w.end(Income{})
		}
		w.do(w.does(holder(1), &action.Undelegate{Operator: owner(0), Shares: uint256.NewInt(65_000)}))
		w.epoch()
		own, mine := w.earned(owner(0)), w.owed(owner(0), holder(1))
		if d := own.Uint64() - mine.Uint64(); mine.IsZero() || d > 1 { // the same 50,000 shares
			t.Errorf("equal shares earn %s and %s", own.Dec(), mine.Dec())
		}
		w.deepAudit()
	}
}

// owed is what a delegation would settle for.
func (w *world) owed(operator, holder common.Address) uint256.Int {
	w.t.Helper()
	o := w.operator(operator)
	d, _, err := LoadDelegation(w, operator, holder)
	if err != nil {
		w.t.Fatal(err)
	}
	owed, err := Owed(w, operator, &o, &d)
	if err != nil {
		w.t.Fatal(err)
	}
	return owed
}

// The vector of slashing: an operator with a delegator, some of both unbonding, is at fault alone, and then together with another.
func TestGoldenSlashing(t *testing.T) {
	w := newWorld(t, testParams(), 10, 50, 20, 20)
	w.do(w.does(holder(0), &action.Delegate{Operator: owner(0), Amount: uint256.NewInt(7_001)}))
	w.epoch()
	w.do()
	w.do()
	fault := w.height
	w.do(w.does(holder(0), &action.Undelegate{Operator: owner(0), Shares: uint256.NewInt(3_000)}),
		w.does(owner(0), &action.Undelegate{Operator: owner(0), Shares: uint256.NewInt(1_000)}))
	record := func(k state.Key) string { return hex.EncodeToString(w.records[k]) }
	records := func() map[string]any {
		return map[string]any{
			"operator": record(OperatorKey(owner(0))), "delegation": record(DelegationKey(owner(0), holder(0))), "entry": record(EntryKey(owner(0), 0)),
			"pool": record(poolKey(owner(0), 1)), "unbonding": record(unbondingKey(owner(0), 1, holder(0))), "key": record(consensusKey(owner(0))),
			"offences": record(offencesKey), "pots": record(potsKey),
		}
	}
	v := map[string]any{"before": records()}
	first := w.report(testKey("operator", 0), fault, 0)
	v["reporter of the first"] = w.gain(holder(5), func() { w.do(w.does(holder(5), first)) })
	v["one at fault"] = records()
	v["reporter of the second"] = w.gain(holder(5), func() { w.do(w.does(holder(5), w.report(testKey("operator", 2), fault, 0))) })
	v["two at fault"] = records()
	w.deepAudit()
	golden.Check(t, "slashing", v)
}

// Nobody bonds so much that a product leaves 256 bits, and nobody buys into a stake that has lost nearly everything.
func TestBoundsOfBonding(t *testing.T) {
	w := newWorld(t, testParams(), 30, 30, 20, 20)
	var most uint256.Int
	most.Lsh(uint256.NewInt(1), maxStakeBits)
	w.balances[holder(0)] = most
	w.genesis = w.sum()
	reach := func(above uint64) *uint256.Int { // 2^127 - 1 tokens and so many more
		var amount uint256.Int
		return amount.Sub(&most, uint256.NewInt(30_001-above))
	}
	w.do()
	if err := w.begin(1, 0, block.System{Votes: w.all()}); err != nil {
		t.Fatal(err)
	}
	if err := w.act(holder(0), &action.Delegate{Operator: owner(0), Amount: reach(1)}); tx.CodeOf(err) != Overflow {
		t.Errorf("2^%d wei: %v", maxStakeBits, err)
	}
	if err := w.act(holder(0), &action.Delegate{Operator: owner(0), Amount: reach(0)}); err != nil {
		t.Errorf("a wei less: %v", err)
	}
	if err := w.act(holder(0), &action.Undelegate{Operator: owner(0), Shares: reach(0)}); err != nil {
		t.Errorf("all of it back: %v", err)
	}

	// Only a tombstoned operator loses tokens, and it takes none before that: the rule is the second line of defence.
	o, _, err := LoadOperator(w.tx.st, owner(1))
	if err != nil {
		t.Fatal(err)
	}
	o.Tokens = *uint256.NewInt(29)
	w.tx.s.put(owner(1), &o)
	if err := w.act(holder(1), &action.Delegate{Operator: owner(1), Amount: uint256.NewInt(5)}); tx.CodeOf(err) != Worthless {
		t.Errorf("29 tokens for 30,000 shares: %v", err)
	}
	o.Tokens = *uint256.NewInt(30)
	w.tx.s.put(owner(1), &o)
	if err := w.act(holder(1), &action.Delegate{Operator: owner(1), Amount: uint256.NewInt(5)}); err != nil {
		t.Errorf("30 tokens for 30,000 shares: %v", err)
	}
}
