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
