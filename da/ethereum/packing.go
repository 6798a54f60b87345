package ethereum

import (
	"errors"

	"github.com/ethereum/go-ethereum/crypto/kzg4844"
)

// A blob's field elements hold 254 free bits each, because the field's modulus has 255. Four elements together hold 127 whole bytes: 31 in
// the low bytes of each, and 6 bits in the high byte of each for the last three.
const (
	elementBytes  = 32
	groupElements = 4
	groupBytes    = 127
	groups        = len(kzg4844.Blob{}) / (groupElements * elementBytes)

	blobBytes = groups * groupBytes // 130,048: what a blob carries of a container
)

var errElement = errors.New("a field element has more than 254 bits")

// pack puts up to blobBytes into a blob; what is left is zero (specs/13-da-layers.md, "Packing").
func pack(data []byte) *kzg4844.Blob {
	b := new(kzg4844.Blob)
	var g [groupBytes]byte
	for i := 0; len(data) > 0; i++ {
		clear(g[:])
		data = data[copy(g[:], data):]
		high := uint32(g[124])<<16 | uint32(g[125])<<8 | uint32(g[126])
		for j := range groupElements {
			e := b[(i*groupElements+j)*elementBytes:][:elementBytes]
			e[0] = byte(high >> (18 - 6*j) & 0x3f)
			copy(e[1:], g[31*j:31*j+31])
		}
	}
	return b
}

// unpack appends the bytes from and below to of what a blob carries. It looks at the groups that hold them alone.
func unpack(dst []byte, b *kzg4844.Blob, from, to int) ([]byte, error) {
	var g [groupBytes]byte
	for from < to {
		i := from / groupBytes
		high := uint32(0)
		for j := range groupElements {
			e := b[(i*groupElements+j)*elementBytes:][:elementBytes]
			if e[0] > 0x3f {
				return dst, errElement
			}
			high = high<<6 | uint32(e[0])
			copy(g[31*j:31*j+31], e[1:])
		}
		g[124], g[125], g[126] = byte(high>>16), byte(high>>8), byte(high)
		end := min(to, (i+1)*groupBytes)
		dst = append(dst, g[from-i*groupBytes:end-i*groupBytes]...)
		from = end
	}
	return dst, nil
}
