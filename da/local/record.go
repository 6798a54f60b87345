package local

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/namespaces"
)

// A segment file is a magic of eight bytes and then records (integers big endian):
//
//	record = magic "LDAR" | length of body (4) | crc32c of length and body (4) | body
//	body   = kind (1) | height (8) | unix milliseconds (8) | blobs of a block:  { namespace (10) | length (4) | data }
//
// Kind 1 is a block with at least one blob. Kind 2 is a mark: while the layer runs, heights up to this one may be shown as empty before the
// next record, so after a crash none of them is given a blob any more. A layer that was closed in order ends with a lower, exact mark.
const (
	segmentMagic = "LSTPDA02"
	recordMagic  = "LDAR"
	recordHead   = 12 // bytes before the body
	bodyHead     = 17
	blobHead     = namespaces.Size + 4
	kindBlock    = 1
	kindMark     = 2
	// A block in which every blob was stored twice is the largest body.
	maxBody = bodyHead + 2*(maxBlockBytes+2*maxBlobsPerSubmit*blobHead)
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	errRecord  = errors.New("no valid record")
)

type record struct {
	kind   byte
	height uint64
	timeMS uint64 // when it was written
	blobs  []da.Blob
}

// resume returns the height to go on from after r, when it was head before.
func (r record) resume(head uint64) uint64 {
	if r.kind == kindMark {
		return r.height
	}
	return max(head, r.height)
}

func (r record) encode() []byte {
	n := recordHead + bodyHead
	for _, b := range r.blobs {
		n += blobHead + len(b.Data)
	}
	out := make([]byte, recordHead, n)
	copy(out, recordMagic)
	out = append(out, r.kind)
	out = binary.BigEndian.AppendUint64(out, r.height)
	out = binary.BigEndian.AppendUint64(out, r.timeMS)
	for _, b := range r.blobs {
		out = append(out, b.Namespace[:]...)
		out = binary.BigEndian.AppendUint32(out, uint32(len(b.Data)))
		out = append(out, b.Data...)
	}
	binary.BigEndian.PutUint32(out[4:], uint32(n-recordHead))
	binary.BigEndian.PutUint32(out[8:], bodySum(out[4:8], out[recordHead:]))
	return out
}

func bodySum(length, body []byte) uint32 {
	return crc32.Update(crc32.Checksum(length, castagnoli), castagnoli, body)
}

// bodyLength reads a record's head.
func bodyLength(head []byte) (int, error) {
	n := binary.BigEndian.Uint32(head[4:])
	if string(head[:4]) != recordMagic || n < bodyHead || n > maxBody {
		return 0, errRecord
	}
	return int(n), nil
}

// decodeRecord reads one record that begins at the start of raw; its blobs point into raw. It returns the record's length in bytes.
func decodeRecord(raw []byte) (record, int, error) {
	if len(raw) < recordHead {
		return record{}, 0, errRecord
	}
	n, err := bodyLength(raw[:recordHead])
	if err != nil || len(raw)-recordHead < n {
		return record{}, 0, errRecord
	}
	body := raw[recordHead : recordHead+n]
	if bodySum(raw[4:8], body) != binary.BigEndian.Uint32(raw[8:]) {
		return record{}, 0, fmt.Errorf("checksum: %w", errRecord)
	}
	r := record{kind: body[0], height: binary.BigEndian.Uint64(body[1:]), timeMS: binary.BigEndian.Uint64(body[9:])}
	for rest := body[bodyHead:]; len(rest) > 0; {
		if len(rest) < blobHead {
			return record{}, 0, errRecord
		}
		size := int(binary.BigEndian.Uint32(rest[namespaces.Size:]))
		if len(rest)-blobHead < size {
			return record{}, 0, errRecord
		}
		r.blobs = append(r.blobs, da.Blob{
			Namespace: namespaces.Namespace(rest[:namespaces.Size]),
			Data:      rest[blobHead : blobHead+size : blobHead+size],
		})
		rest = rest[blobHead+size:]
	}
	switch {
	case r.kind == kindBlock && len(r.blobs) > 0, r.kind == kindMark && len(r.blobs) == 0:
		return r, recordHead + n, nil
	}
	return record{}, 0, fmt.Errorf("kind %d with %d blobs: %w", r.kind, len(r.blobs), errRecord)
}
