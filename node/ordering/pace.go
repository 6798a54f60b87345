package ordering

import (
	"context"
	"time"
)

// pacer keeps the block interval: a proposal goes out one interval after the one of the height before was seen, or made,
// here. So the interval contains the round, whatever the network makes of it, and no clock but the own is asked.
type pacer struct {
	interval time.Duration
	now      func() time.Time

	height uint64    // whose proposal was seen last
	at     time.Time // when
}

// seen notes that a proposal of the height is there. Of several rounds the last counts.
func (p *pacer) seen(height uint64) { p.height, p.at = height, p.now() }

// due is how long the proposal of the height has to wait; nothing after a restart, or in a later round.
func (p *pacer) due(height uint64) time.Duration {
	if p.height+1 != height {
		return 0
	}
	return min(max(p.interval-p.now().Sub(p.at), 0), p.interval)
}

// wait returns when the proposal of the height is due, or ctx ends.
func (p *pacer) wait(ctx context.Context, height uint64) {
	due := p.due(height)
	if due <= 0 {
		return
	}
	timer := time.NewTimer(due)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
