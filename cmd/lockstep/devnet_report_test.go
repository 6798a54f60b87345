package main

import (
	"math/big"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rpc"
	"github.com/holiman/uint256"
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
	for from := uint64(0); from < 30; from++ {
		if fewer(from) == reports(from, from+1) {
			t.Errorf("after epoch %d: told of the next alone is %v", from, reports(from, from+1))
		}
	}
	if reports(5, 5) || !reports(5, 7) {
		t.Error("a line is due when an epoch has ended")
	}
}

// An operator that joined later has its part among the others', from genesis on, and stays there when the ledger lists it no more.
func TestReportCountsWhoJoinedLater(t *testing.T) {
	l := &teller{owed: []*uint256.Int{uint256.NewInt(5)}} // each address has earned 2 ether and 5 wei
	server := rpc.NewServer()
	if err := server.RegisterName("seq", l); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server)
	defer web.Close()
	defer server.Stop()
	each := new(big.Int).Add(big.NewInt(2e18), big.NewInt(5))
	for name, c := range map[string]struct {
		who    earners
		others *big.Int
		parts  int64 // addresses that have earned
	}{
		"known":               {earners{operators: []common.Address{common.HexToAddress(who)}}, new(big.Int), 2},
		"joined":              {earners{operators: []common.Address{{9}}}, each, 3},
		"joined and has gone": {earners{operators: []common.Address{common.HexToAddress(who)}, others: []common.Address{{7}}}, each, 3},
	} {
		b, err := booksOf(t.Context(), web.URL, &c.who)
		if err != nil {
			t.Fatal(err)
		}
		in := new(big.Int).Add(new(big.Int).Mul(each, big.NewInt(c.parts)), big.NewInt(5e18)) // and five pots of one ether
		if b.others.Cmp(c.others) != 0 || b.in.Cmp(in) != 0 || len(b.operators) != 1 {
			t.Errorf("%s: others %s, want %s; in %s, want %s", name, b.others, c.others, b.in, in)
		}
	}
}

// A line holds what each has earned since the one before, in gwei.
func TestReportOfAnEpoch(t *testing.T) {
	d := &devnet{network: &network{Operators: []member{{Name: "operator-1"}, {Name: "operator-2"}}}}
	at := func(epoch uint64, unit int64) *books {
		n := func(k int64) *big.Int { return big.NewInt(k * unit * 1e9) }
		return &books{epoch: epoch, operators: []*big.Int{n(1), n(2)}, others: n(7), tips: n(3), publishers: n(4), treasury: n(5), in: n(6)}
	}
	_, head, _ := strings.Cut(d.reportHead(), "\n")
	for want, got := range map[string]string{
		"EPOCH CAME IN OPERATOR-1 OPERATOR-2 OTHERS OWNER'S TIPS TREASURY STILL IN POTS": head,
		"7 60 10 20 70 30 50 44":   reportLine(at(7, 1), at(8, 11)),
		"7-9 60 10 20 70 30 50 44": reportLine(at(7, 1), at(10, 11)),
	} {
		if have := strings.Join(strings.Fields(got), " "); have != want {
			t.Errorf("%q, want %q", have, want)
		}
	}
}
