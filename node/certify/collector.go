package certify

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
)

// Chain is the committed blocks; a *store.Store is one.
type Chain interface {
	Head() uint64
	Header(height uint64) (block.Header, error)
	Changed() <-chan struct{}
}

// Certificates is where certificates are kept; a *store.Store is one.
type Certificates interface {
	// Certified is the highest height such that it and all below are covered.
	Certified() uint64
	// Run reads consecutive headers from a height with the certificate of the last; Run(h, h) is the shortest proof of h.
	Run(from, to uint64) (cert.Run, error)
	// SetCertificate keeps a verified certificate of a committed header, and moves Certified.
	SetCertificate(cert.Certificate) error
}

// Commits are the votes that consensus stored with its decisions; an *engine.Engine has them.
type Commits interface {
	ExtendedCommit(height uint64) ([]cert.Vote, error)
}

// Topic is a gossip topic; a *p2p.Topic is one.
type Topic interface {
	Publish(ctx context.Context, data []byte) error
}

// Config says for whom a collector works.
type Config struct {
	ChainID  string
	Own      func(operator common.Address) bool       // whether a key is this operator's, whose votes are gossiped; nil: none is
	Set      func(hash common.Hash) (cert.Set, error) // opens the set that a header names by its hash
	Evidence string                                   // folder for conflicting certificates; made when needed
	Patience time.Duration                            // how long a committed height waits before the own vote is gossiped; 0: DefaultPatience
	Metrics  prometheus.Registerer                    // nil: none
	Logger   *slog.Logger                             // nil: none
}

// DefaultPatience is longer than late votes take among operators on one continent, and short beside what a user waits.
const DefaultPatience = 300 * time.Millisecond

const (
	// shareAtOnce bounds the own votes that are gossiped in half a Patience.
	shareAtOnce = 8
	// shareAgain is when a vote, or the newest header, is gossiped again; before, gossip drops it as seen.
	shareAgain = 45 * time.Second
)

// Collector makes certificates. [Collector.Run] is its one goroutine; what comes from outside enters by Observe, Vote and Announcement, which
// any goroutine may call.
type Collector struct {
	cfg   Config
	chain Chain
	store Certificates
	votes Commits
	out   struct{ votes, headers Topic }
	log   *slog.Logger
	told  metrics

	poked chan struct{} // holds one: something was added for Run to look at

	mu      sync.Mutex
	tally   *tally                       // under mu
	pending map[uint64]feed.Announcement // under mu: verified, above the tally's head, at most ahead
	heard   uint64                       // under mu: highest height that a peer announced
	rival   *rival                       // under mu: a certificate that contradicts a committed header

	announced   uint64    // Run's
	announcedAt time.Time // Run's
}

// New makes a collector that goes on where the certificates end. votes and headers are the topics "votes/1" and "headers/1".
func New(cfg Config, chain Chain, store Certificates, commits Commits, votes, headers Topic) (*Collector, error) {
	if cfg.ChainID == "" || cfg.Set == nil || cfg.Evidence == "" {
		return nil, fmt.Errorf("new collector: need a chain id, operator sets and a folder for evidence")
	}
	if cfg.Patience == 0 {
		cfg.Patience = DefaultPatience
	}
	c := &Collector{
		cfg: cfg, chain: chain, store: store, votes: commits, log: cfg.Logger,
		poked: make(chan struct{}, 1), pending: make(map[uint64]feed.Announcement),
	}
	c.out.votes, c.out.headers = votes, headers
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if err := lookForEvidence(cfg.Evidence); err != nil {
		return nil, fmt.Errorf("new collector: %w", err)
	}
	c.told = newMetrics(cfg.Metrics, c)
	certified := store.Certified()
	next, err := c.setAfter(certified)
	if err != nil {
		return nil, fmt.Errorf("new collector: %w", err)
	}
	c.tally, c.announced = newTally(certified, next), certified
	return c, nil
}

// setAfter is the set that certifies the height after h.
func (c *Collector) setAfter(h uint64) (cert.Set, error) {
	if h == 0 {
		return cert.Set{}, nil // no header names it yet; votes for the first height count once it is committed
	}
	header, err := c.chain.Header(h)
	if err != nil {
		return cert.Set{}, fmt.Errorf("read header %d: %w", h, err)
	}
	return c.cfg.Set(header.NextOperatorsHash)
}

// Run collects until the context ends, or until two certified headers are seen at one height: then the evidence is on disk, the error is a
// [*cert.ErrConflict], and neither this collector nor one made later with the same folder certifies anything.
//
// The order of effects at each height: votes checked, certificate stored (and with it the certified head), certificate announced. A crash in
// between loses nothing but votes, which are read again or come again.
func (c *Collector) Run(ctx context.Context) error {
	tick := time.NewTicker(c.cfg.Patience / 2)
	defer tick.Stop()
	for {
		changed := c.chain.Changed()
		if err := c.step(ctx); err != nil {
			return fmt.Errorf("certify: %w", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-c.poked:
		case <-tick.C:
			c.share(ctx)
			c.announce(ctx)
		}
	}
}

// step reads new heights and stores every certificate that stands.
func (c *Collector) step(ctx context.Context) error {
	for {
		more, err := c.read(ctx)
		if err != nil {
			return err
		}
		if err := c.assemble(ctx); err != nil {
			return err
		}
		if !more {
			c.announce(ctx)
			return nil
		}
	}
}

// readAtOnce bounds the heights that are read before certificates are stored, when a node catches up.
const readAtOnce = 64

// read opens new committed heights, in order, with the votes that consensus stored. What leaves the window uncertified stays in the store until a
// later certificate covers it.
func (c *Collector) read(ctx context.Context) (more bool, err error) {
	c.mu.Lock()
	from := c.tally.head + 1
	c.mu.Unlock()
	head := c.chain.Head()
	last := min(head, from+readAtOnce-1)
	for h := from; h <= last; h++ {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		if err := c.open(ctx, h); err != nil {
			return false, err
		}
	}
	return last < head, nil
}

func (c *Collector) open(ctx context.Context, h uint64) error {
	header, err := c.chain.Header(h)
	if err != nil {
		return fmt.Errorf("read header %d: %w", h, err)
	}
	set, err := c.cfg.Set(header.OperatorsHash)
	if err != nil {
		return fmt.Errorf("operators of height %d: %w", h, err)
	}
	next := set
	if header.NextOperatorsHash != header.OperatorsHash {
		if next, err = c.cfg.Set(header.NextOperatorsHash); err != nil {
			return fmt.Errorf("operators after height %d: %w", h, err)
		}
	}
	c.mu.Lock()
	c.tally.commit(h, header.Hash(), set, next, time.Now())
	c.mu.Unlock()
	votes, err := c.votes.ExtendedCommit(h)
	if err != nil {
		c.log.DebugContext(ctx, "no stored votes", "height", h, "error", err)
		return nil // pruned, or never stored here: late votes, peers and later certificates remain
	}
	for _, v := range votes {
		c.Observe(feed.Vote{Height: h, Vote: v})
	}
	return nil
}

// assemble stores the certificates that the votes and the announcements add up to, in the order of heights.
func (c *Collector) assemble(ctx context.Context) error {
	for {
		h, certificate, source, found, err := c.ready()
		if err != nil {
			return err
		}
		if r := c.contradiction(); r != nil {
			return c.freeze(ctx, *r)
		}
		if !found {
			return nil
		}
		if certificate == nil {
			continue
		}
		if err := c.store.SetCertificate(*certificate); err != nil {
			return fmt.Errorf("store certificate of height %d: %w", h, err)
		}
		c.told.stored.WithLabelValues(source).Inc()
		certified := c.store.Certified()
		c.mu.Lock()
		c.tally.certify(h, certified)
		for k := range c.pending {
			if k <= certified {
				delete(c.pending, k)
			}
		}
		c.mu.Unlock()
	}
}

// ready takes the next height that something was added to, and its certificate if there is one now.
func (c *Collector) ready() (h uint64, certificate *cert.Certificate, source string, found bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h, found = c.tally.pop(); !found {
		return 0, nil, "", false, nil
	}
	o := c.tally.open[h]
	a, announced := c.pending[h]
	if o == nil && !announced {
		return h, nil, "", true, nil
	}
	var known, operators common.Hash
	if o != nil {
		known, operators = *o.header, o.set.Hash()
	} else if header, err := c.chain.Header(h); err == nil {
		known, operators = header.Hash(), header.OperatorsHash
	} else {
		return 0, nil, "", false, fmt.Errorf("read header %d: %w", h, err)
	}
	certificate, conflict := c.tally.outcome(h)
	source = fromVotes
	if conflict != nil {
		c.rival = &rival{height: h, known: known, certificate: *conflict}
	}
	if announced {
		delete(c.pending, h)
		switch {
		case a.Header.OperatorsHash != operators: // it came early, by operators that do not certify this height any more
		case a.Certificate.HeaderHash != known:
			c.rival = &rival{height: h, known: known, certificate: a.Certificate, header: &a.Header}
		case certificate == nil && (o == nil || !o.stored):
			certificate, source = &a.Certificate, fromGossip
		}
	}
	if c.rival != nil && c.rival.height == h {
		c.rival.own = certificate
	}
	return h, certificate, source, true, nil
}

func (c *Collector) contradiction() *rival {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rival
}

// announce gossips the newest certified header, unless a peer was first; and again while the chain stands still, for peers that missed it.
func (c *Collector) announce(ctx context.Context) {
	h := c.store.Certified()
	c.mu.Lock()
	heard := c.heard
	c.mu.Unlock()
	now := time.Now()
	if fresh := h > c.announced; h == 0 || !fresh && now.Sub(c.announcedAt) < shareAgain {
		return
	} else if c.announced, c.announcedAt = h, now; fresh && heard >= h {
		return
	}
	run, err := c.store.Run(h, h) // one header: what is certified ends in a certificate
	if err != nil {
		c.log.WarnContext(ctx, "certified header not announced", "height", h, "error", err)
		return
	}
	if err := c.out.headers.Publish(ctx, feed.Announcement{Header: run.Headers[0], Certificate: run.Certificate}.Encode()); err != nil {
		c.log.WarnContext(ctx, "certified header not announced", "height", h, "error", err)
		return
	}
	c.told.announced.Inc()
}

// share gossips this operator's own votes at heights that have waited too long.
func (c *Collector) share(ctx context.Context) {
	if c.cfg.Own == nil {
		return
	}
	now := time.Now()
	c.mu.Lock()
	var votes []feed.Vote
	for h, n := c.tally.head, 0; h >= c.tally.low() && n < shareAtOnce; h-- {
		o := c.tally.open[h]
		if o == nil || now.Sub(o.since) < c.cfg.Patience || !o.shared.IsZero() && now.Sub(o.shared) < shareAgain {
			continue
		}
		own := c.tally.own(h, c.cfg.Own)
		if len(own) == 0 {
			continue
		}
		o.shared, n = now, n+1
		for _, v := range own {
			votes = append(votes, feed.Vote{Height: h, Vote: v})
		}
	}
	c.mu.Unlock()
	for _, v := range votes {
		if err := c.out.votes.Publish(ctx, v.Encode()); err != nil {
			c.log.WarnContext(ctx, "own vote not gossiped", "height", v.Height, "error", err)
			continue
		}
		c.told.shared.Inc()
	}
}

func (c *Collector) poke() {
	select {
	case c.poked <- struct{}{}:
	default:
	}
}
