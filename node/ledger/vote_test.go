package ledger_test

import (
	"errors"
	"testing"

	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

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

// With 64 changes waiting the vote that would decide one more fails, and its operator's word stays what it was.
func TestVotesWhenTooManyChangesWait(t *testing.T) {
	w := newWorld(t)
	vote := func(height uint64) *action.Vote {
		return &action.Vote{Height: height, Changes: []action.Change{{Name: "lanePrice", Value: uint256.NewInt(4)}}}
	}
	cast := func(height uint64, operators ...int) {
		t.Helper()
		for _, i := range operators {
			w.must(address(w.ops[i]), vote(height))
		}
	}
	const far = 10_000
	for i := range uint64(64) {
		cast(far+i, 0, 1, 2)
	}
	cast(far+100, 0, 2)
	cast(far+101, 1)
	if code := w.does(address(w.ops[1]), vote(far+100)); code != ledger.ParameterRange {
		t.Fatalf("the deciding vote: %q", code)
	}
	// Both in one block: the word that the first of them restores is what the second one's power stands beside.
	e := w.block(w.tx(address(w.ops[1]), act(t, vote(far+100)), act(t, vote(far+101))), w.tx(address(w.ops[3]), act(t, vote(far+101))))
	if len(e.Failures) != 1 || e.Failures[0].Code != ledger.ParameterRange {
		t.Fatalf("%+v", e.Failures)
	}
	if b, found, err := ledger.BallotOf(w.s, address(w.ops[1])); err != nil || !found || b.Height != far+101 {
		t.Fatalf("its word is %+v, found %v (%v)", b, found, err)
	}
	if waiting, err := ledger.ScheduleOf(w.s); err != nil || len(waiting) != 64 {
		t.Fatalf("%d wait (%v)", len(waiting), err)
	}
}
