package store

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// maxCursorName bounds a cursor's name in bytes.
const maxCursorName = 64

// readCursors loads all cursors.
func (s *Store) readCursors() error {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: key(prefixCursor), UpperBound: key(prefixCursor + 1)})
	if err != nil {
		return fmt.Errorf("read cursors: %w", err)
	}
	for it.First(); it.Valid(); it.Next() {
		height, err := decodeHeight(it.Value())
		if err != nil {
			return errors.Join(fmt.Errorf("read cursor %q: %w", it.Key()[1:], err), it.Close())
		}
		s.cursors[string(it.Key()[1:])] = height
	}
	if err := it.Close(); err != nil {
		return fmt.Errorf("read cursors: %w", err)
	}
	return nil
}

// Cursor reads a reader's cursor: the last height that it is done with. set is false if there is none yet.
func (s *Store) Cursor(name string) (height uint64, set bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	height, set = s.cursors[name]
	return height, set
}

// SetCursor writes a reader's cursor; it is on disk when the call returns. Blocks above the lowest cursor are never pruned: a reader that must
// miss nothing sets its cursor, to 0 if need be, before the first block is pruned. A cursor may go back, but not below what is pruned
// ([ErrPruned]).
func (s *Store) SetCursor(name string, height uint64) error {
	if name == "" || len(name) > maxCursorName {
		return fmt.Errorf("set cursor %q: want a name of 1 to %d bytes", name, maxCursorName)
	}
	if err := s.enter(); err != nil {
		return err
	}
	defer s.work.Done()
	if err := s.holdCursor(name, height); err != nil {
		return err
	}
	if err := s.db.Set(cursorKey(name), encodeHeight(height), pebble.Sync); err != nil {
		return fmt.Errorf("set cursor %q: %w", name, err)
	}
	return nil
}

// holdCursor puts the cursor where Prune sees it. It is in memory before it is on disk: what a reader still needs must not be pruned in between.
func (s *Store) holdCursor(name string, height uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if height+1 < s.tip.floor {
		return fmt.Errorf("set cursor %q to %d, the lowest block is %d: %w", name, height, s.tip.floor, ErrPruned)
	}
	s.cursors[name] = height
	return nil
}

// Prune deletes headers, bodies and certificates below the height, as far as cursors, the certified height and the head allow, and returns the
// new floor. The index of transactions stays. It costs the same for one height as for a million, and one fsync; the space of bodies
// comes back a segment at a time.
func (s *Store) Prune(below uint64) (floor uint64, err error) {
	if err := s.enter(); err != nil {
		return 0, err
	}
	defer s.work.Done()
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	before, floor := s.raiseFloor(below)
	if floor == before {
		return floor, nil
	}
	batch := s.db.NewBatch()
	defer batch.Close()
	w := writer{batch: batch}
	for _, prefix := range []byte{prefixHeader, prefixPlace, prefixCertificate, prefixChange, prefixFailed} {
		w.delRange(heightKey(prefix, before), heightKey(prefix, floor))
	}
	w.set(metaKey(metaFloor), encodeHeight(floor))
	if w.err == nil {
		w.err = batch.Commit(pebble.Sync) // before the files go: what they held must not be needed by a start any more
	}
	if w.err == nil {
		w.err = s.files.drop(floor)
	}
	if w.err != nil {
		return 0, fmt.Errorf("prune below %d: %w", floor, w.err)
	}
	return floor, nil
}

// raiseFloor moves the floor in memory first, so that readers see ErrPruned and no cursor slips below it.
func (s *Store) raiseFloor(below uint64) (before, floor uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	floor = min(below, s.tip.certified, s.tip.height)
	for _, cursor := range s.cursors {
		floor = min(floor, cursor+1)
	}
	before = s.tip.floor
	s.tip.floor = max(before, floor)
	return before, s.tip.floor
}
