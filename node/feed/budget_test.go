package feed

import (
	"fmt"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Many identities take no more memory than so many, and push out those that used up least.
func TestBudgetsOfManyPeers(t *testing.T) {
	b := newBudget()
	b.charge("rude", 2*vainAtOnce)
	for i := range 2 * maxSpenders {
		b.charge(peer.ID(fmt.Sprint(i)), 1_000)
	}
	if len(b.peers) > maxSpenders {
		t.Errorf("%d peers are remembered, at most %d", len(b.peers), maxSpenders)
	}
	if b.left("rude") {
		t.Error("the peer that used up most was forgotten")
	}
}
