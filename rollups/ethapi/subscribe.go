package ethapi

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/p2p/rpcport"
	"github.com/lockstep-network/lockstep/rollups/evm"
)

// subscriptionsAPI are the subscriptions of eth_subscribe. Each is a cursor of its own: a client that reads slowly delays itself alone, and
// holds nothing here but its place.
type subscriptionsAPI struct {
	b    *backend
	subs *subscriptions
}

// NewHeads is the subscription newHeads: each new block's header and, after a rollback, that of the block gone back to.
func (a *subscriptionsAPI) NewHeads(ctx context.Context) (*rpc.Subscription, error) {
	cursor := a.b.Chain.NewCursor(a.b.latest())
	return a.subs.start(ctx, func(ctx context.Context, send func(any) error) error {
		return follow(ctx, cursor, func(e evm.Event) error {
			header, err := a.b.newHead(e)
			if header == nil {
				return err
			}
			return send(encodeHeader(header))
		})
	})
}

// Logs is the subscription logs: logs of new blocks, and again with removed set when a rollback drops them.
func (a *subscriptionsAPI) Logs(ctx context.Context, c criteria) (*rpc.Subscription, error) {
	if err := c.live(a.b.Limits); err != nil {
		return nil, err
	}
	cursor, tail := a.b.Chain.NewCursor(a.b.latest()), &logTail{b: a.b, wanted: c}
	return a.subs.start(ctx, func(ctx context.Context, send func(any) error) error {
		return follow(ctx, cursor, func(e evm.Event) error {
			logs, err := tail.take(e)
			for _, log := range logs {
				if err := send(log); err != nil {
					return err
				}
			}
			return err
		})
	})
}

// NewPendingTransactions is the subscription newPendingTransactions: hashes of what this node's gateway accepts, or transactions if full is set.
func (a *subscriptionsAPI) NewPendingTransactions(ctx context.Context, full *bool) (*rpc.Subscription, error) {
	hashes, cancel := a.b.accepted()
	sub, err := a.subs.start(ctx, func(ctx context.Context, send func(any) error) error {
		defer cancel()
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case hash, ok := <-hashes:
				if !ok {
					return nil
				}
				if tx := a.b.announce(hash, full); tx != nil {
					if err := send(tx); err != nil {
						return err
					}
				}
			}
		}
	})
	if err != nil {
		cancel()
	}
	return sub, err
}

// follow hands on the events of a cursor until ctx ends.
func follow(ctx context.Context, cursor *evm.Cursor, take func(evm.Event) error) error {
	for {
		event, err := cursor.Next(ctx)
		if err != nil {
			return err
		}
		if err := take(event); err != nil {
			return err
		}
	}
}

// subscriptions counts those of each connection, and runs them.
type subscriptions struct {
	total, perConnection int
	metrics              *metrics
	log                  *slog.Logger
	work                 sync.WaitGroup
	port                 atomic.Pointer[rpcport.Port] // where the connections come from; nil before Serve

	mu    sync.Mutex
	count map[string]int // guarded by mu; by remote address
	all   int            // guarded by mu
}

func newSubscriptions(l Limits, m *metrics, log *slog.Logger) *subscriptions {
	return &subscriptions{total: l.Subscriptions, perConnection: l.SubscriptionsPerConnection, metrics: m, log: log, count: make(map[string]int)}
}

// start runs a subscription on a goroutine of its own until it fails, the client unsubscribes or goes away, or the server stops. One that fails
// closes its connection: a silent gap would be worse, and clients reconnect.
func (s *subscriptions) start(ctx context.Context, run func(ctx context.Context, send func(any) error) error) (*rpc.Subscription, error) {
	notifier, ok := rpc.NotifierFromContext(ctx)
	if !ok {
		return nil, rpc.ErrNotificationsUnsupported
	}
	remote := rpc.PeerInfoFromContext(ctx).RemoteAddr
	if !s.enter(remote) {
		s.metrics.refused.WithLabelValues("subscriptions").Inc()
		return nil, exceeded("too many subscriptions: at most %d on a connection, %d in all", s.perConnection, s.total)
	}
	sub := notifier.CreateSubscription()
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.work.Go(func() {
		defer cancel()
		select {
		case <-sub.Err(): // unsubscribed, or the connection has ended
		case <-own.Done():
		}
	})
	s.work.Go(func() {
		defer s.leave(remote)
		defer cancel()
		err := run(own, func(v any) error { return notifier.Notify(sub.ID, v) })
		if err != nil && own.Err() == nil {
			s.log.DebugContext(own, "subscription failed", "client", remote, "error", err)
			s.drop(remote)
		}
	})
	return sub, nil
}

// drop closes a connection, if it came by the port.
func (s *subscriptions) drop(remote string) {
	if p := s.port.Load(); p != nil {
		p.Drop(remote)
	}
}

func (s *subscriptions) enter(remote string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= s.total || s.count[remote] >= s.perConnection {
		return false
	}
	s.all++
	s.count[remote]++
	s.metrics.subscriptions.Set(float64(s.all))
	return true
}

func (s *subscriptions) leave(remote string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.count[remote]--; s.count[remote] == 0 {
		delete(s.count, remote)
	}
	s.metrics.subscriptions.Set(float64(s.all))
}
