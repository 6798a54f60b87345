package rollups

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// firmSource reads blocks back from the DA layer, and asks how far that layer is final.
type firmSource struct {
	da      Firm
	limits  Limits
	take    func(context.Context, Block) error
	metrics *metrics
	log     *slog.Logger

	trust  cert.Trust // owned by run: what was verified and taken, to the end of a run
	cursor []byte     // owned by run: the reader's, at trust
}

// run reads until ctx ends, or until the DA layer proves a conflict, which it returns.
func (f *firmSource) run(ctx context.Context) error {
	wait := newBackoff(f.limits)
	for {
		before := f.trust.Height
		err := f.read(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s := severityOf(err)
		f.metrics.errors.WithLabelValues(s.String()).Inc()
		if s == critical {
			return err
		}
		f.log.WarnContext(ctx, "reading from the DA layer failed", "height", f.trust.Height, "error", err)
		if f.trust.Height > before {
			wait.reset()
		}
		wait.pause(ctx)
	}
}

func (f *firmSource) read(ctx context.Context) error {
	r, err := f.da.Open(ctx, f.trust, f.cursor)
	if err != nil {
		return fmt.Errorf("open the DA layer's blocks after height %d: %w", f.trust.Height, err)
	}
	defer r.Close()
	for {
		b, err := r.Next(ctx)
		if err != nil {
			return fmt.Errorf("read from the DA layer: %w", err)
		}
		if err := f.take(ctx, b); err != nil {
			return err
		}
		if b.Trust != nil {
			f.trust, f.cursor = *b.Trust, b.Cursor
		}
	}
}

// watchFinality sends the newest final DA height whenever it has risen.
func (f *firmSource) watchFinality(ctx context.Context, out chan<- uint64) {
	var last uint64
	t := time.NewTicker(f.limits.FinalityPoll)
	defer t.Stop()
	for {
		final, err := f.da.Final(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			f.metrics.errors.WithLabelValues(temporary.String()).Inc()
			f.log.DebugContext(ctx, "asking the DA layer for its final height failed", "error", err)
		}
		send := out
		if final <= last {
			send = nil
		}
		for waiting := true; waiting; {
			select {
			case send <- final:
				last, send = final, nil
			case <-t.C:
				waiting = false
			case <-ctx.Done():
				return
			}
		}
	}
}
