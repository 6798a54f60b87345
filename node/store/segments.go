package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// segmentSize is how many bytes a segment takes before the next one begins: some forty full blocks, so that pruning gives space back in useful
// portions and a folder of a terabyte has four thousand files.
const segmentSize = 256 << 20

const segmentSuffix = ".blocks"

// A record in a segment (integers big endian):
//
//	record = height(8) | header_length(4) | body_length(4) | crc32c(4) of all the rest | header | body
const recordHead = 20

// maxRecord bounds a record that a damaged length could make up, in bytes.
const maxRecord = 16 << 20

// segments are the append-only files of blocks: what is decided is on disk when append returns, and everything else in the store follows from
// it. Bodies in Pebble itself would be written twice, once to its log: full blocks of 7 MiB then take 1.6 to 1.9 times as long and 2.3 to 2.7
// times the bytes on disk (BenchmarkBodies). One goroutine at a time appends or drops (Store.commitMu); reading needs no lock.
type segments struct {
	fs    vfs.FS
	dir   string
	limit uint64 // bytes from which the next file begins
	table *crc32.Table

	firsts []uint64 // the first height of each file, ascending
	file   vfs.File // the one that is written; nil before the first append and after an error
	size   uint64   // of file
}

// place is where a record stands.
type place struct {
	first  uint64 // names the file
	offset uint64
	length uint32
}

func openSegments(fs vfs.FS, dir string, limit uint64) (*segments, error) {
	s := &segments{fs: fs, dir: dir, limit: limit, table: crc32.MakeTable(crc32.Castagnoli)}
	if err := fs.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make folder of blocks: %w", err)
	}
	// A new folder is there after a crash only if those above it have been synced.
	for _, above := range []string{fs.PathDir(dir), fs.PathDir(fs.PathDir(dir))} {
		if err := syncDir(fs, above); err != nil {
			return nil, fmt.Errorf("make folder of blocks: %w", err)
		}
	}
	names, err := fs.List(dir)
	if err != nil {
		return nil, fmt.Errorf("list folder of blocks: %w", err)
	}
	for _, name := range names {
		if digits, ok := strings.CutSuffix(name, segmentSuffix); ok {
			first, err := strconv.ParseUint(digits, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("list folder of blocks: file %q: %w", name, err)
			}
			s.firsts = append(s.firsts, first)
		}
	}
	slices.Sort(s.firsts)
	return s, nil
}

func (s *segments) path(first uint64) string {
	return s.fs.PathJoin(s.dir, fmt.Sprintf("%020d%s", first, segmentSuffix))
}

// append writes a block and syncs it.
func (s *segments) append(height uint64, header, body []byte) (place, error) {
	if s.file != nil && s.size >= s.limit {
		if err := s.close(); err != nil {
			return place{}, fmt.Errorf("close segment: %w", err)
		}
	}
	if s.file == nil {
		if err := s.create(height); err != nil {
			return place{}, fmt.Errorf("create segment: %w", err)
		}
	}
	start := make([]byte, recordHead, recordHead+len(header))
	binary.BigEndian.PutUint64(start, height)
	binary.BigEndian.PutUint32(start[8:], uint32(len(header)))
	binary.BigEndian.PutUint32(start[12:], uint32(len(body)))
	start = append(start, header...)
	binary.BigEndian.PutUint32(start[16:], s.checksum(start, body))
	_, err := s.file.Write(start)
	if err == nil {
		_, err = s.file.Write(body)
	}
	if err == nil {
		err = s.file.SyncData()
	}
	if err != nil {
		return place{}, errors.Join(fmt.Errorf("write segment: %w", err), s.close())
	}
	at := place{s.firsts[len(s.firsts)-1], s.size, uint32(len(start) + len(body))}
	s.size += uint64(at.length)
	return at, nil
}

// create begins a file. One of the same name holds nothing whole: all that was whole has been taken over at start.
func (s *segments) create(first uint64) error {
	file, err := s.fs.Create(s.path(first), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), syncDir(s.fs, s.dir)); err != nil {
		return errors.Join(err, file.Close())
	}
	s.file, s.size = file, 0
	if at, there := slices.BinarySearch(s.firsts, first); !there {
		s.firsts = slices.Insert(s.firsts, at, first)
	}
	return nil
}

func syncDir(fs vfs.FS, path string) error {
	dir, err := fs.OpenDir(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// checksum is over the record in two parts, but for its own field.
func (s *segments) checksum(start, rest []byte) uint32 {
	sum := crc32.Checksum(start[:16], s.table)
	return crc32.Update(crc32.Update(sum, s.table, start[recordHead:]), s.table, rest)
}

// split checks a record and takes it apart.
func (s *segments) split(record []byte) (height uint64, header, body []byte, err error) {
	if len(record) < recordHead {
		return 0, nil, nil, io.ErrUnexpectedEOF
	}
	headers, bodies := binary.BigEndian.Uint32(record[8:]), binary.BigEndian.Uint32(record[12:])
	if uint64(len(record)) != recordHead+uint64(headers)+uint64(bodies) {
		return 0, nil, nil, errors.New("block record has another length")
	}
	if binary.BigEndian.Uint32(record[16:]) != s.checksum(record, nil) {
		return 0, nil, nil, errors.New("block record is damaged")
	}
	rest := record[recordHead:]
	return binary.BigEndian.Uint64(record), rest[:headers:headers], rest[headers:], nil
}

// read returns the body of a record.
func (s *segments) read(at place, height uint64) ([]byte, error) {
	file, err := s.fs.Open(s.path(at.first))
	if err != nil {
		return nil, err
	}
	record := make([]byte, at.length)
	if _, err = file.ReadAt(record, int64(at.offset)); errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	have, _, body, err := s.split(record)
	if err == nil && have != height {
		err = fmt.Errorf("block record is of height %d", have)
	}
	return body, err
}

// scan reads the whole records of heights from a height on, one after another, up to the first that is torn or missing.
func (s *segments) scan(from uint64, use func(height uint64, header, body []byte, at place) error) error {
	start, exact := slices.BinarySearch(s.firsts, from)
	if !exact {
		start = max(0, start-1)
	}
	for _, first := range s.firsts[start:] {
		if first > from {
			return nil
		}
		next, err := s.scanFile(first, from, use)
		if err != nil {
			return err
		}
		from = next
	}
	return nil
}

func (s *segments) scanFile(first, from uint64, use func(uint64, []byte, []byte, place) error) (next uint64, err error) {
	file, err := s.fs.Open(s.path(first))
	if err != nil {
		return 0, err
	}
	defer file.Close()
	head := make([]byte, recordHead)
	for offset := uint64(0); ; {
		if _, err := file.ReadAt(head, int64(offset)); err != nil {
			return from, endOf(err)
		}
		length := recordHead + uint64(binary.BigEndian.Uint32(head[8:])) + uint64(binary.BigEndian.Uint32(head[12:]))
		if length > maxRecord {
			return from, nil
		}
		if binary.BigEndian.Uint64(head) < from { // known already: its content is not looked at
			offset += length
			continue
		}
		record := make([]byte, length)
		if _, err := file.ReadAt(record, int64(offset)); err != nil {
			return from, endOf(err)
		}
		height, header, body, err := s.split(record)
		if err != nil || height != from {
			return from, nil //nolint:nilerr // torn: the block was never committed
		}
		if err := use(height, header, body, place{first, offset, uint32(length)}); err != nil {
			return from, err
		}
		offset += length
		from++
	}
}

// endOf says that a file that ends is no error.
func endOf(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// drop removes the files that hold only heights below the floor.
func (s *segments) drop(floor uint64) error {
	for len(s.firsts) > 1 && s.firsts[1] <= floor {
		if err := s.fs.Remove(s.path(s.firsts[0])); err != nil {
			return fmt.Errorf("remove segment: %w", err)
		}
		s.firsts = s.firsts[1:]
	}
	return nil
}

func (s *segments) close() error {
	if s.file == nil {
		return nil
	}
	file := s.file
	s.file = nil
	return file.Close()
}

func (p place) encode() []byte {
	out := binary.BigEndian.AppendUint64(nil, p.first)
	out = binary.BigEndian.AppendUint64(out, p.offset)
	return binary.BigEndian.AppendUint32(out, p.length)
}

func decodePlace(raw []byte) (place, error) {
	if len(raw) != 20 {
		return place{}, fmt.Errorf("decode place of a block: %d bytes", len(raw))
	}
	return place{binary.BigEndian.Uint64(raw), binary.BigEndian.Uint64(raw[8:]), binary.BigEndian.Uint32(raw[16:])}, nil
}
