package pool

import (
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/fee"
	"github.com/lockstep-network/lockstep/node/pool/verify"
	"github.com/lockstep-network/lockstep/node/store"
)

// Reasons of a rejection by the pool, beside those of packages tx and ledger (specs/02-gossip.md, "Pool").
const (
	Full                   tx.Code = "pool_full"
	NamespaceFull          tx.Code = "namespace_full"
	PayerFull              tx.Code = "payer_full"
	ReplacementUnderpriced tx.Code = "replacement_underpriced"
	Replaced               tx.Code = "replaced" // by one with the same payer and salt and a higher tip
	Evicted                tx.Code = "evicted"  // made room for a namespace that holds less, or for a higher tip
)

// Chain is what the pool reads of the node's chain; a *store.Store is one.
type Chain interface {
	Head() uint64
	Ledger() ledger.Parent
	Contents(height uint64) (*block.Contents, error)
	Changed() <-chan struct{}
	Tx(id common.Hash) (store.Location, error)
}

// Journal keeps acknowledged transactions over a crash; a *store.Store is one.
type Journal interface {
	JournalPut(txs []*tx.Tx) error
	JournalDelete(ids []common.Hash) error
	Journal() ([][]byte, error)
}

// Limits bound what the pool holds, and tell what it holds. All bounds apply.
type Limits struct {
	Bytes int // of encoded transactions
	Count int
	Size  int // of blocks that they take, in bytes of capacity (specs/10-fees.md, "Size"); as a bound, the pool sets it
}

func (l Limits) plus(m Limits) Limits {
	return Limits{l.Bytes + m.Bytes, l.Count + m.Count, l.Size + m.Size}
}

func (l Limits) minus(m Limits) Limits {
	return Limits{l.Bytes - m.Bytes, l.Count - m.Count, l.Size - m.Size}
}

func (l Limits) exceeds(m Limits) bool {
	return l.Bytes > m.Bytes || l.Count > m.Count || l.Size > m.Size
}

// Config is what a pool needs.
type Config struct {
	Rules        ledger.Rules
	Total        Limits
	PerNamespace Limits                // also for all transactions that span namespaces together
	PerPayer     Limits                // a gateway is one payer for all its users
	Blocks       int                   // how many full blocks one namespace may have waiting, as PerNamespace
	Metrics      prometheus.Registerer // nil: none
}

// DefaultConfig returns what a node uses unless its operator says otherwise: some eighteen full blocks, of which one namespace may fill a
// third and one payer a sixth.
func DefaultConfig(rules ledger.Rules) Config {
	return Config{
		Rules:        rules,
		Total:        Limits{Bytes: 128 << 20, Count: 150_000},
		PerNamespace: Limits{Bytes: 43 << 20, Count: 50_000},
		PerPayer:     Limits{Bytes: 22 << 20, Count: 25_000},
		Blocks:       4, // so a flood that begins has four blocks of signatures checked at once, and then what blocks take
	}
}

func (c Config) validate() error {
	for _, l := range []Limits{c.Total, c.PerNamespace, c.PerPayer} {
		if l.Bytes < tx.MaxSize || l.Count < 1 {
			return fmt.Errorf("pool limit of %d bytes and %d transactions: want room for one of %d bytes", l.Bytes, l.Count, tx.MaxSize)
		}
	}
	if c.Blocks < 1 {
		return fmt.Errorf("pool limit of %d blocks: want room for one", c.Blocks)
	}
	return nil
}

// entry is a transaction in the pool.
type entry struct {
	tx    *tx.Tx
	pair  ledger.Pair
	seq   uint64 // order of arrival
	cost  uint64 // of a block that it takes, in bytes of its capacity; set when it is held against the bounds
	fee   uint256.Int
	order block.Rule // of its namespace when it came
	queue *queue
	payer *payer

	waits     bool // accepts less than the price: no block may hold it now
	own       bool // acknowledged, or about to be: not evicted
	journaled bool
	due       uint64 // height from which it is announced again
	announce  *place // in one of the outbox's lists, if journaled
}

func (e *entry) size() Limits { return Limits{len(e.tx.Raw()), 1, int(e.cost)} }

// payer is an address with transactions in the pool.
type payer struct {
	held     Limits
	reserved uint256.Int // sum of fees
	entries  map[*entry]struct{}
}

// Pool is safe for concurrent use.
type Pool struct {
	config  Config
	chain   Chain
	journal Journal
	checker *verify.Checker
	counts  counters

	// journalMu keeps what is forgotten from overtaking what is put: read-locked from an admission to its fsync, locked to forget.
	journalMu sync.RWMutex

	mu       sync.Mutex // guards what follows
	height   uint64     // of the newest block seen
	held     Limits
	seq      uint64
	byID     map[common.Hash]*entry
	byPair   map[ledger.Pair]*entry
	byExpiry map[uint64]map[*entry]struct{}
	payers   map[common.Address]*payer
	prices   *ledger.Prices      // after height, or a little later
	fees     fee.Params          // likewise
	waiting  int                 // transactions that wait for a lower price
	queues   map[queueKey]*queue // those that hold something
	served   uint64              // service of the least served queue when last looked at: where a new queue starts
	outbox   outbox
	outcomes outcomes
	wake     chan struct{} // closed when the pool changes; nil if nobody waits
}

// New makes a pool, and puts what the journal holds and no block includes back into it.
func New(c Config, chain Chain, journal Journal) (*Pool, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	c.Total.Size, c.PerPayer.Size = math.MaxInt, math.MaxInt
	p := &Pool{
		config: c, chain: chain, journal: journal, checker: verify.New(c.Metrics),
		height: chain.Head(), byID: make(map[common.Hash]*entry), byPair: make(map[ledger.Pair]*entry),
		byExpiry: make(map[uint64]map[*entry]struct{}), payers: make(map[common.Address]*payer), queues: make(map[queueKey]*queue),
	}
	p.counts = newCounters(c.Metrics, p)
	if err := p.reprice(); err != nil {
		return nil, err
	}
	if err := p.restore(); err != nil {
		return nil, fmt.Errorf("restore acknowledged transactions: %w", err)
	}
	return p, nil
}

// restore admits what the journal holds. What can no longer stand in a block leaves the journal.
func (p *Pool) restore() error {
	raws, err := p.journal.Journal()
	if err != nil {
		return err
	}
	txs, errs := p.checker.Check(raws)
	var gone []common.Hash
	for i, t := range txs {
		if errs[i] != nil {
			return fmt.Errorf("transaction %d of the journal: %w", i, errs[i]) // it was verified before it came there
		}
		err := p.admit(t.Tx, true)
		var reject *tx.Reject
		switch {
		case err == nil:
			p.mu.Lock()
			p.acknowledged(p.byID[t.ID()]) // nothing else runs yet that could have taken it out
			p.mu.Unlock()
		case errors.As(err, &reject):
			p.remember(t.ID(), reject)
			gone = append(gone, t.ID())
		default:
			return err
		}
	}
	return p.journal.JournalDelete(gone)
}

// Checker verifies and remembers signatures; it is shared by gossip, API and proposals.
func (p *Pool) Checker() *verify.Checker { return p.checker }

// Acknowledge admits a node's own users' transactions: those without an error are in the journal, on disk, and will be announced until a block
// holds them or they expire. One that gossip brought before is acknowledged all the same.
func (p *Pool) Acknowledge(txs []tx.Verified) (errs []error) {
	p.journalMu.RLock()
	defer p.journalMu.RUnlock()
	errs = make([]error, len(txs))
	var put []*tx.Tx
	for i, t := range txs {
		errs[i] = p.admit(t.Tx, true)
		p.counts.added(errs[i])
		var reject *tx.Reject
		if errors.As(errs[i], &reject) {
			p.remember(t.ID(), reject)
		}
		if errs[i] == nil {
			put = append(put, t.Tx)
		}
	}
	if len(put) == 0 {
		return errs
	}
	err := p.journal.JournalPut(put)
	p.journaled(put, err == nil)
	if err != nil {
		for i := range errs {
			if errs[i] == nil {
				errs[i] = fmt.Errorf("acknowledge transaction: %w", err)
			}
		}
	}
	return errs
}

// journaled marks what is in the journal now, or, if that failed, what is not.
func (p *Pool) journaled(txs []*tx.Tx, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range txs {
		e := p.byID[t.ID()]
		switch {
		case e == nil:
			p.outbox.gone = append(p.outbox.gone, t.ID()) // a block or a replacement was faster
		case ok:
			p.acknowledged(e)
		default:
			e.own = e.journaled
		}
	}
}

// acknowledged marks an entry that is in the journal, and offers it for gossip.
func (p *Pool) acknowledged(e *entry) {
	e.own = true
	if !e.journaled {
		e.journaled = true
		p.outbox.add(e)
		p.signal()
	}
}

// Tx returns a transaction that is in the pool; nil if it is not.
func (p *Pool) Tx(id common.Hash) *tx.Tx {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.byID[id]; e != nil {
		return e.tx
	}
	return nil
}

// Height is the height of the newest block that the pool has seen.
func (p *Pool) Height() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.height
}

// Size tells how much the pool holds.
func (p *Pool) Size() Limits {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held
}

// changes returns a channel that is closed when the pool next changes. mu is held.
func (p *Pool) changes() <-chan struct{} {
	if p.wake == nil {
		p.wake = make(chan struct{})
	}
	return p.wake
}

// signal wakes who waits. mu is held.
func (p *Pool) signal() {
	if p.wake != nil {
		close(p.wake)
		p.wake = nil
	}
}
