package rollups

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/p2p"
)

// latePeers brings a step that was on its way when the follower gave the stream up, as a host's buffer does.
type latePeers struct {
	*fakePeers

	chain *chain
	asked bool
}

func (p *latePeers) Follow(ctx context.Context, peer string, req feed.Request, onStep func([]byte) error) error {
	if !p.asked {
		p.asked = true
		<-ctx.Done()
		return onStep(p.chain.steps[0].Encode())
	}
	return p.fakePeers.Follow(ctx, peer, req, onStep)
}

// What was verified is taken, or verified again: a stream that ends at the wrong moment must not leave a gap, which would drop soft.
func TestStreamLeftWithAStepOnItsWay(t *testing.T) {
	c := newChain(31, 10)
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	limits := quick().withDefaults()
	limits.Silence = 20 * time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	next := uint64(1)
	f := &follower{
		peers:     &latePeers{fakePeers: newFakePeers().add("peer", honest(c, newStage(10))), chain: c},
		namespace: mine(), limits: limits, metrics: m, log: slog.New(slog.DiscardHandler), trust: c.genesis,
		tip: func() cert.Trust { return c.genesis }, proven: func() uint64 { return 0 },
		take: func(ctx context.Context, b Block) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if b.Header.Height != next {
				t.Errorf("height %d where %d comes next", b.Header.Height, next)
				cancel()
			}
			if next++; next > c.covered(10) {
				cancel()
			}
			return nil
		},
	}
	_ = f.run(ctx)
	if next <= c.covered(10) {
		t.Errorf("the next height is %d, want all %d", next, c.covered(10))
	}
}

// linksOf answers requests for links from a chain as an operator does, in pieces of a size.
func linksOf(c *chain, size uint64, most int) func(feed.LinksRequest, func(cert.Links) error) error {
	return func(r feed.LinksRequest, send func(cert.Links) error) error {
		top := r.From
		for c.gaps[top-1] {
			top++
		}
		end := *c.steps[top-1].Certificate
		if r.To != 0 && r.To <= top {
			top, end = r.To, cert.Bare(c.steps[r.To-1].Header)
		}
		for n := 0; top > cert.MarkAfter(r.From); n++ {
			if n == most {
				return errors.New("busy")
			}
			next := max(cert.MarkAfter(r.From), cert.MarkAfter(top-min(top, size)))
			var hs []block.Header
			for _, s := range c.steps[next:top] {
				hs = append(hs, s.Header)
			}
			if err := send(cert.Links{Headers: hs, Certificate: end}); err != nil {
				return err
			}
			top, end = next, cert.Bare(c.steps[next-1].Header)
		}
		return nil
	}
}

// Nothing is certified for longer than a follower waits, and the lanes of the spell are more than it may hold: it takes the headers first, from
// whoever has them, then the lanes, and holds a piece at a time. Peers that forge the one or the other are charged, and change nothing.
func TestFollowerPassesALongSpell(t *testing.T) {
	const heights = 1200
	c := grow(41, &chain{genesis: testGenesis(), calm: true}, heights)
	for h := 30; h < heights-7; h++ {
		c.gaps[h-1] = true
	}
	forged := c.fork(42, 100, heights) // certified by itself alone: its certificates are dropped below
	copy(forged.gaps, c.gaps)
	forgedLinks := func(r feed.LinksRequest, send func(cert.Links) error) error {
		return linksOf(c, 64, -1)(r, func(l cert.Links) error {
			l.Headers[len(l.Headers)/2].TxRoot[5]++
			return send(l)
		})
	}
	for name, test := range map[string]struct {
		links   func(feed.LinksRequest, func(cert.Links) error) error
		serve   *chain
		charged bool
	}{
		"honest":                 {linksOf(c, 256, -1), c, false},
		"in small pieces":        {linksOf(c, 16, -1), c, false},
		"a peer that breaks off": {linksOf(c, 64, 3), c, false},
		"forged links":           {forgedLinks, c, true},
		"forged steps":           {linksOf(c, 100, -1), forged, true},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := newMetrics(prometheus.NewRegistry())
			if err != nil {
				t.Fatal(err)
			}
			peers := newFakePeers().add("first", honest(test.serve, newStage(heights))).add("second", honest(c, newStage(heights)))
			peers.links = map[string]func(feed.LinksRequest, func(cert.Links) error) error{"first": test.links, "second": linksOf(c, 300, -1)}
			limits := quick().withDefaults()
			limits.RunBytes = 100 << 10                                  // some 70 steps
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // ends a test that hangs
			defer cancel()
			next, trusted := uint64(1), uint64(0)
			f := &follower{
				peers: peers, namespace: mine(), limits: limits, metrics: m, log: slog.New(slog.DiscardHandler), trust: c.genesis,
				tip: func() cert.Trust { return c.genesis }, proven: func() uint64 { return heights },
			}
			f.take = func(_ context.Context, b Block) error {
				if b.Hash != c.steps[next-1].Header.Hash() {
					cancel()
					return fmt.Errorf("height %d is another header", next)
				}
				if n := len(b.Run.Headers); n > longRun || f.marks.Len() > heights/cert.MarkEvery {
					t.Errorf("a run of %d headers, %d marks", n, f.marks.Len())
				}
				if b.Trust != nil {
					trusted = b.Trust.Height
				}
				if next++; next > heights {
					cancel()
				}
				return nil
			}
			if err := f.run(ctx); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			if next <= heights || trusted != heights || f.marks.Len() > 0 {
				t.Errorf("%d of %d heights, trusted to %d, %d marks left", next-1, heights, trusted, f.marks.Len())
			}
			if charged := len(peers.charges("first")) > 0; charged != test.charged || len(peers.charges("second")) > 0 {
				t.Errorf("charges: %v and %v", peers.charges("first"), peers.charges("second"))
			}
		})
	}
}

// The operators go and come back. A peer gives links of their second time to a follower that is in their first one: they hold, and lie above the
// set in between. Whoever serves by the rules goes on below the certificate that ends the first time all the same.
func TestMarksOfALaterTimeOfTheSet(t *testing.T) {
	const era, heights = 150, 450
	c := &chain{genesis: testGenesis(), calm: true}
	for i, next := range []cert.Set{testSet(3, 7), testSet(0, 4), {}} {
		grow(45, c, era*(i+1))
		if last := &c.steps[era*(i+1)-1]; i < 2 {
			last.Header.NextOperatorsHash, last.Next = next.Hash(), next.Operators()
			last.Certificate = certify(c.sets[era*(i+1)-1], last.Header)
		}
		for h := era*i + 1; h < era*(i+1); h++ {
			c.gaps[h-1] = true
		}
	}
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	peers := newFakePeers().add("honest", honest(c, newStage(heights)))
	peers.links = map[string]func(feed.LinksRequest, func(cert.Links) error) error{"honest": linksOf(c, 64, -1)}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // ends a test that hangs
	defer cancel()
	next := uint64(1)
	f := &follower{
		peers: peers, namespace: mine(), limits: quick().withDefaults(), metrics: m, log: slog.New(slog.DiscardHandler), trust: c.genesis,
		tip: func() cert.Trust { return c.genesis }, proven: func() uint64 { return heights },
	}
	f.take = func(_ context.Context, b Block) error {
		if b.Hash != c.steps[next-1].Header.Hash() {
			t.Errorf("height %d is another header", next)
		}
		if next++; next > heights {
			cancel()
		}
		return nil
	}
	later := cert.Links{Certificate: *c.steps[heights-1].Certificate}
	for _, s := range c.steps[400:] {
		later.Headers = append(later.Headers, s.Header)
	}
	if err := f.marks.Take(c.genesis, later, 0); err != nil {
		t.Fatal(err)
	}
	if err := f.run(ctx); !errors.Is(err, context.Canceled) || next <= heights {
		t.Errorf("%d of %d heights: %v", next-1, heights, err)
	}
	if charges := peers.charges("honest"); len(charges) > 0 {
		t.Errorf("%d charges, the first is %v", len(charges), charges[0])
	}
}

// A mark that is certified and stands on another header than the trusted one is as good a proof as a certificate: the follower stops.
func TestPieceOnAnotherHeaderIsAConflict(t *testing.T) {
	c := grow(43, &chain{genesis: testGenesis(), calm: true}, 40)
	fork := c.fork(44, 20, 40)
	_, trust, err := verify(c.genesis, new(cert.Marks), mine(), c.steps[:1])
	for h := 1; h < 25 && err == nil; h++ {
		_, trust, err = verify(trust, new(cert.Marks), mine(), c.steps[h:h+1])
	}
	if err != nil {
		t.Fatal(err)
	}
	var marks cert.Marks
	links := cert.Links{Certificate: *fork.steps[39].Certificate}
	var piece []feed.Step
	for _, s := range fork.steps[32:] {
		links.Headers = append(links.Headers, s.Header)
	}
	if err := marks.Take(trust, links, 0); err != nil {
		t.Fatal(err)
	}
	for _, s := range fork.steps[25:32] {
		s.Certificate = nil
		piece = append(piece, s)
	}
	var conflict *cert.ErrConflict
	if _, _, err := verify(trust, &marks, mine(), piece); !errors.As(err, &conflict) || conflict.Height != 25 {
		t.Errorf("a piece to a mark, on another header at height 25: %v", err)
	}
	piece[len(piece)-1].Header.TxRoot[0]++
	if _, _, err := verify(trust, &marks, mine(), piece); err == nil || errors.As(err, &conflict) {
		t.Errorf("a piece to no mark: %v", err)
	}
}

// lines counts what is logged, by level.
type lines struct {
	slog.Handler

	count map[slog.Level]int
}

func (l *lines) Enabled(context.Context, slog.Level) bool { return true }

func (l *lines) Handle(_ context.Context, r slog.Record) error {
	l.count[r.Level]++
	return nil
}

// A peer that cannot help is told of once, however often it is tried: again when it fails in another way, or has helped meanwhile.
func TestPeersThatCannotHelpAreToldOfOnce(t *testing.T) {
	c := newChain(32, 10)
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	pruned := &p2p.Error{Code: p2p.CodeNotFound, Text: "pruned"}
	logged := &lines{count: make(map[slog.Level]int)}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	tries, told := 0, []int(nil)
	peers := newFakePeers().add("peer", func(ctx context.Context, req feed.Request, send func(feed.Step) error) error {
		told = append(told, logged.count[slog.LevelInfo])
		tries++
		switch {
		case tries == 15: // it has one run
			for h := req.From; h <= c.covered(5); h++ {
				if err := send(c.step(h)); err != nil {
					return err
				}
			}
		case tries >= 10 && tries < 15:
			return errCut
		case tries == 20:
			cancel()
		}
		return pruned
	})
	ahead := taken(t, c)
	tip := func() cert.Trust { // the DA layer carries the node on meanwhile
		if tries < 5 {
			return c.genesis
		}
		return *ahead[0].Trust
	}
	f := &follower{
		peers: peers, namespace: mine(), limits: quick().withDefaults(), metrics: m, log: slog.New(logged), trust: c.genesis,
		tip: tip, proven: func() uint64 { return 0 }, take: func(context.Context, Block) error { return nil },
	}
	_ = f.run(ctx)
	// Before each try: told of "pruned" after the first, of "cut" after the tenth, of "pruned" after the fifteenth, and not again.
	want := []int{0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3}
	if !slices.Equal(told, want) {
		t.Errorf("lines before each try: %v, want %v", told, want)
	}
	if total := logged.count[slog.LevelDebug] + logged.count[slog.LevelInfo]; total != tries-1 {
		t.Errorf("%d lines in all, want one for each of %d tries", total, tries-1)
	}
}
