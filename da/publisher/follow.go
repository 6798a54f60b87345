package publisher

import (
	"context"
	"errors"
	"time"

	"github.com/lockstep-network/lockstep/da"
)

// errOtherLayer says that the layer ends before what was published on it.
var errOtherLayer = errors.New("the DA layer ends before what was published on it")

// caughtUp waits until what the DA layer shows now is read: only then is the firm tip known.
func (p *Publisher) caughtUp(ctx context.Context) error {
	for wait := p.cfg.Limits.BackoffMin; ; wait = min(2*wait, p.cfg.Limits.BackoffMax) {
		head, err := p.cfg.Layer.Head(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			p.troubled(ctx, "asking the DA layer for its head failed", err)
			if err := p.pause(ctx, wait); err != nil {
				return err
			}
			continue
		}
		if head.Height < p.journal.DAHeight {
			if _, replaces := p.cfg.Layer.(da.Linker); !replaces {
				return errOtherLayer
			}
			p.journal.DAHeight = head.Height // it was reorganised: the firm tip will tell what is lost
		}
		start := time.Now()
		for {
			_, scanned := p.cfg.Back.Firm()
			if scanned >= head.Height {
				p.note(func(s *Status) { s.Trouble = nil })
				return nil
			}
			if time.Since(start) > time.Minute {
				start = time.Now()
				p.cfg.Log.InfoContext(ctx, "reading what is published", "da_height", scanned, "da_head", head.Height)
			}
			if err := p.pause(ctx, p.cfg.Limits.Poll); err != nil {
				return err
			}
		}
	}
}
