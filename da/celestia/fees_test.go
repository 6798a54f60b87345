package celestia

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/lockstep-network/lockstep/da"
)

// TestRefusals: what nodes of several versions say, and what it means.
func TestRefusals(t *testing.T) {
	for text, want := range map[string]struct {
		err   error
		least uint64 // for 4,000 that were offered
		most  int
	}{
		"header: given height is from the future: networkHeight: 5, requestedHeight: 9":                 {err: da.ErrNotYet},
		"header: syncing in progress: localHeadHeight: 5, requestedHeight: 9":                           {err: da.ErrNotYet},
		"blob: given height exceeds network head.networkHeight:5, requestedHeight:9":                    {err: da.ErrNotYet},
		"requested header (8001165) is below Tail (8040790)":                                            {err: da.ErrGone},
		"timestamp outside sampling window":                                                             {err: da.ErrGone},
		"blob: not found":                                                                               {err: errNotFound},
		"missing permission to invoke 'Submit' (need 'write')":                                          {err: ErrToken},
		"not enough permissions to access Submit; wanted write, have read":                              {err: ErrToken},
		"Tx too large. Max size is 2097152, but got 3000000":                                            {err: errTooLarge, most: 2097152},
		"tx total blob size 9 exceeds max total blob size 8: total blob size too large":                 {err: errTooLarge},
		"insufficient minimum gas price for this node; got: 50 required at least: 199.000: " + "insuff": {err: da.ErrFeeTooLow, least: 16080},
		"got: 320utia, required: 640utia (min gas price: 0.004 utia/gas): insufficient fee":             {err: da.ErrFeeTooLow, least: 8080},
		"insufficient gas price for the network; got: 0utia, required: 640utia: insufficient fee":       {err: da.ErrFeeTooLow},
		"state: estimated gas price exceeds max gas price in tx config":                                 {err: da.ErrFeeTooLow},
		"spendable balance 10utia is smaller than 40utia: insufficient funds":                           {err: ErrFunds},
		"timed out waiting for tx to be included in a block":                                            {err: errSlow},
		"tx was evicted from the mempool":                                                               {err: errSlow},
		"incorrect account sequence":                                                                    {err: da.ErrUnavailable},
		"":                                                                                              {err: da.ErrUnavailable},
		"not allowed namespace 00 were used to build the blob":                                          {err: da.ErrInvalid},
	} {
		r := refusal{Message: text}.refused()
		if !errors.Is(r, want.err) || r.least(4000) != want.least || r.most != want.most {
			t.Errorf("%q: %v, least %d, most %d", text, r, r.least(4000), r.most)
		}
	}
}

func TestCost(t *testing.T) {
	for _, x := range []struct{ gas, price, utia uint64 }{
		{0, 1, 0}, {1, 1, 1}, {1_000_000, 1, 1}, {1_000_001, 1, 2}, {100_000, 4_000, 400}, {math.MaxUint64, 1_000_000, math.MaxUint64}, {math.MaxUint64, math.MaxUint64, math.MaxUint64},
	} {
		if got := cost(x.gas, x.price); got != x.utia {
			t.Errorf("%d gas at %d: %d utia, want %d", x.gas, x.price, got, x.utia)
		}
	}
	if got := perByte(mostGasPrice, math.MaxUint64); got != math.MaxUint64 {
		t.Errorf("%d", got)
	}
	if got := GasFor(1, 478, 479); got != 75_000+3*700+4*4096 {
		t.Errorf("gas for four shares in three blobs: %d", got)
	}
	for price, text := range map[uint64]string{0: "0.000000", 4_000: "0.004000", 1_234_567: "1.234567"} {
		if got := configOf(price).GasPrice; string(got) != text {
			t.Errorf("%d: %s", price, got)
		}
	}
}

// TestPriceFalls: after a rise the offer comes back step by step, when nothing is refused.
func TestPriceFalls(t *testing.T) {
	now := time.Unix(0, 0)
	p := newPricing(Fees{GasPrice: 4_000, MaxGasPrice: 20_000})
	p.now = func() time.Time { return now }
	if !p.raise(4_000, 16_000) || p.offer() != 16_000 {
		t.Fatalf("%d", p.offer())
	}
	if p.raise(16_000, 21_000) || p.offer() != 16_000 {
		t.Fatalf("beyond the limit: %d", p.offer())
	}
	if !p.raise(16_000, 0) || p.offer() != 20_000 || p.raise(20_000, 0) {
		t.Fatalf("to the limit, and not further: %d", p.offer())
	}
	now = now.Add(calm - 1)
	if p.offer() != 20_000 {
		t.Errorf("it fell too soon: %d", p.offer())
	}
	now = now.Add(1)
	if p.offer() != 17_499 {
		t.Errorf("%d", p.offer())
	}
	now = now.Add(24 * time.Hour)
	if p.offer() != 4_000 {
		t.Errorf("%d", p.offer())
	}
}

// TestSpendingForgets: what is older than an hour does not count, and memory is bounded.
func TestSpendingForgets(t *testing.T) {
	now := time.Unix(0, 0)
	s := &spending{limit: 100, now: func() time.Time { return now }}
	pay := func(utia uint64, paid bool) error {
		if err := s.reserve(utia); err != nil {
			return err
		}
		s.settle(utia, paid)
		return nil
	}
	if err := errors.Join(pay(60, true), pay(40, false), pay(40, true)); err != nil {
		t.Fatal(err)
	}
	if err := pay(1, true); !errors.Is(err, ErrSpendLimit) {
		t.Fatal(err)
	}
	now = now.Add(time.Hour + 1)
	if err := pay(100, true); err != nil || s.sum != 100 || len(s.paid) != 1 {
		t.Fatalf("%v, %d in %d payments", err, s.sum, len(s.paid))
	}
	s = &spending{limit: math.MaxUint64, now: s.now}
	for range mostPayment + 10 {
		if err := pay(1, true); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.paid) != mostPayment || s.sum != mostPayment+10 {
		t.Errorf("%d payments, %d", len(s.paid), s.sum)
	}
}
