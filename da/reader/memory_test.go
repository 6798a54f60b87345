package reader_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/batch"
	"github.com/lockstep-network/lockstep/da/datest"
	"github.com/lockstep-network/lockstep/da/reader"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
)

// Anyone can post headers again. A reader whose queue was full when they came first must not take the copy: their lanes, which stood before it,
// are not in its memory, and P(H) would tell of its memory.
func TestHeadersAgainAfterAFullQueue(t *testing.T) {
	w := newWorld(t, 20)
	for range 3 {
		w.chain.Add(t, block.Lane{Namespace: nsA(), Data: datest.RandomLane(t, w.rng, 100)})
	}
	w.post(w.headers(1, 1))
	w.post(w.headers(2, 2))
	w.post(append(w.lanes(nsA(), 3, 3), w.headers(3, 3))...) // the queue is full
	w.post(w.lanes(nsA(), 1, 1)...)                          // and has room again
	w.post(w.headers(3, 3))
	at := w.post(w.lanes(nsA(), 2, 2)...)
	want := w.take(w.read(), 1, 3)
	cfg := w.config()
	cfg.Limits.HeldBlocks = 2
	for i, b := range w.take(w.open(cfg), 1, 3) {
		if b.DAHeight != want[i].DAHeight {
			t.Errorf("block %d is at DA height %d for one who holds little, %d for another", i+1, b.DAHeight, want[i].DAHeight)
		}
	}
	if want[1].DAHeight != at || want[2].DAHeight != 3 {
		t.Errorf("blocks 2 and 3 are at DA heights %d and %d", want[1].DAHeight, want[2].DAHeight)
	}
}

// A chunked lane stands where its last part stands: its first part may be two windows before the header, also for one who starts in between.
func TestResumeBehindAChunkedLane(t *testing.T) {
	w := newWorld(t, 21)
	w.grow(1)
	w.chain.Add(t, block.Lane{Namespace: nsA(), Data: datest.RandomLane(t, w.rng, 3000)})
	chunks, err := batch.Chunks(datest.ChainID, nsA(), w.lanes(nsA(), 2, 2)[0].Data, 2000)
	if err != nil {
		t.Fatal(err)
	}
	last := len(chunks) - 1
	for _, c := range chunks[:last] {
		w.post(da.Blob{Namespace: nsA(), Data: c})
	}
	w.empty(reader.Window - last)
	w.post(da.Blob{Namespace: nsA(), Data: chunks[last]})
	w.empty(reader.Window - 2)
	w.post(w.all(1, 1)...)
	at := w.post(w.headers(2, 2))
	want := w.take(w.read(), 1, 2)
	if want[1].DAHeight != at {
		t.Fatalf("block 2 is at DA height %d, want %d", want[1].DAHeight, at)
	}
	cfg := w.config()
	cfg.After, cfg.Cursor = want[0].Trust, want[0].Cursor
	if got := w.take(w.open(cfg), 2, 2); got[0].DAHeight != at {
		t.Errorf("resumed: block 2 is at DA height %d, want %d", got[0].DAHeight, at)
	}
}

// prunedSeeker is a layer that says of low heights that they are gone when it is asked to seek there.
type prunedSeeker struct {
	pruned
	seek da.Seeker
}

func (p prunedSeeker) Seek(ctx context.Context, from uint64, ns []namespaces.Namespace) (uint64, error) {
	if from < p.below {
		return 0, fmt.Errorf("seek from %d: %w", from, da.ErrGone)
	}
	return p.seek.Seek(ctx, from, ns)
}

func TestPrunedLayerThatSeeks(t *testing.T) {
	w := newWorld(t, 22)
	w.grow(5)
	w.post(w.all(1, 5)...)
	cfg := w.config()
	cfg.Layer = prunedSeeker{pruned{w.layer, 2}, w.layer}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // ends a test that hangs
	defer cancel()
	if _, err := w.open(cfg).Next(ctx); !errors.Is(err, da.ErrGone) {
		t.Errorf("%v, want ErrGone", err)
	}
}
