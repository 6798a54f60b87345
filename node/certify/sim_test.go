package certify

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
)

// memory is a chain in memory with the store's rules: certified moves as far as certificates cover, and never over a change of operators.
type memory struct {
	mu        sync.Mutex
	headers   []block.Header // headers[0] is height 1
	sets      map[common.Hash]cert.Set
	certs     map[uint64]cert.Certificate
	certified uint64
	changed   chan struct{}
	commits   map[uint64][]cert.Vote
	fault     error // of a certificate that does not hold
}

func newMemory(sets ...cert.Set) *memory {
	m := &memory{
		sets: make(map[common.Hash]cert.Set), certs: make(map[uint64]cert.Certificate),
		changed: make(chan struct{}), commits: make(map[uint64][]cert.Vote),
	}
	for _, s := range sets {
		m.sets[s.Hash()] = s
	}
	return m
}

func (m *memory) Head() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return uint64(len(m.headers))
}

func (m *memory) Header(h uint64) (block.Header, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if h == 0 || h > uint64(len(m.headers)) {
		return block.Header{}, fmt.Errorf("no header %d", h)
	}
	return m.headers[h-1], nil
}

func (m *memory) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}

func (m *memory) Certified() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.certified
}

func (m *memory) Run(from, to uint64) (run cert.Run, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for h := from; h <= m.certified; h++ {
		run.Headers = append(run.Headers, m.headers[h-1])
		if c, ok := m.certs[h]; ok && h >= to {
			run.Certificate = c
			return run, nil
		}
	}
	return run, errors.New("not certified")
}

func (m *memory) SetCertificate(c cert.Certificate) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	h := m.headers[c.Height-1]
	if err := c.Verify(chaintest.ChainID, m.sets[h.OperatorsHash]); err != nil || c.HeaderHash != h.Hash() {
		m.fault = errors.Join(m.fault, fmt.Errorf("certificate of height %d does not hold: %w", c.Height, err))
	}
	m.certs[c.Height] = c
	for h := m.certified + 1; h <= uint64(len(m.headers)); h++ {
		if _, ok := m.certs[h]; ok {
			m.certified = h
		} else if m.headers[h-1].NextOperatorsHash != m.headers[h-1].OperatorsHash {
			break
		}
	}
	m.wake()
	return nil
}

func (m *memory) ExtendedCommit(h uint64) ([]cert.Vote, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	votes, ok := m.commits[h]
	if !ok {
		return nil, errors.New("no commit")
	}
	return votes, nil
}

func (m *memory) commit(h block.Header, votes []cert.Vote) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.headers = append(m.headers, h)
	m.commits[h.Height] = votes
	m.wake()
}

func (m *memory) wake() {
	close(m.changed)
	m.changed = make(chan struct{})
}

func (m *memory) set(hash common.Hash) (cert.Set, error) {
	if s, ok := m.sets[hash]; ok {
		return s, nil
	}
	return cert.Set{}, fmt.Errorf("unknown operators %s", hash)
}

// topic collects what is published on it and hands it on.
type topic struct {
	mu      sync.Mutex
	sent    [][]byte
	deliver func([]byte)
}

func (t *topic) Publish(_ context.Context, raw []byte) error {
	t.mu.Lock()
	t.sent = append(t.sent, raw)
	t.mu.Unlock()
	if t.deliver != nil {
		t.deliver(raw)
	}
	return nil
}

func (t *topic) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.sent)
}

// header makes the header after the last of the chain.
func header(n *chaintest.Network, before *block.Header, next cert.Set) block.Header {
	h := block.Header{
		ChainID: chaintest.ChainID, Height: 1, TimeMS: 1, ParentHash: n.Genesis.Hash(), OperatorsHash: n.Set.Hash(), NextOperatorsHash: next.Hash(),
	}
	if before != nil {
		h.Height, h.TimeMS, h.ParentHash, h.OperatorsHash = before.Height+1, before.TimeMS+100, before.Hash(), before.NextOperatorsHash
	}
	return h
}

// adversary is the last of four operators. For each height it says which vote stands first in every stored commit, and what it gossips when.
type adversary interface {
	votes(s *sim, h block.Header) (stored *cert.Vote, gossip map[time.Duration]feed.Vote)
}

// JunkEveryHeight signs 32 bytes of its own at every height, and is always among the first.
type JunkEveryHeight struct{}

func (JunkEveryHeight) votes(s *sim, h block.Header) (*cert.Vote, map[time.Duration]feed.Vote) {
	var junk common.Hash
	for i := range junk {
		junk[i] = byte(s.intn(256))
	}
	v := s.sign(3, h.Height, 0, junk)
	return &v.Vote, map[time.Duration]feed.Vote{0: v}
}

// Withholder never signs.
type Withholder struct{}

func (Withholder) votes(*sim, block.Header) (*cert.Vote, map[time.Duration]feed.Vote) {
	return nil, nil
}

// LateSigner signs what it should, seconds after everybody else.
type LateSigner struct{}

func (LateSigner) votes(s *sim, h block.Header) (*cert.Vote, map[time.Duration]feed.Vote) {
	return nil, map[time.Duration]feed.Vote{time.Duration(1+s.intn(3)) * time.Second: s.sign(3, h.Height, 0, h.Hash())}
}

// WrongRound signs the right header, for rounds that nobody else was in, as often as it can.
type WrongRound struct{}

func (WrongRound) votes(s *sim, h block.Header) (*cert.Vote, map[time.Duration]feed.Vote) {
	out := make(map[time.Duration]feed.Vote)
	for r := range uint32(24) {
		out[time.Duration(r)*time.Millisecond] = s.sign(3, h.Height, r+1, h.Hash())
	}
	return nil, out
}

// Forger gossips votes in the names of the honest, which they never signed, and does not vote.
type Forger struct{}

func (Forger) votes(s *sim, h block.Header) (*cert.Vote, map[time.Duration]feed.Vote) {
	out := make(map[time.Duration]feed.Vote)
	for i := range 40 {
		v := s.sign(3, h.Height, 0, h.Hash())
		v.Operator = crypto.PubkeyToAddress(s.net.Keys[i%3].PublicKey)
		out[time.Duration(i)*time.Millisecond] = v
	}
	return nil, out
}

// sim is four nodes, the last of which is the adversary's and not simulated: three collectors, each with its own view of who voted.
type sim struct {
	t     *testing.T
	net   *chaintest.Network
	nodes []*simNode
	deaf  bool // late votes are always lost: only gossip carries what a stored commit lacks

	mu      sync.Mutex
	rng     *rand.Rand // under mu
	invalid int        // under mu: gossiped votes that were refused as invalid
}

type simNode struct {
	chain          *memory
	collector      *Collector
	votes, headers *topic
}

func newSim(t *testing.T, seed uint64) *sim {
	s := &sim{t: t, net: chaintest.New(t, 1, nil), rng: rand.New(rand.NewPCG(seed, 4))}
	for i := range 3 {
		n := &simNode{chain: newMemory(s.net.Set), votes: new(topic), headers: new(topic)}
		c, err := New(Config{
			ChainID: chaintest.ChainID, Own: is(s.net.Set.Operators()[i].Address), Set: n.chain.set, Evidence: t.TempDir(),
		}, n.chain, n.chain, n.chain, n.votes, n.headers)
		if err != nil {
			t.Fatal(err)
		}
		n.collector = c
		s.nodes = append(s.nodes, n)
	}
	return s
}

func (s *sim) intn(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rng.IntN(n)
}

func (s *sim) sign(i int, height uint64, round uint32, hash common.Hash) feed.Vote {
	return chaintest.Sign(s.t, s.net.Keys[i], height, round, hash)
}

// gossip brings a vote to every node but its sender (-1: an outsider), each after a delay of its own.
func (s *sim) gossip(ctx context.Context, from int, v feed.Vote, delay func() time.Duration) {
	raw := v.Encode()
	for i, n := range s.nodes {
		if i == from {
			continue
		}
		s.after(ctx, delay(), func() {
			v, err := feed.DecodeVote(raw)
			if err != nil {
				s.t.Error(err)
				return
			}
			if err := n.collector.Vote(v); errors.Is(err, ErrInvalid) {
				s.mu.Lock()
				s.invalid++
				s.mu.Unlock()
			}
		})
	}
}

// announce brings an announcement to each other node, or loses it.
func (s *sim) announce(ctx context.Context, from int, raw []byte) {
	for i, n := range s.nodes {
		if i == from || s.intn(2) == 0 {
			continue
		}
		s.after(ctx, 10*time.Millisecond, func() {
			a, err := feed.DecodeAnnouncement(raw)
			if err == nil {
				err = n.collector.Announcement(a)
			}
			if err != nil && !errors.Is(err, ErrKnown) && !errors.Is(err, ErrFar) {
				s.t.Error(err)
			}
		})
	}
}

func (s *sim) after(ctx context.Context, d time.Duration, do func()) {
	go func() {
		select {
		case <-time.After(d):
			do()
		case <-ctx.Done():
		}
	}()
}

// is says whether an address is this one.
func is(self common.Address) func(common.Address) bool {
	return func(a common.Address) bool { return a == self }
}
