package publisher

import (
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/da/datest"
	"github.com/lockstep-network/lockstep/da/local"
)

// Each operator has its turn, and each height has one operator of each rank.
func TestTurn(t *testing.T) {
	set := datest.NewChain(t, 4).Genesis.Set
	for _, height := range []uint64{1, TurnLength, TurnLength + 1, 5 * TurnLength, 1 << 40} {
		seen := map[int]bool{}
		for i, o := range set.Operators() {
			rank := Turn(set, o.Address, height)
			if seen[rank] || rank < 0 || rank > 3 {
				t.Errorf("height %d: rank %d twice or out of range", height, rank)
			}
			seen[rank] = true
			if want := int((height - 1) / TurnLength % 4); (rank == 0) != (i == want) {
				t.Errorf("height %d: operator %d has rank %d, the first is %d", height, i, rank, want)
			}
		}
	}
	if got := Turn(set, common.Address{9}, 1); got != 4 {
		t.Errorf("a stranger's rank is %d", got)
	}
}

// ranked opens a publisher of a folder and name of its own that comes after so many.
func (w *world) ranked(rank int) *Publisher {
	w.Helper()
	cfg := w.cfg
	cfg.Dir, cfg.Patience = w.TempDir(), 3
	cfg.Self = func() common.Address { return common.Address{byte(rank + 1)} }
	cfg.Rank = func(uint64) int { return rank }
	return w.open(cfg)
}

// The publisher is killed in the middle of a batch: the next one takes over after a few DA heights, and goes on. When the first is back it publishes again, and
// nothing is lost or twice. While the first works the others write nothing.
func TestTakeover(t *testing.T) {
	w := newWorld(t, 31, 60, manual())
	w.source.certified.Store(20)
	first, second, third := w.ranked(0), w.ranked(1), w.ranked(2)
	first.hook = func(effect string) error {
		if effect == "landed" && w.source.certified.Load() == 40 {
			return &killedError{effect}
		}
		return nil
	}
	a, b, c := w.run(first), w.run(second), w.run(third)
	firmAt := func(p *running, height uint64) func() bool {
		return func() bool {
			if p != a { // time passes on the layer
				_ = w.layer.Advance()
			}
			tip, _ := p.cfg.Back.Firm()
			return tip.Height >= height
		}
	}
	w.until("the first", firmAt(a, 20))
	if n := b.Status().Batches + c.Status().Batches; n != 0 {
		t.Errorf("the others have published %d batches beside the first", n)
	}
	w.source.certified.Store(40)
	w.until("the second to take over", firmAt(b, 40))
	if b.Status().Batches == 0 {
		t.Error("the second has published nothing")
	}
	b.end()
	w.source.certified.Store(50)
	w.until("the third to take over", firmAt(c, 50))
	a.end()
	cfg := first.cfg
	cfg.Back = nil
	again := w.run(w.open(cfg))
	w.source.certified.Store(60)
	w.until("the first to be back", firmAt(again, 60))
	w.check(w.layer)
}

// Two that both think it is their turn change nothing but the bill.
func TestTwoAtOnce(t *testing.T) {
	w := newWorld(t, 32, 60, local.Options{Interval: 2_000_000})
	a, b := w.run(w.ranked(0)), w.run(w.ranked(0))
	for _, p := range []*running{a, b} {
		w.until("both", func() bool {
			tip, _ := p.cfg.Back.Firm()
			return min(tip.Height, p.Status().Published) == 60
		})
	}
	w.check(w.layer)
}
