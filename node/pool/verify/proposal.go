package verify

import (
	"bytes"
	"runtime"
	"sync/atomic"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// Begin starts the check of a proposal's body: give [Proposal.Decode] to block.DecodeBody, then call Verify.
func (c *Checker) Begin() *Proposal { return &Proposal{checker: c} }

// Proposal collects a body's transactions that have not been verified yet. It is used by one goroutine.
type Proposal struct {
	checker *Checker
	keys    []common.Hash
	pending []*tx.Tx
}

// Decode returns a remembered transaction, or decodes it for Verify to check.
func (p *Proposal) Decode(raw []byte) (*tx.Tx, error) {
	if len(raw) > tx.MaxSize {
		return nil, tx.NewReject(tx.TxTooLarge, "%d bytes, at most %d", len(raw), tx.MaxSize)
	}
	key := nameOf(raw)
	if t, ok := p.checker.lookup(key); ok {
		p.checker.known.Inc()
		return t.Tx, nil
	}
	t, err := tx.Decode(bytes.Clone(raw))
	if err != nil {
		return nil, err
	}
	p.keys, p.pending = append(p.keys, key), append(p.pending, t)
	return t, nil
}

// Verify checks the signatures of all decoded transactions that were not remembered, in parallel. The error is the [*tx.Reject] of the first
// one that fails.
func (p *Proposal) Verify() error {
	errs := make([]error, len(p.pending))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0)) // its own: a proposal does not wait for gossip
	var failed atomic.Bool
	parallel(len(p.pending), slots, func(i int) {
		if failed.Load() {
			return
		}
		if _, errs[i] = p.checker.verify(p.keys[i], p.pending[i]); errs[i] != nil {
			failed.Store(true)
		}
	})
	p.keys, p.pending = nil, nil
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
