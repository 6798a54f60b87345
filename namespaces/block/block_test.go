package block

import (
	"bytes"
	"testing"

	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/lane"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// A body of one bundle and two plain transactions goes through its encoding, is ordered and laid out, and each lane is proven complete or absent.
func TestBodyToProvenLanes(t *testing.T) {
	key, _ := crypto.GenerateKey()
	a, b := namespaces.Namespace{9: 1, 0: 1}, namespaces.Namespace{9: 2, 0: 1}
	sign := func(salt, tip uint64, legs ...tx.Leg) *tx.Tx {
		v, err := tx.Sign(tx.Fields{ChainID: "c", Salt: salt, Expiry: 9, Legs: legs, MaxFeePerByte: 1, Tip: tip}, key)
		if err != nil {
			t.Fatal(err)
		}
		return v.Tx
	}
	leg := func(ns namespaces.Namespace, s string) tx.Leg { return tx.Leg{Namespace: ns, Data: []byte(s)} }
	body := Body{Batches: []Batch{{Txs: []*tx.Tx{
		sign(1, 0, leg(b, "plain b")), sign(2, 5, leg(a, "high tip")), sign(3, 0, leg(a, "bundle a"), leg(b, "bundle b")),
	}}}}
	decoded, err := DecodeBody(body.Encode(), maxTxs, tx.Decode)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(decoded.Encode(), body.Encode()) {
		t.Fatal("a body does not survive its encoding")
	}
	rule := func(namespaces.Namespace) Rule { return ByTip }
	c, err := Assemble(decoded, rule)
	if err != nil {
		t.Fatal(err)
	}
	if !c.Txs[0].Spans() || c.Txs[1].Namespace() != a || c.Txs[2].Namespace() != b {
		t.Fatal("order: want the bundle, then a, then b")
	}
	if len(c.Lanes) != 3 {
		t.Fatalf("%d lanes, want the ledger's and two", len(c.Lanes))
	}
	root := c.Table.Root()
	for _, l := range c.Lanes {
		p, err := c.Table.Prove(l.Namespace)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.VerifyPresent(root, l.Namespace, l.Data); err != nil {
			t.Fatal(err)
		}
		if err := p.VerifyPresent(root, l.Namespace, append(bytes.Clone(l.Data), 0)); err == nil {
			t.Fatal("a changed lane is proven")
		}
		if err := p.VerifyAbsent(root, l.Namespace); err == nil {
			t.Fatal("a present lane is proven absent")
		}
		if _, err := lane.Decode(l.Data); err != nil {
			t.Fatal(err)
		}
	}
	for _, ns := range []namespaces.Namespace{{9: 1}, {0: 1, 9: 3}, {0: 1}, {0: 0xff}} {
		p, err := c.Table.Prove(ns)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.VerifyAbsent(root, ns); err != nil {
			t.Fatalf("absence of %s: %v", ns, err)
		}
	}
	m, present := c.IDs.Prove(c.Txs[1].ID())
	if ok, err := m.Verify(c.IDs.Root(), c.Txs[1].ID()); !present || !ok || err != nil {
		t.Fatal("a transaction is not proven by the tx root")
	}
}

// Every entry of a bundle repeats all its legs, so a small body of bundles makes large lanes, none of which is out of bounds by itself.
func TestLanesOfBundlesAreBoundedTogether(t *testing.T) {
	bundles := func(count int) Body {
		var legs []tx.Leg
		for i := range tx.MaxBundleLegs {
			legs = append(legs, tx.Leg{Namespace: namespaces.Namespace{0: 1, 9: byte(i)}, Data: []byte{1}})
		}
		var b Batch
		for i := range count {
			one, err := tx.New(tx.Fields{ChainID: "lockstep-test", Salt: uint64(i), Expiry: 50, Legs: legs})
			if err != nil {
				t.Fatal(err)
			}
			b.Txs = append(b.Txs, one)
		}
		return Body{Batches: []Batch{b}}
	}
	rule := func(namespaces.Namespace) Rule { return ByTip }
	for count, fits := range map[int]bool{1_000: true, 1_300: false} {
		body := bundles(count)
		if n := len(body.Encode()); n > MaxBodySize/8 {
			t.Fatalf("%d bundles are a body of %d bytes: this test tests nothing", count, n)
		}
		if _, err := Assemble(body, rule); (err == nil) != fits {
			t.Errorf("%d bundles: %v, want fits = %t", count, err, fits)
		}
	}
}
