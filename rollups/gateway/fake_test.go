package gateway

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

func lane() namespaces.Namespace { return namespaces.Namespace{0: 1, 9: 1} }

// raw makes a raw transaction of the fake rollup: sender, nonce, price, payload.
func raw(sender byte, nonce, price uint64, payload ...byte) []byte {
	b := []byte{sender}
	b = binary.BigEndian.AppendUint64(b, nonce)
	b = binary.BigEndian.AppendUint64(b, price)
	return append(b, payload...)
}

func sender(b byte) Sender { return Sender{31: b} }

// fakeParser reads what raw makes. A price of 666 is not valid; a replacement must bid more.
type fakeParser struct{}

var errInvalid = errors.New("invalid transaction")

func (fakeParser) Parse(b []byte) (Parsed, error) {
	if len(b) < 17 {
		return Parsed{}, errInvalid
	}
	p := Parsed{
		Hash: crypto.Keccak256Hash(b), Sender: sender(b[0]), Nonce: binary.BigEndian.Uint64(b[1:]),
		Price: Price{binary.BigEndian.Uint64(b[9:])},
	}
	if p.Price[0] == 666 {
		return Parsed{}, errInvalid
	}
	return p, nil
}

func (fakeParser) Replaces(next, old Price) bool { return next[0] > old[0] }

// fakeRollup is a sequencer and a rollup in one: Txs in, blocks by tip, nonces and results out. A price of 13 is skipped for good, one of 14
// the first time only.
type fakeRollup struct {
	mu       sync.Mutex
	height   uint64
	changed  chan struct{}
	txs      map[common.Hash]*tx.Tx // published, not included
	spent    map[uint64]bool        // salts
	seen     map[common.Hash]int    // how often a Tx was published
	nonces   map[Sender]uint64
	outcomes map[common.Hash]Outcome
	landed   [][]byte
	skips    map[string]int
	lose     func() bool // asked for each publication
	refuse   error       // of Publish
	ticks    int
}

func newFakeRollup() *fakeRollup {
	return &fakeRollup{
		height: 1, changed: make(chan struct{}), txs: map[common.Hash]*tx.Tx{}, spent: map[uint64]bool{}, seen: map[common.Hash]int{},
		nonces: map[Sender]uint64{}, outcomes: map[common.Hash]Outcome{}, skips: map[string]int{}, lose: func() bool { return false },
	}
}

func (r *fakeRollup) Nonce(s Sender) (uint64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.nonces[s], nil
}

func (r *fakeRollup) Outcome(h common.Hash) (Outcome, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.outcomes[h], nil
}

func (r *fakeRollup) soft() (uint64, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.height, r.changed
}

func (r *fakeRollup) publish(_ context.Context, txs [][]byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse != nil {
		return r.refuse
	}
	for _, b := range txs {
		t, err := tx.Decode(b)
		if err != nil {
			panic(err)
		}
		if _, err := t.Verify(); err != nil {
			panic(err)
		}
		r.seen[t.ID()]++
		if !r.lose() && !r.spent[t.Salt()] && t.Expiry() > r.height {
			r.txs[t.ID()] = t
		}
	}
	return nil
}

// block includes what take chooses of the published Txs, in shared order, and executes it.
func (r *fakeRollup) block(take func(*tx.Tx) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.height++
	var in []*tx.Tx
	for id, t := range r.txs {
		if t.Expiry() < r.height {
			delete(r.txs, id)
		} else if take(t) {
			in = append(in, t)
			delete(r.txs, id)
			r.spent[t.Salt()] = true
		}
	}
	slices.SortFunc(in, func(a, b *tx.Tx) int {
		ia, ib := a.ID(), b.ID()
		return cmp.Or(cmp.Compare(b.Tip(), a.Tip()), bytes.Compare(ia[:], ib[:]))
	})
	for _, t := range in {
		for _, l := range t.Legs() {
			r.execute(l.Data)
		}
	}
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *fakeRollup) execute(b []byte) {
	p, err := fakeParser{}.Parse(b)
	if err != nil {
		panic(err)
	}
	skip := func(reason string, again bool) {
		r.skips[reason]++
		if r.outcomes[p.Hash].Result != Landed {
			r.outcomes[p.Hash] = Outcome{Skipped, r.height, reason, again}
		}
	}
	switch next := r.nonces[p.Sender]; {
	case p.Nonce < next:
		skip("nonce_too_low", false)
	case p.Nonce > next:
		skip("nonce_too_high", true)
	case p.Price[0] == 13:
		skip("insufficient_funds", false)
	case p.Price[0] == 14 && r.outcomes[p.Hash].Result == Unknown:
		skip("block_full", true)
	default:
		r.nonces[p.Sender]++
		r.outcomes[p.Hash] = Outcome{Result: Landed, Height: r.height}
		r.landed = append(r.landed, b)
	}
}

func all(*tx.Tx) bool { return true }

// tick makes a block of what is published, and now and then an empty one: a sequencer that outruns any expiry would prove nothing.
func (r *fakeRollup) tick() {
	r.mu.Lock()
	r.ticks++
	due := len(r.txs) > 0 || r.ticks%64 == 0
	r.mu.Unlock()
	if due {
		r.block(all)
	}
}

func config(t testing.TB, r *fakeRollup) Config {
	t.Helper()
	key, err := crypto.ToECDSA(crypto.Keccak256([]byte("gateway test")))
	if err != nil {
		t.Fatal(err)
	}
	return Config{
		Dir: t.TempDir(), ChainID: "test-1", Namespace: lane(), Key: key, Parser: fakeParser{}, State: r, Soft: r.soft, Publish: r.publish,
		MaxFeePerByte: 1e9, ExpiryAhead: 8, Linger: time.Millisecond, Republish: 4 * time.Millisecond, Log: slog.New(slog.DiscardHandler),
	}
}

// running is a gateway whose Run goes on until the test ends.
type running struct {
	*Gateway
	t    testing.TB
	stop context.CancelFunc
	done chan error
}

func start(t testing.TB, cfg Config) *running {
	t.Helper()
	cfg.Registry = prometheus.NewRegistry()
	g, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{Gateway: g, t: t, stop: cancel, done: make(chan error, 1)}
	go func() { r.done <- g.Run(ctx) }()
	t.Cleanup(func() { r.end() })
	return r
}

func (r *running) end() {
	if r.stop == nil {
		return
	}
	r.stop()
	if err := <-r.done; err != nil {
		r.t.Error(err)
	}
	r.stop = nil
	if err := r.Close(); err != nil {
		r.t.Error(err)
	}
}

func (r *running) submit(raws ...[]byte) {
	r.t.Helper()
	for _, b := range raws {
		if _, err := r.Submit(r.t.Context(), b); err != nil {
			r.t.Fatal(err)
		}
	}
}

// until waits for a condition that other goroutines bring about.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for limit := time.Now().Add(30 * time.Second); !ok(); time.Sleep(200 * time.Microsecond) {
		if time.Now().After(limit) {
			t.Fatalf("waiting for %s: too long", what)
		}
	}
}

// published waits for n Txs that are published and not included.
func (r *fakeRollup) published(t testing.TB, n int) (txs []*tx.Tx) {
	t.Helper()
	until(t, "publication", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		txs = txs[:0]
		for _, x := range r.txs {
			txs = append(txs, x)
		}
		return len(txs) >= n
	})
	return txs
}
