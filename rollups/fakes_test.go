package rollups

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/p2p"
)

// fakeExecutor derives blocks that are hashes of all that came before. It outlives the drivers of a test, as a disk would.
type fakeExecutor struct {
	mu     sync.Mutex
	blocks []Output
	calls  int
	// after runs when a block was stored, before Execute returns: the place where a crash hurts most. Its error is returned.
	after func(Output) error
	salt  string // makes another executor
	stuck error  // what Rollback returns
	backs int    // how often it did
}

func newFakeExecutor() *fakeExecutor {
	return &fakeExecutor{blocks: []Output{{BlockHash: common.Hash{7}, StateRoot: common.Hash{8}}}}
}

func (x *fakeExecutor) Head() Output {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.blocks[len(x.blocks)-1]
}

func (x *fakeExecutor) Execute(_ context.Context, in Input) (Output, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.calls++
	head := x.blocks[len(x.blocks)-1]
	if len(in.Entries) == 0 {
		return Output{}, errors.New("no entries")
	}
	if in.Names(head) && len(x.blocks) > 1 {
		if parent := x.blocks[len(x.blocks)-2]; x.derive(parent, in) == head {
			return head, nil
		}
	}
	if !in.After(head) {
		return Output{}, fmt.Errorf("height %d after %d", in.Height, head.Height)
	}
	out := x.derive(head, in)
	x.blocks = append(x.blocks, out)
	if x.after != nil {
		if err := x.after(out); err != nil {
			return Output{}, err
		}
	}
	return out, nil
}

func (x *fakeExecutor) derive(parent Output, in Input) Output {
	k := crypto.NewKeccakState()
	k.Write([]byte(x.salt))
	k.Write(parent.BlockHash[:])
	k.Write(in.Hash[:])
	k.Write(binary.BigEndian.AppendUint64(nil, in.TimeMS))
	for _, e := range in.Entries {
		k.Write(binary.BigEndian.AppendUint64(nil, uint64(len(e))))
		k.Write(e)
	}
	hash := common.BytesToHash(k.Sum(nil))
	return Output{Height: in.Height, Fallback: in.Fallback, Number: parent.Number + 1, BlockHash: hash, StateRoot: crypto.Keccak256Hash(hash[:])}
}

func (x *fakeExecutor) Rollback(_ context.Context, number uint64) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.stuck != nil {
		x.backs++
		return x.stuck
	}
	for len(x.blocks) > 1 && x.blocks[len(x.blocks)-1].Number > number {
		x.blocks = x.blocks[:len(x.blocks)-1]
	}
	return nil
}

// stage is how far the sequencer has come, for all fakes of a test.
type stage struct {
	mu      sync.Mutex
	head    uint64
	changed chan struct{}
}

func newStage(head uint64) *stage { return &stage{head: head, changed: make(chan struct{})} }

func (s *stage) now() (uint64, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.head, s.changed
}

func (s *stage) set(head uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.head = head
	close(s.changed)
	s.changed = make(chan struct{})
}

// wait returns when the head is at least height.
func (s *stage) wait(ctx context.Context, height uint64) error {
	for {
		head, changed := s.now()
		if head >= height {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// server is how a fake peer answers a request.
type server func(ctx context.Context, req feed.Request, send func(feed.Step) error) error

// fakePeers is a network of servers.
type fakePeers struct {
	names   []string
	servers map[string]server
	links   map[string]func(req feed.LinksRequest, send func(cert.Links) error) error

	mu      sync.Mutex
	charged map[string][]Fault
	asked   map[string]int
}

func newFakePeers() *fakePeers {
	return &fakePeers{servers: make(map[string]server), charged: make(map[string][]Fault), asked: make(map[string]int)}
}

func (p *fakePeers) add(name string, s server) *fakePeers {
	p.names, p.servers[name] = append(p.names, name), s
	return p
}

func (p *fakePeers) Candidates() []string { return p.names }

func (p *fakePeers) Follow(ctx context.Context, peer string, req feed.Request, onStep func([]byte) error) error {
	p.mu.Lock()
	p.asked[peer]++
	p.mu.Unlock()
	return p.servers[peer](ctx, req, func(s feed.Step) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return onStep(s.Encode())
	})
}

func (p *fakePeers) Links(ctx context.Context, peer string, req feed.LinksRequest, onLinks func([]byte) error) error {
	if p.links[peer] == nil {
		return errors.New("no links here")
	}
	return p.links[peer](req, func(l cert.Links) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return onLinks(feed.EncodeLinks(l))
	})
}

func (p *fakePeers) Charge(peer string, f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.charged[peer] = append(p.charged[peer], f)
}

func (p *fakePeers) charges(peer string) []Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.charged[peer])
}

// honest serves the chain as far as the stage has come, and follows it.
func honest(c *chain, s *stage) server {
	return altered(c, s, func(st feed.Step) feed.Step { return st })
}

// altered serves the chain with each step changed.
func altered(c *chain, s *stage, alter func(feed.Step) feed.Step) server {
	return func(ctx context.Context, req feed.Request, send func(feed.Step) error) error {
		for h := req.From; h <= uint64(len(c.steps)); h++ {
			if err := s.wait(ctx, h); err != nil {
				return err
			}
			if err := send(alter(c.step(h))); err != nil {
				return err
			}
		}
		<-ctx.Done()
		return ctx.Err()
	}
}

// fakeGossip announces each certified height of the stage.
type fakeGossip struct {
	chain *chain
	stage *stage
}

func (g fakeGossip) Listen(ctx context.Context, judge func(feed.Announcement) p2p.Verdict) error {
	for last := uint64(0); ; {
		head, changed := g.stage.now()
		if h := g.chain.covered(head); h > last {
			judge(feed.Announcement{Header: g.chain.steps[h-1].Header, Certificate: *g.chain.steps[h-1].Certificate})
			last = h
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// fakeDA publishes the chain in batches, each a run of its own that ends at a certified header or a change of the set. The DA height of a
// batch is the height that it ends at; what is final is told by a stage.
type fakeDA struct {
	chain     *chain
	published *stage
	finality  *stage
	batch     uint64
	flaky     func() error // asked before each block
}

func (d *fakeDA) Final(context.Context) (uint64, error) {
	head, _ := d.finality.now()
	return head, nil
}

func (d *fakeDA) Open(_ context.Context, after cert.Trust, cursor []byte) (FirmReader, error) {
	if after.Height > 0 && len(cursor) != 8 || len(cursor) == 8 && binary.BigEndian.Uint64(cursor) != after.Height {
		return nil, fmt.Errorf("cursor %x does not belong to height %d", cursor, after.Height)
	}
	return &fakeReader{da: d, trust: after}, nil
}

type fakeReader struct {
	da     *fakeDA
	trust  cert.Trust
	blocks []Block
}

func (r *fakeReader) Close() error { return nil }

func (r *fakeReader) Next(ctx context.Context) (Block, error) {
	if r.da.flaky != nil {
		if err := r.da.flaky(); err != nil {
			return Block{}, err
		}
	}
	if len(r.blocks) == 0 {
		c := r.da.chain
		end := r.trust.Height
		var steps []feed.Step
		for {
			end++
			if end > uint64(len(c.steps)) {
				<-ctx.Done()
				return Block{}, ctx.Err()
			}
			s := c.step(end)
			full := uint64(len(steps)+1) >= r.da.batch && s.Certificate != nil || s.Next != nil
			if !full {
				s.Certificate = nil
			}
			if end == uint64(len(c.steps)) {
				s, full = c.steps[end-1], true
			}
			if steps = append(steps, s); full {
				break
			}
		}
		if err := r.da.published.wait(ctx, end); err != nil {
			return Block{}, err
		}
		blocks, next, err := verify(r.trust, new(cert.Marks), mine(), steps)
		if err != nil {
			return Block{}, err
		}
		for i := range blocks {
			blocks[i].DAHeight = end
		}
		blocks[len(blocks)-1].Reach = end
		blocks[len(blocks)-1].Cursor = binary.BigEndian.AppendUint64(nil, end)
		r.blocks, r.trust = blocks, next
	}
	b := r.blocks[0]
	r.blocks = r.blocks[1:]
	return b, nil
}

var errCut = fmt.Errorf("connection cut: %w", io.ErrUnexpectedEOF)

// recordFrom notes from which height each request asks.
func recordFrom(from *[]uint64, s server) server {
	return func(ctx context.Context, req feed.Request, send func(feed.Step) error) error {
		*from = append(*from, req.From)
		return s(ctx, req, send)
	}
}
