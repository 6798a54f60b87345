package publisher

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/da/datest"
	"github.com/lockstep-network/lockstep/da/internal/keep"
)

func TestJournal(t *testing.T) {
	c := datest.NewChain(t, 4)
	c.Grow(t, rand.New(rand.NewPCG(1, 1)), 9, 100, nsA())
	dir := t.TempDir()
	j, err := openJournal(dir, c.Genesis, quiet())
	if err != nil {
		t.Fatal(err)
	}
	j.Done, j.DAHeight = c.TrustAt(9), 77
	j.Open = &entry{From: 10, To: 12, Hash: common.Hash{1}, Blobs: []digest{{nsA(), common.Hash{2}, 1}}, Landed: []uint64{5, 0}}
	if err := j.save(); err != nil {
		t.Fatal(err)
	}
	got, err := openJournal(dir, c.Genesis, quiet())
	if err != nil {
		t.Fatal(err)
	}
	if got.Done.Hash != j.Done.Hash || got.DAHeight != 77 ||
		got.Open == nil || got.Open.To != 12 || !slices.Equal(got.Open.Blobs, j.Open.Blobs) || !slices.Equal(got.Open.Landed, j.Open.Landed) {
		t.Errorf("the journal comes back as %+v", got)
	}
	raw, err := os.ReadFile(filepath.Join(dir, journalName))
	if err != nil {
		t.Fatal(err)
	}
	for n := range raw {
		cut, flipped := raw[:n], slices.Clone(raw)
		flipped[n] ^= 1
		for _, bad := range [][]byte{cut, flipped} {
			if raw, err := keep.Unseal(bad, maxJournal); err == nil && new(journal).decode(raw) == nil {
				t.Fatalf("a journal damaged at byte %d is read", n)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, journalName), raw[:50], 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := openJournal(dir, c.Genesis, quiet()); err != nil || got.Done.Hash != c.Genesis.Hash {
		t.Errorf("a damaged journal: %+v, %v; want to begin anew", got, err)
	}
	if err := os.WriteFile(filepath.Join(dir, journalName), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	foreign := c.Genesis
	foreign.ChainID = "other"
	if _, err := openJournal(dir, foreign, quiet()); err == nil {
		t.Error("another chain's journal is taken")
	}
}

func FuzzJournal(f *testing.F) {
	c := datest.NewChain(f, 4)
	j := journal{Done: c.Genesis, Open: &entry{From: 1, To: 1, Landed: []uint64{0}}}
	raw, err := j.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var j journal
		if err := j.decode(raw); err != nil {
			return
		}
		if again, err := j.encode(); err != nil || !bytes.Equal(again, raw) {
			t.Errorf("a journal has two forms: %v", err)
		}
	})
}
