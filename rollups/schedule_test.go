package rollups

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-network/lockstep/namespaces/feed"
)

var seedFlag = flag.Uint64("seed", 0, "run the schedule of this seed alone")

// machine is a node that is killed again and again: an executor whose blocks survive, and a disk that keeps what was synced and some of what
// was not.
type machine struct {
	t    *testing.T
	rng  *rand.Rand // used by the test's goroutine only
	x    *fakeExecutor
	disk *vfs.MemFS
	cfg  Config

	mu    sync.Mutex
	fault *rand.Rand // guarded by mu: for what goroutines of the driver ask
}

func newMachine(t *testing.T, seed uint64, cfg Config) *machine {
	m := &machine{
		t: t, rng: rand.New(rand.NewPCG(seed, 2)), fault: rand.New(rand.NewPCG(seed, 3)), x: newFakeExecutor(), disk: vfs.NewCrashableMem(),
		cfg: cfg,
	}
	m.cfg.Dir, m.cfg.Namespace, m.cfg.Genesis, m.cfg.Executor = t.TempDir(), mine(), testGenesis(), m.x
	m.cfg.Limits, m.cfg.Log = quick(), slog.New(slog.DiscardHandler)
	return m
}

// chance is true once in n times.
func (m *machine) chance(n int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.fault.IntN(n) == 0
}

// life runs the driver until done, or for a bounded time if kill says so, and crashes it: at a random moment, or between the executor's
// effect and the record.
func (m *machine) life(kill bool, done func(Heads) bool) (finished bool) {
	m.t.Helper()
	m.cfg.fs, m.cfg.Registry = m.disk, prometheus.NewRegistry()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	m.x.after = nil
	d, err := Open(ctx, m.cfg)
	if err != nil {
		m.t.Fatal(err)
	}
	if kill {
		left := 1 + m.rng.IntN(12)
		m.x.mu.Lock()
		m.x.after = func(Output) error {
			if left--; left == 0 {
				cancel()
				return context.Canceled // stored, and nobody is told: the crash between executor and record
			}
			if m.chance(12) {
				return errors.New("the disk was full for a moment, after the block was stored")
			}
			if m.chance(15) {
				return fmt.Errorf("forced: %w", errReset)
			}
			return nil
		}
		m.x.mu.Unlock()
		time.AfterFunc(time.Duration(1+m.rng.IntN(40))*time.Millisecond, cancel)
	}
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	for finished = false; !finished; {
		_, changed := d.Soft()
		if finished = done(d.Status()); finished {
			break
		}
		select {
		case <-changed:
			continue
		case err := <-ended:
			if err != nil {
				m.t.Fatal(err)
			}
			ended <- nil
		case <-time.After(30 * time.Second):
			m.t.Fatalf("stuck at %+v", d.Status())
		}
		break
	}
	cancel()
	if err := <-ended; err != nil {
		m.t.Fatal(err)
	}
	soft := d.Status().Soft
	crashed := m.disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: m.rng.IntN(101), RNG: m.rng})
	if err := d.Close(); err != nil {
		m.t.Fatal(err)
	}
	if head := m.x.Head(); head.Height < soft.Output.Height {
		m.t.Fatalf("the record claims shared height %d, the executor holds %d", soft.Output.Height, head.Height)
	}
	m.disk = crashed
	return finished
}

// Whatever the peers send, wherever the node is killed, however often soft is dropped: a node on both ways, one on the DA layer alone and one on
// peers alone end at the same block, which is the one that plain execution gives.
func TestEverySourceEndsAtTheSameBlock(t *testing.T) {
	seeds := []uint64{1, 2, 3, 4, 5, 6, 7, 8}
	if testing.Short() {
		seeds = seeds[:3]
	}
	if *seedFlag != 0 {
		seeds = []uint64{*seedFlag}
	}
	for _, seed := range seeds {
		for _, source := range []Source{SourceBoth, SourceDA, SourceP2P} {
			t.Run(fmt.Sprintf("%s/seed=%d", source, seed), func(t *testing.T) {
				t.Parallel()
				schedule(t, seed, source)
			})
		}
	}
}

func schedule(t *testing.T, seed uint64, source Source) {
	const heights = 70
	c := newChain(seed, heights)
	s, published, finality := newStage(0), newStage(0), newStage(0)
	m := newMachine(t, seed, Config{Source: source})
	cut := func(ctx context.Context, req feed.Request, send func(feed.Step) error) error {
		return honest(c, s)(ctx, req, func(st feed.Step) error {
			if m.chance(8) {
				return errCut
			}
			return send(st)
		})
	}
	liar := altered(c, s, func(st feed.Step) feed.Step {
		if m.chance(6) {
			st.Header.TimeMS++
		}
		return st
	})
	m.cfg.Peers = newFakePeers().add("liar", liar).add("cut", cut).add("cut too", cut)
	m.cfg.Announced = fakeGossip{c, s}
	m.cfg.DA = &fakeDA{chain: c, published: published, finality: finality, batch: 1 + seed%9, flaky: func() error {
		if m.chance(30) {
			return errCut
		}
		return nil
	}}
	// The chain grows while the node lives and dies.
	for round := range 14 {
		head := min(heights, uint64(round+1)*6)
		s.set(head)
		published.set(head - min(head, m.rng.Uint64N(25)))
		finality.set(head - min(head, m.rng.Uint64N(40)))
		m.life(true, func(Heads) bool { return false })
	}
	s.set(heights)
	published.set(heights)
	finality.set(heights)
	end := func(h Heads) bool { return h.Final.Height == heights }
	if source == SourceP2P {
		end = softAt(heights)
	}
	if !m.life(false, end) {
		t.Fatal("not finished")
	}
	if want := c.output(heights); m.x.Head() != want {
		t.Fatalf("seed %d: %+v, want %+v", seed, m.x.Head(), want)
	}
	// And the record that survives the last crash is one to go on from.
	if !m.life(false, func(h Heads) bool { return h.Soft.Height == heights && h.Soft.Output == m.x.Head() }) {
		t.Fatal("not finished")
	}
}
