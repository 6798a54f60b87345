package publisher

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/reader"
)

// submitTimeout ends a submission that hangs; its outcome is then unknown.
const submitTimeout = 2 * time.Minute

// errMissing says that a submission was acknowledged and is not there.
var errMissing = errors.New("the DA layer acknowledged a submission that it does not show")

// send submits the groups of the journal's open batch that are not known to have landed, each until it has, and closes the batch. It returns
// without closing it when the layer finds it too large: the next batch is smaller.
func (p *Publisher) send(ctx context.Context, b built) error {
	e := p.journal.Open
	for i := 0; i < len(b.groups); {
		if e.Landed[i] != 0 {
			i++
			continue
		}
		height, err := p.land(ctx, b, b.groups[i])
		switch {
		case errors.Is(err, da.ErrTooLarge{}):
			return p.shrink(ctx, err)
		case err != nil:
			return err
		case height == 0: // the DA layer shows the whole batch already
			tip, _ := p.cfg.Back.Firm()
			return p.closeBatch(b, tip.DAHeight)
		}
		e.Landed[i] = height
		if early(e.Landed, height) {
			p.cfg.Log.WarnContext(ctx, "a batch took too long to land, sending it anew", "from", e.From, "to", e.To, "da_height", height)
			clear(e.Landed)
			i = 0
		}
		if err := p.journal.save(); err != nil {
			return err
		}
		if err := p.hook("landed"); err != nil {
			return err
		}
	}
	return p.closeBatch(b, slices.Max(e.Landed))
}

// early says whether a group landed so long before the newest that readers may have forgotten it.
func early(landed []uint64, newest uint64) bool {
	for _, h := range landed {
		if h != 0 && h+reader.Window/2 < newest {
			return true
		}
	}
	return false
}

// land submits one group until it is known to be on the DA layer, and returns where. Zero: the layer shows all of the batch, whoever sent it.
// The only errors are those of ctx, of a conflict, of tests, and da.ErrTooLarge.
func (p *Publisher) land(ctx context.Context, b built, group []da.Blob) (uint64, error) {
	for wait := p.cfg.Limits.BackoffMin; ; wait = min(2*wait, p.cfg.Limits.BackoffMax) {
		if tip, _ := p.cfg.Back.Firm(); tip.Height >= b.after.Height {
			return 0, nil
		}
		height, err := p.try(ctx, group)
		var killed *killedError
		switch {
		case err == nil:
			p.note(func(s *Status) { s.Trouble = nil })
			return height, nil
		case errors.Is(err, da.ErrTooLarge{}), errors.As(err, &killed):
			return 0, err
		case ctx.Err() != nil:
			return 0, ctx.Err()
		}
		p.note(func(s *Status) { s.Retries++ })
		p.troubled(ctx, "publishing to the DA layer failed", err)
		if err := p.settled(ctx, wait); err != nil {
			return 0, err
		}
	}
}

// try submits once and reads back what was submitted.
func (p *Publisher) try(ctx context.Context, group []da.Blob) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, submitTimeout)
	defer cancel()
	if err := p.hook("submitting"); err != nil {
		return 0, err
	}
	size := uint64(0)
	for _, b := range group {
		size += uint64(len(b.Data))
	}
	p.note(func(s *Status) { s.Bytes += size })
	height, err := p.cfg.Layer.Submit(ctx, group)
	if err != nil {
		return 0, fmt.Errorf("submit %d blobs: %w", len(group), err)
	}
	if err := p.hook("submitted"); err != nil {
		return 0, err
	}
	return height, p.readBack(ctx, height, group)
}

func (p *Publisher) readBack(ctx context.Context, height uint64, group []da.Blob) error {
	for i, b := range group {
		ns := b.Namespace
		if slices.ContainsFunc(group[:i], func(o da.Blob) bool { return o.Namespace == ns }) {
			continue
		}
		blobs, err := p.cfg.Layer.Read(ctx, height, ns)
		if err != nil {
			return fmt.Errorf("read back what was submitted: %w", err)
		}
		shown := hashesOf(blobs, ns)
		for h := range hashesOf(group, ns) {
			if !shown[h] {
				return fmt.Errorf("DA height %d, namespace %s: %w", height, ns, errMissing)
			}
		}
	}
	return nil
}

// settled waits after a submission whose outcome is not known: the pause, and, if the layer answers, until all that it shows now is read.
func (p *Publisher) settled(ctx context.Context, wait time.Duration) error {
	if err := p.pause(ctx, wait); err != nil {
		return err
	}
	head, err := p.cfg.Layer.Head(ctx)
	if err != nil {
		return nil //nolint:nilerr // the layer is out: the next attempt will tell
	}
	for waited := time.Duration(0); waited < p.cfg.Limits.BackoffMax; waited += p.cfg.Limits.Poll {
		if _, scanned := p.cfg.Back.Firm(); scanned >= head.Height {
			return nil
		}
		if err := p.pause(ctx, p.cfg.Limits.Poll); err != nil {
			return err
		}
	}
	return nil
}

// shrink takes the layer's limit as the publisher's own and gives the batch up, to be built smaller.
func (p *Publisher) shrink(ctx context.Context, cause error) error {
	var large da.ErrTooLarge
	if !errors.As(cause, &large) || large.Limit >= p.submit {
		large.Limit = p.submit / 2
	}
	p.journal.Open = nil
	if err := p.journal.save(); err != nil {
		return err
	}
	if large.Limit < leastSubmit {
		p.troubled(ctx, "the DA layer takes less than any batch needs", cause)
		p.submit = leastSubmit
		return p.pause(ctx, p.cfg.Limits.BackoffMax)
	}
	p.cfg.Log.InfoContext(ctx, "the DA layer takes smaller submissions", "bytes", large.Limit, "before", p.submit)
	p.submit = large.Limit
	return nil
}

// killedError is how tests end a publisher between two effects.
type killedError struct{ effect string }

func (e *killedError) Error() string { return "killed after: " + e.effect }
