package ordering

import (
	"testing"
	"time"
)

// Four operators take turns; a proposal takes a while to the other three. The interval between proposals comes to be the one that was set, whatever
// the transit, as long as a quarter of the interval makes up for it.
func TestPaceMakesUpForTransit(t *testing.T) {
	const interval = 100 * time.Millisecond
	for _, c := range []struct{ transit, want time.Duration }{
		{0, interval},
		{5 * time.Millisecond, interval},
		{20 * time.Millisecond, interval},
		{40 * time.Millisecond, 115 * time.Millisecond}, // a quarter is taken off and no more
		{time.Second, 1100 * time.Millisecond},          // not late but broken: nothing is taken off
	} {
		t.Run(c.transit.String(), func(t *testing.T) {
			var now time.Time
			operators := make([]*pacer, 4)
			for i := range operators {
				operators[i] = &pacer{interval: interval, now: func() time.Time { return now }}
			}
			propose := func(height uint64) {
				proposer := operators[height%4]
				now = now.Add(proposer.due(height))
				proposer.seen(height)
				now = now.Add(c.transit)
				for _, o := range operators {
					if o != proposer {
						o.seen(height)
					}
				}
			}
			height := uint64(1)
			for ; height <= 200; height++ {
				propose(height)
			}
			began := now
			for ; height <= 300; height++ {
				propose(height)
			}
			got := now.Sub(began) / 100
			if d := (got - c.want).Abs(); d > time.Millisecond {
				t.Fatalf("interval %s with a transit of %s, want %s", got, c.transit, c.want)
			}
		})
	}
}
