// Package node is an operator's process: this page wires it, its subfolders are its parts.
//
//	gossip, RPC -> pool -> ordering (CometBFT) -> store -> certify -> feed, api, publisher; DA layer -> views -> pool
//
// Data goes one way. What comes after the store reads it with a cursor of its own; nothing calls back into consensus. [Run] starts the parts in
// the order of this arrow and stops them in the reverse of it.
package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/certify"
	nodefeed "github.com/lockstep-network/lockstep/node/feed"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ordering"
	"github.com/lockstep-network/lockstep/node/ordering/engine"
	"github.com/lockstep-network/lockstep/node/pool"
	"github.com/lockstep-network/lockstep/node/store"
	"github.com/lockstep-network/lockstep/p2p"
)

const (
	// gossipLinger is how long the first transaction of an outgoing batch waits for others: below what anyone notices, enough to fill a batch.
	gossipLinger = 3 * time.Millisecond
	// stopGrace is how long consensus may take to end the block at hand.
	stopGrace = 5 * time.Second
)

// Run runs an operator until the context ends, or until a part fails; then the process should end too: consensus cannot be started twice in one.
func Run(ctx context.Context, c Config) (err error) {
	if err := c.Validate(); err != nil {
		return fmt.Errorf("operator: %w", err)
	}
	registry := prometheus.DefaultRegisterer // CometBFT knows no other

	// What is kept.
	st, err := store.Open(store.Config{Dir: filepath.Join(c.Home, "data", "store"), Genesis: c.Genesis})
	if err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	defer closing(&err, st.Close)
	sets, who := st.Operators, newOperators(st, c.Logger)

	// What comes in.
	txs, err := pool.New(c.pool(registry), st, st)
	if err != nil {
		return fmt.Errorf("open pool: %w", err)
	}
	host, err := p2p.New(ctx, c.p2p(who, registry))
	if err != nil {
		return fmt.Errorf("start p2p: %w", err)
	}
	defer closing(&err, host.Close)

	// What orders it.
	layer, err := c.dataLayer(st, sets, registry)
	if err != nil {
		return fmt.Errorf("open DA layer: %w", err)
	}
	old := pruning{keep: c.KeepBlocks, published: layer.published(), store: st}
	recent, evidence := new(engine.Recent), new(engine.Evidence)
	app, err := ordering.New(c.ordering(txs, st, recent, evidence, old, registry))
	if err != nil {
		return fmt.Errorf("ordering: %w", err)
	}
	consensus, ring, err := c.engine(ctx, st, recent, who)
	if err != nil {
		return err
	}
	consensus.Evidence = evidence
	eng, err := engine.Start(ctx, consensus, app)
	if err != nil {
		return fmt.Errorf("start consensus: %w", err)
	}
	defer closing(&err, func() error { return stop(ctx, eng) })

	// What reads it.
	gossip := new(topics)
	collector, err := certify.New(c.certify(sets, ring, registry), st, st, eng, topic(gossip.publishVote), topic(gossip.publishHeader))
	if err != nil {
		return fmt.Errorf("certificates: %w", err)
	}
	if err := gossip.join(host, nodefeed.NewJudge(txs, collector)); err != nil {
		return err
	}
	server := nodefeed.NewServer(st, st, sets)
	if err := serveFeed(host, server, st, ledger.NewRules(c.Genesis)); err != nil {
		return err
	}
	rpc, err := api.New(ctx, api.Config{
		Listen: c.RPCListen, Origins: c.RPCOrigins, Store: st, Pool: txs, Lanes: server, Network: host, Published: layer.published(),
		Version: c.Version, Logger: c.Logger,
	})
	if err != nil {
		return fmt.Errorf("open RPC: %w", err)
	}
	defer closing(&err, rpc.Close)

	c.Logger.InfoContext(ctx, "operator runs", "chain_id", c.Genesis.ChainID, "operator", c.Operator.Address(), "rpc", rpc.Addr())
	return runAll(ctx, []part{
		{"upgrade", app.Upgrade},
		{"consensus", eng.Watchdog},
		{"pool", txs.Follow},
		{"certificates", collector.Run},
		{"late votes", lateVotes(eng, collector)},
		{"keys", ring.run},
		{"announcer", nodefeed.NewAnnouncer(txs, gossip.batches, gossipLinger, c.Logger).Run},
		{"gossip", gossip.drain},
		{"DA reader", layer.read},
		{"publisher", layer.publish},
		{"views", c.views(layer, ring, st.Ledger, txs)},
		{"pruning", old.run},
		{"heartbeat", (&heartbeat{store: st, peers: host.Peers, published: layer.published(), orders: ring.orders, log: c.Logger}).run},
		{"RPC", rpc.Run},
	})
}

// part is something that runs until its context ends.
type part struct {
	name string
	run  func(context.Context) error
}

// runAll runs the parts until the context ends, or until one of them fails, which ends all.
func runAll(ctx context.Context, parts []part) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, p := range parts {
		g.Go(func() error {
			if err := p.run(ctx); err != nil && ctx.Err() == nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			return ctx.Err()
		})
	}
	return g.Wait()
}

// closing runs a part's end and keeps its error unless there is one already.
func closing(err *error, end func() error) { *err = errors.Join(*err, end()) }

// stop ends consensus after the context has ended: within stopGrace.
func stop(ctx context.Context, eng *engine.Engine) error {
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer cancel()
	return eng.Stop(grace)
}

// lateVotes brings the votes that consensus sees to the collector.
func lateVotes(eng *engine.Engine, collector *certify.Collector) func(context.Context) error {
	return func(ctx context.Context) error {
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case v, ok := <-eng.LateVotes():
				if !ok {
					return errors.New("consensus has ended")
				}
				collector.Observe(feed.Vote(v))
			}
		}
	}
}

func (c Config) p2p(who *operators, registry prometheus.Registerer) p2p.Config {
	return p2p.Config{
		Key: c.Node.PrivateKey(), Listen: c.P2PListen, Announce: c.P2PAnnounce, Bootstrap: c.Bootstrap, Roster: who.peers,
		Prefix: feed.Prefix(c.Genesis.ChainID), Limits: p2p.DefaultLimits(), Registerer: registry, Logger: c.Logger,
	}
}

func (c Config) pool(registry prometheus.Registerer) pool.Config {
	p := pool.DefaultConfig(ledger.NewRules(c.Genesis))
	p.Metrics = registry
	return p
}

func (c Config) certify(sets func(common.Hash) (cert.Set, error), ring *keyring, registry prometheus.Registerer) certify.Config {
	return certify.Config{
		ChainID: c.Genesis.ChainID, Own: ring.has, Set: sets, Evidence: filepath.Join(c.Home, "evidence"),
		Metrics: registry, Logger: c.Logger,
	}
}

func (c Config) ordering(
	txs *pool.Pool, st *store.Store, recent *engine.Recent, evidence *engine.Evidence, old pruning, registry prometheus.Registerer,
) ordering.Config {
	return ordering.Config{
		Genesis: c.Genesis, Pool: txs, Store: st, Begin: func() ordering.Check { return txs.Checker().Begin() },
		Late: recent.Votes, Faults: evidence.Faults, BlockInterval: c.BlockInterval, Retain: old.retain(), Metrics: registry, Logger: c.Logger,
	}
}

// engine is the configuration of consensus, whose votes go to recent too, and the keys that it signs with.
func (c Config) engine(ctx context.Context, st *store.Store, recent *engine.Recent, who *operators) (engine.Config, *keyring, error) {
	height := st.Head()
	if _, err := os.Stat(c.consensusDir()); height > 0 && errors.Is(err, fs.ErrNotExist) {
		return engine.Config{}, nil, fmt.Errorf("the store holds %d blocks, but %s is gone, and with it what this operator has signed: "+
			"restore it, or start with new keys and without data", height, c.consensusDir())
	}
	g, err := ordering.EngineGenesis(c.Genesis)
	if err != nil {
		return engine.Config{}, nil, err
	}
	ring, err := newKeyring(c.Operator, c.Keys, st.Ledger, c.Logger)
	if err != nil {
		return engine.Config{}, nil, fmt.Errorf("open keys: %w", err)
	}
	e := engine.Config{
		Genesis: g, Home: c.consensusDir(), Keyring: ring, Node: c.Node,
		Listen: c.ConsensusListen, External: c.ConsensusExternal, Peers: c.ConsensusPeers, Local: c.Local, BlockInterval: c.BlockInterval,
		Operators: who.links, Recent: recent, Metrics: c.Metrics, Logger: c.Logger,
	}
	for _, o := range c.Genesis.Operators {
		if o.Address == c.Operator.Address() {
			e.Name = o.Name
		}
	}
	return e, ring, who.warn(ctx, c, ring)
}

// consensusDir is where consensus keeps its blocks, and its signer what it has signed.
func (c Config) consensusDir() string { return filepath.Join(c.Home, "data", "consensus") }

// serveFeed answers followers: steps, the links of long runs, and prices.
func serveFeed(host *p2p.Host, server *nodefeed.Server, st *store.Store, rules ledger.Rules) error {
	err := host.Handle(nodefeed.Protocol(), nodefeed.Limits(), server.Serve)
	if err == nil {
		err = host.Handle(nodefeed.LinksProtocol(), nodefeed.LinksLimits(), nodefeed.ServeLinks(st))
	}
	if err == nil {
		err = host.Handle(nodefeed.PriceProtocol(), nodefeed.PriceLimits(), nodefeed.ServePrices(rules, st.Ledger))
	}
	if err != nil {
		return fmt.Errorf("serve feed: %w", err)
	}
	return nil
}
