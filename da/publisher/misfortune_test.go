package publisher

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/batch"
	"github.com/lockstep-network/lockstep/da/datest"
	"github.com/lockstep-network/lockstep/da/local"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/cert"
)

func TestOutage(t *testing.T) {
	w := newWorld(t, 7, 20, manual())
	if err := w.layer.SetFaults(local.Faults{NoSubmit: true}); err != nil {
		t.Fatal(err)
	}
	tries := 0
	w.publish(w.cfg, func(effect string) error {
		if effect == "submitting" {
			tries++
			switch tries {
			case 5:
				return w.layer.SetFaults(local.Faults{NoSubmit: true, NoRead: true})
			case 10:
				return w.layer.SetFaults(local.Faults{})
			}
		}
		return nil
	})
	if tries < 10 {
		t.Errorf("%d attempts, want the ten of the outage", tries)
	}
	w.check(w.layer)
}

// An included submission whose reply was lost is found on the layer and not sent again.
func TestUnknownOutcomeIsSettledByLooking(t *testing.T) {
	w := newWorld(t, 8, 10, manual())
	w.cfg.Bytes = 1 << 20
	w.source.certified.Store(5)
	if err := w.layer.SetFaults(local.Faults{LoseReply: 1}); err != nil {
		t.Fatal(err)
	}
	s, _ := w.publish(w.cfg, nil)
	w.check(w.layer)
	if w.layer.Height() != 1 || s.Retries != 1 {
		t.Errorf("%d DA blocks, %d retries, want one submission that was found", w.layer.Height(), s.Retries)
	}
}

// The publisher is killed after every effect, one after the other, and once more at the same place after each restart.
func TestKilledAfterEveryEffect(t *testing.T) {
	effects := map[string]bool{}
	for k := 0; ; k++ {
		w := newWorld(t, 9, 7, local.Options{Interval: local.ManualBlocks, MaxBlock: 6 << 10})
		w.cfg.Submit = 6 << 10
		n := 0
		_, killed := w.publish(w.cfg, func(effect string) error {
			n++
			if n > k {
				effects[effect] = true
				return &killedError{effect}
			}
			return nil
		})
		if !killed {
			break
		}
		n = 0
		w.publish(w.cfg, func(effect string) error {
			n++
			if n == k+1 {
				return &killedError{effect}
			}
			return nil
		})
		w.publish(w.cfg, nil)
		w.check(w.layer)
	}
	for _, e := range []string{"built", "journaled", "submitting", "submitted", "landed", "closed"} {
		if !effects[e] {
			t.Errorf("never killed after %q", e)
		}
	}
}

// Kills, faults, a second publisher, lost and damaged journals, from a seed: everything is readable in the end.
func TestRandomMisfortune(t *testing.T) {
	seeds := uint64(12)
	if testing.Short() {
		seeds = 4
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, seed, 40, local.Options{
				Interval: time.Millisecond, MaxBlock: 12 << 10, FinalityDepth: 5,
				Faults: local.Faults{Seed: seed, Drop: 0.1, LoseReply: 0.2, Duplicate: 0.2, Reorder: 0.5},
			})
			other := w.cfg
			other.Dir = t.TempDir()
			var wg sync.WaitGroup
			for i, cfg := range []Config{w.cfg, other} {
				rng := rand.New(rand.NewPCG(seed, uint64(i)))
				wg.Go(func() { w.misfortune(rng, cfg) })
			}
			wg.Wait()
			if err := w.layer.SetFaults(local.Faults{}); err != nil {
				t.Fatal(err)
			}
			w.publish(w.cfg, nil)
			w.check(w.layer)
		})
	}
}

func (w *world) misfortune(rng *rand.Rand, cfg Config) {
	w.Helper()
	path := filepath.Join(cfg.Dir, []string{journalName, filepath.Join("back", "firm")}[rng.IntN(2)])
	for range 8 {
		left := rng.IntN(25)
		_, killed := w.publish(cfg, func(effect string) error {
			left--
			if left < 0 {
				return &killedError{effect}
			}
			return nil
		})
		if !killed {
			return
		}
		switch rng.IntN(6) {
		case 0:
			_ = os.Remove(path) // there may be none yet
		case 1:
			if raw, err := os.ReadFile(path); err == nil {
				if err := os.WriteFile(path, raw[:rng.IntN(len(raw))], 0o600); err != nil {
					w.Error(err)
				}
			}
		}
	}
}

// liar acknowledges submissions that it does not keep.
type liar struct {
	da.Layer
	rng *rand.Rand
}

func (l *liar) Submit(ctx context.Context, blobs []da.Blob) (uint64, error) {
	if l.rng.IntN(2) == 0 {
		h, err := l.Head(ctx)
		return max(h.Height, 1), err
	}
	return l.Layer.Submit(ctx, blobs)
}

func TestALayerThatLies(t *testing.T) {
	w := newWorld(t, 10, 30, manual())
	if err := w.layer.Advance(); err != nil {
		t.Fatal(err)
	}
	w.cfg.Layer = &liar{w.layer, w.rng}
	if s, _ := w.publish(w.cfg, nil); s.Retries == 0 {
		t.Error("no lie was noticed")
	}
	w.check(w.layer)
}

// Anyone can post certified headers, before their lanes are there. What is published so is not: no lane may be left out for it.
func TestHeadersAloneDoNotCount(t *testing.T) {
	w := newWorld(t, 18, 40, manual())
	codec, err := batch.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	post := func(from, to uint64) {
		h := batch.Headers{ChainID: datest.ChainID, Certificate: w.source.chain.Certificate(t, to, 0), Next: w.source.chain.Blocks[to-1].Next}
		for _, b := range w.source.chain.Blocks[from-1 : to] {
			h.Blocks = append(h.Blocks, batch.HeaderLanes{Header: b.Header, Leaves: b.Leaves})
		}
		raw, err := codec.EncodeHeaders(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.layer.Submit(t.Context(), []da.Blob{{Namespace: namespaces.Headers(), Data: raw}}); err != nil {
			t.Fatal(err)
		}
	}
	post(1, 21) // up to the change of operators
	post(22, 40)
	if s, _ := w.publish(w.cfg, nil); s.Published != 40 || s.Batches == 0 {
		t.Errorf("status %+v, want all published", s)
	}
	w.check(w.layer)
}

// What was not final when the publisher stopped is gone when it starts again; the layer has grown past it.
func TestRepostsFromTheFirmTip(t *testing.T) {
	w := newWorld(t, 11, 40, local.Options{Interval: local.ManualBlocks, FinalityDepth: 4})
	w.publish(w.cfg, nil)
	reorged, err := local.Open(t.TempDir(), local.Options{Interval: local.ManualBlocks, FinalityDepth: 4, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := reorged.Close(); err != nil {
			t.Error(err)
		}
	}()
	for h := uint64(1); h+3 < w.layer.Height(); h++ {
		var blobs []da.Blob
		for _, ns := range []namespaces.Namespace{namespaces.Headers(), nsA(), nsB()} {
			b, err := w.layer.Read(t.Context(), h, ns)
			if err != nil {
				t.Fatal(err)
			}
			blobs = append(blobs, b...)
		}
		if _, err := reorged.Submit(t.Context(), blobs); err != nil {
			t.Fatal(err)
		}
	}
	for range 10 {
		if err := reorged.Advance(); err != nil {
			t.Fatal(err)
		}
	}
	w.cfg.Layer = reorged
	if s, _ := w.publishUntil(w.cfg, nil, func(s Status) bool { return s.Batches > 0 }); s.Reposts != 1 || s.Batches == 0 {
		t.Errorf("status %+v, want one repost", s)
	}
	w.check(reorged)
}

func TestAnotherLayer(t *testing.T) {
	w := newWorld(t, 12, 30, manual())
	w.publish(w.cfg, nil)
	empty, err := local.Open(t.TempDir(), local.Options{Interval: local.ManualBlocks, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := empty.Close(); err != nil {
			t.Error(err)
		}
	}()
	w.cfg.Layer = empty
	w.publishUntil(w.cfg, nil, func(s Status) bool { return s.Batches > 0 })
	w.check(empty)
}

func TestConflictEndsThePublisher(t *testing.T) {
	w := newWorld(t, 14, 10, manual())
	w.publish(w.cfg, nil)
	rival := w.source.chain.Fork(3)
	rival.Grow(t, rand.New(rand.NewPCG(99, 99)), 4, 100, nsA())
	h := batch.Headers{ChainID: datest.ChainID, Certificate: rival.Certificate(t, 5, 0)}
	for _, b := range rival.Blocks[:5] {
		h.Blocks = append(h.Blocks, batch.HeaderLanes{Header: b.Header, Leaves: b.Leaves})
	}
	z, err := batch.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := z.EncodeHeaders(h)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.layer.Submit(t.Context(), []da.Blob{{Namespace: namespaces.Headers(), Data: raw}}); err != nil {
		t.Fatal(err)
	}
	fresh := w.cfg
	fresh.Dir = t.TempDir()
	p := w.open(fresh)
	go func() { _ = p.cfg.Back.Run(t.Context()) }() // the publisher tells how it ended
	var conflict *cert.ErrConflict
	if err := p.Run(t.Context()); !errors.As(err, &conflict) {
		t.Errorf("%v, want a conflict", err)
	}
}
