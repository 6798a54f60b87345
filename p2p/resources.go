package p2p

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/p2p/net/connmgr"
	"github.com/libp2p/go-libp2p/x/rate"
	ma "github.com/multiformats/go-multiaddr"
)

// connectionGrace keeps a new connection from being trimmed before it could become useful.
const connectionGrace = 20 * time.Second

// newResourceManager sets every limit of Limits, and for what Limits does not name (transient resources, libp2p's own
// services) the library's defaults for the same memory.
func newResourceManager(l Limits) (network.ResourceManager, error) {
	system := rcmgr.ResourceLimits{
		Conns: rcmgr.LimitVal(l.MaxConnections), ConnsInbound: rcmgr.LimitVal(l.MaxConnections), ConnsOutbound: rcmgr.LimitVal(l.MaxConnections),
		Streams: rcmgr.LimitVal(l.MaxStreams), StreamsInbound: rcmgr.LimitVal(l.MaxStreams), StreamsOutbound: rcmgr.LimitVal(l.MaxStreams),
		Memory: rcmgr.LimitVal64(l.MaxMemory), FD: rcmgr.LimitVal(l.MaxConnections),
	}
	streams := rcmgr.ResourceLimits{
		Streams: rcmgr.LimitVal(l.MaxStreamsPerPeer), StreamsInbound: rcmgr.LimitVal(l.MaxStreamsPerPeer), StreamsOutbound: rcmgr.LimitVal(l.MaxStreamsPerPeer),
		Memory: rcmgr.LimitVal64(l.MaxMemoryPerPeer),
	}
	onePeer := streams
	// Two hosts that dial each other at once, over QUIC and TCP, have four connections for a moment.
	onePeer.Conns, onePeer.ConnsInbound, onePeer.ConnsOutbound, onePeer.FD = 8, 8, 8, 8
	protocol := system
	protocol.Conns, protocol.ConnsInbound, protocol.ConnsOutbound, protocol.FD = 0, 0, 0, 0
	limits := rcmgr.PartialLimitConfig{
		System:              system,
		PeerDefault:         onePeer,
		ProtocolDefault:     protocol,
		ProtocolPeerDefault: streams,
	}.Build(rcmgr.DefaultLimits.Scale(l.MaxMemory, l.MaxConnections))
	m, err := rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(limits),
		rcmgr.WithLimitPerSubnet(
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 32, ConnCount: l.MaxConnectionsPerIP}},
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 56, ConnCount: l.MaxConnectionsPerIP}, {PrefixLength: 48, ConnCount: 4 * l.MaxConnectionsPerIP}},
		),
		rcmgr.WithConnRateLimiters(newRateLimiter(l)),
	)
	if err != nil {
		return nil, fmt.Errorf("build resource manager: %w", err)
	}
	return m, nil
}

// newRateLimiter bounds new connections per address and second, loopback excepted: the library's one in five seconds
// would keep out a site of operators that restarts as a whole.
func newRateLimiter(l Limits) *rate.Limiter {
	perIP := rate.Limit{RPS: 2, Burst: 2 * l.MaxConnectionsPerIP}
	return &rate.Limiter{
		NetworkPrefixLimits: []rate.PrefixLimit{
			{Prefix: netip.MustParsePrefix("127.0.0.0/8"), Limit: rate.Limit{}},
			{Prefix: netip.MustParsePrefix("::1/128"), Limit: rate.Limit{}},
		},
		SubnetRateLimiter: rate.SubnetLimiter{
			IPv4SubnetLimits: []rate.SubnetLimit{{PrefixLength: 32, Limit: perIP}},
			IPv6SubnetLimits: []rate.SubnetLimit{{PrefixLength: 56, Limit: perIP}},
			GracePeriod:      time.Minute,
		},
	}
}

// newConnManager trims to the low watermark when the high one is passed.
func newConnManager(l Limits) (*connmgr.BasicConnMgr, error) {
	m, err := connmgr.NewConnManager(l.LowConnections, l.HighConnections, connmgr.WithGracePeriod(connectionGrace))
	if err != nil {
		return nil, fmt.Errorf("build connection manager: %w", err)
	}
	return m, nil
}

// gate refuses connections from and to peers whose conduct has got them banned.
type gate struct{ conduct *conduct }

// InterceptPeerDial refuses to dial a banned peer.
func (g gate) InterceptPeerDial(p peer.ID) bool { return !g.conduct.banned(p) }

// InterceptAddrDial allows every address.
func (g gate) InterceptAddrDial(peer.ID, ma.Multiaddr) bool { return true }

// InterceptAccept allows every address: an identity is known only after the handshake.
func (g gate) InterceptAccept(network.ConnMultiaddrs) bool { return true }

// InterceptSecured refuses a banned peer as soon as it has proved who it is.
func (g gate) InterceptSecured(_ network.Direction, p peer.ID, _ network.ConnMultiaddrs) bool {
	return !g.conduct.banned(p)
}

// InterceptUpgraded allows what the handshake allowed.
func (g gate) InterceptUpgraded(network.Conn) (bool, control.DisconnectReason) { return true, 0 }

// quicDelay is how much later QUIC is tried than TCP, when a peer has both.
const quicDelay = 250 * time.Millisecond

// tcpFirst prefers TCP, the reverse of the library: a megabyte of gossip costs two to three times the CPU over QUIC, and
// a peer that was killed is noticed at once over TCP. QUIC remains for those who can be reached by it alone.
func tcpFirst(addrs []ma.Multiaddr) []network.AddrDelay {
	isTCP := func(a ma.Multiaddr) bool {
		_, err := a.ValueForProtocol(ma.P_TCP)
		return err == nil
	}
	var delay time.Duration
	if slices.ContainsFunc(addrs, isTCP) {
		delay = quicDelay
	}
	ranked := make([]network.AddrDelay, 0, len(addrs))
	for _, a := range addrs {
		if isTCP(a) {
			ranked = append(ranked, network.AddrDelay{Addr: a})
		} else {
			ranked = append(ranked, network.AddrDelay{Addr: a, Delay: delay})
		}
	}
	return ranked
}
