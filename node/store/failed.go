package store

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
)

// Failed is an action of an included transaction that did nothing, and why (specs/05-ledger.md, "Actions").
type Failed struct {
	Leg  uint32
	Code tx.Code
}

func failedKey(at Location) []byte {
	return binary.BigEndian.AppendUint32(heightKey(prefixFailed, at.Height), at.Position)
}

// failed writes the failures of a block, which stand in its order, under their transactions.
func (w *writer) failed(height uint64, failures []ledger.Failure) {
	for len(failures) > 0 {
		position := failures[0].Position
		var list []Failed
		for len(failures) > 0 && failures[0].Position == position {
			list = append(list, Failed{failures[0].Leg, failures[0].Code})
			failures = failures[1:]
		}
		raw, err := rlp.EncodeToBytes(list)
		w.err = errors.Join(w.err, err)
		w.set(failedKey(Location{height, position}), raw)
	}
}

// Failures returns the failed actions of the transaction that stands there, ascending by leg; none if all that it had succeeded, or once its block
// is pruned.
func (s *Store) Failures(at Location) ([]Failed, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.work.Done()
	raw, err := s.get(failedKey(at))
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []Failed
	if err := rlp.DecodeBytes(raw, &out); err != nil {
		return nil, fmt.Errorf("decode failed actions of height %d: %w", at.Height, err)
	}
	return out, nil
}
