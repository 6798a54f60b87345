package ethereum

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/crypto/kzg4844"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/internal/golden"
	"github.com/lockstep-network/lockstep/namespaces"
)

// open cuts all frames out of a container, as a reader of all namespaces would.
func openAll(blobs []*kzg4844.Blob) ([]da.Blob, error) {
	frames, err := blobDirectory(blobs[0], len(blobs))
	if err != nil {
		return nil, err
	}
	var out []da.Blob
	for _, f := range frames {
		data, err := f.cut(blobs)
		if err != nil {
			return nil, err
		}
		out = append(out, da.Blob{Namespace: f.ns, Data: data})
	}
	return out, nil
}

func same(a, b []da.Blob) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Namespace != b[i].Namespace || !bytes.Equal(a[i].Data, b[i].Data) {
			return false
		}
	}
	return true
}

func someBytes(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.UintN(256))
	}
	return b
}

func TestPackingTakesAllBytes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{1, 30, 31, 32, 124, 126, 127, 128, 255, blobBytes - 1, blobBytes} {
		data := someBytes(rng, n)
		if n == blobBytes {
			for i := range data {
				data[i] = 0xff
			}
		}
		b := pack(data)
		if _, err := kzg4844.BlobToCommitment(b); err != nil {
			t.Fatalf("%d bytes: not a blob: %v", n, err)
		}
		for range 20 {
			from := rng.IntN(n)
			to := from + rng.IntN(n-from+1)
			got, err := unpack(nil, b, from, to)
			if err != nil || !bytes.Equal(got, data[from:to]) {
				t.Fatalf("%d bytes: from %d to %d: %v", n, from, to, err)
			}
		}
	}
}

func TestPackingFillsBlobs(t *testing.T) {
	if used, all := blobBytes*8, len(kzg4844.Blob{})*8; used*1000 < all*992 {
		t.Errorf("a blob carries %d of its %d bits", used, all)
	}
}

func TestContainerRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for _, sizes := range [][]int{{1}, {5, 1, 70_000}, {blobBytes - prefixBytes - entryBytes}, {blobBytes}, {200_000, 3, 200_000, 1}, {6*blobBytes - prefixBytes - entryBytes}} {
		var bs []da.Blob
		for i, n := range sizes {
			bs = append(bs, da.Blob{Namespace: []namespaces.Namespace{nsA(), nsB()}[i%2], Data: someBytes(rng, n)})
		}
		c, err := encodeContainer(bs, maxBlobs*blobBytes)
		if err != nil {
			t.Fatal(err)
		}
		got, err := openAll(packAll(c))
		if err != nil || !same(got, bs) {
			t.Errorf("%v: %v", sizes, err)
		}
		if len(c) > maxCalldata {
			continue
		}
		frames, err := calldataDirectory(c)
		if err != nil || len(frames) != len(bs) || !bytes.Equal(c[frames[0].from:frames[0].to], bs[0].Data) {
			t.Errorf("%v as calldata: %v", sizes, err)
		}
	}
}

func TestContainerTellsALimitThatFits(t *testing.T) {
	for _, n := range []int{1, 2, 63, 64, 65, 1000, 1024, 1025, 5000} {
		bs := make([]da.Blob, n)
		for i := range bs {
			bs[i] = da.Blob{Namespace: nsA(), Data: make([]byte, 6*blobBytes/n+1)}
		}
		_, err := encodeContainer(bs, 6*blobBytes)
		var large da.ErrTooLarge
		if !errors.As(err, &large) || large.Limit <= 0 {
			t.Fatalf("%d blobs: %v, want ErrTooLarge", n, err)
		}
		if _, err := encodeContainer([]da.Blob{{Namespace: nsA(), Data: make([]byte, large.Limit)}}, 6*blobBytes); err != nil {
			t.Errorf("%d blobs: the limit of %d bytes does not fit: %v", n, large.Limit, err)
		}
		if n <= maxFrames && large.Limit*100 < 6*blobBytes*98 {
			t.Errorf("%d blobs: the limit of %d bytes wastes more than 2 %%", n, large.Limit)
		}
	}
}

// forged is one of the containers that a stranger may write; reason is what a reader finds.
type forged struct{ name, hex string }

func strangers(tb testing.TB) []forged {
	tb.Helper()
	entry := func(length uint32) string { return hex.EncodeToString(nsA2(length)) }
	return []forged{
		{"empty", ""},
		{"another version", "020001" + entry(1) + "00"},
		{"no entries", "010000"},
		{"more entries than there may be", "010401"},
		{"the directory is cut off", "010002" + entry(1)},
		{"an empty frame", "010001" + entry(0)},
		{"a frame beyond the end", "010001" + entry(0xffffffff) + "00"},
		{"a second frame beyond the end", "010002" + entry(1) + entry(0xfffffff0) + "00"},
	}
}

func nsA2(length uint32) []byte {
	ns := nsA()
	return append(ns[:], byte(length>>24), byte(length>>16), byte(length>>8), byte(length))
}

func TestForgedDirectoriesArePassedOver(t *testing.T) {
	for _, f := range strangers(t) {
		raw := common.FromHex(f.hex)
		if _, err := calldataDirectory(raw); !errors.Is(err, errContainer) {
			t.Errorf("calldata, %s: %v", f.name, err)
		}
		if _, err := blobDirectory(pack(raw), 1); !errors.Is(err, errContainer) {
			t.Errorf("a blob, %s: %v", f.name, err)
		}
	}
	good, err := encodeContainer(blobs(nsA(), "x"), blobBytes)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := calldataDirectory(append(good, 0)); !errors.Is(err, errContainer) {
		t.Errorf("calldata with a byte behind its end: %v", err)
	}
	if _, err := blobDirectory(pack(good), 2); !errors.Is(err, errContainer) {
		t.Errorf("a blob more than it needs: %v", err)
	}
	high := pack(good)
	high[0] |= 0x40
	if _, err := blobDirectory(high, 1); !errors.Is(err, errContainer) {
		t.Errorf("an element of more than 254 bits: %v", err)
	}
}

type containerVector struct {
	Name      string   `json:"name"`
	Blobs     []string `json:"blobs"` // namespace:data
	Container string   `json:"container"`
	Packed    []string `json:"packed,omitempty"` // the first field elements of each blob, the others are zero
	Hashes    []string `json:"versioned_hashes,omitempty"`
	Keccak    string   `json:"keccak256_of_packed,omitempty"` // of the blobs, one behind the other
}

// TestGoldenContainer writes what specs/13-da-layers.md shows.
func TestGoldenContainer(t *testing.T) {
	var valid []containerVector
	for _, c := range []struct {
		name  string
		blobs []da.Blob
	}{
		{"one", blobs(nsA(), "hello")},
		{"two namespaces, one of them twice", append(append(blobs(nsA(), "a"), blobs(nsB(), "bb")...), blobs(nsA(), "ccc")...)},
		{"more than a group of elements", blobs(nsA(), string(bytes.Repeat([]byte{0xff}, 128)))},
		{"two blobs", blobs(nsB(), string(bytes.Repeat([]byte{0xa5}, blobBytes)))},
	} {
		raw, err := encodeContainer(c.blobs, maxBlobs*blobBytes)
		if err != nil {
			t.Fatal(err)
		}
		v := containerVector{Name: c.name}
		for _, b := range c.blobs {
			v.Blobs = append(v.Blobs, fmt.Sprintf("%s:%s", b.Namespace, summary(b.Data)))
		}
		v.Container = summary(raw)
		var all []byte
		for _, b := range packAll(raw) {
			h, ok := versionedHash(b)
			if !ok {
				t.Fatal("not a blob")
			}
			v.Hashes = append(v.Hashes, h.Hex())
			v.Packed = append(v.Packed, hex.EncodeToString(b[:8*elementBytes]))
			all = append(all, b[:]...)
		}
		v.Keccak = crypto.Keccak256Hash(all).Hex()
		valid = append(valid, v)
	}
	var invalid []map[string]string
	for _, f := range strangers(t) {
		invalid = append(invalid, map[string]string{"name": f.name, "container": f.hex})
	}
	golden.Check(t, "container", map[string]any{"valid": valid, "invalid": invalid})
}

// summary is hex, or for what is long its length and hash.
func summary(b []byte) string {
	if len(b) > 512 {
		return fmt.Sprintf("%d bytes, keccak256 %s", len(b), crypto.Keccak256Hash(b))
	}
	return hex.EncodeToString(b)
}

// FuzzContainer: whatever stands in a blob or in calldata, frames lie one behind the other within it, and what decodes encodes to the same.
func FuzzContainer(f *testing.F) {
	for _, s := range strangers(f) {
		f.Add(common.FromHex(s.hex), uint8(1))
	}
	good, err := encodeContainer(append(blobs(nsA(), "one", "two"), blobs(nsB(), "three")...), blobBytes)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, uint8(1))
	f.Add(good, uint8(6))
	f.Fuzz(func(t *testing.T, raw []byte, count uint8) {
		check := func(frames []frame, size int) {
			at := prefixBytes + len(frames)*entryBytes
			for _, fr := range frames {
				if fr.from != at || fr.to <= fr.from || fr.to > size {
					t.Fatalf("frame from %d to %d of %d, the one before ends at %d", fr.from, fr.to, size, at)
				}
				at = fr.to
			}
		}
		if frames, err := calldataDirectory(raw); err == nil {
			check(frames, len(raw))
			var bs []da.Blob
			for _, fr := range frames {
				bs = append(bs, da.Blob{Namespace: fr.ns, Data: raw[fr.from:fr.to]})
			}
			if again, err := encodeContainer(bs, maxCalldata); err != nil || !bytes.Equal(again, raw) {
				t.Fatalf("it encodes to something else: %v", err)
			}
		}
		var blob kzg4844.Blob
		copy(blob[:], raw)
		n := 1 + int(count)%maxBlobs
		if frames, err := blobDirectory(&blob, n); err == nil {
			check(frames, n*blobBytes)
		}
		if frames, err := blobDirectory(pack(raw[:min(len(raw), blobBytes)]), n); err == nil {
			check(frames, n*blobBytes)
		}
	})
}
