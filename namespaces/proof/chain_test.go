package proof

import (
	"bytes"
	"crypto/ecdsa"
	"fmt"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/lane"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// chain is six blocks of two rollups, certified at 2, 3, 5 and 6; four operators certify to 3, of which the three first go on. It is the same in
// each run.
type chain struct {
	genesis  *genesis.Genesis
	sets     []cert.Set // the first, and from height 4
	keys     map[common.Address]*ecdsa.PrivateKey
	a, b, c  namespaces.Namespace // c never has a lane
	headers  []block.Header       // headers[0] is height 1
	contents []*block.Contents
}

func key(name string) *ecdsa.PrivateKey {
	k, err := crypto.ToECDSA(crypto.Keccak256([]byte(name)))
	if err != nil {
		panic(err)
	}
	return k
}

func newChain(tb testing.TB) *chain {
	tb.Helper()
	c := &chain{keys: make(map[common.Address]*ecdsa.PrivateKey)}
	c.a, c.b, c.c = namespaces.Namespace{0: 1, 9: 'a'}, namespaces.Namespace{0: 1, 9: 'b'}, namespaces.Namespace{0: 1, 9: 'c'}
	c.genesis = &genesis.Genesis{
		Version: genesis.Version, ChainID: "proof-1", TimeMS: 1_700_000_000_000, Params: genesis.DefaultParams(),
		Namespaces: []genesis.Namespace{{Namespace: c.a, Name: "a", Order: block.ByTip}, {Namespace: c.b, Name: "b", Order: block.ByProposer}},
	}
	for i := range 4 {
		k := key(fmt.Sprintf("operator %d", i))
		address := crypto.PubkeyToAddress(k.PublicKey)
		c.keys[address] = k
		c.genesis.Operators = append(c.genesis.Operators, genesis.Operator{
			Name: fmt.Sprintf("operator-%d", i), Address: address, PublicKey: crypto.CompressPubkey(&k.PublicKey), Power: 10,
		})
	}
	if err := c.genesis.Validate(); err != nil {
		tb.Fatal(err)
	}
	set, err := c.genesis.Set()
	if err != nil {
		tb.Fatal(err)
	}
	next, err := cert.NewSet(set.Operators()[:3])
	if err != nil {
		tb.Fatal(err)
	}
	c.sets = []cert.Set{set, next}
	for height := range uint64(6) {
		c.extend(tb, height+1)
	}
	return c
}

func (c *chain) extend(tb testing.TB, height uint64) {
	tb.Helper()
	sign := func(salt uint64, legs ...tx.Leg) *tx.Tx {
		t, err := tx.Sign(tx.Fields{ChainID: c.genesis.ChainID, Salt: 100*height + salt, Expiry: 50, Legs: legs, MaxFeePerByte: 1}, key("payer"))
		if err != nil {
			tb.Fatal(err)
		}
		return t.Tx
	}
	leg := func(ns namespaces.Namespace, text string) tx.Leg {
		return tx.Leg{Namespace: ns, Data: fmt.Appendf(nil, "%s at %d", text, height)}
	}
	body := block.Body{Batches: []block.Batch{{Txs: []*tx.Tx{
		sign(1, leg(c.a, "one")), sign(2, leg(c.b, "two"), leg(c.b, "three")), sign(3, leg(c.a, "bundle a"), leg(c.b, "bundle b")),
	}}}}
	contents, err := block.Assemble(body, c.genesis.Rule)
	if err != nil {
		tb.Fatal(err)
	}
	h := block.Header{
		ChainID: c.genesis.ChainID, Height: height, TimeMS: c.genesis.TimeMS + 100*height, ParentHash: c.genesis.Hash(),
		Proposer: c.sets[0].Operators()[0].Address, DataRoot: contents.Table.Root(), TxRoot: contents.IDs.Root(),
		OperatorsHash: c.sets[0].Hash(), NextOperatorsHash: c.sets[0].Hash(),
	}
	if height > 1 {
		h.ParentHash = c.headers[height-2].Hash()
	}
	if height >= 3 {
		h.NextOperatorsHash = c.sets[1].Hash()
	}
	if height >= 4 {
		h.OperatorsHash = c.sets[1].Hash()
	}
	c.headers, c.contents = append(c.headers, h), append(c.contents, contents)
}

func (c *chain) certificate(tb testing.TB, height uint64) cert.Certificate {
	tb.Helper()
	h := c.headers[height-1]
	set := c.sets[0]
	if height >= 4 {
		set = c.sets[1]
	}
	var votes []cert.Vote
	for _, o := range set.Operators()[:3] {
		digest := cert.ExtensionDigest(c.genesis.ChainID, height, 1, h.Hash())
		sig, err := crypto.Sign(digest[:], c.keys[o.Address])
		if err != nil {
			tb.Fatal(err)
		}
		votes = append(votes, cert.Vote{Operator: o.Address, Round: 1, HeaderHash: h.Hash(), Signature: tx.Signature(sig)})
	}
	certificate, err := cert.Assemble(set, height, h.Hash(), votes)
	if err != nil {
		tb.Fatal(err)
	}
	return certificate
}

// run is the headers from a height to another with the last one's certificate.
func (c *chain) run(tb testing.TB, from, to uint64) cert.Run {
	tb.Helper()
	r := cert.Run{Headers: c.headers[from-1 : to], Certificate: c.certificate(tb, to)}
	if last := c.headers[to-1]; last.NextOperatorsHash != last.OperatorsHash {
		r.Next = c.sets[1].Operators()
	}
	return r
}

func (c *chain) addLane(tb testing.TB, d *Document, height uint64, ns namespaces.Namespace) {
	tb.Helper()
	contents := c.contents[height-1]
	p, err := contents.Table.Prove(ns)
	if err != nil {
		tb.Fatal(err)
	}
	d.AddLane(height, feed.Lane{Namespace: ns, Data: contents.Lane(ns), Proof: p})
}

// document is a proof of a bundle at height 4, over a change of operators, with its lanes and the ledger's, one absent lane, and the absence of a
// transaction of another height.
func (c *chain) document(tb testing.TB) *Document {
	tb.Helper()
	d := New(c.genesis.ChainID, c.genesis.Hash())
	d.AddRun(c.run(tb, 3, 3))
	d.AddRun(c.run(tb, 4, 5))
	bundle := c.contents[3].Txs[0]
	m, present := c.contents[3].IDs.Prove(bundle.ID())
	if !present || !bundle.Spans() {
		tb.Fatal("the first transaction is not the bundle")
	}
	d.AddPresent(4, bundle, m)
	other := c.contents[0].Txs[1].ID()
	m, _ = c.contents[3].IDs.Prove(other)
	d.AddAbsent(4, other, m)
	for _, ns := range []namespaces.Namespace{namespaces.Ledger(), c.a, c.b, c.c} {
		c.addLane(tb, d, 4, ns)
	}
	return d
}

// truth checks facts against the chain itself.
func (c *chain) truth(f *Facts) error {
	for _, h := range f.Headers {
		if h.Height == 0 || h.Height > uint64(len(c.headers)) || h.Hash != c.headers[h.Height-1].Hash() || h.TimeMS != c.headers[h.Height-1].TimeMS {
			return fmt.Errorf("header %d is not the chain's", h.Height)
		}
	}
	for _, l := range f.Lanes {
		data := c.contents[l.Height-1].Lane(l.Namespace)
		if len(data) != l.Size {
			return fmt.Errorf("lane %s of height %d has %d bytes, not %d", l.Namespace, l.Height, len(data), l.Size)
		}
		if len(data) == 0 {
			continue
		}
		entries, err := lane.Decode(data)
		if err != nil || len(entries) != len(l.Entries) {
			return fmt.Errorf("lane %s of height %d: %w", l.Namespace, l.Height, err)
		}
		for i, e := range entries {
			if !bytes.Equal(e.Data, l.Entries[i].Data) || e.Position != l.Entries[i].Position {
				return fmt.Errorf("lane %s of height %d: entry %d", l.Namespace, l.Height, i)
			}
		}
	}
	for _, t := range f.Transactions {
		if err := c.trueTransaction(t); err != nil {
			return err
		}
	}
	return nil
}

func (c *chain) trueTransaction(f TransactionFact) error {
	for i, t := range c.contents[f.Height-1].Txs {
		if t.ID() != f.ID {
			continue
		}
		if !f.Included || f.Payer != t.Payer() || len(f.Legs) != len(t.Legs()) || f.Position != nil && *f.Position != uint32(i) {
			return fmt.Errorf("transaction %s stands at %d, not as %+v", f.ID, i, f)
		}
		return nil
	}
	if f.Included {
		return fmt.Errorf("transaction %s is not at height %d", f.ID, f.Height)
	}
	return nil
}
