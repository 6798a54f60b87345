package reader_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/batch"
	"github.com/lockstep-network/lockstep/da/datest"
	"github.com/lockstep-network/lockstep/da/reader"
	"github.com/lockstep-network/lockstep/namespaces/block"
)

// witness reads all the time, through reorganisations and restarts, and keeps what stands.
type witness struct {
	*world
	cfg reader.Config

	mu     sync.Mutex // guards the fields below
	blocks []reader.Block
	final  uint64 // shared height that was final at some time
	r      *reader.Reader
	gone   int // blocks withdrawn
}

func forkedWorld(t testing.TB, seed uint64, depth uint64) (*world, *datest.Forked) {
	t.Helper()
	z, err := batch.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	return &world{t, datest.NewChain(t, 4), nil, z, rand.New(rand.NewPCG(seed, 1))}, datest.NewForked(depth)
}

func (w *world) forkedConfig(l da.Layer) reader.Config {
	cfg := w.config()
	cfg.Layer = l
	return cfg
}

// back keeps the blocks up to a height and returns a configuration that goes on after the last end of a run among them.
func (w *witness) back(height uint64) reader.Config {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := len(w.blocks)
	w.blocks = w.blocks[:min(uint64(before), height)]
	for n := len(w.blocks); n > 0 && w.blocks[n-1].Certificate == nil; n-- {
		w.blocks = w.blocks[:n-1]
	}
	w.gone += before - len(w.blocks)
	cfg := w.cfg
	if n := len(w.blocks); n > 0 {
		cfg.After, cfg.Cursor = w.blocks[n-1].Trust, w.blocks[n-1].Cursor
	}
	return cfg
}

// run reads until ctx ends. A restart takes up the newest cursor.
func (w *witness) run(ctx context.Context, restart <-chan struct{}) {
	cfg := w.cfg
	for ctx.Err() == nil {
		r, err := reader.New(cfg)
		if err != nil {
			w.Error(err)
			return
		}
		w.mu.Lock()
		w.r = r
		w.mu.Unlock()
		err = w.follow(ctx, r, restart)
		_ = r.Close()
		var withdrawn *reader.Withdrawn
		switch {
		case ctx.Err() != nil:
			return
		case !errors.As(err, &withdrawn): // a restart
			cfg = w.back(^uint64(0))
		case withdrawn.Known:
			cfg = w.back(withdrawn.After.Height)
			cfg.After, cfg.Cursor = withdrawn.After, withdrawn.Cursor
			if withdrawn.After.Height != uint64(len(w.blocks)) {
				w.Errorf("withdrawn to %d, which is no end of a run; %d are kept", withdrawn.After.Height, len(w.blocks))
			}
		default:
			cfg = w.back(w.final)
		}
		if uint64(len(w.blocks)) < w.final && err != nil && errors.As(err, &withdrawn) && withdrawn.Known {
			// Only the rest of a run may be read again though it is final.
			if b := w.blocks; len(b) > 0 && b[len(b)-1].Certificate == nil {
				w.Errorf("a final block was withdrawn: %d of %d", len(b), w.final)
			}
		}
	}
}

func (w *witness) follow(ctx context.Context, r *reader.Reader, restart <-chan struct{}) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-restart:
			cancel()
		case <-ctx.Done():
		}
	}()
	for {
		b, err := r.Next(ctx)
		if err != nil {
			return err
		}
		settled := r.Status().Settled
		w.mu.Lock()
		if b.Header.Height != uint64(len(w.blocks))+1 {
			w.Errorf("block %d after %d", b.Header.Height, len(w.blocks))
		}
		w.blocks = append(w.blocks, b)
		for _, one := range w.blocks[min(w.final, uint64(len(w.blocks))):] {
			if one.Reach <= settled {
				w.final = one.Header.Height
			}
		}
		w.mu.Unlock()
	}
}

// until waits until the witness has looked at a DA height and has so many blocks.
func (w *witness) until(daHeight uint64, blocks int) {
	w.Helper()
	deadline := time.Now().Add(time.Minute) // ends a test that hangs
	for {
		w.mu.Lock()
		done := w.r != nil && w.r.Status().Scanned >= daHeight && len(w.blocks) >= blocks
		n := len(w.blocks)
		w.mu.Unlock()
		if done {
			return
		}
		if time.Now().After(deadline) {
			w.Fatalf("the witness has %d blocks of %d, status %+v", n, blocks, w.r.Status())
		}
		time.Sleep(time.Millisecond) // the condition is polled
	}
}

// Whoever lives through reorganisations of the DA layer, with restarts or without, sees in the end what one sees who comes later: the same
// blocks, readable at the same DA heights, published by the same.
func TestReorganisationsLeaveNoTrace(t *testing.T) {
	seeds, gone := 24, 0
	if testing.Short() {
		seeds = 6
	}
	for seed := range seeds {
		w, layer := forkedWorld(t, uint64(seed), 12)
		saw := &witness{world: w, cfg: w.forkedConfig(layer)}
		ctx, cancel := context.WithCancel(t.Context())
		restart, done := make(chan struct{}), make(chan struct{})
		go func() { defer close(done); saw.run(ctx, restart) }()
		const blocks = 60
		w.grow(blocks)
		w.misfortunes(layer, saw, restart, blocks)
		for from := uint64(1); from <= blocks; from += 10 { // an honest publisher posts all that may be missing
			submit(t, layer, w.all(from, from+9)...)
		}
		layer.Advance(1)
		saw.until(layer.Height(), blocks)
		cancel()
		<-done
		gone += saw.gone
		compare(t, seed, saw.blocks, w.take(w.open(w.forkedConfig(layer)), 1, blocks))
	}
	if gone == 0 {
		t.Error("no block was ever withdrawn: the test shows nothing")
	}
}

// misfortunes posts pieces in any order, replaces blocks, and restarts the witness, as the seed says.
func (w *world) misfortunes(layer *datest.Forked, saw *witness, restart chan<- struct{}, blocks uint64) {
	w.Helper()
	next := uint64(1)
	for range 60 {
		switch k := w.rng.IntN(10); {
		case k < 5:
			to := min(blocks, next+uint64(w.rng.IntN(5)))
			blobs := w.all(next-min(next-1, uint64(w.rng.IntN(4))), to)
			w.rng.Shuffle(len(blobs), func(i, j int) { blobs[i], blobs[j] = blobs[j], blobs[i] })
			cut := w.rng.IntN(len(blobs) + 1)
			submit(w, layer, blobs[:cut]...)
			submit(w, layer, blobs[cut:]...)
			next = min(to+1, blocks)
		case k < 6:
			layer.Advance(1 + w.rng.IntN(4))
		case k < 9:
			w.reorg(layer)
		default:
			select {
			case restart <- struct{}{}:
			case <-time.After(10 * time.Millisecond): // it is between two readers
			}
		}
		if w.rng.IntN(2) == 0 { // let it see this one
			layer.Advance(1)
			saw.until(layer.Height(), 0)
		}
	}
}

// reorg replaces some of the newest blocks. Most of what stood in them is in the others, elsewhere and in another order.
func (w *world) reorg(layer *datest.Forked) {
	depth := uint64(1 + w.rng.IntN(8))
	probe := layer.Reorg(depth)
	w.rng.Shuffle(len(probe), func(i, j int) { probe[i], probe[j] = probe[j], probe[i] })
	probe = probe[:len(probe)-w.rng.IntN(len(probe)+1)/2]
	for range w.rng.IntN(int(depth) + 2) {
		k := w.rng.IntN(len(probe) + 1)
		layer.Reorg(0, probe[:k])
		probe = probe[k:]
	}
}

func submit(t testing.TB, l da.Layer, blobs ...da.Blob) {
	t.Helper()
	if len(blobs) == 0 {
		return
	}
	if _, err := l.Submit(t.Context(), blobs); err != nil {
		t.Fatal(err)
	}
}

func compare(t *testing.T, seed int, saw, fresh []reader.Block) {
	t.Helper()
	for i, want := range fresh {
		got := saw[i]
		if got.Hash != want.Hash || got.DAHeight != want.DAHeight || got.Bytes != want.Bytes || got.Publisher != want.Publisher {
			t.Fatalf("seed %d, block %d: P is %d for who saw the reorganisations, %d for who came later; bytes %d and %d",
				seed, want.Header.Height, got.DAHeight, want.DAHeight, got.Bytes, want.Bytes)
		}
		if !slices.EqualFunc(got.Lanes, want.Lanes, func(a, b block.Lane) bool { return a.Namespace == b.Namespace && string(a.Data) == string(b.Data) }) {
			t.Fatalf("seed %d, block %d: other lanes", seed, want.Header.Height)
		}
	}
}

// A block that vanished is withdrawn, and given again when it stands elsewhere; the one before it stays.
func TestWithdrawnAndGivenAgain(t *testing.T) {
	w, layer := forkedWorld(t, 7, 100)
	w.grow(4)
	submit(t, layer, w.all(1, 2)...)
	layer.Advance(3)
	submit(t, layer, w.all(3, 4)...)
	r := w.open(w.forkedConfig(layer))
	w.take(r, 1, 4)
	layer.Reorg(1, nil)
	var withdrawn *reader.Withdrawn
	_, err := r.Next(t.Context())
	if !errors.As(err, &withdrawn) || !withdrawn.Known || withdrawn.After.Height != 2 || withdrawn.DAHeight != 4 {
		t.Fatalf("after the reorganisation: %v", err)
	}
	cfg := w.forkedConfig(layer)
	cfg.After, cfg.Cursor = withdrawn.After, withdrawn.Cursor
	again := w.open(cfg)
	submit(t, layer, w.all(3, 4)...)
	for _, b := range w.take(again, 3, 4) {
		if b.DAHeight != layer.Height() {
			t.Errorf("block %d: P is %d, want %d", b.Header.Height, b.DAHeight, layer.Height())
		}
	}
}

// What no given block relies on is replaced without a word: links, headers that wait, lanes that came first.
func TestReplacedBelowNothing(t *testing.T) {
	w, layer := forkedWorld(t, 8, 100)
	w.grow(4)
	submit(t, layer, w.all(1, 2)...)
	r := w.open(w.forkedConfig(layer))
	w.take(r, 1, 2)
	submit(t, layer, w.headers(3, 4)) // and no lanes
	waits := func(s reader.Status) bool { return len(s.Withheld) > 0 }
	w.until(r, waits)
	layer.Reorg(1, nil)
	w.until(r, func(s reader.Status) bool { return !waits(s) && s.Tip.Height == 2 })
	submit(t, layer, w.all(3, 4)...)
	if b := w.take(r, 3, 4); b[0].DAHeight != 3 {
		t.Errorf("P is %d, want 3", b[0].DAHeight)
	}
}

// A head that is lower than what was read is one of a node that lags, until another block stands there.
func TestALaggingNodeIsNoReorganisation(t *testing.T) {
	w, layer := forkedWorld(t, 9, 100)
	w.grow(2)
	submit(t, layer, w.all(1, 2)...)
	lag := &lagging{Forked: layer}
	r := w.open(w.forkedConfig(lag))
	w.take(r, 1, 2)
	layer.Advance(3)
	w.until(r, func(s reader.Status) bool { return s.Scanned == 4 })
	lag.set(2)
	w.until(r, func(s reader.Status) bool { return s.Head.Height == 2 })
	lag.set(0)
	layer.Advance(1)
	w.until(r, func(s reader.Status) bool { return s.Scanned == 5 && s.Delivered == 2 })
}

// A cursor whose DA block is gone says so at once: whoever kept it must begin further back.
func TestACursorOnAReplacedBlock(t *testing.T) {
	w, layer := forkedWorld(t, 10, 100)
	w.grow(2)
	layer.Advance(2)
	submit(t, layer, w.all(1, 2)...)
	last := w.take(w.open(w.forkedConfig(layer)), 1, 2)[1]
	layer.Reorg(1, nil, nil)
	cfg := w.forkedConfig(layer)
	cfg.After, cfg.Cursor = last.Trust, last.Cursor
	var withdrawn *reader.Withdrawn
	if _, err := w.open(cfg).Next(t.Context()); !errors.As(err, &withdrawn) || withdrawn.Known {
		t.Fatalf("the cursor's block is gone: %v", err)
	}
}

// lagging answers with an older head for a while.
type lagging struct {
	*datest.Forked
	mu   sync.Mutex // guards head
	head uint64
}

func (l *lagging) set(head uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.head = head
}

func (l *lagging) Head(ctx context.Context) (da.Head, error) {
	h, err := l.Forked.Head(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.head == 0 || err != nil {
		return h, err
	}
	link, err := l.Link(ctx, l.head)
	return da.Head{Height: l.head, Final: min(h.Final, l.head), Hash: link.Hash}, err
}

// What was replaced and then became final before the reader looked is found out all the same.
func TestFinalBeforeItWasSeen(t *testing.T) {
	w, layer := forkedWorld(t, 11, 4)
	w.grow(2)
	layer.Advance(6)
	submit(t, layer, w.all(1, 2)...)
	r := w.open(w.forkedConfig(layer))
	w.take(r, 1, 2)
	layer.Reorg(1, make([][]da.Blob, 12)...)
	var withdrawn *reader.Withdrawn
	if _, err := r.Next(t.Context()); !errors.As(err, &withdrawn) || !withdrawn.Known || withdrawn.After.Height != 0 {
		t.Fatalf("a block that was read is not on the final chain: %v", err)
	}
}
