package feed

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/certify"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/node/store"
	"github.com/lockstep-network/lockstep/p2p"
)

// served is a node with all topics and streams that operators have.
type served struct {
	*p2p.Host

	n         *chaintest.Network
	store     *store.Store
	collector *certify.Collector
	header    block.Header // of height 1, which is certified
}

func serveAll(t *testing.T) *served {
	t.Helper()
	n := chaintest.New(t, 1, nil)
	s := n.Open(t, t.TempDir())
	h := n.Commit(t, s)
	n.Certify(t, s, 1)
	sets := func(common.Hash) (cert.Set, error) { return n.Set, nil }
	collector, err := certify.New(certify.Config{ChainID: chaintest.ChainID, Set: sets, Evidence: t.TempDir()}, s, s, noCommits{}, nowhere{}, nowhere{})
	if err != nil {
		t.Fatal(err)
	}
	out := &served{host(t, "node"), n, s, collector, h}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- collector.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	join(t, out.Host, NewJudge(newPool(t, n, s), collector))
	err = errors.Join(out.Handle(Protocol(), Limits(), NewServer(s, s, sets).Serve), out.Handle(LinksProtocol(), LinksLimits(), ServeLinks(s)))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// forgedTx is a batch of one transaction in the name of a payer who has money and has not signed it.
func (s *served) forgedTx(t *testing.T, i byte) []byte {
	return feed.EncodeBatch(uint64(i), [][]byte{forge(t, s.n.Tx(t, 9, chaintest.Leg(chaintest.Alpha, "x"))).Raw()})
}

func (s *served) forgedVote(t *testing.T, i byte) []byte {
	v := chaintest.Sign(t, s.n.Keys[0], 2, uint32(i), common.Hash{i})
	v.Operator = s.n.Set.Operators()[1].Address
	return v.Encode()
}

func (s *served) forgedHeader(t *testing.T, i byte) []byte {
	h := s.header
	h.Height, h.ParentHash, h.TxRoot = 2, s.header.Hash(), common.Hash{i}
	c := s.n.Certificate(t, h, 0, 1, 2)
	c.Signatures = slices.Clone(c.Signatures)
	c.Signatures[1] = tx.Signature{1, 63: 1}
	return feed.Announcement{Header: h, Certificate: c}.Encode()
}

// Garbage on each topic and each stream that a node has: its sender's score goes down until it is disconnected; another client is served on.
func TestGarbageOnEveryTopicAndStream(t *testing.T) {
	numbered := func(raw []byte, i byte) []byte { return append(bytes.Clone(raw), i) }
	for name, send := range map[string]func(t *testing.T, s *served, rude *p2p.Host) func(){
		"txs/1, no RLP":             gossip(feed.TxsTopic, func(_ *testing.T, _ *served, i byte) []byte { return []byte{0xc2, 0xc1, i} }),
		"txs/1, too large":          gossip(feed.TxsTopic, func(_ *testing.T, _ *served, i byte) []byte { return numbered(make([]byte, feed.MaxBatchSize-1), i) }),
		"txs/1, rubbish in a batch": gossip(feed.TxsTopic, func(_ *testing.T, _ *served, i byte) []byte { return feed.EncodeBatch(uint64(i), [][]byte{{0xc1, 1}}) }),
		"txs/1, forged":             gossip(feed.TxsTopic, func(t *testing.T, s *served, i byte) []byte { return s.forgedTx(t, i) }),
		"votes/1, no RLP":           gossip(feed.VotesTopic, func(_ *testing.T, _ *served, i byte) []byte { return []byte{0xc2, 0xc1, i} }),
		"votes/1, too large":        gossip(feed.VotesTopic, func(_ *testing.T, _ *served, i byte) []byte { return numbered(make([]byte, feed.MaxVoteSize), i) }),
		"votes/1, forged":           gossip(feed.VotesTopic, func(t *testing.T, s *served, i byte) []byte { return s.forgedVote(t, i) }),
		"headers/1, no RLP":         gossip(feed.HeadersTopic, func(_ *testing.T, _ *served, i byte) []byte { return []byte{0xc2, 0xc1, i} }),
		"headers/1, too large":      gossip(feed.HeadersTopic, func(_ *testing.T, _ *served, i byte) []byte { return numbered(make([]byte, feed.MaxAnnouncement), i) }),
		"headers/1, forged":         gossip(feed.HeadersTopic, func(t *testing.T, s *served, i byte) []byte { return s.forgedHeader(t, i) }),
		"feed/1, no RLP":            ask(Protocol(), []byte{0xc2, 0xc1}),
		"feed/1, half-open":         ask(Protocol(), feed.Request{From: 0, To: 5}.Encode()),
		"feed/1, reversed":          ask(Protocol(), feed.Request{From: 5, To: 4}.Encode()),
		"links/1, no RLP":           ask(LinksProtocol(), []byte{0xc2, 0xc1}),
		"links/1, height 0":         ask(LinksProtocol(), feed.LinksRequest{}.Encode()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serveAll(t)
			honest, rude := host(t, "honest", s.Host), host(t, "rude", s.Host)
			offend := send(t, s, rude)
			offend()
			eventually(t, "cut off", func() bool { return !s.Connected(rude.ID()) })
			if score := s.Score(rude.ID()); score >= 0 {
				t.Errorf("the sender's score is %f", score)
			}
			steps := 0
			err := honest.Request(t.Context(), s.ID(), Protocol(), feed.Request{From: 1, To: 1}.Encode(), func([]byte) error { steps++; return nil })
			if err != nil || steps != 1 || s.Score(honest.ID()) < 0 {
				t.Errorf("an honest peer: %d steps, score %f, %v", steps, s.Score(honest.ID()), err)
			}
			if s.store.Certified() != 1 {
				t.Errorf("height %d is certified", s.store.Certified())
			}
		})
	}
}

// gossip sends what make makes to a topic.
func gossip(topic string, build func(t *testing.T, s *served, i byte) []byte) func(*testing.T, *served, *p2p.Host) func() {
	return func(t *testing.T, s *served, rude *p2p.Host) func() {
		all := p2p.TopicConfig[[]byte]{
			Decode:     func(raw []byte) ([]byte, error) { return raw, nil },
			Validate:   func(context.Context, peer.ID, []byte) p2p.Verdict { return p2p.Ignore },
			MaxMessage: p2p.MaxMessage, Queue: 1, Validators: 1,
		}
		out, err := p2p.Join(rude, topic, all)
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "in the topic", func() bool { return len(out.Peers()) > 0 })
		return func() {
			var all [][]byte
			for i := range byte(8) {
				all = append(all, build(t, s, i))
			}
			for _, raw := range all { // at once: after the first one the node prunes its sender, and hears less of it
				_ = out.Publish(t.Context(), raw)
			}
		}
	}
}

// ask sends a request that no honest client sends.
func ask(p p2p.Protocol, request []byte) func(*testing.T, *served, *p2p.Host) func() {
	return func(t *testing.T, s *served, rude *p2p.Host) func() {
		return func() {
			for range 8 {
				err := rude.Request(t.Context(), s.ID(), p, request, func([]byte) error { return nil })
				if coded, ok := errors.AsType[*p2p.Error](err); ok && coded.Code != p2p.CodeBadRequest {
					t.Errorf("answered with %v", err)
				}
			}
		}
	}
}
