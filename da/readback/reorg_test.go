package readback

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/da/datest"
)

// Who published what follows the DA layer through reorganisations: the tip goes back, and what another posts in its place counts for that one.
func TestReorganised(t *testing.T) {
	w := newWorld(t, 0)
	w.chain.Grow(t, rand.New(rand.NewPCG(3, 3)), 20, 500, nsA(), nsB())
	layer := datest.NewForked(5)
	w.cfg.Layer, w.to = layer, layer
	a, b := common.Address{1}, common.Address{2}
	w.post(a, a, 1, 10)
	w.post(a, a, 11, 20)
	f, err := Open(w.cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	at := func(height, daHeight uint64) {
		t.Helper()
		deadline := time.Now().Add(30 * time.Second) // ends a test that hangs
		for tip, scanned := f.Firm(); tip.Height != height || scanned < daHeight; tip, scanned = f.Firm() {
			if time.Now().After(deadline) {
				t.Fatalf("the firm tip is %d at DA height %d, want %d at %d", tip.Height, scanned, height, daHeight)
			}
			time.Sleep(time.Millisecond) // the condition is polled
		}
	}
	at(20, 2)
	layer.Reorg(1, nil)
	at(10, 2)
	if runs := f.Runs(1, 20); len(runs) != 2 || runs[1] != (Run{Last: 20}) {
		t.Errorf("what was withdrawn is %+v, want nobody's", runs)
	}
	w.post(b, b, 11, 20)
	layer.Advance(10)
	at(20, 13)
	runs := f.Runs(1, 20)
	if len(runs) < 2 || runs[0].Publisher != a || runs[len(runs)-1].Publisher != b {
		t.Errorf("the runs are %+v", runs)
	}
	cancel()
	<-done
	if got := w.read(w.cfg, 20).Runs(1, 20); !slices.Equal(got, runs) {
		t.Errorf("after a restart the runs are %+v, before %+v", got, runs)
	}
}
