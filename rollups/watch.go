package rollups

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// slowest is the rate, in bytes a second, at which a run that is not certified yet may come in without its peer counting as withholding.
const slowest = 256 << 10

// errSilent: nothing came for long. Nobody is charged: the chain itself may stand still.
var errSilent = errors.New("nothing certified comes from the peer")

// watch ends a stream whose peer is silent, or lags what is proven to exist. It counts only the time in which the follower waits for the
// peer, not that in which the peer waits for the follower.
type watch struct {
	limits Limits
	proven func() uint64

	mu       sync.Mutex
	height   uint64    // guarded by mu: verified
	working  bool      // guarded by mu: the follower is at work
	since    time.Time // guarded by mu: the last step, or the end of the work on it
	advanced time.Time // guarded by mu: the last verified run
	lagging  time.Time // guarded by mu: since when more is proven than was brought; zero if not
	bytes    int       // guarded by mu: received since advanced
}

func newWatch(l Limits, height uint64, proven func() uint64) *watch {
	now := time.Now()
	return &watch{limits: l, proven: proven, height: height, since: now, advanced: now}
}

// run looks now and then, and cancels the stream with the reason.
func (w *watch) run(ctx context.Context, cancel context.CancelCauseFunc) {
	t := time.NewTicker(max(min(w.limits.Silence, w.limits.Withheld)/8, time.Millisecond))
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			if err := w.look(now); err != nil {
				cancel(err)
				return
			}
		}
	}
}

func (w *watch) look(now time.Time) error {
	proven := w.proven()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.working {
		w.lagging = time.Time{}
		return nil
	}
	if proven <= w.height {
		w.lagging = time.Time{}
	} else if w.lagging.IsZero() {
		w.lagging = now
	}
	allowed := w.limits.Withheld + time.Duration(w.bytes)*time.Second/slowest
	switch {
	case !w.lagging.IsZero() && now.Sub(w.lagging) > allowed:
		return blame(FaultSilent, fmt.Errorf("height %d is proven, %d is all that the peer brings", proven, w.height))
	case now.Sub(w.since) > w.limits.Silence, now.Sub(w.advanced) > 6*w.limits.Silence+time.Duration(w.bytes)*time.Second/slowest:
		return errSilent
	}
	return nil
}

func (w *watch) busy() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.working = true
}

func (w *watch) waiting() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.working, w.since = false, time.Now()
}

func (w *watch) received(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bytes += n
}

func (w *watch) progress(height uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.height, w.bytes, w.advanced, w.lagging = height, 0, time.Now(), time.Time{}
}
