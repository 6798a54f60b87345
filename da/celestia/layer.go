// Package celestia is the driver of [da.Layer] on Celestia, by the JSON-RPC of a celestia-node:
//
//	Submit: blobs, with their share commitments -> one PayForBlobs transaction, its gas price raised when refused -> proof of inclusion
//	Read:   the blobs of one namespace in a block, each checked against its commitment
//
// A DA height is a Celestia height, and each namespace is Celestia's own of the same ten bytes: whoever has a Celestia node reads a rollup's lanes
// without this program. The node is trusted for what stands in which block. It holds the account that pays; this driver holds a token.
// Formats and rules: specs/13-da-layers.md.
package celestia

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/namespaces"
)

// Layer is a [da.Layer] on Celestia.
type Layer struct {
	cfg   Config
	nodes []*node // the first is asked first, and alone to submit

	prices *pricing
	spent  *spending
	slots  chan struct{} // of submissions
	maxTx  atomic.Int64  // bytes of a transaction, as far as known

	mu   sync.Mutex // guards head
	head da.Head    // the highest that was seen

	refused sync.Once // a refused token is told: nobody else mends it, and readers only wait
}

var _ da.Layer = (*Layer)(nil)

// Open returns a layer. It does not connect: a node that does not answer makes the calls fail with [da.ErrUnavailable].
func Open(cfg Config) (*Layer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	p := newPricing(cfg.Fees)
	l := &Layer{
		cfg: cfg, nodes: []*node{newNode(cfg.URL, cfg.Token, cfg.Timing.Request)}, prices: p,
		spent: &spending{limit: cfg.Fees.SpendPerHour, now: p.now}, slots: make(chan struct{}, cfg.Submitting),
	}
	for _, a := range cfg.Archives {
		l.nodes = append(l.nodes, newNode(a, "", cfg.Timing.Request))
	}
	l.maxTx.Store(int64(cfg.MaxTx))
	return l, nil
}

// Close lets go of the connections. Transactions that were sent stay sent.
func (l *Layer) Close() error {
	for _, n := range l.nodes {
		n.close()
	}
	return nil
}

// Head implements [da.Layer]: the newest block that the node has the header of. A Celestia block is final when it is there.
func (l *Layer) Head(ctx context.Context) (da.Head, error) {
	h, err := ask[header](ctx, l.nodes[0], headerAnswer, "header.LocalHead")
	var hash common.Hash
	if err == nil {
		hash, err = h.hash()
	}
	if errors.Is(err, ErrToken) {
		l.refused.Do(func() {
			l.cfg.Log.ErrorContext(ctx, "the DA layer cannot be read: give another token and restart", "error", err)
		})
	}
	if err != nil {
		return da.Head{}, fmt.Errorf("ask Celestia for its head: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if height := uint64(h.Header.Height); height > l.head.Height { // several nodes behind one address need not be equally far
		l.head = da.Head{Height: height, Final: height, Hash: hash}
	}
	head := l.head
	head.Price = perByte(l.prices.offer(), l.cfg.WeiPerUtia)
	return head, nil
}

// Time implements [da.Layer]: the header's.
func (l *Layer) Time(ctx context.Context, height uint64) (uint64, error) {
	if height == 0 {
		return 0, fmt.Errorf("time of DA height 0: heights begin at 1: %w", da.ErrInvalid)
	}
	var first error
	for _, n := range l.nodes { // an archive may have what the first has pruned
		h, err := ask[header](ctx, n, headerAnswer, "header.GetByHeight", height)
		if err == nil && (uint64(h.Header.Height) != height || h.Header.Time.UnixMilli() <= 0) {
			err = fmt.Errorf("the header has another height, or no time: %w", da.ErrUnavailable)
		}
		if err == nil {
			return uint64(h.Header.Time.UnixMilli()), nil
		}
		if first == nil {
			first = err
		}
		if errors.Is(err, da.ErrNotYet) || ctx.Err() != nil {
			break
		}
	}
	return 0, fmt.Errorf("time of DA height %d: %w", height, first)
}

// Balance is what the node's account holds, in utia.
func (l *Layer) Balance(ctx context.Context) (uint64, error) {
	b, err := ask[balance](ctx, l.nodes[0], smallAnswer, "state.Balance")
	if err != nil {
		return 0, fmt.Errorf("ask Celestia for the balance: %w", err)
	}
	if b.Denom != "utia" {
		return 0, fmt.Errorf("ask Celestia for the balance: it is told in %q, want utia: %w", b.Denom, da.ErrUnavailable)
	}
	return uint64(b.Amount), nil
}

// Read implements [da.Layer].
func (l *Layer) Read(ctx context.Context, height uint64, ns namespaces.Namespace) ([]da.Blob, error) {
	if height == 0 {
		return nil, fmt.Errorf("read DA height 0: heights begin at 1: %w", da.ErrInvalid)
	}
	var first error
	for _, n := range l.nodes {
		blobs, err := read(ctx, n, height, ns)
		switch {
		case err == nil:
			return blobs, nil
		case !errors.Is(err, da.ErrGone) && !errors.Is(err, da.ErrUnavailable):
			if first == nil {
				first = err
			}
		case first == nil || errors.Is(first, da.ErrGone): // an archive that does not answer may have what the first has pruned
			first = err
		}
		if first != nil && errors.Is(first, da.ErrNotYet) || ctx.Err() != nil {
			break
		}
	}
	return nil, fmt.Errorf("read DA height %d: %w", height, first)
}

func read(ctx context.Context, n *node, height uint64, ns namespaces.Namespace) ([]da.Blob, error) {
	answered, err := ask[[]blob](ctx, n, blobsAnswer, "blob.GetAll", height, [][]byte{ns.Share().Bytes()})
	if errors.Is(err, errNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return decode(answered, ns)
}
