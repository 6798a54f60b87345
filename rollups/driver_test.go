package rollups

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// quick limits let the tests see time-outs within milliseconds.
func quick() Limits {
	return Limits{
		LookaheadBlocks: 8, LookaheadBytes: 8 << 10, Silence: 3 * time.Second, Withheld: 500 * time.Millisecond,
		BackoffMin: time.Millisecond, BackoffMax: 4 * time.Millisecond, FinalityPoll: 2 * time.Millisecond,
	}
}

// config is a driver's configuration in a folder of its own.
func config(t testing.TB, x Executor) Config {
	t.Helper()
	return Config{
		Dir: t.TempDir(), Namespace: mine(), Genesis: testGenesis(), Executor: x, Limits: quick(),
		Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
	}
}

// running is a driver that runs until the test stops it.
type running struct {
	*Driver
	t    testing.TB
	stop context.CancelFunc
	done chan error
}

func start(t testing.TB, cfg Config) *running {
	t.Helper()
	cfg.Registry = prometheus.NewRegistry()
	d, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{Driver: d, t: t, stop: cancel, done: make(chan error, 1)}
	go func() { r.done <- d.Run(ctx) }()
	t.Cleanup(func() { _ = r.end() })
	return r
}

// end stops the driver and returns what Run ended with. Later calls do nothing.
func (r *running) end() error {
	if r.stop == nil {
		return nil
	}
	r.stop()
	err := <-r.done
	r.stop = nil
	return errors.Join(err, r.Close())
}

// until waits for a condition on the heads.
func (r *running) until(what string, ok func(Heads) bool) {
	r.t.Helper()
	limit := time.After(30 * time.Second)
	for {
		_, changed := r.Soft()
		if ok(r.Status()) {
			return
		}
		select {
		case <-changed:
		case err := <-r.done:
			r.done <- err
			r.t.Fatalf("waiting for %s: the driver ended: %v", what, err)
		case <-limit:
			r.t.Fatalf("waiting for %s: heads are %+v", what, r.Status())
		}
	}
}

func softAt(h uint64) func(Heads) bool { return func(x Heads) bool { return x.Soft.Height >= h } }
func firmAt(h uint64) func(Heads) bool { return func(x Heads) bool { return x.Firm.Height >= h } }

// A node that follows peers executes each lane once and in order, a node that knows the DA layer alone ends at the same block, and the
// three heads follow one another.
func TestThreeHeadsOfBothWays(t *testing.T) {
	c := newChain(2, 80)
	want := c.output(80)
	s, published, finality := newStage(10), newStage(0), newStage(0)
	x := newFakeExecutor()
	cfg := config(t, x)
	cfg.Peers, cfg.Announced = newFakePeers().add("operator", honest(c, s)), fakeGossip{c, s}
	cfg.DA = &fakeDA{chain: c, published: published, finality: finality, batch: 7}
	r := start(t, cfg)
	r.until("the first soft heights", softAt(c.covered(10)))
	if h := r.Status(); h.Firm.Height != 0 || h.Final.Height != 0 {
		t.Fatalf("nothing is published, heads are %+v", h)
	}
	s.set(80)
	r.until("soft", softAt(80))
	published.set(50)
	r.until("firm", firmAt(30))
	if h := r.Status(); h.Final.Height != 0 {
		t.Fatalf("nothing is final, heads are %+v", h)
	}
	finality.set(20)
	r.until("final", func(h Heads) bool { return h.Final.Height > 0 })
	published.set(80)
	finality.set(1000)
	r.until("all final", func(h Heads) bool { return h.Final.Height == 80 })
	h := r.Status()
	if h.Soft != h.Firm || h.Firm != h.Final || h.Soft.Output != want || x.Head() != want {
		t.Fatalf("heads are %+v, want %+v", h, want)
	}
	if x.calls != len(c.inputs) {
		t.Fatalf("%d executions of %d inputs", x.calls, len(c.inputs))
	}
	soft, firm, final := r.Heads()
	if soft != want.Number || firm != want.Number || final != want.Number || r.Announced() != 80 {
		t.Fatalf("numbers %d %d %d, want %d", soft, firm, final, want.Number)
	}
	if err := r.end(); err != nil {
		t.Fatal(err)
	}

	alone := newFakeExecutor()
	cfg = config(t, alone)
	cfg.Source, cfg.DA = SourceDA, &fakeDA{chain: c, published: published, finality: finality, batch: 3}
	r = start(t, cfg)
	r.until("the DA layer's end", func(h Heads) bool { return h.Final.Height == 80 })
	if alone.Head() != want {
		t.Fatalf("from DA alone %+v, want %+v", alone.Head(), want)
	}
}

// With peers gone, the DA layer carries the node on; when they come back it goes on from there, not from where they left it.
func TestFirmCarriesOnWithoutPeers(t *testing.T) {
	c := newChain(3, 60)
	s, published := newStage(10), newStage(0)
	peers := newFakePeers().add("operator", honest(c, s))
	x := newFakeExecutor()
	cfg := config(t, x)
	cfg.Peers, cfg.DA = peers, &fakeDA{chain: c, published: published, finality: newStage(0), batch: 5}
	r := start(t, cfg)
	r.until("soft", softAt(c.covered(10)))
	published.set(40)
	r.until("firm beyond soft", firmAt(35))
	if h := r.Status(); h.Soft.Height < h.Firm.Height {
		t.Fatalf("soft is behind firm: %+v", h)
	}
	s.set(60)
	r.until("soft again", softAt(60))
	if x.Head() != c.output(60) {
		t.Fatal("another output")
	}
}

// A restart goes on from the record: nothing is executed again, and only what was not certified further is asked for.
func TestRestartGoesOnFromTheRecord(t *testing.T) {
	c := newChain(4, 60)
	s := newStage(40)
	var from []uint64
	serve := honest(c, s)
	peers := newFakePeers().add("operator", nil)
	x := newFakeExecutor()
	cfg := config(t, x)
	cfg.Source, cfg.Peers = SourceP2P, peers
	peers.servers["operator"] = serve
	r := start(t, cfg)
	r.until("soft", softAt(c.covered(40)))
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	calls := x.calls
	peers.servers["operator"] = recordFrom(&from, serve)
	s.set(60)
	r = start(t, cfg)
	r.until("soft", softAt(60))
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	if len(from) != 1 || from[0] != c.covered(40)+1 {
		t.Fatalf("asked from %v, want once from %d", from, c.covered(40)+1)
	}
	for _, in := range c.inputs {
		if in.Height > c.covered(40) {
			calls++
		}
	}
	if x.calls != calls || x.Head() != c.output(60) {
		t.Fatalf("%d executions, want %d", x.calls, calls)
	}
}

// A folder of another rollup, an executor of another history: refused, with what to do.
func TestForeignFoldersAreRefused(t *testing.T) {
	c := newChain(5, 30)
	x := newFakeExecutor()
	cfg := config(t, x)
	cfg.Source, cfg.Peers = SourceP2P, newFakePeers().add("operator", honest(c, newStage(30)))
	r := start(t, cfg)
	r.until("soft", softAt(30))
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	foreign := cfg
	foreign.Genesis.Hash[0]++
	foreign.Registry = prometheus.NewRegistry()
	if _, err := Open(t.Context(), foreign); !errors.Is(err, ErrForeign) {
		t.Fatalf("another genesis: %v", err)
	}
	other := cfg
	o := newFakeExecutor()
	o.salt = "other rules"
	for _, in := range c.inputs {
		if _, err := o.Execute(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	other.Executor, other.Registry = o, prometheus.NewRegistry()
	if _, err := Open(t.Context(), other); err == nil {
		t.Fatal("an executor with another history is taken")
	}
}

// Every configuration that lacks something says so.
func TestConfigSaysWhatIsMissing(t *testing.T) {
	good := config(t, newFakeExecutor())
	good.Source, good.Peers = SourceP2P, newFakePeers()
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Config){
		"folder":    func(c *Config) { c.Dir = "" },
		"genesis":   func(c *Config) { c.Genesis.ChainID = "" },
		"executor":  func(c *Config) { c.Executor = nil },
		"source":    func(c *Config) { c.Source = "carrier pigeon" },
		"peers":     func(c *Config) { c.Peers = nil },
		"da":        func(c *Config) { c.Source = SourceBoth },
		"namespace": func(c *Config) { c.Namespace = [10]byte{} },
	} {
		bad := good
		spoil(&bad)
		if err := bad.Validate(); err == nil {
			t.Errorf("without %s: no error", name)
		}
	}
}

// An executor that must go back further than it can stops the node, with advice and not with attempts for ever: when it is ahead with a block of
// another history, and when soft is dropped.
func TestExecutorThatCannotGoBackHalts(t *testing.T) {
	gone := &ExecutorError{Critical, errors.New("no longer kept: remove the folder")}
	for name, turn := range map[string]func(x *fakeExecutor, cfg *Config, c *chain){
		"a stranger's block": func(x *fakeExecutor, _ *Config, _ *chain) {
			x.blocks = append(x.blocks, Output{Height: 1_000, Number: 1_000, BlockHash: common.Hash{1}})
		},
		"a reset": func(_ *fakeExecutor, cfg *Config, c *chain) {
			cfg.Source, cfg.DA = SourceBoth, gapped{&fakeDA{chain: c, published: newStage(60), finality: newStage(0), batch: 4}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, s, x := newChain(31, 60), newStage(30), newFakeExecutor()
			cfg := config(t, x)
			cfg.Source, cfg.Peers = SourceP2P, newFakePeers().add("a", honest(c, s))
			r := start(t, cfg)
			r.until("soft", softAt(c.covered(30)))
			if err := r.end(); err != nil {
				t.Fatal(err)
			}
			x.stuck = gone
			turn(x, &cfg, c)
			s.set(60)
			r = start(t, cfg)
			var halted *HaltedError
			select {
			case err := <-r.done:
				if !errors.As(err, &halted) || !errors.Is(err, gone) || !strings.Contains(readEvidence(t, cfg.Dir).Error, "remove") {
					t.Errorf("ended with %v", err)
				}
				r.done <- nil
			case <-time.After(10 * time.Second):
				t.Fatal("goes on trying")
			}
			if x.backs != 1 {
				t.Errorf("%d attempts", x.backs)
			}
		})
	}
}

// gapped is a DA layer whose reader leaves out the first height.
type gapped struct{ *fakeDA }

func (d gapped) Open(ctx context.Context, after cert.Trust, cursor []byte) (FirmReader, error) {
	r, err := d.fakeDA.Open(ctx, after, cursor)
	if err == nil {
		_, err = r.Next(ctx)
	}
	return r, err
}
