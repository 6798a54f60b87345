package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
	"github.com/lockstep-network/lockstep/node/store"
)

func fields(salt uint64, expiry uint64, data string) tx.Fields {
	return tx.Fields{Salt: salt, Expiry: expiry, Legs: chaintest.Legs(chaintest.Alpha, data)}
}

// A chain of five blocks is written, read in every way, and is all there after the store was closed and opened again.
func TestChainSurvivesReopening(t *testing.T) {
	n := chaintest.New(t, 3, nil)
	operators, err := n.Genesis.Set()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s, err := store.Open(store.Config{Dir: dir, Genesis: n.Genesis})
	if err != nil {
		t.Fatal(err)
	}
	if s.Head() != 0 || s.HeadHash() != n.Genesis.Hash() || s.Floor() != 1 || s.Certified() != 0 {
		t.Fatal("a new store does not stand at genesis")
	}
	var txs []tx.Verified
	for height := uint64(1); height <= 5; height++ {
		v := n.Signed(t, int(height)%3, fields(height, 20, fmt.Sprint("data of ", height)))
		n.Commit(t, s, v)
		txs = append(txs, v)
	}
	n.Certify(t, s, 1, 2, 3)
	check := func(s *store.Store) {
		t.Helper()
		if s.Head() != 5 || s.Certified() != 3 {
			t.Fatalf("head %d, certified %d; want 5 and 3", s.Head(), s.Certified())
		}
		for i, v := range txs {
			height := uint64(i + 1)
			h, err := s.Header(height)
			if err != nil {
				t.Fatal(err)
			}
			c, err := s.Contents(height)
			if err != nil {
				t.Fatal(err)
			}
			if c.Table.Root() != h.DataRoot || c.IDs.Root() != h.TxRoot || len(c.Txs) != 1 || !bytes.Equal(c.Txs[0].Raw(), v.Raw()) {
				t.Fatalf("height %d has other contents", height)
			}
			if l, err := s.Tx(v.ID()); err != nil || l != (store.Location{Height: height}) {
				t.Fatalf("transaction of height %d is at %v, %v", height, l, err)
			}
			spent, err := s.Ledger().View.Spent(v.Payer(), v.Salt())
			if err != nil || !spent {
				t.Fatalf("salt of height %d is not spent: %v", height, err)
			}
		}
		pots, err := stake.LoadPots(s.Ledger().View)
		if err != nil || pots.Voters.IsZero() {
			t.Fatalf("the pot of voters holds %s, %v", pots.Voters.Dec(), err)
		}
		if set, err := s.Operators(operators.Hash()); err != nil || len(set.Operators()) != 4 {
			t.Fatalf("the operators of the genesis: %v", err)
		}
		if _, err := s.Operators(common.Hash{1}); !errors.Is(err, store.ErrNotFound) {
			t.Fatalf("an unknown operator set: %v", err)
		}
	}
	check(s)
	root := s.Ledger().Head.Root()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Header(1); !errors.Is(err, store.ErrClosed) {
		t.Fatalf("a closed store reads: %v", err)
	}
	again := n.Open(t, dir)
	check(again)
	if again.Ledger().Head.Root() != root {
		t.Fatal("the ledger has another root after reopening")
	}
	n.Commit(t, again, n.Signed(t, 0, fields(6, 20, "goes on")))
}

// What is out of range gets the error that says so.
func TestReadsOutOfRange(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	s := n.Open(t, t.TempDir())
	for range 10 {
		n.Commit(t, s)
	}
	n.Certify(t, s, 6)
	if floor, err := s.Prune(4); err != nil || floor != 4 {
		t.Fatalf("pruned to %d, %v", floor, err)
	}
	reads := map[string]func(uint64) error{
		"header":      func(h uint64) error { _, err := s.Header(h); return err },
		"body":        func(h uint64) error { _, err := s.Body(h); return err },
		"contents":    func(h uint64) error { _, err := s.Contents(h); return err },
		"certificate": func(h uint64) error { _, err := s.Certificate(h); return err },
		"run":         func(h uint64) error { _, err := s.Run(h, h); return err },
	}
	for name, read := range reads {
		for height, want := range map[uint64]error{3: store.ErrPruned, 11: store.ErrNotYet, 1 << 63: store.ErrNotYet, 6: nil} {
			if err := read(height); !errors.Is(err, want) {
				t.Errorf("%s of height %d: %v, want %v", name, height, err, want)
			}
		}
	}
	if _, err := s.Run(7, 9); !errors.Is(err, store.ErrNotYet) {
		t.Errorf("run above what is certified: %v", err)
	}
	if _, err := s.Run(6, 5); err == nil {
		t.Error("a half-open range is read")
	}
	if _, err := s.Certificate(5); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a height under a later certificate: %v", err)
	}
	if _, err := s.Tx(common.Hash{1}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an unknown transaction: %v", err)
	}
}

// A block that does not stand on the head changes nothing.
func TestCommitRefusesWhatDoesNotFollow(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	s := n.Open(t, t.TempDir())
	first := n.Commit(t, s)
	good, err := n.Next(s, n.Signed(t, 0, fields(1, 9, "x")))
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*store.Block){
		"gap":               func(b *store.Block) { b.Header.Height++ },
		"again":             func(b *store.Block) { b.Header = first },
		"other parent":      func(b *store.Block) { b.Header.ParentHash[0]++ },
		"other ledger root": func(b *store.Block) { b.Header.LedgerRoot[0]++ },
		"effects elsewhere": func(b *store.Block) { e := *b.Effects; e.Parent[0]++; b.Effects = &e },
		"effects later":     func(b *store.Block) { e := *b.Effects; e.Head.Height++; b.Effects = &e },
	} {
		b := good
		spoil(&b)
		if err := s.Commit(b); !errors.Is(err, store.ErrCommit) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s.Head() != 1 {
		t.Fatalf("head %d", s.Head())
	}
	if err := s.Commit(good); err != nil {
		t.Fatal(err)
	}
	stale, err := n.Next(s, n.Signed(t, 0, fields(2, 9, "y")))
	if err != nil {
		t.Fatal(err)
	}
	n.Commit(t, s, n.Signed(t, 0, fields(3, 9, "z")))
	if err := s.Commit(stale); !errors.Is(err, store.ErrCommit) {
		t.Errorf("effects on an older ledger: %v", err)
	}
}

// The database of one network is refused by another, and changed by neither.
func TestOtherGenesisIsRefused(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	other := chaintest.New(t, 2, nil)
	dir := t.TempDir()
	s, err := store.Open(store.Config{Dir: dir, Genesis: n.Genesis})
	if err != nil {
		t.Fatal(err)
	}
	n.Commit(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(store.Config{Dir: dir, Genesis: other.Genesis}); !errors.Is(err, store.ErrGenesis) {
		t.Fatalf("opened with another genesis: %v", err)
	}
	if s := n.Open(t, dir); s.Head() != 1 {
		t.Fatalf("head %d after a refusal", s.Head())
	}
}

// A salt is spent for a window of heights, then forgotten, and the digests follow.
func TestSpentPairsLeaveWithTheWindow(t *testing.T) {
	n := chaintest.New(t, 1, func(g *genesis.Genesis) { g.Params.ExpiryWindow = 4 })
	dir := t.TempDir()
	s := n.Open(t, dir)
	n.Commit(t, s, n.Signed(t, 0, fields(1, 5, "first")))
	for s.Head() < 5 {
		if spent, err := s.Ledger().View.Spent(n.Payer(0), 1); err != nil || spent != (s.Head() < 5) {
			t.Fatalf("at head %d: spent is %v, %v", s.Head(), spent, err)
		}
		if s.Head() < 4 {
			if _, err := n.Next(s, n.Signed(t, 0, fields(1, s.Head()+1, "again"))); tx.CodeOf(err) != ledger.Spent {
				t.Fatalf("at head %d: the salt is spent twice: %v", s.Head(), err)
			}
		}
		n.Commit(t, s)
	}
	if spent, err := s.Ledger().View.Spent(n.Payer(0), 1); err != nil || spent {
		t.Fatalf("the salt is remembered beyond the window: %v", err)
	}
	n.Commit(t, s, n.Signed(t, 0, fields(1, 6, "anew")))
}

// Certificates cover what lies below them, whatever the order they come in.
func TestCertificatesCover(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	s := n.Open(t, t.TempDir())
	for range 9 {
		n.Commit(t, s)
	}
	trust, err := n.Genesis.Trust()
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ add, certified uint64 }{{3, 3}, {7, 7}, {5, 7}, {1, 7}, {3, 7}, {9, 9}} {
		n.Certify(t, s, step.add)
		if s.Certified() != step.certified {
			t.Fatalf("after a certificate of %d: certified %d, want %d", step.add, s.Certified(), step.certified)
		}
	}
	for _, run := range []struct{ from, to, end uint64 }{{1, 1, 1}, {2, 2, 3}, {2, 4, 3}, {2, 6, 5}, {4, 9, 9}, {6, 6, 7}, {8, 100, 9}} {
		r, err := s.Run(run.from, run.to)
		if err != nil {
			t.Fatal(err)
		}
		if first, last := r.Headers[0].Height, r.Headers[len(r.Headers)-1].Height; first != run.from || last != run.end {
			t.Errorf("run %d to %d is %d to %d, want it to end at %d", run.from, run.to, first, last, run.end)
		}
		at := trust
		if run.from > 1 {
			before, err := s.Run(1, run.from-1)
			if err != nil || len(before.Headers) != int(run.from-1) {
				continue // the trust cannot be brought exactly there
			}
			if at, err = at.Advance(before); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := at.Advance(r); err != nil {
			t.Errorf("run %d to %d does not verify: %v", run.from, run.to, err)
		}
	}
	c := n.Certificate(t, n.Commit(t, s))
	c.HeaderHash[0]++
	if err := s.SetCertificate(c); !errors.Is(err, cert.ErrUncertified) {
		t.Errorf("a certificate of another header is kept: %v", err)
	}
	c.Height = 99
	if err := s.SetCertificate(c); !errors.Is(err, store.ErrNotYet) {
		t.Errorf("a certificate of a future height is kept: %v", err)
	}
}

// A certificate covers a spell of any length; what is read of it comes in bounded pieces, and nothing of it is pruned before.
func TestCertificateAfterALongSpell(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	dir := t.TempDir()
	s, err := store.Open(store.Config{Dir: dir, Genesis: n.Genesis})
	if err != nil {
		t.Fatal(err)
	}
	const last = cert.MaxPiece + 276
	for range last {
		n.Commit(t, s)
	}
	n.Certify(t, s, 10)
	if floor, err := s.Prune(last); err != nil || floor != 10 {
		t.Fatalf("pruned to %d although 10 is the newest certified height, %v", floor, err)
	}
	if _, err := s.Piece(11, last); !errors.Is(err, store.ErrNotYet) {
		t.Fatalf("a piece of what is not certified: %v", err)
	}
	n.Certify(t, s, last-3)
	if s.Certified() != last-3 {
		t.Fatalf("certified to %d, want %d", s.Certified(), last-3)
	}
	for _, piece := range []struct {
		from, to, end uint64
		bare          bool
	}{
		{10, 10, 10, false},
		{11, 11, 16, true},
		{11, 100, 96, true},
		{17, 20, 32, true},
		{17, last, 17 + cert.MaxPiece - 17, true},
		{last - 60, last - 60, last - 3, false},
		{last - 90, last, last - 3, false},
		{last - 90, last - 80, 1216, true},
	} {
		r, err := s.Piece(piece.from, piece.to)
		if err != nil {
			t.Fatal(err)
		}
		if r.Headers[0].Height != piece.from || r.End() != piece.end || r.Piece() != piece.bare || r.Certificate.HeaderHash != r.Headers[len(r.Headers)-1].Hash() {
			t.Errorf("piece %d to %d ends at %d, bare %t; want %d, %t", piece.from, piece.to, r.End(), r.Piece(), piece.end, piece.bare)
		}
	}
	if r, err := s.Run(11, 11); err != nil || r.End() != last-3 {
		t.Errorf("the run ends at %d, %v", r.End(), err)
	}
	if at, err := s.Anchor(500); err != nil || at != last-3 {
		t.Errorf("%d covers 500, %v", at, err)
	}
	if floor, err := s.Prune(1000); err != nil || floor != 1000 {
		t.Errorf("pruned to %d, %v", floor, err)
	}
	if _, err := s.Piece(500, 600); !errors.Is(err, store.ErrPruned) {
		t.Errorf("a piece of what is pruned: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s = n.Open(t, dir); s.Certified() != last-3 {
		t.Errorf("certified to %d after a restart", s.Certified())
	}
}

// A header that changes the operators needs its own certificate: a later one does not cover it, and no run crosses it.
func TestCertificatesStopAtAChangeOfOperators(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	s := n.Open(t, t.TempDir())
	for range 6 {
		b, err := n.Next(s)
		if err != nil {
			t.Fatal(err)
		}
		if b.Header.Height == 3 {
			b.Header.NextOperatorsHash[0]++
		}
		if err := s.Commit(b); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct{ add, certified uint64 }{{5, 0}, {2, 2}, {3, 5}, {6, 6}} {
		n.Certify(t, s, step.add)
		if s.Certified() != step.certified {
			t.Fatalf("after a certificate of %d: certified %d, want %d", step.add, s.Certified(), step.certified)
		}
	}
	if r, err := s.Run(1, 6); err != nil || len(r.Headers) != 3 {
		t.Fatalf("a run of %d headers crosses the change, %v", len(r.Headers), err)
	}
}

// Pruning stops at cursors, certificates and the head; a cursor does not go below the floor.
func TestPruningStopsAtReaders(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	dir := t.TempDir()
	s, err := store.Open(store.Config{Dir: dir, Genesis: n.Genesis})
	if err != nil {
		t.Fatal(err)
	}
	v := n.Signed(t, 0, fields(1, 5, "x"))
	n.Commit(t, s, v)
	for range 19 {
		n.Commit(t, s)
	}
	prune := func(below, want uint64) {
		t.Helper()
		if floor, err := s.Prune(below); err != nil || floor != want || s.Floor() != want {
			t.Fatalf("pruned below %d: floor %d, %v; want %d", below, floor, err, want)
		}
	}
	set := func(name string, height uint64) {
		t.Helper()
		if err := s.SetCursor(name, height); err != nil {
			t.Fatal(err)
		}
	}
	prune(10, 1) // nothing is certified
	n.Certify(t, s, 15)
	set("publisher", 3)
	prune(10, 4)
	set("other", 8)
	prune(10, 4)
	set("publisher", 30)
	prune(10, 9)
	set("other", 30)
	prune(100, 15)
	prune(2, 15)
	if err := s.SetCursor("late", 13); !errors.Is(err, store.ErrPruned) {
		t.Fatalf("a cursor below the floor: %v", err)
	}
	if err := s.SetCursor("", 20); err == nil {
		t.Fatal("a cursor without a name")
	}
	if l, err := s.Tx(v.ID()); err != nil || l.Height != 1 {
		t.Fatalf("the index of a pruned block: %v, %v", l, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := n.Open(t, dir)
	if height, set := again.Cursor("other"); height != 30 || !set || again.Floor() != 15 {
		t.Fatalf("after reopening: cursor %d, floor %d", height, again.Floor())
	}
	if _, set := again.Cursor("nobody"); set {
		t.Fatal("a cursor that nobody set")
	}
}

// Who waits is woken by the height, by the end of its context, and by closing.
func TestWaiting(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	s := n.Open(t, t.TempDir())
	head, certified, never := make(chan error), make(chan error), make(chan error)
	go func() { head <- s.Wait(t.Context(), 2) }()
	go func() { certified <- s.WaitCertified(t.Context(), 2) }()
	go func() { never <- s.Wait(t.Context(), 99) }()
	changed := s.Changed()
	n.Commit(t, s)
	<-changed
	n.Commit(t, s)
	if err := <-head; err != nil {
		t.Fatal(err)
	}
	n.Certify(t, s, 2)
	if err := <-certified; err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := s.Wait(ctx, 99); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-never; !errors.Is(err, store.ErrClosed) {
		t.Fatal(err)
	}
}
