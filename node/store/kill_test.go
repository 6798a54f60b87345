package store_test

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/store"
)

const childDir = "LOCKSTEP_STORE_TEST_CHILD"

// TestMain lets the test binary be the child that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := writeForEver(dir); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// writeForEver commits, certifies and prunes, and tells each height that Commit has returned for.
func writeForEver(dir string) error {
	t := &testing.T{}
	n := chaintest.New(t, 2, nil)
	s, err := store.Open(store.Config{Dir: dir, Genesis: n.Genesis})
	if err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(1, s.Head()))
	for {
		var txs []tx.Verified
		for i := range uint64(rng.IntN(20)) {
			data := strings.Repeat("x", 1+rng.IntN(100_000))
			txs = append(txs, n.Unsigned(t, rng.IntN(2), fields(s.Head()*100+i, s.Head()+10, data)))
		}
		b, err := n.Next(s, txs...)
		if err != nil {
			return err
		}
		if err := s.Commit(b); err != nil {
			return err
		}
		fmt.Println("committed", s.Head(), b.Header.Hash())
		if err := s.SetCertificate(n.Certificate(t, b.Header)); err != nil {
			return err
		}
		if _, err := s.Prune(s.Head() - min(s.Head(), 20)); err != nil {
			return err
		}
	}
}

// A process that writes is killed at random moments: every height that it has told is there, and everything that is there is whole.
func TestKilledProcess(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	n := chaintest.New(t, 2, nil)
	dir := t.TempDir()
	told := make(map[uint64]string)
	last := uint64(0)
	for range 5 {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), childDir+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for wait := 1 + rng.IntN(30); lines.Scan(); {
			var height uint64
			var hash string
			if _, err := fmt.Sscanf(lines.Text(), "committed %d %s", &height, &hash); err != nil {
				t.Fatalf("the child says %q", lines.Text())
			}
			told[height], last = hash, height
			wait--
			if wait == 0 {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the child ended by itself")
		}
		s, err := store.Open(store.Config{Dir: dir, Genesis: n.Genesis})
		if err != nil {
			t.Fatal(err)
		}
		if s.Head() < last {
			t.Fatalf("head %d, but %d was committed", s.Head(), last)
		}
		checkWhole(t, n, s, nil)
		for height := s.Floor(); height <= last; height++ {
			if h, err := s.Header(height); err != nil || h.Hash().String() != told[height] && told[height] != "" {
				t.Fatalf("height %d: %v", height, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Whoever finds a transaction can read its block, also at the moment of the commit.
func TestATransactionIsFoundWithItsBlock(t *testing.T) {
	n := chaintest.New(t, 4, nil)
	s, err := store.Open(store.Config{Dir: t.TempDir(), Genesis: n.Genesis})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var txs []tx.Verified
	for i := range uint64(200) {
		txs = append(txs, n.Unsigned(t, int(i%4), fields(i, i+9, "data")))
	}
	var reader sync.WaitGroup
	reader.Go(func() {
		for _, v := range txs {
			l, err := s.Tx(v.ID())
			for ; errors.Is(err, store.ErrNotFound); l, err = s.Tx(v.ID()) { // the writer goes on to the last one
			}
			if err == nil {
				_, err = s.Header(l.Height)
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	for _, v := range txs {
		n.Commit(t, s, v)
	}
	reader.Wait()
}

// Readers of all kinds, the journal and pruning go on while blocks are committed, and while the store closes.
func TestReadersBesideAWriter(t *testing.T) {
	n := chaintest.New(t, 4, nil)
	s, err := store.Open(store.Config{Dir: t.TempDir(), Genesis: n.Genesis})
	if err != nil {
		t.Fatal(err)
	}
	var readers sync.WaitGroup
	fine := func(err error) bool {
		return err == nil || errors.Is(err, store.ErrPruned) || errors.Is(err, store.ErrNotYet) || errors.Is(err, store.ErrNotFound)
	}
	for i := range 4 {
		readers.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(i), 0))
			for range 100_000 { // until the store closes
				changed := s.Changed()
				height := 1 + rng.Uint64N(s.Head()+2)
				_, err := s.Contents(height)
				if errors.Is(err, store.ErrClosed) {
					return
				}
				_, runErr := s.Run(height, height+3)
				balance, balanceErr := ledger.Balance(s.Ledger().View, n.Payer(i))
				for _, err := range []error{err, runErr, balanceErr} {
					if !fine(err) && !errors.Is(err, store.ErrClosed) {
						t.Errorf("read height %d: %v (balance %s)", height, err, balance.Dec())
						return
					}
				}
				v := n.Unsigned(t, i, fields(rng.Uint64(), 1, "journal"))
				if err := errors.Join(s.JournalPut([]*tx.Tx{v.Tx})); err != nil && !errors.Is(err, store.ErrClosed) {
					t.Error(err)
				}
				if rng.IntN(4) == 0 {
					<-changed
				}
			}
		})
	}
	for i := range uint64(60) {
		n.Commit(t, s, n.Unsigned(t, int(i%4), fields(i, i+9, strings.Repeat("data", 1+int(i)*50))))
		n.Certify(t, s, s.Head())
		if _, err := s.Prune(s.Head() - min(s.Head(), 9)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	readers.Wait()
}
