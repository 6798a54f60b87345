package evm

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/rawdb"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/rollups"
)

// TestSameInputsSameChain runs one story on two executors: one undisturbed, one that is
// closed, cut off or rolled back and forth at random points, in another folder.
func TestSameInputsSameChain(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	calm := open(t, testConfig(t.TempDir(), testGenesis(5)))
	cfg := testConfig(t.TempDir(), testGenesis(5))
	wild, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	reopen := func(shut func() error) {
		t.Helper()
		if err := shut(); err != nil {
			t.Fatal(err)
		}
		if wild, err = Open(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
	}
	blocks := uint64(300)
	if testing.Short() {
		blocks = 100
	}
	for h := uint64(1); h <= blocks; h++ {
		want := execute(t, calm, story(h))
		if got := execute(t, wild, story(h)); got != want {
			t.Fatalf("height %d: %+v, undisturbed %+v", h, got, want)
		}
		switch rnd.IntN(60) {
		case 0:
			reopen(wild.Close)
			if wild.restored != 0 {
				t.Errorf("height %d: %d blocks executed again after a clean close", h, wild.restored)
			}
		case 1:
			reopen(func() error { return abandon(wild) })
		case 2:
			back := h - min(h, rnd.Uint64N(200))
			if err := wild.Rollback(t.Context(), back); err != nil {
				t.Fatalf("rollback from %d to %d: %v", h, back, err)
			}
			for again := back + 1; again <= h; again++ {
				execute(t, wild, story(again))
			}
		}
		if got := wild.Head(); got != want {
			t.Fatalf("height %d: head %+v after a disturbance, want %+v", h, got, want)
		}
	}
	if err := wild.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestRollback goes back, near and far, and on with other inputs: nothing of what was
// dropped can be found, and the chain equals one that never had it.
func TestRollback(t *testing.T) {
	t.Parallel()
	deep := uint64(2500)
	if testing.Short() {
		deep = 400
	}
	for name, depth := range map[string]uint64{"one": 1, "in memory": 100, "through the history": deep} {
		t.Run(name, func(t *testing.T) {
			const kept = 30
			c := open(t, testConfig(t.TempDir(), testGenesis(5)))
			fresh := open(t, testConfig(t.TempDir(), testGenesis(5)))
			for h := uint64(1); h <= kept; h++ {
				execute(t, c, story(h))
				execute(t, fresh, story(h))
			}
			at := c.Head()
			for h := uint64(kept + 1); h <= kept+depth; h++ {
				execute(t, c, story(h))
			}
			dropped, droppedTx, droppedSkip := c.Head(), crypto.Keccak256Hash(story(kept + 1).Entries[0]), crypto.Keccak256Hash(story(kept + 1).Entries[7])
			if _, err := c.Transaction(droppedTx); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Skipped(droppedSkip); err != nil {
				t.Fatal(err)
			}
			if err := c.Rollback(t.Context(), kept); err != nil {
				t.Fatal(err)
			}
			if got := c.Head(); got != at {
				t.Fatalf("head %+v, want %+v", got, at)
			}
			for what, err := range map[string]error{
				"block": second(c.BlockByHash(dropped.BlockHash)), "number": second(c.HeaderByNumber(kept + 1)),
				"transaction": second(c.Transaction(droppedTx)), "skip": second(c.Skipped(droppedSkip)),
			} {
				if !errors.Is(err, ErrNotFound) {
					t.Errorf("dropped %s: %v", what, err)
				}
			}
			for i := range uint64(5) {
				in := input(kept+10+i, "other", transfer(1, kept+i, addr(2)))
				if got, want := execute(t, c, in), execute(t, fresh, in); got != want {
					t.Fatalf("after the rollback %+v, without it %+v", got, want)
				}
			}
		})
	}
}

// TestRollbackEdges: nothing to drop, all of it, and more than the history holds.
func TestRollbackEdges(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t.TempDir(), testGenesis(5))
	cfg.StateHistory = 50
	c := open(t, cfg)
	genesis := c.Head()
	execute(t, c, story(1))
	for _, height := range []uint64{1, 2, 1 << 60} {
		if err := c.Rollback(t.Context(), height); err != nil || c.Head().Number != 1 {
			t.Errorf("rollback to %d, above the head: %v, head %d", height, err, c.Head().Number)
		}
	}
	if err := c.Rollback(t.Context(), 0); err != nil || c.Head() != genesis {
		t.Errorf("rollback of all: %v, head %+v", err, c.Head())
	}
	for h := uint64(1); h <= 400; h++ {
		execute(t, c, story(h))
	}
	head := c.Head()
	if err := c.Rollback(t.Context(), 100); !errors.Is(err, ErrTooDeep) || rollups.SeverityOf(err) != rollups.Critical {
		t.Errorf("deeper than the history: %v", err)
	}
	if c.Head() != head {
		t.Error("a refused rollback moved the head")
	}
	if out := execute(t, c, story(401)); out.Number != 401 {
		t.Error("no way on after a refused rollback")
	}
	if err := c.Rollback(t.Context(), 260); err != nil || c.Head().Number != 260 {
		t.Errorf("within the history: %v", err)
	}
}

// TestInterruptedRollback stops a rollback after each of its steps and opens again. One
// target lies in what pathdb has flushed, one in its write buffer, where a journal left by
// an earlier clean close would contradict the history (see states.rewind).
func TestInterruptedRollback(t *testing.T) {
	if testing.Short() {
		t.Skip("opens a chain of 300 blocks again and again: run without -short")
	}
	t.Parallel()
	const top = 300
	base := testConfig(t.TempDir(), testGenesis(5))
	c, err := Open(t.Context(), base)
	if err != nil {
		t.Fatal(err)
	}
	for h := uint64(1); h <= top; h++ {
		execute(t, c, story(h))
	}
	full := c.Head()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	for _, target := range []uint64{20, top - 128 - 1} {
		for step, name := range []string{"before anything", "after the state", "after the head", "amid the deletion"} {
			t.Run(fmt.Sprintf("to %d %s", target, name), func(t *testing.T) {
				cfg := testConfig(t.TempDir(), testGenesis(5))
				if err := os.CopyFS(cfg.Dir, os.DirFS(base.Dir)); err != nil {
					t.Fatal(err)
				}
				c, err := Open(t.Context(), cfg)
				if err != nil {
					t.Fatal(err)
				}
				stopRollback(t, c, target, step)
				if err := abandon(c); err != nil {
					t.Fatal(err)
				}
				c = open(t, cfg)
				want := uint64(top)
				if step >= 2 {
					want = target
				}
				if got := c.Head().Number; got != want {
					t.Fatalf("head %d, want %d", got, want)
				}
				if want == target && rawdb.ReadCanonicalHash(c.disk, target+1) != (common.Hash{}) {
					t.Error("dropped blocks are still there")
				}
				for h := want + 1; h <= top; h++ {
					execute(t, c, story(h))
				}
				if c.Head() != full {
					t.Errorf("head %+v, before %+v", c.Head(), full)
				}
			})
		}
	}
}

// stopRollback does the first steps of Rollback, in its order.
func stopRollback(t *testing.T, c *Chain, target uint64, steps int) {
	t.Helper()
	header, err := c.HeaderByNumber(target)
	if err != nil {
		t.Fatal(err)
	}
	top := c.Head().Number
	for _, step := range []func() error{
		func() error {
			if ok, err := c.states.rewind(header.Root); !ok {
				return fmt.Errorf("cannot rewind: %w", err)
			}
			return nil
		},
		func() error { return putHead(c.disk, header.Hash()) },
		func() error { return deleteBlocks(c.disk, top-50, top) },
	}[:steps] {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
}
