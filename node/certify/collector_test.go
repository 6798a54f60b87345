package certify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
)

// One of four operators does its worst at every height. Each honest node's stored commit holds the adversary's vote and two honest ones, if
// the adversary votes at all; the third honest vote comes late or is lost; gossip delays what it carries, and loses half of the announcements. With odd seeds every late vote is lost. Every height becomes certified.
func TestCertificationGoesOnWith(t *testing.T) {
	for name, a := range map[string]adversary{
		"JunkEveryHeight": JunkEveryHeight{}, "Withholder": Withholder{}, "LateSigner": LateSigner{}, "WrongRound": WrongRound{}, "Forger": Forger{},
	} {
		for seed := range uint64(4) {
			t.Run(fmt.Sprintf("%s/seed=%d", name, seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { underAttack(t, a, seed) })
			})
		}
	}
}

func underAttack(t *testing.T, a adversary, seed uint64) {
	const heights = 30
	ctx, cancel := context.WithCancel(t.Context())
	s := newSim(t, seed)
	s.deaf = seed%2 == 1
	done := make(chan error, len(s.nodes))
	for i, n := range s.nodes {
		n.votes.deliver = func(raw []byte) {
			v, err := feed.DecodeVote(raw)
			if err != nil {
				t.Error(err)
				return
			}
			s.gossip(ctx, i, v, func() time.Duration { return 20 * time.Millisecond })
		}
		n.headers.deliver = func(raw []byte) { s.announce(ctx, i, raw) }
		go func() { done <- n.collector.Run(ctx) }()
	}
	var before *block.Header
	for range heights {
		h := header(s.net, before, s.net.Set)
		before = &h
		s.decide(ctx, a, h)
		time.Sleep(100 * time.Millisecond)
		for i, n := range s.nodes {
			if certified := n.chain.Certified(); certified+8 < h.Height {
				t.Fatalf("node %d is certified to %d at height %d", i, certified, h.Height)
			}
		}
	}
	time.Sleep(10 * shareAgain)
	for i, n := range s.nodes {
		if got := n.chain.Certified(); got != heights {
			t.Errorf("node %d is certified to %d of %d", i, got, heights)
		}
		if n.chain.fault != nil {
			t.Errorf("node %d: %v", i, n.chain.fault)
		}
		if open := len(n.collector.tally.open); open > 0 {
			t.Errorf("node %d still holds %d heights", i, open)
		}
	}
	if _, forger := a.(Forger); forger && s.invalid == 0 {
		t.Error("no forgery was refused")
	}
	cancel()
	for range s.nodes {
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("collector ended with %v", err)
		}
	}
	synctest.Wait()
}

// decide commits a header at all nodes within 30 ms, each with the votes that consensus needs and no more.
func (s *sim) decide(ctx context.Context, a adversary, h block.Header) {
	stored, gossip := a.votes(s, h)
	for d, v := range gossip {
		s.gossip(ctx, -1, v, func() time.Duration { return d })
	}
	for i, n := range s.nodes {
		var votes []cert.Vote
		if stored != nil {
			votes = append(votes, *stored)
		}
		s.mu.Lock()
		order := s.rng.Perm(3)
		s.mu.Unlock()
		for _, k := range order {
			v := s.sign(k, h.Height, 0, h.Hash())
			switch {
			case k == i || len(votes) < 3:
				votes = append(votes, v.Vote) // a node's own vote is always in its own commit
			case !s.deaf && s.intn(2) == 0:
				s.after(ctx, time.Duration(s.intn(200))*time.Millisecond, func() { n.collector.Observe(v) })
			}
		}
		s.after(ctx, time.Duration(s.intn(30))*time.Millisecond, func() { n.chain.commit(h, votes) })
	}
	time.Sleep(50 * time.Millisecond) // of virtual time: heights are committed in order
}

// collectorOn makes a collector for one node on a chain, without starting it.
func collectorOn(t *testing.T, m *memory, self common.Address) (c *Collector, votes, headers *topic) {
	t.Helper()
	votes, headers = new(topic), new(topic)
	c, err := New(Config{ChainID: chaintest.ChainID, Own: is(self), Set: m.set, Evidence: t.TempDir()}, m, m, m, votes, headers)
	if err != nil {
		t.Fatal(err)
	}
	return c, votes, headers
}

// A later certificate covers earlier heights, but never over a change of operators: the last height of the old set needs one of its own.
func TestRunNeverCrossesAChangeOfOperators(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	next, err := cert.NewSet(n.Set.Operators()[:3])
	if err != nil {
		t.Fatal(err)
	}
	m := newMemory(n.Set, next)
	var before *block.Header
	var hs []block.Header
	for height := 1; height <= 6; height++ {
		to := n.Set
		if height >= 3 {
			to = next // announced by 3, in force from 4
		}
		h := header(n, before, to)
		hs, before = append(hs, h), &h
		m.commit(h, nil)
	}
	c, _, _ := collectorOn(t, m, common.Address{})
	vote := func(height int, operators ...int) {
		for _, k := range operators {
			c.Observe(chaintest.Sign(t, n.Keys[k], uint64(height), 0, hs[height-1].Hash()))
		}
		if err := c.step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(want uint64, why string) {
		t.Helper()
		if got := m.Certified(); got != want {
			t.Fatalf("certified to %d, want %d: %s", got, want, why)
		}
	}
	vote(2, 0, 1, 2)
	expect(2, "a quorum at 2 covers 1")
	vote(6, 0, 1, 2)
	expect(2, "6 is of the next set: it cannot cover 3")
	vote(3, 0, 1)
	expect(2, "two of four are no quorum")
	vote(3, 2)
	expect(6, "the old set has certified its last height, so 6 covers the rest")
	if m.fault != nil {
		t.Fatal(m.fault)
	}
}

// Votes and announcements that come before their header are kept, and count when it is committed.
func TestEarlyVotesCount(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	m := newMemory(n.Set)
	c, _, headers := collectorOn(t, m, common.Address{})
	first := header(n, nil, n.Set)
	if err := c.Vote(chaintest.Sign(t, n.Keys[0], 1, 2, first.Hash())); !errors.Is(err, ErrFar) {
		t.Fatalf("a vote before the first header: %v", err) // nobody has named the operators yet
	}
	m.commit(first, nil)
	if err := c.step(t.Context()); err != nil {
		t.Fatal(err)
	}
	h := header(n, &first, n.Set)
	for k := range 3 {
		if err := c.Vote(chaintest.Sign(t, n.Keys[k], 2, 2, h.Hash())); err != nil {
			t.Fatal(err)
		}
	}
	second := header(n, &h, n.Set)
	if err := c.Announcement(feed.Announcement{Header: second, Certificate: n.Certificate(t, second, 0, 1, 2)}); err != nil {
		t.Fatal(err)
	}
	m.commit(h, nil)
	if err := c.step(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c := m.certs[2]; m.Certified() != 2 || c.Round != 2 {
		t.Fatalf("certified to %d in round %d", m.Certified(), c.Round)
	}
	m.commit(second, nil)
	if err := c.step(t.Context()); err != nil {
		t.Fatal(err)
	}
	if m.Certified() != 3 || len(c.pending) != 0 {
		t.Fatalf("certified to %d, %d announcements pending", m.Certified(), len(c.pending))
	}
	// What nobody had announced yet was; what a peer had was not.
	if headers.count() != 0 {
		t.Fatalf("%d announcements although a peer announced a higher one", headers.count())
	}
}

// What a peer may send and what it gets for it.
func TestRefusals(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	m := newMemory(n.Set)
	h1 := header(n, nil, n.Set)
	h2 := header(n, &h1, n.Set)
	m.commit(h1, nil)
	m.commit(h2, nil)
	c, _, _ := collectorOn(t, m, common.Address{})
	for k := range 3 {
		c.Observe(chaintest.Sign(t, n.Keys[k], 1, 0, h1.Hash()))
	}
	if err := c.step(t.Context()); err != nil {
		t.Fatal(err)
	}
	good := chaintest.Sign(t, n.Keys[0], 2, 0, h2.Hash())
	if err := c.Vote(good); err != nil {
		t.Fatal(err)
	}
	stranger := chaintest.Sign(t, chaintest.Key("stranger"), 2, 0, h2.Hash())
	farStranger := chaintest.Sign(t, chaintest.Key("stranger"), 3, 0, h2.Hash())
	forged := good
	forged.Round = 1
	for name, test := range map[string]struct {
		vote feed.Vote
		want error
	}{
		"again":                    {good, ErrKnown},
		"forged":                   {forged, ErrInvalid},
		"a stranger's":             {stranger, ErrInvalid},
		"a stranger's, not there":  {farStranger, ErrFar},
		"for a certified height":   {chaintest.Sign(t, n.Keys[3], 1, 0, h1.Hash()), ErrFar},
		"far ahead of this node":   {chaintest.Sign(t, n.Keys[0], 2+ahead+1, 0, h1.Hash()), ErrFar},
		"as far as may be":         {chaintest.Sign(t, n.Keys[0], 2+ahead, 0, h1.Hash()), nil},
		"another round, same hash": {chaintest.Sign(t, n.Keys[0], 2, 3, h2.Hash()), nil},
	} {
		if err := c.Vote(test.vote); !errors.Is(err, test.want) {
			t.Errorf("vote %s: %v, want %v", name, err, test.want)
		}
	}
	h3 := header(n, &h2, n.Set)
	other := h3
	other.ChainID = "other"
	strange := header(n, &h3, n.Set)
	strange.OperatorsHash = common.Hash{1}
	far := h3
	far.Height = 3 + ahead
	h4 := header(n, &h3, n.Set)
	weak := n.Certificate(t, h4)
	weak.Bitmap, weak.Signatures = []byte{0xc0}, weak.Signatures[:2]
	for name, test := range map[string]struct {
		announcement feed.Announcement
		want         error
	}{
		"certified already":   {feed.Announcement{Header: h1, Certificate: n.Certificate(t, h1)}, ErrKnown},
		"another chain's":     {feed.Announcement{Header: other, Certificate: n.Certificate(t, other)}, ErrInvalid},
		"unknown operators":   {feed.Announcement{Header: strange, Certificate: n.Certificate(t, strange)}, ErrFar},
		"far ahead":           {feed.Announcement{Header: far, Certificate: n.Certificate(t, far)}, ErrFar},
		"without a quorum":    {feed.Announcement{Header: h4, Certificate: weak}, ErrInvalid},
		"of the next height":  {feed.Announcement{Header: h3, Certificate: n.Certificate(t, h3)}, nil},
		"of a waiting height": {feed.Announcement{Header: h2, Certificate: n.Certificate(t, h2)}, nil},
	} {
		if err := c.Announcement(test.announcement); !errors.Is(err, test.want) {
			t.Errorf("announcement %s: %v, want %v", name, err, test.want)
		}
	}
}

// Two certified headers at one height freeze the node, whichever way the second one comes, with the evidence on disk, through a restart.
func TestTwoCertifiedHeadersFreeze(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	h1 := header(n, nil, n.Set)
	rival := h1
	rival.TimeMS++
	h2 := header(n, &h1, n.Set)
	ways := map[string]func(*testing.T, *memory, *Collector){
		"announced after the certificate": func(t *testing.T, m *memory, c *Collector) {
			if err := c.Announcement(feed.Announcement{Header: rival, Certificate: n.Certificate(t, rival, 0, 1, 3)}); err != nil {
				t.Fatal(err)
			}
		},
		"votes before the certificate": func(t *testing.T, m *memory, c *Collector) {
			rival2 := h2
			rival2.TimeMS++
			for k := range 3 {
				if err := c.Vote(chaintest.Sign(t, n.Keys[k], 2, 1, rival2.Hash())); err != nil {
					t.Fatal(err)
				}
			}
		},
		"announced before the commit": func(t *testing.T, m *memory, c *Collector) {
			h3 := header(n, &h2, n.Set)
			rival3 := h3
			rival3.TimeMS++
			if err := c.Announcement(feed.Announcement{Header: rival3, Certificate: n.Certificate(t, rival3, 1, 2, 3)}); err != nil {
				t.Fatal(err)
			}
			m.commit(h3, nil)
		},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			m := newMemory(n.Set)
			m.commit(h1, nil)
			m.commit(h2, nil)
			c, _, _ := collectorOn(t, m, common.Address{})
			for k := range 3 {
				c.Observe(chaintest.Sign(t, n.Keys[k], 1, 0, h1.Hash()))
			}
			if err := c.step(t.Context()); err != nil || m.Certified() != 1 {
				t.Fatalf("certified to %d: %v", m.Certified(), err)
			}
			way(t, m, c)
			var conflict *cert.ErrConflict
			if err := c.Run(t.Context()); !errors.As(err, &conflict) {
				t.Fatalf("want a conflict, got %v", err)
			}
			certified := m.Certified()
			if text, err := os.ReadFile(filepath.Join(c.cfg.Evidence, evidenceFile)); err != nil || len(text) < 500 {
				t.Fatalf("evidence of %d bytes: %v", len(text), err)
			}
			if err := c.Vote(chaintest.Sign(t, n.Keys[0], 2, 9, h2.Hash())); !errors.Is(err, ErrFar) {
				t.Fatalf("a frozen collector takes votes: %v", err)
			}
			if _, err := New(c.cfg, m, m, m, new(topic), new(topic)); !errors.Is(err, ErrFrozen) {
				t.Fatalf("a restart forgets the conflict: %v", err)
			}
			if m.Certified() != certified {
				t.Fatal("a frozen collector certified a height")
			}
		})
	}
}

// On the real store: certificates are stored as heights are committed, a restart goes on where they end, and the newest header is announced.
func TestCollectorOnTheStore(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	s := n.Open(t, t.TempDir())
	sets := func(common.Hash) (cert.Set, error) { return n.Set, nil }
	cfg := Config{ChainID: chaintest.ChainID, Set: sets, Evidence: t.TempDir()}
	var registry *prometheus.Registry
	headers := new(topic)
	commits := newMemory(n.Set)
	run := func(until uint64) {
		t.Helper()
		registry = prometheus.NewRegistry()
		cfg.Metrics = registry
		c, err := New(cfg, s, s, commits, new(topic), headers)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.Run(ctx) }()
		for s.Head() < until {
			h := n.Commit(t, s, n.Tx(t, 100, chaintest.Leg(chaintest.Alpha, "hello")))
			for k := range 3 {
				c.Observe(chaintest.Sign(t, n.Keys[k], h.Height, 0, h.Hash()))
			}
		}
		if err := s.WaitCertified(ctx, until); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	run(3)
	n.Commit(t, s) // a height that this node's collector never saw votes of
	run(6)
	trust, err := n.Genesis.Trust()
	if err != nil {
		t.Fatal(err)
	}
	for trust.Height < 6 {
		r, err := s.Run(trust.Height+1, trust.Height+1)
		if err != nil {
			t.Fatal(err)
		}
		if trust, err = trust.Advance(r); err != nil {
			t.Fatal(err)
		}
	}
	if headers.count() == 0 {
		t.Fatal("nothing was announced")
	}
	if families, err := registry.Gather(); err != nil || len(families) < 6 {
		t.Fatalf("%d metrics: %v", len(families), err)
	}
	last, err := feed.DecodeAnnouncement(headers.sent[headers.count()-1])
	if err != nil || last.Header.Height != 6 {
		t.Fatalf("announced height %d: %v", last.Header.Height, err)
	}
}
