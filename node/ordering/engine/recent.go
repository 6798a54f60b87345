package engine

import (
	"sync"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/cert"
)

const (
	// recentHeights is how many of the newest heights are kept: a late vote counts two heights later.
	recentHeights = 4
	// recentRounds is how many votes of one operator are kept for a height; it has one in each round.
	recentRounds = 4
)

// Recent keeps the newest heights' extensions that consensus has seen, in time or late: what a proposer adds of late votes. It
// is made before the engine, which fills it, and bounded. The zero value is empty. It may be used by several goroutines.
type Recent struct {
	mu      sync.Mutex
	heights map[uint64][]cert.Vote // under mu
	newest  uint64                 // under mu
}

// Votes are what has come for a height, in the order of arrival; the header hash of each is the voter's own claim.
func (r *Recent) Votes(height uint64) []cert.Vote {
	r.mu.Lock()
	defer r.mu.Unlock()
	votes := r.heights[height]
	return votes[:len(votes):len(votes)]
}

// add takes a vote that consensus has verified.
func (r *Recent) add(v HeightVote) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if v.Height+recentHeights <= r.newest || r.seen(v.Height, v.Operator) >= recentRounds {
		return
	}
	if r.heights == nil {
		r.heights = map[uint64][]cert.Vote{}
	}
	r.heights[v.Height] = append(r.heights[v.Height], v.Vote)
	if v.Height <= r.newest {
		return
	}
	r.newest = v.Height
	for h := range r.heights {
		if h+recentHeights <= r.newest {
			delete(r.heights, h)
		}
	}
}

// seen counts an operator's votes for a height; the caller holds mu.
func (r *Recent) seen(height uint64, operator common.Address) int {
	n := 0
	for _, v := range r.heights[height] {
		if v.Operator == operator {
			n++
		}
	}
	return n
}
