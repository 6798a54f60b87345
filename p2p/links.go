package p2p

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	mrand "math/rand/v2"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
	"github.com/multiformats/go-multistream"
)

const (
	// dialTimeout bounds one attempt: three round trips over the slowest link (0.6 s) and a lost packet.
	dialTimeout = 4 * time.Second
	// redialMin and redialMax bound the pause between attempts. A peer that restarts dials us itself; this is for when only we can dial.
	redialMin = 100 * time.Millisecond
	redialMax = time.Second
	// bootstrapIdle is the pause between attempts at a bootstrap peer when there are enough other peers.
	bootstrapIdle = time.Minute
	// enoughPeers is the number of peers from which bootstrap peers and discovery are no longer urgent.
	enoughPeers = 8
	// checkInterval is the pause between two looks at a connection. QUIC alone notices after 30 s that a peer was killed.
	checkInterval = 5 * time.Second
	// probeTimeout is how long a lone connection may stay silent; rivalTimeout is the same for a connection beside a newer one.
	probeTimeout = 5 * time.Second
	rivalTimeout = time.Second
)

// startLinks dials every configured peer, those of the roster as it changes, and keeps watch over all connections.
func (h *Host) startLinks(p parsed, roster func() []string) {
	h.net.Network().Notify(&network.NotifyBundle{
		ConnectedF:    func(_ network.Network, c network.Conn) { h.onConnected(c) },
		DisconnectedF: func(_ network.Network, c network.Conn) { h.onDisconnected(c) },
	})
	h.relink(p, roster)
	if roster != nil {
		h.work.Go(func() {
			for h.pause(h.ctx, rosterInterval, nil) {
				h.relink(p, roster)
			}
		})
	}
	h.work.Go(h.watchGossip)
}

// keep connects to a peer, again and again, and looks after the connection in between.
func (h *Host) keep(l *link) {
	pause, wait := redialMin, time.Duration(0)
	var since time.Time
	for l.ctx.Err() == nil {
		switch {
		case h.Connected(l.info.ID):
			for _, c := range h.net.Network().ConnsToPeer(l.info.ID) {
				h.probe(c, probeTimeout)
			}
			// A connection that the other side closes at once is no reason to hurry.
			if time.Since(since) > checkInterval {
				pause = redialMin
			}
			wait = pause/2 + mrand.N(pause)
			h.pause(l.ctx, checkInterval, l.lost)
		case h.conduct.banned(l.info.ID):
			h.pause(l.ctx, checkInterval, nil)
		default:
			if !l.explicit && !since.IsZero() && len(h.Peers()) >= enoughPeers {
				wait = bootstrapIdle
			}
			if !h.pause(l.ctx, wait, nil) || h.Connected(l.info.ID) {
				continue
			}
			if h.dial(l.info) == nil {
				since = time.Now()
			}
			pause = min(2*pause, redialMax)
			wait = pause/2 + mrand.N(pause)
		}
	}
}

// pause waits, until early has something. It returns false when the context ends, which the host's does when it closes.
func (h *Host) pause(ctx context.Context, d time.Duration, early <-chan struct{}) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-early:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// dial connects to a peer at once, whatever the swarm's own memory of failed attempts (five seconds and more) says.
func (h *Host) dial(info peer.AddrInfo) error {
	if s, ok := h.net.Network().(*swarm.Swarm); ok {
		s.Backoff().Clear(info.ID)
	}
	ctx, cancel := context.WithTimeout(h.ctx, dialTimeout)
	defer cancel()
	if err := h.net.Connect(ctx, info); err != nil {
		h.metrics.dials.WithLabelValues("failed").Inc()
		h.log.DebugContext(ctx, "peer not reached", "peer", info.ID, "error", err)
		return fmt.Errorf("dial %s: %w", info.ID, err)
	}
	h.metrics.dials.WithLabelValues("connected").Inc()
	return nil
}

// onConnected asks older connections of the same peer whether they still live. A peer that was killed and comes back leaves
// one on which we would talk to nobody until QUIC's idle time-out, and gossip stays on the oldest connection.
func (h *Host) onConnected(c network.Conn) {
	p := c.RemotePeer()
	h.log.DebugContext(h.ctx, "peer connected", "peer", p, "address", c.RemoteMultiaddr(), "direction", c.Stat().Direction)
	var rivals []network.Conn
	for _, old := range h.net.Network().ConnsToPeer(p) {
		if old != c {
			rivals = append(rivals, old)
		}
	}
	for _, old := range rivals {
		go h.probe(old, rivalTimeout)
	}
}

func (h *Host) onDisconnected(c network.Conn) {
	h.log.DebugContext(h.ctx, "connection closed", "peer", c.RemotePeer(), "address", c.RemoteMultiaddr())
	if l := h.linked.get(c.RemotePeer()); l != nil {
		select {
		case l.lost <- struct{}{}:
		default:
		}
	}
}

// probe sends libp2p's ping on one connection and closes the connection when no answer comes in time.
func (h *Host) probe(c network.Conn, timeout time.Duration) {
	ctx, cancel := context.WithTimeout(h.ctx, timeout)
	defer cancel()
	start := time.Now()
	err := pingOn(ctx, c)
	if err == nil {
		// Two round trips: a stream is opened, and its protocol agreed, with the first.
		h.net.Peerstore().RecordLatency(c.RemotePeer(), time.Since(start)/2)
		return
	}
	if h.ctx.Err() != nil || c.IsClosed() || errors.Is(err, network.ErrResourceLimitExceeded) {
		return
	}
	h.metrics.stale.Inc()
	h.log.InfoContext(h.ctx, "closed a connection on which nobody answers", "peer", c.RemotePeer(), "address", c.RemoteMultiaddr(), "error", err)
	_ = c.Close()
}

func pingOn(ctx context.Context, c network.Conn) error {
	s, err := c.NewStream(ctx)
	if err != nil {
		return fmt.Errorf("open ping stream: %w", err)
	}
	defer func() { _ = s.Reset() }()
	if deadline, ok := ctx.Deadline(); ok {
		if err := s.SetDeadline(deadline); err != nil {
			return fmt.Errorf("set ping deadline: %w", err)
		}
	}
	if err := s.SetProtocol(ping.ID); err != nil {
		return fmt.Errorf("account ping stream: %w", err)
	}
	if err := multistream.SelectProtoOrFail(ping.ID, s); err != nil {
		return fmt.Errorf("negotiate ping: %w", err)
	}
	sent := make([]byte, ping.PingSize)
	if _, err := rand.Read(sent); err != nil {
		return fmt.Errorf("make ping: %w", err)
	}
	if _, err := s.Write(sent); err != nil {
		return fmt.Errorf("send ping: %w", err)
	}
	if _, err := io.ReadFull(s, make([]byte, ping.PingSize)); err != nil {
		return fmt.Errorf("await ping: %w", err)
	}
	return nil
}

// onGossipLost drops what is left of a peer when its gossip stream ended with one of several connections. Gossipsub would
// open a new stream, but has forgotten which topics the peer is in, and the peer has no reason to tell it again.
func (h *Host) onGossipLost(p peer.ID) {
	if h.ctx.Err() != nil || !h.Connected(p) {
		return
	}
	h.log.InfoContext(h.ctx, "gossip lost one of several connections, starting afresh", "peer", p)
	go func() { _ = h.net.Network().ClosePeer(p) }()
}

// watchGossip disconnects peers that are connected but to which gossipsub has no stream, because opening it failed once.
func (h *Host) watchGossip() {
	missing := make(map[peer.ID]bool)
	for h.pause(h.ctx, checkInterval, nil) {
		gossiping := make(map[peer.ID]bool)
		for _, p := range h.pubsub.ListPeers("") {
			gossiping[p] = true
		}
		still := make(map[peer.ID]bool)
		for _, p := range h.Peers() {
			supported, err := h.net.Peerstore().SupportsProtocols(p, gossipProtocols()...)
			if err != nil || len(supported) == 0 || gossiping[p] {
				continue
			}
			if !missing[p] {
				still[p] = true
				continue
			}
			h.log.InfoContext(h.ctx, "reconnecting to a peer that gossip has lost", "peer", p)
			_ = h.net.Network().ClosePeer(p)
		}
		missing = still
	}
}
