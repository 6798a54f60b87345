package publisher

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/datest"
)

// running runs a publisher, and what it reads back with, until the test ends it.
type running struct {
	*Publisher
	stop context.CancelFunc
	done chan error
}

func (w *world) run(p *Publisher) *running {
	w.Helper()
	ctx, cancel := context.WithCancel(w.Context())
	r := &running{p, cancel, make(chan error, 2)}
	go func() { r.done <- p.cfg.Back.Run(ctx) }()
	go func() { r.done <- p.Run(ctx) }()
	w.Cleanup(r.end)
	return r
}

func (r *running) end() {
	if r.stop != nil {
		r.stop()
		<-r.done
		<-r.done
		r.stop = nil
	}
}

// until waits for a condition.
func (w *world) until(what string, ok func() bool) {
	w.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) { // the condition is polled
		if time.Now().After(deadline) {
			w.Fatalf("waiting for %s", what)
		}
	}
}

// While a layer replaces blocks again and again, a publisher that runs posts what vanished, and a restarted one too.
func TestReorganisationsArePostedOver(t *testing.T) {
	w := newWorld(t, 21, 40, manual())
	layer := datest.NewForked(30)
	w.cfg.Layer = layer
	rng := rand.New(rand.NewPCG(21, 21))
	p := w.run(w.open(w.cfg))
	whole := func() bool {
		firm, scanned := p.cfg.Back.Firm()
		return scanned >= layer.Height() && firm.Height == w.source.Certified()
	}
	for round := range 6 {
		w.until("all to be firm", whole)
		gone := layer.Reorg(1 + uint64(rng.IntN(8)))
		var kept [][]da.Blob
		if n := rng.IntN(len(gone) + 1); n > 0 {
			kept = append(kept, gone[:n])
		}
		layer.Reorg(0, append(kept, make([][]da.Blob, 10)...)...)
		if round == 3 {
			p.end()
			p = w.run(w.open(w.cfg))
		}
	}
	w.until("all to be firm", whole)
	if s := p.Status(); s.Reposts == 0 {
		t.Errorf("status %+v, want reposts", s)
	}
	p.end()
	w.check(layer)
}
