package node

import (
	"errors"
	"testing"

	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/node/store"
)

func published(firm uint64) func() (uint64, uint64) {
	return func() (uint64, uint64) { return firm + 5, firm }
}

func TestWhatIsKept(t *testing.T) {
	for name, c := range map[string]struct {
		pruning    pruning
		head, want uint64
	}{
		"all":                        {pruning{}, 5000, 0},
		"all, publisher":             {pruning{published: published(5000)}, 5000, 0},
		"young chain":                {pruning{keep: 1000}, 999, 0},
		"as many as there are":       {pruning{keep: 1000}, 1000, 1},
		"newest":                     {pruning{keep: 1000}, 5000, 4001},
		"publisher keeps up":         {pruning{keep: 1000, published: published(4990)}, 5000, 3991},
		"publisher has stopped":      {pruning{keep: 1000, published: published(1200)}, 500_000, 201},
		"publisher has not begun":    {pruning{keep: 1000, published: published(0)}, 500_000, 0},
		"others publish further":     {pruning{keep: 1000, published: published(6000)}, 5000, 4001},
		"keeps more than there ever": {pruning{keep: 1 << 63}, 5000, 0},
	} {
		if got := c.pruning.below(c.head); got != c.want {
			t.Errorf("%s: lowest height kept is %d, want %d", name, got, c.want)
		}
	}
}

// Blocks go in steps, never one that is not certified or not firm; and consensus may drop exactly what the store has dropped.
func TestPruningOnARealStore(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	s := n.Open(t, t.TempDir())
	firm := uint64(0)
	p := pruning{keep: 10, store: s, published: func() (uint64, uint64) { return firm, firm }}
	steps := []struct{ to, certified, firm, floor uint64 }{
		{100, 0, 0, 1},       // nothing is certified, nothing is firm
		{100, 100, 0, 1},     // nothing is firm
		{100, 100, 73, 1},    // 63 blocks are due: less than a step
		{100, 100, 90, 81},   // all that is due
		{200, 100, 190, 100}, // held back by certificates
		{200, 200, 190, 181},
	}
	for _, step := range steps {
		for s.Head() < step.to {
			n.Commit(t, s)
		}
		if step.certified > s.Certified() {
			n.Certify(t, s, step.certified)
		}
		firm = step.firm
		if err := p.step(); err != nil {
			t.Fatal(err)
		}
		if got := s.Floor(); got != step.floor || p.retain()() != got {
			t.Fatalf("head %d, certified %d, firm %d: the lowest block is %d, want %d; consensus retains from %d",
				step.to, step.certified, step.firm, got, step.floor, p.retain()())
		}
	}
	if _, err := s.Header(180); !errors.Is(err, store.ErrPruned) {
		t.Errorf("header below the lowest: %v", err)
	}
	if _, err := s.Contents(181); err != nil {
		t.Errorf("lowest block: %v", err)
	}
	if (pruning{store: s}).retain() != nil {
		t.Error("consensus may drop blocks of an operator that keeps all")
	}
}

func TestManyBlocksGoAFewAtATime(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	s := n.Open(t, t.TempDir())
	for range pruneMost + 200 {
		n.Commit(t, s)
	}
	n.Certify(t, s, s.Head())
	p := pruning{keep: 10, store: s}
	for _, want := range []uint64{1 + pruneMost, pruneMost + 200 - 10 + 1} {
		if err := p.step(); err != nil || s.Floor() != want {
			t.Fatalf("the lowest block is %d, %v, want %d", s.Floor(), err, want)
		}
	}
}
