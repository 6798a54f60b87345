package store

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// JournalPut keeps acknowledged transactions; it returns when they are on disk. Concurrent calls share an fsync.
func (s *Store) JournalPut(txs []*tx.Tx) error {
	return s.journal(pebble.Sync, func(w *writer) {
		for _, t := range txs {
			id := t.ID()
			w.set(key(prefixJournal, id[:]...), t.Raw())
		}
	})
}

// JournalDelete forgets acknowledged transactions, without waiting for the disk: one that comes back after a crash is found included or expired.
func (s *Store) JournalDelete(ids []common.Hash) error {
	return s.journal(pebble.NoSync, func(w *writer) {
		for _, id := range ids {
			w.del(key(prefixJournal, id[:]...))
		}
	})
}

func (s *Store) journal(sync *pebble.WriteOptions, fill func(*writer)) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.work.Done()
	batch := s.db.NewBatch()
	defer batch.Close()
	w := writer{batch: batch}
	fill(&w)
	if w.err == nil && batch.Count() > 0 {
		w.err = batch.Commit(sync)
	}
	if w.err != nil {
		return fmt.Errorf("write journal: %w", w.err)
	}
	return nil
}

// Journal reads all acknowledged transactions, encoded, in the order of their ids.
func (s *Store) Journal() (raws [][]byte, err error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.work.Done()
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: key(prefixJournal), UpperBound: key(prefixJournal + 1)})
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	for it.First(); it.Valid(); it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			return nil, errors.Join(fmt.Errorf("read journal: %w", err), it.Close())
		}
		raws = append(raws, bytes.Clone(value))
	}
	if err := it.Close(); err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	return raws, nil
}
