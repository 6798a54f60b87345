package rollups_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"math/big"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/math"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-network/lockstep/da/local"
	"github.com/lockstep-network/lockstep/p2p"
	"github.com/lockstep-network/lockstep/rollups"
	"github.com/lockstep-network/lockstep/rollups/evm"
)

// wallets signs transfers for the test rollup: mostly in the order of nonces, now and then rubbish, a duplicate or a gap.
type wallets struct {
	keys   []*ecdsa.PrivateKey
	nonces []uint64
	last   []byte
}

func newWallets(t testing.TB) *wallets {
	t.Helper()
	w := &wallets{nonces: make([]uint64, 4)}
	for i := range w.nonces {
		k, err := crypto.ToECDSA(crypto.Keccak256([]byte(fmt.Sprintf("rollup wallet %d", i))))
		if err != nil {
			t.Fatal(err)
		}
		w.keys = append(w.keys, k)
	}
	return w
}

func (w *wallets) genesis() evm.Genesis {
	g := evm.Genesis{
		ChainID: 7001, GasLimit: 30_000_000, BaseFee: 1_000_000_000, Coinbase: common.Address{1}, Timestamp: 1,
		Alloc: map[common.Address]evm.Account{},
	}
	for _, k := range w.keys {
		g.Alloc[crypto.PubkeyToAddress(k.PublicKey)] = evm.Account{Balance: (*math.HexOrDecimal256)(big.NewInt(1e18))}
	}
	return g
}

func (w *wallets) next(rng *rand.Rand, _ uint64) []byte {
	i := rng.IntN(len(w.keys))
	nonce := w.nonces[i]
	switch rng.IntN(12) {
	case 0:
		return []byte("rubbish")
	case 1:
		if w.last != nil {
			return w.last
		}
	case 2:
		nonce += 3
	default:
		w.nonces[i]++
	}
	to := common.Address{byte(rng.Uint32())}
	signed := types.MustSignNewTx(w.keys[i], types.LatestSignerForChainID(big.NewInt(7001)), &types.DynamicFeeTx{
		ChainID: big.NewInt(7001), Nonce: nonce, GasTipCap: big.NewInt(1), GasFeeCap: big.NewInt(2e9), Gas: 21_000, To: &to, Value: big.NewInt(5),
	})
	var err error
	if w.last, err = signed.MarshalBinary(); err != nil {
		panic(err)
	}
	return w.last
}

func host(t *testing.T, name string, explicit ...*p2p.Host) *p2p.Host {
	t.Helper()
	cfg := p2p.Config{
		Key:    ed25519.NewKeyFromSeed(crypto.Keccak256([]byte(name))),
		Listen: []string{"/ip4/127.0.0.1/tcp/0"}, Prefix: "/lockstep/test-1", Limits: p2p.DefaultLimits(),
	}
	for _, h := range explicit {
		cfg.Explicit = append(cfg.Explicit, h.Addrs()...)
	}
	h, err := p2p.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// node is a rollup node: an EVM and a driver, that can be stopped and started again.
type node struct {
	t      testing.TB
	cfg    rollups.Config
	chain  *evm.Chain
	driver *rollups.Driver
	cancel context.CancelFunc
	done   chan error
}

func (n *node) start(dir string, g evm.Genesis) {
	n.t.Helper()
	var err error
	quiet := slog.New(slog.DiscardHandler)
	n.chain, err = evm.Open(n.t.Context(), evm.Config{Dir: filepath.Join(dir, "chain"), Genesis: g, CacheMiB: 16, Handles: 64, Log: quiet})
	if err != nil {
		n.t.Fatal(err)
	}
	n.cfg.Dir, n.cfg.Namespace, n.cfg.Executor, n.cfg.Prepare, n.cfg.Log = dir, rollups.Mine(), n.chain, n.chain.Prepare, quiet
	n.cfg.Registry = prometheus.NewRegistry()
	if n.driver, err = rollups.Open(n.t.Context(), n.cfg); err != nil {
		n.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	n.cancel, n.done = cancel, make(chan error, 1)
	go func() { n.done <- n.driver.Run(ctx) }()
}

func (n *node) stop() {
	n.t.Helper()
	n.cancel()
	if err := <-n.done; err != nil {
		n.t.Error(err)
	}
	if err := n.driver.Close(); err != nil {
		n.t.Error(err)
	}
	if err := n.chain.Close(); err != nil {
		n.t.Error(err)
	}
}

func (n *node) until(what string, ok func(rollups.Heads) bool) {
	n.t.Helper()
	limit := time.After(time.Minute)
	for {
		_, changed := n.driver.Soft()
		if ok(n.driver.Status()) {
			return
		}
		select {
		case <-changed:
		case <-limit:
			n.t.Fatalf("waiting for %s: heads are %+v", what, n.driver.Status())
		}
	}
}

// The whole way with real parts: hosts with streams and gossip, one operator of which lies about lanes; the DA layer on disk; the EVM. The node
// that follows soft, through a restart, and the node that knows the DA layer alone end at the same block hash and state root, which are
// those of plain execution.
func TestEVMFromHostsAndFromDAEndAtTheSameRoot(t *testing.T) {
	const heights = 64
	w := newWallets(t)
	seq := rollups.NewSequencer(3, heights, w.next)
	layer, err := local.Open(t.TempDir(), local.Options{Interval: local.ManualBlocks, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer layer.Close()
	liar, honest := host(t, "liar"), host(t, "honest")
	seq.Serve(t, liar, true)
	seq.Serve(t, honest, false)
	follower := host(t, "follower", liar, honest)
	for limit := time.Now().Add(30 * time.Second); !follower.Connected(liar.ID()); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("the hosts do not connect")
		}
	}
	network, err := rollups.NewNetwork(follower, []string{liar.ID().String()})
	if err != nil {
		t.Fatal(err)
	}

	soft := &node{t: t, cfg: rollups.Config{Genesis: seq.Genesis(), Peers: network, Announced: network}}
	soft.cfg.DA = rollups.FromDA(layer, rollups.Mine(), 0, slog.New(slog.DiscardHandler))
	dir := t.TempDir()
	soft.start(dir, w.genesis())
	seq.SetHead(30)
	soft.until("soft", func(h rollups.Heads) bool { return h.Soft.Height >= 25 })
	seq.Publish(t, layer, 1, 17)
	soft.until("firm", func(h rollups.Heads) bool { return h.Final.Height == 17 })
	soft.stop()
	seq.SetHead(heights)
	seq.Publish(t, layer, 18, 40)
	seq.Publish(t, layer, 41, heights)
	soft.start(dir, w.genesis())
	soft.until("the end", func(h rollups.Heads) bool { return h.Final.Height == heights })
	got := soft.chain.Head()
	soft.stop()

	alone := &node{t: t, cfg: rollups.Config{Genesis: seq.Genesis(), Source: rollups.SourceDA, DA: soft.cfg.DA}}
	alone.start(t.TempDir(), w.genesis())
	alone.until("the end", func(h rollups.Heads) bool { return h.Final.Height == heights })
	fromDA := alone.chain.Head()
	alone.stop()

	plain, err := evm.Open(t.Context(), evm.Config{Dir: t.TempDir(), Genesis: w.genesis(), CacheMiB: 16, Handles: 64, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	for _, in := range seq.Inputs() {
		if _, err := plain.Execute(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	if want := plain.Head(); got != want || fromDA != want || want.Number != uint64(len(seq.Inputs())) {
		t.Fatalf("soft %+v, DA %+v, plain execution %+v", got, fromDA, want)
	}
	if follower.Score(liar.ID()) >= 0 {
		t.Fatalf("the liar's score is %v", follower.Score(liar.ID()))
	}
}

// BenchmarkEVMFromDA measures EVM transfers a second, from a DA layer on disk to final heads: reading, certificates, lanes, sender recovery,
// execution, state and records.
func BenchmarkEVMFromDA(b *testing.B) {
	const legs = 1000
	w := newWallets(b)
	heights := max(2, (b.N+legs-1)/legs)
	transfer := func(rng *rand.Rand, _ uint64) []byte {
		i := rng.IntN(len(w.keys))
		to := common.Address{byte(rng.Uint32()), byte(rng.Uint32())}
		raw, err := types.MustSignNewTx(w.keys[i], types.LatestSignerForChainID(big.NewInt(7001)), &types.DynamicFeeTx{
			ChainID: big.NewInt(7001), Nonce: w.nonces[i], GasTipCap: big.NewInt(1), GasFeeCap: big.NewInt(2e9), Gas: 21_000, To: &to, Value: big.NewInt(5),
		}).MarshalBinary()
		if err != nil {
			b.Fatal(err)
		}
		w.nonces[i]++
		return raw
	}
	seq := rollups.NewWideSequencer(heights, legs, transfer)
	quiet := slog.New(slog.DiscardHandler)
	layer, err := local.Open(b.TempDir(), local.Options{Interval: local.ManualBlocks, Logger: quiet})
	if err != nil {
		b.Fatal(err)
	}
	defer layer.Close()
	seq.Publish(b, layer, 1, uint64(heights))
	g := w.genesis()
	g.GasLimit = 100_000_000
	for a := range g.Alloc {
		g.Alloc[a] = evm.Account{Balance: (*math.HexOrDecimal256)(new(big.Int).Lsh(big.NewInt(1), 100))}
	}
	n := &node{t: b, cfg: rollups.Config{Genesis: seq.Genesis(), Source: rollups.SourceDA, DA: rollups.FromDA(layer, rollups.Mine(), 0, quiet)}}
	b.ResetTimer()
	n.start(b.TempDir(), g)
	n.until("the end", func(h rollups.Heads) bool { return h.Firm.Height == uint64(heights) })
	b.StopTimer()
	if _, total, err := n.chain.SkippedIn(1); total > 0 || err != nil {
		b.Fatalf("%d skipped, %v", total, err)
	}
	n.stop()
	b.ReportMetric(float64(heights*legs)/b.Elapsed().Seconds(), "transfers/s")
}
