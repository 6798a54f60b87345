// Package pool is the one pool of a node: verified transactions on their way from gossip and gateways into a block.
//
//	bytes -> Checker (decoded, signature verified, cached) -> Pool.Add (rules, bounds, reservations) -> Take (fair order) -> Advance
//
// The pool is bounded in bytes and in count, in all, per namespace and per payer, and fair among namespaces. Nothing leaves it by being
// taken: a proposal may lose. What a decided block holds leaves with Advance.
package pool

import (
	"context"
	"errors"

	"github.com/ethereum/go-ethereum/common"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/store"
)

// Reasons of a rejection by the pool, beside those of packages tx and ledger (specs/02-gossip.md, "Pool").
const (
	Full                   tx.Code = "pool_full"
	NamespaceFull          tx.Code = "namespace_full"
	PayerFull              tx.Code = "payer_full"
	ReplacementUnderpriced tx.Code = "replacement_underpriced"
	Replaced               tx.Code = "replaced" // by one with the same payer and salt and a higher tip
	Evicted                tx.Code = "evicted"  // made room for one of a namespace that holds less, or for a higher tip
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

// Limits bound what the pool holds. Both bounds apply.
type Limits struct {
	Bytes int // of encoded transactions
	Count int
}

// Config is what a pool needs.
type Config struct {
	Rules        ledger.Rules
	Total        Limits
	PerNamespace Limits // also for all transactions that span namespaces together
	PerPayer     Limits
	Metrics      prometheus.Registerer // nil: none
}

// DefaultLimits fills the three limits.
func (c *Config) DefaultLimits() {}

// State is where a transaction is on its way.
type State string

// The states that a status tells.
const (
	Unknown  State = "unknown"  // never seen, or forgotten
	Pending  State = "pending"  // in the pool, acknowledged: in the journal of this node
	Volatile State = "volatile" // in the pool by gossip only
	Included State = "included" // in a block
	Expired  State = "expired"  // its expiry passed and no block holds it
	Rejected State = "rejected" // for the reason given
)

// Status is what became of a transaction.
type Status struct {
	State    State
	Location store.Location // if included
	Reason   *tx.Reject     // if rejected
}

// Pool is safe for concurrent use.
type Pool struct{}

// New makes a pool, and puts what the journal holds and is not included or expired back into it.
func New(c Config, chain Chain, journal Journal) (*Pool, error) { return nil, errors.ErrUnsupported }

// Checker verifies and remembers signatures; it is shared by gossip, API and proposals.
func (p *Pool) Checker() *Checker { return nil }

// Add admits transactions from gossip: errs[i] is nil or a [*tx.Reject], or another error if the state could not be read.
func (p *Pool) Add(txs []tx.Verified) (errs []error) { return nil }

// Acknowledge admits a node's own users' transactions: those without an error are in the journal, on disk, and will be announced until they
// are included or expire.
func (p *Pool) Acknowledge(txs []tx.Verified) (errs []error) { return nil }

// Take picks transactions for a block, fair among namespaces, within so many bytes of encodings and so many signatures. It removes nothing.
func (p *Pool) Take(maxBytes, maxSignatures int) []*tx.Tx { return nil }

// Wait returns when the pool has seen the block at height parent and holds a transaction, or ctx ends.
func (p *Pool) Wait(ctx context.Context, parent uint64) error { return nil }

// Follow takes what new blocks hold out of the pool, until ctx ends.
func (p *Pool) Follow(ctx context.Context) error { return nil }

// Status tells what became of a transaction.
func (p *Pool) Status(id common.Hash) (Status, error) { return Status{}, nil }

// Tx returns a transaction that is in the pool; nil if it is not.
func (p *Pool) Tx(id common.Hash) *tx.Tx { return nil }

// Unannounced waits for own transactions that should be gossiped: new ones, and those that several blocks have left out. It returns encodings
// of at most maxBytes together, at least one.
func (p *Pool) Unannounced(ctx context.Context, maxBytes int) ([][]byte, error) { return nil, nil }

// Height is the height of the newest block that the pool has seen.
func (p *Pool) Height() uint64 { return 0 }

// Size tells how much the pool holds.
func (p *Pool) Size() Limits { return Limits{} }

// Checker decodes transactions and verifies their signatures in parallel, and remembers the verified ones under the hash of their whole
// encoding. It is bounded, and safe for concurrent use.
type Checker struct{}

// Lookup returns the verified transaction with this very encoding, if it is remembered.
func (c *Checker) Lookup(raw []byte) (tx.Verified, bool) { return tx.Verified{}, false }

// Check decodes and verifies encodings, in parallel: errs[i] is nil or a [*tx.Reject].
func (c *Checker) Check(raws [][]byte) (txs []tx.Verified, errs []error) { return nil, nil }

// Begin starts the check of a proposal's body: give [Proposal.Decode] to [block.DecodeBody], then call Verify.
func (c *Checker) Begin() *Proposal { return nil }

// Proposal collects a body's transactions that have not been verified yet. It is used by one goroutine.
type Proposal struct{}

// Decode returns a remembered transaction or decodes it.
func (p *Proposal) Decode(raw []byte) (*tx.Tx, error) { return nil, nil }

// Verify checks the signatures of all decoded transactions that were not remembered, in parallel. The error is a [*tx.Reject].
func (p *Proposal) Verify() error { return nil }
