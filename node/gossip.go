package node

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/lockstep-network/lockstep/namespaces/feed"
	nodefeed "github.com/lockstep-network/lockstep/node/feed"
	"github.com/lockstep-network/lockstep/p2p"
)

// topics are the three gossip topics of an operator. The collector of certificates publishes to two of them and judges what comes from them, so
// they are joined when it is there, and it publishes only once it runs.
type topics struct {
	batches *p2p.Topic[[][]byte]
	votes   *p2p.Topic[feed.Vote]
	headers *p2p.Topic[feed.Announcement]
}

func (t *topics) join(host *p2p.Host, judge *nodefeed.Judge) (err error) {
	if t.batches, err = p2p.Join(host, feed.TxsTopic, judge.Txs()); err != nil {
		return fmt.Errorf("join transactions: %w", err)
	}
	if t.votes, err = p2p.Join(host, feed.VotesTopic, judge.Votes()); err != nil {
		return fmt.Errorf("join votes: %w", err)
	}
	if t.headers, err = p2p.Join(host, feed.HeadersTopic, judge.Headers()); err != nil {
		return fmt.Errorf("join headers: %w", err)
	}
	return nil
}

func (t *topics) publishVote(ctx context.Context, data []byte) error {
	return t.votes.Publish(ctx, data)
}

func (t *topics) publishHeader(ctx context.Context, data []byte) error {
	return t.headers.Publish(ctx, data)
}

// drain takes what was judged, and so used up, off the topics' queues.
func (t *topics) drain(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return nodefeed.Drain(ctx, t.batches) })
	g.Go(func() error { return nodefeed.Drain(ctx, t.votes) })
	g.Go(func() error { return nodefeed.Drain(ctx, t.headers) })
	return g.Wait()
}

// topic is a gossip topic by its one verb.
type topic func(ctx context.Context, data []byte) error

// Publish sends a message.
func (t topic) Publish(ctx context.Context, data []byte) error { return t(ctx, data) }
