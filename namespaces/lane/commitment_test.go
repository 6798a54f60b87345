package lane

import (
	"math/rand/v2"
	"testing"

	"github.com/celestiaorg/go-square/v3/inclusion"
	"github.com/celestiaorg/go-square/v3/share"
	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces"
)

// goSquare is the share commitment as go-square makes it.
func goSquare(t testing.TB, ns namespaces.Namespace, data []byte) common.Hash {
	t.Helper()
	blob, err := share.NewV0Blob(ns.Share(), data)
	if err != nil {
		t.Fatal(err)
	}
	c, err := inclusion.CreateCommitment(blob, merkleRoot, subtreeRootThreshold)
	if err != nil {
		t.Fatal(err)
	}
	return common.Hash(c)
}

// TestCommitmentIsGoSquares goes over every edge of shares, of mountain ranges and of subtree widths, and over sizes by chance.
func TestCommitmentIsGoSquares(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	const first, next = share.FirstSparseShareContentSize, share.ContinuationSparseShareContentSize
	var sizes []int
	for shares := range 20 {
		for d := -1; d <= 1; d++ {
			sizes = append(sizes, max(1, first+shares*next+d))
		}
	}
	for _, shares := range []int{63, 64, 65, 127, 128, 129, 191, 255, 256, 257, 1023, 1024, 1025, 4096, 4097, 5000} {
		for d := -1; d <= 1; d++ {
			sizes = append(sizes, first+(shares-1)*next+d)
		}
	}
	for range 100 {
		sizes = append(sizes, 1+r.IntN(300_000))
	}
	if !testing.Short() {
		sizes = append(sizes, MaxSize-1, MaxSize)
	}
	data := make([]byte, MaxSize)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	for _, n := range sizes {
		ns := rollupA
		if n%2 == 0 {
			ns = namespaces.Ledger()
		}
		if got, want := commitment(ns, data[:n]), goSquare(t, ns, data[:n]); got != want {
			t.Errorf("%d bytes: %s, go-square says %s", n, got, want)
		}
	}
}

func FuzzCommitment(f *testing.F) {
	f.Add([]byte{1}, uint16(0))
	f.Add([]byte("lane"), uint16(4000))
	f.Fuzz(func(t *testing.T, data []byte, zeros uint16) {
		data = append(data, make([]byte, int(zeros)+1)...)
		if got, want := commitment(rollupB, data), goSquare(t, rollupB, data); got != want {
			t.Errorf("%d bytes: %s, go-square says %s", len(data), got, want)
		}
	})
}

// BenchmarkCommitment is a lane of a MiB, beside go-square's own way.
func BenchmarkCommitment(b *testing.B) {
	data := make([]byte, 1<<20)
	for name, f := range map[string]func(){
		"own":       func() { commitment(rollupA, data) },
		"go-square": func() { goSquare(b, rollupA, data) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
		})
	}
}
