package store_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
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
