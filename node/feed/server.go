package feed

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/lru"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/namespaces/lane"
	"github.com/lockstep-network/lockstep/node/store"
	"github.com/lockstep-network/lockstep/p2p"
)

// Bounds of serving.
const (
	// frameTimeout bounds the sending of one step; it is also how long a client waits for the next one, so it is well above the longest
	// pause between two blocks of a live chain.
	frameTimeout = 30 * time.Second
	// maxFrame is the largest step that the network carries at once, in bytes: a full block's lane with its proof is about 7 MiB.
	maxFrame = feed.MaxStepSize
	// headersAtOnce and lanesAtOnce bound the steps that a client must hold before a certificate covers them.
	headersAtOnce = 256
	lanesAtOnce   = 16
	// waitAhead is how far above the certified head a follower may begin: this node may be a moment behind.
	waitAhead = 64
	// proofCache is how many lane proofs are kept, of at most 3 KiB each.
	proofCache = 4096
)

// Protocol is how the feed is asked for: one [feed.Request], answered by a frame for each [feed.Step].
func Protocol() p2p.Protocol {
	return p2p.Protocol{Name: feed.Protocol, MaxRequest: feed.MaxRequestSize, MaxFrame: maxFrame, Timeout: frameTimeout}
}

// Limits are the streams that are served at once: a rollup node has one to each of a few operators.
func Limits() p2p.ServeLimits { return p2p.ServeLimits{PerPeer: 8, Total: 512} }

// Chain is the certified blocks; a *store.Store is one.
type Chain interface {
	Certified() uint64
	WaitCertified(ctx context.Context, height uint64) error
	Piece(from, to uint64) (cert.Run, error)
}

// Blocks are the contents of blocks; a *store.Store has them. Cached ones cost nothing; nil if they have to be assembled.
type Blocks interface {
	Cached(height uint64) *block.Contents
	Contents(height uint64) (*block.Contents, error)
}

// Server answers requests for steps. Serve may be called from any goroutine.
type Server struct {
	chain      Chain
	blocks     Blocks
	set        func(common.Hash) (cert.Set, error)
	assembling slots // one for each block that is being assembled
	proving    slots // one for each block whose lanes are being proven
	proofs     *lru.Cache[proofKey, lane.Proof]
}

type proofKey struct {
	height uint64
	ns     namespaces.Namespace
}

// slots bound what is done at once for others.
type slots chan struct{}

// newSlots gives others a quarter of the cores, and at least one: consensus, which has no such bound, keeps the most.
func newSlots() slots { return make(slots, max(1, runtime.GOMAXPROCS(0)/4)) }

func (s slots) do(ctx context.Context, work func() error) error {
	select {
	case s <- struct{}{}:
		defer func() { <-s }()
		return work()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// NewServer makes a server. set opens the operators that a header names by their hash.
func NewServer(chain Chain, blocks Blocks, set func(common.Hash) (cert.Set, error)) *Server {
	return &Server{
		chain: chain, blocks: blocks, set: set,
		assembling: newSlots(), proving: newSlots(), proofs: lru.NewCache[proofKey, lane.Proof](proofCache),
	}
}

// Serve answers one request: it is a [p2p.Handler]. The steps go from the first height asked for to the end of the run that covers the last one,
// those above it without lanes; a certificate stands at the end of each run. Of a long run they end with a piece. The client's pace is the pace: each step is built when the one before
// has been taken.
func (s *Server) Serve(ctx context.Context, _ peer.ID, request []byte, respond func([]byte) error) error {
	r, err := feed.DecodeRequest(request)
	if err != nil {
		return &p2p.Error{Code: p2p.CodeBadRequest, Text: err.Error()}
	}
	if err := s.admit(r); err != nil {
		return err
	}
	for next := r.From; r.To == 0 || next <= r.To; {
		if err := s.chain.WaitCertified(ctx, next); err != nil {
			return fmt.Errorf("wait for height %d: %w", next, err)
		}
		run, err := s.run(next, r)
		if err != nil {
			return coded(err)
		}
		for i := range run.Headers {
			step, err := s.step(ctx, run, i, r)
			if err != nil {
				return coded(err)
			}
			raw := step.Encode()
			if len(raw) > maxFrame {
				return &p2p.Error{Code: p2p.CodeInternal, Text: fmt.Sprintf(
					"too large: the lanes of height %d take %d bytes, a step at most %d: ask for fewer namespaces", step.Header.Height, len(raw), maxFrame)}
			}
			if err := respond(raw); err != nil {
				return fmt.Errorf("send step: %w", err)
			}
		}
		next += uint64(len(run.Headers))
	}
	return nil
}

// admit refuses heights that are not certified, unless the request is to follow and begins near the head.
func (s *Server) admit(r feed.Request) error {
	certified := s.chain.Certified()
	if r.To > certified || r.From > certified+waitAhead {
		return &p2p.Error{Code: p2p.CodeNotFound, Text: fmt.Sprintf("not yet: heights to %d are certified; follow to wait", certified)}
	}
	return nil
}

func (s *Server) run(from uint64, r feed.Request) (cert.Run, error) {
	atOnce := uint64(headersAtOnce)
	if len(r.Namespaces) > 0 {
		atOnce = lanesAtOnce
	}
	to := min(from+atOnce-1, s.chain.Certified())
	if r.To != 0 {
		to = min(to, r.To)
	}
	run, err := s.chain.Piece(from, to)
	if err != nil {
		return cert.Run{}, err
	}
	last := run.Headers[len(run.Headers)-1]
	if run.Piece() || run.Next != nil || last.NextOperatorsHash == last.OperatorsHash {
		return run, nil
	}
	next, err := s.set(last.NextOperatorsHash)
	if err != nil {
		return cert.Run{}, fmt.Errorf("open operators after height %d: %w", last.Height, err)
	}
	run.Next = next.Operators()
	return run, nil
}

// step is the i-th height of a run.
func (s *Server) step(ctx context.Context, run cert.Run, i int, r feed.Request) (feed.Step, error) {
	step := feed.Step{Header: run.Headers[i]}
	if i == len(run.Headers)-1 && !run.Piece() {
		step.Certificate, step.Next = &run.Certificate, run.Next
	}
	if len(r.Namespaces) == 0 || r.To != 0 && step.Header.Height > r.To {
		return step, nil
	}
	var err error
	step.Lanes, err = s.Lanes(ctx, step.Header.Height, r.Namespaces)
	return step, err
}

// Contents returns what a block holds, for whoever asks from outside: over this server's streams, or by RPC. Blocks that are in memory are there at
// once; few others are assembled at a time.
func (s *Server) Contents(ctx context.Context, height uint64) (contents *block.Contents, err error) {
	if contents = s.blocks.Cached(height); contents != nil {
		return contents, nil
	}
	err = s.assembling.do(ctx, func() error {
		contents, err = s.blocks.Contents(height)
		return err
	})
	return contents, err
}

// Lanes returns the lanes of a block under the namespaces, each with the proof that it is complete or that there is none.
func (s *Server) Lanes(ctx context.Context, height uint64, wanted []namespaces.Namespace) ([]feed.Lane, error) {
	contents, err := s.Contents(ctx, height)
	if err != nil {
		return nil, err
	}
	lanes := make([]feed.Lane, len(wanted))
	missing := false
	for i, ns := range wanted {
		lanes[i] = feed.Lane{Namespace: ns, Data: contents.Lane(ns)}
		var known bool
		lanes[i].Proof, known = s.proofs.Get(proofKey{height, ns})
		missing = missing || !known
	}
	if !missing {
		return lanes, nil
	}
	return lanes, s.proving.do(ctx, func() error { return s.prove(contents.Table, height, lanes) })
}

// prove fills in the lanes' proofs.
func (s *Server) prove(table lane.Table, height uint64, lanes []feed.Lane) (err error) {
	for i := range lanes {
		key := proofKey{height, lanes[i].Namespace}
		proof, known := s.proofs.Get(key)
		if !known {
			if proof, err = table.Prove(key.ns); err != nil {
				return fmt.Errorf("prove lane of height %d: %w", height, err)
			}
			s.proofs.Add(key, proof)
		}
		lanes[i].Proof = proof
	}
	return nil
}

// coded turns an error of the store into what a client may know.
func coded(err error) error {
	switch {
	case errors.Is(err, store.ErrPruned):
		return &p2p.Error{Code: p2p.CodeNotFound, Text: "pruned: " + err.Error()}
	case errors.Is(err, store.ErrNotYet):
		return &p2p.Error{Code: p2p.CodeNotFound, Text: "not yet: " + err.Error()}
	default:
		return err
	}
}
