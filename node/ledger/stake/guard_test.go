package stake

import (
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/tx"
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
