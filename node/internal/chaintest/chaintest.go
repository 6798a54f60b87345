// Package chaintest makes small real chains for tests: a genesis with operators and funded payers whose keys the test holds, blocks that go
// through the ledger into a store as a node's do, and operators' real signatures. Everything in it is the same in each run.
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
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/store"
)

// ChainID names the network of the tests.
const ChainID = "chaintest-1"

// Interval is the time between two blocks, in milliseconds.
const Interval = 100

// Fee is what the network charges, in wei per byte.
const Fee = 7

// Namespaces that the network registers, in their order: two ordered by tip, one by the proposer.
var (
	Alpha = mustParse("0x01000000000000000061")
	Beta  = mustParse("0x01000000000000000062")
	Queue = mustParse("0x01000000000000000071")
)

func mustParse(s string) namespaces.Namespace {
	n, err := namespaces.Parse(s)
	if err != nil {
		panic(err)
	}
	return n
}

// Network is a genesis with the keys of those who stand in it.
type Network struct {
	Genesis *genesis.Genesis
	Rules   ledger.Rules
	Set     cert.Set                 // four operators of equal power
	Keys    []*ecdsa.PrivateKey      // the operators', in the order of Set
	Payers  []*ecdsa.PrivateKey      // each holds 10^21 wei
	salt    uint64                   // of Tx
	sets    map[common.Hash]cert.Set // that have proposed
}

// New makes a network with so many payers. change may be nil; it changes the genesis before it is used.
func New(tb testing.TB, payers int, change func(*genesis.Genesis)) *Network {
	tb.Helper()
	g := &genesis.Genesis{
		Version: genesis.Version, ChainID: ChainID, TimeMS: 1_700_000_000_000, Params: genesis.DefaultParams(),
		Namespaces: []genesis.Namespace{
			{Namespace: Alpha, Name: "alpha", Order: block.ByTip},
			{Namespace: Beta, Name: "beta", Order: block.ByTip},
			{Namespace: Queue, Name: "queue", Order: block.ByProposer},
		},
	}
	g.Params.LanePrice, g.Params.GlobalPrice, g.Params.DAPrice = Fee-2, 1, 1
	n := &Network{Genesis: g, sets: make(map[common.Hash]cert.Set)}
	keys := make(map[common.Address]*ecdsa.PrivateKey)
	for i := range 4 {
		key := Key(fmt.Sprintf("operator %d", i))
		address := crypto.PubkeyToAddress(key.PublicKey)
		keys[address] = key
		g.Operators = append(g.Operators, genesis.Operator{
			Name: fmt.Sprintf("operator-%d", i), Address: address, PublicKey: crypto.CompressPubkey(&key.PublicKey), Power: 10,
		})
	}
	for i := range payers {
		n.Payers = append(n.Payers, Key(fmt.Sprintf("payer %d", i)))
		g.Balances = append(g.Balances, genesis.Balance{Address: n.Payer(i), Amount: uint256.MustFromDecimal("1000000000000000000000")})
	}
	slices.SortFunc(g.Balances, func(a, b genesis.Balance) int { return a.Address.Cmp(b.Address) })
	if change != nil {
		change(g)
	}
	if err := g.Validate(); err != nil {
		tb.Fatal(err)
	}
	n.Rules = ledger.NewRules(g)
	n.Set, _ = g.Set()
	for _, o := range n.Set.Operators() {
		n.Keys = append(n.Keys, keys[o.Address])
	}
	return n
}

// Key is a key that follows from its name.
func Key(name string) *ecdsa.PrivateKey {
	key, err := crypto.ToECDSA(crypto.Keccak256([]byte(name)))
	if err != nil {
		panic(err) // of the 2^256 hashes, almost all are keys
	}
	return key
}

// Payer is the address of a payer.
func (n *Network) Payer(i int) common.Address { return crypto.PubkeyToAddress(n.Payers[i].PublicKey) }

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
