package gateway

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// A Tx is signed at twice the price, and again with the same salt, tip and legs when the price has passed that; never above the gateway's maximum. One of
// the two lands, and the gateway notices, also after a restart.
func TestTxsFollowThePrice(t *testing.T) {
	r := newFakeRollup()
	var price atomic.Uint64
	cfg := config(t, r)
	cfg.Price, cfg.FirstFeePerByte, cfg.MaxFeePerByte, cfg.Tip, cfg.ExpiryAhead = price.Load, 150, 1_000, 5, 100
	g := start(t, cfg)
	g.submit(raw(1, 0, 1))
	first := r.paying(t, 150) // nobody has named a price
	price.Store(160)
	second := r.paying(t, 320)
	price.Store(2_000) // more than the gateway pays
	g.submit(raw(1, 1, 1))
	later := r.paying(t, 1_000)
	price.Store(900)
	third := r.paying(t, 1_000, second.Salt())
	for _, x := range []*tx.Tx{second, third} {
		if x.Salt() != first.Salt() || x.Tip() != first.Tip() || x.ID() == first.ID() || !slices.EqualFunc(x.Legs(), first.Legs(), func(a, b tx.Leg) bool {
			return a.Namespace == b.Namespace && string(a.Data) == string(b.Data)
		}) {
			t.Fatalf("the Tx that was signed anew is another one: %+v", x)
		}
	}
	if later.Salt() == first.Salt() || later.Tip() >= first.Tip() {
		t.Fatalf("salt %d, tip %d of the later Tx", later.Salt(), later.Tip())
	}
	g.end()
	cfg.Dir = g.cfg.Dir
	g = start(t, cfg)
	if s := g.Status(mustParse(raw(1, 0, 1)).Hash); s.Stage != StageSent || s.Tx != third.ID() {
		t.Fatalf("after a restart: %+v, want Tx %s", s, third.ID())
	}
	r.block(func(x *tx.Tx) bool { return x.MaxFeePerByte() >= price.Load() })
	until(t, "settling", func() bool { return g.Stats().Transactions == 0 })
	if len(r.landed) != 2 || len(r.skips) > 0 {
		t.Fatalf("%d landed, skipped %v", len(r.landed), r.skips)
	}
}

// paying waits for a published Tx that accepts just so much, of the salt if one is given.
func (r *fakeRollup) paying(t *testing.T, most uint64, salt ...uint64) (found *tx.Tx) {
	t.Helper()
	until(t, "the Tx at another price", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, x := range r.txs {
			if x.MaxFeePerByte() == most && (len(salt) == 0 || x.Salt() == salt[0]) {
				found = x
			}
		}
		return found != nil
	})
	return found
}

func mustParse(b []byte) Parsed {
	p, err := fakeParser{}.Parse(b)
	if err != nil {
		panic(err)
	}
	return p
}

// saying are peers that name prices; 0: it fails, 1: it never answers.
type saying []uint64

func (s saying) Candidates() []string {
	names := make([]string, len(s))
	for i := range s {
		names[i] = string(rune('a' + i))
	}
	return names
}

func (s saying) Price(ctx context.Context, peer string, ns namespaces.Namespace) (feed.Price, error) {
	if ns != lane() {
		return feed.Price{}, errors.New("another lane")
	}
	switch price := s[peer[0]-'a']; price {
	case 0:
		return feed.Price{}, errors.New("busy")
	case 1:
		<-ctx.Done()
		return feed.Price{}, ctx.Err()
	default:
		return feed.Price{FeePerByte: price}, nil
	}
}

// Of three peers one may lie, either way, fail or be silent; more than three are not asked.
func TestPriceIsTheMedian(t *testing.T) {
	for _, c := range []struct {
		peers saying
		want  uint64
	}{
		{saying{}, 0},
		{saying{0, 0, 0}, 0},
		{saying{50}, 50},
		{saying{1 << 63, 50, 60}, 60},
		{saying{2, 50, 60}, 50},
		{saying{0, 50, 60}, 60},
		{saying{50, 50, 50, 1 << 63, 1 << 63, 1 << 63}, 50},
		{saying{1, 50, 40}, 50},
	} {
		p := NewPrices(c.peers, lane(), slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if price, ok := p.ask(ctx); price != c.want || ok != (c.want != 0) {
			t.Errorf("%v: %d, want %d", c.peers, price, c.want)
		}
		cancel()
	}
}
