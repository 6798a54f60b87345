// Package datest is the suite that every driver of a DA layer passes: what the readers and publishers above [da.Layer] rely on.
package datest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/namespaces"
)

// deadline ends a test whose layer hangs; no test waits for it.
const deadline = 60 * time.Second

// Run tests the layer that open returns; it is called for each test anew and may return the same layer, also one that others use.
func Run(t *testing.T, open func(t *testing.T) da.Layer) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, context.Context, da.Layer)
	}{
		{"what is submitted is read back in order", roundTrip},
		{"what no layer accepts is refused", refuses},
		{"too large tells a limit that fits", limits},
		{"above the head is not yet, zero is invalid", aboveHead},
		{"times do not change", times},
		{"many writers lose nothing", concurrent},
		{"a cancelled call ends", cancelled},
		{"seek finds what read finds", seeks},
		{"links make a chain", links},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			c.run(t, ctx, open(t))
		})
	}
}

// fresh returns a namespace of its own for a test, so that a shared layer does no harm.
func fresh(t *testing.T, b byte) namespaces.Namespace {
	var ns namespaces.Namespace
	h := time.Now().UnixNano()
	for i := range 8 {
		ns[i+1] = byte(h >> (8 * i))
	}
	ns[0], ns[9] = 0xda, b
	if err := ns.ValidateForRollup(); err != nil {
		t.Fatal(err)
	}
	return ns
}

func roundTrip(t *testing.T, ctx context.Context, l da.Layer) {
	a, b := fresh(t, 1), fresh(t, 2)
	height, err := l.Submit(ctx, []da.Blob{{Namespace: a, Data: []byte("one")}, {Namespace: b, Data: []byte{0}}, {Namespace: a, Data: []byte("two")}})
	if err != nil {
		t.Fatal(err)
	}
	head, err := l.Head(ctx)
	if err != nil || head.Height < height || head.Final > head.Height {
		t.Fatalf("head %+v after a submission at %d: %v", head, height, err)
	}
	again, err := l.Head(ctx)
	if err != nil || again.Height == head.Height && again.Hash != head.Hash {
		t.Fatalf("head %+v, and then %+v: %v", head, again, err)
	}
	for range 2 { // reading changes nothing
		want(t, ctx, l, height, a, "one", "two")
		want(t, ctx, l, height, b, "\x00")
		want(t, ctx, l, height, fresh(t, 3))
	}
	second, err := l.Submit(ctx, []da.Blob{{Namespace: a, Data: []byte("one")}})
	if err != nil || second < height {
		t.Fatalf("second submission at %d, the first at %d: %v", second, height, err)
	}
}

func want(t *testing.T, ctx context.Context, l da.Layer, height uint64, ns namespaces.Namespace, data ...string) {
	t.Helper()
	blobs, err := l.Read(ctx, height, ns)
	if err != nil {
		t.Fatal(err)
	}
	if len(blobs) != len(data) {
		t.Fatalf("read %d blobs at height %d of %s, want %d", len(blobs), height, ns, len(data))
	}
	for i, b := range blobs {
		if b.Namespace != ns || string(b.Data) != data[i] {
			t.Fatalf("blob %d is %q under %s, want %q under %s", i, b.Data, b.Namespace, data[i], ns)
		}
	}
}

func refuses(t *testing.T, ctx context.Context, l da.Layer) {
	ns := fresh(t, 1)
	for name, blobs := range map[string][]da.Blob{
		"no blob":               nil,
		"an empty blob":         {{Namespace: ns}},
		"one empty among two":   {{Namespace: ns, Data: []byte{1}}, {Namespace: ns}},
		"Celestia's namespaces": {{Namespace: namespaces.Namespace{9: 1}, Data: []byte{1}}},
	} {
		if h, err := l.Submit(ctx, blobs); !errors.Is(err, da.ErrInvalid) || h != 0 {
			t.Errorf("%s: height %d, error %v, want ErrInvalid", name, h, err)
		}
	}
}

func limits(t *testing.T, ctx context.Context, l da.Layer) {
	ns := fresh(t, 1)
	var size int
	var large da.ErrTooLarge
	for size = 1 << 16; size <= 64<<20; size *= 2 {
		_, err := l.Submit(ctx, []da.Blob{{Namespace: ns, Data: make([]byte, size)}})
		if err == nil {
			continue
		}
		if !errors.Is(err, da.ErrTooLarge{}) || !errors.As(err, &large) {
			t.Fatalf("submit %d bytes: %v, want ErrTooLarge", size, err)
		}
		break
	}
	if large.Limit <= 0 || large.Limit >= size {
		t.Fatalf("limit %d for a submission of %d bytes", large.Limit, size)
	}
	data := bytes.Repeat([]byte{7}, large.Limit)
	height, err := l.Submit(ctx, []da.Blob{{Namespace: ns, Data: data}})
	if err != nil {
		t.Fatalf("submit as much as the limit: %v", err)
	}
	blobs, err := l.Read(ctx, height, ns)
	if err != nil || len(blobs) == 0 || !bytes.Equal(blobs[len(blobs)-1].Data, data) {
		t.Fatalf("read as much as the limit: %d blobs, %v", len(blobs), err)
	}
}

func aboveHead(t *testing.T, ctx context.Context, l da.Layer) {
	head, err := l.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Read(ctx, head.Height+1_000_000, fresh(t, 1)); !errors.Is(err, da.ErrNotYet) {
		t.Errorf("read above the head: %v, want ErrNotYet", err)
	}
	if _, err := l.Read(ctx, 0, fresh(t, 1)); !errors.Is(err, da.ErrInvalid) {
		t.Errorf("read height 0: %v, want ErrInvalid", err)
	}
}

func times(t *testing.T, ctx context.Context, l da.Layer) {
	first, err := l.Submit(ctx, []da.Blob{{Namespace: fresh(t, 1), Data: []byte("one")}})
	if err != nil {
		t.Fatal(err)
	}
	before, err := l.Time(ctx, first)
	if err != nil || before == 0 {
		t.Fatalf("time of height %d: %d, %v", first, before, err)
	}
	second, err := l.Submit(ctx, []da.Blob{{Namespace: fresh(t, 1), Data: []byte("two")}})
	if err != nil {
		t.Fatal(err)
	}
	after, err := l.Time(ctx, second)
	if err != nil || after < before {
		t.Errorf("time of height %d: %d, of height %d: %d, %v", first, before, second, after, err)
	}
	if again, err := l.Time(ctx, first); err != nil || again != before {
		t.Errorf("time of height %d: %d, and then %d, %v", first, before, again, err)
	}
	if _, err := l.Time(ctx, second+1_000_000); !errors.Is(err, da.ErrNotYet) {
		t.Errorf("time above the head: %v, want ErrNotYet", err)
	}
	if _, err := l.Time(ctx, 0); !errors.Is(err, da.ErrInvalid) {
		t.Errorf("time of height 0: %v, want ErrInvalid", err)
	}
}

func concurrent(t *testing.T, ctx context.Context, l da.Layer) {
	const writers, each = 8, 5
	ns := fresh(t, 1)
	var wg sync.WaitGroup
	errs := make(chan error, writers*each)
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				data := fmt.Sprintf("writer %d item %d", w, i)
				height, err := l.Submit(ctx, []da.Blob{{Namespace: ns, Data: []byte(data)}})
				if err == nil {
					err = holds(ctx, l, height, ns, data)
				}
				if err != nil {
					errs <- err
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
}

func holds(ctx context.Context, l da.Layer, height uint64, ns namespaces.Namespace, data string) error {
	blobs, err := l.Read(ctx, height, ns)
	if err != nil {
		return err
	}
	for _, b := range blobs {
		if string(b.Data) == data {
			return nil
		}
	}
	return fmt.Errorf("height %d does not hold %q", height, data)
}

func cancelled(t *testing.T, ctx context.Context, l da.Layer) {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := l.Submit(ctx, []da.Blob{{Namespace: fresh(t, 1), Data: []byte{1}}}); !errors.Is(err, context.Canceled) {
		t.Errorf("submit: %v, want context.Canceled", err)
	}
	if _, err := l.Read(ctx, 1, fresh(t, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("read: %v, want context.Canceled", err)
	}
	if _, err := l.Head(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("head: %v, want context.Canceled", err)
	}
}

func seeks(t *testing.T, ctx context.Context, l da.Layer) {
	a, b := fresh(t, 1), fresh(t, 2)
	heights := make([]uint64, 0, 3)
	for _, ns := range []namespaces.Namespace{a, b, a} {
		h, err := l.Submit(ctx, []da.Blob{{Namespace: ns, Data: []byte("x")}})
		if err != nil {
			t.Fatal(err)
		}
		heights = append(heights, h)
	}
	last := heights[2]
	var found []uint64
	for h := uint64(1); h <= last; h++ {
		var err error
		if h, err = da.Next(ctx, l, h, last, []namespaces.Namespace{a}); err != nil {
			t.Fatal(err)
		}
		if h > last {
			break
		}
		blobs, err := l.Read(ctx, h, a)
		if err != nil && !errors.Is(err, da.ErrGone) {
			t.Fatal(err)
		}
		for range blobs {
			found = append(found, h)
		}
	}
	if len(found) != 2 || found[0] != heights[0] || found[1] != last {
		t.Errorf("found blobs at %v, they stand at %d and %d", found, heights[0], last)
	}
	if h, err := da.Next(ctx, l, 5, 4, []namespaces.Namespace{a}); err != nil || h != 5 {
		t.Errorf("next in an empty range: %d, %v", h, err)
	}
}

// links holds a layer whose blocks can be replaced to what it says of them.
func links(t *testing.T, ctx context.Context, l da.Layer) {
	linker, ok := l.(da.Linker)
	if !ok {
		t.Skip("the layer's blocks are never replaced")
	}
	var last uint64
	for range 3 {
		h, err := l.Submit(ctx, []da.Blob{{Namespace: fresh(t, 1), Data: []byte("x")}})
		if err != nil {
			t.Fatal(err)
		}
		last = h
	}
	var below da.Link
	for h := last - min(last-1, 2); h <= last; h++ {
		link, err := linker.Link(ctx, h)
		if err != nil {
			t.Fatal(err)
		}
		if link.Hash == link.Parent || below != (da.Link{}) && link.Parent != below.Hash {
			t.Fatalf("height %d: %+v does not stand on %+v", h, link, below)
		}
		below = link
	}
	head, err := l.Head(ctx)
	if err != nil || head.Height == last && head.Hash != below.Hash {
		t.Fatalf("head %+v, height %d is %s: %v", head, last, below.Hash, err)
	}
	if _, err := linker.Link(ctx, head.Height+1_000_000); !errors.Is(err, da.ErrNotYet) {
		t.Errorf("link above the head: %v, want ErrNotYet", err)
	}
}
