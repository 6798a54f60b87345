package reader

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// errReplaced says that another block stands at a DA height than the one that was read there.
var errReplaced = errors.New("the DA layer has replaced a block that was read")

// Withdrawn says that a reorganisation of the DA layer took away what blocks that were given had been read from: they are as certified as ever, and
// not readable now. The reader has ended. Another one, begun After with Cursor, gives them again when they are (specs/06-da-batches.md, "Reorganisations").
type Withdrawn struct {
	DAHeight uint64     // the newest that was read and stands
	Known    bool       // false: of the blocks given none is known to stand, not even the one that the reader began after. Begin at one that was final
	After    cert.Trust // the newest block at the end of a run that stands, with all before it
	Cursor   []byte     // for a reader that begins after it
}

// Error implements error.
func (w *Withdrawn) Error() string {
	if !w.Known {
		return fmt.Sprintf("the DA layer was reorganised above height %d, below where reading began", w.DAHeight)
	}
	return fmt.Sprintf("the DA layer was reorganised above height %d: blocks above %d are withdrawn", w.DAHeight, w.After.Height)
}

// trail is the DA blocks above what is settled that were looked at. Each stands on the one before it.
type trail struct {
	mu    sync.Mutex // guards links
	links []step
}

type step struct {
	height uint64
	hash   common.Hash
}

// add notes a block; false if it does not stand on those before, or is another than the one at its height.
func (t *trail) add(height uint64, l da.Link) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	i, found := slices.BinarySearchFunc(t.links, height, func(s step, h uint64) int { return int(int64(s.height) - int64(h)) })
	switch n := len(t.links); {
	case found:
		return t.links[i].hash == l.Hash
	case i < n: // below what a cursor vouches for
		return true
	case n > 0 && (t.links[n-1].height+1 != height || t.links[n-1].hash != l.Parent):
		return false
	}
	t.links = append(t.links, step{height, l.Hash})
	return true
}

// contradicts says whether a head names another block than the one that was read at its height.
func (t *trail) contradicts(head da.Head) bool {
	hash := t.at(head.Height)
	return hash != (common.Hash{}) && head.Hash != (common.Hash{}) && hash != head.Hash
}

// at is the hash of the block that was read at a height; zero if none is remembered.
func (t *trail) at(height uint64) common.Hash {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range slices.Backward(t.links) {
		if s.height == height {
			return s.hash
		}
	}
	return common.Hash{}
}

// upTo is the newest block that was read at or below a height.
func (t *trail) upTo(height uint64) (newest step, found bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range slices.Backward(t.links) {
		if s.height <= height {
			return s, true
		}
	}
	return step{}, false
}

// keep drops what is outside (above, to].
func (t *trail) keep(above, to uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.links = slices.DeleteFunc(t.links, func(s step) bool { return s.height <= above || s.height > to })
}

// base is the end of a run that was given, and where to begin after it.
type base struct {
	after  cert.Trust
	cursor []byte
	reach  uint64
}

// linked holds what was fetched against the chain of DA blocks that were looked at before. The error is errReplaced, or one of the layer's.
func (r *Reader) linked(ctx context.Context, f fetched) error {
	l, ok := r.cfg.Layer.(da.Linker)
	if !ok {
		return nil
	}
	if f.link != nil && f.height > r.settled && !r.trail.add(f.height, *f.link) {
		return fmt.Errorf("DA height %d: %w", f.height, errReplaced)
	}
	if f.link != nil && f.height <= r.settled { // it was not final yet when it was read
		if err := r.stands(ctx, l, step{f.height, f.link.Hash}); err != nil {
			return err
		}
	}
	head, _ := r.view.get()
	if head.Final > r.settled {
		if newest, found := r.trail.upTo(head.Final); found {
			if err := r.stands(ctx, l, newest); err != nil {
				return err
			}
		}
		r.settled = head.Final
		r.trail.keep(r.settled, ^uint64(0))
		for len(r.bases) > 1 && r.bases[1].reach <= r.settled {
			r.bases = r.bases[1:]
		}
	}
	if f.height == 0 && r.trail.contradicts(head) {
		return fmt.Errorf("DA head %d: %w", head.Height, errReplaced)
	}
	return nil
}

// stands asks the layer whether a block is still at its height.
func (r *Reader) stands(ctx context.Context, l da.Linker, s step) error {
	var now da.Link
	err := r.fetch.retry(ctx, func() (err error) {
		if now, err = l.Link(ctx, s.height); errors.Is(err, da.ErrNotYet) { // the head went back
			now, err = da.Link{}, nil
		}
		return err
	})
	if err == nil && now.Hash != s.hash {
		err = fmt.Errorf("DA height %d: %w", s.height, errReplaced)
	}
	return err
}

// unwind goes back to the last DA height that was read and stands. The error is a *Withdrawn, or one of the layer's.
func (r *Reader) unwind(ctx context.Context) error {
	l := r.cfg.Layer.(da.Linker) //nolint:errcheck // only a Linker's blocks are replaced
	common := r.settled
	for top := ^uint64(0); ; {
		newest, found := r.trail.upTo(top)
		if !found {
			break
		}
		err := r.stands(ctx, l, newest)
		if err == nil {
			common = newest.height
			break
		}
		if !errors.Is(err, errReplaced) {
			return err
		}
		top = newest.height - 1
	}
	r.trail.keep(r.settled, common)
	r.cfg.Log.InfoContext(ctx, "the DA layer was reorganised; reading on from the last height that stands", "da_height", common, "read", r.machine.scanned)
	if r.reach <= common {
		r.cursor.headers = min(r.cursor.headers, common+1)
		r.cursor.links = min(r.cursor.links, r.cursor.headers)
		r.reset(nil)
		return nil
	}
	w := &Withdrawn{DAHeight: common}
	for _, b := range slices.Backward(r.bases) {
		if b.reach <= common {
			w.Known, w.After, w.Cursor = true, b.after, b.cursor
			break
		}
	}
	return w
}

// given notes that a block goes out, and what the blocks so far rely on.
func (r *Reader) given(b *Block) {
	r.after, r.cursor = b.Trust, r.machine.cursor()
	r.reach = max(r.reach, b.DAHeight)
	b.Reach = r.reach
	out := r.cursor
	_, links := r.cfg.Layer.(da.Linker)
	if links { // what was read above and gave nothing may be replaced
		out.headers = min(out.headers, max(r.reach, r.settled)+1)
		out.links = min(out.links, out.headers)
		if r.reach > r.settled {
			out.at, out.hash = r.reach, r.trail.at(r.reach)
		}
	}
	b.Cursor = out.encode()
	if links && b.Certificate != nil {
		r.bases = append(r.bases, base{b.Trust, b.Cursor, r.reach})
		for len(r.bases) > 1 && r.bases[1].reach <= r.settled {
			r.bases = r.bases[1:]
		}
	}
}
