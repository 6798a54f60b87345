// Package evmnode is an EVM rollup's node: this page wires it.
//
//	operators' feed, DA layer -> derivation -> EVM chain -> Ethereum JSON-RPC
//	wallets -> Ethereum JSON-RPC -> gateway -> gossip -> the sequencer
//
// It trusts the genesis documents and nobody else: every header is certified, every lane proven, every transaction executed here. Run does all of
// it in one process; RunExecutor and RunDriver share the work between two (split.go).
package evmnode

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/lockstep-network/lockstep/da/dial"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/namespaces/forced"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/p2p"
	"github.com/lockstep-network/lockstep/rollups"
	"github.com/lockstep-network/lockstep/rollups/ethapi"
	"github.com/lockstep-network/lockstep/rollups/evm"
	"github.com/lockstep-network/lockstep/rollups/gateway"
)

// Config is what a rollup node needs.
type Config struct {
	Home      string           // folder of all that the process keeps, below it a folder for each part
	Genesis   *genesis.Genesis // the sequencer's
	Rollup    evm.Genesis
	Namespace namespaces.Namespace
	Source    rollups.Source // where blocks come from

	NodeKey    ed25519.PrivateKey
	GatewayKey *ecdsa.PrivateKey // pays for wallets' transactions; nil: the node is read-only
	Tip        uint64            // wei per byte that the gateway offers at least
	MaxFee     uint64            // wei per byte that the gateway pays at most, beside the tip; 64 times the least price if 0
	Linger     time.Duration     // how long the gateway collects; 0: its default

	P2PListen   []string // libp2p multiaddresses
	P2PAnnounce []string
	Bootstrap   []string // multiaddresses with /p2p/ ids, beside the genesis operators'

	RPCListen  string      // host:port of Ethereum JSON-RPC, HTTP and WebSocket
	RPCOrigins []string    // browsers' origins that are let in
	DA         dial.Config // the DA layer; needed unless Source is p2p, which reads forced items there
	DAFrom     uint64      // DA height below which the network has written nothing; 0 if that is not known
	Executor   string      // unix socket between the two processes of RunExecutor and RunDriver

	Registry prometheus.Registerer // of the metrics
	Version  string                // of the software, for people
	Logger   *slog.Logger
}

// Validate says what is missing.
func (c Config) Validate() error {
	if err := c.validateDriver(); err != nil {
		return err
	}
	if c.RPCListen == "" {
		return errors.New("no address for RPC")
	}
	return nil
}

func (c Config) validateDriver() error {
	switch {
	case c.Home == "" || c.Genesis == nil || c.Logger == nil || c.Registry == nil:
		return errors.New("no home folder, genesis, logger or registry")
	case c.Namespace.ValidateForRollup() != nil:
		return fmt.Errorf("namespace %s cannot be a rollup's", c.Namespace)
	case c.Source != rollups.SourceP2P && c.DA.URL == "":
		return fmt.Errorf("source %q needs the URL of a DA layer", c.Source)
	}
	return nil
}

// Run runs the node until the context ends, or until a part fails.
func Run(ctx context.Context, c Config) (err error) {
	if err := c.Validate(); err != nil {
		return fmt.Errorf("rollup node: %w", err)
	}
	chain, err := c.chain(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, chain.Close)

	// What it follows.
	driver, host, err := c.open(ctx, chain, chain.Prepare)
	if err != nil {
		return err
	}
	if host != nil {
		defer closing(&err, host.Close)
	}
	defer closing(&err, driver.Close)

	// What wallets reach.
	var gate *gateway.Gateway
	var prices *gateway.Prices
	peers := func() int { return 0 }
	if host != nil {
		peers = func() int { return len(host.Peers()) }
		publish, err := publisher(host)
		if err != nil {
			return fmt.Errorf("open gateway: %w", err)
		}
		network, err := rollups.NewNetwork(host, operators(c.Genesis))
		if err != nil {
			return fmt.Errorf("open gateway: %w", err)
		}
		prices = gateway.NewPrices(network, c.Namespace, c.Logger)
		if gate, err = c.gateway(chain, driver, publish, prices.FeePerByte); err != nil {
			return fmt.Errorf("open gateway: %w", err)
		}
	}
	if gate != nil {
		defer closing(&err, gate.Close)
	}
	api, err := ethapi.New(c.api(chain, gate, driver, peers))
	if err != nil {
		return fmt.Errorf("open RPC: %w", err)
	}

	parts := newParts(ctx)
	parts.run("derivation", driver.Run)
	parts.run("RPC", api.Serve)
	parts.run("heartbeat", c.heartbeat(driver))
	if gate != nil {
		parts.run("prices", prices.Run)
		parts.run("gateway", gate.Run)
	}
	c.Logger.InfoContext(ctx, "rollup node runs", "namespace", c.Namespace, "chain_id", c.Rollup.ChainID, "rpc", c.RPCListen, "source", c.Source)
	return parts.Wait()
}

// parts run side by side until the context ends, or until one fails.
type parts struct {
	*errgroup.Group
	ctx context.Context //nolint:containedctx // the group's
}

func newParts(ctx context.Context) parts {
	g, ctx := errgroup.WithContext(ctx)
	return parts{g, ctx}
}

func (p parts) run(name string, f func(context.Context) error) {
	p.Go(func() error {
		if err := f(p.ctx); err != nil && p.ctx.Err() == nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return p.ctx.Err()
	})
}

func closing(err *error, end func() error) { *err = errors.Join(*err, end()) }

// follower is what the parts that wallets reach know of the derivation: a *rollups.Driver, or what one in another process has told.
type follower interface {
	ethapi.Heads
	Soft() (height uint64, changed <-chan struct{})
	Announced() uint64
}

func (c Config) heartbeat(f follower) func(context.Context) error {
	return (&heartbeat{heads: f.Status, announced: f.Announced, log: c.Logger}).run
}

// chain opens what executes.
func (c Config) chain(ctx context.Context) (*evm.Chain, error) {
	chain, err := evm.Open(ctx, evm.Config{Dir: filepath.Join(c.Home, "data", "chain"), Genesis: c.Rollup, Log: c.Logger})
	if err != nil {
		return nil, fmt.Errorf("open chain: %w", err)
	}
	return chain, nil
}

// open makes the derivation's driver, and the host that it follows the operators with; no host for a node that reads the DA layer alone.
func (c Config) open(ctx context.Context, exec rollups.Executor, prepare func([][]byte)) (*rollups.Driver, *p2p.Host, error) {
	trust, err := c.Genesis.Trust()
	if err != nil {
		return nil, nil, fmt.Errorf("genesis: %w", err)
	}
	cfg := rollups.Config{
		Dir: filepath.Join(c.Home, "data", "derivation"), Namespace: c.Namespace, Genesis: trust, Executor: exec, Prepare: prepare,
		Source: c.Source, Registry: c.Registry, Log: c.Logger,
	}
	params := c.Genesis.Params
	cfg.Rule = forced.Rule{Start: params.DAStart, Delay: params.ForcedDelay, Window: params.ForcedWindow}
	if c.DA.URL != "" {
		layer, err := dial.Open(c.DA)
		if err != nil {
			return nil, nil, fmt.Errorf("open DA layer: %w", err)
		}
		cfg.Forced = rollups.ForcedFromDA(layer, c.Genesis.ChainID, c.Namespace, params.ForcedDelay)
		if c.Source != rollups.SourceP2P {
			cfg.DA = rollups.FromDA(layer, c.Namespace, max(params.DAStart, c.DAFrom), c.Logger)
		}
	}
	var host *p2p.Host
	if c.Source != rollups.SourceDA {
		if host, err = p2p.New(ctx, c.p2p()); err != nil {
			return nil, nil, fmt.Errorf("start p2p: %w", err)
		}
		network, err := rollups.NewNetwork(host, operators(c.Genesis))
		if err != nil {
			return nil, nil, errors.Join(err, host.Close())
		}
		cfg.Peers, cfg.Announced = network, network
	}
	driver, err := rollups.Open(ctx, cfg)
	if err != nil && host != nil {
		err = errors.Join(err, host.Close())
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open derivation: %w", err)
	}
	return driver, host, nil
}

func (c Config) p2p() p2p.Config {
	bootstrap := append([]string{}, c.Bootstrap...)
	for _, o := range c.Genesis.Operators {
		for _, a := range o.Addresses {
			bootstrap = append(bootstrap, a+"/p2p/"+o.PeerID)
		}
	}
	return p2p.Config{
		Key: c.NodeKey, Listen: c.P2PListen, Announce: c.P2PAnnounce, Bootstrap: bootstrap,
		Prefix: feed.Prefix(c.Genesis.ChainID), Limits: p2p.DefaultLimits(), Registerer: c.Registry, Logger: c.Logger,
	}
}

// operators names the peers that are asked first.
func operators(g *genesis.Genesis) []string {
	out := make([]string, 0, len(g.Operators))
	for _, o := range g.Operators {
		out = append(out, o.PeerID)
	}
	return out
}

// publisher gossips Txs.
func publisher(host *p2p.Host) (func(context.Context, [][]byte) error, error) {
	outlet, err := p2p.OpenOutlet(host, feed.TxsTopic)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, txs [][]byte) error {
		for _, batch := range feed.EncodeBatches(uint64(time.Now().UnixNano()), txs) {
			if err := outlet.Publish(ctx, batch); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// gateway opens the way of wallets' transactions; nil for a read-only node.
func (c Config) gateway(chain *evm.Chain, f follower, publish func(context.Context, [][]byte) error, price func() uint64) (*gateway.Gateway, error) {
	if c.GatewayKey == nil {
		return nil, nil //nolint:nilnil // a node without a gateway is a role, not an error
	}
	first, most := times(2, c.Genesis.Params.LeastPrice()), c.MaxFee
	if most == 0 {
		most = times(32, first)
	}
	return gateway.Open(gateway.Config{
		Dir: filepath.Join(c.Home, "data", "gateway"), ChainID: c.Genesis.ChainID, Namespace: c.Namespace, Key: c.GatewayKey,
		Parser: Parser(chain), State: Results(chain), Soft: f.Soft, Announced: f.Announced, Publish: publish,
		Price: price, FirstFeePerByte: min(first, most), MaxFeePerByte: most, Tip: c.Tip, Linger: c.Linger, MaxTxBytes: int(c.Genesis.Params.MaxTxBytes),
		MaxRaw: int(c.Genesis.Params.MaxLegBytes), Registry: c.Registry, Log: c.Logger,
	})
}

// times multiplies a price, at most to what fits.
func times(n, price uint64) uint64 {
	if price > math.MaxUint64/n {
		return math.MaxUint64
	}
	return n * price
}

func (c Config) api(chain *evm.Chain, gate *gateway.Gateway, f follower, peers func() int) ethapi.Config {
	cfg := ethapi.Config{
		Chain: chain, Heads: f, Announced: f.Announced, Peers: peers, Listen: c.RPCListen, Origins: c.RPCOrigins, Version: c.Version,
		Registry: c.Registry, Log: c.Logger,
	}
	if gate != nil {
		cfg.Gateway = gate
	}
	return cfg
}
