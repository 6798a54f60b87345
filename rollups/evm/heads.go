package evm

import (
	"context"
	"sync"
)

// maxRewinds is how many rollbacks are remembered one by one for slow cursors; older ones
// are merged into the deepest of them.
const maxRewinds = 64

// heads tells readers of changes of the head. It holds no queue: a reader keeps a block
// number, and asks for what lies between it and the head.
type heads struct {
	mu      sync.Mutex
	number  uint64        // guarded by mu; the head's
	changed chan struct{} // guarded by mu; closed and replaced at each change
	closed  bool          // guarded by mu
	rewinds []uint64      // guarded by mu; block numbers of the newest rollbacks
	dropped uint64        // guarded by mu; how many rollbacks came before rewinds
	floor   uint64        // guarded by mu; the deepest of those
}

func newHeads(number uint64) *heads {
	return &heads{number: number, changed: make(chan struct{}), floor: ^uint64(0)}
}

func (h *heads) advance(number uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.number = number
	h.signal()
}

func (h *heads) rewind(number uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.number = number
	h.rewinds = append(h.rewinds, number)
	if len(h.rewinds) > maxRewinds {
		h.floor = min(h.floor, h.rewinds[0])
		h.rewinds = append(h.rewinds[:0:0], h.rewinds[1:]...)
		h.dropped++
	}
	h.signal()
}

func (h *heads) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	h.signal()
}

// signal wakes all who wait. The caller holds mu.
func (h *heads) signal() {
	close(h.changed)
	h.changed = make(chan struct{})
}

// Event is what a Cursor reports.
type Event struct {
	// Number is a block new to the reader, or the block that it must go back to.
	Number uint64
	// Rewound says that all blocks above Number that the reader has seen were dropped.
	Rewound bool
}

// Cursor walks along the chain for one reader: every block once, in order, and every
// rollback that touches what was reported. It costs the chain nothing while it is not
// asked, and a slow reader misses nothing but blocks that were dropped again. A block may
// be dropped between its Event and the reader's reading it; that shows as ErrNotFound or
// another hash, and the next Event says so. One goroutine at a time.
type Cursor struct {
	heads  *heads
	number uint64 // last block reported
	seen   uint64 // rollbacks taken into account
}

// NewCursor returns a cursor whose first event is block after+1. A number above the head
// counts as the head.
func (c *Chain) NewCursor(after uint64) *Cursor {
	c.heads.mu.Lock()
	defer c.heads.mu.Unlock()
	return &Cursor{
		heads:  c.heads,
		number: min(after, c.heads.number),
		seen:   c.heads.dropped + uint64(len(c.heads.rewinds)),
	}
}

// Next waits for the next event. It returns ctx's error, or ErrClosed after Close.
func (r *Cursor) Next(ctx context.Context) (Event, error) {
	for {
		event, ok, changed, err := r.poll()
		if ok || err != nil {
			return event, err
		}
		select {
		case <-ctx.Done():
			return Event{}, ctx.Err()
		case <-changed:
		}
	}
}

// poll returns the next event if there is one, else what to wait for.
func (r *Cursor) poll() (Event, bool, <-chan struct{}, error) {
	h := r.heads
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return Event{}, false, nil, ErrClosed
	}
	lowest := r.number
	if r.seen < h.dropped {
		lowest = min(lowest, h.floor)
		r.seen = h.dropped
	}
	for ; r.seen < h.dropped+uint64(len(h.rewinds)); r.seen++ {
		lowest = min(lowest, h.rewinds[r.seen-h.dropped])
	}
	if lowest < r.number {
		r.number = lowest
		return Event{Number: lowest, Rewound: true}, true, nil, nil
	}
	if r.number < h.number {
		r.number++
		return Event{Number: r.number}, true, nil, nil
	}
	return Event{}, false, h.changed, nil
}

// Changed returns a channel that is closed at the next change of the head, or at Close. A
// reader takes it before it looks at the head.
func (c *Chain) Changed() <-chan struct{} {
	c.heads.mu.Lock()
	defer c.heads.mu.Unlock()
	return c.heads.changed
}
