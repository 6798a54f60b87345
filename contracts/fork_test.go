package contracts

import (
	"bytes"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// forked is a contract with two runs recorded, and the same operators' certified rival of the second.
func forked(t *testing.T) (c *l1, first, second, rival []made, one, two submission, certificate cert.Certificate) {
	t.Helper()
	c = newL1(t, newNetwork(t, "first", 10, 10, 10, 10))
	first = headers(t, c.trust, 4, "")
	one, _ = c.submit(first)
	middle := c.trust
	second = headers(t, c.trust, 5, "")
	two, _ = c.submit(second)
	rival = headers(t, middle, 5, "rival")
	return c, first, second, rival, one, two, c.network.certify(t, rival[4].Header, 2, 1, 2, 3)
}

// Operators who certify two chains are seen at the height where they part, and nothing from there on counts any more.
func TestForkFreezes(t *testing.T) {
	c, first, second, rival, one, two, certificate := forked(t)
	operators := EncodeSet(c.trust.Set)
	report := c.inbox.PackReportFork(encodings(second), two.committed.Hash(), encodings(rival), certificate.Encode(), operators)
	e := event(c, c.do(report), c.inbox.UnpackForkedEvent)
	if e.Height != 5 || e.Known != second[0].Hash() || len(e.Rival) != 5 || !bytes.Equal(e.Rival[0], rival[0].Encode()) ||
		!bytes.Equal(e.Certificate, certificate.Encode()) || !bytes.Equal(e.Operators, operators) {
		t.Errorf("evidence %+v", e)
	}
	if tip := c.tip(); tip.FrozenAt != 5 || tip.Height != 9 {
		t.Errorf("the tip is %+v", tip)
	}
	run := headers(t, c.trust, 1, "")
	c.mustRefuse("a next one", "Frozen", c.pack(c.submission(run, c.network.certify(t, run[0].Header, 0, 0, 1, 2), nil)))
	c.mustRefuse("the same fork", "Frozen", report)
	c.mustRefuse("settling above it", "Frozen", c.inbox.PackSettle(encodings(second), two.committed.Hash()))
	c.mustRefuse("a proof above it", "Frozen", c.inbox.PackVerifyHeader(ShowByLinks(encodings(second), 9, two.committed.Hash())))
	if name := c.refused(c.inbox.PackVerifyHeader(ShowByLinks(encodings(first), 4, one.committed.Hash()))); name != "" {
		t.Errorf("what is below the fork: %s", name)
	}
	if name := c.refused(c.inbox.PackEnqueue(name(1), []byte("a way out"))); name != "" {
		t.Errorf("the forced way in: %s", name)
	}

	// A deeper fork is taken too.
	low := headers(t, c.network.trust(), 2, "low")
	certificate = c.network.certify(t, low[1].Header, 0, 0, 1, 2)
	c.do(c.inbox.PackReportFork(encodings(first[1:]), one.committed.Hash(), encodings(low[1:]), certificate.Encode(), operators))
	if tip := c.tip(); tip.FrozenAt != 2 {
		t.Errorf("the tip is %+v", tip)
	}
}

// A rival that stands on another parent than the recorded header is evidence without the parent itself.
func TestForkByParentFreezes(t *testing.T) {
	c := newL1(t, newNetwork(t, "first", 10, 10, 10, 10))
	first := headers(t, c.trust, 4, "")
	s, _ := c.submit(first)
	rival := headers(t, c.trust, 2, "rival")
	rival[0].ParentHash[0] ^= 1
	rival[1].ParentHash = rival[0].Hash()
	certificate := c.network.certify(t, rival[1].Header, 0, 0, 1, 2)
	c.do(c.inbox.PackReportFork(encodings(first[3:]), s.committed.Hash(), encodings(rival), certificate.Encode(), EncodeSet(c.trust.Set)))
	if tip := c.tip(); tip.FrozenAt != 4 {
		t.Errorf("the tip is %+v", tip)
	}
}

// A set that is gone can still be shown to have forked, while nobody freezes the contract with less.
func TestFalseReports(t *testing.T) {
	c, first, second, rival, one, two, good := forked(t)
	operators := EncodeSet(c.trust.Set)
	strangers := equals(t, "strangers", 4)
	extended := append(append([]made{}, second...), headers(t, c.trust, 1, "")...)
	for _, a := range []struct {
		who, want     string
		known, rival  []made
		batch         common.Hash
		certificate   cert.Certificate
		withOperators []byte
	}{
		{"nothing known", "NoHeaders", nil, rival, two.committed.Hash(), good, operators},
		{"no rival", "NoHeaders", second, nil, two.committed.Hash(), good, operators},
		{"the same header", "NoFork", second, second, two.committed.Hash(), good, operators},
		{"another height", "NoFork", second, rival[2:], two.committed.Hash(), good, operators},
		{"the honest next one", "NoFork", first[3:], second, one.committed.Hash(), good, operators},
		{"known that is not recorded", "NotRecorded", second[:4], rival, two.committed.Hash(), good, operators},
		{"known beyond what is recorded", "NotRecorded", extended, rival, two.committed.Hash(), good, operators},
		{"another batch", "NotRecorded", second, rival, one.committed.Hash(), good, operators},
		{"short", "NoQuorum", second, rival, two.committed.Hash(), c.network.certify(t, rival[4].Header, 0, 0, 1), operators},
		{"forger", "BadSignature", second, rival, two.committed.Hash(), strangers.certify(t, rival[4].Header, 0, 0, 1, 2), operators},
		{"strangers' set", "WrongOperators", second, rival, two.committed.Hash(), good, EncodeSet(strangers.set)},
		{"certificate of another", "OtherHeader", second, rival, two.committed.Hash(), c.network.certify(t, second[4].Header, 0, 0, 1, 2), operators},
		{"rival with a gap", "BrokenLink", second, append(append([]made{}, rival[:2]...), rival[3:]...), two.committed.Hash(), good, operators},
	} {
		c.mustRefuse(a.who, a.want,
			c.inbox.PackReportFork(encodings(a.known), a.batch, encodings(a.rival), a.certificate.Encode(), a.withOperators))
	}
	next := equals(t, "next", 7)
	change := headers(t, c.trust, 1, "")
	change[0].NextOperatorsHash = next.set.Hash()
	c.do(c.pack(c.submission(change, c.network.certify(t, change[0].Header, 0, 0, 1, 2), &next.set)))
	c.do(c.inbox.PackReportFork(encodings(second), two.committed.Hash(), encodings(rival), good.Encode(), operators))
	if tip := c.tip(); tip.FrozenAt != 5 {
		t.Errorf("the tip is %+v", tip)
	}
}

// One operator's two signatures for one height and round are told to the world; anything less is not.
func TestEquivocation(t *testing.T) {
	c := newL1(t, newNetwork(t, "first", 40, 30, 20, 10))
	c.submit(headers(t, c.trust, 1, ""))
	operators := EncodeSet(c.trust.Set)
	one, other := common.Hash{1}, common.Hash{2}
	sign := func(i int, height uint64, round uint32, hash common.Hash) []byte {
		sig := c.network.sign(t, i, height, round, hash)
		return sig[:]
	}
	a, b := sign(2, 9, 1, one), sign(2, 9, 1, other)
	report := func(ops []byte, i uint64, height uint64, round uint32, x common.Hash, xs []byte, y common.Hash, ys []byte) []byte {
		return c.inbox.PackReportEquivocation(ops, new256(i), height, round, x, xs, y, ys)
	}
	e := event(c, c.do(report(operators, 2, 9, 1, one, a, other, b)), c.inbox.UnpackEquivocatedEvent)
	if e.Operator != c.trust.Set.Operators()[2].Address || e.Height != 9 || e.Round != 1 || e.One != one || e.Other != other {
		t.Errorf("event %+v", e)
	}
	high := bytes.Clone(b)
	high[64] += 27
	for _, f := range []struct {
		who, want string
		input     []byte
	}{
		{"the same twice", "NoEquivocation", report(operators, 2, 9, 1, one, a, one, a)},
		{"another round", "NoEquivocation", report(operators, 2, 9, 1, one, a, other, sign(2, 9, 2, other))},
		{"another height", "NoEquivocation", report(operators, 2, 9, 1, one, a, other, sign(2, 8, 1, other))},
		{"two operators", "NoEquivocation", report(operators, 2, 9, 1, one, a, other, sign(1, 9, 1, other))},
		{"another index", "NoEquivocation", report(operators, 1, 9, 1, one, a, other, b)},
		{"an index beyond the set", "MalformedSet", report(operators, 4, 9, 1, one, a, other, b)},
		{"an index far beyond the set", "MalformedSet", report(operators, 1<<63, 9, 1, one, a, other, b)},
		{"V of 28", "NoEquivocation", report(operators, 2, 9, 1, one, a, other, high)},
		{"short signature", "NoEquivocation", report(operators, 2, 9, 1, one, a, other, b[:64])},
		{"strangers", "WrongOperators", report(EncodeSet(equals(t, "strangers", 4).set), 2, 9, 1, one, a, other, b)},
	} {
		c.mustRefuse(f.who, f.want, f.input)
	}
	if tip := c.tip(); tip.FrozenAt != 0 {
		t.Error("one operator's fault froze the contract")
	}
}
