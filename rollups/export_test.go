package rollups

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/batch"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/p2p"
)

// Sequencer is a test chain for tests that also use rollups/evm, which imports this package.
type Sequencer struct {
	chain *chain
	stage *stage
}

// NewSequencer makes heights whose legs for [Mine] are what data returns.
func NewSequencer(seed uint64, heights int, data func(*rand.Rand, uint64) []byte) *Sequencer {
	return &Sequencer{grow(seed, &chain{genesis: testGenesis(), data: data}, heights), newStage(0)}
}

// NewWideSequencer makes heights of one Tx with so many legs each.
func NewWideSequencer(heights, legs int, data func(*rand.Rand, uint64) []byte) *Sequencer {
	return &Sequencer{grow(1, &chain{genesis: testGenesis(), data: data, wide: legs}, heights), newStage(0)}
}

// Mine is the namespace of the rollup under test.
func Mine() namespaces.Namespace { return mine() }

// Genesis is what to trust.
func (s *Sequencer) Genesis() cert.Trust { return s.chain.genesis }

// Inputs are what the executor must be given.
func (s *Sequencer) Inputs() []Input { return s.chain.inputs }

// SetHead lets the chain be seen up to a height.
func (s *Sequencer) SetHead(height uint64) { s.stage.set(height) }

// Serve is an operator: it serves the feed on a host and announces heights. With lie it cuts an entry off the lanes it serves.
func (s *Sequencer) Serve(t *testing.T, h *p2p.Host, lie bool) {
	t.Helper()
	serve := honest(s.chain, s.stage)
	if lie {
		serve = altered(s.chain, s.stage, func(st feed.Step) feed.Step {
			if st.Header.Height > 8 && len(st.Lanes[0].Data) > 0 {
				st.Lanes = []feed.Lane{{Namespace: mine(), Data: st.Lanes[0].Data[:len(st.Lanes[0].Data)-1], Proof: st.Lanes[0].Proof}}
			}
			return st
		})
	}
	p := p2p.Protocol{Name: feed.Protocol, MaxRequest: feed.MaxRequestSize, MaxFrame: maxStepFrame, Timeout: feedTimeout}
	err := h.Handle(p, p2p.ServeLimits{PerPeer: 8, Total: 64}, func(ctx context.Context, _ peer.ID, raw []byte, respond func([]byte) error) error {
		req, err := feed.DecodeRequest(raw)
		if err != nil {
			return &p2p.Error{Code: p2p.CodeBadRequest, Text: err.Error()}
		}
		return serve(ctx, req, func(st feed.Step) error { return respond(st.Encode()) })
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := p2p.OpenOutlet(h, feed.HeadersTopic)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = fakeGossip{s.chain, s.stage}.Listen(ctx, func(a feed.Announcement) p2p.Verdict {
			_ = out.Publish(ctx, a.Encode())
			return p2p.Accept
		})
	}()
	t.Cleanup(func() { cancel(); <-done })
}

// Publish writes a run of heights to a DA layer; to must end a run.
func (s *Sequencer) Publish(t testing.TB, layer da.Layer, from, to uint64) {
	t.Helper()
	for from <= to {
		end := from
		for s.chain.steps[end-1].Next == nil && end < to {
			end++
		}
		headers, lanes := s.chain.blobs(t, from, end)
		if _, err := layer.Submit(t.Context(), append(headers, lanes...)); err != nil {
			t.Fatal(err)
		}
		from = end + 1
	}
}

// blobs are a run of heights as they stand on a DA layer: the headers, and the lanes of this rollup.
func (c *chain) blobs(t testing.TB, from, to uint64) (headers, lanes []da.Blob) {
	t.Helper()
	codec, err := batch.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	last := c.steps[to-1]
	h := batch.Headers{ChainID: testChain, Certificate: *last.Certificate, Next: last.Next}
	l := batch.Lanes{ChainID: testChain, Namespace: mine()}
	for ; from <= to; from++ {
		st := c.steps[from-1]
		h.Blocks = append(h.Blocks, batch.HeaderLanes{Header: st.Header, Leaves: c.blocks[from-1].Table.Leaves()})
		if len(st.Lanes[0].Data) > 0 {
			l.Lanes = append(l.Lanes, batch.LaneAt{Height: from, Data: st.Lanes[0].Data})
		}
	}
	raw, err := codec.EncodeHeaders(h)
	if err != nil {
		t.Fatal(err)
	}
	headers = []da.Blob{{Namespace: namespaces.Headers(), Data: raw}}
	if len(l.Lanes) > 0 {
		if raw, err = codec.EncodeLanes(l); err != nil {
			t.Fatal(err)
		}
		lanes = []da.Blob{{Namespace: mine(), Data: raw}}
	}
	return headers, lanes
}
