package api

import (
	"context"
	"fmt"
	"sync"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/proof"
)

// waitAhead is how far above the newest certified height a subscription may begin: this node may be behind the one that a client comes from.
const waitAhead = 64

// runAtOnce is how many headers a subscription reads at once; short runs come whole.
const runAtOnce = cert.MarkEvery

// Headers is the subscription "headers": every certified header from a height on, in order, none left out. Without a height it begins with the
// next one.
func (s *Service) Headers(ctx context.Context, from *Height) (*rpc.Subscription, error) {
	return s.follow(ctx, from, func(_ context.Context, n HeaderNotice) (any, error) { return n, nil })
}

// Lane is the subscription "lane": what every block from a height on holds under a namespace, with the proof, and the certified header that proves
// it. A block without such a lane is proven to have none.
func (s *Service) Lane(ctx context.Context, ns namespaces.Namespace, from *Height) (*rpc.Subscription, error) {
	return s.follow(ctx, from, func(ctx context.Context, n HeaderNotice) (any, error) {
		var d proof.Document
		if _, err := s.addLanes(ctx, &d, n.Header.Height, []namespaces.Namespace{ns}); err != nil {
			return nil, err
		}
		return LaneNotice{HeaderNotice: n, Lane: d.Lanes[0]}, nil
	})
}

// Transaction is the subscription "transaction": what seq_getTransaction answers, now and whenever it changes, until the transaction stands in a
// certified block, is rejected or expires.
func (s *Service) Transaction(ctx context.Context, id common.Hash) (*rpc.Subscription, error) {
	return s.subscribe(ctx, func(ctx context.Context, emit func(any) error) error {
		var last string
		for {
			changed := s.store.Changed()
			now, err := s.GetTransaction(ctx, id)
			if err != nil {
				return err
			}
			if state := fmt.Sprint(now.Status, now.Acknowledged, now.Certified); state != last {
				if err := emit(now); err != nil {
					return err
				}
				last = state
			}
			if now.Certified || now.Status == StatusExpired || now.Status == StatusRejected {
				return nil
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
}

// follow is a cursor over the certified heights.
func (s *Service) follow(ctx context.Context, from *Height, notice func(context.Context, HeaderNotice) (any, error)) (*rpc.Subscription, error) {
	next := s.store.Certified() + 1
	if from != nil {
		n, err := s.resolve(*from)
		if err != nil {
			return nil, err
		}
		next = n
	}
	if floor := s.store.Floor(); next < floor {
		e := fail(Pruned, "height %d is pruned, the lowest is %d", next, floor)
		e.Data.Height = floor
		return nil, e
	}
	if certified := s.store.Certified(); next > certified+waitAhead {
		e := fail(NotYet, "height %d is far above the newest certified one, %d: begin at most %d above it", next, certified, waitAhead)
		e.Data.Height = certified
		return nil, e
	}
	return s.subscribe(ctx, func(ctx context.Context, emit func(any) error) error {
		for {
			if err := s.store.WaitCertified(ctx, next); err != nil {
				return err
			}
			run, err := s.store.Piece(next, min(s.store.Certified(), next+runAtOnce-1))
			if err != nil {
				return err
			}
			if run.Next, err = s.following(run); err != nil {
				return err
			}
			for i, h := range run.Headers {
				n := HeaderNotice{Header: headerOf(h, h.Height)}
				if i == len(run.Headers)-1 && !run.Piece() {
					n.Certificate, n.Next = run.Certificate.Encode(), run.Next
				}
				v, err := notice(ctx, n)
				if err != nil {
					return err
				}
				if err := emit(v); err != nil {
					return err
				}
			}
			next += uint64(len(run.Headers))
		}
	})
}

// subscribe runs one subscription on a goroutine of its own until it is done, the client unsubscribes or goes away, or the server stops. Each
// notification is written to the connection before the next one is made: a client that does not read holds up its own connection, and is
// disconnected when a write has taken the write timeout. If a subscription fails, its connection is closed: a silent gap would be worse.
func (s *Service) subscribe(ctx context.Context, run func(ctx context.Context, emit func(any) error) error) (*rpc.Subscription, error) {
	notifier, ok := rpc.NotifierFromContext(ctx)
	if !ok {
		return nil, rpc.ErrNotificationsUnsupported
	}
	remote := rpc.PeerInfoFromContext(ctx).RemoteAddr
	if !s.subs.enter(remote) {
		return nil, fail(Busy, "too many subscriptions, on this connection or in all")
	}
	sub := notifier.CreateSubscription()
	answered := ctx.Done() // the call's context ends when the client has the subscription's id; before, notifications would be buffered
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		select {
		case <-sub.Err():
		case <-s.subs.stopped:
		case <-own.Done():
		}
		cancel()
	}()
	s.subs.work.Go(func() {
		defer s.subs.leave(remote)
		defer cancel()
		select {
		case <-answered:
		case <-own.Done():
			return
		}
		err := run(own, func(v any) error { return notifier.Notify(sub.ID, v) })
		if err != nil && own.Err() == nil {
			s.log.DebugContext(own, "subscription failed", "client", remote, "error", err)
			s.subs.drop(remote)
		}
	})
	return sub, nil
}

// subscriptions counts the subscriptions of each connection, and can close it.
type subscriptions struct {
	perConnection, total int
	drop                 func(remote string) // closes a connection; set by the server before it serves
	stopped              chan struct{}
	work                 sync.WaitGroup

	mu    sync.Mutex // guards what follows
	count map[string]int
	all   int
}

func newSubscriptions(l Limits) *subscriptions {
	return &subscriptions{
		perConnection: l.SubscriptionsPerConnection, total: l.Subscriptions, stopped: make(chan struct{}), count: make(map[string]int),
		drop: func(string) {},
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
	return true
}

func (s *subscriptions) leave(remote string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	s.count[remote]--
	if s.count[remote] == 0 {
		delete(s.count, remote)
	}
}
