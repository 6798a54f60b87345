package rollups

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/forced"
)

// Forced is where forced items come from: [ForcedFromDA], or the contract of an L1 that is the DA layer. What it says of a height is not asked for
// before the height is settled, and never changes.
type Forced interface {
	// Items returns the items of this rollup at DA heights from one on, ascending, and the height up to which that is all: at least to, unless
	// there is much. While the layer has not come to it the error is [da.ErrNotYet].
	Items(ctx context.Context, from, to uint64) (items []forced.Items, through uint64, err error)
	// Time is the time of a DA height's block, in unix milliseconds.
	Time(ctx context.Context, height uint64) (uint64, error)
}

// ForcedFromDA reads the items of a rollup that stand on a DA layer as blobs. delay is the rule's.
func ForcedFromDA(layer da.Layer, chainID string, ns namespaces.Namespace, delay uint64) Forced {
	return &daForced{Layer: layer, chainID: chainID, namespace: ns, delay: delay}
}

const (
	forcedAhead    = 512     // DA heights that are looked at beyond what is asked for, if they are settled
	forcedInFlight = 16      // DA heights that are read at once
	forcedChunk    = 4 << 20 // bytes of items of one answer; one DA height may come on top
)

type daForced struct {
	da.Layer
	chainID   string
	namespace namespaces.Namespace
	delay     uint64
}

// Items implements [Forced].
func (f *daForced) Items(ctx context.Context, from, to uint64) ([]forced.Items, uint64, error) {
	head, err := f.Head(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("ask the DA layer for its head: %w", err)
	}
	if head.Height < to {
		return nil, 0, fmt.Errorf("forced items up to DA height %d, the head is %d: %w", to, head.Height, da.ErrNotYet)
	}
	last := max(to, min(to+forcedAhead, head.Height-min(head.Height, f.delay)))
	var out []forced.Items
	for size := 0; from <= last; {
		if from, err = da.Next(ctx, f.Layer, from, last, []namespaces.Namespace{namespaces.Forced()}); err != nil {
			return nil, 0, err
		}
		some := make([]forced.Items, min(last+1-from, forcedInFlight))
		if _, seeks := f.Layer.(da.Seeker); seeks {
			some = some[:min(len(some), 1)]
		}
		if err := f.read(ctx, from, some); err != nil {
			return nil, 0, err
		}
		from += uint64(len(some))
		for _, at := range some {
			if len(at.Data) == 0 {
				continue
			}
			out = append(out, at)
			for _, data := range at.Data {
				size += len(data)
			}
		}
		if size > forcedChunk {
			return out, from - 1, nil
		}
	}
	return out, last, nil
}

// read fills in consecutive DA heights.
func (f *daForced) read(ctx context.Context, from uint64, out []forced.Items) error {
	g, ctx := errgroup.WithContext(ctx)
	for i := range out {
		g.Go(func() error {
			out[i].Height = from + uint64(i)
			blobs, err := f.Read(ctx, out[i].Height, namespaces.Forced())
			if err != nil {
				return fmt.Errorf("read forced items: %w", err)
			}
			for _, b := range blobs {
				if data := forced.Data(b.Data, f.chainID, f.namespace); data != nil {
					out[i].Data = append(out[i].Data, data)
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// heldForced bounds the bytes of items that are held. What is beyond is read again.
const (
	heldForced   = 64 << 20
	itemOverhead = 64
)

var errNoForced = errors.New("forced items may be due, and this node has no DA layer to read them from")

// forcedQueue gives the items that are due, from any place on, and holds what it has read.
type forcedQueue struct {
	rule   forced.Rule
	source Forced // nil: none

	mu    sync.Mutex     // guards the fields below
	items []forced.Items // of DA heights from first to last
	first uint64
	last  uint64
	bytes int
}

func newForcedQueue(rule forced.Rule, source Forced) *forcedQueue {
	return &forcedQueue{rule: rule, source: source, first: 1}
}

// take returns what the next input takes from a place on, and the place after it: before a block with this da_head that landed at a DA height, or,
// with no da_head, in the fallback block of that DA height.
func (q *forcedQueue) take(ctx context.Context, from forced.Place, daHead, landed uint64) ([][]byte, forced.Place, error) {
	due := q.rule.Before(daHead, landed)
	items, err := q.upTo(ctx, from, due)
	if err != nil {
		return nil, from, err
	}
	taken, place := forced.Take(from, due, items)
	return taken, place, nil
}

// next returns the DA height of the next item after a place that a fallback block up to a DA height could take.
func (q *forcedQueue) next(ctx context.Context, from forced.Place, to uint64) (uint64, bool, error) {
	due := q.rule.Fallback(to)
	items, err := q.upTo(ctx, from, due)
	if err != nil {
		return 0, false, err
	}
	for _, at := range items {
		if at.Height <= due && (at.Height > from.Height || at.Height == from.Height && uint64(len(at.Data)) > from.Count) {
			return at.Height, true, nil
		}
	}
	return 0, false, nil
}

// upTo returns the items from a place's DA height up to another, and maybe more; or at least as many of the first as an input takes.
func (q *forcedQueue) upTo(ctx context.Context, from forced.Place, due uint64) ([]forced.Items, error) {
	if !q.rule.On() || due < max(q.rule.Start, from.Height) {
		return nil, nil
	}
	if q.source == nil {
		return nil, fmt.Errorf("up to DA height %d: %w", due, errNoForced)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if first := max(q.rule.Start, from.Height); first < q.first || first > q.last+1 || q.bytes > heldForced {
		q.items, q.bytes, q.first, q.last = nil, 0, first, first-1
	}
	for q.last < due && !q.fills(from) {
		items, through, err := q.source.Items(ctx, q.last+1, due)
		if err != nil {
			return nil, err
		}
		for _, at := range items {
			for _, data := range at.Data {
				q.bytes += len(data) + itemOverhead
			}
		}
		q.items, q.last = append(q.items, items...), through
	}
	return q.items, nil
}

// fills says whether what is held from a place on is more than an input takes: then what comes after it does not matter.
func (q *forcedQueue) fills(from forced.Place) bool {
	if len(q.items) == 0 {
		return false
	}
	last := q.items[len(q.items)-1]
	taken, place := forced.Take(from, q.last, q.items)
	return len(taken) > 0 && place != forced.Place{Height: last.Height, Count: uint64(len(last.Data))}
}
