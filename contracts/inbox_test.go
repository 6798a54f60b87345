package contracts

import (
	"bytes"
	"encoding/binary"
	"math/big"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces"
)

func new256(v uint64) *big.Int { return new(big.Int).SetUint64(v) }

func (c *l1) queue(ns namespaces.Namespace) QueuesOutput {
	c.t.Helper()
	out, err := c.call(c.inbox.PackQueues(ns))
	if err != nil {
		c.t.Fatal(err)
	}
	q, err := c.inbox.UnpackQueues(out)
	if err != nil {
		c.t.Fatal(err)
	}
	return q
}

// Anyone enqueues, for each namespace by itself, and the running hash tells whether a reader of events has them all.
func TestEnqueue(t *testing.T) {
	c := newL1(t, newNetwork(t, "first", 10, 10, 10, 10))
	sender := crypto.PubkeyToAddress(c.key.PublicKey)
	var running common.Hash
	for i, data := range [][]byte{[]byte("a way out"), bytes.Repeat([]byte{7}, MaxItem), []byte("a way out")} {
		receipt := c.do(c.inbox.PackEnqueue(name(1), data))
		e := event(c, receipt, c.inbox.UnpackEnqueuedEvent)
		if e.Namespace != name(1) || e.Index != uint64(i) || e.Sender != sender || !bytes.Equal(e.Data, data) {
			t.Errorf("event %d is of %s, index %d, by %s, %d bytes", i, namespaces.Namespace(e.Namespace), e.Index, e.Sender, len(e.Data))
		}
		running = QueueHash(running, name(1), e.Index, receipt.BlockNumber.Uint64(), sender, data)
		if q := c.queue(name(1)); q.Hash != running || q.Count != uint64(i+1) {
			t.Errorf("after %d: %+v, want %s", i, q, running)
		}
	}
	if q := c.queue(name(2)); q.Count != 0 || q.Hash != (common.Hash{}) {
		t.Errorf("another namespace's queue: %+v", q)
	}
	c.mustRefuse("nothing", "BadSize", c.inbox.PackEnqueue(name(1), nil))
	c.mustRefuse("too much", "BadSize", c.inbox.PackEnqueue(name(1), make([]byte, MaxItem+1)))
}

// What no rollup may register takes no items, and nothing else is refused.
func TestReservedNamespacesTakeNothing(t *testing.T) {
	c := newL1(t, newNetwork(t, "first", 10, 10, 10, 10))
	var forced namespaces.Namespace
	copy(forced[:], "lockstepfi")
	asked := []namespaces.Namespace{namespaces.Ledger(), namespaces.Headers(), forced, name(1), {1}, {}}
	for i := range uint16(300) {
		var ns namespaces.Namespace
		binary.BigEndian.PutUint16(ns[8:], i)
		asked = append(asked, ns)
	}
	for _, ns := range asked {
		want := ""
		if ns == forced || ns.ValidateForRollup() != nil {
			want = "ReservedNamespace"
		}
		c.mustRefuse(ns.String(), want, c.inbox.PackEnqueue(ns, []byte("x")))
	}
}

// The age grows while nothing certified comes, and begins again when something does.
func TestAge(t *testing.T) {
	c := newL1(t, newNetwork(t, "first", 10, 10, 10, 10))
	age := func() uint64 {
		t.Helper()
		out, err := c.call(c.inbox.PackAge())
		if err != nil {
			t.Fatal(err)
		}
		v, err := c.inbox.UnpackAge(out)
		if err != nil {
			t.Fatal(err)
		}
		return v.Uint64()
	}
	if err := c.sim.AdjustTime(7 * time.Hour); err != nil {
		t.Fatal(err)
	}
	c.sim.Commit()
	if got := age(); got < 7*3600 || got > 7*3600+60 {
		t.Errorf("age %d after seven hours", got)
	}
	c.submit(headers(t, c.trust, 1, ""))
	if got := age(); got > 60 {
		t.Errorf("age %d after a submission", got)
	}
	out, err := c.call(c.inbox.PackChainId())
	if err != nil {
		t.Fatal(err)
	}
	if id, err := c.inbox.UnpackChainId(out); err != nil || id != testChain {
		t.Errorf("chain id %q, %v", id, err)
	}
}
