package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/api"
)

// TestKills: four operators take transactions all the while. One is killed: blocks go on, and it catches up. Two are killed: blocks stop,
// acknowledgements do not; blocks resume when one is back. In the end three are killed, the fourth alone acknowledges two transactions, and
// is killed too: the one that is still valid when it is back is included, the other one is told to have expired.
func TestKills(t *testing.T) {
	realProcesses(t)
	random := chance(t)
	n := newNetwork(t, options{})
	n.startOperators()
	load := n.startLoad(random)
	load.more(20)

	n.oneKilled(load, n.operators[1+random.IntN(3)])
	n.oneKilled(load, n.operators[0]) // the publisher
	n.twoKilled(load)
	n.operators[1].stop() // an orderly restart, under load
	n.operators[1].start()
	load.more(50)
	n.votes(n.operators[1])
	acked := load.result(t)

	id, last := n.lastWitness(random)
	acked[id] = last
	n.check(acked)
}

// TestSoakKills kills one or two operators at random moments, many times: LOCKSTEP_SOAK_ROUNDS says how many.
func TestSoakKills(t *testing.T) {
	soak(t)
	rounds := soakRounds(t)
	random := chance(t)
	n := newNetwork(t, options{})
	n.startOperators()
	load := n.startLoad(random)
	for round := range rounds {
		load.more(random.IntN(60))
		victims := random.Perm(len(n.operators))[:1+random.IntN(2)]
		for _, i := range victims {
			n.operators[i].kill()
		}
		load.more(random.IntN(60))
		for _, i := range victims {
			n.operators[i].start()
		}
		for _, i := range victims {
			n.votes(n.operators[i])
		}
		t.Logf("round %d of %d: killed %v, all vote at block %d", round+1, rounds, victims, n.highest())
	}
	n.check(load.result(t))
}

// highest is the newest block that any operator tells of.
func (n *network) highest() uint64 {
	n.t.Helper()
	var head uint64
	for _, o := range n.operators {
		if s, err := o.client.Status(n.t.Context()); err == nil { // dead, or still booting
			head = max(head, s.Head)
		}
	}
	if head == 0 {
		n.t.Fatal("no operator answers")
	}
	return head
}

// oneKilled: the others go on, and the one that comes back reaches them.
func (n *network) oneKilled(load *load, o *operator) {
	n.t.Helper()
	o.kill()
	load.more(20)
	before := n.highest()
	for _, other := range n.operators {
		if other != o {
			n.certifies(other, before+10)
		}
	}
	o.start()
	n.votes(o)
	n.t.Logf("%s was killed at about block %d and votes again by block %d", o.name, before, n.highest())
}

// twoKilled: without a quorum no block is made, and nothing is lost.
func (n *network) twoKilled(load *load) {
	n.t.Helper()
	for _, o := range n.operators[2:] {
		o.kill()
	}
	limit := n.highest() + 1 // one block may have been decided, with the votes of the dead on their way
	load.more(60)
	if head := n.highest(); head > limit {
		n.t.Errorf("two of four operators made block %d, the last with a quorum was %d at most", head, limit)
	}
	n.operators[2].start()
	for _, o := range n.operators[:3] {
		n.certifies(o, limit+5)
	}
	n.operators[3].start()
	n.votes(n.operators[3])
	n.t.Logf("two were killed at block %d, and blocks went on", limit)
}

// lastWitness: what only one operator knows, and has acknowledged, survives its death. It returns the transaction that must be included.
func (n *network) lastWitness(random *rand.Rand) (common.Hash, *tx.Tx) {
	n.t.Helper()
	alone := n.operators[0]
	for _, o := range n.operators[1:] {
		o.kill()
	}
	head := n.status(alone).Head
	sign := func(expiry uint64) tx.Verified {
		return n.sign(n.payers[0], random.Uint64()|1<<63, expiry, junk(random, n.rollups[0].namespace), junk(random, n.rollups[1].namespace))
	}
	short, long := sign(head+3), sign(head+1000)
	for _, v := range []tx.Verified{short, long} {
		if sent, err := alone.client.SendTransaction(n.t.Context(), v); err != nil || sent.Acknowledged != api.Journaled {
			n.t.Fatalf("%s alone does not acknowledge: %+v, %v", alone.name, sent, err)
		}
	}
	alone.kill()
	for _, o := range n.operators[1:] {
		o.start()
	}
	for _, o := range n.operators[1:] {
		n.certifies(o, short.Expiry()+1)
	}
	alone.start()
	n.until("the transaction that expired meanwhile is told so", func(ctx context.Context) error {
		have, err := alone.client.Transaction(ctx, short.ID())
		if err == nil && (have.Status != api.StatusExpired || have.Reason == nil || have.Reason.Code != "expired") {
			err = fmt.Errorf("it is %s (%+v)", have.Status, have.Reason)
		}
		return err
	})
	return long.ID(), long.Tx
}
