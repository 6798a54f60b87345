package fee

import (
	"testing"

	"github.com/lockstep-network/lockstep/internal/golden"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

type exponentialVector struct {
	Factor, Numerator, Denominator, Result uint64
}

type blockVector struct {
	Uses   []Use
	Global Global
	Lanes  []Lane // of Uses, after the block
	Prices []Prices
}

type shareVector struct {
	Legs    []legVector // in the namespace of a letter; of "lockstep", the ledger's: an action
	Auths   int
	MinSize uint64
	Weight  uint64
	Shares  []Share
	Parts   []partVector // at prices 3, 2, 1 and tip 4
}

type legVector struct {
	Namespace string
	Bytes     int
}

type partVector struct{ Ordering, DA, Tip string }

// TestVectors holds the chapter's worked example and some more.
func TestVectors(t *testing.T) {
	p := example()
	v := struct {
		Params       Params
		Exponentials []exponentialVector
		Blocks       []blockVector
		Shares       []shareVector
	}{Params: p}
	for _, c := range [][3]uint64{{500_000_000, 0, 1}, {500_000_000, 4 << 20, 128 << 20}, {500_000_000, 128 << 20, 128 << 20}, {1, 63, 1}, {1, 64, 1}} {
		v.Exponentials = append(v.Exponentials, exponentialVector{c[0], c[1], c[2], exponential(c[0], c[1], c[2])})
	}
	n := newNetwork(p)
	count := func(uses ...Use) {
		n.block(uses...)
		b := blockVector{Uses: uses, Global: n.global, Lanes: []Lane{}, Prices: []Prices{}}
		for _, u := range uses {
			b.Lanes = append(b.Lanes, n.lanes[u.Namespace])
			b.Prices = append(b.Prices, Prices{Lane: n.lane(u.Namespace), Global: n.all(), DA: 1})
		}
		v.Blocks = append(v.Blocks, b)
	}
	for _, uses := range worked(p) {
		count(uses...)
	}
	for i, legs := range [][]legVector{
		{{"a", 100}},
		{{"a", 100}, {"b", 60}},
		{{"b", 1}, {"a", 1}, {"b", 1}, {"c", 1}},
		{{"a", 100}},
		{{"lockstep", 30}, {"lockstep", 40}},
	} {
		f := tx.Fields{ChainID: "fee-test"}
		if i == 3 {
			f.Auths = []tx.Auth{{Namespace: name('a'), Kind: tx.AuthGateway}}
		}
		for _, l := range legs {
			ns := namespaces.Ledger()
			if l.Namespace != "lockstep" {
				ns = name(l.Namespace[0])
			}
			f.Legs = append(f.Legs, tx.Leg{Namespace: ns, Data: make([]byte, l.Bytes)})
		}
		trans, err := tx.New(f)
		if err != nil {
			t.Fatal(err)
		}
		s := shareVector{Legs: legs, Auths: len(f.Auths), MinSize: p.MinSize(), Weight: trans.Weight(), Shares: p.Shares(trans)}
		for _, share := range s.Shares {
			part := PartOf(share, Prices{3, 2, 1}, 4)
			s.Parts = append(s.Parts, partVector{part.Ordering.Dec(), part.DA.Dec(), part.Tip.Dec()})
		}
		v.Shares = append(v.Shares, s)
	}
	golden.Check(t, "fee", v)
}

// worked is the chapter's example: a flood in A, B within its share; then B alone; then nobody; then both.
func worked(p Params) [][]Use {
	a := func(size uint64) Use { return Use{Namespace: name('a'), Size: size} }
	b := Use{Namespace: name('b'), Size: 100 << 10}
	return [][]Use{{a(p.Capacity - b.Size), b}, {a(p.Capacity - b.Size), b}, {b}, {}, {a(1 << 20), b}}
}

// TestWorkedExample holds the numbers that specs/10-fees.md prints.
func TestWorkedExample(t *testing.T) {
	p := example()
	n := newNetwork(p)
	for i, want := range []struct{ excess, lane uint64 }{
		{4_194_304, 515_871_703}, {8_388_608, 532_247_229}, {4_296_704, 516_265_432}, {102_400, 500_381_615}, {0, 500_000_000},
	} {
		n.block(worked(p)[i]...)
		if have := n.lanes[name('a')].At(n.global); have != want.excess {
			t.Errorf("block %d: A's excess is %d, the chapter says %d", i+1, have, want.excess)
		}
		if have := n.lane(name('a')); have != want.lane {
			t.Errorf("block %d: A pays %d, the chapter says %d", i+1, have, want.lane)
		}
		if have := n.lane(name('b')); have != p.LanePrice {
			t.Errorf("block %d: B pays %d, the chapter says %d", i+1, have, p.LanePrice)
		}
		if have := n.all(); have != p.GlobalPrice {
			t.Errorf("block %d: the global price is %d, the chapter says %d", i+1, have, p.GlobalPrice)
		}
	}
}

// TestWorkedCharge holds the two sums below the chapter's table.
func TestWorkedCharge(t *testing.T) {
	leg := tx.Leg{Namespace: name('b'), Data: make([]byte, 100)}
	trans, err := tx.New(tx.Fields{ChainID: "fee-test", Legs: []tx.Leg{leg}})
	if err != nil {
		t.Fatal(err)
	}
	share := example().Shares(trans)[0]
	for lane, want := range map[uint64]uint64{500_000_000: 312_312_000_312, 515_871_703: 317_263_971_648} {
		total := PartOf(share, Prices{Lane: lane, Global: 500_000_000, DA: 1}, 1_000_000).Total()
		if total.Uint64() != want {
			t.Errorf("at %d wei the charge is %s, the chapter says %d", lane, total.Dec(), want)
		}
	}
}
