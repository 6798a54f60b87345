package p2p

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/libp2p/go-libp2p"
	dht "github.com/libp2p/go-libp2p-kad-dht"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	libp2pquic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/quicreuse"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/prometheus/client_golang/prometheus"
)

// ErrClosed is returned by what is called, or waits, after Close.
var ErrClosed = errors.New("p2p host is closed")

// Host is a node's place in the network. Its methods may be called from any goroutine.
type Host struct {
	// Set by New, then read only.
	self    peer.ID
	prefix  string
	log     *slog.Logger
	metrics *metrics
	conduct *conduct
	meshes  *meshes
	net     host.Host
	dht     *dht.IpfsDHT
	pubsub  *pubsub.PubSub
	linked  *linked

	// ctx ends when Close begins; work counts the goroutines that have to return before it ends.
	ctx    context.Context //nolint:containedctx // the host's own lifetime, no caller's
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu sync.Mutex
	// scores, topics and closed are guarded by mu. scores are gossipsub's of a second ago, at most.
	scores map[peer.ID]float64
	topics map[string]struct{}
	closed bool
}

// PeerID returns the peer id of a node key.
func PeerID(key ed25519.PublicKey) (peer.ID, error) {
	pub, err := crypto.UnmarshalEd25519PublicKey(key)
	if err != nil {
		return "", fmt.Errorf("read node key: %w", err)
	}
	id, err := peer.IDFromPublicKey(pub)
	if err != nil {
		return "", fmt.Errorf("derive peer id: %w", err)
	}
	return id, nil
}

// New starts a host: it listens, connects to its explicit and bootstrap peers and looks for others until Close. The
// context bounds the start only.
func New(ctx context.Context, cfg Config) (*Host, error) {
	p, err := cfg.parse()
	if err != nil {
		return nil, fmt.Errorf("p2p config: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("start p2p host: %w", err)
	}
	h := &Host{
		self:    p.self,
		prefix:  cfg.Prefix,
		log:     cfg.Logger,
		conduct: newConduct(),
		meshes:  newMeshes(),
		linked:  newLinked(),
		topics:  make(map[string]struct{}),
	}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	reg := cfg.Registerer
	if reg == nil {
		reg = prometheus.NewRegistry()
	}
	if h.metrics, err = newMetrics(reg, func() float64 { return float64(len(h.Peers())) }); err != nil {
		return nil, err
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	if err := h.start(cfg, p); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// start builds the parts in the order in which they need each other. Close undoes it, wherever it stopped.
func (h *Host) start(cfg Config, p parsed) error {
	var err error
	if h.net, err = newLibp2p(cfg, p, gate{h.conduct}); err != nil {
		return err
	}
	if h.dht, err = newDHT(h.net, cfg.Prefix, p.bootstrap); err != nil {
		return err
	}
	if err := h.startGossip(); err != nil {
		return err
	}
	h.startLinks(p, cfg.Roster)
	h.work.Go(h.advertise)
	h.work.Go(h.discover)
	return nil
}

// newLibp2p builds the host itself: QUIC and TCP, no relay, no hole punching, no address guessing: a node is told where it
// can be reached.
func newLibp2p(cfg Config, p parsed, g gate) (host.Host, error) {
	key, err := crypto.UnmarshalEd25519PrivateKey(cfg.Key)
	if err != nil {
		return nil, fmt.Errorf("read node key: %w", err)
	}
	resources, err := newResourceManager(cfg.Limits)
	if err != nil {
		return nil, err
	}
	conns, err := newConnManager(cfg.Limits)
	if err != nil {
		return nil, errors.Join(err, resources.Close())
	}
	options := []libp2p.Option{
		libp2p.Identity(key),
		// Without port reuse a port that another process has is an error, rather than half of its connections.
		libp2p.Transport(tcp.NewTCPTransport, tcp.DisableReuseport()),
		libp2p.Transport(libp2pquic.NewTransport),
		libp2p.QUICReuse(quicreuse.NewConnManager),
		libp2p.ResourceManager(resources),
		libp2p.ConnectionManager(conns),
		libp2p.ConnectionGater(g),
		libp2p.UserAgent("lockstep"),
		libp2p.NoListenAddrs,
		libp2p.SwarmOpts(swarm.WithDialRanker(tcpFirst)),
		libp2p.DisableRelay(),
		libp2p.ForceReachabilityPublic(),
		libp2p.DisableIdentifyAddressDiscovery(),
		libp2p.DisableMetrics(),
	}
	if len(p.announce) > 0 {
		options = append(options, libp2p.AddrsFactory(func([]ma.Multiaddr) []ma.Multiaddr { return p.announce }))
	}
	h, err := libp2p.New(options...)
	if err != nil {
		return nil, fmt.Errorf("start libp2p host: %w", err)
	}
	// One by one: the library is content with the first address that works.
	for _, a := range p.listen {
		if err := h.Network().Listen(a); err != nil {
			return nil, errors.Join(fmt.Errorf("listen on %s: %w", a, err), h.Close())
		}
	}
	return h, nil
}

// begin counts a piece of work that Close has to wait for, unless the host is closed. work.Done ends it.
func (h *Host) begin() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.work.Add(1)
	return true
}

// Close leaves the network. When it returns no handler, decoder or validator of a caller runs any more; later calls do
// nothing. It must not be called from one of them.
func (h *Host) Close() error {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil
	}
	h.closed = true
	h.mu.Unlock()
	h.cancel()
	var err error
	if h.dht != nil {
		err = h.dht.Close()
	}
	if h.net != nil {
		err = errors.Join(err, h.net.Close())
	}
	h.work.Wait()
	if err != nil {
		return fmt.Errorf("close p2p host: %w", err)
	}
	return nil
}

// ID is the host's peer id.
func (h *Host) ID() peer.ID { return h.self }

// Addrs returns the addresses at which others can reach this host, each ending in its /p2p/ id.
func (h *Host) Addrs() []string {
	addrs, err := peer.AddrInfoToP2pAddrs(&peer.AddrInfo{ID: h.self, Addrs: h.net.Addrs()})
	if err != nil {
		return nil
	}
	texts := make([]string, len(addrs))
	for i, a := range addrs {
		texts[i] = a.String()
	}
	return texts
}

// Peers returns the connected peers, in no order.
func (h *Host) Peers() []peer.ID {
	if h.net == nil {
		return nil
	}
	return h.net.Network().Peers()
}

// Connected says whether there is a connection to a peer.
func (h *Host) Connected(p peer.ID) bool {
	return h.net.Network().Connectedness(p) == network.Connected
}

// Connect dials a peer at a multiaddress that ends in /p2p/<peer id>, once. It is not kept connected: Config.Explicit is.
func (h *Host) Connect(ctx context.Context, addr string) error {
	infos, err := parsePeers([]string{addr}, h.self)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	for _, info := range infos {
		if err := h.net.Connect(ctx, info); err != nil {
			return fmt.Errorf("connect to %s: %w", info.ID, err)
		}
	}
	return nil
}

// Penalize charges a peer with an offence that a caller found in what the peer sent; reason is for the log. At 90 points
// the peer is disconnected, and refused for about a minute. An explicit peer is treated like any other: an operator that sends
// rubbish loses this network for a minute, not its vote.
func (h *Host) Penalize(p peer.ID, o Offence, reason string) {
	if p == h.self {
		return
	}
	h.metrics.offences.WithLabelValues(o.String()).Inc()
	h.log.DebugContext(h.ctx, "peer offended", "peer", p, "offence", o, "reason", reason)
	if !h.conduct.charge(p, o) || !h.Connected(p) {
		return
	}
	h.disconnect(p, reason)
}

// disconnect closes all connections to a peer, without waiting for it: callers are often on a goroutine of that connection.
func (h *Host) disconnect(p peer.ID, reason string) {
	h.metrics.disconnects.Inc()
	h.log.WarnContext(h.ctx, "peer disconnected for its conduct", "peer", p, "reason", reason)
	go func() { _ = h.net.Network().ClosePeer(p) }()
}

// Score returns the lower of what gossip and the account of offences say about a peer: 0 is neutral, below -80 its gossip is ignored.
func (h *Host) Score(p peer.ID) float64 {
	h.mu.Lock()
	gossip := h.scores[p]
	h.mu.Unlock()
	return min(gossip, -h.conduct.points(p))
}

// protocolID is the id of a protocol of this network.
func (h *Host) protocolID(name string) protocol.ID {
	return protocol.ID(h.prefix + "/" + name)
}
