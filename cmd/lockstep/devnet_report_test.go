package main

import (
	"math/big"
	"strings"
	"testing"
)

// The first epochs have a line each, later ones are told together, and none is left out.
func TestEpochsAreReportedOnce(t *testing.T) {
	last, lines := uint64(0), 0
	for now := uint64(1); now <= 1_000; now++ {
		if reports(last, now) {
			last, lines = now, lines+1
		}
	}
	if lines != 14+65 || last < 985 {
		t.Errorf("%d lines up to epoch %d", lines, last)
	}
	if reports(5, 5) || !reports(5, 7) {
		t.Error("a line is due when an epoch has ended")
	}
}

// A line holds what each has earned since the one before, in gwei.
func TestReportOfAnEpoch(t *testing.T) {
	d := &devnet{network: &network{Operators: []member{{Name: "operator-1"}, {Name: "operator-2"}}}}
	at := func(epoch uint64, unit int64) *books {
		n := func(k int64) *big.Int { return big.NewInt(k * unit * 1e9) }
		return &books{epoch: epoch, operators: []*big.Int{n(1), n(2)}, tips: n(3), publishers: n(4), treasury: n(5), fees: n(6)}
	}
	for want, got := range map[string]string{
		"EPOCH FEES OPERATOR-1 OPERATOR-2 OWNER'S TIPS TREASURY STILL IN POTS": d.reportHead(),
		"7 60 10 20 30 50 44":   reportLine(at(7, 1), at(8, 11)),
		"7-9 60 10 20 30 50 44": reportLine(at(7, 1), at(10, 11)),
	} {
		if have := strings.Join(strings.Fields(got), " "); have != want {
			t.Errorf("%q, want %q", have, want)
		}
	}
}
