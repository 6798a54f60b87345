package rollups

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/local"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/forced"
)

// plan is what happens at each DA height: what is written there, and how far the chain has come then.
type plan struct {
	chain *chain
	rule  forced.Rule
	blobs [][]da.Blob // by DA height; none: an empty block
	heads []uint64    // by DA height: the newest shared height

	landed []uint64 // by shared height: where it became readable; 0: nowhere
	items  []forced.Items
}

// planOf makes a schedule: operators who publish at once, late, headers long before lanes, or nothing for long; views that lag or stand still; and people
// who force items in, among rubbish.
func planOf(t *testing.T, seed uint64, heights, daHeights uint64) *plan {
	rng := rand.New(rand.NewPCG(seed, 7))
	p := &plan{
		rule:  forced.Rule{Start: 1, Delay: 1 + rng.Uint64N(4), Window: 4 + rng.Uint64N(9)},
		blobs: make([][]da.Blob, daHeights+1), heads: make([]uint64, daHeights+1), landed: make([]uint64, heights+1),
	}
	daHeads := make([]uint64, heights+1)
	made, stuck := uint64(0), uint64(0)
	for d := uint64(1); d <= daHeights; d++ {
		if rng.IntN(15) == 0 {
			stuck = d
		} else if rng.IntN(6) == 0 {
			stuck = 0
		}
		for n := rng.Uint64N(3); n > 0 && made < heights && d < daHeights*2/3; n-- {
			made++
			daHeads[made] = max(d-min(d, 1+rng.Uint64N(3)), daHeads[made-1])
			if stuck > 0 {
				daHeads[made] = max(min(stuck, daHeads[made]), daHeads[made-1])
			}
		}
		p.heads[d] = made
	}
	p.chain = grow(seed, &chain{genesis: testGenesis(), calm: true, daHeads: daHeads}, int(heights))
	item := 0
	for d := uint64(1); d <= daHeights; d++ {
		if d < daHeights-3*(p.rule.Window+p.rule.Delay) && rng.IntN(4) == 0 {
			p.force(t, d, rng, &item)
		}
	}
	published, away := uint64(0), uint64(0)
	for d := uint64(1); d <= daHeights; d++ {
		if away == 0 && rng.IntN(12) == 0 {
			away = d + rng.Uint64N(40)
		}
		if d < away || p.heads[d] == published || d < daHeights*2/3 && rng.IntN(2) == 0 {
			continue
		}
		away = 0
		headers, lanes := p.chain.blobs(t, published+1, p.heads[d])
		at := d
		if rng.IntN(4) == 0 {
			at = min(d+rng.Uint64N(30), daHeights)
		}
		p.blobs[d] = append(p.blobs[d], headers...)
		p.blobs[at] = append(p.blobs[at], lanes...)
		for published < p.heads[d] {
			published++
			p.landed[published] = d
			if len(p.chain.steps[published-1].Lanes[0].Data) > 0 {
				p.landed[published] = at
			}
		}
	}
	return p
}

// force writes items and rubbish to a DA height.
func (p *plan) force(t *testing.T, d uint64, rng *rand.Rand, count *int) {
	at := forced.Items{Height: d}
	for range 1 + rng.IntN(3) {
		*count++
		data := fmt.Appendf(nil, "forced %d", *count)
		for _, i := range []forced.Item{{ChainID: testChain, Namespace: mine(), Data: data}, {ChainID: "another", Namespace: mine(), Data: data}, {ChainID: testChain, Namespace: theirs(), Data: data}} {
			raw, err := i.Encode()
			if err != nil {
				t.Fatal(err)
			}
			p.blobs[d] = append(p.blobs[d], da.Blob{Namespace: namespaces.Forced(), Data: raw})
		}
		p.blobs[d] = append(p.blobs[d], da.Blob{Namespace: namespaces.Forced(), Data: []byte("rubbish")})
		at.Data = append(at.Data, data)
	}
	p.items = append(p.items, at)
}

// inputs derives by the letter of specs/12-forced.md: each DA height is looked at.
func (p *plan) inputs(t *testing.T, layer da.Layer) (out []Input) {
	entries := map[uint64][][]byte{}
	for _, in := range p.chain.inputs {
		entries[in.Height] = in.Entries
	}
	queue, at, lastMS := p.items, uint64(0), uint64(0)
	due := func(upTo uint64) (taken [][]byte) {
		for len(queue) > 0 && queue[0].Height+p.rule.Delay <= upTo {
			taken, queue = append(taken, queue[0].Data...), queue[1:]
		}
		return taken
	}
	give := func(in Input) {
		lastMS = max(lastMS, in.TimeMS)
		in.TimeMS = lastMS
		out = append(out, in)
	}
	fall := func(before, to uint64) {
		for d := at + 1; d < to && before > 1; d++ {
			taken := due(d - min(d, p.rule.Window))
			if len(taken) == 0 {
				continue
			}
			ms, err := layer.Time(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			hash := p.chain.steps[before-2].Header.Hash()
			give(Input{Height: before - 1, Hash: forced.Hash(hash, d, taken), TimeMS: ms, Entries: taken, Forced: len(taken), Fallback: d})
		}
		at = max(at, to)
	}
	for h := uint64(1); h < uint64(len(p.landed)); h++ {
		header := p.chain.steps[h-1].Header
		landed := max(at, p.landed[h])
		fall(h, landed)
		taken := due(max(header.DAHead, landed-min(landed, p.rule.Window)))
		if len(taken)+len(entries[h]) > 0 {
			give(Input{Height: h, Hash: forced.Hash(header.Hash(), 0, taken), TimeMS: header.TimeMS, Entries: append(taken, entries[h]...), Forced: len(taken)})
		}
	}
	fall(uint64(len(p.landed)), uint64(len(p.blobs)))
	if len(queue) > 0 {
		t.Fatalf("%d items were never due", len(queue))
	}
	return out
}

// write brings the DA layer and the chain to a DA height.
func (p *plan) write(t *testing.T, layer *local.Layer, s *stage, to uint64) {
	t.Helper()
	for d := layer.Height() + 1; d <= to; d++ {
		if len(p.blobs[d]) == 0 {
			if err := layer.Advance(); err != nil {
				t.Fatal(err)
			}
		} else if got, err := layer.Submit(t.Context(), p.blobs[d]); err != nil || got != d {
			t.Fatalf("submitted at %d, want %d: %v", got, d, err)
		}
	}
	s.set(p.heads[to])
}

// Whatever operators publish, when, and what they see: a node that follows soft and is killed again and again, and one that reads the DA layer alone from
// genesis, end at the block that the chapter's letter gives; every item is in it once.
func TestForcedItemsEndAtTheSameBlock(t *testing.T) {
	seeds := uint64(10)
	if testing.Short() {
		seeds = 4
	}
	for seed := uint64(1); seed <= seeds; seed++ {
		if *seedFlag != 0 && *seedFlag != seed {
			continue
		}
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			forcedSchedule(t, seed)
		})
	}
}

func forcedSchedule(t *testing.T, seed uint64) {
	const heights, daHeights = 60, 180
	p := planOf(t, seed, heights, daHeights)
	quiet := slog.New(slog.DiscardHandler)
	layer, err := local.Open(t.TempDir(), local.Options{Interval: local.ManualBlocks, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = layer.Close() })
	s := newStage(0)
	config := func(source Source) Config {
		return Config{
			Source: source, Rule: p.rule, Peers: newFakePeers().add("a", honest(p.chain, s)), Announced: fakeGossip{p.chain, s},
			DA: FromDA(layer, mine(), 0, quiet), Forced: ForcedFromDA(layer, testChain, mine(), p.rule.Delay),
		}
	}
	live := newMachine(t, seed, config(SourceBoth))
	for d := uint64(10); d <= daHeights; d += 10 {
		p.write(t, layer, s, d)
		live.life(true, func(Heads) bool { return false })
	}
	want := newFakeExecutor()
	inputs := p.inputs(t, layer)
	fallbacks, among := 0, 0
	for _, in := range inputs {
		if _, err := want.Execute(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		if in.Fallback > 0 {
			fallbacks++
		} else if in.Forced > 0 {
			among++
		}
	}
	end := func(h Heads) bool { return h.Final.Height == heights && h.Final.Output == want.Head() }
	if !live.life(false, end) {
		t.Fatal("not finished")
	}
	cold := newMachine(t, seed, config(SourceDA))
	if !cold.life(false, end) {
		t.Fatal("not finished")
	}
	if live.x.Head() != want.Head() || cold.x.Head() != want.Head() {
		t.Fatalf("live at %+v, cold at %+v, want %+v", live.x.Head(), cold.x.Head(), want.Head())
	}
	for i, out := range want.blocks {
		if live.x.blocks[i] != out {
			t.Fatalf("block %d: %+v, want %+v", i, live.x.blocks[i], out)
		}
	}
	t.Logf("rule %+v: %d blocks, %d fallback blocks, %d with forced entries", p.rule, len(inputs), fallbacks, among)
}
