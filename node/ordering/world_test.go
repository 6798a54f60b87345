package ordering

import (
	"context"
	"crypto/ecdsa"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/ledgertest"
	"github.com/lockstep-network/lockstep/node/store"
)

const testOperators = 4

func testKey(t testing.TB, name string, i int) *ecdsa.PrivateKey {
	t.Helper()
	key, err := crypto.ToECDSA(crypto.Keccak256(fmt.Appendf(nil, "%s %d", name, i)))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func testNamespace(i int) namespaces.Namespace { return namespaces.Namespace{0: byte(i + 1)} }

const (
	payers    = 5 // the last can pay for two small transactions only
	lanesHere = 3 // the second is ordered by the proposer
)

// testGenesis is small enough that a few transactions fill a block and a few blocks pass a window.
func testGenesis(t testing.TB, change func(*genesis.Params)) *genesis.Genesis {
	t.Helper()
	g := &genesis.Genesis{Version: genesis.Version, ChainID: "lockstep-test", TimeMS: 1_700_000_000_000, Params: genesis.Params{
		MaxBodyBytes: 3000, MaxTxBytes: 1500, MaxLegBytes: 1000, MaxSignatures: 6, ExpiryWindow: 4, Capacity: 1 << 20, LaneShare: 1 << 16, Damping: 32,
		LanePrice: 1, GlobalPrice: 1, ReservePrice: 1,
		NamespaceDeposit: 1_000, EpochMS: 1_000, SilenceMS: 1_000, ProtocolVersion: 1,
		MaxOperators: 4, PowerUnit: 1_000, MinPower: 1, UnbondingMS: 1_000_000, EvidenceMS: 1_000_000, CommissionStep: 1,
		SlashBase: 1_000, DowntimeMS: 1_000_000, JailMS: 1_000, LeastLeaf: 1,
		DAStart: 1, ForcedDelay: 1, ForcedWindow: 2, MaxUnpublished: 1,
	}}
	if change != nil {
		change(&g.Params)
	}
	for i := range testOperators {
		key := testKey(t, "operator", i)
		g.Operators = append(g.Operators, genesis.Operator{
			Address: crypto.PubkeyToAddress(key.PublicKey), PublicKey: crypto.CompressPubkey(&key.PublicKey), Power: 10,
		})
	}
	for i := range lanesHere {
		g.Namespaces = append(g.Namespaces, genesis.Namespace{Namespace: testNamespace(i), Order: block.ByTip})
	}
	g.Namespaces[1].Order = block.ByProposer
	for i := range payers {
		amount := uint64(1_000_000_000)
		if i == payers-1 {
			amount = 1500
		}
		g.Balances = append(g.Balances, genesis.Balance{
			Address: crypto.PubkeyToAddress(testKey(t, "payer", i).PublicKey), Amount: uint256.NewInt(amount),
		})
	}
	sortBalances(g)
	if err := g.Validate(); err != nil {
		t.Fatal(err)
	}
	return g
}

func sortBalances(g *genesis.Genesis) {
	for i := range g.Balances { // few: insertion
		for k := i; k > 0 && g.Balances[k].Address.Cmp(g.Balances[k-1].Address) < 0; k-- {
			g.Balances[k], g.Balances[k-1] = g.Balances[k-1], g.Balances[k]
		}
	}
}

// memory is a store that forgets what was not committed, like the real one, and does no input or output.
type memory struct {
	*ledgertest.Memory

	hash   common.Hash
	blocks []store.Block
}

func newMemory(t testing.TB, g *genesis.Genesis) *memory {
	t.Helper()
	l, err := ledgertest.New(g)
	if err != nil {
		t.Fatal(err)
	}
	return &memory{Memory: l, hash: g.Hash()}
}

func (m *memory) HeadHash() common.Hash { return m.hash }

func (m *memory) Ledger() ledger.Parent { return m.Parent() }

func (m *memory) Commit(b store.Block) error {
	if b.Header.Height != m.Head.Height+1 || b.Header.ParentHash != m.hash || b.Effects.Parent != m.Head.Root() ||
		b.Header.LedgerRoot != m.Head.Root() || b.Effects.Head.Height != b.Header.Height {
		return fmt.Errorf("height %d: %w", b.Header.Height, store.ErrCommit)
	}
	m.Write(b.Effects)
	m.hash, m.blocks = b.Header.Hash(), append(m.blocks, b)
	return nil
}

// bag is a pool without rules of its own: it offers whatever was put in, in an order of its own, and forgets nothing, so
// the application meets what a pool that lags behind the chain holds.
type bag struct {
	rng *rand.Rand
	txs []*tx.Tx
}

func (b *bag) Take(maxBytes, maxSignatures int) []*tx.Tx {
	var out []*tx.Tx
	for _, i := range b.rng.Perm(len(b.txs)) {
		if t := b.txs[i]; len(out) < maxSignatures && len(t.Raw()) <= maxBytes {
			out, maxBytes = append(out, t), maxBytes-len(t.Raw())
		}
	}
	return out
}

// Recheck forgets nothing: what the state refuses for ever is offered again.
func (*bag) Recheck([]*tx.Tx) {}

func (b *bag) Wait(context.Context, uint64) error { return nil }

// signatures checks each encoding once for all nodes of all schedules.
type signatures struct {
	mu       sync.Mutex
	verified map[string]*tx.Tx
}

func (s *signatures) begin() Check { return &check{all: s} }

type check struct {
	all    *signatures
	unseen []*tx.Tx
}

func (c *check) Decode(raw []byte) (*tx.Tx, error) {
	c.all.mu.Lock()
	t := c.all.verified[string(raw)]
	c.all.mu.Unlock()
	if t != nil {
		return t, nil
	}
	t, err := tx.Decode(raw)
	if err == nil {
		c.unseen = append(c.unseen, t)
	}
	return t, err
}

func (c *check) Verify() error {
	for _, t := range c.unseen {
		if _, err := t.Verify(); err != nil {
			return err
		}
		c.all.mu.Lock()
		c.all.verified[string(t.Raw())] = t
		c.all.mu.Unlock()
	}
	return nil
}

func newApp(t testing.TB, g *genesis.Genesis, s Store, p Pool, sigs *signatures) *App {
	t.Helper()
	a, err := New(Config{
		Genesis: g, Pool: p, Store: s, Begin: sigs.begin, BlockInterval: 1, IdleWait: 1,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// sign makes a transaction of one of the payers.
func sign(t testing.TB, payer int, f tx.Fields) *tx.Tx {
	t.Helper()
	if f.ChainID == "" {
		f.ChainID = "lockstep-test"
	}
	if f.MaxFeePerByte == 0 {
		f.MaxFeePerByte = 2
	}
	v, err := tx.Sign(f, testKey(t, "payer", payer))
	if err != nil {
		t.Fatal(err)
	}
	return v.Tx
}

// universe is the transactions that all schedules draw from: good ones and, at every height, some that are expired, too
// far ahead, spent, unfunded, conflicting, of an unknown namespace, underpriced, or of another chain.
func universe(t testing.TB) []*tx.Tx {
	t.Helper()
	rng := rand.New(rand.NewPCG(7, 7))
	var out []*tx.Tx
	for i := range 60 {
		f := tx.Fields{Salt: uint64(i % 25), Expiry: 1 + rng.Uint64N(9), Tip: rng.Uint64N(4)} // salts recur: conflicts, and reuse after the window
		for range 1 + rng.IntN(3) {
			f.Legs = append(f.Legs, tx.Leg{Namespace: testNamespace(rng.IntN(lanesHere)), Data: make([]byte, 1+rng.IntN(200))})
		}
		f.Legs[0].Data[0] = byte(i)
		switch i % 20 {
		case 17:
			f.ChainID = "another"
		case 18:
			f.Legs[0].Namespace = testNamespace(77)
		case 19:
			f.MaxFeePerByte = 1
		}
		out = append(out, sign(t, rng.IntN(payers), f))
	}
	return out
}
