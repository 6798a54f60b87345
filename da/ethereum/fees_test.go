package ethereum

import (
	"errors"
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/params"

	"github.com/lockstep-network/lockstep/da"
)

// TestReplacementFees: pools take a blob transaction in the place of another for twice each of its fees, others for a tenth more.
func TestReplacementFees(t *testing.T) {
	for _, f := range []fees{{1, 2, 3}, {7, 1000, 1 << 40}, {params.GWei, 30 * params.GWei, 1}} {
		b, c := f.replace(blobKind), f.replace(calldataKind)
		for _, p := range [][3]uint64{{f.tip, b.tip, c.tip}, {f.gas, b.gas, c.gas}, {f.blob, b.blob, c.blob}} {
			if p[1] < 2*p[0] || 10*p[2] < 11*p[0] {
				t.Errorf("%+v: %d for blobs and %d for calldata do not replace %d", f, p[1], p[2], p[0])
			}
		}
	}
	if f := (fees{math.MaxUint64, math.MaxUint64, math.MaxUint64}).replace(blobKind); f.gas != math.MaxUint64 {
		t.Errorf("fees overflow to %+v", f)
	}
}

// TestFeesKeepToTheLimits: the first offer is lowered to a limit that the market still meets, and refused where it does not.
func TestFeesKeepToTheLimits(t *testing.T) {
	limits := Fees{MinTip: 2, MaxGas: 100, MaxBlobGas: 50}
	m := market{base: 60, tip: 1, blob: 30}
	f, err := m.toward(limits).cap(m, limits, blobKind)
	if err != nil || f != (fees{tip: 2, gas: 100, blob: 50}) {
		t.Errorf("%+v, %v", f, err)
	}
	for _, dear := range []market{{base: 99, blob: 1}, {base: 1, blob: 51}} {
		if _, err := dear.toward(limits).cap(dear, limits, blobKind); !errors.Is(err, ErrFeeLimit) {
			t.Errorf("%+v: %v", dear, err)
		}
	}
	if _, err := (market{base: 1, blob: 51}).toward(limits).cap(market{base: 1, blob: 51}, limits, calldataKind); err != nil {
		t.Errorf("calldata where blobs are dear: %v", err)
	}
}

// TestChoiceHasHysteresis: calldata above 100 % of its cost, blobs again below 80 %.
func TestChoiceHasHysteresis(t *testing.T) {
	c := &chooser{limits: Config{}.withDefaults().Fees}
	container := make([]byte, 100_000)
	for i := range container {
		container[i] = 1
	}
	at := func(percent uint64) market { // of calldata's cost
		const base = 10 * params.GWei
		return market{base: base, blob: (calldataGas(container)*percent/100 - params.TxGas) * base / params.BlobTxBlobGasPerBlob}
	}
	for i, step := range []struct {
		percent uint64
		want    kind
	}{{99, blobKind}, {101, calldataKind}, {90, calldataKind}, {81, calldataKind}, {79, blobKind}, {99, blobKind}} {
		if k, err := c.choose(at(step.percent), container); err != nil || k != step.want {
			t.Errorf("step %d, at %d %%: %s, %v, want %s", i, step.percent, k, err, step.want)
		}
	}
	if k, err := c.choose(market{base: 1, noBlobs: true}, container); err != nil || k != calldataKind {
		t.Errorf("on an L1 without blobs: %s, %v", k, err)
	}
	var large da.ErrTooLarge
	if _, err := c.choose(at(1000), make([]byte, maxCalldata+1)); !errors.As(err, &large) || large.Limit > maxCalldata-prefixBytes-entryBytes {
		t.Errorf("too large for calldata: %v", err)
	}
	c.limits.NoCalldata = true
	if k, err := c.choose(at(1000), container); err != nil || k != blobKind {
		t.Errorf("calldata is not allowed: %s, %v", k, err)
	}
	if _, err := c.choose(market{noBlobs: true}, container); !errors.Is(err, ErrRejected) {
		t.Errorf("neither is there: %v", err)
	}
}

// TestSpendingForgetsAfterAnHour: what is set aside counts at once, what was paid for an hour.
func TestSpendingForgetsAfterAnHour(t *testing.T) {
	now := time.Unix(1000, 0)
	s := newSpending(big.NewInt(100))
	s.now = func() time.Time { return now }
	wei := big.NewInt
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.reserve(wei(0), wei(60)))
	if err := s.reserve(wei(0), wei(41)); !errors.Is(err, ErrSpendLimit) {
		t.Errorf("41 beside 60 of 100: %v", err)
	}
	must(s.reserve(wei(60), wei(100))) // the same, replaced
	s.settle(wei(100), wei(70))
	if err := s.reserve(wei(0), wei(31)); !errors.Is(err, ErrSpendLimit) {
		t.Errorf("31 after 70 of 100: %v", err)
	}
	now = now.Add(time.Hour + time.Second)
	must(s.reserve(wei(0), wei(100)))
	s.settle(wei(100), wei(0))
	if s.reserved.Sign() != 0 {
		t.Errorf("%s are still set aside", s.reserved)
	}
}

// TestConfigIsValidated: each mistake is named, and a URL is not, because it may hold a key.
func TestConfigIsValidated(t *testing.T) {
	good := Config{RPC: "http://127.0.0.1:1/secret", Beacons: []string{"https://b.example"}, Inbox: inbox()}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Config){
		"no RPC":                 func(c *Config) { c.RPC = "" },
		"a beacon node by path":  func(c *Config) { c.Beacons = []string{"/secret"} },
		"no inbox":               func(c *Config) { c.Inbox = Config{}.Inbox },
		"seven blobs":            func(c *Config) { c.Blobs = 7 },
		"a negative wait":        func(c *Config) { c.Timing.Poll = -1 },
		"an account without key": func(c *Config) { c.Accounts = []Account{{}} },
		"a tip above the limit":  func(c *Config) { c.Fees.MinTip, c.Fees.MaxGas = 2, 1 },
		"no way back":            func(c *Config) { c.Fees.LeavePercent, c.Fees.ReturnPercent = 50, 60 },
		"negative spending":      func(c *Config) { c.Fees.SpendPerHour = big.NewInt(-1) },
	} {
		c := good
		change(&c)
		if err := c.Validate(); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := Open(c); err == nil {
			t.Errorf("%s: it opens", name)
		}
	}
}
