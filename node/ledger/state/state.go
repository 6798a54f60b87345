package state

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/rlp"
)

// Record is a record with its value. Where it is a change, an empty value deletes it.
type Record struct {
	Key   Key
	Value []byte // RLP
}

// Reader reads records. Errors mean that they could not be read, never that there is none.
type Reader interface {
	// Record returns the value under the key, which the caller must not change; nil if there is none.
	Record(Key) ([]byte, error)
}

// Load decodes the record under the key; the zero value and false if there is none.
func Load[T any](r Reader, k Key) (v T, found bool, err error) {
	raw, err := r.Record(k)
	if err != nil {
		return v, false, fmt.Errorf("read record %x: %w", string(k), err)
	}
	if len(raw) == 0 {
		return v, false, nil
	}
	if err = rlp.DecodeBytes(raw, &v); err != nil {
		return v, false, fmt.Errorf("decode record %x: %w", string(k), err)
	}
	return v, true, nil
}

// State is the records after a height with changes on top. It is used by one goroutine.
type State struct {
	parent  Reader
	read    map[Key][]byte // what the parent said, nil for none
	changed map[Key][]byte // nil deletes
	undo    []undo
}

// undo is what a write has replaced.
type undo struct {
	key   Key
	value []byte
	fresh bool // nothing was written there before
}

// New puts an overlay on the parent, which must not change as long as it is used. A nil parent has no records.
func New(parent Reader) *State {
	return &State{parent: parent, read: make(map[Key][]byte), changed: make(map[Key][]byte)}
}

// Record implements [Reader].
func (s *State) Record(k Key) ([]byte, error) {
	if v, there := s.changed[k]; there {
		return v, nil
	}
	return s.before(k)
}

// before reads from the parent, once for each key.
func (s *State) before(k Key) ([]byte, error) {
	if v, there := s.read[k]; there || s.parent == nil {
		return v, nil
	}
	v, err := s.parent.Record(k)
	if err != nil {
		return nil, err
	}
	s.read[k] = v
	return v, nil
}

// Set writes the RLP of a value. It panics if the value has none: its type is the caller's.
func (s *State) Set(k Key, value any) {
	raw, err := rlp.EncodeToBytes(value)
	if err != nil {
		panic(fmt.Sprintf("encode record %x: %v", string(k), err))
	}
	s.SetRaw(k, raw)
}

// SetRaw writes a value that is RLP already, which the caller must not change afterwards; an empty one deletes the record.
func (s *State) SetRaw(k Key, raw []byte) {
	old, there := s.changed[k]
	s.undo = append(s.undo, undo{k, old, !there})
	if len(raw) == 0 {
		raw = nil
	}
	s.changed[k] = raw
}

// Delete takes a record away.
func (s *State) Delete(k Key) { s.SetRaw(k, nil) }

// Snapshot names the present state for Revert.
func (s *State) Snapshot() int { return len(s.undo) }

// Revert takes back all that was written since the snapshot.
func (s *State) Revert(snapshot int) {
	for i := len(s.undo) - 1; i >= snapshot; i-- {
		u := s.undo[i]
		if u.fresh {
			delete(s.changed, u.key)
		} else {
			s.changed[u.key] = u.value
		}
	}
	s.undo = s.undo[:snapshot]
}

// Changes lists the records that differ from the parent's, ascending by key.
func (s *State) Changes() ([]Record, error) {
	keys := make([]Key, 0, len(s.changed))
	for k := range s.changed {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	out := make([]Record, 0, len(keys))
	for _, k := range keys {
		old, err := s.before(k)
		if err != nil {
			return nil, fmt.Errorf("read record %x: %w", string(k), err)
		}
		if v := s.changed[k]; !bytes.Equal(v, old) {
			out = append(out, Record{k, v})
		}
	}
	return out, nil
}
