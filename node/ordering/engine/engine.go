package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	dbm "github.com/cometbft/cometbft-db"
	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/config"
	"github.com/cometbft/cometbft/consensus"
	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtjson "github.com/cometbft/cometbft/libs/json"
	"github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/proxy"
	"github.com/cometbft/cometbft/types"
	"github.com/gofrs/flock"
)

const (
	lockFile     = "lock"
	signerFolder = "signer"
	dataFolder   = "data" // CometBFT's own default below the root
)

// Engine is a running CometBFT node.
type Engine struct {
	config Config
	lock   *flock.Flock // held until the process ends
	signer *Signer
	node   *node.Node
	state  *consensus.State
	votes  *voteFeed
	roster *roster

	dead     chan struct{} // closed when the consensus routine has ended, for whatever reason
	stopping chan struct{} // closed by Stop
	stopped  chan struct{} // closed when CometBFT has stopped
	stop     sync.Once
	stopErr  error // what CometBFT said; read after stopped
}

// Start runs consensus for app until Stop or the end of the process. It returns when the links listen; before that
// it has replayed into app, by FinalizeBlock and Commit, what CometBFT has stored beyond app's last height, so
// readers of CometBFT's store start after it. Before the genesis time it waits.
//
// app is called by several goroutines, one call at a time on CometBFT's consensus connection and one on its query
// connection. An error or panic of app ends consensus on this node: see Watchdog.
func Start(ctx context.Context, c Config, app abci.Application) (e *Engine, err error) {
	c = c.withDefaults()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	e = &Engine{config: c, dead: make(chan struct{}), stopping: make(chan struct{}), stopped: make(chan struct{})}
	if err := e.open(); err != nil {
		return nil, err
	}
	if err := e.assemble(ctx, app); err != nil {
		return nil, errors.Join(err, e.lock.Unlock())
	}
	if err := waitUntil(ctx, c.Genesis.Time); err != nil {
		return nil, errors.Join(fmt.Errorf("wait for the genesis time %s: %w", c.Genesis.Time, err), e.lock.Unlock())
	}
	if err := e.node.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start consensus on %s: %w", c.Listen, err), e.lock.Unlock())
	}
	go newLinker(e.roster, switchLinks{e.node.Switch()}).run(e.stopping)
	go e.follow()
	go func() {
		e.state.Wait()
		close(e.dead)
	}()
	return e, nil
}

// open locks the home folder and opens the signer.
func (e *Engine) open() error {
	data := filepath.Join(e.config.Home, dataFolder)
	if err := os.MkdirAll(e.config.Home, 0o700); err != nil {
		return fmt.Errorf("make consensus folder: %w", err)
	}
	e.lock = flock.New(filepath.Join(e.config.Home, lockFile))
	held, err := e.lock.TryLock()
	if err != nil {
		return fmt.Errorf("lock %s: %w", e.config.Home, err)
	}
	if !held {
		return fmt.Errorf("lock %s: another process runs this operator: stop it first", e.config.Home)
	}
	entries, err := os.ReadDir(data)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read consensus folder: %w", err)
	}
	signer, err := OpenSigner(filepath.Join(e.config.Home, signerFolder), e.config.Keyring, len(entries) == 0)
	if err != nil {
		return errors.Join(err, e.lock.Unlock())
	}
	if err := errors.Join(os.MkdirAll(data, 0o700), syncDir(e.config.Home)); err != nil {
		return errors.Join(fmt.Errorf("make consensus folder: %w", err), e.lock.Unlock())
	}
	e.signer = signer
	return nil
}

// assemble builds the node, which replays into app. CometBFT reports some broken states by panic: an application whose
// hash differs from the chain's, say.
func (e *Engine) assemble(ctx context.Context, app abci.Application) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("open consensus in %s: %v", e.config.Home, p)
		}
	}()
	c := e.config
	genesis, err := c.Genesis.document()
	if err != nil {
		return err
	}
	peers, err := c.peers()
	if err != nil {
		return err
	}
	e.roster = newRoster(c.Node.ConsensusID(), peers, c.Operators)
	settings, err := c.comet()
	if err != nil {
		return err
	}
	e.node, err = node.NewNodeWithContext(ctx, settings, e.signer,
		&p2p.NodeKey{PrivKey: ed25519.PrivKey(c.Node.PrivateKey())},
		proxy.NewConnSyncLocalClientCreator(gate{app, e.roster}),
		func() (*types.GenesisDoc, error) { return genesis, nil },
		keepOpen, node.DefaultMetricsProvider(settings.Instrumentation), logger{out: c.Logger})
	if err != nil {
		return fmt.Errorf("open consensus in %s: %w", c.Home, err)
	}
	if err := sameGenesis(e.node.GenesisDoc(), genesis); err != nil {
		return fmt.Errorf("open consensus in %s: %w", c.Home, err)
	}
	if e.state, err = consensusOf(e.node); err != nil {
		return err
	}
	if c.Evidence != nil {
		c.Evidence.pool.Store(e.node.EvidencePool())
	}
	e.votes, err = newVoteFeed(ctx, e.node.EventBus(), c.Recent, e.stopping)
	return err
}

// keyCheck is how often consensus is held against the keyring.
const keyCheck = 500 * time.Millisecond

// follow makes consensus ask again for its public key when the one that it has is not the next height's. It asks by itself after each block that it
// decides, but not after those that block sync fetched.
func (e *Engine) follow() {
	ticker := time.NewTicker(keyCheck)
	defer ticker.Stop()
	for {
		select {
		case <-e.stopping:
			return
		case <-ticker.C:
		}
		if e.signer.stale() {
			e.state.SetPrivValidator(e.signer)
		}
	}
}

// Stop ends consensus and its links, and waits for the block at hand; the application is not called after it. The
// process must exit next: the engine cannot be started again in it. It returns the context's error when the
// application does not come back in time.
func (e *Engine) Stop(ctx context.Context) error {
	e.stop.Do(func() {
		close(e.stopping)
		go func() {
			defer close(e.stopped)
			e.stopErr = e.node.Stop()
		}()
	})
	select {
	case <-e.stopped:
		if e.stopErr != nil {
			return fmt.Errorf("stop consensus: %w", e.stopErr)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop consensus: %w", ctx.Err())
	}
}

// keepOpen is CometBFT's own database provider without Close: see the package comment.
func keepOpen(c *config.DBContext) (dbm.DB, error) {
	db, err := config.DefaultDBProvider(c)
	if err != nil {
		return nil, err
	}
	return unclosed{db}, nil
}

type unclosed struct{ dbm.DB }

func (unclosed) Close() error { return nil }

// consensusOf finds the consensus routine, which node.Node shows to its RPC only.
func consensusOf(n *node.Node) (*consensus.State, error) {
	env, err := n.ConfigureRPC()
	if err != nil {
		return nil, fmt.Errorf("find the consensus routine: %w", err)
	}
	state, ok := env.ConsensusState.(*consensus.State)
	if !ok {
		return nil, fmt.Errorf("find the consensus routine: it is a %T in this release of CometBFT", env.ConsensusState)
	}
	return state, nil
}

// sameGenesis compares the genesis that the stores were made with to the configured one; CometBFT silently prefers the
// former.
func sameGenesis(stored, configured *types.GenesisDoc) error {
	a, err := canonical(stored)
	if err != nil {
		return err
	}
	b, err := canonical(configured)
	if err != nil {
		return err
	}
	if !bytes.Equal(a, b) {
		return fmt.Errorf("the folder belongs to another genesis (chain %s, configured %s)", stored.ChainID, configured.ChainID)
	}
	return nil
}

// canonical is a genesis as it is after one trip to disk, which makes nil and empty alike.
func canonical(doc *types.GenesisDoc) ([]byte, error) {
	text, err := cmtjson.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("encode genesis: %w", err)
	}
	read, err := types.GenesisDocFromJSON(text)
	if err != nil {
		return nil, fmt.Errorf("decode genesis: %w", err)
	}
	if text, err = cmtjson.Marshal(read); err != nil {
		return nil, fmt.Errorf("encode genesis: %w", err)
	}
	return text, nil
}

func waitUntil(ctx context.Context, at time.Time) error {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
