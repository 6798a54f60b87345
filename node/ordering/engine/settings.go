package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/cometbft/cometbft/config"
	"github.com/cometbft/cometbft/p2p"

	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/node/keys"
)

const (
	// DefaultBlockInterval is the pace when the network is not slower than it.
	DefaultBlockInterval = 250 * time.Millisecond
	// DefaultProposeTimeout bounds the wait for a proposal. It must exceed the proposer's idle wait, the check of a
	// block that nobody has seen, and its transfer; a dead proposer costs this much once per turn.
	DefaultProposeTimeout = time.Second
	// DefaultStallTimeout is how long a step that must end by itself may last before the watchdog reports it.
	DefaultStallTimeout = 30 * time.Second

	minBlockInterval = 10 * time.Millisecond
)

// Settings of CometBFT's links and rounds that no operator chooses: all must agree on some, and the rest were measured
// (interval, latency and CPU of four operators at 1,000 to 60,000 Tx/s).
const (
	linkRate      = 1 << 30                // bytes/s; the default of 5 MB/s is a hard ceiling
	packetBytes   = 64 << 10               // all nodes must agree; the default of 1 KiB costs a third of the rate
	flushInterval = time.Millisecond       // the default of 10 ms adds to every hop
	gossipSleep   = 2 * time.Millisecond   // THE latency setting: the default of 100 ms more than doubles the interval; from 5 ms on the gain is small, below 2 the cost is not
	maxLinks      = 4 * cert.MaxOperators  // bounds connections that have not said yet who they are
	majoritySleep = 500 * time.Millisecond // how often peers ask for votes they lack
	redialPeriod  = time.Second            // a peer that comes back is reached this soon
	proposeDelta  = 200 * time.Millisecond // each round waits so much longer
	voteTimeout   = 200 * time.Millisecond // after 2/3 voted for anything
	voteDelta     = 100 * time.Millisecond
	clockSkew     = 5 * time.Second // a proposal's time may be so far from the local clock
)

// Config is all that an engine needs to run.
type Config struct {
	Genesis Genesis
	Home    string     // folder of CometBFT's stores and the signing state; made when absent
	Name    string     // for people; shown to peers
	Keyring Keyring    // votes
	Node    *keys.Node // links

	Listen   string   // host:port for the other operators' links; keep the port below 32768, the ephemeral range
	External string   // host:port that others reach Listen by, when it differs; may be empty
	Peers    []string // always let in and dialled, consensus-id@host:port; own entry is ignored
	Local    bool     // operators may share an IP address (one machine)

	// Operators says who operates now: they are let in and dialled, others are cut. It is called about once a second, during replay too, and
	// must be quick. Nil: nobody but Peers.
	Operators func() []Link
	Recent    *Recent   // is filled with the votes that consensus sees; nil: nothing is
	Evidence  *Evidence // shows the double votes that consensus knows of; nil: nobody asks

	BlockInterval  time.Duration // 0: DefaultBlockInterval
	ProposeTimeout time.Duration // 0: DefaultProposeTimeout
	StallTimeout   time.Duration // 0: DefaultStallTimeout

	Metrics bool         // register CometBFT's metrics with Prometheus' default registry, the only one it can use
	Logger  *slog.Logger // nil: slog.Default
}

// withDefaults fills what was left out.
func (c Config) withDefaults() Config {
	out := c
	if c.BlockInterval == 0 {
		out.BlockInterval = DefaultBlockInterval
	}
	if c.ProposeTimeout == 0 {
		out.ProposeTimeout = DefaultProposeTimeout
	}
	if c.StallTimeout == 0 {
		out.StallTimeout = DefaultStallTimeout
	}
	if c.Logger == nil {
		out.Logger = slog.Default()
	}
	if c.Name == "" && c.Keyring != nil {
		out.Name = c.Keyring.Next().Address().Hex()
	}
	return out
}

// Validate says what is missing or cannot work.
func (c Config) Validate() error { return c.withDefaults().validate() }

func (c Config) validate() error {
	if _, err := c.Genesis.document(); err != nil {
		return err
	}
	if c.Home == "" || c.Keyring == nil || c.Node == nil {
		return errors.New("engine: home folder, operator keys and node key are required")
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return fmt.Errorf("engine: listen address %q: %w", c.Listen, err)
	}
	if _, _, err := net.SplitHostPort(c.External); c.External != "" && err != nil {
		return fmt.Errorf("engine: external address %q: %w", c.External, err)
	}
	if c.BlockInterval < minBlockInterval || c.ProposeTimeout < 2*c.BlockInterval {
		return fmt.Errorf("engine: block interval %s must be at least %s and at most half of the propose timeout %s",
			c.BlockInterval, minBlockInterval, c.ProposeTimeout)
	}
	if c.StallTimeout < time.Second {
		return fmt.Errorf("engine: stall timeout %s is below a second", c.StallTimeout)
	}
	_, err := c.peers()
	return err
}

// peers parses Peers into a list without the own entry.
func (c Config) peers() ([]Link, error) {
	var out []Link
	for _, text := range c.Peers {
		id, address, ok := strings.Cut(text, "@")
		if !ok || len(id) != 2*p2p.IDByteLength || strings.Trim(id, "0123456789abcdef") != "" {
			return nil, fmt.Errorf("engine: peer %q is not consensus-id@host:port", text)
		}
		if _, _, err := net.SplitHostPort(address); err != nil {
			return nil, fmt.Errorf("engine: peer %q: %w", text, err)
		}
		if id != c.Node.ConsensusID() {
			out = append(out, Link{id, address})
		}
	}
	return out, nil
}

// comet builds CometBFT's configuration; Config is valid.
func (c Config) comet() (*config.Config, error) {
	out := config.DefaultConfig().SetRoot(c.Home)
	out.Moniker = c.Name
	out.FilterPeers = true // see gate
	out.RPC.ListenAddress = ""
	out.Mempool.Type = config.MempoolTypeNop // there is one pool, ours
	out.TxIndex.Indexer = "null"
	out.Storage.DiscardABCIResponses = true
	out.BlockSync.AdaptiveSync = false // a validator could sign twice
	out.Instrumentation.Prometheus = c.Metrics
	out.Instrumentation.PrometheusListenAddr = ""
	c.links(out.P2P)
	c.rounds(out.Consensus)
	if err := out.ValidateBasic(); err != nil {
		return nil, fmt.Errorf("engine: settings: %w", err)
	}
	return out, nil
}

func (c Config) links(out *config.P2PConfig) {
	out.LibP2PConfig.Enabled = false // the choice that the package comment explains
	out.ListenAddress = "tcp://" + c.Listen
	if c.External != "" {
		out.ExternalAddress = "tcp://" + c.External
	}
	out.MaxNumInboundPeers, out.MaxNumOutboundPeers = maxLinks, maxLinks // who links is the roster's to say, and the linker dials
	out.PexReactor = false
	out.AddrBookStrict = false // operators may use private networks; without peer exchange the book is not used
	out.AllowDuplicateIP = c.Local
	out.SendRate, out.RecvRate = linkRate, linkRate
	out.MaxPacketMsgPayloadSize = packetBytes
	out.FlushThrottleTimeout = flushInterval
}

func (c Config) rounds(out *config.ConsensusConfig) {
	// A fifth of the interval is left for late precommits, which make certificates full; the proposer waits for the rest in
	// PrepareProposal, where it knows when the last proposal was made. On a wide network, where rounds take the whole interval, what is left here
	// comes on top of it.
	out.TimeoutCommit = c.BlockInterval / 5
	out.SkipTimeoutCommit = false
	out.TimeoutPropose, out.TimeoutProposeDelta = c.ProposeTimeout, proposeDelta
	out.TimeoutPrevote, out.TimeoutPrevoteDelta = voteTimeout, voteDelta
	out.TimeoutPrecommit, out.TimeoutPrecommitDelta = voteTimeout, voteDelta
	out.CreateEmptyBlocks = true // with our own pool nothing else wakes consensus
	out.PeerGossipSleepDuration = gossipSleep
	out.PeerQueryMaj23SleepDuration = majoritySleep
	out.DoubleSignCheckHeight = 0 // above 0 a network that restarts as a whole would refuse everywhere
	out.BlockTimeTolerance = clockSkew
}
