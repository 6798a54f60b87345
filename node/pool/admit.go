package pool

import (
	"fmt"
	"math"

	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
)

// replacementPercent is how much higher the tip of a replacement must be, in percent: each costs every node a signature check and its gossip.
const replacementPercent = 10

// cost is what a transaction takes of a block, in bytes of its capacity (specs/10-fees.md, "Size"). mu is held.
func (p *Pool) cost(t *tx.Tx) uint64 { return p.fees.SizeOf(t) }

// admit takes one verified transaction in, or says why not. With own set, one that is there already is taken over without an error.
func (p *Pool) admit(t *tx.Tx, own bool) error {
	e, height := newEntry(t), p.Height()
	e.own = own
	balance, err := p.check(e, height)
	if err != nil {
		return err
	}
	return p.enter(e, balance, height)
}

func newEntry(t *tx.Tx) *entry {
	return &entry{tx: t, pair: ledger.Pair{Payer: t.Payer(), Salt: t.Salt()}}
}

// enter takes in what was checked at a height, with the balance that its payer had.
func (p *Pool) enter(e *entry, balance uint256.Int, height uint64) error {
	for {
		p.mu.Lock()
		if p.height == height {
			err := p.insert(e, balance)
			p.mu.Unlock()
			return err
		}
		height = p.height // a block came in between: what was read of the state may be stale
		p.mu.Unlock()
		var err error
		if balance, err = p.check(e, height); err != nil {
			return err
		}
	}
}

// check is what needs no lock: the rules, and the chain's state. It sets the fee and returns the payer's balance.
func (p *Pool) check(e *entry, height uint64) (balance uint256.Int, err error) {
	view := p.chain.Ledger().View
	if e.fee, err = p.config.Rules.Begin(view, height+1).Check(e.tx); err != nil {
		return balance, err
	}
	e.order = ledger.OrderIn(view)(keyOf(e.tx).namespace)
	if balance, err = ledger.Balance(view, e.pair.Payer); err != nil {
		return balance, fmt.Errorf("read balance: %w", err)
	}
	return balance, nil
}

// insert puts a checked entry in if bounds and reservations allow. mu is held.
func (p *Pool) insert(e *entry, balance uint256.Int) error {
	if there := p.byID[e.tx.ID()]; there != nil && e.own {
		there.own = true
		return nil
	}
	if err := p.prices.Check(e.tx); err != nil { // it may wait for a price that rises, and not come in below one that stands
		return err
	}
	old, victims, err := p.fits(e, balance)
	if err != nil {
		return err
	}
	if old != nil {
		p.drop(old, tx.NewReject(Replaced, "%s replaced it", e.tx.ID()))
	}
	for _, v := range victims {
		p.drop(v, tx.NewReject(Evicted, "the pool is full, and another transaction goes before it"))
	}
	return p.put(e)
}

// fits says whether bounds and reservations allow an entry, which one it replaces, and which must leave for it. mu is held.
func (p *Pool) fits(e *entry, balance uint256.Int) (old *entry, victims []*entry, err error) {
	e.cost = p.cost(e.tx)
	if p.byID[e.tx.ID()] != nil {
		return nil, nil, tx.NewReject(ledger.Duplicate, "is in the pool already")
	}
	old = p.byPair[e.pair]
	if old != nil && !old.outpriced(e.tx) && e.tx.Tip() < replacementTip(old.tx.Tip()) {
		return nil, nil, tx.NewReject(ReplacementUnderpriced, "%s has the same payer and salt; a tip of at least %d replaces it",
			old.tx.ID(), replacementTip(old.tx.Tip()))
	}
	if err := p.reserve(e, old, balance); err != nil {
		return nil, nil, err
	}
	victims, err = p.room(e, old)
	return old, victims, err
}

// outpriced says whether the entry waits for a price that its replacement accepts sooner. A price moves once a block, so nobody does this often.
func (e *entry) outpriced(by *tx.Tx) bool {
	return e.waits && by.MaxFeePerByte() > e.tx.MaxFeePerByte()
}

// replacementTip is the least tip that replaces another.
func replacementTip(tip uint64) uint64 {
	rise := max(1, tip/100*replacementPercent+tip%100*replacementPercent/100)
	if tip > math.MaxUint64-rise {
		return math.MaxUint64
	}
	return tip + rise
}

// reserve says whether the payer can pay this one with all its others, within its bounds. mu is held.
func (p *Pool) reserve(e, old *entry, balance uint256.Int) error {
	sum, held := e.fee, e.size()
	if payer := p.payers[e.pair.Payer]; payer != nil {
		sum.Add(&sum, &payer.reserved)
		held = held.plus(payer.held)
	}
	if old != nil {
		sum.Sub(&sum, &old.fee)
		held = held.minus(old.size())
	}
	if balance.Lt(&sum) {
		return tx.NewReject(ledger.Unfunded, "needs %s wei for all that is pending, %s has %s", sum.Dec(), e.pair.Payer, balance.Dec())
	}
	if most := p.config.PerPayer; held.exceeds(most) {
		return tx.NewReject(PayerFull, "%s would have %d bytes in %d transactions, at most %d in %d",
			e.pair.Payer, held.Bytes, held.Count, most.Bytes, most.Count)
	}
	return nil
}

// room finds what must leave so that the entry fits: from its own queue what it outbids, or, if the whole pool is full, the end of the queue
// that holds most. mu is held.
func (p *Pool) room(e, old *entry) ([]*entry, error) {
	q := p.queues[keyOf(e.tx)]
	total, own := p.held.plus(e.size()), e.size()
	if q != nil {
		own = own.plus(q.held)
	}
	if old != nil {
		total = total.minus(old.size())
		if old.queue == q {
			own = own.minus(old.size())
		}
	}
	outbid := func(v *entry) bool { return q.outbid(v, e.tx.Tip()) }
	over := total.minus(p.config.Total)
	if most := p.config.PerNamespace; own.exceeds(most) {
		// q is there: an empty one has room for any transaction.
		need := own.minus(most)
		victims := q.victims(Limits{max(need.Bytes, over.Bytes), max(need.Count, over.Count), max(need.Size, over.Size)}, old, outbid)
		if victims == nil {
			return nil, p.namespaceFull(own)
		}
		return victims, nil
	}
	if !over.exceeds(Limits{}) {
		return nil, nil
	}
	var victims []*entry
	if largest := p.largest(); largest != q && p.share(largest.held) > p.share(own) {
		victims = largest.victims(over, old, func(*entry) bool { return true })
	} else if q != nil {
		victims = q.victims(over, old, outbid)
	}
	if victims == nil {
		return nil, tx.NewReject(Full, "the pool would have %d bytes in %d transactions, at most %d in %d",
			total.Bytes, total.Count, p.config.Total.Bytes, p.config.Total.Count)
	}
	return victims, nil
}

func (p *Pool) namespaceFull(own Limits) error {
	return tx.NewReject(NamespaceFull, "its namespace would have %d bytes in %d transactions, at most %d in %d, and no more than %d full blocks",
		own.Bytes, own.Count, p.config.PerNamespace.Bytes, p.config.PerNamespace.Count, p.config.Blocks)
}

// share measures what is held by the bound that it uses up more.
func (p *Pool) share(l Limits) int {
	return max(l.Bytes*p.config.Total.Count, l.Count*p.config.Total.Bytes)
}

// largest is the queue that holds the largest share; ties by name. mu is held, and the pool is not empty.
func (p *Pool) largest() *queue {
	var most *queue
	for _, q := range p.queues {
		if most == nil || p.share(q.held) > p.share(most.held) || p.share(q.held) == p.share(most.held) && q.key.compare(most.key) < 0 {
			most = q
		}
	}
	return most
}

// queueOf is an entry's queue, made anew if nothing else is in it. mu is held.
func (p *Pool) queueOf(e *entry) (*queue, error) {
	name := keyOf(e.tx)
	if q := p.queues[name]; q != nil {
		return q, nil
	}
	reserved, err := reservedIn(p.chain.Ledger().View, name)
	if err != nil {
		return nil, err
	}
	q := newQueue(name, e.order, p.leastServed())
	q.reserved = reserved
	p.queues[name] = q
	return q, nil
}

// put enters the entry everywhere. mu is held.
func (p *Pool) put(e *entry) (err error) {
	if e.queue, err = p.queueOf(e); err != nil {
		return err
	}
	p.seq++
	e.seq = p.seq
	e.payer = p.payers[e.pair.Payer]
	if e.payer == nil {
		e.payer = &payer{entries: make(map[*entry]struct{})}
		p.payers[e.pair.Payer] = e.payer
	}
	size := e.size()
	p.held = p.held.plus(size)
	e.queue.held = e.queue.held.plus(size)
	e.queue.insert(e)
	e.payer.held = e.payer.held.plus(size)
	e.payer.reserved.Add(&e.payer.reserved, &e.fee)
	e.payer.entries[e] = struct{}{}
	p.byID[e.tx.ID()] = e
	p.byPair[e.pair] = e
	bucket := p.byExpiry[e.tx.Expiry()]
	if bucket == nil {
		bucket = make(map[*entry]struct{})
		p.byExpiry[e.tx.Expiry()] = bucket
	}
	bucket[e] = struct{}{}
	p.signal()
	return nil
}

// remove takes the entry out of everything. mu is held.
func (p *Pool) remove(e *entry) {
	size := e.size()
	p.held = p.held.minus(size)
	e.queue.delete(e)
	if e.waits {
		p.waiting--
	}
	if e.queue.held = e.queue.held.minus(size); e.queue.held.Count == 0 {
		p.served = e.queue.served // counts only if this was the last one
		delete(p.queues, e.queue.key)
	}
	e.payer.held = e.payer.held.minus(size)
	e.payer.reserved.Sub(&e.payer.reserved, &e.fee)
	delete(e.payer.entries, e)
	if len(e.payer.entries) == 0 {
		delete(p.payers, e.pair.Payer)
	}
	delete(p.byID, e.tx.ID())
	delete(p.byPair, e.pair)
	bucket := p.byExpiry[e.tx.Expiry()]
	delete(bucket, e)
	if len(bucket) == 0 {
		delete(p.byExpiry, e.tx.Expiry())
	}
	p.outbox.remove(e)
}

// drop removes the entry and remembers why. mu is held.
func (p *Pool) drop(e *entry, why *tx.Reject) {
	p.remove(e)
	p.outcomes.put(e.tx.ID(), why)
	p.counts.dropped(why.Code)
	if e.journaled {
		p.outbox.gone = append(p.outbox.gone, e.tx.ID())
	}
}

// leastServed is where a queue starts that was empty: level with the one that blocks have served least, so that time without transactions
// earns nothing and costs nothing. mu is held.
func (p *Pool) leastServed() uint64 {
	first := true
	for _, q := range p.queues {
		if first || q.served < p.served {
			p.served, first = q.served, false
		}
	}
	return p.served
}
