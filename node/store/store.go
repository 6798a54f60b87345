// Package store is all that a node keeps besides CometBFT's own files: shared blocks, their index, the ledger, certificates, the readers'
// cursors and the journal of acknowledged transactions, in one Pebble database.
//
// Data arrives in one way and is read by many:
//
//	Commit (one batch, one fsync per height) -> Head -> SetCertificate -> Certified -> readers, each with a durable cursor
//
// Whoever waits, waits on [Store.Changed] or [Store.Wait]; nothing is called back.
package store

import (
	"context"
	"errors"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
)

// What a read or a write may end in, beside errors of the disk.
var (
	ErrNotYet   = errors.New("height is not there yet")           // above the head, or above what is certified
	ErrPruned   = errors.New("height is pruned")                  // below the floor
	ErrNotFound = errors.New("not found")                         // no such transaction, or no certificate at this very height
	ErrGenesis  = errors.New("the database is another network's") // opened with another genesis
	ErrCommit   = errors.New("the block does not follow the head")
	ErrClosed   = errors.New("the store is closed")
)

// Config is what a store needs.
type Config struct {
	Dir     string           // created if missing
	Genesis *genesis.Genesis // valid; its hash must be the one that the database was made with
}

// Block is a decided block with all that follows from it: what Commit writes.
type Block struct {
	Header   block.Header
	Body     []byte          // encoded
	Contents *block.Contents // of the body
	Effects  *ledger.Effects // of the contents on the ledger's head
}

// Location is where a transaction stands.
type Location struct {
	Height   uint64
	Position uint32 // in shared order
}

// Store is safe for concurrent use; Commit is called by one goroutine at a time.
type Store struct{}

// Open opens or creates the database.
func Open(c Config) (*Store, error) { return nil, errors.ErrUnsupported }

// Close ends all waiting and closes the database.
func (s *Store) Close() error { return nil }

// Genesis is the document that the store was opened with.
func (s *Store) Genesis() *genesis.Genesis { return nil }

// Commit writes the block after the head in one batch with one fsync.
func (s *Store) Commit(b Block) error { return nil }

// Head is the height of the newest block; 0 before the first.
func (s *Store) Head() uint64 { return 0 }

// Floor is the lowest height whose block is there; 1 before anything is pruned.
func (s *Store) Floor() uint64 { return 0 }

// Ledger is the ledger after the head, for [ledger.Apply] and for passes.
func (s *Store) Ledger() ledger.Parent { return ledger.Parent{} }

// Header reads the header of a height.
func (s *Store) Header(height uint64) (block.Header, error) { return block.Header{}, nil }

// Body reads the encoded body of a height.
func (s *Store) Body(height uint64) ([]byte, error) { return nil, nil }

// Contents reads and assembles the body of a height; the newest ones are kept in memory. The caller must not change them.
func (s *Store) Contents(height uint64) (*block.Contents, error) { return nil, nil }

// Tx finds an included transaction; ErrNotFound if there is none. Locations outlive pruning.
func (s *Store) Tx(id common.Hash) (Location, error) { return Location{}, nil }

// SetCertificate keeps a certificate, verified by the caller, of a header that is in the store.
func (s *Store) SetCertificate(c cert.Certificate) error { return nil }

// Certificate reads the certificate of this very height; ErrNotFound if another one covers it or none does.
func (s *Store) Certificate(height uint64) (cert.Certificate, error) {
	return cert.Certificate{}, nil
}

// Certified is the highest height such that it and all below are covered by certificates.
func (s *Store) Certified() uint64 { return 0 }

// Run reads consecutive headers from a height with the certificate of the last: the longest run that ends at or below to, or, if no
// certificate stands there, the shortest one that ends above it. Run(h, h) is so the shortest proof of h.
func (s *Store) Run(from, to uint64) (cert.Run, error) { return cert.Run{}, nil }

// Changed returns a channel that is closed when the head or the certified height next changes, or the store closes.
func (s *Store) Changed() <-chan struct{} { return nil }

// Wait returns when the head is at the height or above.
func (s *Store) Wait(ctx context.Context, height uint64) error { return nil }

// WaitCertified returns when the certified height is at the height or above.
func (s *Store) WaitCertified(ctx context.Context, height uint64) error { return nil }

// Cursor reads a reader's cursor: the last height that it is done with; 0 if it was never set.
func (s *Store) Cursor(name string) (uint64, error) { return 0, nil }

// SetCursor writes a reader's cursor, durably. Blocks above the lowest cursor are never pruned.
func (s *Store) SetCursor(name string, height uint64) error { return nil }

// Prune deletes blocks below the height, as far as cursors and certificates allow, and returns the new floor.
func (s *Store) Prune(below uint64) (floor uint64, err error) { return 0, nil }

// JournalPut keeps acknowledged transactions; it returns when they are on disk. Concurrent calls share an fsync.
func (s *Store) JournalPut(txs []*tx.Tx) error { return nil }

// JournalDelete forgets acknowledged transactions, without waiting for the disk.
func (s *Store) JournalDelete(ids []common.Hash) error { return nil }

// Journal reads all acknowledged transactions, encoded, in the order of their ids.
func (s *Store) Journal() ([][]byte, error) { return nil, nil }
