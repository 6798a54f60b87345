package gateway

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
)

// itemOverhead is what a raw transaction costs in memory beyond its bytes.
const itemOverhead = 512

// item is a raw transaction that has no result yet. Its first fields never change.
type item struct {
	Parsed
	raw  []byte
	seq  uint64 // order of acceptance, and the key under which it is journaled while it is in no Tx
	seen int64  // when it was accepted, unix milliseconds

	carrier *carrier // the Tx that it is in, or is about to be put into; nil: it waits
	group   *group   // whose flush makes it durable; nil: it was read from the journal
}

func (it *item) size() int { return len(it.raw) + itemOverhead }

// account is a sender's items. From the state's nonce up to end they are without a gap; cursor is the place from where on one may be waiting
// to be wrapped.
type account struct {
	sender  Sender
	items   map[uint64]*item // by nonce
	cursor  uint64           // below it, all are in a Tx or have a result
	end     uint64           // the first nonce that is missing: the sender's pending nonce
	ready   bool             // in pool.ready
	waiting int              // items in no Tx
}

// pool holds the items, by hash and by sender and nonce, within bounds. It is a plain value without a lock: the gateway's guards it.
type pool struct {
	limits   PoolLimits
	parser   Parser
	byHash   map[common.Hash]*item
	accounts map[Sender]*account
	ready    []*account // with an item to wrap at or after cursor; in the order in which they became so
	bytes    int
	waiting  int // items in no Tx
	gapped   int // items above their account's end
}

func newPool(limits PoolLimits, parser Parser) *pool {
	return &pool{limits: limits, parser: parser, byHash: make(map[common.Hash]*item), accounts: make(map[Sender]*account)}
}

// add takes an item, given the next nonce of its sender in the state. replaced is the item whose place it takes, if any. Its errors are
// Submit's.
func (p *pool) add(it *item, nonce uint64) (replaced *item, err error) {
	if p.byHash[it.Hash] != nil {
		return nil, ErrKnown
	}
	a := p.accounts[it.Sender]
	if a == nil {
		a = &account{sender: it.Sender, items: make(map[uint64]*item), cursor: nonce, end: nonce}
	}
	p.advance(a, nonce)
	old := a.items[it.Nonce]
	switch {
	case it.Nonce < nonce:
		return nil, fmt.Errorf("%w: next nonce is %d, transaction has %d", ErrNonceTooLow, nonce, it.Nonce)
	case old != nil && old.carrier != nil:
		return nil, fmt.Errorf("%w: nonce %d", ErrSent, it.Nonce)
	case old != nil && !p.parser.Replaces(it.Price, old.Price):
		return nil, ErrUnderpriced
	}
	if err := p.fits(a, it, old); err != nil {
		return nil, err
	}
	if old != nil {
		p.forget(old)
	}
	p.insert(a, it)
	return old, nil
}

// fits holds an item to the bounds; old is the one that it would replace.
func (p *pool) fits(a *account, it, old *item) error {
	freed, one := 0, 1
	if old != nil {
		freed, one = old.size(), 0
	}
	switch {
	case len(p.byHash)+one > p.limits.Count, p.bytes+it.size()-freed > p.limits.Bytes:
		return ErrFull
	case len(a.items)+one > p.limits.PerSender:
		return fmt.Errorf("%w: %d transactions of this sender wait", ErrFull, len(a.items))
	case old == nil && it.Nonce > a.end && p.gapped >= p.limits.Gapped:
		return fmt.Errorf("%w: too many transactions wait for an earlier nonce; this one's sender is at %d", ErrFull, a.end)
	}
	return nil
}

func (p *pool) insert(a *account, it *item) {
	p.accounts[a.sender] = a
	p.byHash[it.Hash], a.items[it.Nonce] = it, it
	p.bytes += it.size()
	if it.carrier == nil {
		p.waiting++
		a.waiting++
		a.cursor = min(a.cursor, it.Nonce)
	}
	if it.Nonce > a.end {
		p.gapped++
	} else if it.Nonce == a.end {
		a.end++
		p.extend(a)
	}
	p.line(a)
}

// extend moves the end over what is there.
func (p *pool) extend(a *account) {
	for a.items[a.end] != nil {
		a.end++
		p.gapped--
	}
}

// advance takes the state's next nonce of a sender into account.
func (p *pool) advance(a *account, nonce uint64) {
	if nonce > a.end {
		for n := range a.items {
			if n > a.end && n < nonce {
				p.gapped-- // somebody else has closed the gap
			}
		}
		a.end = nonce
		p.extend(a)
	}
	a.cursor = max(a.cursor, nonce)
	p.line(a)
}

// line puts an account in line if something of it may be wrapped.
func (p *pool) line(a *account) {
	if a.cursor < a.end && !a.ready && len(a.items) > 0 {
		a.ready = true
		p.ready = append(p.ready, a)
	}
}

// next takes the next item to wrap from an account; nil if there is none.
func (p *pool) next(a *account) *item {
	for ; a.cursor < a.end; a.cursor++ {
		if it := a.items[a.cursor]; it != nil && it.carrier == nil {
			return it
		}
	}
	return nil
}

// wrapped notes that an item is in a Tx now.
func (p *pool) wrapped(it *item, c *carrier) {
	it.carrier = c
	p.waiting--
	p.accounts[it.Sender].waiting--
}

// unwrap notes that an item's Tx came to nothing: it waits again.
func (p *pool) unwrap(it *item) {
	a := p.accounts[it.Sender]
	it.carrier = nil
	p.waiting++
	a.waiting++
	a.cursor = min(a.cursor, it.Nonce)
	p.line(a)
}

// forget removes an item.
func (p *pool) forget(it *item) {
	a := p.accounts[it.Sender]
	if a == nil || a.items[it.Nonce] != it {
		return
	}
	delete(a.items, it.Nonce)
	delete(p.byHash, it.Hash)
	p.bytes -= it.size()
	if it.carrier == nil {
		p.waiting--
		a.waiting--
	}
	if it.Nonce > a.end {
		p.gapped--
	}
	if len(a.items) == 0 {
		delete(p.accounts, a.sender)
	}
}

// hole notes that a nonce below the end will not come: what stands above it waits.
func (p *pool) hole(a *account, nonce uint64) {
	if nonce >= a.end {
		return
	}
	for n := nonce + 1; n < a.end; n++ {
		if a.items[n] != nil {
			p.gapped++
		}
	}
	a.end, a.cursor = nonce, min(a.cursor, nonce)
}

// readmit takes an item from the journal, whatever the bounds say: it was acknowledged. It returns nil if its place is taken.
func (p *pool) readmit(it *item, nonce uint64) *item {
	a := p.accounts[it.Sender]
	if a == nil {
		a = &account{sender: it.Sender, items: make(map[uint64]*item), cursor: nonce, end: nonce}
	}
	if p.byHash[it.Hash] != nil || a.items[it.Nonce] != nil {
		return nil
	}
	p.insert(a, it)
	return it
}
