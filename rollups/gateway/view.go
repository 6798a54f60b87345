package gateway

import (
	"cmp"
	"errors"
	"slices"

	"github.com/ethereum/go-ethereum/common"
)

// Status tells how far a raw transaction has come.
func (g *Gateway) Status(hash common.Hash) Status {
	g.mu.Lock()
	it := g.pool.byHash[hash]
	if it != nil {
		defer g.mu.Unlock()
		switch {
		case it.carrier != nil:
			return Status{Stage: StageSent, Tx: it.carrier.tx.ID(), Expiry: it.carrier.tx.Expiry()}
		case it.Nonce > g.pool.accounts[it.Sender].end:
			return Status{Stage: StageGapped}
		}
		return Status{Stage: StageReady}
	}
	s, known := g.results.Get(hash)
	g.mu.Unlock()
	if known && s.Stage != StageDropped {
		return s
	}
	// What this gateway dropped may have landed by another way.
	o, err := g.cfg.State.Outcome(hash)
	switch {
	case err == nil && o.Result == Landed:
		return Status{Stage: StageLanded}
	case known:
		return s
	case err == nil && o.Result == Skipped:
		return Status{Stage: StageDropped, Reason: o.Reason}
	}
	return Status{Stage: StageUnknown}
}

// Pending returns a raw transaction that has no result yet. The caller must not change it.
func (g *Gateway) Pending(hash common.Hash) (raw []byte, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	it := g.pool.byHash[hash]
	if it == nil {
		return nil, false
	}
	return it.raw, true
}

// PendingList returns up to limit raw transactions without a result: those on their way or ready before gapped ones, then in the order in
// which they were accepted, each sender's in the order of nonces.
func (g *Gateway) PendingList(limit int) [][]byte {
	g.mu.Lock()
	type entry struct {
		*item
		gapped bool
		first  uint64 // the sender's oldest
	}
	list := make([]entry, 0, len(g.pool.byHash))
	for _, a := range g.pool.accounts {
		first := ^uint64(0)
		for _, it := range a.items {
			first = min(first, it.seq)
		}
		for _, it := range a.items {
			list = append(list, entry{it, it.Nonce > a.end, first})
		}
	}
	g.mu.Unlock()
	slices.SortFunc(list, func(a, b entry) int {
		if a.gapped != b.gapped {
			if b.gapped {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.first, b.first), slices.Compare(a.Sender[:], b.Sender[:]), cmp.Compare(a.Nonce, b.Nonce))
	})
	raws := make([][]byte, 0, min(limit, len(list)))
	for _, e := range list[:min(limit, len(list))] {
		raws = append(raws, e.raw)
	}
	return raws
}

// PendingNonce is the sender's next nonce after all that is on its way without a gap.
func (g *Gateway) PendingNonce(sender Sender) (uint64, error) {
	nonce, err := g.cfg.State.Nonce(sender)
	if err != nil {
		return 0, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if a := g.pool.accounts[sender]; a != nil {
		nonce = max(nonce, a.end)
		for a.items[nonce] != nil {
			nonce++
		}
	}
	return nonce, nil
}

// Subscribe returns the hashes of raw transactions as they become durable. A reader that is more than buffer behind misses some. The channel
// is closed by cancel, which may be called again, and when the gateway ends.
func (g *Gateway) Subscribe(buffer int) (hashes <-chan common.Hash, cancel func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	ch := make(chan common.Hash, max(buffer, 1))
	if g.closed {
		close(ch)
		return ch, func() {}
	}
	id := 0
	for g.readers[id] != nil {
		id++
	}
	g.readers[id] = ch
	return ch, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.readers[id] == ch {
			delete(g.readers, id)
			close(ch)
		}
	}
}

// Stats counts what a gateway holds.
type Stats struct {
	Transactions int // raw transactions without a result
	Waiting      int // of them in no Tx
	Gapped       int // of them above a missing nonce
	Bytes        int
}

// Stats returns the pool's counts.
func (g *Gateway) Stats() Stats {
	g.mu.Lock()
	defer g.mu.Unlock()
	return Stats{Transactions: len(g.pool.byHash), Waiting: g.pool.waiting, Gapped: g.pool.gapped, Bytes: g.pool.bytes}
}

// codeOf names an error of Submit for metrics.
func codeOf(err error) string {
	for _, known := range []struct {
		err  error
		code string
	}{
		{ErrKnown, "known"},
		{ErrNonceTooLow, "nonce_too_low"},
		{ErrUnderpriced, "underpriced"},
		{ErrSent, "sent"},
		{ErrFull, "full"},
		{ErrTooLarge, "too_large"},
		{ErrClosed, "closed"},
	} {
		if errors.Is(err, known.err) {
			return known.code
		}
	}
	return "invalid"
}
