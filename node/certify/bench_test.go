package certify

import (
	"testing"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
)

// BenchmarkCatchUp is what one height costs a node that has fallen behind: reading it, checking three stored votes, storing the certificate.
func BenchmarkCatchUp(b *testing.B) {
	n := chaintest.New(b, 1, nil)
	m := newMemory(n.Set)
	c, err := New(Config{ChainID: chaintest.ChainID, Set: m.set, Evidence: b.TempDir()}, m, m, m, new(topic), new(topic))
	if err != nil {
		b.Fatal(err)
	}
	var before *block.Header
	for range b.N {
		h := header(n, before, n.Set)
		before = &h
		votes := n.Certificate(b, h, 0, 1, 2)
		m.commit(h, nil)
		for i, o := range n.Set.Operators()[:3] {
			v := chaintest.Sign(b, n.Keys[i], h.Height, 0, h.Hash())
			v.Operator, v.Signature = o.Address, votes.Signatures[i]
			m.commits[h.Height] = append(m.commits[h.Height], v.Vote)
		}
	}
	b.ResetTimer()
	if err := c.step(b.Context()); err != nil {
		b.Fatal(err)
	}
	if m.Certified() != uint64(b.N) {
		b.Fatalf("certified to %d of %d", m.Certified(), b.N)
	}
}
