package contracts

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/lane"
)

// present asks verifyTx.
func (c *l1) present(s Shown, id common.Hash, m namespaces.Membership) (bool, error) {
	out, err := c.call(c.inbox.PackVerifyTx(s, id, MembershipOf(m)))
	if err != nil {
		return false, err
	}
	return c.inbox.UnpackVerifyTx(out)
}

// Every transaction and lane of a run is shown by links to the recorded header, and by a path once the run is settled.
func TestWhatIsRecordedIsProven(t *testing.T) {
	c := newL1(t, newNetwork(t, "first", 10, 10, 10, 10))
	c.submit(headers(t, c.trust, 3, ""))
	run := headers(t, c.trust, 9, "")
	s, _ := c.submit(run)
	show := func(i int) []Shown {
		return []Shown{ShowByLinks(encodings(run[i:]), 12, s.committed.Hash()), ShowByRoot(run[i].Encode(), 12, hashes(run), i)}
	}
	c.mustRefuse("a path before settling", "NotRecorded", c.inbox.PackVerifyHeader(show(2)[1]))
	settled := event(c, c.do(c.inbox.PackSettle(encodings(run), s.committed.Hash())), c.inbox.UnpackSettledEvent)
	if settled.First != 4 || settled.Last != 12 || settled.Root != s.committed.Root {
		t.Errorf("event %+v", settled)
	}
	for i, m := range run {
		for _, shown := range show(i) {
			out, err := c.call(c.inbox.PackVerifyHeader(shown))
			if err != nil {
				t.Fatalf("height %d: %s", m.Height, c.errorName(err))
			}
			if h, err := c.inbox.UnpackVerifyHeader(out); err != nil || h.Hash != m.Hash() || h.Height.Uint64() != m.Height || h.TxRoot != m.TxRoot {
				t.Errorf("height %d is shown as %+v, %v", m.Height, h, err)
			}
			c.provesTxs(shown, m)
			c.provesLanes(shown, m)
		}
	}
}

func (c *l1) provesTxs(shown Shown, m made) {
	c.t.Helper()
	tree, err := namespaces.NewTree(m.ids)
	if err != nil {
		c.t.Fatal(err)
	}
	asked := append([]common.Hash{{}, {0xff}, {0, 0, 0, 0, 0, 0, 0, 2, 1}}, m.ids...)
	for _, id := range asked {
		proof, present := tree.Prove(id)
		if got, err := c.present(shown, id, proof); err != nil || got != present {
			c.t.Errorf("height %d: %s is present=%t, the contract says %t, %s", m.Height, id, present, got, c.errorName(err))
		}
		for what, other := range map[string]common.Hash{"another": {0x55, 1}, "a neighbour": {0, 0, 0, 0, 0, 0, 0, 1}} {
			_, goErr := proof.Verify(m.TxRoot, other)
			_, err := c.present(shown, other, proof)
			if (goErr == nil) != (err == nil) {
				c.t.Errorf("height %d, %s under the proof of %s: Go %v, the contract %v", m.Height, what, id, goErr, err)
			}
		}
	}
}

func (c *l1) provesLanes(shown Shown, m made) {
	c.t.Helper()
	for i := range uint64(80) {
		ns := name(i)
		proof, err := m.table.Prove(ns)
		if err != nil {
			c.t.Fatal(err)
		}
		absent := c.inbox.PackVerifyNoLane(shown, ns, LaneProofOf(proof))
		leaf, ok := m.table.Leaf(ns)
		if !ok {
			if name := c.refused(absent); name != "" {
				c.t.Errorf("height %d has no lane %s: %s", m.Height, ns, name)
			}
			continue
		}
		c.mustRefuse("absence of what is there", "BadLaneProof", absent)
		lane := func(l lane.Leaf) []byte {
			return c.inbox.PackVerifyLane(shown, ns, new256(uint64(l.Length)), l.Commitment, LaneProofOf(proof))
		}
		if name := c.refused(lane(leaf)); name != "" {
			c.t.Errorf("height %d has the lane %s: %s", m.Height, ns, name)
		}
		leaf.Length++
		c.mustRefuse("another length", "BadLaneProof", lane(leaf))
		leaf.Length--
		leaf.Commitment[0]++
		c.mustRefuse("another commitment", "BadLaneProof", lane(leaf))
	}
}

// A header that is not recorded, by whatever road, is not shown.
func TestHeadersThatAreNotShown(t *testing.T) {
	c := newL1(t, newNetwork(t, "first", 10, 10, 10, 10))
	run := headers(t, c.trust, 6, "")
	s, _ := c.submit(run)
	c.do(c.inbox.PackSettle(encodings(run[2:]), s.committed.Hash()))
	rival := headers(t, c.network.trust(), 6, "rival")
	good := func() Shown { return ShowByLinks(encodings(run[1:]), 6, s.committed.Hash()) }
	path := func() Shown { return ShowByRoot(run[3].Encode(), 6, hashes(run[2:]), 1) }
	for what, sh := range map[string]Shown{"links": good(), "path": path()} {
		if name := c.refused(c.inbox.PackVerifyHeader(sh)); name != "" {
			t.Fatalf("%s: %s", what, name)
		}
	}
	for _, a := range []struct {
		who, want string
		shown     func() Shown
	}{
		{"nothing", "NoHeaders", func() Shown { return Shown{} }},
		{"rival", "NotRecorded", func() Shown { return ShowByLinks(encodings(rival), 6, s.committed.Hash()) }},
		{"another batch", "NotRecorded", func() Shown { return ShowByLinks(encodings(run), 6, common.Hash{1}) }},
		{"another anchor", "NotRecorded", func() Shown { return ShowByLinks(encodings(run), 5, s.committed.Hash()) }},
		{"links that end early", "NotRecorded", func() Shown { return ShowByLinks(encodings(run[:5]), 5, s.committed.Hash()) }},
		{"a gap", "BrokenLink", func() Shown { sh := good(); sh.Headers = append(sh.Headers[:1], sh.Headers[2:]...); return sh }},
		{"rival below", "BrokenLink", func() Shown { sh := good(); sh.Headers[0] = rival[1].Encode(); return sh }},
		{"rival at a path", "NotRecorded", func() Shown { sh := path(); sh.Headers[0] = rival[3].Encode(); return sh }},
		{"its neighbour at a path", "NotRecorded", func() Shown { sh := path(); sh.Headers[0] = run[4].Encode(); return sh }},
		{"below the path", "NotRecorded", func() Shown { sh := path(); sh.Headers[0] = run[0].Encode(); return sh }},
		{"below the one settled", "NotRecorded", func() Shown { sh := path(); sh.Count = 1; return sh }},
		{"more headers than heights", "NotRecorded", func() Shown { sh := path(); sh.Count = 7; return sh }},
		{"short path", "BadPath", func() Shown { sh := path(); sh.Siblings = sh.Siblings[1:]; return sh }},
		{"long path", "BadPath", func() Shown { sh := path(); sh.Siblings = append(sh.Siblings, [32]byte{}); return sh }},
		{"two headers and a path", "NotRecorded", func() Shown { sh := path(); sh.Headers = encodings(run[3:5]); return sh }},
		{"path where nothing is settled", "NotRecorded", func() Shown { sh := path(); sh.Anchor = 5; return sh }},
		{"malformed", "MalformedHeader", func() Shown { sh := good(); sh.Headers[0] = sh.Headers[0][1:]; return sh }},
	} {
		sh := a.shown()
		c.mustRefuse(a.who, a.want, c.inbox.PackVerifyHeader(sh))
	}
	// What was recorded as the lowest of a settled run anchors what is below it.
	if name := c.refused(c.inbox.PackVerifyHeader(ShowByLinks(encodings(run[:3]), 3, common.Hash{}))); name != "" {
		t.Errorf("below the settled run: %s", name)
	}
	c.mustRefuse("settling less", "NothingNew", c.inbox.PackSettle(encodings(run[4:]), s.committed.Hash()))
	c.mustRefuse("settling a rival", "NotRecorded", c.inbox.PackSettle(encodings(rival), s.committed.Hash()))
	c.mustRefuse("settling nothing", "NoHeaders", c.inbox.PackSettle(nil, s.committed.Hash()))
	c.do(c.inbox.PackSettle(encodings(run), s.committed.Hash()))
	if name := c.refused(c.inbox.PackVerifyHeader(ShowByRoot(run[0].Encode(), 6, hashes(run), 0))); name != "" {
		t.Errorf("after all is settled: %s", name)
	}
}

// FuzzProofsAgree: whatever is done to a proof about a lane or a transaction, the contract and Go say the same.
func FuzzProofsAgree(f *testing.F) {
	c := newL1(f, newNetwork(f, "first", 10, 10, 10, 10))
	run := headers(f, c.trust, 6, "")
	random := rand.New(rand.NewPCG(1, 2))
	last := &run[5]
	last.ids, last.lanes = nil, nil
	var leaves []lane.Leaf
	for i := range uint64(37) {
		id := common.Hash{byte(i), 1}
		binary.BigEndian.PutUint64(id[8:], random.Uint64())
		last.ids = append(last.ids, id)
		leaves = append(leaves, lane.Leaf{Namespace: name(2 * i), Length: uint32(i + 1), Commitment: crypto.Keccak256Hash(id[:])})
	}
	var err error
	if last.table, err = lane.NewTable(leaves); err != nil {
		f.Fatal(err)
	}
	tree, err := namespaces.NewTree(last.ids)
	if err != nil {
		f.Fatal(err)
	}
	last.DataRoot, last.TxRoot = last.table.Root(), tree.Root()
	s, _ := c.submit(run)
	shown := ShowByLinks(encodings(run[5:]), 6, s.committed.Hash())
	for i := range uint64(40) {
		f.Add(i, i)
	}
	f.Fuzz(func(t *testing.T, about, seed uint64) {
		c.t = t
		random := rand.New(rand.NewPCG(about, seed))
		about %= 80
		proof, err := last.table.Prove(name(about))
		if err != nil {
			t.Fatal(err)
		}
		spoilLane(random, &proof)
		asked := name(about + random.Uint64N(2))
		goErr := proof.VerifyAbsent(last.DataRoot, asked)
		if !wellFormed(proof) {
			return // the contract's nodes are of one size
		}
		if name := c.refused(c.inbox.PackVerifyNoLane(shown, asked, LaneProofOf(proof))); (name == "") != (goErr == nil) {
			t.Errorf("absence of %s by %+v: Go %v, the contract %q", asked, proof, goErr, name)
		}
		id := last.ids[about%37]
		if about > 37 {
			id[20] ^= 1
		}
		m, _ := tree.Prove(id)
		spoilMembership(random, &m)
		want, goErr := m.Verify(last.TxRoot, id)
		got, err := c.present(shown, id, m)
		if (err == nil) != (goErr == nil) || got != want {
			t.Errorf("membership of %s by %+v: Go %t, %v; the contract %t, %s", id, m, want, goErr, got, c.errorName(err))
		}
	})
}

func wellFormed(p lane.Proof) bool {
	for _, n := range p.Nodes {
		if len(n) != lane.RootSize {
			return false
		}
	}
	return len(p.LeafHash) == 0 || len(p.LeafHash) == lane.RootSize
}

func spoilLane(r *rand.Rand, p *lane.Proof) {
	flip := func(b []byte) {
		if len(b) > 0 {
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		}
	}
	for range r.IntN(3) {
		n := len(p.Nodes)
		switch r.IntN(8) {
		case 0:
			p.Start += r.Uint64N(5)
		case 1:
			p.End = p.Start + r.Uint64N(3)
		case 2:
			p.Start, p.End = r.Uint64N(5000), r.Uint64N(5000)
		case 3:
			if n > 0 {
				i := r.IntN(n)
				p.Nodes[i] = bytes.Clone(p.Nodes[i])
				flip(p.Nodes[i])
			}
		case 4:
			if n > 0 {
				p.Nodes = p.Nodes[:n-1]
			}
		case 5:
			if n > 0 {
				p.Nodes = append(p.Nodes, p.Nodes[r.IntN(n)])
			}
		case 6:
			p.LeafHash = bytes.Clone(p.LeafHash)
			flip(p.LeafHash)
		case 7:
			p.LeafHash = nil
		}
	}
}

func spoilMembership(r *rand.Rand, m *namespaces.Membership) {
	for range r.IntN(3) {
		n := len(m.Paths)
		if n == 0 {
			return
		}
		p := &m.Paths[r.IntN(n)]
		switch r.IntN(6) {
		case 0:
			m.Count += r.Uint64N(5) - 2
		case 1:
			p.Index += r.Uint64N(5) - 2
		case 2:
			p.Value[r.IntN(32)] ^= 1 << r.IntN(8)
		case 3:
			p.Siblings = append(p.Siblings, p.Value)
		case 4:
			m.Paths = append(m.Paths, *p)
		case 5:
			m.Paths = m.Paths[:n-1]
		}
	}
}
