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

// New transactions earn what dropped ones cost, also if they come in another batch: a peer whose payers have no room for a moment is still heard.
func TestNewTransactionsEarn(t *testing.T) {
	b := newBudget()
	for range 100 {
		b.charge("honest", vainAtOnce/2)
		b.charge("honest", -vainAtOnce/2)
		if !b.left("honest") {
			t.Fatal("an honest peer is ignored")
		}
	}
	b.charge("honest", -10*vainAtOnce)
	b.charge("honest", 2*vainAtOnce)
	if b.left("honest") {
		t.Error("what was earned before counts for ever")
	}
}
