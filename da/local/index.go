package local

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"

	"github.com/cockroachdb/pebble/v2"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/namespaces"
)

// index finds blobs by namespace and height. It is written without sync after the segments are synced, so it may lag behind them after a
// crash and never runs ahead; its cursor says up to where it has come.
//
//	"b" | namespace (10) | height (8) | position in the block (4)  ->  segment (8) | offset of the data (8) | length (4) | crc32c (4)
//	"t" | height (8)                                               ->  unix milliseconds (8), of blocks with blobs
//	"c"                                                            ->  segment (8) | offset of the next record (8) | height (8)
type index struct{ db *pebble.DB }

const (
	entrySize  = 24
	cursorSize = 24
)

func cursorKey() []byte { return []byte("c") }

// cursor is how far the index has come: where the next record begins, and the height to go on from.
type cursor struct {
	next   place
	height uint64
}

func openIndex(dir string) (*index, error) {
	db, err := pebble.Open(dir, &pebble.Options{Logger: silent{}})
	if err != nil {
		return nil, fmt.Errorf("open DA index %s: %w", dir, err)
	}
	return &index{db}, nil
}

// silent keeps Pebble's chatter out of the log; its errors come back from its calls.
type silent struct{}

func (silent) Infof(string, ...any)           {}
func (silent) Errorf(string, ...any)          {}
func (silent) Fatalf(format string, a ...any) { panic(fmt.Sprintf("DA index: "+format, a...)) }

func (x *index) cursor() (cursor, error) {
	v, closer, err := x.db.Get(cursorKey())
	if errors.Is(err, pebble.ErrNotFound) {
		return cursor{}, nil
	}
	if err != nil {
		return cursor{}, fmt.Errorf("read DA index cursor: %w", err)
	}
	defer closer.Close()
	if len(v) != cursorSize {
		return cursor{}, fmt.Errorf("read DA index cursor: %d bytes", len(v))
	}
	return cursor{
		next:   place{binary.BigEndian.Uint64(v), binary.BigEndian.Uint64(v[8:])},
		height: binary.BigEndian.Uint64(v[16:]),
	}, nil
}

// add indexes a record that stands at a place of the segments; resume is the height to go on from after it.
func (x *index) add(at place, r record, resume uint64) error {
	b := x.db.NewBatch()
	defer b.Close()
	offset := at.offset + recordHead + bodyHead
	for i, blob := range r.blobs {
		offset += blobHead
		v := binary.BigEndian.AppendUint64(make([]byte, 0, entrySize), at.segment)
		v = binary.BigEndian.AppendUint64(v, offset)
		v = binary.BigEndian.AppendUint32(v, uint32(len(blob.Data)))
		v = binary.BigEndian.AppendUint32(v, crc32.Checksum(blob.Data, castagnoli))
		key := binary.BigEndian.AppendUint32(entryKey(blob.Namespace, r.height), uint32(i))
		if err := b.Set(key, v, nil); err != nil {
			return fmt.Errorf("index DA height %d: %w", r.height, err)
		}
		offset += uint64(len(blob.Data))
	}
	if len(r.blobs) > 0 {
		if err := b.Set(timeKey(r.height), binary.BigEndian.AppendUint64(nil, r.timeMS), nil); err != nil {
			return fmt.Errorf("index DA height %d: %w", r.height, err)
		}
	}
	v := binary.BigEndian.AppendUint64(make([]byte, 0, cursorSize), at.segment)
	v = binary.BigEndian.AppendUint64(v, offset)
	v = binary.BigEndian.AppendUint64(v, resume)
	if err := b.Set(cursorKey(), v, nil); err != nil {
		return fmt.Errorf("index DA height %d: %w", r.height, err)
	}
	if err := b.Commit(pebble.NoSync); err != nil {
		return fmt.Errorf("index DA height %d: %w", r.height, err)
	}
	return nil
}

func entryKey(ns namespaces.Namespace, height uint64) []byte {
	key := make([]byte, 0, 1+namespaces.Size+8+4)
	key = append(append(key, 'b'), ns[:]...)
	return binary.BigEndian.AppendUint64(key, height)
}

// entry is where a blob's data stands.
type entry struct {
	at     place
	length uint32
	sum    uint32
}

// find returns the blobs of a height under a namespace, in DA order.
func (x *index) find(height uint64, ns namespaces.Namespace) ([]entry, error) {
	prefix := entryKey(ns, height)
	it, err := x.db.NewIter(&pebble.IterOptions{LowerBound: prefix, UpperBound: append(append([]byte{}, prefix...), 0xff)})
	if err != nil {
		return nil, fmt.Errorf("find in DA index: %w", err)
	}
	var out []entry
	for ok := it.First(); ok; ok = it.Next() {
		v := it.Value()
		if len(v) != entrySize {
			return nil, errors.Join(fmt.Errorf("find in DA index: entry of %d bytes", len(v)), it.Close())
		}
		out = append(out, entry{
			at:     place{binary.BigEndian.Uint64(v), binary.BigEndian.Uint64(v[8:])},
			length: binary.BigEndian.Uint32(v[16:]),
			sum:    binary.BigEndian.Uint32(v[20:]),
		})
	}
	if err := it.Close(); err != nil {
		return nil, fmt.Errorf("find in DA index: %w", err)
	}
	return out, nil
}

// seek returns the lowest height from the given one on with a blob under ns, and whether there is one.
func (x *index) seek(from uint64, ns namespaces.Namespace) (uint64, bool, error) {
	upper := append(append([]byte{'b'}, ns[:]...), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	it, err := x.db.NewIter(&pebble.IterOptions{LowerBound: entryKey(ns, from), UpperBound: upper})
	if err != nil {
		return 0, false, fmt.Errorf("seek in DA index: %w", err)
	}
	var height uint64
	found := it.First()
	if found {
		height = binary.BigEndian.Uint64(it.Key()[1+namespaces.Size:])
	}
	if err := it.Close(); err != nil {
		return 0, false, fmt.Errorf("seek in DA index: %w", err)
	}
	return height, found, nil
}

func timeKey(height uint64) []byte { return binary.BigEndian.AppendUint64([]byte("t"), height) }

// time returns that of the newest block with blobs at or below a height; 0 if there is none.
func (x *index) time(height uint64) (uint64, error) {
	it, err := x.db.NewIter(&pebble.IterOptions{LowerBound: []byte("t"), UpperBound: timeKey(height + 1)})
	if err != nil {
		return 0, fmt.Errorf("find a time in DA index: %w", err)
	}
	var ms uint64
	if it.Last() {
		if v := it.Value(); len(v) == 8 {
			ms = binary.BigEndian.Uint64(v)
		}
	}
	if err := it.Close(); err != nil {
		return 0, fmt.Errorf("find a time in DA index: %w", err)
	}
	return ms, nil
}

// load reads blobs from the segments and checks each against its checksum.
func load(dir string, ns namespaces.Namespace, entries []entry) (blobs []da.Blob, err error) {
	var f *os.File
	defer func() {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	for _, e := range entries {
		if f == nil { // the blobs of one height stand in one record
			if f, err = os.Open(segmentPath(dir, e.at.segment)); err != nil {
				return nil, fmt.Errorf("read DA blob: %w", err)
			}
		}
		data := make([]byte, e.length)
		if _, err := f.ReadAt(data, int64(e.at.offset)); err != nil {
			return nil, fmt.Errorf("read DA blob in segment %d at %d: %w", e.at.segment, e.at.offset, err)
		}
		if crc32.Checksum(data, castagnoli) != e.sum {
			return nil, fmt.Errorf("read DA blob in segment %d at %d: checksum differs: restore the segment from a backup", e.at.segment, e.at.offset)
		}
		blobs = append(blobs, da.Blob{Namespace: ns, Data: data})
	}
	return blobs, nil
}

func (x *index) close() error { return x.db.Close() }
