package stake

import (
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
)

// A leaf under the rewards root costs rewards: strangers that earn crumbs lengthen nothing, and claim what they have earned all the same. A place that is
// taken stays, and what a vote lowers counts when an address earns next.
func TestLeavesCostRewards(t *testing.T) {
	w := newWorld(t, testParams(), 10, 10, 10)
	w.p.LeastLeaf = 900
	tip := func(i int, amount uint64) Tip { return Tip{holder(i), wei(amount)} } // nine tenths reach the holder
	leaves := func(in Income, want ...int) {
		t.Helper()
		w.block(1_000, 0, in)
		out := w.epoch()
		w.deepAudit()
		if out.Lifetimes == nil {
			out.Lifetimes = namespaces.Lifetimes{}
		}
		ended, _, err := LoadEpoch(w, out.Epoch)
		if err != nil || ended.Root != out.Lifetimes.Leaves().Root() {
			t.Fatalf("root %s of %d leaves, %v", ended.Root, len(out.Lifetimes), err)
		}
		var have, expected []common.Address
		for _, l := range out.Lifetimes {
			have = append(have, l.Address)
		}
		for _, i := range want {
			expected = append(expected, holder(i))
		}
		slices.SortFunc(expected, common.Address.Cmp)
		if !slices.Equal(have, expected) {
			t.Fatalf("leaves of %v, want %v", have, expected)
		}
	}
	crumbs := Income{Tips: []Tip{tip(1, 10), tip(2, 500), tip(3, 999), tip(4, 1_000)}}
	for i := range 200 {
		crumbs.Tips = append(crumbs.Tips, Tip{owner(1_000 + i), wei(10)})
	}
	leaves(crumbs, 4)
	before := w.balances[holder(1)]
	if err := w.begin(1_000, 0, block.System{Votes: w.all()}); err != nil {
		t.Fatal(err)
	}
	if err := w.act(holder(1), &action.Claim{}); err != nil {
		t.Errorf("a crumb is not paid: %v", err)
	}
	w.end(Income{})
	if after := w.balances[holder(1)]; after.Uint64() != before.Uint64()+9 {
		t.Errorf("a claim pays %d wei, want 9", after.Uint64()-before.Uint64())
	}
	leaves(Income{Tips: []Tip{tip(2, 500)}}, 2, 4) // 450 twice
	w.p.LeastLeaf = 5_000
	leaves(Income{Tips: []Tip{tip(3, 1_000), tip(4, 1_000)}}, 2, 4)
	leaves(Income{Tips: []Tip{tip(4, 5_000)}}, 2, 4) // not twice
	w.p.LeastLeaf = 1
	leaves(Income{Tips: []Tip{tip(1, 10)}}, 1, 2, 4) // a claim took nothing from its lifetime; the third has earned nothing since
	leaves(Income{Tips: []Tip{tip(3, 10)}}, 1, 2, 3, 4)
}
