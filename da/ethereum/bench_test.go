package ethereum

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/ethereum/go-ethereum/crypto/kzg4844"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/namespaces"
)

// rollupsOf gives n namespaces a lane blob each, of size bytes less up to jitter, and headers.
func rollupsOf(rng *rand.Rand, n, size, jitter int) (bs []da.Blob) {
	for i := range n {
		ns := namespaces.Namespace{0: 0xcc, 8: byte(i), 9: 1}
		bs = append(bs, da.Blob{Namespace: ns, Data: someBytes(rng, size-rng.IntN(jitter))})
	}
	return append(bs, da.Blob{Namespace: namespaces.Headers(), Data: someBytes(rng, 300+48*n)})
}

// BenchmarkFill tells how full the blobs of a submission are: bytes of lanes and headers per byte of blob, with so many rollups sharing it, and
// how many blobs they take against each on its own.
func BenchmarkFill(b *testing.B) {
	const small = 6_000 // bytes that a small rollup has for a submission
	for _, n := range []int{1, 5, 20} {
		for _, load := range []struct {
			name         string
			size, jitter int
		}{{"small", small, small / 4}, {"full", (roomFor(6*blobBytes, n+1) - 300 - 48*n) / n, 1}} {
			b.Run(fmt.Sprintf("%s/rollups=%d", load.name, n), func(b *testing.B) {
				rng := rand.New(rand.NewPCG(uint64(n), 3))
				bytes, together, alone := 0, 0, 0
				for b.Loop() {
					bs := rollupsOf(rng, n, load.size, load.jitter)
					for _, one := range bs {
						bytes += len(one.Data)
					}
					for len(bs) > 0 { // as a publisher does: what does not fit goes into the next
						k := len(bs)
						c, err := encodeContainer(bs, 6*blobBytes)
						for ; err != nil; k-- {
							c, err = encodeContainer(bs[:k-1], 6*blobBytes)
						}
						together += blobsFor(len(c))
						bs = bs[min(k, len(bs)):]
					}
					alone += n * blobsFor(load.size)
				}
				b.ReportMetric(100*float64(bytes)/float64(together*len(kzg4844.Blob{})), "%fill")
				b.ReportMetric(float64(together)/float64(b.N), "blobs/op")
				b.ReportMetric(float64(alone)/float64(b.N), "blobs-alone/op")
			})
		}
	}
}

// warm pays for the set-up, once in a process.
func warm(b *testing.B) {
	b.Helper()
	if err := newProver().prove(b.Context(), newPayload([]byte{1})); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkProve is the cost of a sidecar: commitment and 128 cell proofs for each blob, on all cores.
func BenchmarkProve(b *testing.B) {
	for _, n := range []int{1, 6} {
		b.Run(fmt.Sprintf("blobs=%d", n), func(b *testing.B) {
			warm(b)
			container := someBytes(rand.New(rand.NewPCG(1, 1)), n*blobBytes)
			for b.Loop() {
				if err := newProver().prove(b.Context(), newPayload(container)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkVerify is what a reader pays for each blob that it does not trust.
func BenchmarkVerify(b *testing.B) {
	warm(b)
	blob := pack(someBytes(rand.New(rand.NewPCG(1, 1)), blobBytes))
	for b.Loop() {
		if _, ok := versionedHash(blob); !ok {
			b.Fatal("not a blob")
		}
	}
}

func BenchmarkPack(b *testing.B) {
	data := someBytes(rand.New(rand.NewPCG(1, 1)), blobBytes)
	b.SetBytes(int64(blobBytes))
	for b.Loop() {
		pack(data)
	}
}

func BenchmarkUnpack(b *testing.B) {
	blob := pack(someBytes(rand.New(rand.NewPCG(1, 1)), blobBytes))
	out := make([]byte, 0, blobBytes)
	b.SetBytes(int64(blobBytes))
	for b.Loop() {
		if _, err := unpack(out, blob, 0, blobBytes); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSubmit is a submission's time on an L1 that makes a block of it at once, and BenchmarkRead the bytes read back by a reader who has nothing.
func BenchmarkSubmit(b *testing.B) {
	l1 := startL1(b)
	l := open(b, l1.config(1))
	data := someBytes(rand.New(rand.NewPCG(1, 1)), 6*blobBytes-prefixBytes-entryBytes)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		data[0]++
		if _, err := l.Submit(b.Context(), []da.Blob{{Namespace: nsA(), Data: data}}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	l1 := startL1(b)
	data := someBytes(rand.New(rand.NewPCG(1, 1)), 6*blobBytes-prefixBytes-entryBytes)
	h, err := open(b, l1.config(1)).Submit(b.Context(), []da.Blob{{Namespace: nsA(), Data: data}})
	if err != nil {
		b.Fatal(err)
	}
	c := l1.config(0)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := open(b, c).Read(b.Context(), h, nsA()); err != nil {
			b.Fatal(err)
		}
	}
}
