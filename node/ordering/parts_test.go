package ordering

import (
	"context"
	"log/slog"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/pool"
	"github.com/lockstep-network/lockstep/node/pool/verify"
	"github.com/lockstep-network/lockstep/node/store"
)

// The real pool and the real store are what the application asks for.
var (
	_ Pool  = (*pool.Pool)(nil)
	_ Store = (*store.Store)(nil)
	_ Check = (*verify.Proposal)(nil)
)

// full is one node of real parts.
type full struct {
	t       *testing.T
	dir     string
	genesis *genesis.Genesis

	store *store.Store
	pool  *pool.Pool
	app   *App
	stop  context.CancelFunc
	done  chan error
}

func newFull(t *testing.T, g *genesis.Genesis) *full {
	t.Helper()
	f := &full{t: t, dir: t.TempDir(), genesis: g}
	f.start()
	t.Cleanup(f.crash)
	return f
}

func (f *full) start() {
	f.t.Helper()
	var err error
	if f.store, err = store.Open(store.Config{Dir: f.dir, Genesis: f.genesis}); err != nil {
		f.t.Fatal(err)
	}
	if f.pool, err = pool.New(pool.DefaultConfig(ledger.NewRules(f.genesis)), f.store, f.store); err != nil {
		f.t.Fatal(err)
	}
	f.app, err = New(Config{
		Genesis: f.genesis, Pool: f.pool, Store: f.store, Begin: func() Check { return f.pool.Checker().Begin() },
		BlockInterval: 1, IdleWait: 100 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		f.t.Fatal(err)
	}
	var ctx context.Context
	ctx, f.stop = context.WithCancel(f.t.Context())
	f.done = make(chan error, 1)
	go func() { f.done <- f.pool.Follow(ctx) }()
}

// crash ends everything that is not on disk.
func (f *full) crash() {
	f.stop()
	<-f.done
	if err := f.store.Close(); err != nil {
		f.t.Error(err)
	}
}

func (f *full) apply(s slot, txs [][]byte, crashBeforeCommit bool) []byte {
	f.t.Helper()
	req := &abci.RequestFinalizeBlock{Txs: txs, Height: int64(s.height), Time: s.time(), ProposerAddress: s.proposer[:]}
	res, err := f.app.FinalizeBlock(f.t.Context(), req)
	if err != nil {
		f.t.Fatal(err)
	}
	if crashBeforeCommit {
		f.crash()
		f.start()
		if info, err := f.app.Info(f.t.Context(), &abci.RequestInfo{}); err != nil || uint64(info.LastBlockHeight) != s.height-1 {
			f.t.Fatalf("info after a crash at height %d: %+v, %v", s.height, info, err)
		}
		if res, err = f.app.FinalizeBlock(f.t.Context(), req); err != nil {
			f.t.Fatal(err)
		}
	}
	if _, err := f.app.Commit(f.t.Context(), &abci.RequestCommit{}); err != nil {
		f.t.Fatal(err)
	}
	return res.AppHash
}

// Two nodes of real parts, one of which crashes between FinalizeBlock and Commit now and then, include what either was
// given, once, and end alike.
func TestRealPoolAndStore(t *testing.T) {
	g := testGenesis(t, func(p *genesis.Params) {
		p.MaxBodyBytes, p.MaxTxBytes, p.MaxLegBytes, p.MaxSignatures, p.ExpiryWindow = 20_000, 1500, 1000, 40, 64
	})
	nodes := []*full{newFull(t, g), newFull(t, g)}
	var ids []common.Hash
	for salt := range 160 {
		legs := []tx.Leg{{Namespace: testNamespace(salt % lanesHere), Data: make([]byte, 50)}}
		if salt%4 == 0 {
			legs = append(legs, tx.Leg{Namespace: testNamespace((salt + 1) % lanesHere), Data: make([]byte, 50)})
		}
		made := sign(t, salt%4, tx.Fields{Salt: uint64(salt), Expiry: 60, Tip: uint64(salt % 5), Legs: legs})
		if taken, err := nodes[salt%2].pool.Offer([][]byte{made.Raw()}); err != nil || taken.New != 1 {
			t.Fatal(taken, err)
		}
		ids = append(ids, made.ID())
	}
	included := 0
	for height := uint64(1); included < len(ids) && height < 40; height++ {
		turn := nodes[height%2]
		s := slot{height, g.TimeMS + height, g.Operators[height%2].Address, everybody(height, len(g.Operators))}
		prepared, err := turn.app.PrepareProposal(t.Context(), &abci.RequestPrepareProposal{
			MaxTxBytes: 1 << 20, Height: int64(height), Time: s.time(), ProposerAddress: s.proposer[:],
			LocalLastCommit: s.past.extended(len(g.Operators)),
		})
		if err != nil {
			t.Fatal(err)
		}
		var hashes [2]string
		for i, n := range nodes {
			verdict, err := n.app.ProcessProposal(t.Context(), &abci.RequestProcessProposal{
				Txs: prepared.Txs, Height: int64(height), Time: s.time(), ProposerAddress: s.proposer[:],
				ProposedLastCommit: s.past.commit(len(g.Operators)),
			})
			if err != nil || !verdict.IsAccepted() {
				t.Fatalf("height %d, node %d: %v, %v", height, i, verdict, err)
			}
			hashes[i] = string(n.apply(s, prepared.Txs, i == 1 && height%3 == 0))
		}
		if hashes[0] != hashes[1] {
			t.Fatalf("height %d: two application hashes", height)
		}
		contents, err := nodes[0].store.Contents(height)
		if err != nil {
			t.Fatal(err)
		}
		included += len(contents.Txs)
	}
	for _, id := range ids {
		a, err := nodes[0].store.Tx(id)
		if err != nil {
			t.Fatalf("%s is not included: %v", id, err)
		}
		if b, err := nodes[1].store.Tx(id); err != nil || a != b {
			t.Fatalf("%s stands at %v and %v, %v", id, a, b, err)
		}
	}
	if included != len(ids) || nodes[0].store.HeadHash() != nodes[1].store.HeadHash() {
		t.Fatalf("%d of %d transactions stand in blocks", included, len(ids))
	}
}

// BenchmarkJudge judges a full block: of transactions with one leg of 250 bytes, and of gateways' with 1,024 such legs;
// never seen before (cold), and all checked at gossip (warm).
func BenchmarkJudge(b *testing.B) {
	g := testGenesis(b, func(p *genesis.Params) { *p = genesis.DefaultParams(); p.LanePrice, p.GlobalPrice, p.DAPrice = 1, 1, 0 })
	for i := range g.Balances {
		g.Balances[i].Amount = uint256.NewInt(1 << 60)
	}
	rules := ledger.NewRules(g)
	m := newMemory(b, g)
	p := parent{hash: m.hash, ledger: m.Ledger()}
	s := slot{1, g.TimeMS, g.Operators[0].Address, new(past)}
	for _, kind := range []struct {
		name      string
		txs, legs int
	}{{"8192 txs", 8192, 1}, {"26 gateway txs", 26, 1024}} {
		var txs []*tx.Tx
		for i := range kind.txs {
			legs := make([]tx.Leg, kind.legs)
			for k := range legs {
				legs[k] = tx.Leg{Namespace: testNamespace(i % lanesHere), Data: make([]byte, 250)}
			}
			txs = append(txs, sign(b, i%4, tx.Fields{Salt: uint64(i), Expiry: 9, Legs: legs}))
		}
		c, refused, err := propose(rules, p, s, block.System{}, txs)
		if err != nil || len(refused) > 0 || len(c.body) > block.MaxBodySize {
			b.Fatalf("%d bytes, %v, %v", len(c.body), refused, err)
		}
		for _, warm := range []bool{false, true} {
			b.Run(kind.name+map[bool]string{false: " cold", true: " warm"}[warm], func(b *testing.B) {
				checker := verify.New(nil)
				b.SetBytes(int64(len(c.body)))
				for b.Loop() {
					if !warm {
						checker = verify.New(nil)
					}
					if _, err := judge(rules, p, s, [][]byte{c.raw, c.body}, checker.Begin()); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
