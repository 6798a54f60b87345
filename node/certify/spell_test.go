package certify

import (
	"errors"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
)

// Nothing is certified for a long time: the collector reads on, holds a bounded number of heights and votes, the newest, and one certificate
// of any height above, announced or collected, covers the whole spell.
func TestBoundedWhileNothingIsCertified(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	m := newMemory(n.Set)
	var before *block.Header
	var hs []block.Header
	grow := func(heights int) {
		for range heights {
			h := header(n, before, n.Set)
			hs, before = append(hs, h), &h
			m.commit(h, nil)
		}
	}
	grow(window + 200)
	const head = window + 200
	c, votes, _ := collectorOn(t, m, n.Set.Operators()[0].Address)
	if err := c.step(t.Context()); err != nil {
		t.Fatal(err)
	}
	// A faulty operator floods every height in, below and beyond the window with votes for many rounds.
	for round := range uint32(40) {
		for _, height := range []uint64{1, 200, 201, 300, head, head + 1, head + ahead, head + ahead + 1} {
			err := c.Vote(chaintest.Sign(t, n.Keys[3], height, round, common.Hash{1}))
			far := height <= 200 || height > head+ahead
			switch {
			case err == nil && !far:
			case far && !errors.Is(err, ErrFar), !far && !errors.Is(err, ErrKnown):
				t.Fatalf("height %d round %d: %v", height, round, err)
			}
		}
	}
	if open := len(c.tally.open); open > window+ahead {
		t.Fatalf("%d heights are open, at most %d", open, window+ahead)
	}
	for h, o := range c.tally.open {
		for who, kept := range o.votes {
			if len(kept) > votesPerOperator {
				t.Fatalf("%d votes of %s at height %d", len(kept), who, h)
			}
		}
	}
	if err := c.Vote(chaintest.Sign(t, n.Keys[3], 300, 41, common.Hash{1})); !errors.Is(err, ErrKnown) {
		t.Fatalf("the operator's budget does not end: %v", err)
	}
	step := func(certified uint64) {
		t.Helper()
		if err := c.step(t.Context()); err != nil {
			t.Fatal(err)
		}
		if m.Certified() != certified {
			t.Fatalf("certified %d, want %d", m.Certified(), certified)
		}
	}
	// A peer announces a height that has left the window: it is certified all the same.
	if err := c.Announcement(feed.Announcement{Header: hs[99], Certificate: n.Certificate(t, hs[99], 0, 1, 2)}); err != nil {
		t.Fatal(err)
	}
	step(100)
	// The honest sign one height: all below is covered.
	for k := range 3 {
		if err := c.Vote(chaintest.Sign(t, n.Keys[k], head-3, 0, hs[head-4].Hash())); err != nil {
			t.Fatal(err)
		}
	}
	step(head - 3)
	grow(5 * window)
	step(head - 3)
	if open := len(c.tally.open); open > window+ahead || len(c.tally.dirty) > 0 || c.tally.head != m.Head() {
		t.Fatalf("%d heights are open, %d to be looked at, read to %d of %d", open, len(c.tally.dirty), c.tally.head, m.Head())
	}
	for k := range 3 {
		c.Observe(chaintest.Sign(t, n.Keys[k], m.Head(), 0, before.Hash()))
	}
	step(m.Head())
	if votes.count() > 0 {
		t.Fatal("gossiped votes that this operator never gave")
	}
}

// LongSpell: one of four operators signs junk at every height while another one is down, for far longer than the window; then the second one comes
// back. At once everything is certified, by a certificate that covers the spell; a node that restarts within it recovers too.
func TestLongSpell(t *testing.T) {
	const spell = 6*window + 77
	n := chaintest.New(t, 1, nil)
	m := newMemory(n.Set)
	c, _, _ := collectorOn(t, m, common.Address{})
	var before *block.Header
	decide := func(operators ...int) {
		h := header(n, before, n.Set)
		before = &h
		votes := []cert.Vote{chaintest.Sign(t, n.Keys[3], h.Height, 0, common.Hash{byte(h.Height), 9}).Vote}
		for _, k := range operators {
			votes = append(votes, chaintest.Sign(t, n.Keys[k], h.Height, 0, h.Hash()).Vote)
		}
		m.commit(h, votes)
	}
	step := func(certified uint64) {
		t.Helper()
		if err := c.step(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := m.Certified(); got != certified {
			t.Fatalf("certified to %d of %d, want %d", got, m.Head(), certified)
		}
	}
	decide(0, 1, 2)
	step(1)
	for i := range spell {
		decide(0, 1) // operator 2 is down
		if i%500 == 0 {
			step(1)
		}
		if i == spell/2 { // the node restarts in the middle
			c, _, _ = collectorOn(t, m, common.Address{})
		}
		if open := len(c.tally.open); open > window+ahead {
			t.Fatalf("%d heights are open", open)
		}
	}
	step(1)
	decide(0, 1, 2)
	step(spell + 2)
	for range 20 {
		decide(1, 2, 0)
	}
	step(spell + 22)
	if m.fault != nil || len(m.certs) != 22 {
		t.Fatalf("%d certificates; %v", len(m.certs), m.fault)
	}
}

// A height that changes the operators does not leave the window: only its own set's certificate covers it, however late it comes.
func TestChangeOfOperatorsStaysOpen(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	next, err := cert.NewSet(n.Set.Operators()[:3])
	if err != nil {
		t.Fatal(err)
	}
	m := newMemory(n.Set, next)
	var before, change *block.Header
	for height := range 3 * window {
		to := n.Set
		if height >= 40 {
			to = next
		}
		h := header(n, before, to)
		if before = &h; height == 40 {
			change = &h
		}
		m.commit(h, nil)
	}
	c, _, _ := collectorOn(t, m, common.Address{})
	for _, signed := range []*block.Header{before, change} {
		if err := c.step(t.Context()); err != nil {
			t.Fatal(err)
		}
		if m.Certified() > 0 {
			t.Fatalf("certified to %d over a change of operators", m.Certified())
		}
		for k := range 3 {
			if err := c.Vote(chaintest.Sign(t, n.Keys[k], signed.Height, 0, signed.Hash())); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := c.step(t.Context()); err != nil || m.Certified() != m.Head() {
		t.Fatalf("certified to %d of %d, %v", m.Certified(), m.Head(), err)
	}
}

// A node that catches up has heard of a header by a quorum of operators who had to go before its height: that is no certificate, so neither a
// rival. One by the operators of that height is.
func TestFormerOperatorsFreezeNobody(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	next, err := cert.NewSet(n.Set.Operators()[:3])
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		at     uint64 // height of the header that the old set signs
		freeze bool
	}{"after their time": {4, false}, "at their last height": {3, true}} {
		t.Run(name, func(t *testing.T) {
			m := newMemory(n.Set, next)
			h1 := header(n, nil, n.Set)
			h2 := header(n, &h1, n.Set)
			h3 := header(n, &h2, next)
			h4 := header(n, &h3, next)
			m.commit(h1, nil)
			c, _, _ := collectorOn(t, m, common.Address{})
			if err := c.step(t.Context()); err != nil {
				t.Fatal(err)
			}
			rival := map[uint64]block.Header{3: h3, 4: h4}[test.at]
			rival.TimeMS, rival.OperatorsHash = rival.TimeMS+1, n.Set.Hash()
			if err := c.Announcement(feed.Announcement{Header: rival, Certificate: n.Certificate(t, rival, 0, 1, 3)}); err != nil {
				t.Fatal(err)
			}
			for _, h := range []block.Header{h2, h3, h4} {
				m.commit(h, nil)
			}
			for _, h := range []block.Header{h3, h4} {
				for k := range 3 {
					c.Observe(chaintest.Sign(t, n.Keys[k], h.Height, 0, h.Hash()))
				}
			}
			var conflict *cert.ErrConflict
			err := c.step(t.Context())
			switch {
			case test.freeze && !errors.As(err, &conflict):
				t.Fatalf("want a conflict, got %v", err)
			case !test.freeze && (err != nil || m.Certified() != 4 || len(c.pending) > 0):
				t.Fatalf("certified to %d, %d announcements pending: %v", m.Certified(), len(c.pending), err)
			}
		})
	}
}

// slowDisk tells when a header is read.
type slowDisk struct {
	*memory

	reading func()
}

func (d slowDisk) Header(h uint64) (block.Header, error) {
	d.reading()
	return d.memory.Header(h)
}

// Anyone may announce old heights as often as it likes: votes do not wait for the disk meanwhile.
func TestOldAnnouncementsHoldNobodyUp(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	m := newMemory(n.Set)
	var before *block.Header
	var hs []block.Header
	for range window + 20 {
		h := header(n, before, n.Set)
		hs, before = append(hs, h), &h
		m.commit(h, nil)
	}
	c, _, _ := collectorOn(t, m, common.Address{})
	for k := range 3 {
		c.Observe(chaintest.Sign(t, n.Keys[k], 1, 0, hs[0].Hash()))
	}
	if err := c.step(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Announcement(feed.Announcement{Header: hs[1], Certificate: n.Certificate(t, hs[1])}); err != nil {
		t.Fatal(err)
	}
	if err := c.step(t.Context()); err != nil || m.Certified() != 2 {
		t.Fatalf("certified to %d: %v", m.Certified(), err)
	}
	reads, held := 0, 0
	c.chain = slowDisk{m, func() {
		reads++
		if !c.mu.TryLock() {
			held++
			return
		}
		c.mu.Unlock()
	}}
	junk := hs[0]
	junk.TimeMS++
	weak := n.Certificate(t, junk)
	weak.Bitmap, weak.Signatures = []byte{0xc0}, weak.Signatures[:2]
	for name, test := range map[string]struct {
		announcement feed.Announcement
		want         error
	}{
		"certified":        {feed.Announcement{Header: hs[0], Certificate: n.Certificate(t, hs[0])}, ErrKnown},
		"junk":             {feed.Announcement{Header: junk, Certificate: weak}, ErrInvalid},
		"below the window": {feed.Announcement{Header: hs[9], Certificate: n.Certificate(t, hs[9])}, nil},
	} {
		if err := c.Announcement(test.announcement); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	if reads != 3 || held > 0 {
		t.Errorf("of %d reads, %d held votes up", reads, held)
	}
}
