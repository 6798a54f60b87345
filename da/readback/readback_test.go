package readback

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/batch"
	"github.com/lockstep-network/lockstep/da/datest"
	"github.com/lockstep-network/lockstep/da/internal/keep"
	"github.com/lockstep-network/lockstep/da/local"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/lane"
)

func nsA() namespaces.Namespace { return namespaces.Namespace{0: 0xaa, 9: 1} }

func nsB() namespaces.Namespace { return namespaces.Namespace{0: 0xbb, 9: 1} }

// world is a chain and a layer that anybody can post it on.
type world struct {
	*testing.T
	chain *datest.Chain
	layer *local.Layer
	to    da.Layer // where post writes; layer if nil
	codec *batch.Codec
	cfg   Config
}

func newWorld(t *testing.T, blocks int) *world {
	t.Helper()
	w := &world{T: t, chain: datest.NewChain(t, 4), layer: openLayer(t)}
	w.chain.Grow(t, rand.New(rand.NewPCG(1, 1)), blocks, 2000, nsA(), nsB())
	var err error
	if w.codec, err = batch.NewCodec(); err != nil {
		t.Fatal(err)
	}
	w.cfg = Config{
		Dir: t.TempDir(), Layer: w.layer, Genesis: w.chain.Genesis, Namespaces: []namespaces.Namespace{nsA()}, Log: slog.New(slog.DiscardHandler),
		Limits: Limits{Poll: time.Millisecond, BackoffMin: time.Millisecond, Save: time.Nanosecond},
	}
	return w
}

func openLayer(t *testing.T) *local.Layer {
	t.Helper()
	l, err := local.Open(t.TempDir(), local.Options{Interval: local.ManualBlocks, Logger: slog.New(slog.DiscardHandler)})
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

// post writes heights as one batch, its lanes and its headers each under a name, in one submission, and returns how many bytes these are.
func (w *world) post(lanesBy, headersBy common.Address, from, to uint64) (size uint64) {
	w.Helper()
	h := batch.Headers{ChainID: datest.ChainID, Publisher: headersBy, Certificate: w.chain.Certificate(w, to, 0)}
	lanes := map[namespaces.Namespace][]batch.LaneAt{}
	for _, b := range w.chain.Blocks[from-1 : to] {
		h.Blocks = append(h.Blocks, batch.HeaderLanes{Header: b.Header, Leaves: b.Leaves})
		for _, l := range b.Lanes {
			lanes[l.Namespace] = append(lanes[l.Namespace], batch.LaneAt{Height: b.Header.Height, Data: l.Data})
		}
	}
	var blobs []da.Blob
	for _, ns := range []namespaces.Namespace{nsA(), nsB()} {
		if len(lanes[ns]) > 0 {
			raw, err := w.codec.EncodeLanes(batch.Lanes{ChainID: datest.ChainID, Publisher: lanesBy, Namespace: ns, Lanes: lanes[ns]})
			if err != nil {
				w.Fatal(err)
			}
			blobs = append(blobs, da.Blob{Namespace: ns, Data: raw})
		}
	}
	raw, err := w.codec.EncodeHeaders(h)
	if err != nil {
		w.Fatal(err)
	}
	blobs = append(blobs, da.Blob{Namespace: namespaces.Headers(), Data: raw})
	target := w.to
	if target == nil {
		target = w.layer
	}
	if _, err := target.Submit(w.Context(), blobs); err != nil {
		w.Fatal(err)
	}
	for _, b := range blobs {
		size += uint64(len(b.Data))
	}
	return size
}

// read runs a follower until its tip is at a height.
func (w *world) read(cfg Config, height uint64) *Follower {
	w.Helper()
	f, err := Open(cfg)
	if err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(w.Context(), 30*time.Second) // ends a test that hangs
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	for tip, _ := f.Firm(); tip.Height != height; tip, _ = f.Firm() {
		if ctx.Err() != nil {
			w.Fatalf("the firm tip is %d, want %d", tip.Height, height)
		}
		time.Sleep(time.Millisecond) // the condition is polled
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		w.Fatal(err)
	}
	return f
}

// Lanes of a namespace that the reader was not told of are read all the same, and a block whose lane is withheld is not firm.
func TestAllLanesAreRead(t *testing.T) {
	w := newWorld(t, 20)
	w.post(common.Address{1}, common.Address{1}, 1, 20)
	w.read(w.cfg, 20)
	w.chain.Add(t, block.Lane{Namespace: namespaces.Namespace{0: 0xcc, 9: 1}, Data: []byte{0xc0}}) // post leaves this lane out
	w.chain.Add(t)
	w.post(common.Address{1}, common.Address{1}, 21, 22)
	w.read(w.cfg, 20)
}

// Who published a block is who is named by its headers and by all its lanes; what it counts for is never more than the blobs that brought it, and
// neither padding nor posting again adds to it.
func TestWhoPublished(t *testing.T) {
	w := newWorld(t, 20)
	a, b, thief := common.Address{1}, common.Address{2}, common.Address{3}
	first := w.post(a, a, 1, 5)
	w.post(b, b, 1, 5)            // a duplicate
	second := w.post(b, b, 3, 10) // overlaps: 6 to 10 are new
	w.post(b, thief, 11, 15)      // others' lanes under a name of one's own
	last := w.post(b, b, 16, 20)
	f := w.read(w.cfg, 20)
	runs := f.Runs(1, 20)
	at := func(h uint64) Run {
		i := slices.IndexFunc(runs, func(r Run) bool { return h <= r.Last })
		return runs[i]
	}
	if r := at(1); r.Publisher != a || r.Last != 5 || r.Bytes > first || r.Bytes+30 < first {
		t.Errorf("the first run is %+v, want %s up to 5 for all %d bytes but what rounding leaves", r, a, first)
	}
	if r := at(6); r.Publisher != b || r.Bytes == 0 || r.Bytes >= second {
		t.Errorf("the second run is %+v, want %s for a part of %d bytes", r, b, second)
	}
	for h := uint64(11); h <= 15; h++ {
		if r := at(h); len(w.chain.Blocks[h-1].Lanes) > 0 && (r.Publisher != common.Address{} || r.Bytes != 0) {
			t.Errorf("block %d is %+v, want nobody's", h, r)
		}
	}
	if r := at(20); r.Publisher != b || r.Last != 20 || r.Bytes > last {
		t.Errorf("the last run is %+v, want %s for at most %d bytes", r, b, last)
	}
	if got := w.read(w.cfg, 20).Runs(1, 20); !slices.Equal(got, runs) {
		t.Errorf("after a restart the runs are %+v, before %+v", got, runs)
	}
	fresh := w.cfg
	fresh.Dir = t.TempDir()
	if got := w.read(fresh, 20).Runs(1, 20); !slices.Equal(got, runs) {
		t.Errorf("another reader says %+v, the first %+v", got, runs)
	}
	f.Forget(7)
	if got := f.Runs(1, 10); len(got) != 2 || got[0] != (Run{Last: 7}) || got[1].Publisher != b {
		t.Errorf("what is forgotten is %+v, want nobody's", got)
	}
}

// A lane that is at hand is compared, not computed; one that differs there is computed, and found.
func TestKnownBlocksAreCompared(t *testing.T) {
	w := newWorld(t, 20)
	w.post(common.Address{1}, common.Address{1}, 1, 20)
	asked := 0
	w.cfg.Known = func(h uint64) *block.Contents {
		asked++
		b := w.chain.Blocks[h-1]
		if h%3 == 0 {
			return nil
		}
		table, err := lane.NewTable(b.Leaves)
		if err != nil {
			t.Error(err)
		}
		c := &block.Contents{Lanes: slices.Clone(b.Lanes), Table: table}
		if h%3 == 1 {
			for i := range c.Lanes {
				c.Lanes[i].Data = []byte("of another block")
			}
		}
		return c
	}
	w.read(w.cfg, 20)
	if asked == 0 {
		t.Error("nothing was compared")
	}
}

// A layer that was reset is read from its beginning; a file that is damaged, or of another chain, is not taken.
func TestAnotherLayerAndOtherFiles(t *testing.T) {
	w := newWorld(t, 20)
	for from := uint64(1); from <= 20; from += 5 {
		w.post(common.Address{1}, common.Address{1}, from, from+4)
	}
	w.read(w.cfg, 20)
	path := filepath.Join(w.cfg.Dir, fileName)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	w.layer = openLayer(t)
	w.cfg.Layer = w.layer
	w.post(common.Address{2}, common.Address{2}, 1, 5)
	if got := w.read(w.cfg, 5).Runs(1, 5); len(got) != 1 || got[0].Publisher != (common.Address{2}) {
		t.Errorf("on the other layer: %+v", got)
	}
	for _, bad := range [][]byte{raw[:len(raw)/2], append(bytes.Clone(raw), 0), {}} {
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		w.read(w.cfg, 5)
	}
	foreign := w.cfg
	foreign.Genesis.ChainID = "other"
	if _, err := Open(foreign); err == nil {
		t.Error("another chain's file is taken")
	}
	for name, change := range map[string]func(*Config){
		"no folder": func(c *Config) { c.Dir = "" }, "no layer": func(c *Config) { c.Layer = nil }, "no chain": func(c *Config) { c.Genesis = cert.Trust{} },
	} {
		bad := w.cfg
		change(&bad)
		if _, err := Open(bad); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// While nobody is paid the memory stays bounded, and the oldest heights are forgotten first.
func TestTallyIsBounded(t *testing.T) {
	tl := tally{first: 1}
	for h := uint64(1); h <= 5*Remembered; h++ {
		tl.add(h, common.Address{1}, 1)
	}
	if n := uint64(len(tl.items)); n < Remembered || n > 2*Remembered || tl.end() != 5*Remembered+1 {
		t.Errorf("%d heights are remembered up to %d", n, tl.end()-1)
	}
	last := uint64(5 * Remembered)
	want := []Run{{Last: 1}, {Last: last, Publisher: common.Address{1}, Bytes: Remembered}}
	if got := tl.runs(last-Remembered+1, last); len(got) != 1 || got[0] != want[1] {
		t.Errorf("the newest heights are %+v, want %+v", got, want[1])
	}
	if got := tl.runs(1, 1); len(got) != 1 || got[0] != want[0] {
		t.Errorf("the oldest height is %+v, want nobody's", got)
	}
	tl.forget(last + 10)
	tl.add(last+5, common.Address{1}, 1) // known to be paid already
	tl.add(last+11, common.Address{2}, 7)
	if got := tl.runs(last+10, last+11); len(got) != 2 || got[1] != (Run{last + 11, common.Address{2}, 7}) {
		t.Errorf("after a payment beyond what is read: %+v", got)
	}
}

func FuzzFile(f *testing.F) {
	c := datest.NewChain(f, 4)
	w := fileWire{Version: fileVersion, Trust: keep.TrustOf(c.Genesis), First: 1, Runs: []runWire{{common.Address{1}, []uint64{1, 2}}}}
	raw, err := rlp.EncodeToBytes(&w)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		w, err := decodeFile(raw)
		if err != nil {
			return
		}
		if again, err := rlp.EncodeToBytes(&w); err != nil || !bytes.Equal(again, raw) {
			t.Errorf("a file has two forms: %v", err)
		}
	})
}

// reads counts what is read of the headers at each DA height.
type reads struct {
	da.Layer
	mu    sync.Mutex // guards times
	times map[uint64]int
}

func (r *reads) Read(ctx context.Context, height uint64, ns namespaces.Namespace) ([]da.Blob, error) {
	if ns == namespaces.Headers() {
		r.mu.Lock()
		r.times[height]++
		r.mu.Unlock()
	}
	return r.Layer.Read(ctx, height, ns)
}

// A restart knows the namespaces that were found before it, and begins anew for none of them.
func TestARestartKnowsTheNamespaces(t *testing.T) {
	w := newWorld(t, 20)
	for from := uint64(1); from <= 15; from += 5 {
		w.post(common.Address{1}, common.Address{1}, from, from+4)
	}
	if f := w.read(w.cfg, 15); !slices.Equal(f.read, []namespaces.Namespace{nsA(), nsB()}) {
		t.Errorf("lanes are read of %v", f.read)
	}
	w.post(common.Address{1}, common.Address{1}, 16, 20)
	counted := &reads{Layer: w.layer, times: map[uint64]int{}}
	w.cfg.Layer = counted
	w.read(w.cfg, 20)
	for height, n := range counted.times {
		if n > 1 {
			t.Errorf("DA height %d is read %d times", height, n)
		}
	}
}
