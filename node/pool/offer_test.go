package pool_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/node/pool"
)

// What a gossiped batch costs in signature checks, and what becomes of it.
func TestOffer(t *testing.T) {
	n := chaintest.New(t, 3, nil)
	sign := func(payer int, salt, tip, expiry uint64) []byte {
		return n.Signed(t, payer, tx.Fields{Salt: salt, Tip: tip, Expiry: expiry, Legs: chaintest.Legs(chaintest.Alpha, "x")}).Raw()
	}
	forge := func(payer int, salt, expiry uint64) []byte {
		v, err := tx.New(tx.Fields{
			ChainID: n.Genesis.ChainID, Payer: n.Payer(payer), Salt: salt, Expiry: expiry, MaxFeePerByte: chaintest.Fee,
			Legs: chaintest.Legs(chaintest.Alpha, "x"), Signature: tx.Signature{1, 63: 1},
		})
		if err != nil {
			t.Fatal(err)
		}
		return v.Raw()
	}
	many := func(count int, one func(i uint64) []byte) (out [][]byte) {
		for i := range count {
			out = append(out, one(uint64(i)))
		}
		return out
	}
	other := n.Signed(t, 0, tx.Fields{ChainID: "other", Legs: chaintest.Legs(chaintest.Alpha, "x")}).Raw()
	const rich, poor, single = 0, 1, 2 // single can pay for one
	pooled := sign(rich, 900, 0, 9)
	for name, c := range map[string]struct {
		batch     [][]byte
		want      pool.Offered
		code      tx.Code // of a batch that is forbidden
		signature float64 // checks
	}{
		"new":                     {[][]byte{sign(rich, 1, 0, 9)}, pool.Offered{New: 1, Checked: true}, "", 1},
		"payers without money":    {many(200, func(i uint64) []byte { return sign(poor, i, 0, 9) }), pool.Offered{Vain: 200}, "", 0},
		"unsigned, without money": {many(200, func(i uint64) []byte { return forge(poor, i, 9) }), pool.Offered{Vain: 200}, "", 0},
		"unsigned and expired":    {many(200, func(i uint64) []byte { return forge(rich, i, 0) }), pool.Offered{Vain: 200}, "", 0},
		"money for one of many":   {many(200, func(i uint64) []byte { return sign(single, i, 0, 9) }), pool.Offered{New: 1, Vain: 199}, "", 1},
		"one salt, one tip":       {many(200, func(i uint64) []byte { return sign(rich, 5, 0, 200+i) }), pool.Offered{New: 1, Vain: 199}, "", 1},
		"a rich payer's name":     {[][]byte{forge(rich, 1, 9)}, pool.Offered{}, tx.BadSignature, 1},
		"in the pool":             {[][]byte{pooled, pooled}, pool.Offered{Checked: true}, "", 0},
		"some rubbish among new ones": {
			[][]byte{sign(rich, 1, 0, 9), sign(poor, 1, 0, 9), pooled}, pool.Offered{New: 1, Vain: 1, Checked: true}, "", 2,
		},
		"unsigned rubbish among new ones": {[][]byte{sign(rich, 1, 0, 9), forge(poor, 1, 9)}, pool.Offered{}, tx.BadSignature, 2},
		"new ones among rubbish": {
			append(many(9, func(i uint64) []byte { return forge(poor, i, 9) }), sign(rich, 1, 0, 9)), pool.Offered{New: 1, Vain: 9}, "", 1,
		},
		"the pool's, signed by another": {[][]byte{forged(t, pooled)}, pool.Offered{Vain: 1}, "", 0},
		"another chain's":               {[][]byte{sign(rich, 1, 0, 9), other}, pool.Offered{}, tx.WrongChain, 0},
		"not a transaction":             {[][]byte{sign(rich, 1, 0, 9), {0xc3, 1, 2, 3}}, pool.Offered{}, tx.Malformed, 0},
	} {
		t.Run(name, func(t *testing.T) {
			metrics := prometheus.NewRegistry()
			n := newNode(t, 3, func(g *genesis.Genesis) {
				for i, b := range g.Balances {
					if b.Address != crypto.PubkeyToAddress(n.Payers[rich].PublicKey) {
						g.Balances[i].Amount.SetUint64(50)
					}
					if b.Address == crypto.PubkeyToAddress(n.Payers[single].PublicKey) {
						g.Balances[i].Amount.SetUint64(2_000)
					}
				}
			}, func(c *pool.Config) { c.Metrics = metrics })
			if got, err := n.pool.Offer([][]byte{pooled}); err != nil || got.New != 1 {
				t.Fatal(got, err)
			}
			got, err := n.pool.Offer(c.batch)
			if got != c.want || tx.CodeOf(err) != c.code || errors.Is(err, pool.ErrForbidden) != (c.code != "") {
				t.Errorf("%+v, %v; want %+v, %q", got, err, c.want, c.code)
			}
			if held := n.pool.Size().Count; held != 1+c.want.New {
				t.Errorf("%d transactions in the pool, want %d", held, 1+c.want.New)
			}
			if checks := signatures(t, metrics) - 1; checks != c.signature {
				t.Errorf("%v signatures checked, want %v", checks, c.signature)
			}
		})
	}
}

// forged is the same transaction with a signature of nobody.
func forged(t *testing.T, raw []byte) []byte {
	t.Helper()
	v, err := tx.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	f := v.Fields()
	f.Signature[5] ^= 1
	if v, err = tx.New(f); err != nil {
		t.Fatal(err)
	}
	return v.Raw()
}

// signatures is how many have been checked.
func signatures(t *testing.T, metrics prometheus.Gatherer) float64 {
	t.Helper()
	families, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "lockstep_signatures_checked_total" {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	t.Fatal("no count of signatures")
	return 0
}

// A full batch of transactions whose payers have no money, and one whose payer has.
func BenchmarkOffer(b *testing.B) {
	for name, payer := range map[string]int{"unfunded": 1, "funded": 0} {
		b.Run(name, func(b *testing.B) {
			n := newNode(b, 2, func(g *genesis.Genesis) {
				for i := range g.Balances {
					if g.Balances[i].Address == chaintest.New(b, 2, nil).Payer(1) {
						g.Balances[i].Amount.SetUint64(50)
					}
				}
			}, nil)
			batch := make([][]byte, 2_048)
			for i := range batch {
				f := tx.Fields{Salt: uint64(i), Expiry: 9, Legs: chaintest.Legs(chaintest.Alpha, strings.Repeat("x", 250))}
				batch[i] = n.Signed(b, payer, f).Raw()
			}
			b.ResetTimer()
			for range b.N {
				n.restart(nil)
				if _, err := n.pool.Offer(batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N*len(batch)), "us/tx")
		})
	}
}

// TestCrowdedPayersAreDroppedUndecoded fills one payer's share of the pool: what comes on top is not even decoded, unless it replaces something, or
// somebody else's comes with it.
func TestCrowdedPayersAreDroppedUndecoded(t *testing.T) {
	n := newNode(t, 2, nil, func(c *pool.Config) { c.PerPayer.Count = 1 })
	raw := func(payer int, salt, tip uint64) []byte {
		return n.Signed(t, payer, tx.Fields{Salt: salt, Tip: tip, Expiry: 9, Legs: chaintest.Legs(chaintest.Alpha, "x")}).Raw()
	}
	broken := append(raw(0, 2, 0), 0) // what Decode would refuse
	if _, err := n.pool.Offer([][]byte{broken}); !errors.Is(err, pool.ErrForbidden) {
		t.Fatalf("with room: %v, want a refusal", err)
	}
	if got, err := n.pool.Offer([][]byte{raw(0, 1, 0)}); err != nil || got.New != 1 {
		t.Fatal(got, err)
	}
	for _, c := range []struct {
		name  string
		batch [][]byte
		want  pool.Offered
		bad   bool
	}{
		{"full", [][]byte{broken, raw(0, 3, 9)}, pool.Offered{Vain: 2}, false},
		{"with somebody else's", [][]byte{broken, raw(1, 1, 0)}, pool.Offered{}, true},
		{"nothing", nil, pool.Offered{Checked: true}, false},
		{"a replacement", [][]byte{raw(0, 1, 9)}, pool.Offered{New: 1, Checked: true}, false},
	} {
		if got, err := n.pool.Offer(c.batch); got != c.want || (err != nil) != c.bad {
			t.Errorf("%s: %+v, %v; want %+v", c.name, got, err, c.want)
		}
	}
}

// A flood of a namespace on a network of small blocks: what fills more blocks than the pool keeps for one namespace is dropped undecoded, however many
// payers sign it, until a block makes room; then as many signatures are checked as there is room for. Who outbids, who replaces, and other lanes come in.
func TestCrowdedNamespacesAreDroppedUndecoded(t *testing.T) {
	metrics := prometheus.NewRegistry()
	n := newNode(t, 3, scarce, func(c *pool.Config) { c.Metrics, c.Blocks = metrics, 2 }) // blocks of ten
	raw := func(payer int, ns namespaces.Namespace, salt, tip uint64) []byte {
		return n.Signed(t, payer, tx.Fields{Salt: salt, Tip: tip, MaxFeePerByte: 100 * least, Expiry: 900, Legs: chaintest.Legs(ns, "x")}).Raw()
	}
	flood := func(from uint64, count int) (out [][]byte) {
		for i := range count {
			out = append(out, raw(i%2, chaintest.Alpha, from+uint64(i), 20))
		}
		return out
	}
	broken := append(raw(0, chaintest.Alpha, 9_999, 0), 0) // what Decode would refuse
	bundle := n.Signed(t, 2, tx.Fields{
		Salt: 8_888, MaxFeePerByte: 100 * least, Expiry: 900, Legs: append(chaintest.Legs(chaintest.Alpha, "a"), chaintest.Legs(chaintest.Beta, "b")...),
	}).Raw()
	for _, c := range []struct {
		name   string
		batch  [][]byte
		want   pool.Offered
		checks float64
		bad    bool
	}{
		{"room for twenty", flood(0, 300), pool.Offered{New: 20, Vain: 280}, 20, false},
		{"full", append(flood(1_000, 100), broken), pool.Offered{Vain: 101}, 0, false},
		{"full, in the way of another lane", [][]byte{raw(2, chaintest.Beta, 1, 0)}, pool.Offered{New: 1, Checked: true}, 1, false},
		{"full, and not decoded alone", [][]byte{broken, raw(2, chaintest.Beta, 2, 0)}, pool.Offered{}, 0, true},
		{"outbids by less than a tenth", [][]byte{raw(2, chaintest.Alpha, 2_000, 21)}, pool.Offered{Vain: 1}, 0, false},
		{"outbids", [][]byte{raw(2, chaintest.Alpha, 2_001, 22)}, pool.Offered{New: 1, Checked: true}, 1, false},
		{"replaces", [][]byte{raw(2, chaintest.Alpha, 2_001, 30)}, pool.Offered{New: 1, Checked: true}, 1, false},
		{"spans namespaces", [][]byte{bundle}, pool.Offered{New: 1, Checked: true}, 1, false},
	} {
		before := signatures(t, metrics)
		got, err := n.pool.Offer(c.batch)
		if got != c.want || errors.Is(err, pool.ErrForbidden) != c.bad {
			t.Errorf("%s: %+v, %v; want %+v", c.name, got, err, c.want)
		}
		if checks := signatures(t, metrics) - before; checks != c.checks {
			t.Errorf("%s: %v signatures checked, want %v", c.name, checks, c.checks)
		}
	}
	taken := len(n.block())
	if got, err := n.pool.Offer(flood(3_000, 300)); err != nil || got.New < 5 || got.New > taken {
		t.Errorf("after a block of %d: %+v, %v", taken, got, err)
	}
}
