package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/p2p"
	"github.com/lockstep-network/lockstep/rollups/gateway"
)

// legs is the load of gateways: payloads that were due within the linger become the legs of one transaction, under one signature.
type legs struct {
	session *Session
	run     uint64
}

func (s *Session) newLegs() load { return &legs{session: s, run: rand.Uint64()} }

func (l *legs) prepare(context.Context, Schedule) error { return nil }

func (l *legs) match(data []byte) (int, bool) { return number(l.run, data) }

func (l *legs) send(ctx context.Context, plan Schedule, accepted *Tally) error {
	return l.session.gossip(ctx, l.session.outlets, plan, accepted, func(sender int, due []int) ([][]byte, error) {
		var txs [][]byte
		perTx := min(tx.MaxLegs, (int(l.session.network.Genesis.Params.MaxTxBytes)-512)/(l.session.config.Size+24))
		for len(due) > 0 {
			n := min(len(due), perTx)
			raw, err := l.wrap(sender, due[:n])
			if err != nil {
				return nil, err
			}
			txs, due = append(txs, raw), due[n:]
		}
		return txs, nil
	})
}

func (l *legs) wrap(sender int, due []int) ([]byte, error) {
	n := l.session.network
	ns := n.Lanes[sender%len(n.Lanes)]
	list := make([]tx.Leg, len(due))
	for k, i := range due {
		list[k] = tx.Leg{Namespace: ns, Data: payload(l.run, i, l.session.config.Size)}
	}
	v, err := tx.Sign(tx.Fields{
		ChainID: n.Genesis.ChainID, Salt: rand.Uint64(), Expiry: l.session.reader.Height() + expiryAhead, Legs: list,
		MaxFeePerByte: 2 * n.Genesis.Params.LeastPrice(),
	}, n.Payers[sender%len(n.Payers)])
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return v.Raw(), nil
}

// signed is the load of many payers: one leg and one signature each, made before the run.
type signed struct {
	session *Session
	run     uint64
	outlets []outlet
	raws    [][]byte
}

func (s *Session) newSigned() *signed {
	return &signed{session: s, run: rand.Uint64(), outlets: s.outlets}
}

func (l *signed) prepare(ctx context.Context, plan Schedule) (err error) {
	l.raws, err = l.session.sign(ctx, l.run, plan.N, target{lane: -1, factor: 2, size: l.session.config.Size})
	return err
}

func (l *signed) match(data []byte) (int, bool) { return number(l.run, data) }

func (l *signed) send(ctx context.Context, plan Schedule, accepted *Tally) error {
	return l.session.gossip(ctx, l.outlets, plan, accepted, func(_ int, due []int) ([][]byte, error) {
		txs := make([][]byte, len(due))
		for k, i := range due {
			txs[k] = l.raws[i]
		}
		return txs, nil
	})
}

// target says where transactions go and what they accept.
type target struct {
	lane   int    // index of the network's; negative: all in turn
	factor uint64 // of the least price
	size   int    // bytes of a payload
}

// sign makes n transactions of one payload each, over all payers.
func (s *Session) sign(ctx context.Context, run uint64, n int, to target) ([][]byte, error) {
	g := s.network.Genesis
	// An idle chain moves slowly and a loaded one ten times a second: most of the window is for the run.
	expiry := s.reader.Height() + g.Params.ExpiryWindow*9/10
	raws := make([][]byte, n)
	work, ctx := errgroup.WithContext(ctx)
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		work.Go(func() error {
			for i := w; i < n && ctx.Err() == nil; i += workers {
				v, err := s.signOne(run, i, expiry, to)
				if err != nil {
					return err
				}
				raws[i] = v.Raw()
			}
			return ctx.Err()
		})
	}
	return raws, work.Wait()
}

// signOne makes a run's transaction i.
func (s *Session) signOne(run uint64, i int, expiry uint64, to target) (tx.Verified, error) {
	g, lane := s.network.Genesis, to.lane
	if lane < 0 {
		lane = i % len(s.network.Lanes)
	}
	v, err := tx.Sign(tx.Fields{
		ChainID: g.ChainID, Salt: rand.Uint64(), Expiry: expiry, MaxFeePerByte: to.factor * g.Params.LeastPrice(),
		Legs: []tx.Leg{{Namespace: s.network.Lanes[lane], Data: payload(run, i, to.size)}},
	}, s.network.Payers[i%len(s.network.Payers)])
	if err != nil {
		return v, fmt.Errorf("sign: %w", err)
	}
	return v, nil
}

// gossip has each gateway wrap transactions of what is due to it, once a linger, and publish them: busy ones linger as a rollup's gateway does.
func (s *Session) gossip(ctx context.Context, outlets []outlet, plan Schedule, accepted *Tally, wrap func(sender int, due []int) ([][]byte, error)) error {
	work, ctx := errgroup.WithContext(ctx)
	for g := range outlets {
		work.Go(func() error {
			timer := time.NewTimer(s.config.Linger)
			defer timer.Stop()
			for next := g; next < plan.N; {
				select {
				case <-ctx.Done():
					return ctx.Err()
				case now := <-timer.C:
					var due []int
					for until := plan.Until(now); next < until; next += len(outlets) {
						due = append(due, next)
					}
					timer.Reset(gateway.Linger(s.config.Linger, len(due)))
					if len(due) == 0 {
						continue
					}
					txs, err := wrap(g, due)
					if err != nil {
						return err
					}
					err = outlets[g].publish(ctx, txs)
					if errors.Is(err, p2p.ErrNobody) {
						accepted.Refused("no peer") // and so they are lost
					} else if err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	return work.Wait()
}
