package reader_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

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

// Lanes of one DA height, plain and chunked, of several publishers, in any order and before their headers: whose copy counts, and for how many bytes,
// does not depend on what the reader has memory for.
func TestAttributionDoesNotDependOnMemory(t *testing.T) {
	for seed := range uint64(30) {
		w := newWorld(t, 500+seed)
		const blocks = 4
		for range blocks {
			w.chain.Add(t, block.Lane{Namespace: nsA(), Data: datest.RandomLane(t, w.rng, 600)}, block.Lane{Namespace: nsB(), Data: datest.RandomLane(t, w.rng, 600)})
		}
		for range 2 {
			var blobs []da.Blob
			for range 12 {
				from := 1 + w.rng.Uint64N(blocks)
				blobs = append(blobs, w.copyOf(from, from+w.rng.Uint64N(blocks-from+1))...)
			}
			w.rng.Shuffle(len(blobs), func(i, j int) { blobs[i], blobs[j] = blobs[j], blobs[i] })
			w.post(blobs...)
		}
		h := w.headersOf(w.chain, 1, blocks)
		h.Publisher = common.Address{1}
		w.post(w.encode(h))
		w.post(append(w.lanes(nsA(), 1, blocks), w.lanes(nsB(), 1, blocks)...)...) // all that was left out
		want := w.take(w.read(), 1, blocks)
		for _, most := range []int{1, 700, 2_000, 5_000} {
			cfg := w.config()
			cfg.Limits.HeldBytes = most
			for i, b := range w.take(w.open(cfg), 1, blocks) {
				if b.Publisher != want[i].Publisher || b.Bytes != want[i].Bytes || b.DAHeight != want[i].DAHeight {
					t.Fatalf("seed %d: with %d bytes of memory block %d is %s's for %d bytes at %d, else %s's for %d at %d",
						seed, most, i+1, b.Publisher, b.Bytes, b.DAHeight, want[i].Publisher, want[i].Bytes, want[i].DAHeight)
				}
			}
		}
	}
}

// copyOf is somebody's blob of a namespace's lanes, or its chunks.
func (w *world) copyOf(from, to uint64) (blobs []da.Blob) {
	l := batch.Lanes{ChainID: datest.ChainID, Publisher: common.Address{byte(1 + w.rng.IntN(2))}, Namespace: nsA()}
	if w.rng.IntN(2) == 0 {
		l.Namespace = nsB()
	}
	for _, b := range w.chain.Blocks[from-1 : to] {
		for _, one := range b.Lanes {
			if one.Namespace == l.Namespace {
				l.Lanes = append(l.Lanes, batch.LaneAt{Height: b.Header.Height, Data: one.Data})
			}
		}
	}
	raw, err := w.codec.EncodeLanes(l)
	if err != nil {
		w.Fatal(err)
	}
	if w.rng.IntN(2) == 0 {
		return []da.Blob{{Namespace: l.Namespace, Data: raw}}
	}
	chunks, err := batch.Chunks(datest.ChainID, l.Namespace, raw, len(raw)/2+batch.ChunkOverhead(3))
	if err != nil {
		w.Fatal(err)
	}
	for _, c := range chunks {
		blobs = append(blobs, da.Blob{Namespace: l.Namespace, Data: c})
	}
	return blobs
}
