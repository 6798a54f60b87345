package store_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/ledgertest"
	"github.com/lockstep-network/lockstep/node/store"
)

// BenchmarkBodies compares places for the bodies of blocks, each with an index of so many random keys a block in a Pebble batch: Pebble's tables,
// Pebble's blob files, segments beside Pebble with an fsync of each ("both"), and segments from which the index is computed again after a crash,
// which alone are synced: what the store uses. It tells the time of one commit and the bytes written to the disk for each byte of body.
func BenchmarkBodies(b *testing.B) {
	for _, size := range []int{4 << 10, 256 << 10, 2 << 20, 7 << 20} {
		for _, place := range []string{"tables", "blobs", "both", "segments"} {
			b.Run(fmt.Sprintf("%s/%dKiB", place, size>>10), func(b *testing.B) { benchBodies(b, place, size) })
		}
	}
}

func benchBodies(b *testing.B, place string, size int) {
	dir := b.TempDir()
	o := &pebble.Options{FormatMajorVersion: pebble.FormatValueSeparation, MemTableSize: 32 << 20, MemTableStopWritesThreshold: 4, Logger: quiet{}}
	if place == "blobs" {
		o.Experimental.ValueSeparationPolicy = func() pebble.ValueSeparationPolicy {
			return pebble.ValueSeparationPolicy{
				Enabled: true, MinimumSize: 16 << 10, MaxBlobReferenceDepth: 10, RewriteMinimumAge: 5 * time.Minute, TargetGarbageRatio: 0.5,
			}
		}
	}
	db, err := pebble.Open(dir, o)
	if err != nil {
		b.Fatal(err)
	}
	var segment *os.File
	sync := pebble.Sync
	if place == "segments" {
		sync = pebble.NoSync
	}
	if place == "both" || place == "segments" {
		if segment, err = os.Create(filepath.Join(dir, "segment")); err != nil {
			b.Fatal(err)
		}
		defer segment.Close()
	}
	rng := rand.New(rand.NewPCG(1, 1))
	body := make([]byte, size)
	for i := range body {
		body[i] = byte(rng.Uint32())
	}
	keys := max(1, size/900) // as many transactions as a full block may have
	b.SetBytes(int64(size))
	before := diskWrites(b)
	b.ResetTimer()
	for i := range b.N {
		batch := db.NewBatchWithSize(size + 64<<10)
		for range keys {
			var k [32]byte
			for j := 0; j < 32; j += 8 {
				binary.LittleEndian.PutUint64(k[j:], rng.Uint64())
			}
			must(b, batch.Set(append([]byte{'x'}, k[:]...), k[:12], nil))
		}
		height := binary.BigEndian.AppendUint64([]byte{'B'}, uint64(i))
		if segment == nil {
			must(b, batch.Set(height, body, nil))
		} else {
			_, err := segment.Write(body)
			must(b, err)
			must(b, segment.Sync())
			must(b, batch.Set(height, body[:16], nil))
		}
		must(b, batch.Commit(sync))
		must(b, batch.Close())
	}
	b.StopTimer()
	must(b, db.Flush())
	b.ReportMetric(float64(diskWrites(b)-before)/float64(size*b.N), "written/byte")
	must(b, db.Close())
}

// quiet drops what Pebble has to say.
type quiet struct{}

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
func (quiet) Fatalf(format string, args ...any) {
	panic(fmt.Sprintf(format, args...))
}

// BenchmarkCommit commits blocks of many small transactions of a few payers through the whole store.
func BenchmarkCommit(b *testing.B) {
	for _, txs := range []int{1, 1_000, 8_000} {
		b.Run(fmt.Sprintf("%dtxs", txs), func(b *testing.B) {
			n := chaintest.New(b, 16, nil)
			s := n.Open(b, b.TempDir())
			salt := uint64(0)
			for range b.N {
				b.StopTimer()
				list := make([]tx.Verified, txs)
				for i := range list {
					salt++
					list[i] = n.Unsigned(b, int(salt)%16, fields(salt, s.Head()+9, string(make([]byte, 250))))
				}
				block, err := n.Next(s, list...)
				must(b, err)
				b.StartTimer()
				must(b, s.Commit(block))
			}
		})
	}
}

// BenchmarkLargeState applies blocks of a thousand transactions, of as many accounts and namespaces, to ledgers on disk and commits them. Each block touches
// others, so most of what it reads is in no cache of the ledger's. Apply and commit are told apart.
func BenchmarkLargeState(b *testing.B) {
	for _, size := range []struct{ accounts, namespaces int }{{1_000, 1_000}, {100_000, 10_000}, {1_000_000, 100_000}} {
		payer := func(i int) common.Address {
			return common.BytesToAddress(crypto.Keccak256(fmt.Append(nil, "idle ", i)))
		}
		var n *chaintest.Network
		var s *store.Store
		dir := b.TempDir()
		b.Run(fmt.Sprintf("%daccounts/%dnamespaces", size.accounts, size.namespaces), func(b *testing.B) {
			if s == nil { // it takes longer than many blocks
				n = chaintest.New(b, 1, func(g *genesis.Genesis) { idle(g, size.accounts, size.namespaces, payer) })
				var err error
				s, err = store.Open(store.Config{Dir: dir, Genesis: n.Genesis})
				must(b, err)
			}
			rng := rand.New(rand.NewPCG(s.Head(), 1))
			var apply, commit time.Duration
			b.ResetTimer()
			for range b.N {
				b.StopTimer()
				list := make([]*tx.Tx, 1_000)
				verified := make([]tx.Verified, len(list))
				first, in := rng.IntN(size.accounts), rng.IntN(size.namespaces)
				for i := range list {
					ns := n.Genesis.Namespaces[(in+i*(size.namespaces/1_000))%size.namespaces].Namespace
					f := fields(s.Head()<<20+uint64(i), s.Head()+2, string(make([]byte, 250)))
					f.Legs[0].Namespace, f.ChainID, f.MaxFeePerByte = ns, chaintest.ChainID, chaintest.Fee
					f.Payer = payer((first + i*(size.accounts/1_000)) % size.accounts)
					var err error
					list[i], err = tx.New(f)
					must(b, err)
					verified[i] = tx.Verified{Tx: list[i]}
				}
				parent := s.Ledger()
				system, err := ledgertest.System(parent)
				must(b, err)
				now := ledger.Block{TimeMS: n.Genesis.TimeMS + (s.Head()+1)*chaintest.Interval, Proposer: n.Genesis.Operators[0].Address, System: system, Txs: list}
				b.StartTimer()
				began := time.Now()
				_, err = ledger.Apply(n.Rules, parent, now)
				must(b, err)
				apply += time.Since(began)
				b.StopTimer()
				block, err := n.Next(s, verified...) // with lanes and roots, which are measured elsewhere
				must(b, err)
				b.StartTimer()
				began = time.Now()
				must(b, s.Commit(block))
				commit += time.Since(began)
			}
			b.ReportMetric(float64(apply.Microseconds())/float64(b.N)/1_000, "apply-ms")
			b.ReportMetric(float64(commit.Microseconds())/float64(b.N)/1_000, "commit-ms")
		})
		if s != nil {
			must(b, s.Close())
		}
	}
}

// idle fills a genesis with accounts, and with namespaces instead of its own.
func idle(g *genesis.Genesis, accounts, lanes int, payer func(int) common.Address) {
	for i := range accounts {
		g.Balances = append(g.Balances, genesis.Balance{Address: payer(i), Amount: uint256.NewInt(1 << 60)})
	}
	slices.SortFunc(g.Balances, func(a, b genesis.Balance) int { return a.Address.Cmp(b.Address) })
	g.Namespaces = nil
	for i := range lanes {
		g.Namespaces = append(g.Namespaces, genesis.Namespace{Namespace: namespaces.Namespace{0: 1, 7: byte(i >> 16), 8: byte(i >> 8), 9: byte(i)}, Order: "tip"})
	}
}

// diskWrites is how many bytes this process has sent to its disks, as Linux counts them; 0 elsewhere.
func diskWrites(tb testing.TB) (n uint64) {
	raw, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		if value, ok := strings.CutPrefix(line, "write_bytes: "); ok {
			n, err = strconv.ParseUint(strings.TrimSpace(value), 10, 64)
			must(tb, err)
		}
	}
	return n
}

func must(tb testing.TB, err error) {
	if err != nil {
		tb.Helper()
		tb.Fatal(err)
	}
}
