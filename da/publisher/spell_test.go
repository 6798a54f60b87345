package publisher

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/batch"
	"github.com/lockstep-network/lockstep/da/datest"
	"github.com/lockstep-network/lockstep/da/local"
	"github.com/lockstep-network/lockstep/da/reader"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// newSpell is a world in which no height of a spell has a certificate, with a few heights that have one before and after it.
func newSpell(t testing.TB, seed uint64, spell int, o local.Options) *world {
	t.Helper()
	w := newWorld(t, seed, 2, o)
	chain := datest.NewChain(t, 4)
	w.source.chain, w.cfg.Genesis = chain, chain.Genesis
	w.rng = rand.New(rand.NewPCG(seed, 5))
	for h := 1; h <= spell+40; h++ {
		var lanes []block.Lane
		if h%7 == 0 {
			lanes = append(lanes, block.Lane{Namespace: nsA(), Data: datest.RandomLane(t, w.rng, 1+w.rng.IntN(300))})
		}
		chain.Add(t, lanes...)
		if h > 20 && h <= spell+20 {
			w.source.bare[uint64(h)] = true
		}
	}
	w.source.certified.Store(uint64(spell + 40))
	return w
}

// Nothing is certified for thousands of heights. Every batch stays bounded, whoever reads it with little memory comes through, from the genesis and
// from any cursor, and says the same of each block.
func TestLongSpell(t *testing.T) {
	for _, test := range []struct {
		spell, submit, bytes int
	}{{3000, 0, 1 << 20}, {1500, 8 << 10, 40_000}} {
		t.Run(fmt.Sprintf("spell=%d", test.spell), func(t *testing.T) {
			o := manual()
			if test.submit > 0 {
				o.MaxBlock = test.submit
			}
			w := newSpell(t, 31, test.spell, o)
			w.cfg.Submit, w.cfg.Bytes = test.submit, test.bytes
			w.publish(w.cfg, nil)
			w.check(w.layer)
			w.pieces(test.bytes)
			w.sameFromAnyCursor()
		})
	}
}

// pieces checks what stands under the headers' namespace: links, and batches that are bounded although no certificate is near.
func (w *world) pieces(bytes int) {
	w.Helper()
	links, marks := 0, 0
	for h := uint64(1); h <= w.layer.Height(); h++ {
		blobs, err := w.layer.Read(w.Context(), h, namespaces.Headers())
		if err != nil {
			w.Fatal(err)
		}
		for _, b := range blobs {
			if _, err := batch.DecodeLinks(b.Data); err == nil {
				links++
			}
			p, err := batch.DecodeHeaders(b.Data)
			if err != nil {
				continue // links, or a chunk
			}
			if p.Certificate.Bare() {
				marks++
			}
			most := bytes/block.MaxHeaderSize + 4*cert.MarkEvery
			if n := int(p.Certificate.Height - p.From); n > most {
				w.Errorf("a batch of %d headers, want at most %d", n, most)
			}
		}
	}
	if links == 0 || marks == 0 {
		w.Errorf("%d links, %d batches end in a mark", links, marks)
	}
}

// sameFromAnyCursor reads once through, and again from some of the cursors on the way.
func (w *world) sameFromAnyCursor() {
	w.Helper()
	type seen struct {
		hash, publisher string
		daHeight, bytes uint64
	}
	read := func(after cert.Trust, cursor []byte, limits reader.Limits) (out []seen, blocks []reader.Block) {
		limits.Poll, limits.BackoffMin = time.Millisecond, time.Millisecond
		r, err := reader.New(reader.Config{
			Layer: w.layer, After: after, Cursor: cursor, Namespaces: []namespaces.Namespace{nsA(), nsB()}, Log: quiet(), Limits: limits,
		})
		if err != nil {
			w.Fatal(err)
		}
		defer r.Close()
		ctx, cancel := context.WithTimeout(w.Context(), time.Minute) // ends a test that hangs
		defer cancel()
		for h := after.Height + 1; h <= w.source.Certified(); h++ {
			b, err := r.Next(ctx)
			if err != nil {
				w.Fatalf("block %d after %d: %v; %+v", h, after.Height, err, r.Status())
			}
			out = append(out, seen{b.Hash.Hex(), b.Publisher.Hex(), b.DAHeight, b.Bytes})
			blocks = append(blocks, b)
		}
		return out, blocks
	}
	want, blocks := read(w.source.chain.Genesis, nil, reader.Limits{})
	for range 12 {
		at := blocks[w.rng.IntN(len(blocks))]
		limits := reader.Limits{HeldBlocks: 1 + w.rng.IntN(50), HeldBytes: 1 + w.rng.IntN(5000), InFlight: 1 + w.rng.IntN(5)}
		got, _ := read(at.Trust, at.Cursor, limits)
		for i, s := range got {
			if k := int(at.Trust.Height) + i; s != want[k] {
				w.Fatalf("begun after %d with %+v, block %d is %v, want %v", at.Trust.Height, limits, k+1, s, want[k])
			}
		}
	}
}

// The publisher dies now and then while it publishes a spell, and another one with an empty folder goes on; strangers write rubbish and what
// honest publishers have written, in other orders, in between.
func TestLongSpellUnderFire(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			w := newSpell(t, seed, 400+int(seed)*300, manual())
			w.cfg.Submit, w.cfg.Bytes = 16<<10, 30_000
			var old []da.Blob
			for killed := true; killed; {
				if w.rng.IntN(3) == 0 {
					w.cfg.Dir = t.TempDir()
					self := common.Address{byte(w.rng.IntN(256))}
					w.cfg.Self = func() common.Address { return self }
				}
				left := 5 + w.rng.IntN(200)
				_, killed = w.publish(w.cfg, func(effect string) error {
					if left--; left < 0 {
						return &killedError{effect}
					}
					return nil
				})
				old = w.disturb(old)
			}
			w.check(w.layer)
			w.sameFromAnyCursor()
		})
	}
}

// disturb writes rubbish, and some of the headers and links that are there, in another order; it returns what is there.
func (w *world) disturb(old []da.Blob) []da.Blob {
	w.Helper()
	for h := uint64(1); h <= w.layer.Height() && len(old) < 200; h++ {
		blobs, err := w.layer.Read(w.Context(), h, namespaces.Headers())
		if err != nil {
			w.Fatal(err)
		}
		old = append(old, blobs...)
	}
	for range 6 {
		b := da.Blob{Namespace: namespaces.Headers(), Data: datest.RandomLane(w, w.rng, 200)}
		if len(old) > 0 && w.rng.IntN(2) == 0 {
			b = old[w.rng.IntN(len(old))]
		}
		if len(old) > 0 && w.rng.IntN(3) == 0 {
			b.Data = append([]byte{}, old[w.rng.IntN(len(old))].Data...)
			b.Data[w.rng.IntN(len(b.Data))]++
		}
		if _, err := w.layer.Submit(w.Context(), []da.Blob{b}); err != nil {
			w.Fatal(err)
		}
	}
	return old
}
