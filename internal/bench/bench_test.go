package bench

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
)

func TestScheduleSendsEachTransactionOnceAndNoneEarly(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		s := NewSchedule(time.Unix(1_700_000_000, 0), 1+r.Float64()*50_000, time.Duration(r.IntN(2000)+1)*time.Millisecond)
		sent := 0
		for now := s.Start.Add(-time.Millisecond); sent < s.N; now = now.Add(time.Duration(r.IntN(20_000)) * time.Microsecond) {
			until := s.Until(now)
			if until < sent {
				t.Fatalf("%+v: %d due after %d were", s, until, sent)
			}
			if until > 0 && s.Due(until-1) > now.Sub(s.Start) {
				t.Fatalf("%+v: transaction %d is sent before it is due", s, until-1)
			}
			if until < s.N && s.Due(until)+time.Microsecond < now.Sub(s.Start) {
				t.Fatalf("%+v: transaction %d is due and not sent", s, until)
			}
			sent = until
		}
		if sent != s.N {
			t.Fatalf("%+v: %d sent", s, sent)
		}
	}
}

func TestQuantileIsNearestRank(t *testing.T) {
	list := make([]time.Duration, 100)
	for i := range list {
		list[i] = time.Duration(i+1) * time.Millisecond
	}
	for _, c := range []struct {
		n    int
		q    float64
		want int // milliseconds
	}{{100, 0.5, 50}, {100, 0.99, 99}, {100, 1, 100}, {100, 0, 1}, {1, 0.99, 1}, {2, 0.5, 1}, {3, 0.5, 2}, {10, 0.99, 10}} {
		if got := quantile(list[:c.n], c.q); got != time.Duration(c.want)*time.Millisecond {
			t.Errorf("quantile %v of %d: %v, want %d ms", c.q, c.n, got, c.want)
		}
	}
	if got := latencyOf(nil); got != (Latency{}) {
		t.Errorf("of nothing: %+v", got)
	}
}

func TestTallyChargesFromWhenATransactionWasDue(t *testing.T) {
	s := NewSchedule(time.Unix(1_700_000_000, 0), 10, time.Second) // due at 0, 100, ... 900 ms
	tally := NewTally(s)
	for i := range 10 {
		tally.Seen(i, s.Start.Add(time.Second)) // all at once, late
	}
	tally.Seen(3, s.Start.Add(2*time.Second))
	tally.Seen(10, s.Start) // no such transaction
	tally.Seen(-1, s.Start)
	if seen, twice := tally.Count(); seen != 10 || twice != 1 {
		t.Errorf("%d seen and %d twice, want 10 and 1", seen, twice)
	}
	if l := tally.Latency(); l != (Latency{10, 500, 1000, 1000}) {
		t.Errorf("%+v: want p50 500, p99 1000, max 1000 ms", l)
	}
	if n := tally.Within(0, time.Second); n != 0 {
		t.Errorf("%d within the load, want 0", n)
	}
	if n := tally.Within(time.Second, 2*time.Second); n != 10 {
		t.Errorf("%d within the second after it, want 10", n)
	}
}

func TestTallyTellsLullsFromFloods(t *testing.T) {
	s := NewSchedule(time.Unix(1_700_000_000, 0), 10, 2*time.Second) // due at 0, 100, ... 1,900 ms
	tally := NewTally(s)
	for i := range 20 {
		if took := time.Duration(20+i) * time.Millisecond; i != 3 && i != 15 {
			tally.Seen(i, s.Start.Add(s.Due(i)+took))
		}
	}
	lull := func(due time.Duration) bool { return due < time.Second }
	if sent, lost, l := tally.Among(lull); sent != 10 || lost != 1 || l.Count != 9 || l.Max != 29 {
		t.Errorf("lull: %d sent, %d lost, %+v", sent, lost, l)
	}
	if sent, lost, l := tally.Among(func(due time.Duration) bool { return !lull(due) }); sent != 10 || lost != 1 || l.P50 != 34 || l.P99 != 39 {
		t.Errorf("flood: %d sent, %d lost, %+v", sent, lost, l)
	}
}

func TestPayloadsAreUniqueAndNumbered(t *testing.T) {
	seen := make(map[string]bool)
	for _, size := range []int{1, minPayload + 1, 250} {
		for i := range 100 {
			p := payload(7, i, size)
			if want := max(size, minPayload); len(p) != want {
				t.Fatalf("%d bytes, want %d", len(p), want)
			}
			if seen[string(p)] {
				t.Fatalf("payload %d of %d bytes stands twice", i, size)
			}
			seen[string(p)] = true
			if got, ok := number(7, p); !ok || got != i {
				t.Fatalf("number %d, %v: want %d", got, ok, i)
			}
			if _, ok := number(8, p); ok {
				t.Fatal("another run's payload was taken for this one's")
			}
		}
	}
	for n := range minPayload {
		if _, ok := number(0, make([]byte, n)); ok {
			t.Fatalf("%d bytes were taken for a payload", n)
		}
	}
}

func TestSweepFindsTheKnee(t *testing.T) {
	for _, c := range []struct{ first, capacity float64 }{{1000, 9000}, {1000, 1100}, {50_000, 9000}, {9000, 9000}, {10, 1e9}, {1e9, 10}} {
		tries := 0
		at, err := sweep(c.first, func() bool { return true }, func(rate float64) (*Result, error) {
			tries++
			return &Result{Offered: rate, Committed: min(rate, c.capacity)}, nil
		})
		if err != nil || tries > maxSteps+1 {
			t.Fatalf("%+v: %d tries, error %v", c, tries, err)
		}
		within := at != nil && at.Offered*knee <= c.capacity && at.Offered*growth > c.capacity
		if reachable := c.capacity < c.first*math.Pow(growth, maxSteps-1) && c.capacity > c.first/math.Pow(growth, maxSteps-1); within != reachable {
			t.Errorf("%+v: knee %+v", c, at)
		}
	}
}

func TestUsageIsReadFromProc(t *testing.T) {
	cpu, err := parseStat("42 (a ) b) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 9 0 1 2 3")
	if err != nil || cpu != 2*time.Second {
		t.Errorf("processor time %v, %v: want 2s", cpu, err)
	}
	for _, bad := range []string{"", "42 (x", "42 (x) S 1", "42 (x) S 1 2 3 4 5 6 7 8 9 10 a b c d"} {
		if _, err := parseStat(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	dev := "Inter-|   Receive  |  Transmit\n face |bytes packets\n    lo: 1000 1 0 0 0 0 0 0 1000 1 0\n  tun0: 234 1 0 0 0 0 0 0 99 1 0\n"
	if n, err := parseDev(dev); err != nil || n != 1234 {
		t.Errorf("%d bytes, %v: want 1234", n, err)
	}
}

func TestPeersLineIsRead(t *testing.T) {
	p, err := parsePeer("peer=cometbft-v0.40.0 validators=4 offered=4000 size=250 seconds=10 sent=1 committed=39000 rate=3900 p50_ms=350 p99_ms=900 avg_ms=1 max_ms=2\n")
	if err != nil || p.Offered != 4000 || p.Committed != 3900 || p.P50 != 350 || p.P99 != 900 {
		t.Errorf("%+v, %v", p, err)
	}
	for _, bad := range []string{"", "rate=x offered=1", "something else"} {
		if _, err := parsePeer(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	for want, list := range map[float64][]float64{0: nil, 2: {3, 1, 2}, 2.5: {4, 1, 2, 3}} {
		if got := Median(list); got != want {
			t.Errorf("median of %v: %v, want %v", list, got, want)
		}
	}
}

func TestOnlyThisMachineIsATarget(t *testing.T) {
	key, err := crypto.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		rpc string
		ok  bool
	}{
		{"http://127.0.4.1:26652", true},
		{"http://[::1]:1", true},
		{"http://192.0.2.1:26652", false},
		{"http://10.77.0.1:26652", onlyLAN()},
		{"http://localhost:1", false}, // a name may be anybody's
		{"http://example.com", false},
		{"::", false},
	} {
		n := &Network{
			Genesis: &genesis.Genesis{}, Operators: []Member{{RPC: "http://127.0.0.1:1"}, {RPC: c.rpc}}, Lanes: make([]namespaces.Namespace, 1),
		}
		n.Payers = append(n.Payers, key)
		if err := n.Validate(); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.rpc, err)
		}
	}
	if allowed(netip.MustParseAddr("10.78.0.1")) {
		t.Error("10.78.0.1 is no address of ours")
	}
}

func TestReportIsATableAndJSON(t *testing.T) {
	r := &Report{Runs: []*Result{{
		Mode: Legs, Offered: 1000, Committed: 999, Sent: 5000, Ordered: Latency{5000, 80, 150, 160}, Accepted: &Latency{5000, 1, 2, 3},
		Refusals: map[string]int{"full": 2}, Usage: Usage{Operators: 0.5, RSS: []float64{100, 200}},
	}}}
	var b bytes.Buffer
	if err := r.Table(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| legs", "| 1 / 2", "| 80 / 150", "| -", "| 200"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	if line := r.Runs[0].String(); !strings.Contains(line, "[full: 2]") || !strings.Contains(line, "ordered 80/150 ms") {
		t.Errorf("line %q", line)
	}
	raw, err := json.Marshal(r)
	if err != nil || !strings.Contains(string(raw), `"p50Ms":80`) {
		t.Errorf("%s, %v", raw, err)
	}
}
