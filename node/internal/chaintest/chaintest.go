// Package chaintest makes chains for tests of the readers behind the store: a genesis with real keys, blocks that the real store takes, and
// operators' real signatures. Everything in it is the same in each run.
package chaintest

import (
	"crypto/ecdsa"
	"fmt"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/store"
)

// ChainID names the network of the tests.
const ChainID = "chaintest-1"

// Interval is the time between two blocks, in milliseconds.
const Interval = 100

// Network is operators and payers with their keys.
type Network struct {
	Genesis *genesis.Genesis
	Keys    []*ecdsa.PrivateKey // in the order of Set
	Set     cert.Set
	Payer   *ecdsa.PrivateKey // funded
	A, B    namespaces.Namespace
	salt    uint64
}

// Key is a key that follows from its name.
func Key(name string) *ecdsa.PrivateKey {
	key, err := crypto.ToECDSA(crypto.Keccak256([]byte(name)))
	if err != nil {
		panic(err)
	}
	return key
}

// New makes a network of so many operators of equal power with two rollups, A (ordered by tip) and B (by proposer).
func New(tb testing.TB, operators int) *Network {
	tb.Helper()
	n := &Network{Payer: Key("payer"), A: namespaces.Namespace{0: 1, 9: 'a'}, B: namespaces.Namespace{0: 1, 9: 'b'}}
	n.Genesis = &genesis.Genesis{
		Version: genesis.Version, ChainID: ChainID, TimeMS: 1_700_000_000_000, Params: genesis.DefaultParams(),
		Namespaces: []genesis.Namespace{{Namespace: n.A, Name: "a", Order: block.ByTip}, {Namespace: n.B, Name: "b", Order: block.ByProposer}},
		Balances:   []genesis.Balance{{Address: crypto.PubkeyToAddress(n.Payer.PublicKey), Amount: uint256.MustFromDecimal("1000000000000000000000")}},
	}
	keys := make(map[common.Address]*ecdsa.PrivateKey)
	for i := range operators {
		key := Key(fmt.Sprintf("operator %d", i))
		address := crypto.PubkeyToAddress(key.PublicKey)
		keys[address] = key
		n.Genesis.Operators = append(n.Genesis.Operators, genesis.Operator{
			Name: fmt.Sprintf("operator-%d", i), Address: address, PublicKey: crypto.CompressPubkey(&key.PublicKey), Power: 10,
		})
	}
	if err := n.Genesis.Validate(); err != nil {
		tb.Fatal(err)
	}
	n.Set, _ = n.Genesis.Set()
	for _, o := range n.Set.Operators() {
		n.Keys = append(n.Keys, keys[o.Address])
	}
	return n
}

// Open opens a store of the network in a folder of the test's own.
func (n *Network) Open(tb testing.TB) *store.Store {
	tb.Helper()
	s, err := store.Open(store.Config{Dir: tb.TempDir(), Genesis: n.Genesis})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// Tx is a transaction of the payer with a salt of its own.
func (n *Network) Tx(tb testing.TB, expiry uint64, legs ...tx.Leg) tx.Verified {
	tb.Helper()
	n.salt++
	t, err := tx.Sign(tx.Fields{ChainID: ChainID, Salt: n.salt, Expiry: expiry, Legs: legs, MaxFeePerByte: n.Genesis.Params.LeastPrice()}, n.Payer)
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// Leg is a leg with text for data.
func Leg(ns namespaces.Namespace, text string) tx.Leg {
	return tx.Leg{Namespace: ns, Data: []byte(text)}
}

// Next builds the block after the store's head; change, if given, alters the header last.
func (n *Network) Next(tb testing.TB, s *store.Store, change func(*block.Header), txs ...tx.Verified) store.Block {
	tb.Helper()
	parent := s.Ledger()
	height := s.Head() + 1
	h := block.Header{
		ChainID: ChainID, Height: height, TimeMS: n.Genesis.TimeMS + height*Interval, ParentHash: n.Genesis.Hash(),
		Proposer: n.Set.Operators()[int(height)%len(n.Keys)].Address, LedgerRoot: parent.Head.Root(),
		OperatorsHash: n.Set.Hash(), NextOperatorsHash: n.Set.Hash(),
	}
	if height > 1 {
		before, err := s.Header(height - 1)
		if err != nil {
			tb.Fatal(err)
		}
		h.ParentHash, h.OperatorsHash, h.NextOperatorsHash = before.Hash(), before.NextOperatorsHash, before.NextOperatorsHash
	}
	batch := block.Batch{Author: h.Proposer}
	for _, t := range txs {
		batch.Txs = append(batch.Txs, t.Tx)
	}
	body := block.Body{Batches: []block.Batch{batch}}
	contents, err := block.Assemble(body, n.Genesis.Rule)
	if err != nil {
		tb.Fatal(err)
	}
	effects, err := ledger.Apply(ledger.NewRules(n.Genesis), parent, contents.Txs)
	if err != nil {
		tb.Fatal(err)
	}
	h.DataRoot, h.TxRoot = contents.Table.Root(), contents.IDs.Root()
	if change != nil {
		change(&h)
	}
	return store.Block{Header: h, Body: body.Encode(), Contents: contents, Effects: effects}
}

// Commit builds and commits the block after the store's head.
func (n *Network) Commit(tb testing.TB, s *store.Store, txs ...tx.Verified) block.Header {
	tb.Helper()
	b := n.Next(tb, s, nil, txs...)
	if err := s.Commit(b); err != nil {
		tb.Fatal(err)
	}
	return b.Header
}

// Sign is a vote with a key for a header.
func Sign(tb testing.TB, key *ecdsa.PrivateKey, height uint64, round uint32, header common.Hash) feed.Vote {
	tb.Helper()
	digest := cert.ExtensionDigest(ChainID, height, round, header)
	sig, err := crypto.Sign(digest[:], key)
	if err != nil {
		tb.Fatal(err)
	}
	return feed.Vote{Height: height, Vote: cert.Vote{
		Operator: crypto.PubkeyToAddress(key.PublicKey), Round: round, HeaderHash: header, Signature: tx.Signature(sig),
	}}
}

// Certificate is one of the operators with the given indices, of all if none are given.
func (n *Network) Certificate(tb testing.TB, h block.Header, signers ...int) cert.Certificate {
	tb.Helper()
	var votes []cert.Vote
	for i, key := range n.Keys {
		if len(signers) == 0 || slices.Contains(signers, i) {
			votes = append(votes, Sign(tb, key, h.Height, 0, h.Hash()).Vote)
		}
	}
	c, err := cert.Assemble(n.Set, h.Height, h.Hash(), votes)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// Certify stores a certificate of the header of a height, by all operators.
func (n *Network) Certify(tb testing.TB, s *store.Store, height uint64) {
	tb.Helper()
	h, err := s.Header(height)
	if err != nil {
		tb.Fatal(err)
	}
	if err := s.SetCertificate(n.Certificate(tb, h)); err != nil {
		tb.Fatal(err)
	}
}
