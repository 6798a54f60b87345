package publisher

import (
	"context"
	"errors"
	"fmt"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/batch"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// link sees to it that the DA layer shows the mark that a piece ends in (specs/06-da-batches.md, "Batch"). errNothing if it does not yet: then
// what it does show is a beginning.
func (p *Publisher) link(ctx context.Context, piece cert.Run) error {
	end := piece.Certificate
	if p.marks.Raise(p.journal.Done); p.marks.Has(end.Height, end.HeaderHash) {
		return nil
	}
	if p.marks = p.cfg.Back.Marks(); p.marks.Has(end.Height, end.HeaderHash) {
		return nil
	}
	p.marks.Raise(p.journal.Done)
	from := piece.Headers[0].Height
	landed, err := p.descend(ctx, from, cert.MarkAfter(from))
	if err != nil {
		return err
	}
	for {
		if _, scanned := p.cfg.Back.Firm(); scanned >= landed {
			break
		}
		if err := p.pause(ctx, p.cfg.Limits.Poll); err != nil {
			return err
		}
	}
	if p.marks = p.cfg.Back.Marks(); !p.marks.Has(end.Height, end.HeaderHash) {
		return errNothing
	}
	return nil
}

// descend publishes links from the certificate that covers a height, or from the lowest mark that the layer shows, down to a mark, and returns where the
// last of them stand. As many as fit go in one submission.
func (p *Publisher) descend(ctx context.Context, from, to uint64) (landed uint64, err error) {
	anchor, err := p.cfg.Source.Anchor(from)
	if err != nil {
		return 0, fmt.Errorf("link height %d: %w", from, err)
	}
	top := anchor
	if lowest, _, found := p.marks.Lowest(); found && lowest < anchor {
		top = lowest
	}
	p.cfg.Log.InfoContext(ctx, "publishing links of a long run without certificates", "from", to, "to", top, "certified_by", anchor)
	done := built{after: cert.Trust{Height: anchor}} // all is done when others have come so far
	marks := p.marks.Clone()
	var group []da.Blob
	for size := 0; top > to || len(group) > 0; {
		var raw []byte
		next := top
		if top > to {
			if raw, next, err = p.encodeLinks(marks, top, to, top == anchor); err != nil {
				return 0, fmt.Errorf("link heights to %d: %w", top, err)
			}
		}
		if len(group) > 0 && (raw == nil || size+len(raw) > p.submit || len(group) == maxGroupBlobs) {
			if landed, err = p.landAll(ctx, done, group); err != nil {
				return 0, err
			}
			group, size = nil, 0
		}
		if raw != nil {
			group, size = append(group, da.Blob{Namespace: namespaces.Headers(), Data: raw}), size+len(raw)
		}
		top = next
	}
	return landed, nil
}

// landAll submits blobs, cut into chunks where one is larger than a submission.
func (p *Publisher) landAll(ctx context.Context, b built, blobs []da.Blob) (landed uint64, err error) {
	groups, err := group(p.cfg.Genesis.ChainID, blobs, p.submit)
	if err != nil {
		return 0, err
	}
	for _, g := range groups {
		landed, err = p.land(ctx, b, g)
		switch {
		case errors.Is(err, da.ErrTooLarge{}):
			return 0, errors.Join(p.shrink(ctx, err), errNothing)
		case err != nil:
			return 0, err
		case landed == 0:
			return 0, errNothing // others have published it all
		}
	}
	return landed, nil
}

// encodeLinks makes the links that end at top, verified as a reader would, and tells the mark that they lead to.
func (p *Publisher) encodeLinks(marks *cert.Marks, top, to uint64, anchor bool) (raw []byte, next uint64, err error) {
	count := min(max(uint64(p.submit/block.MaxHeaderSize), cert.MarkEvery), cert.MaxPiece)
	next = max(to, cert.MarkAfter(top-min(top, count)))
	l := cert.Links{}
	if l.Headers, err = p.cfg.Source.Headers(next+1, top); err != nil {
		return nil, 0, err
	}
	l.Certificate = cert.Bare(l.Headers[len(l.Headers)-1])
	if anchor {
		if l.Certificate, err = p.cfg.Source.Certificate(top); err != nil {
			return nil, 0, err
		}
	}
	if raw, err = p.codec.EncodeLinks(p.cfg.Genesis.ChainID, l); err != nil {
		return nil, 0, err
	}
	packed, err := batch.DecodeLinks(raw)
	if err != nil {
		return nil, 0, err
	}
	if l, err = p.codec.OpenLinks(packed); err != nil {
		return nil, 0, err
	}
	return raw, next, marks.Take(p.journal.Done, l, 1)
}
