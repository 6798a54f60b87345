package pool

import (
	"fmt"

	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/fee"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// reprice reads the prices after the newest block, and what a block takes: those that accept less wait, those that waited long enough come back.
func (p *Pool) reprice() error {
	view := p.chain.Ledger().View
	prices, err := p.config.Rules.Prices(view)
	if err != nil {
		return err
	}
	params, err := ledger.ParamsOf(view)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.prices = prices
	if now := fee.ParamsOf(params); now != p.fees {
		p.fees = now
		p.config.PerNamespace.Size = p.config.Blocks * int(p.fees.Capacity)
		p.resize()
	}
	for _, q := range p.queues {
		if q.reserved, err = reservedIn(view, q.key); err != nil {
			return err
		}
		if q.key.own {
			err = p.repriceLane(q)
		} else {
			err = p.repriceSpanning(q)
		}
		if err != nil {
			return fmt.Errorf("read prices: %w", err)
		}
	}
	p.signal()
	return nil
}

// resize counts what transactions take of a block by parameters that are new, and drops those that no block has room for any more. mu is held.
func (p *Pool) resize() {
	for _, e := range p.byID { // any order: each by itself
		was := e.size()
		e.cost = p.cost(e.tx)
		for _, held := range []*Limits{&p.held, &e.queue.held, &e.payer.held} {
			*held = held.minus(was).plus(e.size())
		}
		if e.cost > p.fees.Capacity {
			p.drop(e, tx.NewReject(tx.TxTooLarge, "takes %d bytes of a block, which has %d by now", e.cost, p.fees.Capacity))
		}
	}
}

// repriceLane moves what a changed price moves, and looks at nothing else. mu is held.
func (p *Pool) repriceLane(q *queue) error {
	now, err := p.prices.In(q.key.namespace)
	if err != nil {
		return err
	}
	price := now.Sum()
	for {
		e, there := q.waiting.Min()
		if !there || e.tx.MaxFeePerByte() < price {
			break
		}
		p.move(e)
	}
	for {
		e, there := q.byPrice.Max()
		if !there || e.tx.MaxFeePerByte() >= price {
			return nil
		}
		p.move(e)
	}
}

// repriceSpanning looks at each transaction that spans namespaces: which of its prices is the highest may change. mu is held.
func (p *Pool) repriceSpanning(q *queue) error {
	var moved []*entry
	var failed error
	look := func(e *entry) bool {
		least, err := p.prices.Least(e.tx)
		if err != nil {
			failed = err
			return false
		}
		if e.waits != (e.tx.MaxFeePerByte() < least) {
			moved = append(moved, e)
		}
		return true
	}
	q.tree.Ascend(look)
	q.waiting.Ascend(look)
	for _, e := range moved {
		p.move(e)
	}
	return failed
}

// move brings an entry to the other tree of its queue. mu is held.
func (p *Pool) move(e *entry) {
	e.queue.delete(e)
	if e.waits = !e.waits; e.waits {
		p.waiting++
	} else {
		p.waiting--
	}
	e.queue.insert(e)
}

// reservedIn is what a queue's namespace has reserved of the block after a state, in bytes of capacity. Nobody reserves for what spans namespaces.
func reservedIn(view state.Reader, key queueKey) (uint64, error) {
	if !key.own {
		return 0, nil
	}
	_, now, _, err := ledger.Reserved(view, key.namespace)
	return now, err
}
