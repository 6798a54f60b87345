package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// DefaultLinger is how long a first transaction waits for company. It is short beside a block, and long beside the time between two transactions
// of a loaded gateway.
const DefaultLinger = 3 * time.Millisecond

// batchOverhead is the room that a batch's own lists, version and attempt take at most, in bytes.
const batchOverhead = 32

// Outbox has the transactions that this node must gossip: its users' new ones, and those that several blocks have left out; a *pool.Pool is one.
type Outbox interface {
	// Unannounced waits for such transactions and returns encodings of at most maxBytes together and at most maxCount of them, at least one.
	Unannounced(ctx context.Context, maxBytes, maxCount int) ([][]byte, error)
}

// Topic is a gossip topic; a *p2p.Topic is one.
type Topic interface {
	Publish(ctx context.Context, data []byte) error
}

// Announcer gossips a node's own transactions in batches.
type Announcer struct {
	outbox Outbox
	topic  Topic
	linger time.Duration
	log    *slog.Logger
}

// NewAnnouncer makes an announcer. A linger of 0 sends each batch as soon as it is there.
func NewAnnouncer(outbox Outbox, topic Topic, linger time.Duration, log *slog.Logger) *Announcer {
	return &Announcer{outbox, topic, linger, log}
}

// Run gossips until the context ends. A batch that gossip does not take is not lost: the pool brings its transactions again.
func (a *Announcer) Run(ctx context.Context) error {
	for attempt := uint64(time.Now().UnixNano()); ; attempt++ { // never the same twice, not even over a restart
		batch, err := a.gather(ctx)
		if err != nil {
			return err
		}
		if err := a.topic.Publish(ctx, feed.EncodeBatch(attempt, batch)); err != nil {
			a.log.WarnContext(ctx, "transactions not gossiped", "count", len(batch), "error", err)
		}
	}
}

// gather waits for a first transaction and takes what comes within the linger.
func (a *Announcer) gather(ctx context.Context) ([][]byte, error) {
	const room = feed.MaxBatchSize - batchOverhead
	batch, err := a.outbox.Unannounced(ctx, room, feed.MaxBatchTxs)
	if err != nil {
		return nil, fmt.Errorf("announce transactions: %w", err)
	}
	size := sizeOf(batch)
	lingering, cancel := context.WithTimeout(ctx, a.linger)
	defer cancel()
	for a.linger > 0 && room-size >= tx.MaxSize && len(batch) < feed.MaxBatchTxs {
		more, err := a.outbox.Unannounced(lingering, room-size, feed.MaxBatchTxs-len(batch))
		switch {
		case ctx.Err() != nil:
			return nil, fmt.Errorf("announce transactions: %w", ctx.Err())
		case errors.Is(err, context.DeadlineExceeded):
			return batch, nil
		case err != nil:
			return nil, fmt.Errorf("announce transactions: %w", err)
		}
		batch, size = append(batch, more...), size+sizeOf(more)
	}
	return batch, nil
}

func sizeOf(batch [][]byte) (n int) {
	for _, raw := range batch {
		n += len(raw)
	}
	return n
}
