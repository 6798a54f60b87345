package evm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/lru"
	"github.com/ethereum/go-ethereum/core/rawdb"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"

	"github.com/lockstep-network/lockstep/rollups"
)

const (
	// defaultStateHistory is for how many blocks below the layers in memory the reverse
	// diffs are kept that Rollback needs: half an hour of full-speed 100 ms blocks. A
	// block of 2,000 transfers takes about 0.4 MB of them.
	defaultStateHistory = 16_384

	// defaultCacheMiB and defaultHandles size Pebble for a machine of 1 GB.
	defaultCacheMiB = 64
	defaultHandles  = 256

	// recentBlocks is how many blocks are kept decoded, with their receipts.
	recentBlocks = 32
)

// Errors of a Chain's methods.
var (
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("chain is closed")
	// ErrGenesisMismatch: the folder holds a chain of another genesis.
	ErrGenesisMismatch = errors.New("the data folder belongs to another genesis")
	// ErrOutOfOrder: an Input not above the head's shared height, or another Input for the
	// head's shared height than the one executed. Roll back first.
	ErrOutOfOrder = errors.New("input does not follow the head")
	// ErrTooDeep: a rollback below the state history kept.
	ErrTooDeep = errors.New("the chain no longer has the state to go back to, below its state history: remove the rollup's data folder, " +
		"the heads and the chain in it, and derive again from genesis")
	// ErrNotFound: no such block or transaction in the chain.
	ErrNotFound = errors.New("not found")
	// ErrStatePruned: the block is known, its state is no longer kept.
	ErrStatePruned = errors.New("state is pruned")
)

// Config is what Open needs. Zero values of the optional fields take the defaults.
type Config struct {
	// Dir is the folder of this chain, created if absent. One process at a time.
	Dir string
	// Genesis is the rollup's genesis document.
	Genesis Genesis
	// StateHistory is how many blocks Rollback can go back beyond the newest 128. Default 16,384.
	StateHistory uint64
	// CacheMiB is the memory for Pebble's cache and memory tables, in MiB. Default 64.
	CacheMiB int
	// Handles is how many files Pebble may keep open. Default 256.
	Handles int
	// Log receives what an operator should know. Default slog.Default().
	Log *slog.Logger
}

// withDefaults fills the optional fields.
func (c Config) withDefaults() Config {
	if c.StateHistory == 0 {
		c.StateHistory = defaultStateHistory
	}
	if c.CacheMiB == 0 {
		c.CacheMiB = defaultCacheMiB
	}
	if c.Handles == 0 {
		c.Handles = defaultHandles
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

// Chain is an EVM rollup: a rollups.Executor and what an RPC server reads. Execute,
// Rollback and Close exclude each other; all other methods may be called from any goroutine
// at any time, during them too.
type Chain struct {
	genesis Genesis
	config  *params.ChainConfig
	signer  types.Signer
	disk    disk
	states  *states
	entries *preparer
	log     *slog.Logger

	write  sync.Mutex // held by Execute, Rollback, Close
	closed bool       // guarded by write

	restored int // blocks that Open executed again; written by Open only

	head   atomic.Pointer[tip] // replaced by the holder of write only
	heads  *heads
	recent *lru.Cache[common.Hash, *sealed] // by block hash; canonical or not
}

var _ rollups.Executor = (*Chain)(nil)

// tip is a head: a header with its hash. Immutable.
type tip struct {
	header *types.Header
	hash   common.Hash
}

func (t *tip) number() uint64 { return t.header.Number.Uint64() }

func (t *tip) output() rollups.Output {
	return rollups.Output{Height: SharedHeight(t.header), Fallback: Fallback(t.header), Number: t.number(), BlockHash: t.hash, StateRoot: t.header.Root}
}

// sealed is a block with its receipts. Immutable.
type sealed struct {
	block    *types.Block
	receipts types.Receipts
}

// Open opens the chain in cfg.Dir, or creates it from cfg.Genesis. After a kill it executes
// the few blocks again whose state was only in memory (see the package documentation).
func Open(ctx context.Context, cfg Config) (*Chain, error) {
	if cfg.Dir == "" {
		return nil, errors.New("open chain: no data folder configured")
	}
	cfg = cfg.withDefaults()
	first, err := cfg.Genesis.block()
	if err != nil {
		return nil, err
	}
	d, err := openDisk(cfg.Dir, cfg.CacheMiB, cfg.Handles)
	if err != nil {
		return nil, err
	}
	if stored := rawdb.ReadCanonicalHash(d, 0); stored != (common.Hash{}) && stored != first.Hash() {
		return nil, errors.Join(
			fmt.Errorf("open %s: %w: it has %s, the configuration gives %s", cfg.Dir, ErrGenesisMismatch, stored, first.Hash()),
			d.Close())
	}
	config := cfg.Genesis.ChainConfig()
	signer := types.LatestSigner(config)
	c := &Chain{
		genesis: cfg.Genesis,
		config:  config,
		signer:  signer,
		disk:    d,
		states:  openStates(d, cfg.Dir, cfg.StateHistory),
		entries: newPreparer(config.ChainID, signer),
		log:     cfg.Log,
		recent:  lru.NewCache[common.Hash, *sealed](recentBlocks),
	}
	if err := c.recover(ctx, first); err != nil {
		return nil, errors.Join(fmt.Errorf("recover chain in %s: %w", cfg.Dir, err), c.states.tries.Close(), d.Close())
	}
	c.heads = newHeads(c.head.Load().number())
	return c, nil
}

// Close journals the state in memory, so that the next Open is immediate, and closes the
// store. Readers get ErrClosed or ErrNotFound afterwards; stop them first.
func (c *Chain) Close() error {
	c.write.Lock()
	defer c.write.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	c.heads.close()
	return errors.Join(c.states.close(c.head.Load().header.Root), c.disk.Close())
}

// Head is the newest executed block.
func (c *Chain) Head() rollups.Output { return c.head.Load().output() }

// Prepare decodes entries and recovers their senders on all cores, so that a later Execute
// finds that done. It may run in any goroutine while another Input executes, and is never
// required. What is prepared is kept within 64 MiB, newest first.
func (c *Chain) Prepare(entries [][]byte) { c.entries.prepare(entries) }

// Execute derives the rollup block of in: see the package documentation for the rules.
//
// Order of effects: the state enters the state database (in memory; its new code on disk),
// then the block, its receipts and indexes and the head pointer are written in one durable
// batch, then readers see the new head. A crash between any two leaves the old head or the
// new one, and Open restores its state.
func (c *Chain) Execute(ctx context.Context, in rollups.Input) (rollups.Output, error) {
	c.write.Lock()
	defer c.write.Unlock()
	if c.closed {
		return rollups.Output{}, ErrClosed
	}
	parent := c.head.Load()
	head := parent.output()
	switch {
	case len(in.Entries) == 0:
		return rollups.Output{}, fmt.Errorf("execute shared height %d: no entries", in.Height)
	case in.Names(head) && parent.number() > 0 && in.Hash == parent.header.MixDigest:
		return head, nil
	case !in.After(head):
		return rollups.Output{}, fmt.Errorf("execute shared height %d (%s): %w: the head is of height %d (%s)",
			in.Height, in.Hash, ErrOutOfOrder, head.Height, parent.header.MixDigest)
	}
	entries := c.entries.prepare(in.Entries)
	if err := canceled(ctx, "execute"); err != nil {
		return rollups.Output{}, err
	}
	st, err := c.states.at(parent.header.Root)
	if err != nil {
		return rollups.Output{}, fmt.Errorf("open state of block %d: %w", parent.number(), err)
	}
	x := begin(c.config, c.genesis.nextHeader(parent.header, in), st, c.hashes)
	defer x.close()
	skips := derive(x, entries)
	block, err := x.seal()
	if err != nil {
		return rollups.Output{}, fmt.Errorf("execute shared height %d: %w", in.Height, err)
	}
	if err := x.commit(); err != nil {
		return rollups.Output{}, fmt.Errorf("execute shared height %d: %w", in.Height, err)
	}
	if err := putBlock(c.disk, block, x.receipts, skips); err != nil {
		return rollups.Output{}, err
	}
	c.entries.forget(in.Entries)
	c.recent.Add(block.Hash(), &sealed{block: block, receipts: x.receipts})
	next := &tip{header: block.Header(), hash: block.Hash()}
	c.head.Store(next)
	c.heads.advance(next.number())
	return next.output(), nil
}

// Rollback drops every block above a number.
//
// Order of effects: the state goes back if it must, then the head pointer moves in a
// durable write, then readers see it, then the dropped blocks are deleted. A crash before
// the head pointer moved undoes the rollback (Open executes the dropped state again), one
// after it lets Open finish the deletion.
func (c *Chain) Rollback(ctx context.Context, number uint64) error {
	c.write.Lock()
	defer c.write.Unlock()
	if c.closed {
		return ErrClosed
	}
	old := c.head.Load()
	header, err := c.HeaderByNumber(min(number, old.number()))
	if err != nil {
		return fmt.Errorf("roll back to block %d: %w", number, err)
	}
	target := &tip{header: header, hash: header.Hash()}
	if target.hash == old.hash {
		return nil
	}
	if err := canceled(ctx, "rollback"); err != nil {
		return err
	}
	if !c.states.has(header.Root) {
		ok, err := c.states.rewind(header.Root)
		if err != nil {
			return fmt.Errorf("roll back to block %d: %w", number, err)
		}
		if !ok {
			err := fmt.Errorf("roll back to block %d: %w", target.number(), ErrTooDeep)
			return &rollups.ExecutorError{Severity: rollups.Critical, Err: err}
		}
	}
	if err := putHead(c.disk, target.hash); err != nil {
		return err
	}
	c.head.Store(target)
	c.heads.rewind(target.number())
	return deleteBlocks(c.disk, target.number()+1, old.number())
}

// canceled reports ctx's error, with the action it interrupted.
func canceled(ctx context.Context, action string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	return nil
}
