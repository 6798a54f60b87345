package bench

import (
	"encoding/binary"
	"math/rand/v2"
)

// minPayload is what a payload needs to carry the run and its number in it, in bytes.
const minPayload = 16

// payload is a run's transaction i: [run(8), i(8), filler]. The filler does not compress, and differs from one to the next.
func payload(run uint64, i, size int) []byte {
	p := make([]byte, max(size, minPayload))
	binary.BigEndian.PutUint64(p, run)
	binary.BigEndian.PutUint64(p[8:], uint64(i))
	r := rand.NewPCG(run, uint64(i))
	for at := minPayload; at < len(p); at += 8 {
		var word [8]byte
		binary.BigEndian.PutUint64(word[:], r.Uint64())
		copy(p[at:], word[:])
	}
	return p
}

// number is the number of a run's payload; false for any other data.
func number(run uint64, data []byte) (int, bool) {
	if len(data) < minPayload || binary.BigEndian.Uint64(data) != run {
		return 0, false
	}
	return int(binary.BigEndian.Uint64(data[8:])), true
}
