package publisher

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lockstep-network/lockstep/da/reader"
	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// tip is the newest block that stands whole on the DA layer, with all before it: its header verified, its lanes found.
type tip struct {
	cert.Trust
	DAHeight uint64 // where it stands; 0 if that is not known
}

// What is read back shares the node's memory, and is looked at once: heights at once, and bytes of blobs.
const (
	readAhead = 4
	readBytes = 32 << 20
)

// follower reads back what is published, whoever published it.
type follower struct {
	reader *reader.Reader
	cancel context.CancelFunc
	done   sync.WaitGroup
	failed chan error // the reader's critical error

	mu    sync.Mutex // guards the fields below
	tip   tip
	final mark // the newest known tip that the layer cannot take back, or an older one
	next  tip  // becomes final with its DA height; none if that is 0
	nextC []byte
}

// follow begins to read where the journal's firm mark is.
func (p *Publisher) follow(ctx context.Context) (*follower, error) {
	firm := p.journal.Firm
	r, err := reader.New(reader.Config{
		Layer: p.cfg.Layer, After: firm.Trust, Namespaces: p.cfg.Namespaces, Cursor: firm.Cursor, From: p.cfg.From, Log: p.cfg.Log,
		Limits: reader.Limits{
			InFlight: readAhead, ReadBytes: readBytes, HeldBytes: readBytes,
			Poll: p.cfg.Limits.Poll, BackoffMin: p.cfg.Limits.BackoffMin, BackoffMax: p.cfg.Limits.BackoffMax,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("read the DA layer back: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	f := &follower{reader: r, cancel: cancel, failed: make(chan error, 1), tip: tip{Trust: firm.Trust}, final: firm}
	f.done.Go(func() {
		for {
			b, err := r.Next(ctx)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				f.failed <- err
				return
			}
			f.take(b)
		}
	})
	return f, nil
}

func (f *follower) take(b reader.Block) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tip = tip{b.Trust, b.DAHeight}
	if f.next.DAHeight == 0 {
		f.next, f.nextC = f.tip, b.Cursor
	}
}

// firm returns the tip, and the DA height up to which nothing more than the tip stands.
func (f *follower) firm() (tip, uint64) {
	s := f.reader.Status()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.next.DAHeight > 0 && f.next.DAHeight <= s.Head.Final {
		f.final, f.next = mark{f.next.Trust, f.nextC}, tip{}
	}
	scanned := s.Scanned
	if s.Delivered > f.tip.Height || s.Tip.Height > s.Delivered && len(s.Withheld) == 0 { // whole and not taken yet
		scanned = 0
	}
	return f.tip, scanned
}

// settledMark is where a reader may begin after a restart: what the layer cannot take back.
func (f *follower) settledMark() mark {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.final
}

func (f *follower) close() {
	f.cancel()
	f.done.Wait()
	_ = f.reader.Close() // never fails
}

// errOtherLayer says that the layer ends before what was published on it.
var errOtherLayer = errors.New("the DA layer ends before what was published on it")

// caughtUp waits until what the DA layer shows now is read: only then is the firm tip known.
func (p *Publisher) caughtUp(ctx context.Context, f *follower) error {
	for wait := p.cfg.Limits.BackoffMin; ; wait = min(2*wait, p.cfg.Limits.BackoffMax) {
		head, err := p.cfg.Layer.Head(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			p.troubled(ctx, "asking the DA layer for its head failed", err)
			if err := p.pause(ctx, f, wait); err != nil {
				return err
			}
			continue
		}
		if head.Height < p.journal.DAHeight {
			return errOtherLayer
		}
		start := time.Now()
		for {
			if _, scanned := f.firm(); scanned >= head.Height {
				p.note(func(s *Status) { s.Trouble = nil })
				return nil
			}
			if time.Since(start) > time.Minute {
				start = time.Now()
				p.cfg.Log.InfoContext(ctx, "reading what is published", "da_height", f.reader.Status().Scanned, "da_head", head.Height)
			}
			if err := p.pause(ctx, f, p.cfg.Limits.Poll); err != nil {
				return err
			}
		}
	}
}
