package publisher

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/datest"
)

// metered is a layer that charges for whole units.
type metered struct {
	*datest.Forked
	units da.Units

	mu   sync.Mutex // guards the fields below
	used []int      // bytes of each submission, with what is around
}

func (m *metered) Units() da.Units { return m.units }

func (m *metered) Submit(ctx context.Context, blobs []da.Blob) (uint64, error) {
	size := m.units.Frame + m.units.PerBlob*len(blobs)
	for _, b := range blobs {
		size += len(b.Data)
	}
	if most := m.units.Size * m.units.Most; size > most {
		return 0, da.ErrTooLarge{Limit: most - m.units.Frame - m.units.PerBlob*len(blobs)}
	}
	m.mu.Lock()
	m.used = append(m.used, size)
	m.mu.Unlock()
	return m.Forked.Submit(ctx, blobs)
}

// fill is how full the units of all submissions but the last are, in percent.
func (m *metered) fill() (percent float64, submissions int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	used, paid := 0, 0
	for _, n := range m.used[:max(len(m.used)-1, 0)] {
		used, paid = used+n, paid+(n+m.units.Size-1)/m.units.Size*m.units.Size
	}
	return 100 * float64(used) / float64(max(paid, 1)), len(m.used)
}

func newMetered() *metered {
	return &metered{Forked: datest.NewForked(0), units: da.Units{Size: 20_000, Most: 6, Frame: 3, PerBlob: 14}}
}

// Under load the units that are paid for are full: 97 % at least.
func TestUnitsAreFilledUnderLoad(t *testing.T) {
	w := newWorld(t, 41, 4, manual())
	w.source.chain.Grow(t, rand.New(rand.NewPCG(41, 41)), 1500, 500, nsA(), nsB())
	w.source.certified.Store(1504)
	layer := newMetered()
	w.cfg.Layer = layer
	w.publish(w.cfg, nil)
	fill, n := layer.fill()
	t.Logf("%d submissions fill %.1f %% of what is paid for", n, fill)
	if fill < 97 || n < 4 {
		t.Errorf("%d submissions fill %.1f %% of what is paid for", n, fill)
	}
	w.check(layer)
}

// A network with little to say does not wait for a unit to fill: no block is older than MaxAge when it is sent.
func TestAnIdleNetworkPublishesInTime(t *testing.T) {
	w := newWorld(t, 42, 6, manual())
	layer := newMetered()
	w.cfg.Layer = layer
	p := w.open(w.cfg)
	p.cfg.MaxAge = time.Hour
	if _, err := p.next(t.Context()); err == nil {
		t.Fatal("published before it was old or full")
	}
	p.pending.since = time.Now().Add(-time.Hour)
	if b, err := p.next(t.Context()); err != nil || b.after.Height == 0 {
		t.Fatalf("an old block is not published: %v", err)
	}
}

// What remains of a trimmed batch keeps its age.
func TestWhatRemainsKeepsItsAge(t *testing.T) {
	w := newWorld(t, 43, 6, manual())
	p := w.open(w.cfg)
	for h := uint64(1); h <= 4; h++ {
		c, err := w.source.Contents(h)
		if err != nil {
			t.Fatal(err)
		}
		p.pending.add(h, c, time.Unix(int64(h), 0))
	}
	if p.pending.drop(2); p.pending.from != 3 || !p.pending.since.Equal(time.Unix(3, 0)) {
		t.Errorf("from %d, since %v", p.pending.from, p.pending.since)
	}
}
