package rollups

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/lockstep-network/lockstep/da/local"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/namespaces/lane"
)

// bench is a derivation without a driver: events go in by hand.
type bench struct {
	*derivation
	t    *testing.T
	x    *fakeExecutor
	disk *vfs.MemFS
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, x: newFakeExecutor(), disk: vfs.NewCrashableMem()}
	b.open()
	return b
}

func (b *bench) open() {
	b.t.Helper()
	cfg := config(b.t, b.x)
	cfg.Dir, cfg.Source, cfg.fs = "node", SourceBoth, b.disk
	s, rec, err := openStore(cfg, func() (Output, error) { return b.x.Head(), nil })
	if err != nil {
		b.t.Fatal(err)
	}
	b.derivation = &derivation{exec: b.x, store: s, forced: newForcedQueue(cfg.Rule, cfg.Forced), moved: func(record) {}, rec: rec}
	b.t.Cleanup(func() { _ = s.db.Close() })
}

// crash loses all that was not synced, and opens again.
func (b *bench) crash() {
	b.t.Helper()
	b.disk = b.disk.CrashClone(vfs.CrashCloneCfg{})
	b.open()
	if err := b.check(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// taken verifies a chain's heights one by one.
func taken(t *testing.T, c *chain) []*decoded {
	t.Helper()
	var out []*decoded
	trust := c.genesis
	for i := range c.steps {
		blocks, next, err := verify(trust, new(cert.Marks), mine(), c.steps[i:i+1])
		if err != nil {
			t.Fatal(err)
		}
		d := decode(blocks[0])
		d.DAHeight = uint64(i + 1)
		out, trust = append(out, &d), next
	}
	return out
}

// A node that is killed before anything of it is firm has no place on the DA layer to go on from, and begins at the start: a reader takes no
// cursor for that, and not an empty one.
func TestNoCursorSurvivesARestart(t *testing.T) {
	b := newBench(t)
	if b.crash(); b.rec.Cursor != nil {
		t.Errorf("after a restart the cursor is %#v, want none", b.rec.Cursor)
	}
}

// A lane that operators have certified and that nobody can read counts as empty: for everyone alike, and nothing stops.
func TestUnreadableLaneCountsAsEmpty(t *testing.T) {
	rubbish := []byte{0xc1, 0x07}
	leaf, err := lane.LeafOf(mine(), rubbish)
	if err != nil {
		t.Fatal(err)
	}
	table, err := lane.NewTable([]lane.Leaf{leaf})
	if err != nil {
		t.Fatal(err)
	}
	proof, err := table.Prove(mine())
	if err != nil {
		t.Fatal(err)
	}
	c := newChain(20, 1)
	h := c.steps[0].Header
	h.DataRoot = table.Root()
	st := feed.Step{Header: h, Lanes: []feed.Lane{{Namespace: mine(), Data: rubbish, Proof: proof}}, Certificate: certify(c.genesis.Set, h)}
	blocks, _, err := verify(c.genesis, new(cert.Marks), mine(), []feed.Step{st})
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t)
	d := decode(blocks[0])
	b.must(b.soft(t.Context(), &d))
	if b.rec.Soft.Height != 1 || b.rec.Soft.Output.Number != 0 || b.broken != 1 || b.x.calls != 0 {
		t.Fatalf("%+v, %d broken, %d executions", b.rec.Heads, b.broken, b.x.calls)
	}
}

// The same input gives another output after soft was dropped: critical.
func TestAnotherOutputFromEqualInputIsCritical(t *testing.T) {
	blocks := taken(t, newChain(21, 20))
	b := newBench(t)
	for _, d := range blocks {
		b.must(b.soft(t.Context(), d))
	}
	b.must(b.reset(t.Context()))
	if b.rec.Soft.Height != 0 || b.x.Head().Number != 0 {
		t.Fatalf("after a reset %+v", b.rec.Heads)
	}
	b.x.salt = "a cosmic ray"
	var err error
	for _, d := range blocks {
		if err = b.soft(t.Context(), d); err != nil {
			break
		}
	}
	var diverged *DivergedError
	if !errors.As(err, &diverged) || SeverityOf(err) != Critical || diverged.Known == diverged.Now {
		t.Fatalf("ended with %v", err)
	}
}

// A reset is cut short after the record moved and before the executor dropped its blocks; and, the other way round, the executor is found older
// than the record. Both are mended on the way.
func TestResetCutShort(t *testing.T) {
	c := newChain(22, 40)
	blocks := taken(t, c)
	b := newBench(t)
	for _, d := range blocks[:30] {
		b.must(b.soft(t.Context(), d))
	}
	for _, d := range blocks[:10] {
		b.must(b.firm(t.Context(), d))
	}
	b.exec = unrollable{b.x}
	if err := b.reset(t.Context()); err == nil {
		t.Fatal("the reset should have failed")
	}
	b.crash()
	if b.rec.Soft != b.rec.Firm || b.x.Head().Height <= b.rec.Soft.Height {
		t.Fatalf("%+v with the executor at %d", b.rec.Heads, b.x.Head().Height)
	}
	for _, d := range blocks[10:] {
		b.must(b.soft(t.Context(), d))
	}
	if b.x.Head() != c.output(40) || b.rec.Soft.Output != c.output(40) {
		t.Fatal("another output")
	}
	b.must(b.store.write(b.rec, nil, nil, true))
	b.must(b.x.Rollback(t.Context(), 8)) // a backup, put back
	b.crash()
	if b.rec.Soft != b.rec.Firm || b.x.Head() != b.rec.Firm.Output {
		t.Fatalf("%+v with the executor at %d", b.rec.Heads, b.x.Head().Height)
	}
	for _, d := range blocks[10:] {
		b.must(b.soft(t.Context(), d))
	}
	if b.x.Head() != c.output(40) {
		t.Fatal("another output")
	}
}

type unrollable struct{ *fakeExecutor }

func (unrollable) Rollback(context.Context, uint64) error { return errors.New("killed") }

// A crash between the executor's effect and the record leaves a block that the chain does not hold at its height: it is dropped, whether the
// next block is empty or not.
func TestExecutorAheadOfTheRecordWithAStrangersBlock(t *testing.T) {
	c := newChain(23, 40)
	blocks := taken(t, c)
	for _, ahead := range []uint64{11, 12, 13, 14, 15, 25} {
		b := newBench(t)
		for _, d := range blocks[:10] {
			b.must(b.soft(t.Context(), d))
		}
		if _, err := b.x.Execute(t.Context(), Input{Height: ahead, Entries: [][]byte{{1}}}); err != nil {
			t.Fatal(err)
		}
		for _, d := range blocks[10:] {
			b.must(b.soft(t.Context(), d))
		}
		if b.x.Head() != c.output(40) {
			t.Fatalf("ahead at %d: another output", ahead)
		}
	}
}

// An executor that has lost blocks of the record's, of soft or below firm, is never driven on from where it stands.
func TestLostBlocksAreFound(t *testing.T) {
	b := newBench(t)
	blocks := taken(t, newChain(21, 12))
	for _, x := range blocks[:6] {
		b.must(b.soft(t.Context(), x))
		b.must(b.firm(t.Context(), x))
	}
	for _, x := range blocks[6:] {
		b.must(b.soft(t.Context(), x))
	}
	firm := b.rec.Firm.Output
	if firm.Number < 2 || firm == b.rec.Soft.Output {
		t.Fatalf("the chain is too short for this story: %+v", b.rec.Heads)
	}
	b.must(b.x.Rollback(t.Context(), firm.Height))
	if err := b.reset(t.Context()); err != nil || b.rec.Soft != b.rec.Firm {
		t.Errorf("what is firm is there still: %v, %+v", err, b.rec.Heads)
	}
	b.must(b.x.Rollback(t.Context(), firm.Height-1))
	if err := b.reset(t.Context()); SeverityOf(err) != Critical || !strings.Contains(err.Error(), "remove both") {
		t.Errorf("below firm: %v", err)
	}
}

// An event that was taken before a temporary error, and comes again, changes nothing; gaps and blocks without proof are resets.
func TestSeveritiesOfBlocksOutOfPlace(t *testing.T) {
	c := newChain(24, 30)
	fork := c.fork(5, 12, 30)
	blocks, other := taken(t, c), taken(t, fork)
	b := newBench(t)
	for _, d := range blocks[:20] {
		b.must(b.soft(t.Context(), d))
		b.must(b.soft(t.Context(), d))
	}
	calls := b.x.calls
	b.must(b.soft(t.Context(), blocks[3]))
	b.must(b.firm(t.Context(), blocks[0]))
	b.must(b.firm(t.Context(), blocks[0]))
	if b.x.calls != calls || b.rec.Firm.Height != 1 {
		t.Fatalf("%d executions, %+v", b.x.calls-calls, b.rec.Heads)
	}
	bare := *other[15]
	bare.Run = nil
	for _, x := range []struct {
		name string
		err  error
		want Severity
	}{
		{"soft above a gap", b.soft(t.Context(), blocks[25]), Reset},
		{"firm above a gap", b.firm(t.Context(), blocks[25]), Reset},
		{"soft of a fork, below the head", b.soft(t.Context(), other[15]), Critical},
		{"soft of a fork, above the head", b.soft(t.Context(), other[20]), Critical},
		{"soft of a fork whose run is not at hand", b.soft(t.Context(), &bare), Critical},
		{"a cut connection", errCut, Temporary},
		{"the end", context.Canceled, stopped},
		{"a time-out", context.DeadlineExceeded, Temporary},
		{"an earlier halt", &HaltedError{File: "f"}, Critical},
		{"an executor that must be reset", fmt.Errorf("execute: %w", &ExecutorError{Reset, errCut}), Reset},
		{"an executor that cannot go on", fmt.Errorf("execute: %w", &ExecutorError{Critical, errCut}), Critical},
		{"an executor that cannot go on, while stopping", fmt.Errorf("execute: %w: %w", context.Canceled, &ExecutorError{Critical, errCut}), Critical},
	} {
		if got := SeverityOf(x.err); x.err == nil || got != x.want {
			t.Errorf("%s: %v is %v, want %v", x.name, x.err, got, x.want)
		}
	}
	b.must(b.store.db.DeleteRange([]byte{runKey}, []byte{runKey + 1}, nil))
	if err := b.soft(t.Context(), other[15]); SeverityOf(err) != Reset {
		t.Fatalf("a contradiction without proof: %v", err)
	}
}

// What is not synced may be lost by a crash: at most maxUnsynced heights, and none that executed anything.
func TestCrashTakesBackOnlyEmptyHeights(t *testing.T) {
	c := newChain(25, 60)
	blocks := taken(t, c)
	b := newBench(t)
	for i, d := range blocks {
		b.must(b.soft(t.Context(), d))
		before := b.rec.Soft
		b.crash()
		if b.rec.Soft.Output != before.Output || before.Height-b.rec.Soft.Height > maxUnsynced {
			t.Fatalf("after height %d: %+v, was %+v", i+1, b.rec.Soft, before)
		}
		for h := b.rec.Soft.Height; h < before.Height; h++ {
			b.must(b.soft(t.Context(), blocks[h]))
		}
	}
}

// History below the final head is forgotten, in steps; what a comparison needs is kept.
func TestHistoryIsPruned(t *testing.T) {
	b := newBench(t)
	trust := cert.Trust{ChainID: testChain, Set: testSet(0, 4)}
	rec := b.rec
	rec.SoftTrust, rec.FirmTrust = trust, trust
	for h := uint64(1); h <= 3*pruneStep; h++ {
		rec.Soft.Height, rec.Firm.Height, rec.Final.Height = h, h, h-1
		b.must(b.store.write(rec, &memory{h, past{DAHeight: h}}, nil, false))
	}
	if _, found, err := b.store.past(2*pruneStep - 1); found || err != nil {
		t.Fatalf("not pruned: %v", err)
	}
	if _, found, err := b.store.past(3 * pruneStep); !found || err != nil {
		t.Fatalf("the newest is gone: %v", err)
	}
}

// A node that is stopped inside a firm run keeps the whole run that proves each of its heights: with half of it, a contradiction would be a reset
// where it is critical.
func TestWholeFirmRunIsKeptOverARestart(t *testing.T) {
	const end = 9
	seq := &Sequencer{chain: newChain(40, end), stage: newStage(end)}
	log := slog.New(slog.DiscardHandler)
	layer, err := local.Open(t.TempDir(), local.Options{Interval: local.ManualBlocks, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	defer layer.Close()
	seq.Publish(t, layer, 1, 4)
	seq.Publish(t, layer, 5, end)
	b := newBench(t)
	read := func(until uint64) {
		r, err := FromDA(layer, mine(), 0, log).Open(t.Context(), b.rec.FirmTrust, b.rec.Cursor)
		b.must(err)
		defer r.Close()
		for b.rec.Firm.Height < until {
			block, err := r.Next(t.Context())
			b.must(err)
			d := decode(block)
			b.must(b.firm(t.Context(), &d))
		}
	}
	read(7)
	b.crash()
	if b.rec.Firm.Height < 4 || b.rec.Firm.Height == end {
		t.Fatalf("firm at %d", b.rec.Firm.Height)
	}
	read(end)
	for h := uint64(1); h <= end; h++ {
		run, found, err := b.store.proof(h)
		if err != nil || !found || run.Headers[0].Height > h || run.Certificate.Height < h {
			t.Errorf("no proof of height %d: %v", h, err)
		}
	}
}
