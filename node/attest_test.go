package node

import (
	"crypto/ecdsa"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/da/local"
	"github.com/lockstep-network/lockstep/da/readback"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
)

// seenTo is a DA layer on which all up to a height stands, of one publisher, or of two in turn.
type seenTo struct {
	firm      uint64
	publisher common.Address
	turns     uint64 // heights after which the other, nobody, has a turn; 0: never
	forgotten uint64
}

func (s *seenTo) Firm() (readback.Tip, uint64) {
	return readback.Tip{Trust: cert.Trust{Height: s.firm}}, 1
}

func (s *seenTo) Forget(height uint64) { s.forgotten = height }

func (s *seenTo) Runs(first, last uint64) (out []readback.Run) {
	for h := first; h <= last; h++ {
		r := readback.Run{Last: h, Publisher: s.publisher, Bytes: 10}
		if s.turns > 0 && h/s.turns%2 == 1 {
			r = readback.Run{Last: h}
		}
		if n := len(out); n > 0 && out[n-1].Publisher == r.Publisher {
			out[n-1].Last, out[n-1].Bytes = h, out[n-1].Bytes+r.Bytes
			continue
		}
		out = append(out, r)
	}
	return out
}

func operatorKey(i int) *ecdsa.PrivateKey { return chaintest.Key(fmt.Sprint("operator ", i)) }

func operatorAddress(i int) common.Address { return crypto.PubkeyToAddress(operatorKey(i).PublicKey) }

// mailbox keeps the newest transaction.
type mailbox struct{ last tx.Verified }

func (m *mailbox) Acknowledge(txs []tx.Verified) []error {
	m.last = txs[0]
	return make([]error, len(txs))
}

// Operators that look at different moments and see different heights come to equal attestations, often enough to keep pace with any chain, and with few for
// each payment.
func TestAttestationsConverge(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		paid, sent, rounds, worst := uint64(0), 0, 0, uint64(0)
		var last [4]uint64
		head := uint64(1)
		for step := 0; step < 4*2_000; step++ {
			head += rng.Uint64N(25) // heights between two looks, of whichever operator
			firm := head - min(head-1, rng.Uint64N(60))
			if firm <= paid {
				continue
			}
			if b := boundary(paid+1, firm); b <= paid || b > firm {
				t.Fatalf("boundary %d between %d and %d", b, paid+1, firm)
			} else if b != last[step%4] {
				last[step%4] = b
				sent++
			}
			b := last[step%4]
			equal := 0
			for _, other := range last {
				if other == b {
					equal++
				}
			}
			if equal >= 3 {
				paid, last = b, [4]uint64{}
				rounds++
			}
			worst = max(worst, firm-min(paid, firm))
		}
		if worst > 4_000 || sent > 8*rounds {
			t.Errorf("seed %d: up to %d heights wait, %d attestations for %d payments", seed, worst, sent, rounds)
		}
	}
}

// What nobody is paid for within the memory of operators is nobody's, and more publishers than one attestation names wait for the next.
func TestAttestedIsBounded(t *testing.T) {
	a := attested(&seenTo{}, 1, 3*readback.Remembered)
	if len(a.Runs) != 1 || a.Runs[0].Publisher != (common.Address{}) || a.Last() != 2*readback.Remembered {
		t.Errorf("far behind: %+v", a)
	}
	a = attested(&seenTo{publisher: common.Address{1}, turns: 1}, 1, 1000)
	if len(a.Runs) != 64 || a.Last() != 64 {
		t.Errorf("of many publishers: %d runs up to %d", len(a.Runs), a.Last())
	}
}

// Attestations go with views into the ledger of a real store: with those of more than two thirds of the power the publisher is paid, by the third
// one; nobody says a thing twice, and nothing is said that is not worth its fee.
func TestAttestationsPayThePublisher(t *testing.T) {
	n := chaintest.New(t, 1, func(g *genesis.Genesis) {
		for _, o := range g.Operators {
			g.Balances = append(g.Balances, genesis.Balance{Address: o.Address, Amount: uint256.NewInt(1 << 60)})
		}
		slices.SortFunc(g.Balances, func(a, b genesis.Balance) int { return a.Address.Cmp(b.Address) })
	})
	s := n.Open(t, t.TempDir())
	layer, err := local.Open(t.TempDir(), local.Options{Interval: local.ManualBlocks})
	if err != nil {
		t.Fatal(err)
	}
	defer layer.Close()
	seen, took := &seenTo{publisher: operatorAddress(2)}, new(mailbox)
	send := func(i int) (legs int) {
		t.Helper()
		v := &viewer{
			layer: layer, seen: seen, price: 1, key: func(ledger.Parent) *ecdsa.PrivateKey { return operatorKey(i) },
			rules: n.Rules, newest: s.Ledger, pool: took, log: slog.New(slog.DiscardHandler),
		}
		if err := v.send(t.Context()); err != nil {
			t.Fatal(err)
		}
		n.Commit(t, s, took.last)
		return len(took.last.Legs())
	}
	pots := func() stake.Pots {
		p, err := stake.LoadPots(s.Ledger().View)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	seen.firm = 1
	n.Commit(t, s)
	if legs := send(0); legs != 1 {
		t.Fatalf("with empty pots %d legs are sent", legs)
	}
	for range 110 { // views pay fees, and nothing is firm
		seen.firm = 0
		send(0)
	}
	seen.firm = 80
	for i, want := range []int{2, 2} {
		if legs := send(i); legs != want {
			t.Fatalf("operator %d sends %d legs, want %d", i, legs, want)
		}
	}
	if legs := send(0); legs != 1 {
		t.Errorf("the same is attested twice: %d legs", legs)
	}
	if p := pots(); p.Paid != 0 {
		t.Fatalf("paid up to %d by half of the power", p.Paid)
	}
	before := pots()
	send(3)
	after := pots()
	if after.Paid != 64 || !after.Publishers.Lt(&before.Publishers) || !after.DA.Lt(&before.DA) {
		t.Fatalf("paid up to %d: publishers' pot %s, was %s; DA pot %s, was %s", after.Paid, after.Publishers.Dec(), before.Publishers.Dec(), after.DA.Dec(), before.DA.Dec())
	}
	reward, _, err := stake.LoadReward(s.Ledger().View, seen.publisher)
	if err != nil || reward.Unclaimed.Uint64() != 640 {
		t.Errorf("%s wei are reimbursed for 640 bytes at 1 wei: %v", reward.Unclaimed.Dec(), err)
	}
	send(0)
	if seen.forgotten != 64 {
		t.Errorf("%d heights are forgotten, 64 are paid", seen.forgotten)
	}
}

// An attestation that is cut at 64 runs moves a small part of a pot that waits for many heights: it is sent once that part is worth its fee, not when the
// whole pot is, and then it moves no less.
func TestACutAttestationIsWorthItsFee(t *testing.T) {
	n := chaintest.New(t, 1, func(g *genesis.Genesis) {
		for _, o := range g.Operators {
			g.Balances = append(g.Balances, genesis.Balance{Address: o.Address, Amount: uint256.NewInt(1 << 60)})
		}
		slices.SortFunc(g.Balances, func(a, b genesis.Balance) int { return a.Address.Cmp(b.Address) })
	})
	s := n.Open(t, t.TempDir())
	n.Payers = append(n.Payers, n.Keys...)
	seen := &seenTo{publisher: operatorAddress(2), firm: 1 << 20}
	pots := func() *uint256.Int {
		p, err := stake.LoadPots(s.Ledger().View)
		if err != nil {
			t.Fatal(err)
		}
		return new(uint256.Int).Add(&p.Publishers, &p.DA)
	}
	attests := func() ([]byte, *uint256.Int) { // and eight times what it costs all operators
		parent := s.Ledger()
		prices, err := n.Rules.Prices(parent.View)
		if err != nil {
			t.Fatal(err)
		}
		now, err := prices.In(namespaces.Ledger())
		if err != nil {
			t.Fatal(err)
		}
		a, err := attestation(seen, parent, operatorAddress(0), now)
		if err != nil {
			t.Fatal(err)
		}
		if a == nil {
			return nil, nil
		}
		raw, err := action.Encode(a)
		if err != nil {
			t.Fatal(err)
		}
		return raw, new(uint256.Int).Mul(uint256.NewInt(uint64(8*4*len(raw))), uint256.NewInt(now.Sum()))
	}
	fill := func(bytes int) {
		n.Commit(t, s, n.Tx(t, s.Head()+50, chaintest.Legs(chaintest.Alpha, strings.Repeat("x", bytes))...))
	}
	for range 400 {
		fill(1_500)
	}
	if one, _ := attests(); one == nil {
		t.Fatal("one run for many heights is not worth its fee")
	}
	seen.turns = 1 // each height has another publisher
	raw, cost := attests()
	for ; raw == nil && s.Head() < 1_000; raw, cost = attests() {
		fill(50_000)
	}
	if raw == nil {
		t.Fatal("it is never sent")
	}
	var said []tx.Verified
	for i := range 3 {
		said = append(said, n.Signed(t, 1+i, tx.Fields{
			Salt: 1, Expiry: s.Head() + 50, MaxFeePerByte: 1 << 30, Legs: []tx.Leg{{Namespace: namespaces.Ledger(), Data: raw}},
		}))
	}
	before := pots()
	n.Commit(t, s, said...)
	p := n.Genesis.Params
	for _, v := range said { // what they pay comes in by the same block
		before.AddUint64(before, v.Weight()*(p.LanePrice+p.GlobalPrice)/8+v.Weight()*p.DAPrice)
	}
	if after := pots(); !after.Lt(before) || new(uint256.Int).Sub(before, after).Lt(cost) {
		t.Errorf("height %d: %s wei become %s, eight times the cost is %s", s.Head(), before.Dec(), after.Dec(), cost.Dec())
	}
}
