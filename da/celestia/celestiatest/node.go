// Package celestiatest is a celestia-node for tests: the methods of its JSON-RPC that a [da.Layer] needs, over a chain of one process that keeps
// Celestia's rules: namespaces, sizes, shares and their order (the squares are go-square's own), commitments, gas and fees, rights, heights that
// are not there yet or are pruned. What a node can do wrong is done on demand, see [Fault].
//
//	blob.Submit -> mempool -> block: a square of shares -> blob.GetAll, blob.GetProof, blob.Included
package celestiatest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/celestiaorg/go-square/v3/share"

	"github.com/lockstep-network/lockstep/da"
)

// Config of a node. Zero values take the defaults named here.
type Config struct {
	Token     string // with the right to write; none: no rights are asked for
	ReadToken string // with the right to read alone
	MaxTx     int    // bytes of a transaction; 2 MiB, as of app versions 3 to 5
	MaxSquare int    // shares of a side, a power of two; 128
	GasPrice  uint64 // millionths of a utia that are taken at least; 4,000
	Balance   uint64 // utia of the node's account; a million TIA
}

// Node is a celestia-node. Its methods may be called concurrently.
type Node struct {
	cfg    Config
	server *httptest.Server

	mu      sync.Mutex // guards the fields below
	changed *sync.Cond // mined or released
	blocks  []*block   // height 1 is the first
	pruned  uint64     // heights up to here are gone
	pool    []*tx      // in the order in which they came
	held    bool       // no block is made
	calls   map[string]int
	faults  func(method string, n int) Fault
	spent   uint64
	ledger  Config // what of Config changes: GasPrice, Balance
}

// New starts a node that stops with the test. It has one empty block.
func New(tb testing.TB, cfg Config) *Node {
	tb.Helper()
	if cfg.MaxTx == 0 {
		cfg.MaxTx = 2 << 20
	}
	if cfg.MaxSquare == 0 {
		cfg.MaxSquare = 128
	}
	if cfg.GasPrice == 0 {
		cfg.GasPrice = 4_000
	}
	if cfg.Balance == 0 {
		cfg.Balance = 1_000_000_000_000
	}
	n := &Node{cfg: cfg, ledger: cfg, calls: make(map[string]int)}
	n.changed = sync.NewCond(&n.mu)
	n.mine()
	n.server = httptest.NewServer(n)
	tb.Cleanup(func() {
		n.Hold(false) // whoever waits for a block goes
		n.server.Close()
	})
	return n
}

// URL of the JSON-RPC: http://127.0.0.1:port.
func (n *Node) URL() string { return n.server.URL }

// Head is the newest height.
func (n *Node) Head() uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return uint64(len(n.blocks))
}

// Advance makes empty blocks, or blocks of what waits.
func (n *Node) Advance(blocks int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for range blocks {
		n.mine()
	}
}

// Hold keeps transactions in the mempool, until they are let go: then all that wait stand in one block, if they fit.
func (n *Node) Hold(held bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.held = held
	if !held && len(n.pool) > 0 {
		n.mine()
	}
	n.changed.Broadcast()
}

// Waiting is how many transactions are in the mempool.
func (n *Node) Waiting() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.pool)
}

// Drop empties the mempool: who waits is told that its transaction was evicted.
func (n *Node) Drop() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, t := range n.pool {
		t.evicted = true
	}
	n.pool = nil
	n.changed.Broadcast()
}

// Prune forgets the blocks up to a height.
func (n *Node) Prune(height uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.pruned = max(n.pruned, height)
}

// SetGasPrice changes what is taken at least, in millionths of a utia.
func (n *Node) SetGasPrice(price uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ledger.GasPrice = price
}

// Spent is what the node's account has paid, in utia.
func (n *Node) Spent() uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.spent
}

// Calls is how often a method was asked for.
func (n *Node) Calls(method string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.calls[method]
}

// Post puts a stranger's blobs into the next block and returns its height; what no block takes fails the test.
func (n *Node) Post(tb testing.TB, blobs ...da.Blob) uint64 {
	tb.Helper()
	shares := make([]*share.Blob, 0, len(blobs))
	for _, b := range blobs {
		one, err := share.NewV0Blob(b.Namespace.Share(), b.Data)
		if err != nil {
			tb.Fatal(err)
		}
		shares = append(shares, one)
	}
	return n.PostShares(tb, shares...)
}

// PostShares is Post of blobs of any share version.
func (n *Node) PostShares(tb testing.TB, blobs ...*share.Blob) uint64 {
	tb.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	t := &tx{blobs: blobs}
	n.pool = append(n.pool, t)
	n.mine()
	if t.height == 0 {
		tb.Fatal("the blobs do not fit into a block")
	}
	return t.height
}

// mine makes a block of what is in the mempool and fits; the rest waits on. The lock is held.
func (n *Node) mine() {
	height := uint64(len(n.blocks) + 1)
	b, left, err := build(n.pool, n.cfg.MaxSquare)
	if err != nil {
		panic(fmt.Sprintf("build a square: %v", err)) // go-square refused what it took before
	}
	b.hash = sha256.Sum256(binary.BigEndian.AppendUint64([]byte("celestiatest"), height))
	n.blocks = append(n.blocks, b)
	for _, t := range n.pool {
		if !slices.Contains(left, t) {
			t.height = height
		}
	}
	n.pool = left
	n.changed.Broadcast()
}
