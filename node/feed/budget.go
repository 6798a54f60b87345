package feed

import (
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// What a peer's batches may cost this node in vain (specs/02-gossip.md, "txs/1"). A transaction that is dropped costs a few microseconds.
const (
	vainAtOnce    = 32_768 // dropped transactions: four full batches
	vainPerSecond = 4_096  // some tens of milliseconds of one core
	maxSpenders   = 4_096  // peers that are remembered
)

// budget counts, for each peer, the transactions that were looked at in vain. What is left of it may be negative: the batch that uses it up is
// looked at as a whole. It is safe for concurrent use.
type budget struct {
	mu    sync.Mutex
	peers map[peer.ID]spent
}

// spent is what a peer had used up at a time.
type spent struct {
	n  float64
	at time.Time
}

func (s spent) now(t time.Time) float64 { return max(0, s.n-vainPerSecond*t.Sub(s.at).Seconds()) }

func newBudget() *budget { return &budget{peers: make(map[peer.ID]spent)} }

// left says whether the peer's next batch is looked at.
func (b *budget) left(from peer.ID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.peers[from].now(time.Now()) < vainAtOnce
}

// charge takes n transactions off a peer's budget, or gives back what it has used up if n is negative.
func (b *budget) charge(from peer.ID, n int) {
	t := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	s, there := b.peers[from]
	if n == 0 || !there && n < 0 {
		return
	}
	if !there && len(b.peers) >= maxSpenders {
		b.forget(t)
	}
	b.peers[from] = spent{max(0, s.now(t)+float64(n)), t}
}

// forget drops whose budget is whole again, and if that is nobody, who has used up least. mu is held.
func (b *budget) forget(t time.Time) {
	var least peer.ID
	fewest := -1.0
	for p, s := range b.peers {
		n := s.now(t)
		if n == 0 {
			delete(b.peers, p)
		} else if fewest < 0 || n < fewest {
			least, fewest = p, n
		}
	}
	if len(b.peers) >= maxSpenders {
		delete(b.peers, least)
	}
}
