package rollups

import (
	"context"
	"fmt"

	"golang.org/x/sync/semaphore"
)

// lookahead is the bounded queue between a source, which fetches, verifies and prepares, and the derivation, which executes. It is bounded
// by count and by bytes; a block larger than all the bytes waits until the queue is empty, and then fits.
type lookahead struct {
	items chan decoded
	room  *semaphore.Weighted
	bytes int64
}

func newLookahead(l Limits) *lookahead {
	return &lookahead{
		items: make(chan decoded, l.LookaheadBlocks),
		room:  semaphore.NewWeighted(int64(l.LookaheadBytes)),
		bytes: int64(l.LookaheadBytes),
	}
}

func (q *lookahead) weight(d *decoded) int64 { return min(int64(d.size()), q.bytes) }

// put waits for room.
func (q *lookahead) put(ctx context.Context, d decoded) error {
	if err := q.room.Acquire(ctx, q.weight(&d)); err != nil {
		return fmt.Errorf("look ahead: %w", err)
	}
	select {
	case q.items <- d:
		return nil
	case <-ctx.Done():
		q.room.Release(q.weight(&d))
		return fmt.Errorf("look ahead: %w", ctx.Err())
	}
}

// done gives back the room of a block that was received from items.
func (q *lookahead) done(d *decoded) { q.room.Release(q.weight(d)) }
