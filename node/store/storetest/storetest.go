// Package storetest makes small real chains for tests: a genesis with funded payers and operators whose keys the test holds, and blocks that
// go through the ledger into a store as a node's do, with or without certificates.
package storetest

import (
	"crypto/ecdsa"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/store"
)

// Namespaces that the test networks register: two ordered by tip, one by the proposer.
var (
	Alpha = mustParse("0x0100000000000000000a")
	Beta  = mustParse("0x0100000000000000000b")
	Queue = mustParse("0x0100000000000000000c")
)

func mustParse(s string) namespaces.Namespace {
	n, err := namespaces.Parse(s)
	if err != nil {
		panic(err)
	}
	return n
}

// Fee is what the test networks charge at least, in wei per byte.
const Fee = 7

// Network is a genesis with the keys of those who stand in it.
type Network struct {
	Genesis   *genesis.Genesis
	Rules     ledger.Rules
	Payers    []*ecdsa.PrivateKey // each holds 10^18 wei
	Operators []*ecdsa.PrivateKey // four, of equal power
}

// NewNetwork makes a network with so many payers. change may be nil; it changes the genesis before it is used.
func NewNetwork(tb testing.TB, payers int, change func(*genesis.Genesis)) *Network {
	tb.Helper()
	n := &Network{Payers: keys("payer", payers), Operators: keys("operator", 4)}
	g := &genesis.Genesis{Version: genesis.Version, ChainID: "store-test", TimeMS: 1_000, Params: genesis.DefaultParams()}
	g.Params.LanePrice, g.Params.GlobalPrice, g.Params.DAPrice = Fee-2, 1, 1
	for _, k := range n.Operators {
		g.Operators = append(g.Operators, genesis.Operator{
			Address: crypto.PubkeyToAddress(k.PublicKey), PublicKey: crypto.CompressPubkey(&k.PublicKey), Power: 10,
		})
	}
	for _, ns := range []namespaces.Namespace{Alpha, Beta, Queue} {
		rule := block.ByTip
		if ns == Queue {
			rule = block.ByProposer
		}
		g.Namespaces = append(g.Namespaces, genesis.Namespace{Namespace: ns, Order: rule})
	}
	for _, k := range n.Payers {
		g.Balances = append(g.Balances, genesis.Balance{
			Address: crypto.PubkeyToAddress(k.PublicKey), Amount: uint256.NewInt(1_000_000_000_000_000_000),
		})
	}
	slices.SortFunc(g.Balances, func(a, b genesis.Balance) int { return a.Address.Cmp(b.Address) })
	if change != nil {
		change(g)
	}
	if err := g.Validate(); err != nil {
		tb.Fatal(err)
	}
	n.Genesis, n.Rules = g, ledger.NewRules(g)
	return n
}

// keys derives keys from a name, the same in every run.
func keys(name string, n int) []*ecdsa.PrivateKey {
	out := make([]*ecdsa.PrivateKey, n)
	for i := range out {
		seed := crypto.Keccak256([]byte(name), binary.BigEndian.AppendUint64(nil, uint64(i)))
		key, err := crypto.ToECDSA(seed)
		if err != nil {
			panic(err) // of the 2^256 seeds, almost all are keys
		}
		out[i] = key
	}
	return out
}

// Tx signs a transaction of a payer with the fields given; chain id and fee are filled in where they are zero.
func (n *Network) Tx(tb testing.TB, payer int, f tx.Fields) tx.Verified {
	tb.Helper()
	if f.ChainID == "" {
		f.ChainID = n.Genesis.ChainID
	}
	if f.MaxFeePerByte == 0 {
		f.MaxFeePerByte = n.Genesis.Params.LeastPrice()
	}
	t, err := tx.Sign(f, n.Payers[payer])
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// Unsigned makes a transaction of a payer without a signature: for what comes after signatures have been checked.
func (n *Network) Unsigned(tb testing.TB, payer int, f tx.Fields) tx.Verified {
	tb.Helper()
	f.ChainID, f.Payer = n.Genesis.ChainID, crypto.PubkeyToAddress(n.Payers[payer].PublicKey)
	if f.MaxFeePerByte == 0 {
		f.MaxFeePerByte = n.Genesis.Params.LeastPrice()
	}
	t, err := tx.New(f)
	if err != nil {
		tb.Fatal(err)
	}
	return tx.Verified{Tx: t}
}

// Leg is one leg with data.
func Leg(ns namespaces.Namespace, data string) []tx.Leg {
	return []tx.Leg{{Namespace: ns, Data: []byte(data)}}
}

// Open opens a store of the network in dir, and closes it with the test.
func (n *Network) Open(tb testing.TB, dir string) *store.Store {
	tb.Helper()
	s, err := store.Open(store.Config{Dir: dir, Genesis: n.Genesis})
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

// Next builds the block after the store's head from the transactions, without committing it.
func (n *Network) Next(s *store.Store, txs ...tx.Verified) (store.Block, error) {
	list := make([]*tx.Tx, len(txs))
	for i, t := range txs {
		list[i] = t.Tx
	}
	set, err := n.Genesis.Set()
	if err != nil {
		return store.Block{}, err
	}
	proposer := set.Operators()[s.Head()%uint64(len(set.Operators()))].Address
	body := block.Body{Batches: []block.Batch{{Author: proposer, Txs: list}}}
	contents, err := block.Assemble(body, n.Rules.Order)
	if err != nil {
		return store.Block{}, err
	}
	parent := s.Ledger()
	effects, err := ledger.Apply(n.Rules, parent, contents.Txs)
	if err != nil {
		return store.Block{}, err
	}
	height := s.Head() + 1
	return store.Block{
		Header: block.Header{
			ChainID: n.Genesis.ChainID, Height: height, TimeMS: n.Genesis.TimeMS + height, ParentHash: s.HeadHash(), Proposer: proposer,
			DataRoot: contents.Table.Root(), TxRoot: contents.IDs.Root(), LedgerRoot: parent.Head.Root(),
			OperatorsHash: set.Hash(), NextOperatorsHash: set.Hash(),
		},
		Body: body.Encode(), Contents: contents, Effects: effects,
	}, nil
}

// Commit builds and commits the next block, and returns its header.
func (n *Network) Commit(tb testing.TB, s *store.Store, txs ...tx.Verified) block.Header {
	tb.Helper()
	b, err := n.Next(s, txs...)
	if err != nil {
		tb.Fatal(err)
	}
	if err := s.Commit(b); err != nil {
		tb.Fatal(err)
	}
	return b.Header
}

// Certificate signs a header with the first three of the four operators.
func (n *Network) Certificate(tb testing.TB, h block.Header) cert.Certificate {
	tb.Helper()
	set, err := n.Genesis.Set()
	if err != nil {
		tb.Fatal(err)
	}
	votes := make([]cert.Vote, 0, 3)
	for _, k := range n.Operators[:3] {
		digest := cert.ExtensionDigest(h.ChainID, h.Height, 0, h.Hash())
		sig, err := crypto.Sign(digest[:], k)
		if err != nil {
			tb.Fatal(err)
		}
		votes = append(votes, cert.Vote{Operator: crypto.PubkeyToAddress(k.PublicKey), HeaderHash: h.Hash(), Signature: tx.Signature(sig)})
	}
	c, err := cert.Assemble(set, h.Height, h.Hash(), votes)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// Certify stores certificates of the heights.
func (n *Network) Certify(tb testing.TB, s *store.Store, heights ...uint64) {
	tb.Helper()
	for _, height := range heights {
		h, err := s.Header(height)
		if err != nil {
			tb.Fatal(err)
		}
		if err := s.SetCertificate(n.Certificate(tb, h)); err != nil {
			tb.Fatal(err)
		}
	}
}

// Payer is the address of a payer.
func (n *Network) Payer(i int) common.Address { return crypto.PubkeyToAddress(n.Payers[i].PublicKey) }
