package publisher

import (
	"context"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// TurnLength is how many heights one operator publishes before it is the next one's turn (specs/06-da-batches.md, "Turns").
const TurnLength = 1024

// Turn tells how many operators come before one to publish a batch that begins at a height; all of them, if it is none.
func Turn(set cert.Set, operator common.Address, height uint64) int {
	ops := set.Operators()
	n := len(ops)
	i := slices.IndexFunc(ops, func(o cert.Operator) bool { return o.Address == operator })
	if i < 0 {
		return n
	}
	first := int((height - 1) / TurnLength % uint64(n))
	return (i - first + n) % n
}

// turn is what a publisher remembers of whose turn it is. Nothing of it is needed after a restart: that costs patience, and nothing else.
type turn struct {
	from   uint64 // height of the batch that is waited for; 0: none
	since  uint64 // DA height that was read when the wait began
	filled uint64 // the turn, counted from 1, that this one has stepped into; 0: none
}

// others notes that somebody else has published.
func (t *turn) others() { *t = turn{} }

// mine says whether this publisher should publish what begins at a height: it is its turn, or those before it have let the layer pass by.
func (p *Publisher) mine(ctx context.Context, from uint64) bool {
	if p.cfg.Rank == nil {
		return true
	}
	rank, t := p.cfg.Rank(from), (from-1)/TurnLength+1
	tip, scanned := p.cfg.Back.Firm()
	switch {
	case rank == 0 || p.turn.filled == t: // who has stepped in goes on until somebody else publishes, or the turn ends
		return true
	case scanned == 0, tip.Height >= from: // what is published is not known, or has just become known
		return false
	case p.turn.from != from:
		p.turn.from, p.turn.since = from, scanned
	}
	if scanned < p.turn.since+uint64(rank)*p.cfg.Patience {
		return false
	}
	p.turn.filled = t
	p.cfg.Log.WarnContext(ctx, "the operators whose turn it is publish nothing; stepping in", "height", from, "before", rank)
	return true
}
