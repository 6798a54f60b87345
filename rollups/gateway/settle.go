package gateway

import (
	"context"
	"fmt"
	"time"

	"github.com/lockstep-network/lockstep/namespaces/feed"
)

// verdict is what settling decides about an item of a Tx.
type verdict struct {
	item  *item
	drop  bool   // it has a result; else it goes into another Tx
	state Status // of a result
}

// settle looks for results when the rollup has come to a soft height. A Tx is included as a whole, so its first open item speaks for it until
// that has a result or the expiry has passed. Effects: the journal first, then memory.
func (g *Gateway) settle(ctx context.Context, soft uint64) error {
	now := time.Now()
	c := g.journal.begin()
	kept := g.carriers[:0:0]
	var verdicts []verdict
	for _, k := range g.carriers {
		vs, err := g.judge(k, soft, now)
		if err != nil {
			g.log.WarnContext(ctx, "reading results failed", "error", err)
			kept = append(kept, k)
			continue
		}
		for _, v := range vs {
			if !v.drop {
				c.putWaiting(v.item)
			}
			k.release(v.item)
		}
		verdicts = append(verdicts, vs...)
		switch {
		case len(k.open()) == 0:
			c.dropCarrier(k)
		default:
			if len(vs) > 0 {
				c.putCarrier(k)
			}
			kept = append(kept, k)
		}
	}
	if err := c.commit(); err != nil {
		return err
	}
	g.carriers, g.settled = kept, soft
	return g.apply(ctx, verdicts, now)
}

// apply changes the pool by what was decided, and by what the state says of those that wait.
func (g *Gateway) apply(ctx context.Context, verdicts []verdict, now time.Time) error {
	c := g.journal.begin()
	g.mu.Lock()
	for _, v := range verdicts {
		if v.drop {
			g.drop(v.item, v.state)
		} else {
			g.pool.unwrap(v.item)
		}
	}
	err := g.refresh(c, now)
	g.mu.Unlock()
	if err != nil {
		g.log.WarnContext(ctx, "reading nonces failed", "error", err)
	}
	return c.commit()
}

// judge decides about the open items of a Tx.
func (g *Gateway) judge(k *carrier, soft uint64, now time.Time) (vs []verdict, err error) {
	expired := soft > k.tx.Expiry()
	for _, it := range k.open() {
		o, err := g.cfg.State.Outcome(it.Hash)
		if err != nil {
			return nil, fmt.Errorf("outcome of %s: %w", it.Hash, err)
		}
		fresh := o.Height > k.wrappedAt
		switch {
		case o.Result == Landed:
			vs = append(vs, verdict{it, true, Status{Stage: StageLanded}})
		case o.Result == Skipped && fresh && !o.Again:
			vs = append(vs, verdict{it, true, Status{Stage: StageDropped, Reason: o.Reason}})
		case o.Result == Skipped && fresh, expired:
			v := verdict{item: it}
			if now.UnixMilli()-it.seen > g.cfg.Lifetime.Milliseconds() {
				v.drop, v.state = true, g.tooOld()
			}
			vs = append(vs, v)
		case len(vs) == 0:
			return nil, nil // not included yet
		}
	}
	return vs, nil
}

// release takes an item out of a Tx.
func (k *carrier) release(it *item) {
	for i := range k.items {
		if k.items[i] == it {
			k.items[i] = nil
		}
	}
}

// drop forgets an item that has a result. Needs g.mu.
func (g *Gateway) drop(it *item, s Status) {
	a := g.pool.accounts[it.Sender]
	g.pool.forget(it)
	if s.Stage != StageLanded && a != nil {
		g.pool.hole(a, it.Nonce)
	}
	g.results.Add(it.Hash, s)
	g.metrics.results.WithLabelValues(string(s.Stage)).Inc()
}

// refresh takes the state's nonces of senders with waiting items into account: gaps close, and what was overtaken is dropped. Needs g.mu.
func (g *Gateway) refresh(c *changes, now time.Time) error {
	if g.pool.waiting == 0 {
		return nil
	}
	for sender, a := range g.pool.accounts {
		if a.waiting == 0 {
			continue
		}
		nonce, err := g.cfg.State.Nonce(sender)
		if err != nil {
			return err
		}
		for _, it := range a.items {
			if it.carrier != nil {
				continue
			}
			s, over, err := g.overtaken(it, nonce, now)
			if err != nil {
				return err
			}
			if over {
				c.dropWaiting(it)
				g.drop(it, s)
			}
		}
		g.pool.advance(a, nonce)
	}
	return nil
}

// overtaken says whether a waiting item has no future: its nonce is used, or it is too old.
func (g *Gateway) overtaken(it *item, nonce uint64, now time.Time) (Status, bool, error) {
	if it.Nonce >= nonce {
		return g.tooOld(), now.UnixMilli()-it.seen > g.cfg.Lifetime.Milliseconds(), nil
	}
	o, err := g.cfg.State.Outcome(it.Hash)
	if o.Result == Landed {
		return Status{Stage: StageLanded}, true, err
	}
	return Status{Stage: StageDropped, Reason: "nonce_too_low"}, true, err
}

func (g *Gateway) tooOld() Status {
	return Status{Stage: StageDropped, Reason: "no result within " + g.cfg.Lifetime.String()}
}

// due returns the Txs that are to be published again.
func (g *Gateway) due() (due []*carrier) {
	soft, _ := g.cfg.Soft()
	before := time.Now().Add(-g.cfg.Republish).UnixMilli()
	for _, k := range g.carriers {
		if k.published <= before && k.tx.Expiry() > soft {
			due = append(due, k)
		}
	}
	return due
}

// publish gossips Txs, as many in one message as fit. What fails is due at once.
func (g *Gateway) publish(ctx context.Context, carriers []*carrier) {
	const room = feed.MaxBatchSize - 64 // the list's own bytes
	for len(carriers) > 0 {
		n, size := 0, 0
		for n < len(carriers) && n < feed.MaxBatchTxs && (n == 0 || size+len(carriers[n].tx.Raw()) <= room) {
			size += len(carriers[n].tx.Raw())
			n++
		}
		raws := make([][]byte, n)
		for i, k := range carriers[:n] {
			raws[i] = k.tx.Raw()
		}
		err := g.cfg.Publish(ctx, raws)
		for _, k := range carriers[:n] {
			k.published = time.Now().UnixMilli()
			if err != nil {
				k.published = 0
			}
		}
		if err != nil {
			g.metrics.unpublished.Inc()
			g.log.WarnContext(ctx, "publishing failed; it is tried again", "txs", n, "error", err)
			return
		}
		carriers = carriers[n:]
	}
}
