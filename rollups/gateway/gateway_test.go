package gateway

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-network/lockstep/namespaces/tx"
)

var seedFlag = flag.Uint64("seed", 0, "run the schedule of this seed alone")

// Raw transactions go into few Txs, land, and are forgotten.
func TestManyRawTransactionsShareATx(t *testing.T) {
	r := newFakeRollup()
	cfg := config(t, r)
	cfg.Linger = 100 * time.Millisecond
	g := start(t, cfg)
	hashes, cancel := g.Subscribe(100)
	defer cancel()
	var work sync.WaitGroup
	for s := range byte(40) {
		work.Go(func() {
			for n := range uint64(2) {
				if _, err := g.accept2(raw(s, n, 1)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	for range 80 {
		<-hashes
	}
	r.published(t, 1)
	r.block(all)
	until(t, "settling", func() bool { return g.Stats().Transactions == 0 })
	if len(r.landed) != 80 || len(r.seen) > 3 || len(r.skips) > 0 {
		t.Fatalf("%d landed by %d Txs, skipped %v", len(r.landed), len(r.seen), r.skips)
	}
	if s := g.Status(crypto.Keccak256Hash(raw(7, 1, 1))); s.Stage != StageLanded {
		t.Fatalf("status %+v", s)
	}
}

// accept2 submits without waiting for durability.
func (g *Gateway) accept2(b []byte) (common.Hash, error) {
	_, h, err := g.accept(b)
	return h, err
}

// A sender that submits one transaction after another without waiting for blocks: its nonces go out in many Txs, stand in one block, and none is
// skipped, because each Tx bids a little less than the one before.
func TestNoncesKeepTheirOrderOverManyTxs(t *testing.T) {
	r := newFakeRollup()
	cfg := config(t, r)
	cfg.MaxLegs = 2
	g := start(t, cfg)
	for n := range uint64(60) {
		g.submit(raw(1, n, 1), raw(2, n, 1))
	}
	until(t, "wrapping", func() bool { return g.Stats().Waiting == 0 })
	until(t, "publication", func() bool {
		legs := 0
		for _, x := range r.published(t, 60) {
			legs += len(x.Legs())
		}
		return legs == 120
	})
	r.block(all)
	until(t, "settling", func() bool { return g.Stats().Transactions == 0 })
	if len(r.landed) != 120 || len(r.skips) > 0 {
		t.Fatalf("%d landed, skipped %v", len(r.landed), r.skips)
	}
}

// When the ladder of tips has no step left, the gateway waits until what is on its way is decided, and begins at the top.
func TestLadderOfTipsRunsOutAndStartsAgain(t *testing.T) {
	r := newFakeRollup()
	cfg := config(t, r)
	cfg.MaxLegs, cfg.TipSteps, cfg.Tip = 1, 3, 10
	g := start(t, cfg)
	for n := range uint64(5) {
		g.submit(raw(1, n, 1))
	}
	for _, x := range r.published(t, 3) {
		if x.Tip() < 10 || x.Tip() >= 13 {
			t.Fatalf("tip %d", x.Tip())
		}
	}
	if s := g.Stats(); s.Waiting != 2 {
		t.Fatalf("%d wait, want 2", s.Waiting)
	}
	r.block(all)
	r.published(t, 2)
	r.block(all)
	until(t, "settling", func() bool { return g.Stats().Transactions == 0 })
	if len(r.landed) != 5 || len(r.skips) > 0 {
		t.Fatalf("%d landed, skipped %v", len(r.landed), r.skips)
	}
}

// What is not executable waits for the missing nonce, whoever brings it.
func TestGappedTransactionsWaitForTheirNonce(t *testing.T) {
	r := newFakeRollup()
	g := start(t, config(t, r))
	g.submit(raw(1, 2, 1), raw(1, 1, 1), raw(2, 1, 1))
	if s := g.Stats(); s.Gapped != 3 || s.Waiting != 3 {
		t.Fatalf("%+v", s)
	}
	if n, err := g.PendingNonce(sender(1)); n != 0 || err != nil {
		t.Fatalf("pending nonce %d, %v", n, err)
	}
	if s := g.Status(crypto.Keccak256Hash(raw(1, 2, 1))); s.Stage != StageGapped {
		t.Fatalf("status %+v", s)
	}
	g.submit(raw(1, 0, 1))
	if n, err := g.PendingNonce(sender(1)); n != 3 || err != nil {
		t.Fatalf("pending nonce %d, %v", n, err)
	}
	r.mu.Lock()
	r.execute(raw(2, 0, 1)) // by another gateway
	r.mu.Unlock()
	r.published(t, 1)
	r.block(all)
	until(t, "the other sender's", func() bool { return len(r.published(t, 1)) > 0 })
	r.block(all)
	until(t, "settling", func() bool { return g.Stats() == Stats{} })
	if len(r.landed) != 5 {
		t.Fatalf("%d landed", len(r.landed))
	}
}

// Each refusal says why, and costs nothing.
func TestRefusals(t *testing.T) {
	r := newFakeRollup()
	r.nonces[sender(9)] = 5
	cfg := config(t, r)
	cfg.MaxRaw, cfg.MaxTxBytes = 100, 1000
	cfg.Pool = PoolLimits{Count: 8, Bytes: 8 * 600, PerSender: 3, Gapped: 4, Txs: 1}
	g := start(t, cfg)
	g.submit(raw(1, 0, 1)) // fills the only Tx that may be on its way
	r.published(t, 1)
	g.submit(raw(2, 0, 5), raw(2, 1, 5), raw(2, 3, 5), raw(3, 1, 5))
	for _, x := range []struct {
		name string
		raw  []byte
		want error
	}{
		{"known and sent", raw(1, 0, 1), ErrKnown},
		{"known and waiting", raw(2, 0, 5), ErrKnown},
		{"nonce of the past", raw(9, 4, 1), ErrNonceTooLow},
		{"replacement at the same price", raw(2, 0, 5, 1), ErrUnderpriced},
		{"replacement of what is on its way", raw(1, 0, 9), ErrSent},
		{"a fourth of one sender", raw(2, 2, 5), ErrFull},
		{"too large", make([]byte, 101), ErrTooLarge},
		{"empty", nil, ErrTooLarge},
		{"not a transaction", []byte("abc"), errInvalid},
		{"not valid", raw(4, 0, 666), errInvalid},
	} {
		before := g.Stats()
		if _, err := g.Submit(t.Context(), x.raw); !errors.Is(err, x.want) {
			t.Errorf("%s: %v, want %v", x.name, err, x.want)
		}
		if g.Stats() != before {
			t.Errorf("%s: changed the pool", x.name)
		}
	}
	g.submit(raw(5, 1, 1), raw(6, 1, 1))
	if _, err := g.Submit(t.Context(), raw(7, 1, 1)); !errors.Is(err, ErrFull) {
		t.Errorf("a fifth gapped one: %v", err)
	}
	g.submit(raw(7, 0, 1))
	if _, err := g.Submit(t.Context(), raw(8, 0, 1)); !errors.Is(err, ErrFull) {
		t.Errorf("a ninth: %v", err)
	}
	g.end()
	if _, err := g.Submit(t.Context(), raw(9, 5, 1)); !errors.Is(err, ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

// A higher bid takes the place of what is not in a Tx yet; the loser's status says so.
func TestReplacementBeforeWrapping(t *testing.T) {
	r := newFakeRollup()
	g := start(t, config(t, r))
	g.submit(raw(1, 1, 5), raw(1, 1, 6), raw(1, 0, 1))
	r.published(t, 1)
	r.block(all)
	until(t, "settling", func() bool { return g.Stats().Transactions == 0 })
	if len(r.landed) != 2 || r.landed[1][16] != 6 {
		t.Fatalf("landed %x", r.landed)
	}
	if s := g.Status(crypto.Keccak256Hash(raw(1, 1, 5))); s.Stage != StageDropped || s.Reason == "" {
		t.Fatalf("status of the replaced one %+v", s)
	}
}

// Until its expiry the same Tx is published again and again; after it, and only then, the transactions go into a new one.
func TestLostTxIsRepublishedAndThenWrappedAnew(t *testing.T) {
	r := newFakeRollup()
	r.lose = func() bool { return true }
	g := start(t, config(t, r))
	g.submit(raw(1, 0, 1))
	count := func() (txs, times int) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, n := range r.seen {
			times += n
		}
		return len(r.seen), times
	}
	until(t, "publications", func() bool { _, times := count(); return times >= 4 })
	if txs, _ := count(); txs != 1 {
		t.Fatalf("%d Txs before the expiry", txs)
	}
	for range 8 { // the expiry itself may still include it
		r.block(all)
	}
	if txs, _ := count(); txs != 1 {
		t.Fatalf("%d Txs at the expiry", txs)
	}
	r.mu.Lock()
	r.lose = func() bool { return false }
	r.mu.Unlock()
	r.block(all)
	r.published(t, 1)
	r.block(all)
	until(t, "settling", func() bool { return g.Stats().Transactions == 0 })
	if txs, _ := count(); txs != 2 || len(r.landed) != 1 {
		t.Fatalf("%d Txs, %d landed", txs, len(r.landed))
	}
}

// A gossip without peers: the Tx is tried again at once when there is one.
func TestPublishErrorIsTriedAgain(t *testing.T) {
	r := newFakeRollup()
	r.refuse = errors.New("no peer")
	cfg := config(t, r)
	cfg.Republish = time.Second
	g := start(t, cfg)
	g.submit(raw(1, 0, 1))
	r.mu.Lock()
	r.refuse = nil
	r.mu.Unlock()
	r.published(t, 1)
}

// A final skip is reported, and what stands above it waits; a skip that may pass is sent again.
func TestSkips(t *testing.T) {
	r := newFakeRollup()
	g := start(t, config(t, r))
	g.submit(raw(1, 0, 13), raw(1, 1, 1), raw(1, 2, 1), raw(2, 0, 14), raw(2, 1, 1))
	r.published(t, 1)
	until(t, "sender 2", func() bool {
		n, _ := r.Nonce(sender(2))
		if n < 2 {
			r.tick()
		}
		return n == 2
	})
	until(t, "sender 1", func() bool { return g.Stats() == Stats{2, 2, 2, g.Stats().Bytes} })
	if s := g.Status(crypto.Keccak256Hash(raw(1, 0, 13))); s.Stage != StageDropped || s.Reason != "insufficient_funds" {
		t.Fatalf("status %+v", s)
	}
	if n, _ := g.PendingNonce(sender(1)); n != 0 {
		t.Fatalf("pending nonce %d", n)
	}
	g.submit(raw(1, 0, 1))
	until(t, "all", func() bool { r.tick(); return g.Stats().Transactions == 0 })
	if n, _ := r.Nonce(sender(1)); n != 3 {
		t.Fatalf("nonce %d", n)
	}
}

// A transaction that never gets a result is given up when its time is over.
func TestLifetime(t *testing.T) {
	r := newFakeRollup()
	cfg := config(t, r)
	cfg.Lifetime = time.Millisecond
	g := start(t, cfg)
	g.submit(raw(1, 5, 1))
	until(t, "giving up", func() bool { r.tick(); return g.Stats().Transactions == 0 })
	if s := g.Status(crypto.Keccak256Hash(raw(1, 5, 1))); s.Stage != StageDropped {
		t.Fatalf("status %+v", s)
	}
}

// What an RPC server shows as pending.
func TestPendingView(t *testing.T) {
	r := newFakeRollup()
	g := start(t, config(t, r))
	want := [][]byte{raw(2, 0, 1), raw(2, 1, 1), raw(1, 0, 1), raw(1, 7, 1)}
	g.submit(want[0], want[3], want[2], want[1])
	if got := g.PendingList(10); !slices.EqualFunc(got, want, slices.Equal[[]byte]) {
		t.Fatalf("pending %x", got)
	}
	if got := g.PendingList(2); len(got) != 2 {
		t.Fatalf("%d of 2", len(got))
	}
	h := crypto.Keccak256Hash(want[1])
	if got, ok := g.Pending(h); !ok || !slices.Equal(got, want[1]) {
		t.Fatal("not pending")
	}
	if s := g.Status(h); s.Stage != StageSent || s.Expiry == 0 || s.Tx == (common.Hash{}) {
		t.Fatalf("status %+v", s)
	}
	if s := g.Status(common.Hash{1}); s.Stage != StageUnknown {
		t.Fatalf("status %+v", s)
	}
	hashes, cancel := g.Subscribe(1)
	cancel()
	cancel()
	if _, open := <-hashes; open {
		t.Fatal("open after cancel")
	}
}

// The crash that hurts most: the journal is written, nothing is published, nobody is told. And any other: whatever was acknowledged lands, once,
// in the order of nonces, from a printed seed.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	seeds := []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	if *seedFlag != 0 {
		seeds = []uint64{*seedFlag}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			crashes(t, seed)
		})
	}
}

func crashes(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 5))
	var mu sync.Mutex
	faults := rand.New(rand.NewPCG(seed, 6)) // guarded by mu
	chance := func(n int) bool { mu.Lock(); defer mu.Unlock(); return faults.IntN(n) == 0 }
	r := newFakeRollup()
	r.lose = func() bool { return chance(3) }
	disk := vfs.NewCrashableMem()
	acknowledged := map[common.Hash]bool{}
	var next [4]uint64
	cfg := config(t, r)
	cfg.MaxLegs = 3
	for lives := 0; lives < 200 && (lives < 6 || len(acknowledged) < 60); lives++ {
		ctx, cancel := context.WithCancel(t.Context())
		cfg.fs, cfg.Registry = disk, prometheus.NewRegistry()
		cfg.Publish = func(c context.Context, txs [][]byte) error {
			if chance(20) {
				cancel() // killed between journal and publication
				return context.Canceled
			}
			return r.publish(c, txs)
		}
		g, err := Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- g.Run(ctx) }()
		for range 25 {
			s := rng.IntN(len(next))
			b := raw(byte(s), next[s], 1)
			h, err := g.Submit(ctx, b)
			switch {
			case err == nil || errors.Is(err, ErrKnown):
				acknowledged[h] = true // known says durable as well
				next[s]++
			case errors.Is(err, ErrNonceTooLow): // an unacknowledged one was taken all the same, and has landed
				next[s]++
			}
			if rng.IntN(4) == 0 {
				r.block(func(*tx.Tx) bool { return chance(2) })
			}
		}
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		crashed := disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
		disk = crashed
	}
	cfg.fs, cfg.Publish = disk, r.publish
	g := start(t, cfg)
	until(t, "all results", func() bool { r.tick(); return g.Stats().Transactions == 0 })
	g.end()
	landed := map[common.Hash]int{}
	for _, b := range r.landed {
		landed[crypto.Keccak256Hash(b)]++
	}
	for h := range acknowledged {
		if landed[h] != 1 {
			t.Fatalf("seed %d: an acknowledged transaction landed %d times", seed, landed[h])
		}
	}
	if len(acknowledged) < 60 {
		t.Fatalf("seed %d: only %d acknowledged", seed, len(acknowledged))
	}
}
