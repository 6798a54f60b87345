package local

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/lockstep-network/lockstep/da"
)

// dice draws the faults. It is guarded by Layer.mu.
type dice struct {
	Faults
	rng *rand.Rand
}

func newDice(f Faults) *dice {
	return &dice{Faults: f, rng: rand.New(rand.NewPCG(f.Seed, 0x6c6f636b73746570))}
}

// happens draws only for a fault that is switched on, so that switching one on does not shift another.
func (d *dice) happens(p float64) bool { return p > 0 && d.rng.Float64() < p }

// disturb returns the blobs as they will stand in the block.
func (d *dice) disturb(blobs []da.Blob) []da.Blob {
	out := make([]da.Blob, 0, len(blobs))
	for _, b := range blobs {
		out = append(out, b)
		if d.happens(d.Duplicate) {
			out = append(out, b)
		}
	}
	if len(out) > 1 && d.happens(d.Reorder) {
		d.rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	}
	return out
}

// beforeSubmit applies the faults of a Submit and says whether its reply will be lost.
func (l *Layer) beforeSubmit(ctx context.Context) (lose bool, err error) {
	l.mu.Lock()
	f := l.faults.Faults
	drop := l.faults.happens(f.Drop)
	lose = l.faults.happens(f.LoseReply)
	l.mu.Unlock()
	if err := wait(ctx, f.Delay); err != nil {
		return false, err
	}
	if f.NoSubmit || drop {
		return false, fmt.Errorf("submit to local DA, kept out by a fault: %w", da.ErrUnavailable)
	}
	return lose, nil
}

// beforeRead applies the faults of a Read. Without error the caller holds l.files shared, and the layer is open.
func (l *Layer) beforeRead(ctx context.Context) error {
	l.mu.Lock()
	f := l.faults.Faults
	l.mu.Unlock()
	if err := wait(ctx, f.Delay); err != nil {
		return err
	}
	if f.NoRead {
		return fmt.Errorf("read local DA, kept out by a fault: %w", da.ErrUnavailable)
	}
	l.files.RLock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		l.files.RUnlock()
		return errClosed
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
