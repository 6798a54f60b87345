package rollups

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
)

// latePeers brings a step that was on its way when the follower gave the stream up, as a host's buffer does.
type latePeers struct {
	*fakePeers

	chain *chain
	asked bool
}

func (p *latePeers) Follow(ctx context.Context, peer string, req feed.Request, onStep func([]byte) error) error {
	if !p.asked {
		p.asked = true
		<-ctx.Done()
		return onStep(p.chain.steps[0].Encode())
	}
	return p.fakePeers.Follow(ctx, peer, req, onStep)
}

// What was verified is taken, or verified again: a stream that ends at the wrong moment must not leave a gap, which would drop soft.
func TestStreamLeftWithAStepOnItsWay(t *testing.T) {
	c := newChain(31, 10)
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	limits := quick().withDefaults()
	limits.Silence = 20 * time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	next := uint64(1)
	f := &follower{
		peers:     &latePeers{fakePeers: newFakePeers().add("peer", honest(c, newStage(10))), chain: c},
		namespace: mine(), limits: limits, metrics: m, log: slog.New(slog.DiscardHandler), trust: c.genesis,
		tip: func() cert.Trust { return c.genesis }, proven: func() uint64 { return 0 },
		take: func(ctx context.Context, b Block) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if b.Header.Height != next {
				t.Errorf("height %d where %d comes next", b.Header.Height, next)
				cancel()
			}
			if next++; next > c.covered(10) {
				cancel()
			}
			return nil
		},
	}
	_ = f.run(ctx)
	if next <= c.covered(10) {
		t.Errorf("the next height is %d, want all %d", next, c.covered(10))
	}
}
