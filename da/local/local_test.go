package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/datest"
	"github.com/lockstep-network/lockstep/namespaces"
)

var (
	nsA = namespaces.Namespace{0xaa, 9: 1}
	nsB = namespaces.Namespace{0xbb, 9: 1}
)

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func open(t *testing.T, dir string, o Options) *Layer {
	t.Helper()
	o.Logger = quiet()
	l, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func manual(t *testing.T, dir string) *Layer {
	return open(t, dir, Options{Interval: ManualBlocks})
}

func submit(t *testing.T, l da.Layer, ns namespaces.Namespace, data ...string) uint64 {
	t.Helper()
	var blobs []da.Blob
	for _, d := range data {
		blobs = append(blobs, da.Blob{Namespace: ns, Data: []byte(d)})
	}
	h, err := l.Submit(t.Context(), blobs)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func read(t *testing.T, l da.Layer, height uint64, ns namespaces.Namespace) string {
	t.Helper()
	blobs, err := l.Read(t.Context(), height, ns)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, b := range blobs {
		out = append(out, string(b.Data))
	}
	return strings.Join(out, ",")
}

func TestConformance(t *testing.T) {
	options := map[string]Options{
		"by the clock":       {Interval: 2 * time.Millisecond, MaxBlock: 1 << 20, MaxBlob: 1 << 19},
		"by submission":      {Interval: ManualBlocks, MaxBlock: 1 << 18},
		"with tiny segments": {Interval: time.Millisecond, MaxBlock: 1 << 17, SegmentBytes: 1},
	}
	for name, o := range options {
		t.Run(name, func(t *testing.T) {
			datest.Run(t, func(t *testing.T) da.Layer { return open(t, t.TempDir(), o) })
		})
	}
}

func TestOneBlockPerInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := Open(t.TempDir(), Options{Interval: time.Second, FinalityDepth: 3, Logger: quiet()})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(4500 * time.Millisecond) // virtual: the fourth block is made, the fifth not yet
		if h, _ := l.Head(t.Context()); h.Height != 4 || h.Final != 1 {
			t.Errorf("head %+v after four intervals, want height 4, final 1", h)
		}
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				if h := submit(t, l, nsA, fmt.Sprint(i)); h != 5 {
					t.Errorf("submission %d is at height %d, want 5", i, h)
				}
			})
		}
		wg.Wait()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestEmptyHeightsCostNoRecord(t *testing.T) {
	dir := t.TempDir()
	l := manual(t, dir)
	for range 3 * markStep {
		if err := l.Advance(); err != nil {
			t.Fatal(err)
		}
	}
	if l.Height() != 3*markStep {
		t.Fatalf("height %d", l.Height())
	}
	info, err := os.Stat(segmentPath(l.segmentDir(), 1))
	if err != nil || info.Size() > 200 {
		t.Errorf("%d empty heights took %d bytes, %v", l.Height(), info.Size(), err)
	}
}

// A crash is a copy of the folder's segments as they are while the layer runs: no Close has written anything.
func crash(t *testing.T, l *Layer) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "segments"), os.DirFS(l.segmentDir())); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestRestart(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, Options{Interval: ManualBlocks, SegmentBytes: 64})
	for i := range 20 {
		if err := l.Advance(); err != nil {
			t.Fatal(err)
		}
		submit(t, l, nsA, fmt.Sprint(i))
	}
	shown := l.Height()
	crashed := open(t, crash(t, l), Options{Interval: ManualBlocks})
	if crashed.Height() < shown {
		t.Errorf("after a crash the height is %d, but %d was shown", crashed.Height(), shown)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	again := manual(t, dir)
	if again.Height() != shown {
		t.Errorf("after an orderly close the height is %d, want %d", again.Height(), shown)
	}
	for _, l := range []*Layer{crashed, again} {
		for i := range 20 {
			h := uint64(2*i + 2)
			if got := read(t, l, h, nsA); got != fmt.Sprint(i) {
				t.Errorf("height %d holds %q, want %d", h, got, i)
			}
			if got := read(t, l, h-1, nsA); got != "" {
				t.Errorf("height %d holds %q, want nothing", h-1, got)
			}
		}
		if h := submit(t, l, nsB, "new"); h <= shown {
			t.Errorf("a block at height %d, which was shown as empty", h)
		}
	}
}

func TestIndexIsRebuilt(t *testing.T) {
	dir := t.TempDir()
	l := manual(t, dir)
	h := submit(t, l, nsA, "kept")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func() error{
		"the index is gone":                 func() error { return os.RemoveAll(filepath.Join(dir, "index")) },
		"the index is ahead of the segment": func() error { return os.Truncate(segmentPath(filepath.Join(dir, "segments"), 1), 60) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		l := manual(t, dir)
		if got := read(t, l, h, nsA); got != "kept" {
			t.Errorf("%s: read %q", name, got)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTornTailAtEveryByte(t *testing.T) {
	l := manual(t, t.TempDir())
	first := submit(t, l, nsA, "first")
	path := segmentPath(l.segmentDir(), 1)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	second := submit(t, l, nsA, "second "+recordMagic, "block")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := len(before); n <= len(whole); n++ {
		for _, fill := range []int{0, len(whole) - n} { // the file is short, or its length is there and its bytes are zero
			torn := append(append([]byte{}, whole[:n]...), make([]byte, fill)...)
			l, err := reopen(t, torn)
			if err != nil {
				t.Fatalf("torn at byte %d of %d: %v", n, len(whole), err)
			}
			if got := read(t, l, first, nsA); got != "first" {
				t.Fatalf("torn at byte %d: the first block holds %q", n, got)
			}
			want := second
			if n == len(whole) {
				want++
			}
			if h := submit(t, l, nsB, "next"); h != want || read(t, l, h, nsB) != "next" {
				t.Fatalf("torn at byte %d: the next block is at height %d, want %d", n, h, want)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func reopen(t *testing.T, segment []byte) (*Layer, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "segments"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(segmentPath(filepath.Join(dir, "segments"), 1), segment, 0o600); err != nil {
		t.Fatal(err)
	}
	return Open(dir, Options{Interval: ManualBlocks, Logger: quiet()})
}

func TestTornFileHead(t *testing.T) {
	for n := range len(segmentMagic) {
		l, err := reopen(t, []byte(segmentMagic)[:n])
		if err != nil {
			t.Fatalf("a file begun with %d bytes: %v", n, err)
		}
		submit(t, l, nsA, "x")
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDamageIsNotATornTail(t *testing.T) {
	l := manual(t, t.TempDir())
	for i := range 5 {
		submit(t, l, nsA, fmt.Sprint("block ", i))
	}
	whole, err := os.ReadFile(segmentPath(l.segmentDir(), 1))
	if err != nil {
		t.Fatal(err)
	}
	for at := range len(whole) * 3 / 5 {
		spoilt := append([]byte{}, whole...)
		spoilt[at] ^= 0x40
		if _, err := reopen(t, spoilt); err == nil {
			t.Fatalf("byte %d is damaged and the layer opens", at)
		}
	}
}

func TestFaults(t *testing.T) {
	ctx := t.Context()
	l := manual(t, t.TempDir())
	set := func(f Faults) {
		t.Helper()
		if err := l.SetFaults(f); err != nil {
			t.Fatal(err)
		}
	}
	blob := []da.Blob{{Namespace: nsA, Data: []byte("x")}}

	set(Faults{Drop: 1})
	if _, err := l.Submit(ctx, blob); !errors.Is(err, da.ErrUnavailable) || l.Height() != 0 {
		t.Errorf("drop: height %d, %v", l.Height(), err)
	}
	set(Faults{LoseReply: 1})
	if _, err := l.Submit(ctx, blob); !errors.Is(err, da.ErrUnavailable) || read(t, l, 1, nsA) != "x" {
		t.Errorf("lose reply: height %d, %v", l.Height(), err)
	}
	set(Faults{Duplicate: 1})
	if h := submit(t, l, nsA, "a", "b"); read(t, l, h, nsA) != "a,a,b,b" {
		t.Errorf("duplicate: %q", read(t, l, h, nsA))
	}
	set(Faults{Reorder: 1, Seed: 1})
	if h := submit(t, l, nsA, "a", "b", "c", "d", "e", "f"); read(t, l, h, nsA) == "a,b,c,d,e,f" || len(read(t, l, h, nsA)) != 11 {
		t.Errorf("reorder: %q", read(t, l, h, nsA))
	}
	set(Faults{NoSubmit: true})
	if _, err := l.Submit(ctx, blob); !errors.Is(err, da.ErrUnavailable) {
		t.Errorf("no submit: %v", err)
	}
	if got := read(t, l, 1, nsA); got != "x" {
		t.Errorf("reading while submitting is out: %q", got)
	}
	set(Faults{NoRead: true})
	_, readErr := l.Read(ctx, 1, nsA)
	_, headErr := l.Head(ctx)
	_, seekErr := l.Seek(ctx, 1, []namespaces.Namespace{nsA})
	for _, err := range []error{readErr, headErr, seekErr} {
		if !errors.Is(err, da.ErrUnavailable) {
			t.Errorf("no read: %v", err)
		}
	}
	set(Faults{Delay: time.Hour})
	short, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := l.Submit(short, blob); !errors.Is(err, context.Canceled) {
		t.Errorf("delay: %v", err)
	}
	if err := l.SetFaults(Faults{Drop: 1.5}); err == nil {
		t.Error("a probability of 1.5 is taken")
	}
	set(Faults{})
}

func TestFaultsAreSeeded(t *testing.T) {
	run := func(seed uint64) string {
		l := open(t, t.TempDir(), Options{Interval: ManualBlocks, Faults: Faults{Seed: seed, Drop: 0.5, Duplicate: 0.5}})
		for i := range 20 {
			_, _ = l.Submit(t.Context(), []da.Blob{{Namespace: nsA, Data: fmt.Append(nil, i)}}) // half of them fail: that is the point
		}
		var out strings.Builder
		for h := range l.Height() {
			out.WriteString(read(t, l, h+1, nsA) + ";")
		}
		return out.String()
	}
	if a, b := run(7), run(7); a != b {
		t.Errorf("two runs with one seed differ: %q, %q", a, b)
	}
	if a, b := run(7), run(8); a == b {
		t.Errorf("two seeds give the same faults: %q", a)
	}
}

func TestQueueIsBounded(t *testing.T) {
	l := open(t, t.TempDir(), Options{Interval: time.Hour, MaxBlock: 100})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var mu sync.Mutex
	refused := 0
	for range 10 {
		wg.Go(func() {
			if _, err := l.Submit(ctx, []da.Blob{{Namespace: nsA, Data: make([]byte, 100)}}); errors.Is(err, da.ErrUnavailable) {
				mu.Lock()
				defer mu.Unlock()
				refused++
				if refused == 10-pendingBlocks {
					cancel()
				}
			}
		})
	}
	wg.Wait() // ends only if six were refused
	for range pendingBlocks {
		if err := l.Advance(); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
}

func TestClosedLayer(t *testing.T) {
	l := open(t, t.TempDir(), Options{Interval: time.Hour})
	waiting := make(chan error)
	go func() {
		_, err := l.Submit(t.Context(), []da.Blob{{Namespace: nsA, Data: []byte("x")}})
		waiting <- err
	}()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-waiting; !errors.Is(err, da.ErrUnavailable) {
		t.Errorf("a waiting submission: %v", err)
	}
	if _, err := l.Read(t.Context(), 1, nsA); !errors.Is(err, da.ErrUnavailable) {
		t.Errorf("read: %v", err)
	}
}

func BenchmarkSubmit(b *testing.B) {
	l, err := Open(b.TempDir(), Options{Interval: ManualBlocks, Logger: quiet()})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			b.Error(err)
		}
	}()
	blobs := []da.Blob{{Namespace: nsA, Data: make([]byte, 1<<20)}}
	b.SetBytes(1 << 20)
	for b.Loop() {
		if _, err := l.Submit(b.Context(), blobs); err != nil {
			b.Fatal(err)
		}
	}
}

func TestBadOptions(t *testing.T) {
	for name, o := range map[string]Options{
		"a block beyond the bound": {MaxBlock: maxBlockBytes + 1},
		"a negative block":         {MaxBlock: -1},
		"a blob above the block":   {MaxBlock: 10, MaxBlob: 11},
		"negative segments":        {SegmentBytes: -1},
		"a probability of two":     {Faults: Faults{Reorder: 2}},
		"a negative delay":         {Faults: Faults{Delay: -1}},
	} {
		if _, err := Open(t.TempDir(), o); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	dir := t.TempDir()
	manual(t, dir)
	if _, err := Open(dir, Options{Logger: quiet()}); err == nil {
		t.Error("a folder is opened twice")
	}
}

func FuzzRecord(f *testing.F) {
	f.Add(record{kind: kindMark, height: 9}.encode())
	f.Add(record{kind: kindBlock, height: 9, blobs: []da.Blob{{Namespace: nsA, Data: []byte("x")}, {Namespace: nsB, Data: []byte("yz")}}}.encode())
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, n, err := decodeRecord(raw)
		if err != nil {
			return
		}
		if again := r.encode(); !bytes.Equal(again, raw[:n]) {
			t.Errorf("%x decodes and encodes to %x", raw[:n], again)
		}
	})
}

// The head names its block, by what stands in it, and tells the price that the layer was opened with; so does a layer that another process serves.
func TestHeadTellsHashAndPrice(t *testing.T) {
	ns := namespaces.Namespace{0: 0xaa, 9: 1}
	heads := make([]da.Head, 0, 3)
	for _, data := range []string{"one", "two", "two"} {
		l, err := Open(t.TempDir(), Options{Interval: ManualBlocks, Price: 77})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Submit(t.Context(), []da.Blob{{Namespace: ns, Data: []byte(data)}}); err != nil {
			t.Fatal(err)
		}
		head, err := l.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if heads = append(heads, head); head.Price != 77 || head.Hash == (common.Hash{}) {
			t.Errorf("head %+v, want price 77 and a hash", head)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	if heads[0].Hash == heads[1].Hash || heads[1] != heads[2] {
		t.Errorf("heads %+v: want the same for the same block, and another for another", heads)
	}
}
