// Package publisher writes certified shared blocks onto a DA layer and sees to it that they are there.
//
//	Source -> batch (bounded by age and bytes) -> check -> journal -> da.Layer -> read back -> journal;  da/reader -> firm tip -> where to begin
//
// The order of effects, which makes a crash at any line harmless:
//
//  1. the batch is encoded, decoded and verified: what readers would refuse is never sent
//  2. the journal names it (heights, hash, digests of its blobs), synced
//  3. its blobs are submitted, lanes before headers, so that whoever sees the headers finds the lanes; each submission is read back
//  4. the journal names where each submission stands, synced
//  5. the journal closes the batch and moves the cursor, synced
//
// After a crash the journal's batch is built again and what is not known to have landed is submitted again: readers pass over duplicates. The
// truth about what is published is not the journal but the firm tip: what a reader verifies on the DA layer. If that ends below the cursor
// though it has read far enough, something was lost, and all from the firm tip on is posted anew. So several operators may publish, and a new
// one may take over with an empty folder. Rules: specs/06-da-batches.md, "Publishing".
package publisher

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/batch"
	"github.com/lockstep-network/lockstep/da/readback"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// Source is where the blocks come from; a node's store is one.
type Source interface {
	// Certified is the highest height such that it and all below are covered by certificates.
	Certified() uint64
	// Piece reads consecutive headers from a height with the certificate of the last: the longest run that ends at or below to, or, if no
	// certificate stands there, a short one that ends above it, or, if that is long, a piece of it that ends in a mark near to.
	Piece(from, to uint64) (cert.Run, error)
	// Anchor is the lowest height from a height on that has a certificate, which Certificate reads.
	Anchor(from uint64) (uint64, error)
	Certificate(height uint64) (cert.Certificate, error)
	// Headers reads the headers of a range of heights.
	Headers(from, to uint64) ([]block.Header, error)
	// Contents reads a block's lanes and their table.
	Contents(height uint64) (*block.Contents, error)
}

// Config is what a publisher needs.
type Config struct {
	Dir     string // of the journal; of this publisher alone
	Layer   da.Layer
	Back    *readback.Follower    // that reads the layer back, and runs as long as the publisher does
	Self    func() common.Address // whom batches name as their publisher: the operator's owner
	Source  Source
	Genesis cert.Trust                          // what the chain begins with
	Sets    func(common.Hash) (cert.Set, error) // opens an operator set by its hash; nil if it never changes
	MaxAge  time.Duration                       // how long a certified block may wait for others; 1 s if zero
	// Rank tells how many publishers come before this one for a batch that begins at a height ([Turn]): it publishes when the DA layer has come Patience
	// heights further for each of them and nothing new was published. Nil: it always publishes.
	Rank     func(height uint64) int
	Patience uint64 // DA heights; 8 if zero
	Bytes    int    // of headers and lanes, before compression, at which a batch is full; 4 MiB if zero
	Submit   int    // bytes of one submission; the layer's own limit if zero
	Limits   Limits
	Log      *slog.Logger // slog.Default if nil
}

// Limits are the publisher's pauses. Zero values take the defaults named here.
type Limits struct {
	Poll       time.Duration // between two looks at the source; 25 ms
	BackoffMin time.Duration // first pause after an error; 200 ms
	BackoffMax time.Duration // last pause after an error; 30 s
}

const (
	defaultSubmit = 64 << 20
	leastSubmit   = 4 << 10 // a layer that takes less is no DA layer for us
)

func (c Config) withDefaults() (Config, error) {
	if c.Dir == "" || c.Layer == nil || c.Back == nil || c.Self == nil || c.Source == nil || c.Genesis.ChainID == "" {
		return c, errors.New("DA publisher: no folder, layer, follower, name, source or chain")
	}
	if c.Bytes < 0 || c.Submit < 0 || c.MaxAge < 0 {
		return c, errors.New("DA publisher: a bound is negative")
	}
	wait := func(v *time.Duration, d time.Duration) {
		if *v <= 0 {
			*v = d
		}
	}
	wait(&c.MaxAge, time.Second)
	wait(&c.Limits.Poll, 25*time.Millisecond)
	wait(&c.Limits.BackoffMin, 200*time.Millisecond)
	wait(&c.Limits.BackoffMax, 30*time.Second)
	if c.Bytes == 0 {
		c.Bytes = 4 << 20
	}
	if c.Submit == 0 {
		c.Submit = defaultSubmit
	}
	if c.Patience == 0 {
		c.Patience = 8
	}
	if c.Submit < leastSubmit {
		return c, fmt.Errorf("DA publisher: submissions of %d bytes, want at least %d", c.Submit, leastSubmit)
	}
	if c.Sets == nil {
		set := c.Genesis.Set
		c.Sets = func(h common.Hash) (cert.Set, error) {
			if h != set.Hash() {
				return cert.Set{}, fmt.Errorf("operator set %s is not known", h)
			}
			return set, nil
		}
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c, nil
}

// Status tells how far a publisher has come.
type Status struct {
	Published uint64    // shared height up to which all was submitted
	DAHeight  uint64    // where the newest batch of this publisher stands
	Batches   uint64    // submitted whole since Open
	Bytes     uint64    // submitted since Open, whatever became of them
	Retries   uint64    // submissions that failed or whose outcome was unknown
	Reposts   uint64    // times that something was lost and posted anew
	Trouble   error     // what keeps it from publishing; nil when it goes on
	Since     time.Time // of Trouble
}

// Publisher publishes while Run runs. Its other methods may be called by any goroutine.
type Publisher struct {
	cfg   Config
	codec *batch.Codec
	hook  func(effect string) error // tests end the publisher between two effects

	// Owned by the goroutine that calls Run.
	journal journal
	submit  int         // bytes of one submission, at most the smallest limit that the layer named
	pending pending     // blocks collected and not published
	marks   *cert.Marks // that the DA layer shows, when last asked
	turn    turn
	enough  int // bytes of headers and lanes, before compression, at which a batch is full

	mu     sync.Mutex // guards status
	status Status
}

// Open reads the journal. One that is damaged is set aside with a warning: the DA layer tells what is published.
func Open(cfg Config) (*Publisher, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	codec, err := batch.NewCodec()
	if err != nil {
		return nil, fmt.Errorf("open DA publisher: %w", err)
	}
	p := &Publisher{cfg: cfg, codec: codec, submit: cfg.Submit, enough: cfg.Bytes, marks: new(cert.Marks), hook: func(string) error { return nil }}
	if p.journal, err = openJournal(cfg.Dir, cfg.Genesis, cfg.Log); err != nil {
		return nil, fmt.Errorf("open DA publisher: %w", err)
	}
	p.status.Published = p.journal.Done.Height
	return p, nil
}

// Status returns how far the publisher has come.
func (p *Publisher) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status
}

func (p *Publisher) note(change func(*Status)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.status)
}

// Run publishes until ctx ends, whose error it returns. No trouble of the DA layer ends it. What does: the end of Config.Back, because who does not
// read the layer cannot tell what is published; an error of the journal's disk.
func (p *Publisher) Run(ctx context.Context) error {
	if err := p.begin(ctx); err != nil {
		return err
	}
	if err := p.finish(ctx); err != nil {
		return err
	}
	for {
		if err := p.position(); err != nil {
			return err
		}
		b, err := p.next(ctx)
		switch {
		case err == nil:
			err = p.publish(ctx, b)
		case errors.Is(err, errNothing):
			err = p.pause(ctx, p.cfg.Limits.Poll)
		case ctx.Err() == nil:
			p.troubled(ctx, "building a batch failed", err)
			err = p.pause(ctx, p.cfg.Limits.BackoffMin)
		}
		if err != nil {
			return err
		}
	}
}

// begin reads what the DA layer shows. One that ends before what was published there is another layer, or was reset: all is published anew.
func (p *Publisher) begin(ctx context.Context) error {
	for {
		err := p.caughtUp(ctx)
		if !errors.Is(err, errOtherLayer) {
			return err
		}
		p.cfg.Log.WarnContext(ctx, "the DA layer ends before what was published on it; beginning with what it shows", "da_height", p.journal.DAHeight)
		p.journal.Done, p.journal.DAHeight, p.journal.Open = p.cfg.Genesis, 0, nil
		if err := p.journal.save(); err != nil {
			return err
		}
		p.cfg.Back.Anew()
	}
}

// finish takes up the batch that the journal left open.
func (p *Publisher) finish(ctx context.Context) error {
	open := p.journal.Open
	if open == nil {
		return nil
	}
	b, err := p.rebuild(*open)
	if err != nil {
		p.cfg.Log.WarnContext(ctx, "the batch of the journal cannot be built again; beginning at the firm tip",
			"from", open.From, "to", open.To, "error", err)
		p.journal.Open = nil
		return p.journal.save()
	}
	return p.send(ctx, b)
}

// position decides after which block to go on: after what this publisher has submitted, or what others have, or, if the DA layer does not
// show it, after the firm tip.
func (p *Publisher) position() error {
	select {
	case <-p.cfg.Back.Failed():
		return fmt.Errorf("publish: %w", p.cfg.Back.Err())
	default:
	}
	tip, scanned := p.cfg.Back.Firm()
	done := &p.journal.Done
	switch {
	case tip.Height == done.Height:
	case tip.Height > done.Height:
		*done = tip.Trust
		p.pending.reset()
		p.turn.others()
	case scanned >= p.journal.DAHeight:
		p.cfg.Log.Warn("the DA layer has lost what was published; posting it anew",
			"published", done.Height, "firm", tip.Height, "da_height", p.journal.DAHeight)
		p.note(func(s *Status) { s.Reposts++ })
		*done = tip.Trust
		p.pending.reset()
		if err := p.journal.save(); err != nil {
			return err
		}
	}
	p.note(func(s *Status) { s.Published = done.Height })
	return nil
}

// publish journals a batch and sends it.
func (p *Publisher) publish(ctx context.Context, b built) error {
	if err := p.hook("built"); err != nil {
		return err
	}
	p.journal.Open = b.entry()
	if err := p.journal.save(); err != nil {
		return err
	}
	if err := p.hook("journaled"); err != nil {
		return err
	}
	return p.send(ctx, b)
}

// closeBatch moves the cursor behind a batch.
func (p *Publisher) closeBatch(b built, daHeight uint64) error {
	p.journal.Open = nil
	p.journal.Done = b.after
	p.journal.DAHeight = daHeight
	if err := p.journal.save(); err != nil {
		return err
	}
	p.pending.drop(b.after.Height)
	p.note(func(s *Status) {
		s.Published, s.DAHeight, s.Trouble = b.after.Height, daHeight, nil
		s.Batches++
	})
	return p.hook("closed")
}

// troubled logs the first error of a kind of trouble, and keeps the newest for Status.
func (p *Publisher) troubled(ctx context.Context, what string, err error) {
	first := false
	p.note(func(s *Status) {
		if first = s.Trouble == nil; first {
			s.Since = time.Now()
		}
		s.Trouble = err
	})
	if first {
		p.cfg.Log.WarnContext(ctx, "publishing is held up; trying again", "cause", what, "error", err)
	}
}

// pause waits, or until ctx or the follower ends.
func (p *Publisher) pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-p.cfg.Back.Failed():
		return fmt.Errorf("publish: %w", p.cfg.Back.Err())
	}
}
