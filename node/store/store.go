package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/ethereum/go-ethereum/common"
	"golang.org/x/sync/singleflight"

	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/node/ledger"
)

// What a read or a write may end in, beside errors of the disk.
var (
	ErrNotYet   = errors.New("height is not there yet")           // above the head, or above what is certified
	ErrPruned   = errors.New("height is pruned")                  // below the floor
	ErrNotFound = errors.New("not found")                         // no such transaction, or no certificate at this very height
	ErrLong     = errors.New("run is too long to be read whole")  // its certificate is too far above
	ErrGenesis  = errors.New("the database is another network's") // opened with another genesis
	ErrCommit   = errors.New("the block does not follow the head")
	ErrClosed   = errors.New("the store is closed")
)

// Sizes of memory, in bytes.
const (
	memTableSize = 16 << 20  // many times the index and ledger changes of one block
	blockCache   = 64 << 20  // of Pebble: trie nodes, accounts and index blocks
	contentCache = 128 << 20 // of assembled blocks: some six full ones
)

// Config is what a store needs.
type Config struct {
	Dir     string           // created if missing
	Genesis *genesis.Genesis // valid; its hash must be the one that the database was made with
	Logger  *slog.Logger     // nil: the default one

	fs      vfs.FS // tests: a file system that crashes
	segment uint64 // tests: another size of segments
}

// Store is safe for concurrent use; Commit is called by one goroutine at a time.
type Store struct {
	db      *pebble.DB
	files   *segments // guarded by commitMu, but for reading
	cache   *pebble.Cache
	genesis *genesis.Genesis
	rules   ledger.Rules
	window  uint64

	blocks *blockCacheLRU
	spent  *spentSet
	load   singleflight.Group

	commitMu sync.Mutex    // one writer of blocks, certificates and the floor at a time
	views    []*ledgerView // that can be read, ascending by height; guarded by commitMu

	mu      sync.RWMutex // guards what follows
	tip     tip
	cursors map[string]uint64
	changed chan struct{} // closed and replaced when tip changes, closed for good by Close
	closed  bool

	work sync.WaitGroup // reads and writes under way; Close waits for them
}

// tip is where the store stands.
type tip struct {
	height    uint64
	hash      common.Hash // of the header; the genesis hash at 0
	floor     uint64      // lowest height that is there
	certified uint64
	ledger    ledger.Head
	view      *ledgerView // of ledger
	root      common.Hash // of ledger
}

// Open opens or creates the database.
func Open(c Config) (*Store, error) {
	logger := c.Logger
	if logger == nil {
		logger = slog.Default()
	}
	fs := c.fs
	if fs == nil {
		fs = vfs.Default
	}
	limit := c.segment
	if limit == 0 {
		limit = segmentSize
	}
	files, err := openSegments(fs, fs.PathJoin(c.Dir, "blocks"), limit)
	if err != nil {
		return nil, fmt.Errorf("open store in %s: %w", c.Dir, err)
	}
	cache := pebble.NewCache(blockCache)
	db, err := pebble.Open(fs.PathJoin(c.Dir, "index"), options(fs, cache, logger))
	if err != nil {
		cache.Unref()
		return nil, fmt.Errorf("open store in %s: %w", c.Dir, err)
	}
	s := &Store{
		db: db, files: files, cache: cache, genesis: c.Genesis, rules: ledger.NewRules(c.Genesis), window: c.Genesis.Params.ExpiryWindow,
		blocks: newBlockCache(contentCache), spent: newSpentSet(), changed: make(chan struct{}), cursors: make(map[string]uint64),
	}
	if err = s.start(); err != nil {
		for _, v := range s.views {
			v.release(ErrClosed)
		}
		err = errors.Join(fmt.Errorf("open store in %s: %w", c.Dir, err), db.Close())
		cache.Unref()
		return nil, err
	}
	return s, nil
}

func options(fs vfs.FS, cache *pebble.Cache, logger *slog.Logger) *pebble.Options {
	o := &pebble.Options{
		FormatMajorVersion:          pebble.FormatTableFormatV6,
		Cache:                       cache,
		MemTableSize:                memTableSize,
		MemTableStopWritesThreshold: 4,
		CompactionConcurrencyRange:  func() (lower, upper int) { return 1, max(1, runtime.GOMAXPROCS(0)/2) },
		BytesPerSync:                1 << 20,
		WALBytesPerSync:             1 << 20, // what nobody syncs reaches the disk all the same: it bounds what a start computes again
		Logger:                      pebbleLog{logger},
		FS:                          fs,
	}
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10) // most look-ups of ids find nothing
	}
	return o
}

// pebbleLog passes Pebble's errors on and drops its chatter.
type pebbleLog struct{ logger *slog.Logger }

// Infof implements [pebble.Logger].
func (pebbleLog) Infof(string, ...any) {}

// Errorf implements [pebble.Logger].
func (l pebbleLog) Errorf(format string, args ...any) {
	l.logger.Error("store failed", "error", fmt.Sprintf(format, args...))
}

// Fatalf implements [pebble.Logger]: the database cannot go on, and so the node cannot.
func (l pebbleLog) Fatalf(format string, args ...any) { panic(fmt.Sprintf("store: "+format, args...)) }

// Genesis is the document that the store was opened with.
func (s *Store) Genesis() *genesis.Genesis { return s.genesis }

// Head is the height of the newest block; 0 before the first.
func (s *Store) Head() uint64 { return s.at().height }

// HeadHash is the hash of the newest header; the genesis hash before the first.
func (s *Store) HeadHash() common.Hash { return s.at().hash }

// Floor is the lowest height whose block is there; 1 before anything is pruned.
func (s *Store) Floor() uint64 { return s.at().floor }

// Certified is the highest height such that it and all below are covered by certificates.
func (s *Store) Certified() uint64 { return s.at().certified }

func (s *Store) at() tip {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.tip
}

// enter registers a read or a write, so that Close waits for it; leave with s.work.Done.
func (s *Store) enter() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return ErrClosed
	}
	s.work.Add(1)
	return nil
}

// move changes where the store stands and wakes who waits.
func (s *Store) move(change func(*tip)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.tip)
	if !s.closed {
		close(s.changed)
		s.changed = make(chan struct{})
	}
}

// Changed returns a channel that is closed when the head or the certified height next changes, or the store closes. Take it before reading
// the heights, or a change in between is missed.
func (s *Store) Changed() <-chan struct{} {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.changed
}

// Wait returns when the head is at the height or above; with [ErrClosed] or ctx's error if that comes first.
func (s *Store) Wait(ctx context.Context, height uint64) error {
	return s.wait(ctx, func(t *tip) bool { return t.height >= height })
}

// WaitCertified returns when the certified height is at the height or above; with [ErrClosed] or ctx's error if that comes first.
func (s *Store) WaitCertified(ctx context.Context, height uint64) error {
	return s.wait(ctx, func(t *tip) bool { return t.certified >= height })
}

func (s *Store) wait(ctx context.Context, done func(*tip) bool) error {
	for {
		s.mu.RLock()
		ready, closed, changed := done(&s.tip), s.closed, s.changed
		s.mu.RUnlock()
		switch {
		case ready:
			return nil
		case closed:
			return ErrClosed
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Close ends all waiting, waits for reads and writes under way, and closes the database. Further calls return [ErrClosed].
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.changed)
	s.mu.Unlock()
	s.work.Wait()
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	for _, v := range s.views {
		v.release(ErrClosed)
	}
	err := errors.Join(s.files.close(), s.db.Close())
	s.cache.Unref()
	if err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}
