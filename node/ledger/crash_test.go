package ledger_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
	"github.com/lockstep-network/lockstep/node/ledger/state"
	"github.com/lockstep-network/lockstep/node/store"
)

// seal makes of a block of the world what a store takes, on the store's head.
func (c *chaos) seal(s *store.Store, b ledger.Block) store.Block {
	c.t.Helper()
	parent := s.Ledger()
	body := block.Body{System: b.System, Batches: []block.Batch{{Author: b.Proposer, Txs: b.Txs}}}
	contents, err := block.Assemble(body, ledger.OrderIn(parent.View))
	if err != nil {
		c.t.Fatal(err)
	}
	body.Batches[0].Txs = contents.Txs
	set, next, err := stake.Hashes(parent.View)
	if err != nil {
		c.t.Fatal(err)
	}
	h := block.Header{
		ChainID: c.g.ChainID, Height: s.Head() + 1, TimeMS: b.TimeMS, ParentHash: s.HeadHash(), Proposer: b.Proposer,
		DataRoot: contents.Table.Root(), TxRoot: contents.IDs.Root(), LedgerRoot: parent.Head.Root(), OperatorsHash: set, NextOperatorsHash: next,
		DAHead: parent.Head.DAHead, PublishedHeight: parent.Head.PublishedHeight,
	}
	e, err := ledger.Apply(c.rules, parent, ledger.BlockOf(h, contents))
	if err != nil {
		c.t.Fatal(err)
	}
	return store.Block{Header: h, Body: body.Encode(), Contents: contents, Effects: e}
}

// turns names what a block does to the stake: what a crash must not do twice, or not at all.
func (c *chaos) turns(e *ledger.Effects) (out []string) {
	c.t.Helper()
	if e.Ended != nil {
		out = append(out, "epoch")
	}
	after := state.New(c.s)
	for _, r := range e.Records {
		after.SetRaw(r.Key, r.Value)
	}
	for _, r := range e.Records {
		if r.Key.Kind() != state.Operator {
			continue
		}
		owner := common.BytesToAddress(r.Key.ID())
		was, _, err := stake.LoadOperator(c.s, owner)
		if err != nil {
			c.t.Fatal(err)
		}
		is, _, err := stake.LoadOperator(after, owner)
		if err != nil {
			c.t.Fatal(err)
		}
		if is.JailedUntil > was.JailedUntil {
			out = append(out, "jail")
		}
		if is.Tombstoned && !was.Tombstoned {
			out = append(out, "slash")
		}
	}
	return out
}

// The stream of random actions goes through a store that is closed, and whose power fails: what an index of some blocks ago has lost, ends of epochs, jail and slashes among it, is applied
// again from the blocks, the newest of which may be torn and is committed again. The ledger is that of the memory beside it, record by record.
func TestRandomActionsThroughCrashes(t *testing.T) {
	seed := seeded(t)
	rounds, lost := 40, make(map[string]int)
	if testing.Short() {
		rounds = 6
	}
	var c *chaos
	var dir string
	open := func() *store.Store {
		s, err := store.Open(store.Config{Dir: dir, Genesis: c.g})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	// Jail and slashes are rare: more rounds, up to a bound, until each was lost.
	for round := 0; round < rounds || !testing.Short() && round < 5*rounds && len(lost) < 3; round++ {
		if round%20 == 0 { // operators that are gone do not come back: another world
			c, dir = newChaos(t, seed+uint64(round)), t.TempDir()
		}
		s := open()
		if s.Ledger().Head.Root() != c.s.Head.Root() {
			t.Fatalf("round %d, height %d: opened at another root", round, s.Head())
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		old := filepath.Join(t.TempDir(), "index") // what the disk will have of the index
		if err := os.CopyFS(old, os.DirFS(filepath.Join(dir, "index"))); err != nil {
			t.Fatal(err)
		}
		s = open()
		c.header = s.HeadHash
		var newest store.Block
		for range 1 + c.rng.IntN(30) {
			newest = c.seal(s, c.next(c.traffic()))
			if err := s.Commit(newest); err != nil {
				t.Fatal(err)
			}
			for _, what := range c.turns(newest.Effects) {
				lost[what]++
			}
			c.s.Write(newest.Effects)
			c.time = newest.Header.TimeMS
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		crashed := t.TempDir()
		for from, to := range map[string]string{old: "index", filepath.Join(dir, "blocks"): "blocks"} {
			if err := os.CopyFS(filepath.Join(crashed, to), os.DirFS(from)); err != nil {
				t.Fatal(err)
			}
		}
		dir = crashed
		if c.rng.IntN(2) == 0 {
			tear(t, dir)
			s := open()
			if s.Head()+1 != newest.Header.Height {
				t.Fatalf("head %d without block %d", s.Head(), newest.Header.Height)
			}
			if err := s.Commit(newest); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		s = open()
		checkSame(t, c, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("in lost indexes: %v", lost)
	for _, what := range []string{"epoch", "jail", "slash"} {
		if lost[what] == 0 && !testing.Short() {
			t.Errorf("no crash lost the index of a block with %s", what)
		}
	}
}

// tear cuts into the newest block on disk.
func tear(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "blocks", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v (%v)", files, err)
	}
	last := slices.Max(files)
	info, err := os.Stat(last)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(last, info.Size()-1); err != nil {
		t.Fatal(err)
	}
}

// checkSame says that a store has the world's ledger.
func checkSame(t *testing.T, c *chaos, s *store.Store) {
	t.Helper()
	p := s.Ledger()
	if p.Head.Root() != c.s.Head.Root() || s.Head() != c.s.Head.Height {
		t.Fatalf("height %d: root %s, want %s at %d", s.Head(), p.Head.Root(), c.s.Head.Root(), c.s.Head.Height)
	}
	for k, v := range c.s.Records {
		if have, err := p.View.Record(k); err != nil || !bytes.Equal(have, v) {
			t.Fatalf("record %x is %x, want %x (%v)", string(k), have, v, err)
		}
	}
}
