package pool

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/store"
)

// maxBehind is how many blocks the pool reads one by one; further behind (after block sync), it asks the state about what it holds instead.
const maxBehind = 64

// Follow takes what new blocks hold out of the pool, until ctx ends (its error is returned then) or the chain cannot be read.
func (p *Pool) Follow(ctx context.Context) error {
	for {
		changed := p.chain.Changed()
		if err := p.catchUp(ctx); err != nil {
			return fmt.Errorf("follow the chain: %w", err)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// catchUp brings the pool to the head.
func (p *Pool) catchUp(ctx context.Context) error {
	for {
		head, height := p.chain.Head(), p.Height()
		if height >= head {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if head-height > maxBehind {
			if err := p.jump(head); err != nil {
				return err
			}
			continue
		}
		c, err := p.chain.Contents(height + 1)
		switch {
		case errors.Is(err, store.ErrPruned):
			err = p.jump(head)
		case err == nil:
			err = p.advance(height+1, c.Txs)
		}
		if err != nil {
			return err
		}
	}
}

// advance takes the block at the next height out of the pool, and what it has made impossible.
func (p *Pool) advance(height uint64, txs []*tx.Tx) error {
	p.mu.Lock()
	p.height = height
	payers := make(map[common.Address]struct{})
	included := 0
	p.serve(txs)
	for _, t := range txs {
		if p.payers[t.Payer()] != nil {
			payers[t.Payer()] = struct{}{}
		}
		e := p.byPair[ledger.Pair{Payer: t.Payer(), Salt: t.Salt()}]
		switch {
		case e == nil:
		case e.tx.ID() == t.ID():
			included++
			p.include(e)
		default:
			p.drop(e, tx.NewReject(ledger.Spent, "%s at height %d spends its salt", t.ID(), height))
		}
	}
	p.expire(height)
	p.mu.Unlock()
	p.counts.took(included)
	if err := p.reprice(); err != nil {
		return err
	}
	if err := p.unfund(payers); err != nil {
		return err
	}
	p.settle()
	return nil
}

// serve counts what a block has taken from each queue beside what its namespace has reserved. mu is held.
func (p *Pool) serve(txs []*tx.Tx) {
	sizes := make(map[*queue]uint64)
	for _, t := range txs {
		if q := p.queues[keyOf(t)]; q != nil {
			sizes[q] += p.cost(t)
		}
	}
	for q, size := range sizes {
		q.served += max(size, q.reserved) - q.reserved
	}
}

// include removes an entry that a block holds. mu is held.
func (p *Pool) include(e *entry) {
	p.remove(e)
	if e.journaled {
		p.outbox.gone = append(p.outbox.gone, e.tx.ID())
	}
}

// expire drops what no later block may hold. mu is held.
func (p *Pool) expire(height uint64) {
	for expiry, bucket := range p.byExpiry { // at most a window of them
		if expiry > height {
			continue
		}
		for e := range bucket {
			p.drop(e, tx.NewReject(ledger.Expired, "expired at height %d, no block up to %d holds it", expiry, height))
		}
	}
}

// unfund drops the newest transactions of payers that can no longer pay all: somebody else brought some of theirs into a block.
func (p *Pool) unfund(payers map[common.Address]struct{}) error {
	view := p.chain.Ledger().View
	for a := range payers {
		balance, err := ledger.Balance(view, a)
		if err != nil {
			return fmt.Errorf("read balance: %w", err)
		}
		p.mu.Lock()
		p.trim(a, balance)
		p.mu.Unlock()
	}
	return nil
}

// trim drops a payer's newest transactions until its balance covers the rest. mu is held.
func (p *Pool) trim(a common.Address, balance uint256.Int) {
	payer := p.payers[a]
	if payer == nil || !balance.Lt(&payer.reserved) {
		return
	}
	entries := make([]*entry, 0, len(payer.entries))
	for e := range payer.entries {
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(x, y *entry) int { return int(y.seq) - int(x.seq) })
	for _, e := range entries {
		if !balance.Lt(&payer.reserved) {
			return
		}
		p.drop(e, tx.NewReject(ledger.Unfunded, "%s has %s wei left", a, balance.Dec()))
	}
}

// jump brings the pool to a head whose blocks it does not read: the spent set tells what is out.
func (p *Pool) jump(head uint64) error {
	p.mu.Lock()
	p.height = head // from here on, admissions are checked against the state at the head
	p.expire(head)
	entries := make([]*entry, 0, len(p.byID))
	for _, e := range p.byID {
		entries = append(entries, e)
	}
	p.mu.Unlock()
	view := p.chain.Ledger().View
	payers := make(map[common.Address]struct{})
	for _, e := range entries {
		spent, err := view.Spent(e.pair.Payer, e.pair.Salt)
		if err != nil {
			return fmt.Errorf("read spent set: %w", err)
		}
		_, err = p.chain.Tx(e.tx.ID())
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("find transaction: %w", err)
		}
		payers[e.pair.Payer] = struct{}{}
		p.mu.Lock()
		switch {
		case p.byID[e.tx.ID()] != e || !spent && err != nil:
		case err == nil:
			p.include(e)
		default:
			p.drop(e, tx.NewReject(ledger.Spent, "another transaction spends its salt"))
		}
		p.mu.Unlock()
	}
	if err := p.reprice(); err != nil {
		return err
	}
	if err := p.unfund(payers); err != nil {
		return err
	}
	p.settle()
	return nil
}

// settle wakes who waits for a height, and takes out of the journal what needs no announcing any more.
func (p *Pool) settle() {
	p.mu.Lock()
	p.signal()
	idle := len(p.outbox.gone) == 0
	p.mu.Unlock()
	if idle {
		return
	}
	p.journalMu.Lock()
	defer p.journalMu.Unlock()
	p.mu.Lock()
	gone := slices.DeleteFunc(p.outbox.gone, func(id common.Hash) bool { return p.byID[id] != nil }) // admitted anew meanwhile
	p.outbox.gone = nil
	p.mu.Unlock()
	p.counts.journal(p.journal.JournalDelete(gone))
}
