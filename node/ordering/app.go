package ordering

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
	"github.com/lockstep-network/lockstep/node/ordering/engine"
	"github.com/lockstep-network/lockstep/node/store"
)

// Pool is what proposals are made from; *pool.Pool is one.
type Pool interface {
	// Take picks verified transactions within so many bytes of encodings and so many signatures. It removes nothing.
	Take(maxBytes, maxSignatures int) []*tx.Tx
	// Recheck drops those of the transactions that no block can hold any more.
	Recheck(txs []*tx.Tx)
	// Wait returns when the pool has seen the block at height parent and holds a transaction, or ctx ends.
	Wait(ctx context.Context, parent uint64) error
}

// Store is where decided blocks go; *store.Store is one. No other writer moves its head.
type Store interface {
	// HeadHash is the hash of the newest header; the genesis hash before the first.
	HeadHash() common.Hash
	// Ledger is the state after the newest block.
	Ledger() ledger.Parent
	// Commit writes a block with all its effects durably, or nothing.
	Commit(store.Block) error
}

// DefaultIdleWait is how long a proposer waits for the first transaction: an idle chain makes about two blocks a second.
const DefaultIdleWait = 400 * time.Millisecond

// Config is what the application needs.
type Config struct {
	Genesis *genesis.Genesis // valid; the store's
	Pool    Pool
	Store   Store
	Begin   func() Check // starts the check of one body's signatures: (*verify.Checker).Begin

	// BlockInterval is the pace and IdleWait the wait of an empty pool. The larger of the two, the check of a block that
	// nobody has seen, and its transfer must together stay below the engine's ProposeTimeout.
	BlockInterval time.Duration // 0: engine.DefaultBlockInterval
	IdleWait      time.Duration // 0: DefaultIdleWait

	// Retain is the lowest height whose consensus block must be kept; consensus drops what is below. Nil: it keeps all.
	Retain func() uint64

	// Late gives the votes of a height that came after its commit; some may be false. Nil: none.
	Late func(height uint64) []cert.Vote

	// Faults gives the double votes that consensus knows of and that no block has. Nil: none.
	Faults func() []block.Fault

	Metrics prometheus.Registerer // nil: none
	Logger  *slog.Logger          // nil: slog.Default
}

// App is the ABCI application. CometBFT calls it on its consensus connection, one call at a time; all fields below
// belong to those calls. Info, on another connection, reads the store only.
type App struct {
	abci.BaseApplication

	config  Config
	rules   ledger.Rules
	log     *slog.Logger
	metrics metrics

	upgrade chan error // the one error that ends the program on purpose: see Upgrade

	pace    pacer
	judged  []*candidate // of the height being decided, at most maxJudged, oldest first
	pending *store.Block // finalised, not committed
}

// maxJudged bounds the proposals of one height that are kept so as not to be judged again: one for each of the first rounds.
const maxJudged = 4

// New makes the application.
func New(c Config) (*App, error) {
	if c.Genesis == nil || c.Pool == nil || c.Store == nil || c.Begin == nil {
		return nil, errors.New("ordering: genesis, pool, store and check are required")
	}
	if c.BlockInterval == 0 {
		c.BlockInterval = engine.DefaultBlockInterval
	}
	if c.IdleWait == 0 {
		c.IdleWait = DefaultIdleWait
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return &App{
		config: c, rules: ledger.NewRules(c.Genesis), log: c.Logger, metrics: newMetrics(c.Metrics),
		upgrade: make(chan error, 1), pace: pacer{interval: c.BlockInterval, now: time.Now},
	}, nil
}

// appState is what CometBFT's genesis carries of ours: with it two documents that differ make two chains.
type appState struct {
	Genesis common.Hash `json:"genesis"`
}

// blockMargin is what a consensus block needs beside the body: our header, CometBFT's header, evidence, and the commit of
// the largest operator set (256 of 3.4 KiB, CometBFT's own estimate).
const blockMargin = 1 << 20

// EngineGenesis is CometBFT's part of a valid genesis document.
func EngineGenesis(g *genesis.Genesis) (engine.Genesis, error) {
	effects, err := ledger.Genesis(g)
	if err != nil {
		return engine.Genesis{}, fmt.Errorf("make consensus genesis: %w", err)
	}
	state, err := json.Marshal(appState{g.Hash()})
	if err != nil {
		return engine.Genesis{}, fmt.Errorf("make consensus genesis: %w", err)
	}
	root := effects.Head.Root()
	out := engine.Genesis{
		ChainID: g.ChainID, Time: time.UnixMilli(int64(g.TimeMS)).UTC(), MaxBlockBytes: int64(g.Params.MaxBodyBytes) + blockMargin,
		// The ledger punishes a fault until evidenceMs after its epoch has ended, and an epoch is not longer than that.
		EvidenceAge: 2 * time.Duration(g.Params.EvidenceMS) * time.Millisecond,
		AppState:    state, AppHash: root[:],
	}
	for _, o := range g.Operators {
		out.Validators = append(out.Validators, engine.Validator{
			Address: o.Address, PublicKey: o.PublicKey, Power: int64(o.Power), Name: o.Name,
		})
	}
	return out, nil
}

// parent is the store's head.
func (a *App) parent() (parent, error) {
	p := parent{hash: a.config.Store.HeadHash(), ledger: a.config.Store.Ledger()}
	var err error
	if p.operators, p.next, err = stake.Hashes(p.ledger.View); err != nil {
		return parent{}, fmt.Errorf("read the operators: %w", err)
	}
	return p, nil
}

// supported returns a [*ledger.UpgradeError] if this program does not know the rules of the next block, and tells Upgrade. A state that cannot
// be read is for what follows to say.
func (a *App) supported(p parent) error {
	err := ledger.Supported(p.ledger)
	var unknown *ledger.UpgradeError
	if !errors.As(err, &unknown) {
		return nil
	}
	select {
	case a.upgrade <- err:
	default: // told already
	}
	return err
}

// Upgrade waits for a height whose rules this program does not know, and returns a [*ledger.UpgradeError], or nil when ctx ends. The node then
// ends: it has committed everything below that height.
func (a *App) Upgrade(ctx context.Context) error {
	if err := ledger.Supported(a.config.Store.Ledger()); err != nil {
		return err
	}
	select {
	case err := <-a.upgrade:
		return err
	case <-ctx.Done():
		return nil
	}
}

// Info implements abci.Application: the last block that Commit wrote, and nothing else, or a node that crashes in between
// never starts again.
func (a *App) Info(context.Context, *abci.RequestInfo) (*abci.ResponseInfo, error) {
	head := a.config.Store.Ledger().Head
	root := head.Root()
	return &abci.ResponseInfo{
		Data: "lockstep", AppVersion: block.Version, LastBlockHeight: int64(head.Height), LastBlockAppHash: root[:],
	}, nil
}

// InitChain implements abci.Application. The store was opened with the genesis document; here it is held against
// CometBFT's.
func (a *App) InitChain(_ context.Context, req *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
	var state appState
	if err := json.Unmarshal(req.AppStateBytes, &state); err != nil {
		return nil, fmt.Errorf("init chain: application state: %w", err)
	}
	if want := a.config.Genesis.Hash(); state.Genesis != want || req.ChainId != a.config.Genesis.ChainID {
		return nil, fmt.Errorf("init chain: consensus is for chain %q, genesis %s; the store for %q, %s",
			req.ChainId, state.Genesis, a.config.Genesis.ChainID, want)
	}
	root := a.config.Store.Ledger().Head.Root()
	return &abci.ResponseInitChain{AppHash: root[:]}, nil
}

// PrepareProposal implements abci.Application. It may be called for blocks that are never decided.
func (a *App) PrepareProposal(ctx context.Context, req *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	p, err := a.parent()
	if err != nil {
		return nil, err
	}
	s := slotOf(req.Height, req.Time, req.ProposerAddress)
	s.past = pastOf(req.Height, extendedFlagsOf(req.LocalLastCommit), req.Misbehavior)
	if s.height != p.ledger.Head.Height+1 {
		return nil, fmt.Errorf("prepare height %d: the store is at %d", s.height, p.ledger.Head.Height)
	}
	if err := a.supported(p); err != nil {
		return nil, fmt.Errorf("prepare height %d: %w", s.height, err)
	}
	a.wait(ctx, s.height)
	began := time.Now()
	system, err := section(a.rules, p, s, a.late(s.height), a.faults(ctx, s.past))
	if err != nil {
		return nil, fmt.Errorf("prepare height %d: %w", s.height, err)
	}
	room := min(int64(a.rules.Params().MaxBodyBytes), req.MaxTxBytes-block.MaxHeaderSize-consensusOverhead)
	room -= bodyOverhead + int64(len(system.Encode()))
	txs := a.config.Pool.Take(int(max(room, 0)), int(a.rules.Params().MaxSignatures))
	c, refused, err := propose(a.rules, p, s, system, txs)
	if err != nil {
		return nil, fmt.Errorf("prepare height %d: %w", s.height, err)
	}
	if len(refused) > 0 { // the pool was a block behind, or a lane is full
		a.log.DebugContext(ctx, "transactions left out of a proposal", "height", s.height, "count", len(refused), "first", refused[0].why)
		left := make([]*tx.Tx, len(refused))
		for i := range refused {
			left[i] = refused[i].tx
		}
		a.config.Pool.Recheck(left)
	}
	a.remember(c)
	a.pace.seen(s.height)
	a.metrics.prepare.Observe(time.Since(began).Seconds())
	return &abci.ResponsePrepareProposal{Txs: [][]byte{c.raw, c.body}}, nil
}

// consensusOverhead is what CometBFT's encoding adds to two transactions of up to 2^28 bytes.
const consensusOverhead = 2 * (1 + 4)

// wait keeps the pace, and gives an empty pool a moment. Both waits together are bounded by the larger of them.
func (a *App) wait(ctx context.Context, height uint64) {
	deadline := time.Now().Add(max(a.config.IdleWait, a.config.BlockInterval))
	a.pace.wait(ctx, height)
	idle, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	_ = a.config.Pool.Wait(idle, height-1) // a block without transactions is a block
}

// ProcessProposal implements abci.Application. A proposal comes from whoever's turn it is: whatever it holds, the answer is
// a verdict. That goes for a defect of ours too: a panic that every operator has alike must not halt the chain.
func (a *App) ProcessProposal(ctx context.Context, req *abci.RequestProcessProposal) (res *abci.ResponseProcessProposal, err error) {
	s := slotOf(req.Height, req.Time, req.ProposerAddress)
	defer func() {
		if v := recover(); v != nil {
			a.log.ErrorContext(ctx, "judging a proposal panicked", "height", s.height, "panic", v, "stack", string(debug.Stack()))
			res, err = a.reject(ctx, s, fmt.Errorf("panic: %v", v)), nil
		}
	}()
	began := time.Now()
	a.pace.seen(s.height)
	s.past = pastOf(req.Height, flagsOf(req.ProposedLastCommit), req.Misbehavior)
	p, err := a.parent()
	if err != nil {
		return a.reject(ctx, s, err), nil
	}
	if s.height != p.ledger.Head.Height+1 {
		return a.reject(ctx, s, fmt.Errorf("the store is at height %d", p.ledger.Head.Height)), nil
	}
	if err := a.supported(p); err != nil {
		return nil, fmt.Errorf("judge height %d: %w", s.height, err)
	}
	if _, err := a.candidate(p, s, req.Txs); err != nil {
		return a.reject(ctx, s, err), nil
	}
	a.metrics.process.Observe(time.Since(began).Seconds())
	return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_ACCEPT}, nil
}

func (a *App) reject(ctx context.Context, s slot, reason error) *abci.ResponseProcessProposal {
	a.metrics.rejected.Inc()
	a.log.WarnContext(ctx, "proposal rejected", "height", s.height, "proposer", s.proposer, "reason", reason)
	return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_REJECT}
}

// ExtendVote implements abci.Application: the extension is the header's hash, a pure function of the block.
func (a *App) ExtendVote(_ context.Context, req *abci.RequestExtendVote) (*abci.ResponseExtendVote, error) {
	if len(req.Txs) == 0 {
		return nil, fmt.Errorf("extend vote at height %d: a block without header was accepted", req.Height)
	}
	return &abci.ResponseExtendVote{VoteExtension: crypto.Keccak256(req.Txs[0])}, nil
}

// VerifyVoteExtension implements abci.Application. Any 32 bytes pass: a verdict that depended on what this node has seen
// could halt the chain. Only extensions that equal the decided header's hash count in a certificate.
func (a *App) VerifyVoteExtension(_ context.Context, req *abci.RequestVerifyVoteExtension) (*abci.ResponseVerifyVoteExtension, error) {
	status := abci.ResponseVerifyVoteExtension_ACCEPT
	if len(req.VoteExtension) != common.HashLength {
		status = abci.ResponseVerifyVoteExtension_REJECT
	}
	return &abci.ResponseVerifyVoteExtension{Status: status}, nil
}

// FinalizeBlock implements abci.Application: the effects of a decided block, in memory. The block may be one that this
// node has never seen: a replay, or block sync. That a decided block is invalid means that more than a third of the power
// is faulty, or that this node's state is; both end consensus here.
func (a *App) FinalizeBlock(_ context.Context, req *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	began := time.Now()
	p, err := a.parent()
	if err != nil {
		return nil, err
	}
	s := slotOf(req.Height, req.Time, req.ProposerAddress)
	if s.height != p.ledger.Head.Height+1 {
		return nil, fmt.Errorf("finalise height %d: the store is at %d", s.height, p.ledger.Head.Height)
	}
	if err := a.supported(p); err != nil {
		return nil, fmt.Errorf("finalise height %d: %w", s.height, err)
	}
	c, err := a.candidate(p, s, req.Txs)
	if err != nil {
		return nil, fmt.Errorf("finalise height %d: %w", s.height, err)
	}
	effects, err := ledger.Apply(a.rules, p.ledger, ledger.BlockOf(c.header, c.contents))
	if err != nil {
		return nil, fmt.Errorf("finalise height %d: %w", s.height, err)
	}
	updates, err := updatesOf(effects.Updates)
	if err != nil {
		return nil, fmt.Errorf("finalise height %d: %w", s.height, err)
	}
	a.pending = &store.Block{Header: c.header, Body: c.body, Contents: c.contents, Effects: effects}
	root := effects.Head.Root()
	a.metrics.finalize.Observe(time.Since(began).Seconds())
	return &abci.ResponseFinalizeBlock{
		AppHash: root[:], TxResults: []*abci.ExecTxResult{{}, {}}, ValidatorUpdates: updates,
	}, nil
}

// Commit implements abci.Application: all of the block, in one durable write.
func (a *App) Commit(ctx context.Context, _ *abci.RequestCommit) (*abci.ResponseCommit, error) {
	if a.pending == nil {
		return nil, errors.New("commit: no block is finalised")
	}
	began, b := time.Now(), *a.pending
	if err := a.config.Store.Commit(b); err != nil {
		return nil, err
	}
	a.pending, a.judged = nil, nil
	a.metrics.committed(b, time.Since(began))
	a.log.DebugContext(ctx, "block committed", "height", b.Header.Height, "hash", b.Header.Hash(), "txs", len(b.Contents.Txs), "bytes", len(b.Body))
	return &abci.ResponseCommit{RetainHeight: a.retain()}, nil
}

// retain is what Commit answers: 0, or a height that is not above the store's own lowest one.
func (a *App) retain() int64 {
	if a.config.Retain == nil {
		return 0
	}
	return int64(a.config.Retain())
}

// updatesOf is what CometBFT is told of its validators: what the ledger says, and nothing else.
func updatesOf(updates []stake.Update) ([]abci.ValidatorUpdate, error) {
	out := make([]abci.ValidatorUpdate, len(updates))
	for i, u := range updates {
		var err error
		if out[i], err = engine.ValidatorUpdate(u.PublicKey, u.Power); err != nil {
			return nil, fmt.Errorf("operator %s: %w", u.Address, err)
		}
	}
	return out, nil
}

// late is what has come of votes for two heights before this one.
func (a *App) late(height uint64) []cert.Vote {
	if a.config.Late == nil || height < 3 {
		return nil
	}
	return a.config.Late(height - 2)
}

// faults is what consensus knows of double votes, if it accuses anybody.
func (a *App) faults(ctx context.Context, p *past) []block.Fault {
	if a.config.Faults == nil || len(p.accused) == 0 {
		return nil
	}
	known := a.config.Faults()
	a.log.WarnContext(ctx, "operators have voted twice", "accused", len(p.accused), "proofs", len(known))
	return known
}

func slotOf(height int64, at time.Time, proposer []byte) slot {
	return slot{height: uint64(height), timeMS: uint64(at.UnixMilli()), proposer: common.BytesToAddress(proposer)}
}
