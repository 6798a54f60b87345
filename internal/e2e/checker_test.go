package e2e

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/lane"
	"github.com/lockstep-network/lockstep/namespaces/proof"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/api"
)

// chain is what one operator serves, verified with nothing but the genesis: every header certified, every lane complete.
type chain struct {
	headers []block.Header // from height 1
	lanes   map[namespaces.Namespace][][]lane.Entry
	places  map[common.Hash]place
}

// place is where a transaction stands.
type place struct {
	height   uint64
	position uint32
	envelope tx.Envelope
}

// readHeaders follows an operator from height 1 and verifies each run. It returns the headers up to a height.
func (n *network) readHeaders(o *operator, to uint64) []block.Header {
	n.t.Helper()
	trust, err := n.genesis.Trust()
	if err != nil {
		n.t.Fatal(err)
	}
	socket := n.operator(o.name, o.home, socketURL(o.url), o.process).client
	notices := make(chan api.HeaderNotice, 64)
	ctx, cancel := context.WithTimeout(n.t.Context(), patience)
	defer cancel()
	sub, err := socket.Headers(ctx, 1, notices)
	if err != nil {
		n.t.Fatalf("%s: subscribe to headers: %v", o.name, err)
	}
	defer sub.Unsubscribe()
	var all, run []block.Header
	for uint64(len(all)) < to {
		var notice api.HeaderNotice
		select {
		case notice = <-notices:
		case err := <-sub.Err():
			n.t.Fatalf("%s: headers end after %d: %v", o.name, len(all)+len(run), err)
		case <-ctx.Done():
			n.t.Fatalf("%s: headers stop after %d of %d", o.name, len(all)+len(run), to)
		}
		h, err := block.DecodeHeader(notice.Header.Raw)
		if err != nil {
			n.t.Fatalf("%s: header %d: %v", o.name, notice.Header.Height, err)
		}
		run = append(run, h)
		if len(notice.Certificate) == 0 {
			continue
		}
		c, err := cert.Decode(notice.Certificate)
		if err != nil {
			n.t.Fatalf("%s: certificate at %d: %v", o.name, h.Height, err)
		}
		if trust, err = trust.Advance(cert.Run{Headers: run, Certificate: c, Next: notice.Next}); err != nil {
			n.t.Fatalf("%s: headers %d to %d: %v", o.name, run[0].Height, h.Height, err)
		}
		all, run = append(all, run...), nil
	}
	return all[:to]
}

// readChain reads and verifies the whole of an operator's chain up to a height.
func (n *network) readChain(o *operator, to uint64) *chain {
	n.t.Helper()
	c := &chain{headers: n.readHeaders(o, to), lanes: make(map[namespaces.Namespace][][]lane.Entry), places: make(map[common.Hash]place)}
	spaces := []namespaces.Namespace{namespaces.Ledger()}
	for _, r := range n.genesis.Namespaces {
		spaces = append(spaces, r.Namespace)
	}
	for _, ns := range spaces {
		c.lanes[ns] = n.readLanes(o, ns, c.headers)
	}
	spent := make(map[string]common.Hash)
	for i, entries := range c.lanes[namespaces.Ledger()] {
		for _, e := range entries {
			if !e.Envelope {
				continue
			}
			envelope, err := tx.DecodeEnvelope(e.Data)
			if err != nil {
				n.t.Fatalf("block %d: envelope at position %d: %v", i+1, e.Position, err)
			}
			id, height := envelope.ID(n.genesis.ChainID), uint64(i+1)
			if before, twice := c.places[id]; twice {
				n.t.Errorf("transaction %s is included twice: in blocks %d and %d", id, before.height, height)
			}
			salt := fmt.Sprint(envelope.Payer, envelope.Salt)
			if other, twice := spent[salt]; twice {
				n.t.Errorf("transactions %s and %s have spent one salt", id, other)
			}
			c.places[id], spent[salt] = place{height, e.Position, envelope}, id
		}
	}
	return c
}

// readLanes reads a namespace's lanes of all heights by proof documents.
func (n *network) readLanes(o *operator, ns namespaces.Namespace, headers []block.Header) [][]lane.Entry {
	n.t.Helper()
	var all [][]lane.Entry
	for len(all) < len(headers) {
		from := uint64(len(all) + 1)
		answer, err := o.client.Lane(n.t.Context(), ns, from, 0)
		if err != nil {
			n.t.Fatalf("%s: lanes of %s from %d: %v", o.name, ns, from, err)
		}
		facts, err := proof.Verify(n.genesis, answer.Document)
		if err != nil {
			n.t.Fatalf("%s: lanes of %s from %d: %v", o.name, ns, from, err)
		}
		for _, h := range facts.Headers {
			if h.Height <= uint64(len(headers)) && h.Hash != headers[h.Height-1].Hash() {
				n.t.Errorf("two certified headers at height %d: %s and %s", h.Height, h.Hash, headers[h.Height-1].Hash())
			}
		}
		for _, l := range facts.Lanes {
			if l.Namespace != ns || l.Height != uint64(len(all)+1) {
				n.t.Fatalf("%s: lane of %s at %d, want %s at %d", o.name, l.Namespace, l.Height, ns, len(all)+1)
			}
			all = append(all, l.Entries)
		}
		if uint64(len(all)+1) != answer.Next || len(facts.Lanes) == 0 {
			n.t.Fatalf("%s: lanes of %s from %d: %d of them, but the next is said to be %d", o.name, ns, from, len(facts.Lanes), answer.Next)
		}
	}
	return all[:len(headers)]
}

// check tells whether everything that was acknowledged stands in the chain, whole, once, and the same at every operator. All must run.
func (n *network) check(acked map[common.Hash]*tx.Tx) *chain {
	n.t.Helper()
	if len(acked) == 0 {
		n.t.Fatal("nothing was acknowledged: the story tells nothing")
	}
	head := n.settle(acked)
	c := n.readChain(n.operators[0], head)
	for _, o := range n.operators[1:] {
		for i, h := range n.readHeaders(o, head) {
			if h.Hash() != c.headers[i].Hash() {
				n.t.Errorf("two headers at height %d: %s has %s, %s has %s", i+1, n.operators[0].name, c.headers[i].Hash(), o.name, h.Hash())
			}
		}
	}
	for id, t := range acked {
		if err := c.holds(id, t); err != nil {
			n.t.Error(err)
		}
	}
	c.whole(n.t)
	n.t.Logf("%d acknowledged transactions, %d included, in %d blocks", len(acked), len(c.places), head)
	return c
}

// settle waits until every acknowledged transaction is included and certified at every operator, and returns a height that all have certified.
func (n *network) settle(acked map[common.Hash]*tx.Tx) uint64 {
	n.t.Helper()
	var head uint64
	for id := range acked {
		n.until(fmt.Sprintf("transaction %s is certified", id), func(ctx context.Context) error {
			for _, o := range n.operators {
				t, err := o.client.Transaction(ctx, id)
				if err != nil {
					return err
				}
				if t.Status != api.StatusIncluded || !t.Certified {
					return fmt.Errorf("at %s it is %s (%s)", o.name, t.Status, t.Message)
				}
				head = max(head, t.Height)
			}
			return nil
		})
	}
	for _, o := range n.operators {
		n.certifies(o, head)
	}
	return head
}

// holds says whether a transaction stands in the chain with all its legs, each with its data, at one height and position.
func (c *chain) holds(id common.Hash, t *tx.Tx) error {
	at, ok := c.places[id]
	if !ok {
		return fmt.Errorf("transaction %s was acknowledged, and is in no block", id)
	}
	for i, leg := range t.Legs() {
		entries := c.lanes[leg.Namespace][at.height-1]
		j := slices.IndexFunc(entries, func(e lane.Entry) bool { return e.Position == at.position && e.Leg == uint32(i) })
		if j < 0 || !bytes.Equal(entries[j].Data, leg.Data) {
			return fmt.Errorf("leg %d of transaction %s is not in the lane of %s at height %d, position %d", i, id, leg.Namespace, at.height, at.position)
		}
	}
	return nil
}

// whole checks that no lane holds an entry that no transaction of its block has brought and that bundles are complete.
func (c *chain) whole(t testing.TB) {
	t.Helper()
	paid := make(map[string]uint64) // legs by height and namespace
	for _, at := range c.places {
		for _, v := range at.envelope.Volumes {
			paid[fmt.Sprint(at.height, v.Namespace)] += v.Legs
		}
	}
	for ns, heights := range c.lanes {
		if ns == namespaces.Ledger() {
			continue
		}
		for i, entries := range heights {
			height := uint64(i + 1)
			if have, want := uint64(len(entries)), paid[fmt.Sprint(height, ns)]; have != want {
				t.Errorf("the lane of %s at height %d has %d entries, and %d legs were paid for", ns, height, have, want)
			}
			for _, e := range entries {
				if e.Bundle == nil {
					continue
				}
				if at, ok := c.places[e.Bundle.ID]; !ok || at.height != height || at.position != e.Position {
					t.Errorf("half of bundle %s stands at height %d, position %d", e.Bundle.ID, height, e.Position)
				}
				for _, l := range e.Bundle.Legs {
					if !slices.ContainsFunc(c.lanes[l.Namespace][i], func(o lane.Entry) bool { return o.Bundle != nil && o.Bundle.ID == e.Bundle.ID }) {
						t.Errorf("bundle %s stands at height %d without its leg for %s", e.Bundle.ID, height, l.Namespace)
					}
				}
			}
		}
	}
}
