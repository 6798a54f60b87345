package ethereum

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/crypto/kzg4844"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/namespaces"
)

// A container is what one submission becomes (specs/13-da-layers.md, "Container"):
//
//	container = version(1) count(2) entry*count data*count      entry = namespace(10) length(4)
const (
	containerVersion = 1
	prefixBytes      = 3
	entryBytes       = len(namespaces.Namespace{}) + 4

	maxBlobs    = 6    // of a transaction: the protocol's own limit
	maxFrames   = 1024 // of a container: the directory always lies within the first blob
	maxCalldata = blobBytes
	frameStep   = 64 // entries by which a limit that is told provides
)

// frame is the place of one [da.Blob] in a container: the bytes from and below to.
type frame struct {
	ns       namespaces.Namespace
	from, to int
}

var errContainer = errors.New("not a container")

// roomFor is how many bytes of data fit into a capacity beside so many entries, and some more.
func roomFor(capacity, frames int) int {
	return capacity - prefixBytes - (frames+frameStep-1)/frameStep*frameStep*entryBytes
}

// encodeContainer lays out blobs for a place that takes capacity bytes. The only error is [da.ErrTooLarge].
func encodeContainer(blobs []da.Blob, capacity int) ([]byte, error) {
	data := 0
	for _, b := range blobs {
		data += len(b.Data)
	}
	if len(blobs) > maxFrames {
		return nil, fmt.Errorf("%d blobs in one submission, at most %d: %w", len(blobs), maxFrames, da.ErrTooLarge{Limit: max(data/2, 1)})
	}
	size := prefixBytes + len(blobs)*entryBytes + data
	if size > capacity {
		return nil, fmt.Errorf("%d bytes of %d blobs: %w", data, len(blobs), da.ErrTooLarge{Limit: roomFor(capacity, len(blobs))})
	}
	c := make([]byte, 0, size)
	c = append(c, containerVersion)
	c = binary.BigEndian.AppendUint16(c, uint16(len(blobs)))
	for _, b := range blobs {
		c = append(c, b.Namespace[:]...)
		c = binary.BigEndian.AppendUint32(c, uint32(len(b.Data)))
	}
	for _, b := range blobs {
		c = append(c, b.Data...)
	}
	return c, nil
}

// decodeCount reads how many entries a container has.
func decodeCount(b []byte) (int, error) {
	if len(b) < prefixBytes || b[0] != containerVersion {
		return 0, fmt.Errorf("%w: no version %d", errContainer, containerVersion)
	}
	n := int(binary.BigEndian.Uint16(b[1:]))
	if n == 0 || n > maxFrames {
		return 0, fmt.Errorf("%w: %d entries, want 1 to %d", errContainer, n, maxFrames)
	}
	return n, nil
}

// decodeDirectory reads the directory at the beginning of b, and tells how long the whole container is, at most capacity.
func decodeDirectory(b []byte, capacity int) (frames []frame, size int, err error) {
	n, err := decodeCount(b)
	if err != nil {
		return nil, 0, err
	}
	size = prefixBytes + n*entryBytes
	if len(b) < size {
		return nil, 0, fmt.Errorf("%w: the directory is cut off", errContainer)
	}
	frames = make([]frame, n)
	for i := range frames {
		e := b[prefixBytes+i*entryBytes:]
		f := &frames[i]
		copy(f.ns[:], e)
		length := binary.BigEndian.Uint32(e[len(f.ns):])
		if length == 0 || uint64(length) > uint64(capacity-size) {
			return nil, 0, fmt.Errorf("%w: entry %d is empty or beyond the end", errContainer, i)
		}
		f.from = size
		size += int(length)
		f.to = size
	}
	return frames, size, nil
}

// blobsFor is how many blobs a container takes.
func blobsFor(size int) int { return (size + blobBytes - 1) / blobBytes }

// packAll spreads a container over as few blobs as hold it.
func packAll(container []byte) []*kzg4844.Blob {
	blobs := make([]*kzg4844.Blob, blobsFor(len(container)))
	for i := range blobs {
		blobs[i] = pack(container[i*blobBytes : min((i+1)*blobBytes, len(container))])
	}
	return blobs
}

// blobDirectory reads the directory of a container that begins in this blob and takes count of them.
func blobDirectory(first *kzg4844.Blob, count int) ([]frame, error) {
	head, err := unpack(nil, first, 0, prefixBytes)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errContainer, err)
	}
	n, err := decodeCount(head)
	if err != nil {
		return nil, err
	}
	head, err = unpack(make([]byte, 0, prefixBytes+n*entryBytes), first, 0, prefixBytes+n*entryBytes)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errContainer, err)
	}
	frames, size, err := decodeDirectory(head, count*blobBytes)
	if err != nil {
		return nil, err
	}
	if blobsFor(size) != count {
		return nil, fmt.Errorf("%w: %d bytes in %d blobs", errContainer, size, count)
	}
	return frames, nil
}

// calldataDirectory reads the directory of a container that is a transaction's data.
func calldataDirectory(data []byte) ([]frame, error) {
	if len(data) > maxCalldata {
		return nil, fmt.Errorf("%w: %d bytes of calldata, at most %d", errContainer, len(data), maxCalldata)
	}
	frames, size, err := decodeDirectory(data, len(data))
	if err != nil {
		return nil, err
	}
	if size != len(data) {
		return nil, fmt.Errorf("%w: %d bytes behind its end", errContainer, len(data)-size)
	}
	return frames, nil
}

// span is the first blob and the one behind the last in which a frame stands.
func (f frame) span() (from, to int) { return f.from / blobBytes, blobsFor(f.to) }

// cut takes a frame out of the blobs of its container; those that are not within its span may be nil.
func (f frame) cut(blobs []*kzg4844.Blob) ([]byte, error) {
	out := make([]byte, 0, f.to-f.from)
	first, end := f.span()
	for i := first; i < end; i++ {
		var err error
		if out, err = unpack(out, blobs[i], max(f.from-i*blobBytes, 0), min(f.to-i*blobBytes, blobBytes)); err != nil {
			return nil, fmt.Errorf("%w: %w", errContainer, err)
		}
	}
	return out, nil
}
