package node

import (
	"context"
	"log/slog"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/lockstep-network/lockstep/node/store"
)

// beat is the time between two lines that tell how an operator fares.
const beat = 30 * time.Second

// withoutLayer is what an operator is told that orders and sees no DA layer: views and attestations need more than half and more than two thirds of the
// power (specs/09-operators.md and specs/10-fees.md).
const withoutLayer = "this operator orders, and sees no DA layer: start it with --da URL; " +
	"once members with a third of the power do not, nobody is paid for publishing, and with half published_height stands and no stake is paid out"

// heartbeat says now and then that blocks go on, or that they do not.
type heartbeat struct {
	store     *store.Store
	peers     func() []peer.ID
	published func() (published, firm uint64) // nil: this operator has no DA layer
	orders    func() bool                     // whether this operator stands in the set
	log       *slog.Logger

	head, certified, firm uint64 // at the last line; run's
}

// run writes a line each beat, until the context ends.
func (h *heartbeat) run(ctx context.Context) error {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	h.head, h.certified = h.store.Head(), h.store.Certified()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			h.line(ctx)
		}
	}
}

// line tells the state since the last one: a standstill is a warning.
func (h *heartbeat) line(ctx context.Context) {
	head, certified, peers := h.store.Head(), h.store.Certified(), len(h.peers())
	switch {
	case head == h.head:
		h.log.WarnContext(ctx, "no new block: are more than two thirds of the operators up and connected?", "height", head, "for_at_least", beat, "peers", peers)
	case certified == h.certified:
		h.log.WarnContext(ctx, "blocks are not certified", "height", head, "certified", certified, "peers", peers)
	default:
		h.log.InfoContext(ctx, "blocks go on", "height", head, "certified", certified, "blocks", head-h.head, "peers", peers)
	}
	h.head, h.certified = head, certified
	if h.published == nil {
		if h.orders() {
			h.log.WarnContext(ctx, withoutLayer)
		}
		return
	}
	published, firm := h.published()
	if firm == h.firm && firm < certified {
		h.log.WarnContext(ctx, "nothing new is firm: does the DA layer answer?", "published", published, "firm", firm, "certified", certified)
	} else {
		h.log.InfoContext(ctx, "publishing goes on", "published", published, "firm", firm, "certified", certified)
	}
	h.firm = firm
}
