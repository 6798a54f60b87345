package api_test

import (
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/node/store"
)

func actionLeg(t *testing.T, a action.Action) tx.Leg {
	t.Helper()
	return tx.Leg{Namespace: namespaces.Ledger(), Data: must[[]byte](t)(action.Encode(a))}
}

// Actions that fail are told with their legs and codes, those that do something are not; and they are forgotten with their block.
func TestFailedActionsAreTold(t *testing.T) {
	n := newNode(t)
	good := n.Tx(t, 50, actionLeg(t, &action.Transfer{To: common.Address{1}, Amount: uint256.NewInt(1)}))
	bad := n.Tx(t, 50, actionLeg(t, &action.Exit{Namespace: chaintest.Alpha}), actionLeg(t, &action.Transfer{To: common.Address{1}, Amount: uint256.NewInt(1)}),
		actionLeg(t, &action.Transfer{Amount: new(uint256.Int)}))
	h := n.block(good, bad)
	for id, want := range map[common.Hash][]api.Failure{good.ID(): nil, bad.ID(): {{Leg: 0, Code: "not_owner"}, {Leg: 2, Code: "zero_amount"}}} {
		got := must[*api.Transaction](t)(n.http.Transaction(t.Context(), id))
		if got.Status != api.StatusIncluded || !slices.Equal(got.Failures, want) {
			t.Errorf("%+v, want failures %v", got, want)
		}
	}
	if account := must[*api.Account](t)(n.http.Account(t.Context(), common.Address{1})); account.Balance.Uint64() != 2 {
		t.Errorf("%s wei have arrived, want 2", account.Balance)
	}
	n.block()
	n.Certify(t, n.store, h, h+1)
	if _, err := n.store.Prune(h + 1); err != nil {
		t.Fatal(err)
	}
	at := must[store.Location](t)(n.store.Tx(bad.ID()))
	if left := must[[]store.Failed](t)(n.store.Failures(at)); left != nil {
		t.Errorf("the failures of a pruned block are kept: %v", left)
	}
	if got := must[*api.Transaction](t)(n.http.Transaction(t.Context(), bad.ID())); got.Status != api.StatusIncluded || got.Height != h {
		t.Errorf("after pruning: %+v", got)
	}
}
