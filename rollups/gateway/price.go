package gateway

import (
	"context"
	"log/slog"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

const (
	// priceEvery is the pause between two questions: a price that doubles in 22 full blocks of 100 ms is seen four times on its way.
	priceEvery = 500 * time.Millisecond
	// priceWait bounds the answers of one round; later ones do not count.
	priceWait = time.Second
	// pricePeers are asked in a round: of three, one may lie or lag without moving the median.
	pricePeers = 3
	// raisedAtOnce bounds how many Txs are signed anew before the gateway turns to its submitters again.
	raisedAtOnce = 64
)

// Operators are asked for prices; a [rollups.Network] is one.
type Operators interface {
	Candidates() []string // best first
	Price(ctx context.Context, peer string, ns namespaces.Namespace) (feed.Price, error)
}

// Prices follows what a byte costs in one namespace: the median of what three peers say, twice a second. Nothing proves a price. One that is too low
// leaves Txs waiting until the next answer; one that is too high costs nothing but a larger reservation, because the ledger charges its own.
type Prices struct {
	operators Operators
	ns        namespaces.Namespace
	log       *slog.Logger
	newest    atomic.Uint64
}

// NewPrices follows the prices of a namespace once Run runs.
func NewPrices(operators Operators, ns namespaces.Namespace, log *slog.Logger) *Prices {
	return &Prices{operators: operators, ns: ns, log: log}
}

// FeePerByte is the newest price in wei: what max_fee_per_byte must reach; 0 while nobody has named one.
func (p *Prices) FeePerByte() uint64 { return p.newest.Load() }

// Run asks until ctx ends.
func (p *Prices) Run(ctx context.Context) error {
	tick := time.NewTicker(priceEvery)
	defer tick.Stop()
	for {
		if price, ok := p.ask(ctx); ok {
			p.newest.Store(price)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// ask is one round; false if nobody answered.
func (p *Prices) ask(ctx context.Context) (uint64, bool) {
	ctx, cancel := context.WithTimeout(ctx, priceWait)
	defer cancel()
	peers := p.operators.Candidates()
	peers = peers[:min(len(peers), pricePeers)]
	var mu sync.Mutex
	var said []uint64
	var work sync.WaitGroup
	for _, peer := range peers {
		work.Go(func() {
			price, err := p.operators.Price(ctx, peer, p.ns)
			if err != nil {
				p.log.DebugContext(ctx, "a peer names no price", "peer", peer, "error", err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			said = append(said, price.FeePerByte)
		})
	}
	work.Wait()
	if len(said) == 0 {
		return 0, false
	}
	slices.Sort(said)
	return said[len(said)/2], true
}

// accepts is the max_fee_per_byte to sign at a price: twice as much, within the gateway's own maximum.
func (g *Gateway) accepts(price uint64) uint64 {
	switch {
	case price == 0:
		return g.cfg.FirstFeePerByte
	case price > math.MaxUint64/2:
		return g.cfg.MaxFeePerByte
	}
	return min(2*price, g.cfg.MaxFeePerByte)
}

// raise signs those Txs anew that accept less than today's price, with the same salt and tip: at most one of the two is ever included, and a pool lets the
// one that waits be replaced (specs/02-gossip.md, "Pool"). They are published with what is due. Owned by Run.
func (g *Gateway) raise(ctx context.Context, soft uint64) error {
	price := g.cfg.Price()
	if dear := price > g.cfg.MaxFeePerByte; dear != g.dear {
		g.dear = dear
		if dear {
			g.log.WarnContext(ctx, "a byte costs more than this gateway pays: its Txs wait", "price", price, "max_fee_per_byte", g.cfg.MaxFeePerByte)
		}
	}
	if g.dear {
		return nil
	}
	expiry := max(g.cfg.Announced(), soft) + g.cfg.ExpiryAhead
	c := g.journal.begin()
	raised := make(map[*carrier]*tx.Tx)
	for _, k := range g.carriers {
		if k.tx.MaxFeePerByte() >= price || len(k.open()) < len(k.items) || k.tx.Expiry() <= soft {
			continue // it pays, or is decided in part, or is wrapped anew as a whole
		}
		t, err := g.sign(tx.Fields{Salt: k.tx.Salt(), Expiry: max(expiry, k.tx.Expiry()), Legs: k.tx.Legs(), MaxFeePerByte: g.accepts(price), Tip: k.tx.Tip()})
		if err != nil {
			return err
		}
		raised[k] = t
		c.putCarrier(&carrier{seq: k.seq, tx: t, wrappedAt: k.wrappedAt, items: k.items})
		if len(raised) == raisedAtOnce {
			break
		}
	}
	if err := c.commit(); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	// any order: each Tx goes into its own carrier
	for k, t := range raised {
		k.tx, k.published = t, 0
	}
	g.metrics.raised.Add(float64(len(raised)))
	return nil
}
