package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/lru"

	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// recentResults is for how many transactions the result is remembered in memory; after that the rollup's state is asked.
const recentResults = 65_536

// Gateway is one payer's way into one rollup's lane. Run is its one goroutine that packs, writes and settles; the other methods may be called
// from any.
type Gateway struct {
	cfg     Config
	log     *slog.Logger
	metrics *metrics
	journal *journal
	kick    chan struct{} // a transaction has come
	full    chan struct{} // enough have come for a whole Tx

	// Owned by Run (and Open before it).
	carriers []*carrier // undecided, in the order of seq
	ladder   ladder
	settled  uint64 // soft height of the last settling
	flushed  int    // transactions in the last flush
	dear     bool   // the price is above what this gateway pays

	mu      sync.Mutex // guards what follows
	pool    *pool
	fresh   []*item // accepted since the last flush, not journaled yet
	removed []*item // journaled as waiting, and replaced since the last flush
	group   *group  // what submitters of fresh wait for
	seq     uint64  // the last one given
	results *lru.Cache[common.Hash, Status]
	readers map[int]chan common.Hash
	closed  bool
}

// group is the submitters that share a flush.
type group struct {
	done chan struct{} // closed when their transactions are durable, or err is set
	err  error
}

func newGroup() *group { return &group{done: make(chan struct{})} }

// Open reads the journal and takes up what it holds.
func Open(cfg Config) (*Gateway, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	m, err := newMetrics(cfg.Registry)
	if err != nil {
		return nil, fmt.Errorf("gateway metrics: %w", err)
	}
	j, err := openJournal(cfg.fs, cfg.Dir, cfg.Log)
	if err != nil {
		return nil, err
	}
	g := &Gateway{
		cfg: cfg, log: cfg.Log, metrics: m, journal: j, kick: make(chan struct{}, 1), full: make(chan struct{}, 1),
		ladder: newLadder(cfg.Tip, cfg.TipSteps), pool: newPool(cfg.Pool, cfg.Parser), group: newGroup(),
		results: lru.NewCache[common.Hash, Status](recentResults), readers: make(map[int]chan common.Hash),
	}
	if err := g.restore(); err != nil {
		return nil, errors.Join(err, j.close())
	}
	return g, nil
}

// Run packs, publishes and settles until ctx ends (nil), or until the journal cannot be written.
func (g *Gateway) Run(ctx context.Context) error {
	defer g.shut()
	tick := time.NewTicker(min(max(g.cfg.Republish/4, time.Millisecond), 250*time.Millisecond))
	defer tick.Stop()
	g.publish(ctx, g.due())
	for {
		height, changed := g.cfg.Soft()
		var err error
		if height > g.settled || g.settled == 0 {
			err = g.settle(ctx, height)
		}
		if err == nil {
			err = g.flush(ctx, height)
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return g.flush(ctx, height)
		case <-g.kick:
			g.linger(ctx)
		case <-changed:
		case <-tick.C:
			if err := g.raise(ctx, height); err != nil {
				return err
			}
			g.publish(ctx, g.due())
		}
	}
}

// Close releases the journal. Run must have returned.
func (g *Gateway) Close() error {
	g.shut()
	return g.journal.close()
}

// shut refuses what comes from now on, and whoever waits.
func (g *Gateway) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return
	}
	g.closed = true
	g.group.err = ErrClosed
	close(g.group.done)
	for id, ch := range g.readers {
		delete(g.readers, id)
		close(ch)
	}
}

// Submit takes a raw transaction and returns its hash when it is durable: from then on it is looked after until it has a result or has grown
// too old. [ErrKnown] too says that it is durable. An error of ctx leaves open whether it was taken; Status tells.
func (g *Gateway) Submit(ctx context.Context, raw []byte) (common.Hash, error) {
	wait, hash, err := g.accept(raw)
	if err != nil {
		g.metrics.refused.WithLabelValues(codeOf(err)).Inc()
	}
	if wait == nil {
		return hash, err
	}
	select {
	case <-wait.done:
		return hash, errors.Join(wait.err, err)
	case <-ctx.Done():
		return hash, fmt.Errorf("submit: %w", ctx.Err())
	}
}

// accept checks a raw transaction against the state and the pool, and puts it into the next flush. With [ErrKnown] the group may be set too.
func (g *Gateway) accept(raw []byte) (*group, common.Hash, error) {
	if len(raw) == 0 || len(raw) > g.cfg.MaxRaw {
		return nil, common.Hash{}, fmt.Errorf("%w: %d bytes, want 1 to %d", ErrTooLarge, len(raw), g.cfg.MaxRaw)
	}
	parsed, err := g.cfg.Parser.Parse(raw)
	if err != nil {
		return nil, common.Hash{}, err
	}
	nonce, err := g.cfg.State.Nonce(parsed.Sender)
	if err != nil {
		return nil, parsed.Hash, fmt.Errorf("read nonce: %w", err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil, parsed.Hash, ErrClosed
	}
	if known := g.pool.byHash[parsed.Hash]; known != nil {
		return known.group, parsed.Hash, ErrKnown
	}
	it := &item{Parsed: parsed, raw: raw, seq: g.seq + 1, seen: time.Now().UnixMilli(), group: g.group}
	replaced, err := g.pool.add(it, nonce)
	if err != nil {
		return nil, parsed.Hash, err
	}
	g.seq++
	g.results.Remove(parsed.Hash)
	if replaced != nil {
		g.removed = append(g.removed, replaced)
		g.results.Add(replaced.Hash, Status{Stage: StageDropped, Reason: "replaced by " + parsed.Hash.String()})
	}
	g.fresh = append(g.fresh, it)
	signal(g.kick)
	if len(g.fresh) >= g.cfg.MaxLegs {
		signal(g.full)
	}
	return g.group, parsed.Hash, nil
}

// busyFlush is how many transactions a flush has when a gateway is busy. Below it, gossip of the next message costs operators little; above, the wait
// for a block is what users notice.
const busyFlush = 64

// Linger is how long the first transaction of a flush waits for others: base, and four times as long right after a flush of 64 and more.
// Operators pay for each message of gossip: a busy gateway sends fewer and larger ones.
func Linger(base time.Duration, flushed int) time.Duration {
	if flushed >= busyFlush {
		return 4 * base
	}
	return base
}

// linger waits for others to share a flush with.
func (g *Gateway) linger(ctx context.Context) {
	t := time.NewTimer(Linger(g.cfg.Linger, g.flushed))
	defer t.Stop()
	select {
	case <-t.C:
	case <-g.full:
	case <-ctx.Done():
	}
}

// flush packs what is executable, writes it and all that is new to the journal, tells the submitters, and publishes.
func (g *Gateway) flush(ctx context.Context, soft uint64) error {
	c := g.journal.begin()
	g.mu.Lock()
	fresh, removed, waiters := g.fresh, g.removed, g.group
	g.fresh, g.removed, g.group = nil, nil, newGroup()
	packed, err := g.pack(soft, c)
	for _, it := range removed {
		c.dropWaiting(it)
	}
	for _, it := range fresh {
		if it.carrier == nil && g.pool.byHash[it.Hash] == it {
			c.putWaiting(it)
		}
	}
	g.mu.Unlock()
	g.flushed = len(fresh)
	if err = errors.Join(err, c.commit()); err != nil {
		waiters.err = err
	}
	close(waiters.done)
	if err != nil {
		return err
	}
	g.announce(fresh)
	g.publish(ctx, packed)
	g.measure()
	return nil
}

// pack wraps all that can be wrapped now. Needs g.mu: nothing may be replaced that is being signed.
func (g *Gateway) pack(soft uint64, c *changes) (packed []*carrier, err error) {
	tip := max(g.cfg.Announced(), soft)
	if tip == 0 {
		return nil, nil // nothing is known of the chain yet: any expiry might have passed
	}
	for len(g.carriers) < g.cfg.Pool.Txs {
		items := g.fill()
		if len(items) == 0 {
			return packed, nil
		}
		offer, ok := g.ladder.step(len(g.carriers) == 0)
		if !ok {
			g.refill(items)
			return packed, nil
		}
		t, err := g.wrap(items, offer, tip+g.cfg.ExpiryAhead)
		if err != nil {
			return packed, err
		}
		g.seq++
		k := &carrier{seq: g.seq, tx: t, wrappedAt: soft, items: items}
		for _, it := range items {
			c.dropWaiting(it)
			g.pool.wrapped(it, k)
		}
		c.putCarrier(k)
		g.carriers, packed = append(g.carriers, k), append(packed, k)
		g.metrics.wrapped.Add(float64(len(items)))
		g.metrics.txs.Inc()
	}
	return packed, nil
}

// refill puts back what fill took. Needs g.mu.
func (g *Gateway) refill(items []*item) {
	for _, it := range items {
		a := g.pool.accounts[it.Sender]
		a.cursor = min(a.cursor, it.Nonce)
		g.pool.line(a)
	}
}

// announce tells subscribers of what is durable now.
func (g *Gateway) announce(fresh []*item) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, it := range fresh {
		for _, ch := range g.readers {
			select {
			case ch <- it.Hash:
			default: // too slow: it misses this one
			}
		}
	}
}

// restore takes up what the journal holds.
func (g *Gateway) restore() error {
	c := g.journal.begin()
	err := g.journal.load(
		func(seq uint64, w waitingWire) error {
			g.seq = max(g.seq, seq)
			it, err := g.readmit(w.Leg.item(w.Raw, seq, nil))
			if it == nil {
				c.drop(waitingKey, seq)
			}
			return err
		},
		func(seq uint64, w carrierWire) error {
			g.seq = max(g.seq, seq)
			t, err := tx.Decode(w.Tx)
			if err != nil {
				return err
			}
			if len(w.Legs) != len(t.Legs()) {
				return fmt.Errorf("%d notes on %d legs", len(w.Legs), len(t.Legs()))
			}
			k := &carrier{seq: seq, tx: t, wrappedAt: w.WrappedAt, items: make([]*item, len(w.Legs))}
			for i, l := range t.Legs() {
				if w.Legs[i].Seen == 0 {
					continue
				}
				if k.items[i], err = g.readmit(w.Legs[i].item(l.Data, 0, k)); err != nil {
					return err
				}
			}
			g.carriers = append(g.carriers, k)
			g.ladder.below(t.Tip())
			return nil
		})
	for _, k := range g.carriers {
		for _, it := range k.open() {
			g.seq++
			it.seq = g.seq // a key of its own, should it wait again
		}
	}
	return errors.Join(err, c.commit())
}

// readmit puts a journaled transaction back into the pool; nil if its place is taken.
func (g *Gateway) readmit(it *item) (*item, error) {
	nonce, err := g.cfg.State.Nonce(it.Sender)
	if err != nil {
		return nil, fmt.Errorf("read nonce: %w", err)
	}
	return g.pool.readmit(it, nonce), nil
}

// signal wakes a waiter, once.
func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
