package rollups

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/namespaces/lane"
	"github.com/lockstep-network/lockstep/p2p"
)

// at changes only the step of the first height with entries from the given one on.
func at(c *chain, from uint64, alter func(*feed.Step)) func(feed.Step) feed.Step {
	height := from
	for _, in := range c.inputs {
		if in.Height >= from {
			height = in.Height
			break
		}
	}
	return func(s feed.Step) feed.Step {
		if s.Header.Height == height {
			s.Lanes = slices.Clone(s.Lanes)
			alter(&s)
		}
		return s
	}
}

// relay replaces a step's lane by one made of other entries.
func relay(t *testing.T, s *feed.Step, change func([]lane.Entry) []lane.Entry) {
	t.Helper()
	entries, err := lane.Decode(s.Lanes[0].Data)
	if err != nil {
		t.Error(err)
		return
	}
	if s.Lanes[0].Data, err = lane.Encode(change(entries)); err != nil {
		t.Error(err)
	}
}

// Against each of these peers the guarantee is the same: the node ends at the right output with the help of one honest peer, executes nothing
// that is not certified, and the liar is charged with what it did.
func TestOneHonestPeerIsEnoughAgainst(t *testing.T) {
	c := newChain(6, 48)
	fork := c.fork(99, 20, 48)
	stranger := newChain(7, 48)
	for _, a := range []struct {
		name   string
		server func(*stage) server
		fault  Fault
	}{
		{"a peer that withholds certified blocks", func(s *stage) server {
			return func(ctx context.Context, req feed.Request, send func(feed.Step) error) error {
				for h := req.From; h <= 8; h++ {
					if err := send(c.step(h)); err != nil {
						return err
					}
				}
				<-ctx.Done()
				return ctx.Err()
			}
		}, FaultSilent},
		{"a peer that sends a forged certificate", func(s *stage) server {
			return altered(c, s, at(c, 10, func(st *feed.Step) {
				forged := *c.steps[st.Header.Height-1].Certificate
				forged.Signatures = slices.Clone(forged.Signatures)
				forged.Signatures[0][5] ^= 1
				st.Certificate = &forged
			}))
		}, FaultInvalid},
		{"a peer whose certificate lacks a quorum", func(s *stage) server {
			return altered(c, s, at(c, 10, func(st *feed.Step) {
				few := *c.steps[st.Header.Height-1].Certificate
				few.Signatures = few.Signatures[:1]
				few.Bitmap = slices.Clone(few.Bitmap)
				for bit, kept := 0, false; bit < 8; bit++ {
					if few.Bitmap[0]&(0x80>>bit) != 0 && kept {
						few.Bitmap[0] &^= 0x80 >> bit
					} else if few.Bitmap[0]&(0x80>>bit) != 0 {
						kept = true
					}
				}
				st.Certificate = &few
			}))
		}, FaultInvalid},
		{"a peer that sends half a lane", func(s *stage) server {
			return altered(c, s, at(c, 10, func(st *feed.Step) {
				relay(t, st, func(e []lane.Entry) []lane.Entry { return e[:len(e)/2+1] })
			}))
		}, FaultInvalid},
		{"a peer that reorders entries", func(s *stage) server {
			return altered(c, s, at(c, 10, func(st *feed.Step) {
				relay(t, st, func(e []lane.Entry) []lane.Entry {
					e[0].Data, e[1].Data = e[1].Data, e[0].Data
					e[0].Bundle, e[1].Bundle = nil, nil
					return e
				})
			}))
		}, FaultInvalid},
		{"a peer that says a lane is empty", func(s *stage) server {
			return altered(c, s, at(c, 10, func(st *feed.Step) { st.Lanes[0].Data = nil }))
		}, FaultInvalid},
		{"a peer that sends no lane", func(s *stage) server {
			return altered(c, s, at(c, 10, func(st *feed.Step) { st.Lanes = nil }))
		}, FaultInvalid},
		{"a peer that sends old headers", func(s *stage) server {
			return func(ctx context.Context, req feed.Request, send func(feed.Step) error) error {
				for h := req.From; h <= 6; h++ {
					if err := send(c.step(h)); err != nil {
						return err
					}
				}
				return honest(c, s)(ctx, feed.Request{From: 1}, send)
			}
		}, FaultInvalid},
		{"a peer that leaves heights out", func(s *stage) server {
			return func(ctx context.Context, req feed.Request, send func(feed.Step) error) error {
				return honest(c, s)(ctx, feed.Request{From: req.From + 1}, send)
			}
		}, FaultInvalid},
		{"a peer of another history with the same operators but other signers' blocks", func(s *stage) server {
			return altered(stranger, s, func(st feed.Step) feed.Step { st.Certificate = c.step(st.Header.Height).Certificate; return st })
		}, FaultInvalid},
		{"a peer that invents an endless empty run", func(s *stage) server {
			return endlessEmptyRun(c)
		}, FaultInvalid},
		{"a peer that shows other operators than the header names", func(s *stage) server {
			return altered(c, s, func(st feed.Step) feed.Step {
				if st.Next != nil {
					st.Next = st.Next[1:]
				}
				return st
			})
		}, FaultInvalid},
		{"a peer that cuts every stream inside a run", func(s *stage) server {
			return func(ctx context.Context, req feed.Request, send func(feed.Step) error) error {
				if err := send(fork.step(1)); req.From == 1 && err != nil {
					return err
				}
				return errCut
			}
		}, FaultNone},
	} {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(14) // below the first change of operators: later sets' announcements prove nothing to a node that lags
			peers := newFakePeers().add("adversary", a.server(s)).add("honest", honest(c, s))
			x := newFakeExecutor()
			cfg := config(t, x)
			cfg.Source, cfg.Peers, cfg.Announced = SourceP2P, peers, fakeGossip{c, s}
			r := start(t, cfg)
			r.until("soft", softAt(c.covered(14)))
			s.set(48)
			r.until("soft to the end", softAt(48))
			if err := r.end(); err != nil {
				t.Fatal(err)
			}
			if x.Head() != c.output(48) {
				t.Fatal("another output")
			}
			charges := peers.charges("adversary")
			if a.fault == FaultNone && len(charges) > 0 || a.fault != FaultNone && !slices.Contains(charges, a.fault) {
				t.Fatalf("charged with %v, want %v", charges, a.fault)
			}
			if len(peers.charges("honest")) > 0 {
				t.Fatalf("the honest peer is charged with %v", peers.charges("honest"))
			}
		})
	}
}

// endlessEmptyRun invents headers on top of what was asked for, and never certifies one.
func endlessEmptyRun(c *chain) server {
	return func(ctx context.Context, req feed.Request, send func(feed.Step) error) error {
		h := c.steps[max(req.From, 2)-2].Header
		for ctx.Err() == nil {
			h.ParentHash, h.Height, h.TimeMS = h.Hash(), h.Height+1, h.TimeMS+1
			h.DataRoot = lane.Root{}
			st := feed.Step{Header: h, Lanes: []feed.Lane{{Namespace: mine()}}}
			if req.From == 1 && h.Height == 2 {
				st.Header.Height = 1
				h = st.Header
			}
			if err := send(st); err != nil {
				return err
			}
		}
		return ctx.Err()
	}
}

// garbage is no step at all.
type garblingPeers struct{ *fakePeers }

func (p garblingPeers) Follow(ctx context.Context, peer string, req feed.Request, onStep func([]byte) error) error {
	if peer == "adversary" {
		return onStep([]byte("not a step"))
	}
	return p.fakePeers.Follow(ctx, peer, req, onStep)
}

func TestGarbageIsChargedAndLeft(t *testing.T) {
	c, s := newChain(8, 20), newStage(20)
	peers := garblingPeers{newFakePeers().add("adversary", nil).add("honest", honest(c, s))}
	cfg := config(t, newFakeExecutor())
	cfg.Source, cfg.Peers = SourceP2P, peers
	r := start(t, cfg)
	r.until("soft", softAt(20))
	if !slices.Contains(peers.charges("adversary"), FaultMalformed) {
		t.Fatalf("charged with %v", peers.charges("adversary"))
	}
}

// A peer that goes quiet while the chain itself stands still is left for another, and not charged.
func TestQuietPeerIsLeftUncharged(t *testing.T) {
	c, s := newChain(9, 20), newStage(10)
	quiet := func(ctx context.Context, _ feed.Request, _ func(feed.Step) error) error {
		<-ctx.Done()
		return ctx.Err()
	}
	peers := newFakePeers().add("quiet", quiet).add("honest", honest(c, s))
	cfg := config(t, newFakeExecutor())
	cfg.Limits.Silence = cfg.Limits.Withheld
	cfg.Source, cfg.Peers = SourceP2P, peers
	r := start(t, cfg)
	r.until("soft", softAt(c.covered(10)))
	if len(peers.charges("quiet")) > 0 {
		t.Fatalf("charged with %v", peers.charges("quiet"))
	}
}

// readEvidence opens what a halted driver left.
func readEvidence(t *testing.T, dir string) evidence {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, evidenceFile))
	if err != nil {
		t.Fatal(err)
	}
	var e evidence
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

// proves checks a run of the evidence as a third party would: a certificate of the operators of that time over the run's last header.
func proves(t *testing.T, e *runEvidence, set cert.Set, height uint64) {
	t.Helper()
	if e == nil {
		t.Fatal("the evidence lacks a run")
	}
	found := false
	var last block.Header
	for _, raw := range e.Headers {
		h, err := block.DecodeHeader(raw)
		if err != nil {
			t.Fatal(err)
		}
		found, last = found || h.Height == height || h.Height == height+1, h
	}
	crt, err := cert.Decode(e.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	if err := crt.Verify(testChain, set); err != nil || crt.HeaderHash != last.Hash() || !found {
		t.Fatalf("the evidence proves nothing of height %d: %v", height, err)
	}
}

// Two certified headers at one height stop the node, wherever the second one comes from, with the evidence on disk; and it stays stopped until
// somebody has removed the evidence.
func TestTwoCertifiedHeadersHaltByWayOf(t *testing.T) {
	c := newChain(10, 40)
	fork := c.fork(77, 20, 40)
	for _, way := range []struct {
		name  string
		setup func(cfg *Config, s *stage) (turn func())
	}{
		{"the DA layer", func(cfg *Config, s *stage) func() {
			published := newStage(0)
			cfg.Source, cfg.Peers = SourceBoth, newFakePeers().add("a", honest(c, s))
			cfg.DA = &fakeDA{chain: fork, published: published, finality: newStage(0), batch: 4}
			return func() { published.set(40) }
		}},
		{"a peer", func(cfg *Config, s *stage) func() {
			turned := newStage(0)
			cfg.Peers = newFakePeers().add("a", func(ctx context.Context, req feed.Request, send func(feed.Step) error) error {
				if head, _ := turned.now(); head > 0 {
					return honest(fork, newStage(40))(ctx, req, send)
				}
				for h := req.From; h <= 30; h++ {
					if err := send(c.step(h)); err != nil {
						return err
					}
				}
				_ = turned.wait(ctx, 1)
				return errCut
			})
			return func() { turned.set(1) }
		}},
		{"the gossip", func(cfg *Config, s *stage) func() {
			turned := newStage(0)
			cfg.Peers, cfg.Announced = newFakePeers().add("a", honest(c, s)), turncoat{fork, turned}
			return func() { turned.set(25) }
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			s, x := newStage(30), newFakeExecutor()
			cfg := config(t, x)
			cfg.Source = SourceP2P
			turn := way.setup(&cfg, s)
			r := start(t, cfg)
			r.until("soft", softAt(c.covered(30)))
			turn()
			var halted *HaltedError
			var conflict *cert.ErrConflict
			if err := <-r.done; !errors.As(err, &halted) || !errors.As(err, &conflict) {
				t.Fatalf("ended with %v", err)
			} else {
				r.done <- nil
			}
			if err := r.end(); err != nil {
				t.Fatal(err)
			}
			e := readEvidence(t, cfg.Dir)
			if e.Height <= 20 {
				t.Fatalf("conflict at height %d, which both histories share", e.Height)
			}
			proves(t, e.Known, c.sets[e.Height-1], e.Height)
			proves(t, e.Other, fork.sets[e.Height-1], e.Height)
			if x.Head() != c.output(r.Status().Soft.Height) {
				t.Fatal("the other history was executed")
			}
			if _, err := Open(t.Context(), cfg); !errors.As(err, &halted) {
				t.Fatalf("opened again: %v", err)
			}
			if err := os.Remove(halted.File); err != nil {
				t.Fatal(err)
			}
			cfg.Source, cfg.Peers, cfg.Announced = SourceP2P, newFakePeers().add("a", honest(c, s)), nil
			s.set(40)
			r = start(t, cfg)
			r.until("going on", softAt(40))
		})
	}
}

// turncoat announces one header of a fork.
type turncoat struct {
	fork *chain
	turn *stage
}

func (g turncoat) Listen(ctx context.Context, judge func(feed.Announcement) p2p.Verdict) error {
	if err := g.turn.wait(ctx, 1); err != nil {
		return err
	}
	h, _ := g.turn.now()
	judge(feed.Announcement{Header: g.fork.steps[h-1].Header, Certificate: *g.fork.steps[h-1].Certificate})
	<-ctx.Done()
	return ctx.Err()
}

// An announcement is passed on only if it proves something new.
func TestAnnouncementVerdicts(t *testing.T) {
	c := newChain(11, 20)
	ann := func(h int) feed.Announcement {
		return feed.Announcement{Header: c.steps[h-1].Header, Certificate: *c.steps[h-1].Certificate}
	}
	forged := ann(9)
	forged.Certificate.Signatures = slices.Clone(forged.Certificate.Signatures)
	forged.Certificate.Signatures[0][3] ^= 1
	foreign := ann(9)
	foreign.Header.ChainID = "other"
	var clashes int
	p := &prover{
		chainID: testChain, trust: func() cert.Trust { return c.genesis }, clash: func(*cert.Run) { clashes++ },
		known: func(h uint64) (past, bool) {
			if h == 3 {
				return past{Hash: [32]byte{1}}, true
			}
			return past{}, false
		},
	}
	for _, x := range []struct {
		name string
		a    feed.Announcement
		want p2p.Verdict
	}{
		{"new", ann(5), p2p.Accept},
		{"the same again", ann(5), p2p.Ignore},
		{"older", ann(4), p2p.Ignore},
		{"forged", forged, p2p.Reject},
		{"of another chain", foreign, p2p.Reject},
		{"of later operators", ann(18), p2p.Ignore},
		{"contradicting", ann(3), p2p.Ignore},
		{"newer", ann(9), p2p.Accept},
	} {
		if got := p.judge(x.a); got != x.want {
			t.Errorf("%s: verdict %d, want %d", x.name, got, x.want)
		}
	}
	if clashes != 1 || p.height.Load() != 9 {
		t.Fatalf("%d clashes, proven height %d", clashes, p.height.Load())
	}
}
