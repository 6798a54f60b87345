package pool

import (
	"container/heap"
	"context"
	"errors"
	"slices"

	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// Take picks transactions for a block: those whose encodings have at most maxBytes together, at most maxSignatures signatures, and which fit the block's
// capacity. It removes nothing, and leaves out those that accept less than today's price.
//
// What namespaces have reserved comes first (specs/10-fees.md, "Building a block"). Then it goes by the queue that blocks have served least, counting
// what it has taken itself: so every namespace that has transactions waiting gets the same share of what is not reserved, whatever others hold, and
// what one leaves goes to the others. A queue whose first transaction no longer fits is left for this block, and for the next one it is the least served.
func (p *Pool) Take(maxBytes, maxSignatures int) []*tx.Tx {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := make(walks, 0, len(p.queues))
	for _, q := range p.queues {
		h = append(h, &walk{queue: q, served: q.served})
	}
	slices.SortFunc(h, func(a, b *walk) int { return a.queue.key.compare(b.queue.key) })
	pick := picking{bytes: maxBytes, signatures: maxSignatures, room: p.fees.Capacity, txs: make([]*tx.Tx, 0, min(maxSignatures, len(p.byID)))}
	for _, w := range h {
		left := w.queue.reserved
		for e := w.head(); e != nil && e.cost <= left && pick.take(e); e = w.head() {
			left -= e.cost
			w.advance()
		}
	}
	heap.Init(&h)
	for len(h) > 0 && pick.signatures > 0 {
		e := h[0].head()
		if e == nil || !pick.take(e) {
			heap.Pop(&h)
			continue
		}
		h[0].served += e.cost
		h[0].advance()
		heap.Fix(&h, 0)
	}
	return pick.txs
}

// picking is what is taken for a block, and the room that is left.
type picking struct {
	txs        []*tx.Tx
	bytes      int
	signatures int
	room       uint64 // bytes of capacity
}

// take takes a transaction if it fits.
func (p *picking) take(e *entry) bool {
	if len(e.tx.Raw()) > p.bytes || e.tx.Signatures() > p.signatures || e.cost > p.room {
		return false
	}
	p.txs = append(p.txs, e.tx)
	p.bytes -= len(e.tx.Raw())
	p.signatures -= e.tx.Signatures()
	p.room -= e.cost
	return true
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
