package evmnode

import (
	"context"
	"log/slog"
	"time"

	"github.com/lockstep-network/lockstep/rollups"
)

// beat is the time between two lines that tell how a rollup node fares.
const beat = 30 * time.Second

// heartbeat says now and then how far the node has derived, or that it does not move.
type heartbeat struct {
	heads     func() rollups.Heads
	announced func() uint64 // newest shared height known to exist
	log       *slog.Logger

	last rollups.Heads // at the last line; run's
}

// run writes a line each beat, until the context ends.
func (h *heartbeat) run(ctx context.Context) error {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	h.last = h.heads()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			h.line(ctx)
		}
	}
}

// line tells the heads in shared heights. That nothing moved is a warning: a sequencer that runs makes blocks, be they empty.
func (h *heartbeat) line(ctx context.Context) {
	heads := h.heads()
	moved := heads.Soft.Height != h.last.Soft.Height || heads.Firm.Height != h.last.Firm.Height
	h.last = heads
	if !moved {
		h.log.WarnContext(ctx, "no new shared block: do the operators or the DA layer answer?", "soft", heads.Soft.Height, "firm", heads.Firm.Height, "announced", h.announced())
		return
	}
	h.log.InfoContext(ctx, "derivation goes on", "soft", heads.Soft.Height, "firm", heads.Firm.Height, "final", heads.Final.Height, "block", heads.Soft.Output.Number)
}
