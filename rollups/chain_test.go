package rollups

import (
	"context"
	"crypto/ecdsa"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/namespaces/lane"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

const testChain = "test-1"

// Two rollups; the tests follow mine.
func mine() namespaces.Namespace   { return namespaces.Namespace{0: 1, 9: 1} }
func theirs() namespaces.Namespace { return namespaces.Namespace{0: 1, 9: 2} }

// testKeys are keys made once from a fixed seed.
var testKeys = sync.OnceValue(func() []*ecdsa.PrivateKey {
	keys := make([]*ecdsa.PrivateKey, 8)
	for i := range keys {
		var err error
		if keys[i], err = crypto.ToECDSA(crypto.Keccak256([]byte(fmt.Sprintf("rollups test key %d", i)))); err != nil {
			panic(err)
		}
	}
	return keys
})

// testSet is a set of operators with power 1 each.
func testSet(from, to int) cert.Set {
	var ops []cert.Operator
	for _, k := range testKeys()[from:to] {
		ops = append(ops, cert.Operator{Address: crypto.PubkeyToAddress(k.PublicKey), Power: 1})
	}
	set, err := cert.NewSet(ops)
	if err != nil {
		panic(err)
	}
	return set
}

// certify lets all operators but one of the set sign.
func certify(set cert.Set, h block.Header) *cert.Certificate {
	var votes []cert.Vote
	for _, k := range testKeys() {
		v := cert.Vote{Operator: crypto.PubkeyToAddress(k.PublicKey), Round: uint32(h.Height % 2), HeaderHash: h.Hash()}
		sig, err := crypto.Sign(cert.ExtensionDigest(h.ChainID, h.Height, v.Round, v.HeaderHash).Bytes(), k)
		if err != nil {
			panic(err)
		}
		v.Signature = tx.Signature(sig)
		votes = append(votes, v)
	}
	if set.Index(votes[0].Operator) >= 0 {
		votes = votes[1:]
	}
	c, err := cert.Assemble(set, h.Height, h.Hash(), votes)
	if err != nil {
		panic(err)
	}
	return &c
}

// chain is a sequencer's history in memory: every height with lane, proof, certificate and set.
type chain struct {
	genesis cert.Trust
	steps   []feed.Step // steps[i] is height i+1, each with its own certificate
	sets    []cert.Set  // sets[i] certifies height i+1
	gaps    []bool      // gaps[i]: the certificate of height i+1 is missing, a later one covers it
	inputs  []Input     // what an executor must be given, in order
	blocks  []*block.Contents

	// data makes the leg of a height; random bytes if nil.
	data    func(rng *rand.Rand, height uint64) []byte
	calm    bool     // the operators stay, and certificates are the test's to drop
	daHeads []uint64 // of the headers, by height; 0 beyond
	wide    int      // legs of one Tx in each block, in place of the mix of kinds
}

// newChain makes heights with lanes of several kinds: none, other rollups' only, entries, bundles. Every 17th height changes the operators.
func newChain(seed uint64, heights int) *chain {
	return grow(seed, &chain{genesis: testGenesis()}, heights)
}

func testGenesis() cert.Trust {
	return cert.Trust{ChainID: testChain, Hash: crypto.Keccak256Hash([]byte("genesis")), TimeMS: 1000, Set: testSet(0, 4)}
}

// fork returns a chain that shares the first heights and goes on differently, certified by the same operators.
func (c *chain) fork(seed uint64, shared, heights int) *chain {
	f := &chain{genesis: c.genesis, calm: c.calm, steps: c.steps[:shared:shared], sets: c.sets[:shared:shared], gaps: c.gaps[:shared:shared], blocks: c.blocks[:shared:shared]}
	for _, in := range c.inputs {
		if in.Height <= uint64(shared) {
			f.inputs = append(f.inputs, in)
		}
	}
	return grow(seed, f, heights)
}

func grow(seed uint64, c *chain, heights int) *chain {
	rng := rand.New(rand.NewPCG(seed, 1))
	for len(c.steps) < heights {
		height := uint64(len(c.steps) + 1)
		parent, time, set := c.genesis.Hash, c.genesis.TimeMS, c.genesis.Set
		if n := len(c.steps); n > 0 {
			last := c.steps[n-1]
			parent, time, set = last.Header.Hash(), last.Header.TimeMS, c.sets[n-1]
			if last.Next != nil {
				set, _ = cert.NewSet(last.Next)
			}
		}
		next := set
		if height%17 == 0 && !c.calm {
			next = testSet(int(height/17)%4, int(height/17)%4+4)
		}
		contents := assemble(rng, height, c)
		h := block.Header{
			ChainID: testChain, Height: height, TimeMS: time + 1 + rng.Uint64N(300), ParentHash: parent,
			DataRoot: contents.Table.Root(), TxRoot: contents.IDs.Root(), LedgerRoot: common.Hash{1},
			OperatorsHash: set.Hash(), NextOperatorsHash: next.Hash(),
		}
		if height < uint64(len(c.daHeads)) {
			h.DAHead = c.daHeads[height]
		}
		s := feed.Step{Header: h, Lanes: []feed.Lane{laneFor(contents)}, Certificate: certify(set, h)}
		if next.Hash() != set.Hash() {
			s.Next = next.Operators()
		}
		c.steps, c.sets, c.blocks = append(c.steps, s), append(c.sets, set), append(c.blocks, contents)
		c.gaps = append(c.gaps, !c.calm && rng.IntN(3) == 0 && s.Next == nil && int(height) != heights)
		if d := decode(Block{Header: h, Hash: h.Hash(), Lane: s.Lanes[0].Data}); len(d.entries) > 0 {
			c.inputs = append(c.inputs, d.input(nil, 0))
		}
	}
	return c
}

// assemble makes the contents of a block.
func assemble(rng *rand.Rand, height uint64, c *chain) *block.Contents {
	var txs []*tx.Tx
	leg := func(ns namespaces.Namespace) tx.Leg {
		if c.data != nil && ns == mine() {
			return tx.Leg{Namespace: ns, Data: c.data(rng, height)}
		}
		data := binary.BigEndian.AppendUint64([]byte("raw "), height)
		return tx.Leg{Namespace: ns, Data: binary.BigEndian.AppendUint64(data, rng.Uint64())}
	}
	add := func(legs ...tx.Leg) {
		t, err := tx.Sign(tx.Fields{ChainID: testChain, Salt: rng.Uint64(), Expiry: height, Legs: legs, MaxFeePerByte: 1}, testKeys()[7])
		if err != nil {
			panic(err)
		}
		txs = append(txs, t.Tx)
	}
	kind := rng.IntN(6)
	if c.wide > 0 {
		kind = 0
		legs := make([]tx.Leg, c.wide)
		for i := range legs {
			legs[i] = leg(mine())
		}
		add(legs...)
	}
	if kind >= 1 {
		add(leg(theirs()))
	}
	if kind >= 3 {
		add(leg(mine()), leg(mine()), leg(mine()))
	}
	if kind == 5 {
		add(leg(mine()), leg(theirs()), leg(mine()))
	}
	contents, err := block.Assemble(block.Body{Batches: []block.Batch{{Txs: txs}}}, func(namespaces.Namespace) block.Rule { return block.ByTip })
	if err != nil {
		panic(err)
	}
	return contents
}

func laneFor(c *block.Contents) feed.Lane {
	p, err := c.Table.Prove(mine())
	if err != nil {
		panic(err)
	}
	return feed.Lane{Namespace: mine(), Data: c.Lane(mine()), Proof: p}
}

// step is a height as a server sends it: without its certificate where that is missing.
func (c *chain) step(height uint64) feed.Step {
	s := c.steps[height-1]
	if c.gaps[height-1] {
		s.Certificate = nil
	}
	return s
}

// covered is the newest height that can be verified when the chain has grown to head.
func (c *chain) covered(head uint64) uint64 {
	for head > 0 && c.gaps[head-1] {
		head--
	}
	return head
}

// outputs executes the chain by itself: what every node must reach.
func (c *chain) output(height uint64) Output {
	x := newFakeExecutor()
	for _, in := range c.inputs {
		if in.Height <= height {
			if _, err := x.Execute(context.Background(), in); err != nil {
				panic(err)
			}
		}
	}
	return x.Head()
}

// A sanity check of the harness: what it makes is what the one verifier accepts, and its fork is not.
func TestHarnessChainVerifies(t *testing.T) {
	c := newChain(1, 40)
	trust := c.genesis
	var run []feed.Step
	for h := uint64(1); h <= 40; h++ {
		run = append(run, c.step(h))
		if c.step(h).Certificate == nil {
			continue
		}
		blocks, next, err := verify(trust, new(cert.Marks), mine(), run)
		if err != nil {
			t.Fatal(err)
		}
		if len(blocks) != len(run) || blocks[len(blocks)-1].Trust.Height != h {
			t.Fatal("blocks do not match the run")
		}
		trust, run = next, nil
	}
	if len(c.inputs) < 10 || len(c.inputs) > 35 {
		t.Fatalf("%d of 40 heights have entries: too few or too many to tell anything", len(c.inputs))
	}
	if _, err := lane.Decode([]byte{1}); err == nil {
		t.Fatal("rubbish decodes")
	}
}
