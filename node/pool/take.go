package pool

import (
	"container/heap"
	"context"
	"errors"

	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// Take picks transactions for a block: those whose encodings have at most maxBytes together, at most maxSignatures signatures, and which fit the block's
// capacity. It removes nothing, and leaves out those that accept less than today's price.
//
// It goes by the queue that blocks have served least, counting what it has taken itself: so every namespace that has transactions waiting
// gets the same share of blocks, whatever others hold, and what one leaves goes to the others. A queue whose first transaction no longer
// fits is left for this block, and for the next one it is the least served.
func (p *Pool) Take(maxBytes, maxSignatures int) []*tx.Tx {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := make(walks, 0, len(p.queues))
	for _, q := range p.queues {
		h = append(h, &walk{queue: q, served: q.served})
	}
	heap.Init(&h)
	out := make([]*tx.Tx, 0, min(maxSignatures, len(p.byID)))
	room := p.fees.Capacity
	for len(h) > 0 && maxSignatures > 0 {
		e := h[0].head()
		if e == nil || len(e.tx.Raw()) > maxBytes || e.tx.Signatures() > maxSignatures || e.cost > room {
			heap.Pop(&h)
			continue
		}
		out = append(out, e.tx)
		maxBytes -= len(e.tx.Raw())
		room -= e.cost
		maxSignatures -= e.tx.Signatures()
		h[0].advance()
		heap.Fix(&h, 0)
	}
	return out
}

// Recheck drops those of the transactions that the newest state no longer lets into a block: of a namespace that has left, of an owned lane
// whose epoch is over or whose place is taken. A proposer gives it what the ledger refused.
func (p *Pool) Recheck(txs []*tx.Tx) {
	for _, t := range txs {
		height := p.Height()
		_, err := p.config.Rules.Begin(p.chain.Ledger().View, height+1).Check(t)
		var why *tx.Reject
		if !errors.As(err, &why) {
			continue
		}
		p.mu.Lock()
		if e := p.byID[t.ID()]; e != nil && p.height == height {
			p.drop(e, why)
		}
		p.mu.Unlock()
	}
}

// Wait returns nil when the pool has seen the block at height parent and holds a transaction that accepts today's prices; ctx's error if it ends first.
func (p *Pool) Wait(ctx context.Context, parent uint64) error {
	for {
		p.mu.Lock()
		ready := p.height >= parent && len(p.byID) > p.waiting
		changed := p.changes()
		p.mu.Unlock()
		if ready {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
