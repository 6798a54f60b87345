package rollups

import (
	"context"
	"fmt"

	"github.com/lockstep-network/lockstep/namespaces/forced"
)

// quiet takes that the block after the firm one is not readable up to a DA height.
func (d *derivation) quiet(ctx context.Context, b *decoded) error {
	if b.Header.Height != d.rec.Firm.Height+1 {
		return nil // of a block that was firm before a restart
	}
	return d.fallbacks(ctx, b.Header.Height, b.Quiet)
}

// fallbacks makes the fallback blocks of DA heights up to one, at which the block of the next height was not readable (specs/12-forced.md, "Rule").
// Soft blocks that stand where they belong are dropped first, and the sources begin anew after it.
func (d *derivation) fallbacks(ctx context.Context, next, to uint64) error {
	dropped := false
	for next > 1 {
		in, head, err := d.fallback(ctx, to)
		if err != nil {
			return fmt.Errorf("fallback before shared height %d: %w", next, err)
		}
		if in == nil {
			break
		}
		if d.rec.Soft.Height > d.rec.Firm.Height {
			if err := d.reset(ctx); err != nil {
				return err
			}
			dropped = true
		}
		if head.Output, err = d.execute(ctx, *in); err != nil {
			return fmt.Errorf("fallback block of DA height %d: %w", in.Fallback, err)
		}
		m := move{next: d.rec, sync: true}
		m.next.Firm, m.next.Soft = head, head
		if err := d.commit(m); err != nil {
			return err
		}
	}
	if dropped {
		return fmt.Errorf("shared height %d is not on the DA layer at height %d, and forced items came before it: %w", next, to, errReset)
	}
	return nil
}

// fallback is the next fallback block up to a DA height, if there is one, and the head after it, but for its output.
func (d *derivation) fallback(ctx context.Context, to uint64) (*Input, Head, error) {
	firm := d.rec.Firm
	item, found, err := d.forced.next(ctx, firm.Forced, to)
	if err != nil || !found {
		return nil, Head{}, err
	}
	at := d.forced.rule.FallsAt(item, firm.DAHeight)
	if at > to {
		return nil, Head{}, nil
	}
	items, place, err := d.forced.take(ctx, firm.Forced, 0, at)
	if err != nil {
		return nil, Head{}, err
	}
	timeMS, err := d.forced.source.Time(ctx, at)
	if err != nil {
		return nil, Head{}, err
	}
	in := &Input{
		Height: firm.Height, Hash: forced.Hash(firm.Hash, at, items), TimeMS: max(timeMS, firm.TimeMS), Entries: items, Forced: len(items), Fallback: at,
	}
	return in, Head{Height: firm.Height, Hash: firm.Hash, TimeMS: in.TimeMS, Forced: place, DAHeight: at}, nil
}
