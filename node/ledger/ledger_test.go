package ledger_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/ledgertest"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

var (
	operatorKey     = crypto.ToECDSAUnsafe(crypto.Keccak256([]byte("operator")))
	operatorAddress = crypto.PubkeyToAddress(operatorKey.PublicKey)

	alpha = namespaces.Namespace{0: 1, 9: 0xa}
	beta  = namespaces.Namespace{0: 1, 9: 0xb}
)

// network is a genesis with payers 1 to n (addresses, not keys: signatures are checked before the ledger) who hold so much each.
func network(tb testing.TB, payers int, amount uint64, window uint64) (*genesis.Genesis, ledger.Rules) {
	tb.Helper()
	key := operatorKey
	g := &genesis.Genesis{Version: genesis.Version, ChainID: "ledger-test", Params: genesis.DefaultParams()}
	g.Params.LanePrice, g.Params.GlobalPrice, g.Params.DAPrice, g.Params.ExpiryWindow = 1, 1, 1, window
	g.Operators = []genesis.Operator{{Address: crypto.PubkeyToAddress(key.PublicKey), PublicKey: crypto.CompressPubkey(&key.PublicKey), Power: 1}}
	g.Namespaces = []genesis.Namespace{{Namespace: alpha, Order: block.ByTip}, {Namespace: beta, Order: block.ByProposer}}
	for i := range payers {
		g.Balances = append(g.Balances, genesis.Balance{Address: payer(i), Amount: uint256.NewInt(amount)})
	}
	slices.SortFunc(g.Balances, func(a, b genesis.Balance) int { return a.Address.Cmp(b.Address) })
	if err := g.Validate(); err != nil {
		tb.Fatal(err)
	}
	return g, ledger.NewRules(g)
}

func payer(i int) common.Address {
	return common.BytesToAddress(crypto.Keccak256(fmt.Append(nil, "payer ", i)))
}

func unsigned(tb testing.TB, from common.Address, salt, expiry, tip uint64, legs ...tx.Leg) *tx.Tx {
	tb.Helper()
	t, err := tx.New(tx.Fields{
		ChainID: "ledger-test", Payer: from, Salt: salt, Expiry: expiry, Tip: tip, MaxFeePerByte: 3, Legs: legs,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// feeOf is what the transaction costs on the test network.
func feeOf(t *tx.Tx) (fee uint256.Int) {
	fee.SetUint64(t.Tip())
	fee.AddUint64(&fee, 3)
	fee.Mul(&fee, uint256.NewInt(t.Weight()))
	return fee
}

// blockOf is a block of the transactions, a second after the one before.
func blockOf(p ledger.Parent, txs []*tx.Tx) ledger.Block {
	system, err := ledgertest.System(p)
	if err != nil {
		panic(err) // a ledger in memory without operators
	}
	return ledger.Block{TimeMS: 1_000 * (p.Head.Height + 1), Proposer: operatorAddress, System: system, Txs: txs}
}

func leg(ns namespaces.Namespace, size int) tx.Leg {
	return tx.Leg{Namespace: ns, Data: make([]byte, size)}
}

func newState(tb testing.TB, g *genesis.Genesis) *ledgertest.Memory {
	tb.Helper()
	s, err := ledgertest.New(g)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// balances lists who holds how much.
func balances(tb testing.TB, s *ledgertest.Memory) map[common.Address]uint256.Int {
	tb.Helper()
	out := make(map[common.Address]uint256.Int)
	for k := range s.Records {
		if k.Kind() == state.Account {
			a := common.BytesToAddress(k.ID())
			out[a] = s.Balance(a)
		}
	}
	return out
}

// supply is what the genesis gave to accounts and stakes, by the totals: what there is and what was burned, less the subsidy.
func supply(tb testing.TB, s *ledgertest.Memory) (sum uint256.Int) {
	tb.Helper()
	for _, b := range balances(tb, s) {
		sum.Add(&sum, &b)
	}
	pots, err := stake.LoadPots(s)
	if err != nil {
		tb.Fatal(err)
	}
	held := pots.Sum()
	sum.Add(&sum, &held)
	sum.Add(&sum, &pots.Burned)
	return *sum.Sub(&sum, &pots.Subsidy)
}

// traffic is a seeded stream of blocks that are valid on the state as it goes.
func traffic(tb testing.TB, r ledger.Rules, s *ledgertest.Memory, rng *rand.Rand, payers, most int) []*tx.Tx {
	tb.Helper()
	height := s.Head.Height + 1
	pass := r.Begin(s, height)
	var txs []*tx.Tx
	for range rng.IntN(most + 1) {
		legs := []tx.Leg{leg(alpha, 1+rng.IntN(300))}
		if rng.IntN(5) == 0 {
			legs = append(legs, leg(beta, 1+rng.IntN(300)))
		}
		// Few salts and poor payers: spent, duplicate and unfunded ones are common.
		t := unsigned(tb, payer(rng.IntN(payers)), rng.Uint64N(1_000), height+rng.Uint64N(r.Params().ExpiryWindow), rng.Uint64N(50), legs...)
		switch err := pass.Add(t); tx.CodeOf(err) {
		case "":
			if err != nil {
				tb.Fatal(err)
			}
			txs = append(txs, t)
		case ledger.Spent, ledger.Duplicate, ledger.Unfunded:
		default:
			tb.Fatal(err)
		}
	}
	return txs
}

// A hundred thousand random transactions: the supply is conserved, what is charged is what the treasury gets, trie and table agree, effects are the
// same when computed again and in another order, and a replay from genesis ends at the same root.
func TestRandomBlocks(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	const payers, window = 300, 16
	most := 100_000
	if testing.Short() {
		most = 5_000
	}
	g, r := network(t, payers, 3_000_000, window)
	s, again := newState(t, g), newState(t, g)
	total := supply(t, s)
	var charged uint256.Int
	count, blocks := 0, 0
	for ; count < most; blocks++ {
		if blocks%40 == 39 { // everybody is refilled now and then, on both states: as if another genesis had been richer
			s, again = newState(t, g), newState(t, g)
			charged.Clear()
		}
		txs := traffic(t, r, s, rng, payers, 2_000)
		count += len(txs)
		e, err := ledger.Apply(r, s.Parent(), blockOf(s.Parent(), txs))
		if err != nil {
			t.Fatal(err)
		}
		shuffled := slices.Clone(txs)
		rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		e2, err := ledger.Apply(r, again.Parent(), blockOf(again.Parent(), shuffled))
		if err != nil {
			t.Fatal(err)
		}
		if e.Head.Root() != e2.Head.Root() || !slices.EqualFunc(e.Nodes, e2.Nodes, func(a, b state.Node) bool {
			return bytes.Equal(a.Path, b.Path) && bytes.Equal(a.Blob, b.Blob)
		}) || !slices.Equal(e.Spent, e2.Spent) || !slices.EqualFunc(e.Records, e2.Records, func(a, b state.Record) bool {
			return a.Key == b.Key && bytes.Equal(a.Value, b.Value)
		}) {
			t.Fatal("the same transactions have other effects")
		}
		if e.Parent != s.Head.Root() || len(e.Charges) != len(txs) {
			t.Fatalf("%d charges for %d transactions", len(e.Charges), len(txs))
		}
		for i, c := range e.Charges {
			if fee := feeOf(txs[i]); c.ID != txs[i].ID() || c.Fee != fee {
				t.Fatal("a charge is another transaction's")
			}
			charged.Add(&charged, &c.Fee)
		}
		s.Write(e)
		again.Write(e2)
		if supply(t, s) != total {
			have := supply(t, s)
			t.Fatalf("supply %s, was %s", have.Dec(), total.Dec())
		}
		pots, err := stake.LoadPots(s)
		if err != nil {
			t.Fatal(err)
		}
		kept := s.Balance(ledger.Treasury())
		for _, v := range []*uint256.Int{&pots.Voters, &pots.Publishers, &pots.DA, &pots.Earned, &pots.Buckets, &pots.Rewards} {
			kept.Add(&kept, v)
		}
		if kept != charged {
			t.Fatalf("%s wei are charged, %s are in pots and with the treasury", charged.Dec(), kept.Dec())
		}
	}
	checkTrie(t, s)
	t.Logf("%d transactions in %d blocks", count, blocks)
}

// checkTrie rebuilds the trie from the flat records and compares roots and nodes.
func checkTrie(t *testing.T, s *ledgertest.Memory) {
	t.Helper()
	var all []state.Record
	for k, v := range s.Records {
		all = append(all, state.Record{Key: k, Value: v})
	}
	root, nodes, err := state.Commit(state.EmptyRoot(), nil, all)
	if err != nil {
		t.Fatal(err)
	}
	if root != s.Head.StateRoot {
		t.Fatal("the trie has another root than one built from its records")
	}
	if len(nodes) != len(s.Nodes) {
		t.Fatalf("%d nodes are kept, the trie has %d: old ones stay behind", len(s.Nodes), len(nodes))
	}
}

// An account that pays its last wei leaves the trie.
func TestEmptiedAccountsLeave(t *testing.T) {
	one := unsigned(t, payer(0), 1, 1, 0, leg(alpha, 10))
	fee := feeOf(one)
	g, r := network(t, 1, fee.Uint64(), 4)
	s := newState(t, g)
	e, err := ledger.Apply(r, s.Parent(), blockOf(s.Parent(), []*tx.Tx{one}))
	if err != nil {
		t.Fatal(err)
	}
	s.Write(e)
	checkTrie(t, s)
	if s.Balance(payer(0)) != (uint256.Int{}) || s.Records[ledger.AccountKey(payer(0))] != nil {
		t.Fatalf("%d nodes", len(s.Nodes))
	}
	if _, err := ledger.Apply(r, s.Parent(), blockOf(s.Parent(), []*tx.Tx{unsigned(t, payer(0), 2, 2, 0, leg(alpha, 1))})); tx.CodeOf(err) != ledger.Unfunded {
		t.Fatalf("an empty account pays: %v", err)
	}
}

// One transaction that may not stand in the block makes the whole block invalid, and nothing comes out.
func TestInvalidBlocks(t *testing.T) {
	g, r := network(t, 2, 10_000, 4)
	s := newState(t, g)
	first := unsigned(t, payer(0), 1, 4, 0, leg(alpha, 10))
	e, err := ledger.Apply(r, s.Parent(), blockOf(s.Parent(), []*tx.Tx{first}))
	if err != nil {
		t.Fatal(err)
	}
	s.Write(e)
	ok := unsigned(t, payer(0), 2, 4, 0, leg(alpha, 10))
	for name, c := range map[string]struct {
		code tx.Code
		txs  []*tx.Tx
	}{
		"twice":                {ledger.Duplicate, []*tx.Tx{ok, ok}},
		"one salt twice":       {ledger.Spent, []*tx.Tx{ok, unsigned(t, payer(0), 2, 4, 1, leg(alpha, 10))}},
		"spent before":         {ledger.Spent, []*tx.Tx{ok, first}},
		"expired":              {ledger.Expired, []*tx.Tx{unsigned(t, payer(0), 3, 1, 0, leg(alpha, 10))}},
		"too far":              {ledger.ExpiryTooFar, []*tx.Tx{unsigned(t, payer(0), 3, 7, 0, leg(alpha, 10))}},
		"unknown namespace":    {ledger.UnknownNamespace, []*tx.Tx{unsigned(t, payer(0), 3, 4, 0, leg(alpha, 10), leg(namespaces.Headers(), 1))}},
		"both too much":        {ledger.Unfunded, []*tx.Tx{unsigned(t, payer(1), 1, 4, 20, leg(alpha, 10)), unsigned(t, payer(1), 2, 4, 20, leg(alpha, 10))}},
		"a stranger":           {ledger.Unfunded, []*tx.Tx{unsigned(t, payer(7), 1, 4, 0, leg(alpha, 10))}},
		"more than 2^64 a tip": {ledger.Unfunded, []*tx.Tx{unsigned(t, payer(0), 3, 4, 1<<64-1, leg(alpha, 10))}},
	} {
		before := s.Head.Root()
		if e, err := ledger.Apply(r, s.Parent(), blockOf(s.Parent(), c.txs)); tx.CodeOf(err) != c.code || e != nil {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
		if s.Head.Root() != before {
			t.Errorf("%s: the state changed", name)
		}
	}
}

// A pass leaves nothing behind of a transaction that it refuses.
func TestPassIsUnchangedByRefusals(t *testing.T) {
	g, r := network(t, 1, 2_000, 4)
	pass := r.Begin(newState(t, g), 1)
	poor := unsigned(t, payer(0), 1, 2, 100, leg(alpha, 10))
	for range 3 {
		if err := pass.Add(poor); tx.CodeOf(err) != ledger.Unfunded {
			t.Fatal(err)
		}
	}
	if err := pass.Add(unsigned(t, payer(0), 1, 2, 0, leg(alpha, 10))); err != nil {
		t.Fatal(err)
	}
	if len(pass.Charges()) != 1 {
		t.Fatalf("%d charges", len(pass.Charges()))
	}
}

// State that cannot be read is an error, never a verdict about a transaction.
func TestUnreadableState(t *testing.T) {
	g, r := network(t, 50, 100_000, 4)
	s := newState(t, g)
	clear(s.Nodes)
	_, err := ledger.Apply(r, s.Parent(), blockOf(s.Parent(), []*tx.Tx{unsigned(t, payer(0), 1, 2, 0, leg(alpha, 10))}))
	if err == nil || tx.CodeOf(err) != "" {
		t.Fatalf("a lost trie: %v", err)
	}
	s = newState(t, g)
	broken := s.Parent()
	broken.View = brokenView{s}
	if _, err = ledger.Apply(r, broken, blockOf(broken, []*tx.Tx{unsigned(t, payer(0), 1, 2, 0, leg(alpha, 10))})); !errors.Is(err, os.ErrClosed) || tx.CodeOf(err) != "" {
		t.Fatalf("a lost spent set: %v", err)
	}
}

type brokenView struct{ *ledgertest.Memory }

func (brokenView) Spent(common.Address, uint64) (bool, error) { return false, os.ErrClosed }

// The root commits to the digests of the window, in their order, and to each field.
func TestRootCommits(t *testing.T) {
	base := ledger.Head{Height: 9, StateRoot: types.EmptyRootHash, Digests: []common.Hash{{1}, {2}}, DAHead: 4, PublishedHeight: 5}
	seen := map[common.Hash]string{base.Root(): "base"}
	for name, change := range map[string]func(*ledger.Head){
		"state": func(h *ledger.Head) { h.StateRoot[0]++ }, "da head": func(h *ledger.Head) { h.DAHead++ },
		"published": func(h *ledger.Head) { h.PublishedHeight++ }, "digest": func(h *ledger.Head) { h.Digests = []common.Hash{{1}, {3}} },
		"order": func(h *ledger.Head) { h.Digests = []common.Hash{{2}, {1}} }, "window": func(h *ledger.Head) { h.Digests = []common.Hash{{1}, {2}, {}} },
	} {
		h := base
		change(&h)
		if other, twice := seen[h.Root()]; twice {
			t.Errorf("%s has the root of %s", name, other)
		}
		seen[h.Root()] = name
	}
}

var update = flag.Bool("update", false, "write the vectors anew")

const vectorFile = "../../specs/vectors/ledger.json"

type vectors struct {
	Treasury common.Address `json:"treasury"`
	Pairs    []ledger.Pair  `json:"pairs"`
	Digest   common.Hash    `json:"digest"`
	Blocks   []vectorBlock  `json:"blocks"` // on the genesis of the test network: see specs/05-ledger.md, "Vectors"
}

type vectorBlock struct {
	Height     uint64      `json:"height"`
	Txs        []string    `json:"txs"`
	StateRoot  common.Hash `json:"stateRoot"`
	LedgerRoot common.Hash `json:"ledgerRoot"`
}

// The vectors of the chapter.
func TestVectors(t *testing.T) {
	g, r := network(t, 3, 1_000_000, 4)
	s := newState(t, g)
	have := vectors{Treasury: ledger.Treasury(), Pairs: []ledger.Pair{{Payer: common.Address{1}, Salt: 2}, {Payer: common.Address{2}, Salt: 1}}}
	have.Digest = ledger.Digest(have.Pairs)
	reversed := []ledger.Pair{have.Pairs[1], have.Pairs[0]}
	if ledger.Digest(reversed) != have.Digest {
		t.Fatal("the digest depends on the order of its input")
	}
	have.Blocks = append(have.Blocks, vectorBlock{0, nil, s.Head.StateRoot, s.Head.Root()})
	for height := uint64(1); height <= 6; height++ {
		var txs []*tx.Tx
		b := vectorBlock{Height: height}
		for i := range height % 3 {
			v := unsigned(t, payer(int(i)), height, height+i, height*i, leg(alpha, int(10*height)))
			txs, b.Txs = append(txs, v), append(b.Txs, fmt.Sprintf("0x%x", v.Raw()))
		}
		e, err := ledger.Apply(r, s.Parent(), blockOf(s.Parent(), txs))
		if err != nil {
			t.Fatal(err)
		}
		s.Write(e)
		b.StateRoot, b.LedgerRoot = s.Head.StateRoot, s.Head.Root()
		have.Blocks = append(have.Blocks, b)
	}
	raw, err := json.MarshalIndent(have, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	raw = append(raw, '\n')
	if *update {
		if err := os.WriteFile(vectorFile, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, raw) {
		t.Fatalf("the ledger differs from %s; -update writes it anew", vectorFile)
	}
}

// FuzzApply gives any transactions to the ledger: it never panics, and what it takes conserves the supply.
func FuzzApply(f *testing.F) {
	g, r := network(f, 3, 100_000, 4)
	f.Add(unsigned(f, payer(0), 1, 2, 0, leg(alpha, 10)).Raw(), unsigned(f, payer(1), 1, 1<<63, 7, leg(beta, 10)).Raw())
	f.Add(unsigned(f, payer(0), 1, 2, 0, leg(alpha, 10)).Raw(), unsigned(f, payer(0), 1, 2, 1<<64-1, leg(alpha, 9)).Raw())
	f.Fuzz(func(t *testing.T, a, b []byte) {
		var txs []*tx.Tx
		for _, raw := range [][]byte{a, b} {
			if v, err := tx.Decode(raw); err == nil {
				txs = append(txs, v)
			}
		}
		s := newState(t, g)
		total := supply(t, s)
		e, err := ledger.Apply(r, s.Parent(), blockOf(s.Parent(), txs))
		if err != nil {
			if tx.CodeOf(err) == "" {
				t.Fatalf("not a rejection: %v", err)
			}
			return
		}
		s.Write(e)
		if supply(t, s) != total || len(e.Spent) != len(txs) {
			t.Fatal("the supply changed")
		}
	})
}

func BenchmarkApply(b *testing.B) {
	for _, payers := range []int{10, 8_000} {
		b.Run(fmt.Sprintf("8000txs/%dpayers", payers), func(b *testing.B) {
			g, r := network(b, payers, 1<<60, 1_024)
			s := newState(b, g)
			for range b.N {
				b.StopTimer()
				txs := make([]*tx.Tx, 8_000)
				for i := range txs {
					txs[i] = unsigned(b, payer(i%payers), s.Head.Height<<20+uint64(i), s.Head.Height+2, 0, leg(alpha, 250))
				}
				b.StartTimer()
				e, err := ledger.Apply(r, s.Parent(), blockOf(s.Parent(), txs))
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				s.Write(e)
			}
		})
	}
}
