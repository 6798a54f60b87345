package ordering

import (
	"context"
	"time"
)

// pacer keeps the block interval: a proposal goes out one interval after the one of the height before was seen, or made,
// here. So the interval contains the round, whatever the network makes of it, and no clock but the own is asked. What a proposal takes from its
// proposer to here would come on top each time, so it is taken off: lag follows by how much proposals come later than the interval.
type pacer struct {
	interval time.Duration
	now      func() time.Time

	height uint64        // whose proposal was seen last
	at     time.Time     // when
	lag    time.Duration // taken off the wait: 0 to a quarter of the interval
}

// lagGain is the part of a proposal's lateness by which lag moves: noise of a few heights evens out, a change is followed in a second or two.
const lagGain = 8

// seen notes that a proposal of the height is there. Of several rounds the last counts.
func (p *pacer) seen(height uint64) {
	now := p.now()
	if p.height+1 == height {
		// An idle chain, or one whose round failed, is late for other reasons.
		if late := now.Sub(p.at) - p.interval; late < p.interval/2 {
			p.lag = min(max(p.lag+late/lagGain, 0), p.interval/4)
		}
	}
	p.height, p.at = height, now
}

// due is how long the proposal of the height has to wait; nothing after a restart, or in a later round.
func (p *pacer) due(height uint64) time.Duration {
	if p.height+1 != height {
		return 0
	}
	return min(max(p.interval-p.lag-p.now().Sub(p.at), 0), p.interval)
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
