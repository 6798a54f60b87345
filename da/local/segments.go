package local

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

const segmentSuffix = ".seg"

// place is where a record begins: the segment's number and the offset in its file.
type place struct{ segment, offset uint64 }

// segments is an append-only log over numbered files. Only one goroutine appends; reading is free for all.
type segments struct {
	dir      string
	maxBytes int64
	active   *os.File // the last segment; owned by the appending goroutine
	number   uint64   // of active
	size     int64    // of active
}

func segmentPath(dir string, number uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%012d%s", number, segmentSuffix))
}

// openSegments calls visit for each record from the given place on, in order, and cuts a torn tail off the last segment. A damaged record
// with a valid one behind it is no torn tail, because each append is synced before the next: that is an error, and nothing is cut.
func openSegments(dir string, maxBytes int64, from place, visit func(place, record) error) (*segments, error) {
	numbers, err := listSegments(dir)
	if err != nil {
		return nil, err
	}
	s := &segments{dir: dir, maxBytes: maxBytes}
	for i, n := range numbers {
		if n != numbers[0]+uint64(i) {
			return nil, fmt.Errorf("open DA segments: segment %d is missing in %s: restore it from a backup", numbers[0]+uint64(i), dir)
		}
		last := i == len(numbers)-1
		if n < from.segment && !last {
			continue
		}
		start := uint64(0)
		if n == from.segment {
			start = from.offset
		}
		if err := s.scan(n, start, last, visit); err != nil {
			return nil, err
		}
	}
	if len(numbers) == 0 {
		return s, s.begin(1)
	}
	return s, s.resume(numbers[len(numbers)-1])
}

func listSegments(dir string) ([]uint64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list DA segments: %w", err)
	}
	numbers := make([]uint64, 0, len(entries))
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), segmentSuffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(name, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("list DA segments: %q is not a segment's name: %w", e.Name(), err)
		}
		numbers = append(numbers, n)
	}
	sort.Slice(numbers, func(i, j int) bool { return numbers[i] < numbers[j] })
	return numbers, nil
}

// scan visits one segment's records from an offset on. It reads record by record, so a large segment costs no memory.
func (s *segments) scan(number, offset uint64, last bool, visit func(place, record) error) error {
	f, err := os.OpenFile(segmentPath(s.dir, number), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open DA segment %d: %w", number, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("open DA segment %d: %w", number, err)
	}
	size := uint64(info.Size())
	if offset < uint64(len(segmentMagic)) {
		head := make([]byte, len(segmentMagic))
		_, err := io.ReadFull(f, head)
		switch {
		case string(head) == segmentMagic && err == nil:
		case last && size < uint64(len(segmentMagic)) && strings.HasPrefix(segmentMagic, string(head[:size])):
			return cut(f, 0) // the crash came while the file was begun
		default:
			return fmt.Errorf("open DA segment %d: not a segment file: restore it from a backup", number)
		}
		offset = uint64(len(segmentMagic))
	}
	for offset < size {
		raw, err := readRecord(f, offset, size)
		if err != nil {
			return fmt.Errorf("read DA segment %d at %d: %w", number, offset, err)
		}
		r, n, err := decodeRecord(raw)
		if err != nil {
			return s.repair(f, number, offset, size, last)
		}
		if err := visit(place{number, offset}, r); err != nil {
			return err
		}
		offset += uint64(n)
	}
	return nil
}

// readRecord reads as much of a record as its head claims and the file has.
func readRecord(f *os.File, offset, size uint64) ([]byte, error) {
	head := make([]byte, min(recordHead, size-offset))
	if _, err := f.ReadAt(head, int64(offset)); err != nil {
		return nil, err
	}
	if len(head) < recordHead {
		return head, nil
	}
	n, bad := bodyLength(head)
	if bad != nil {
		return head, nil //nolint:nilerr // decodeRecord says the same of these bytes
	}
	raw := make([]byte, min(uint64(recordHead+n), size-offset))
	_, err := f.ReadAt(raw, int64(offset))
	return raw, err
}

// repair cuts a torn tail, or refuses if what follows shows that it is none.
func (s *segments) repair(f *os.File, number, offset, size uint64, last bool) error {
	damaged := fmt.Errorf("DA segment %d is damaged at offset %d: restore it from a backup", number, offset)
	if !last || size-offset > recordHead+maxBody {
		return damaged
	}
	tail := make([]byte, size-offset)
	if _, err := f.ReadAt(tail, int64(offset)); err != nil {
		return fmt.Errorf("read DA segment %d at %d: %w", number, offset, err)
	}
	for at := 1; ; at++ {
		next := bytes.Index(tail[at:], []byte(recordMagic))
		if next < 0 {
			return cut(f, int64(offset))
		}
		at += next
		if _, _, err := decodeRecord(tail[at:]); err == nil {
			return damaged
		}
	}
}

func cut(f *os.File, size int64) error {
	if err := f.Truncate(size); err != nil {
		return fmt.Errorf("cut torn DA segment: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("cut torn DA segment: %w", err)
	}
	return nil
}

func (s *segments) resume(number uint64) error {
	f, err := os.OpenFile(segmentPath(s.dir, number), os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return fmt.Errorf("open DA segment %d: %w", number, err)
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("open DA segment %d: %w", number, err), f.Close())
	}
	s.active, s.number, s.size = f, number, info.Size()
	if s.size == 0 {
		return s.head()
	}
	return nil
}

func (s *segments) begin(number uint64) error {
	f, err := os.OpenFile(segmentPath(s.dir, number), os.O_RDWR|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("begin DA segment %d: %w", number, err)
	}
	s.active, s.number, s.size = f, number, 0
	if err := s.head(); err != nil {
		return err
	}
	return syncDir(s.dir)
}

func (s *segments) head() error {
	if _, err := s.active.WriteString(segmentMagic); err != nil {
		return fmt.Errorf("begin DA segment %d: %w", s.number, err)
	}
	if err := s.active.Sync(); err != nil {
		return fmt.Errorf("begin DA segment %d: %w", s.number, err)
	}
	s.size = int64(len(segmentMagic))
	return nil
}

// append writes a record and syncs it. After an error the log must not be used any more.
func (s *segments) append(r record) (place, error) {
	if s.size > int64(len(segmentMagic)) && s.size >= s.maxBytes {
		if err := s.active.Close(); err != nil {
			return place{}, fmt.Errorf("close DA segment %d: %w", s.number, err)
		}
		if err := s.begin(s.number + 1); err != nil {
			return place{}, err
		}
	}
	raw := r.encode()
	at := place{s.number, uint64(s.size)}
	if _, err := s.active.Write(raw); err != nil {
		return place{}, fmt.Errorf("append to DA segment %d: %w", s.number, err)
	}
	if err := s.active.Sync(); err != nil {
		return place{}, fmt.Errorf("sync DA segment %d: %w", s.number, err)
	}
	s.size += int64(len(raw))
	return at, nil
}

func (s *segments) close() error { return s.active.Close() }

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}
