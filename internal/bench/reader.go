package bench

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/lane"
	"github.com/lockstep-network/lockstep/p2p"
	"github.com/lockstep-network/lockstep/rollups"
)

// Sink takes the data of each entry that the follower has read and verified. It is called from one goroutine and must not keep data.
type Sink func(data []byte, now time.Time)

// Reader follows the operators as a rollup node does, and gives on what it has verified.
type Reader struct {
	host  *p2p.Host
	peers *rollups.Network
	lanes []namespaces.Namespace

	trust  cert.Trust // owned by Run
	height atomic.Uint64
	sink   atomic.Pointer[Sink]
}

// OpenReader starts a follower's host.
func OpenReader(ctx context.Context, n *Network) (*Reader, error) {
	trust, err := n.Genesis.Trust()
	if err != nil {
		return nil, fmt.Errorf("open follower: %w", err)
	}
	host, err := newHost(ctx, n.Genesis)
	if err != nil {
		return nil, fmt.Errorf("open follower: %w", err)
	}
	ids := make([]string, 0, len(n.Genesis.Operators))
	for _, o := range n.Genesis.Operators {
		ids = append(ids, o.PeerID)
	}
	peers, err := rollups.NewNetwork(host, ids)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open follower: %w", err), host.Close())
	}
	return &Reader{host: host, peers: peers, lanes: n.Lanes, trust: trust}, nil
}

// newHost makes a host that dials the operators and stays connected to them.
func newHost(ctx context.Context, g *genesis.Genesis) (*p2p.Host, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make node key: %w", err)
	}
	c := p2p.Config{Key: key, Prefix: feed.Prefix(g.ChainID), Limits: p2p.DefaultLimits()}
	for _, o := range g.Operators {
		for _, a := range o.Addresses {
			c.Explicit = append(c.Explicit, a+"/p2p/"+o.PeerID)
		}
	}
	return p2p.New(ctx, c)
}

// Close leaves the network.
func (r *Reader) Close() error { return r.host.Close() }

// Height is the newest certified height that was read.
func (r *Reader) Height() uint64 { return r.height.Load() }

// To sends what is read from now on to a sink; nil drops it.
func (r *Reader) To(s Sink) { r.sink.Store(&s) }

// Run follows until the context ends, one peer after the other.
func (r *Reader) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		for _, peer := range r.peers.Candidates() {
			if err := r.follow(ctx, peer); errors.As(err, new(*cert.ErrConflict)) {
				return err
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
	return ctx.Err()
}

func (r *Reader) follow(ctx context.Context, peer string) error {
	var run []feed.Step
	req := feed.Request{From: r.trust.Height + 1, Namespaces: r.lanes}
	return r.peers.Follow(ctx, peer, req, func(raw []byte) error {
		step, err := feed.DecodeStep(raw)
		if err != nil {
			return err
		}
		if run = append(run, step); step.Certificate == nil {
			return nil
		}
		done := run
		run = nil
		return r.verify(done)
	})
}

// verify holds a run against what is trusted, each lane against its header, and gives the entries to the sink.
func (r *Reader) verify(steps []feed.Step) error {
	last := steps[len(steps)-1]
	run := cert.Run{Certificate: *last.Certificate, Next: last.Next}
	for i := range steps {
		run.Headers = append(run.Headers, steps[i].Header)
	}
	next, err := r.trust.Advance(run)
	if err != nil {
		return err
	}
	var all [][]lane.Entry
	for i := range steps {
		if len(steps[i].Lanes) != len(r.lanes) {
			return errors.New("want the lanes that were asked for")
		}
		for k, l := range steps[i].Lanes {
			if l.Namespace != r.lanes[k] {
				return errors.New("want the lanes that were asked for, in order")
			}
			if err := l.Verify(steps[i].Header.DataRoot); err != nil {
				return err
			}
			if len(l.Data) == 0 {
				continue
			}
			entries, err := lane.Decode(l.Data)
			if err != nil {
				return err
			}
			all = append(all, entries)
		}
	}
	r.trust = next
	r.height.Store(next.Height)
	now := time.Now()
	sink := r.sink.Load()
	if sink == nil || *sink == nil {
		return nil
	}
	for _, entries := range all {
		for _, e := range entries {
			(*sink)(e.Data, now)
		}
	}
	return nil
}
