package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/node/store"
)

// The index is lost, or a part of it: a start computes it again from the segments, and stops at the first record that is torn.
func TestIndexFollowsFromSegments(t *testing.T) {
	n := chaintest.New(t, 2, nil)
	dir := t.TempDir()
	open := func() *store.Store {
		t.Helper()
		s, err := store.Open(store.Config{Dir: dir, Genesis: n.Genesis}.On(vfs.Default, 40_000))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	shut := func(s *store.Store) {
		t.Helper()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s := open()
	var txs []tx.Verified
	for height := range uint64(12) {
		txs = append(txs, n.Signed(t, int(height)%2, fields(height, 30, strings.Repeat("x", 10_000))))
		n.Commit(t, s, txs[height])
	}
	want := s.Ledger().Head.Root()
	shut(s)
	files, err := filepath.Glob(filepath.Join(dir, "blocks", "*.blocks"))
	if err != nil || len(files) != 3 {
		t.Fatalf("%d segments, %v", len(files), err)
	}
	lose := func() {
		t.Helper()
		if err := os.RemoveAll(filepath.Join(dir, "index")); err != nil {
			t.Fatal(err)
		}
	}
	lose()
	s = open()
	if s.Head() != 12 || s.Ledger().Head.Root() != want {
		t.Fatalf("head %d after the index was lost", s.Head())
	}
	checkWhole(t, n, s, nil)
	for _, v := range txs {
		if _, err := s.Tx(v.ID()); err != nil {
			t.Fatal(err)
		}
	}
	shut(s)

	// Every way in which the last record may be torn: the block before it is the head, and the chain goes on in a file of its own.
	last := files[2]
	whole, err := os.ReadFile(last)
	if err != nil {
		t.Fatal(err)
	}
	start := bytes.LastIndex(whole, []byte{0, 0, 0, 0, 0, 0, 0, 12, 0, 0})
	for name, torn := range map[string][]byte{
		"nothing of it": whole[:start], "half a head": whole[:start+7], "head only": whole[:start+20], "half": whole[:start+5_000],
		"all but a byte": whole[:len(whole)-1], "zeros": append(bytes.Clone(whole[:start+100]), make([]byte, len(whole)-start-100)...),
		"damaged":     append(bytes.Clone(whole[:len(whole)-9]), "otherwise"...),
		"huge length": append(bytes.Clone(whole[:start+8]), bytes.Repeat([]byte{0xff}, 40)...),
	} {
		lose()
		if err := os.WriteFile(last, torn, 0o600); err != nil {
			t.Fatal(err)
		}
		s := open()
		if s.Head() != 11 {
			t.Fatalf("%s: head %d", name, s.Head())
		}
		n.Commit(t, s, txs[11])
		shut(s)
		s = open()
		if s.Head() != 12 || s.Ledger().Head.Root() != want {
			t.Fatalf("%s: head %d after going on", name, s.Head())
		}
		checkWhole(t, n, s, nil)
		shut(s)
		lose() // and again from segments of which one ends in a torn record
		if s = open(); s.Head() != 12 {
			t.Fatalf("%s: head %d from segments alone", name, s.Head())
		}
		shut(s)
		if err := os.Remove(filepath.Join(dir, "blocks", "00000000000000000012.blocks")); err != nil {
			t.Fatal(err)
		}
	}
}

// Pruning removes segments that lie below the floor as a whole, and nothing else.
func TestPruningRemovesSegments(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	dir := t.TempDir()
	s, err := store.Open(store.Config{Dir: dir, Genesis: n.Genesis}.On(vfs.Default, 40_000))
	if err != nil {
		t.Fatal(err)
	}
	for height := range uint64(30) {
		n.Commit(t, s, n.Signed(t, 0, fields(height, 40, strings.Repeat("x", 10_000))))
	}
	n.Certify(t, s, 30)
	for _, c := range []struct {
		below uint64
		files int
	}{{2, 8}, {4, 8}, {5, 7}, {20, 4}, {30, 1}} {
		if _, err := s.Prune(c.below); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(dir, "blocks", "*.blocks"))
		if err != nil || len(files) != c.files {
			t.Fatalf("pruned below %d: %d segments are left, want %d; %v", c.below, len(files), c.files, err)
		}
		checkWhole(t, n, s, nil)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := n.Open(t, dir)
	checkWhole(t, n, again, nil)
	n.Commit(t, again)
}
