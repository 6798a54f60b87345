package gateway

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"

	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// carrier is a Tx that carries items.
type carrier struct {
	seq       uint64 // its key in the journal
	tx        *tx.Tx
	wrappedAt uint64  // the soft height then: only later results are about this Tx
	items     []*item // in step with the legs; nil for those with a result, or that left for another Tx
	published int64   // when last, unix milliseconds; 0: not since the start
}

// open returns the items that still need a result here.
func (k *carrier) open() (open []*item) {
	for _, it := range k.items {
		if it != nil {
			open = append(open, it)
		}
	}
	return open
}

// ladder gives each Tx a tip below those of all that are on their way, because a block orders a namespace's Txs by tip: so a sender's nonces
// stay in their order over several Txs in one block (specs/03-certificates.md, "Order").
type ladder struct {
	bottom, top uint64
	next        uint64
}

func newLadder(tip, steps uint64) ladder { return ladder{tip, tip + steps, tip + steps} }

// step returns the next tip; false when there is none left below those on their way. idle: nothing is on its way.
func (l *ladder) step(idle bool) (tip uint64, ok bool) {
	if idle {
		l.next = l.top
	}
	if l.next <= l.bottom {
		return 0, false
	}
	l.next--
	return l.next, true
}

// below notes the tip of a Tx that is on its way from before a restart.
func (l *ladder) below(tip uint64) { l.next = min(l.next, max(tip, l.bottom)) }

// fill takes what can be wrapped into one more Tx, in the order in which it became ready; nil if there is nothing. Needs g.mu.
func (g *Gateway) fill() []*item {
	var items []*item
	size := txOverhead
	p := g.pool
	for len(p.ready) > 0 && len(items) < g.cfg.MaxLegs {
		a := p.ready[0]
		it := p.next(a)
		if it == nil || p.accounts[a.sender] != a {
			a.ready = false
			p.ready[0] = nil
			p.ready = p.ready[1:]
			continue
		}
		if size+len(it.raw)+legOverhead > g.cfg.MaxTxBytes {
			break
		}
		size += len(it.raw) + legOverhead
		a.cursor++
		items = append(items, it)
	}
	return items
}

// wrap signs a Tx that carries the items.
func (g *Gateway) wrap(items []*item, tip, expiry uint64) (*tx.Tx, error) {
	legs := make([]tx.Leg, len(items))
	for i, it := range items {
		legs[i] = tx.Leg{Namespace: g.cfg.Namespace, Data: it.raw}
	}
	var salt [8]byte
	if _, err := rand.Read(salt[:]); err != nil {
		return nil, fmt.Errorf("wrap: %w", err)
	}
	t, err := g.sign(tx.Fields{Salt: binary.BigEndian.Uint64(salt[:]), Expiry: expiry, Legs: legs, MaxFeePerByte: g.accepts(g.cfg.Price()), Tip: tip})
	if err != nil {
		return nil, fmt.Errorf("wrap %d transactions: %w", len(items), err)
	}
	return t, nil
}

// sign makes a Tx of this gateway's payer for its chain.
func (g *Gateway) sign(f tx.Fields) (*tx.Tx, error) {
	f.ChainID = g.cfg.ChainID
	v, err := tx.Sign(f, g.cfg.Key)
	if err != nil {
		return nil, err
	}
	return v.Tx, nil
}
