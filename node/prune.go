package node

import (
	"context"
	"fmt"

	"github.com/lockstep-network/lockstep/node/store"
)

const (
	// leastKept is the fewest blocks that an operator may keep: whoever restarts, or misses some seconds, finds the blocks where it stopped.
	leastKept = 1_000
	// pruneStep is how many blocks go at once: pruning costs one fsync, however many they are.
	pruneStep = 64
	// pruneMost is how many blocks go at once when many are due: consensus drops its own between two blocks, which must not take long.
	pruneMost = 512
)

// pruning keeps the newest blocks and drops those below. The store holds it back where a block is not certified; this does where a block is not
// published yet, for as long as this operator has a DA layer: whoever publishes may go away, and another one takes over from the firm tip. Consensus follows what the store has dropped, never the reverse.
type pruning struct {
	keep      uint64                          // blocks; 0: all
	published func() (published, firm uint64) // nil: this operator has no DA layer
	store     *store.Store
}

// run prunes until the context ends.
func (p pruning) run(ctx context.Context) error {
	for {
		changed := p.store.Changed()
		if err := p.step(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// step prunes what is due.
func (p pruning) step() error {
	below, floor := p.below(p.store.Head()), p.store.Floor()
	if below < floor+pruneStep {
		return nil
	}
	below = min(below, floor+pruneMost)
	if _, err := p.store.Prune(below); err != nil {
		return fmt.Errorf("drop blocks below %d: %w", below, err)
	}
	return nil
}

// below is the lowest height to keep: the newest blocks, counted from the head or, where it is lower, from what is read back from the DA layer.
func (p pruning) below(head uint64) uint64 {
	if p.published != nil {
		_, firm := p.published()
		head = min(head, firm)
	}
	if p.keep == 0 || head < p.keep {
		return 0
	}
	return head - p.keep + 1
}

// retain tells consensus what it may drop: what the store has; nil if nothing is ever dropped.
func (p pruning) retain() func() uint64 {
	if p.keep == 0 {
		return nil
	}
	return p.store.Floor
}
