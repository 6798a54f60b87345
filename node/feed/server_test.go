package feed

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/namespaces/lane"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/node/store"
	"github.com/lockstep-network/lockstep/p2p"
)

func host(t *testing.T, name string, explicit ...*p2p.Host) *p2p.Host {
	t.Helper()
	seed := sha256.Sum256([]byte(name))
	cfg := p2p.Config{
		Key: ed25519.NewKeyFromSeed(seed[:]), Listen: []string{"/ip4/127.0.0.1/tcp/0"}, Prefix: "/lockstep/" + chaintest.ChainID,
		Limits: p2p.DefaultLimits(),
	}
	for _, e := range explicit {
		cfg.Explicit = append(cfg.Explicit, e.Addrs()...)
	}
	h, err := p2p.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 6000 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("not %s within a minute", what)
}

// follower is a client that believes nothing: it verifies runs and lanes as they come.
type follower struct {
	trust   cert.Trust
	wanted  []namespaces.Namespace
	to      uint64 // lanes are due up to here; 0: at all heights
	waiting []feed.Step
	entries map[namespaces.Namespace][]string
	steps   int
}

func newFollower(t *testing.T, n *chaintest.Network, wanted ...namespaces.Namespace) *follower {
	t.Helper()
	trust, err := n.Genesis.Trust()
	if err != nil {
		t.Fatal(err)
	}
	return &follower{trust: trust, wanted: wanted, entries: make(map[namespaces.Namespace][]string)}
}

func (f *follower) take(raw []byte) error {
	step, err := feed.DecodeStep(raw)
	if err != nil {
		return err
	}
	f.steps++
	f.waiting = append(f.waiting, step)
	if step.Certificate == nil {
		return nil
	}
	run := cert.Run{Certificate: *step.Certificate, Next: step.Next}
	for _, s := range f.waiting {
		run.Headers = append(run.Headers, s.Header)
	}
	if f.trust, err = f.trust.Advance(run); err != nil {
		return err
	}
	for _, s := range f.waiting {
		if err := f.lanes(s); err != nil {
			return fmt.Errorf("height %d: %w", s.Header.Height, err)
		}
	}
	f.waiting = nil
	return nil
}

func (f *follower) lanes(s feed.Step) error {
	wanted := f.wanted
	if f.to != 0 && s.Header.Height > f.to {
		wanted = nil
	}
	if len(s.Lanes) != len(wanted) {
		return fmt.Errorf("%d lanes, want %d", len(s.Lanes), len(wanted))
	}
	for i, l := range s.Lanes {
		if l.Namespace != wanted[i] {
			return fmt.Errorf("lane of %s, want %s", l.Namespace, wanted[i])
		}
		if err := l.Verify(s.Header.DataRoot); err != nil {
			return err
		}
		if len(l.Data) == 0 {
			continue
		}
		entries, err := lane.Decode(l.Data)
		if err != nil {
			return err
		}
		for _, e := range entries {
			f.entries[l.Namespace] = append(f.entries[l.Namespace], string(e.Data))
		}
	}
	return nil
}

// serve makes a store with a server behind a host, and a client's host connected to it.
func serve(t *testing.T) (n *chaintest.Network, s *store.Store, ask func(context.Context, feed.Request, func([]byte) error) error) {
	t.Helper()
	n = chaintest.New(t, 1, nil)
	s = n.Open(t, t.TempDir())
	server := host(t, "server")
	client := host(t, "client", server)
	sets := func(common.Hash) (cert.Set, error) { return n.Set, nil }
	if err := server.Handle(Protocol(), Limits(), NewServer(s, s, sets).Serve); err != nil {
		t.Fatal(err)
	}
	eventually(t, "connected", func() bool { return client.Connected(server.ID()) })
	return n, s, func(ctx context.Context, r feed.Request, take func([]byte) error) error {
		return client.Request(ctx, server.ID(), Protocol(), r.Encode(), take)
	}
}

// A follower with nothing but the genesis takes ranges and then follows, over real hosts and the real store, and ends up with all entries of the
// lanes that it asked for, in order. Not every height has a certificate of its own.
func TestFollowerVerifiesEverything(t *testing.T) {
	n, s, ask := serve(t)
	absent := namespaces.Namespace{0: 2}
	var wantA, wantB []string
	grow := func(until uint64) {
		for h := s.Head() + 1; h <= until; h++ {
			a, b := fmt.Sprintf("a%d", h), fmt.Sprintf("b%d", h)
			n.Commit(t, s, n.Tx(t, h+50, chaintest.Leg(chaintest.Alpha, a)), n.Tx(t, h+50, chaintest.Leg(chaintest.Alpha, a+"'"), chaintest.Leg(chaintest.Beta, b)))
			wantA, wantB = append(wantA, a+"'", a), append(wantB, b)
			if h%3 == 0 {
				n.Certify(t, s, h)
			}
		}
	}
	grow(30)
	f := newFollower(t, n, chaintest.Alpha, chaintest.Beta, absent)
	f.to = 10
	if err := ask(t.Context(), feed.Request{From: 1, To: 10, Namespaces: f.wanted}, f.take); err != nil {
		t.Fatal(err)
	}
	if f.trust.Height != 12 || f.steps != 12 {
		t.Fatalf("a range to 10 verified to height %d in %d steps, want the end of its last run, 12", f.trust.Height, f.steps)
	}
	f.to, f.trust, f.entries = 0, newFollower(t, n).trust, make(map[namespaces.Namespace][]string)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	reached := make(chan uint64, 100)
	go func() {
		done <- ask(ctx, feed.Request{From: 1, Namespaces: f.wanted}, func(raw []byte) error {
			err := f.take(raw)
			reached <- f.trust.Height
			return err
		})
	}()
	for to := uint64(30); to <= 60; to += 15 {
		grow(to)
		for f := uint64(0); f < to; {
			select {
			case f = <-reached:
			case err := <-done:
				t.Fatalf("following ended at height %d: %v", f, err)
			}
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if got := fmt.Sprint(f.entries[chaintest.Alpha]); got != fmt.Sprint(wantA) {
		t.Fatalf("lane a holds %s", got)
	}
	if got := fmt.Sprint(f.entries[chaintest.Beta]); got != fmt.Sprint(wantB) {
		t.Fatalf("lane b holds %s", got)
	}
	if len(f.entries[absent]) > 0 {
		t.Fatal("a namespace without a lane has entries")
	}
}

// What a request may be answered with instead of steps.
func TestRefusedRequests(t *testing.T) {
	n, s, ask := serve(t)
	handler := NewServer(s, s, func(common.Hash) (cert.Set, error) { return n.Set, nil })
	for h := uint64(1); h <= 12; h++ {
		n.Commit(t, s)
	}
	n.Certify(t, s, 10)
	if err := s.SetCursor("reader", 10); err != nil {
		t.Fatal(err)
	}
	floor, err := s.Prune(5)
	if err != nil || floor != 5 {
		t.Fatalf("pruned to %d: %v", floor, err)
	}
	many := make([]namespaces.Namespace, feed.MaxNamespaces+1)
	for i := range many {
		many[i][9] = byte(i + 1)
	}
	for name, test := range map[string]struct {
		request feed.Request
		code    p2p.Code
		text    string
	}{
		"height 0":                  {feed.Request{From: 0, To: 3}, p2p.CodeBadRequest, "no range"},
		"reversed":                  {feed.Request{From: 8, To: 7}, p2p.CodeBadRequest, "no range"},
		"too many namespaces":       {feed.Request{From: 6, To: 7, Namespaces: many}, p2p.CodeBadRequest, "namespaces"},
		"namespaces out of order":   {feed.Request{From: 6, To: 7, Namespaces: []namespaces.Namespace{chaintest.Beta, chaintest.Alpha}}, p2p.CodeBadRequest, "ascend"},
		"committed, not certified":  {feed.Request{From: 8, To: 11}, p2p.CodeNotFound, "not yet"},
		"far in the future":         {feed.Request{From: 10 + waitAhead + 1}, p2p.CodeNotFound, "not yet"},
		"pruned":                    {feed.Request{From: 4, To: 8}, p2p.CodeNotFound, "pruned"},
		"pruned, following":         {feed.Request{From: 1}, p2p.CodeNotFound, "pruned"},
		"pruned, with a lane":       {feed.Request{From: 4, To: 4, Namespaces: []namespaces.Namespace{chaintest.Alpha}}, p2p.CodeNotFound, "pruned"},
		"the largest height":        {feed.Request{From: 1<<64 - 1}, p2p.CodeNotFound, "not yet"},
		"to the largest height":     {feed.Request{From: 6, To: 1<<64 - 1}, p2p.CodeNotFound, "not yet"},
		"the largest height, alone": {feed.Request{From: 1<<64 - 1, To: 1<<64 - 1}, p2p.CodeNotFound, "not yet"},
	} {
		err := handler.Serve(t.Context(), "", test.request.Encode(), func([]byte) error { return nil }) // not over the network, where bad ones are charged
		coded, ok := errors.AsType[*p2p.Error](err)
		if !ok || coded.Code != test.code || !strings.Contains(coded.Text, test.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f := newFollower(t, n)
	if err := ask(t.Context(), feed.Request{From: 5, To: 10}, func(raw []byte) error {
		f.steps++
		_, err := feed.DecodeStep(raw)
		return err
	}); err != nil || f.steps != 6 {
		t.Errorf("what is there is not served: %d steps, %v", f.steps, err)
	}
}

// wide is a block whose lanes are larger than the network carries at once.
type wide struct{ *store.Store }

func (w wide) Contents(height uint64) (*block.Contents, error) {
	c, err := w.Store.Contents(height)
	if err != nil {
		return nil, err
	}
	changed := *c
	changed.Lanes = []block.Lane{{Namespace: namespaces.Ledger(), Data: bytes.Repeat([]byte{1}, maxFrame)}}
	return &changed, nil
}

func (w wide) Cached(uint64) *block.Contents { return nil }

// A step that is too large for the network ends the stream with a reason, and a client that goes away ends it too.
func TestStreamsEnd(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	s := n.Open(t, t.TempDir())
	n.Commit(t, s, n.Tx(t, 9, chaintest.Leg(chaintest.Alpha, "x")))
	n.Certify(t, s, 1)
	server := NewServer(s, wide{s}, func(common.Hash) (cert.Set, error) { return n.Set, nil })
	ledger := feed.Request{From: 1, To: 1, Namespaces: []namespaces.Namespace{namespaces.Ledger()}}.Encode()
	err := server.Serve(t.Context(), "", ledger, func([]byte) error { return nil })
	if coded, ok := errors.AsType[*p2p.Error](err); !ok || !strings.Contains(coded.Text, "too large") {
		t.Errorf("too large a step: %v", err)
	}
	gone := errors.New("gone")
	err = server.Serve(t.Context(), "", feed.Request{From: 1}.Encode(), func([]byte) error { return gone })
	if !errors.Is(err, gone) {
		t.Errorf("a client went away: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = server.Serve(ctx, "", feed.Request{From: 1}.Encode(), func([]byte) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the host closed: %v", err)
	}
}

// stuck is blocks of which the old ones take until they are let go.
type stuck struct {
	*store.Store

	old    uint64 // heights up to here are old
	begun  chan uint64
	letGo  chan struct{}
	atOnce atomic.Int64
	most   atomic.Int64
}

func (b *stuck) Cached(height uint64) *block.Contents {
	if height <= b.old {
		return nil
	}
	return b.Store.Cached(height)
}

func (b *stuck) Contents(height uint64) (*block.Contents, error) {
	b.most.Store(max(b.most.Load(), b.atOnce.Add(1)))
	defer b.atOnce.Add(-1)
	b.begun <- height
	<-b.letGo
	return b.Store.Contents(height)
}

// Whoever asks for many old blocks gets a quarter of the cores, and those who follow the newest blocks do not wait behind them.
func TestOldBlocksLeaveConsensusItsCores(t *testing.T) {
	const asking = 32
	n := chaintest.New(t, 1, nil)
	s := n.Open(t, t.TempDir())
	for range asking + 1 {
		n.Commit(t, s, n.Tx(t, 99, chaintest.Leg(chaintest.Alpha, "x")))
	}
	b := &stuck{Store: s, old: asking, begun: make(chan uint64, asking), letGo: make(chan struct{})}
	server := NewServer(s, b, func(common.Hash) (cert.Set, error) { return n.Set, nil })
	if cores := runtime.GOMAXPROCS(0); cap(server.assembling) != max(1, cores/4) || cap(server.proving) != max(1, cores/4) {
		t.Fatalf("%d blocks and %d proofs at once on %d cores", cap(server.assembling), cap(server.proving), cores)
	}
	server.assembling = make(slots, 3)
	var work sync.WaitGroup
	for h := uint64(1); h <= asking; h++ {
		work.Go(func() {
			if _, err := server.Lanes(t.Context(), h, []namespaces.Namespace{chaintest.Alpha}); err != nil {
				t.Error(err)
			}
		})
	}
	for range 3 {
		<-b.begun
	}
	lanes, err := server.Lanes(t.Context(), asking+1, []namespaces.Namespace{chaintest.Alpha})
	if err != nil || len(lanes[0].Data) == 0 {
		t.Errorf("the newest block waits: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := server.Contents(gone, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("a client that went away: %v", err)
	}
	close(b.letGo)
	work.Wait()
	if most := b.most.Load(); most != 3 {
		t.Errorf("%d blocks were assembled at once", most)
	}
}
