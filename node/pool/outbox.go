package pool

import (
	"container/list"
	"context"

	"github.com/ethereum/go-ethereum/common"
)

// announceAgain is after how many blocks an acknowledged transaction is offered for gossip once more: gossip queues drop silently, and in eight
// blocks of a quarter of a second every honest proposer of a small set had its turn.
const announceAgain = 8

// outbox holds the acknowledged transactions: those to announce, and those announced, in the order in which they are due again. The zero value
// is ready. Pool.mu guards it.
type outbox struct {
	fresh     list.List     // of *entry
	announced list.List     // of *entry, by due
	gone      []common.Hash // to take out of the journal
}

// place is where an entry stands in the outbox.
type place struct {
	list    *list.List
	element *list.Element
}

func (o *outbox) add(e *entry) { e.announce = &place{&o.fresh, o.fresh.PushBack(e)} }

func (o *outbox) remove(e *entry) {
	if e.announce != nil {
		e.announce.list.Remove(e.announce.element)
		e.announce = nil
	}
}

// due returns the next entry to announce at the height; nil if there is none.
func (o *outbox) due(height uint64) *entry {
	if front := o.fresh.Front(); front != nil {
		return front.Value.(*entry) //nolint:errcheck,forcetypeassert // the list holds nothing else
	}
	if front := o.announced.Front(); front != nil {
		if e := front.Value.(*entry); e.due <= height { //nolint:errcheck,forcetypeassert // the list holds nothing else
			return e
		}
	}
	return nil
}

// done moves an announced entry to the end of those that are due later.
func (o *outbox) done(e *entry, height uint64) {
	o.remove(e)
	e.due = height + announceAgain
	e.announce = &place{&o.announced, o.announced.PushBack(e)}
}

// Unannounced waits for acknowledged transactions that should be gossiped: new ones, and those that the last blocks have left out. It returns
// encodings of at most maxBytes together and at most maxCount of them, at least one; ctx's error if it ends first. For one caller.
func (p *Pool) Unannounced(ctx context.Context, maxBytes, maxCount int) ([][]byte, error) {
	for {
		p.mu.Lock()
		raws := p.announce(maxBytes, maxCount)
		changed := p.changes()
		p.mu.Unlock()
		if len(raws) > 0 {
			return raws, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// announce takes what is due out of the outbox. mu is held.
func (p *Pool) announce(maxBytes, maxCount int) (raws [][]byte) {
	for len(raws) < maxCount {
		e := p.outbox.due(p.height)
		if e == nil {
			break
		}
		if maxBytes -= len(e.tx.Raw()); maxBytes < 0 && len(raws) > 0 {
			break
		}
		raws = append(raws, e.tx.Raw())
		p.outbox.done(e, p.height)
	}
	return raws
}
