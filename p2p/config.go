package p2p

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"regexp"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/prometheus/client_golang/prometheus"
)

// Config says who a host is, where it listens, whom it knows, and how much it may use. It is read once, by New.
type Config struct {
	// Key is the node's ed25519 identity (ed25519.NewKeyFromSeed makes one of a 32-byte seed). The peer id follows from it.
	Key ed25519.PrivateKey
	// Listen holds the multiaddresses to listen on: /ip4/../udp/../quic-v1 and /ip4/../tcp/.. . A port 0 is chosen by the system.
	// Without any the host only dials.
	Listen []string
	// Announce replaces the listen addresses in what other nodes are told, for a node behind a translated address.
	Announce []string
	// Bootstrap holds multiaddresses with a /p2p/ id at which a node without any other knowledge enters the network.
	Bootstrap []string
	// Explicit holds multiaddresses with a /p2p/ id of peers that are always kept connected, whatever the limits: the other
	// operators. Several addresses of one peer are several entries. The host's own id is skipped, here and in Bootstrap.
	Explicit []string
	// Roster names explicit peers beside those of Explicit, as they are now: peers come, go and move. It is called about once a second and must be
	// quick. An entry that is no address is left out. May be nil.
	Roster func() []string
	// Prefix begins every protocol id, topic and rendezvous of this network, as "/lockstep/devnet-1".
	Prefix string
	// Limits bounds connections, streams and memory. DefaultLimits fits an operator.
	Limits Limits
	// Registerer receives the metrics. Nil keeps them in a registry of the host's own.
	Registerer prometheus.Registerer
	// Logger receives what the host does. Nil discards it.
	Logger *slog.Logger
}

// Limits bounds what all peers together may take from this process.
type Limits struct {
	// LowConnections is the number of connections that trimming goes down to. Explicit peers are never trimmed.
	LowConnections int
	// HighConnections is the number of connections above which those of least use are closed.
	HighConnections int
	// MaxConnections is the number of connections above which a new one is refused.
	MaxConnections int
	// MaxConnectionsPerIP bounds the connections from one IPv4 address or IPv6 /56, loopback excepted.
	MaxConnectionsPerIP int
	// MaxStreams bounds the streams of all peers.
	MaxStreams int
	// MaxStreamsPerPeer bounds the streams of one peer.
	MaxStreamsPerPeer int
	// MaxMemory bounds the bytes that streams and connections buffer, in total.
	MaxMemory int64
	// MaxMemoryPerPeer bounds the bytes that streams and connections of one peer buffer.
	MaxMemoryPerPeer int64
}

// DefaultLimits are the limits of an operator that also serves a few hundred followers.
func DefaultLimits() Limits {
	return Limits{
		LowConnections:      160,
		HighConnections:     256,
		MaxConnections:      512,
		MaxConnectionsPerIP: 32,
		MaxStreams:          8192,
		MaxStreamsPerPeer:   512,
		MaxMemory:           1 << 30,
		// A QUIC connection may buffer 15 MiB and a yamux stream 16 MiB; eight connections are the most that one peer has.
		MaxMemoryPerPeer: 192 << 20,
	}
}

// validate says which bound contradicts another.
func (l Limits) validate() error {
	switch {
	case l.LowConnections < 1 || l.HighConnections < l.LowConnections || l.MaxConnections < l.HighConnections:
		return fmt.Errorf("need 1 <= low (%d) <= high (%d) <= max (%d) connections", l.LowConnections, l.HighConnections, l.MaxConnections)
	case l.MaxConnectionsPerIP < 1:
		return errors.New("need at least 1 connection per address")
	case l.MaxStreamsPerPeer < 16 || l.MaxStreams < l.MaxStreamsPerPeer:
		return fmt.Errorf("need 16 <= streams per peer (%d) <= streams (%d)", l.MaxStreamsPerPeer, l.MaxStreams)
	case l.MaxMemoryPerPeer < 32<<20 || l.MaxMemory < l.MaxMemoryPerPeer:
		return fmt.Errorf("need 32 MiB <= memory per peer (%d) <= memory (%d)", l.MaxMemoryPerPeer, l.MaxMemory)
	}
	return nil
}

// prefixForm is the path that protocols begin with: one to eight parts.
var prefixForm = regexp.MustCompile(`^(/[A-Za-z0-9._-]{1,64}){1,8}$`)

// Validate returns the first field that New would refuse.
func (c Config) Validate() error {
	_, err := c.parse()
	return err
}

// parsed is a Config whose text has become addresses.
type parsed struct {
	self      peer.ID
	listen    []ma.Multiaddr
	announce  []ma.Multiaddr
	bootstrap []peer.AddrInfo
	explicit  []peer.AddrInfo
}

func (c Config) parse() (parsed, error) {
	var p parsed
	if len(c.Key) != ed25519.PrivateKeySize {
		return p, fmt.Errorf("node key has %d bytes, want %d (ed25519)", len(c.Key), ed25519.PrivateKeySize)
	}
	if !prefixForm.MatchString(c.Prefix) {
		return p, fmt.Errorf("protocol prefix %q: want a path such as /lockstep/chain", c.Prefix)
	}
	if err := c.Limits.validate(); err != nil {
		return p, fmt.Errorf("limits: %w", err)
	}
	var err error
	if p.self, err = PeerID(ed25519.PublicKey(c.Key[ed25519.PrivateKeySize-ed25519.PublicKeySize:])); err != nil {
		return p, err
	}
	if p.listen, err = parseAddrs(c.Listen); err != nil {
		return p, fmt.Errorf("listen address: %w", err)
	}
	if p.announce, err = parseAddrs(c.Announce); err != nil {
		return p, fmt.Errorf("announced address: %w", err)
	}
	if p.bootstrap, err = parsePeers(c.Bootstrap, p.self); err != nil {
		return p, fmt.Errorf("bootstrap peer: %w", err)
	}
	if p.explicit, err = parsePeers(c.Explicit, p.self); err != nil {
		return p, fmt.Errorf("explicit peer: %w", err)
	}
	return p, nil
}

func parseAddrs(texts []string) ([]ma.Multiaddr, error) {
	addrs := make([]ma.Multiaddr, 0, len(texts))
	for _, text := range texts {
		a, err := ma.NewMultiaddr(text)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
		addrs = append(addrs, a)
	}
	return addrs, nil
}

func parsePeers(texts []string, self peer.ID) ([]peer.AddrInfo, error) {
	addrs, err := parseAddrs(texts)
	if err != nil {
		return nil, err
	}
	infos, err := peer.AddrInfosFromP2pAddrs(addrs...)
	if err != nil {
		return nil, fmt.Errorf("want a multiaddress that ends in /p2p/<peer id>: %w", err)
	}
	others := infos[:0]
	for _, info := range infos {
		if info.ID != self {
			others = append(others, info)
		}
	}
	return others, nil
}
