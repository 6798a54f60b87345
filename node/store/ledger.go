package store

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// Ledger is the ledger after the head, for [ledger.Apply] and for passes. Its records and nodes stay those of that height, whatever is committed
// meanwhile, and can be read until some thirty blocks later; the spent pairs are always the newest ones.
func (s *Store) Ledger() ledger.Parent {
	at := s.at()
	return ledger.Parent{Head: at.ledger, Nodes: at.view, View: at.view}
}

// RecordKeys lists the keys of records of one kind, ascending, from a key on; at most so many.
func (s *Store) RecordKeys(from state.Key, most int) ([]state.Key, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.work.Done()
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: recordKey(from), UpperBound: recordKey(state.NewKey(from.Kind() + 1))})
	if err != nil {
		return nil, fmt.Errorf("read ledger records: %w", err)
	}
	var keys []state.Key
	for ok := it.First(); ok && len(keys) < most; ok = it.Next() {
		keys = append(keys, state.Key(it.Key()[1:]))
	}
	if err := errors.Join(it.Error(), it.Close()); err != nil {
		return nil, fmt.Errorf("read ledger records: %w", err)
	}
	return keys, nil
}

// RewardsHistory is how many epochs are remembered in [Store.Lifetimes]: a day of epochs of the default length.
const RewardsHistory = 24

// Lifetimes returns what stands under the rewards root of an epoch that has ended; ErrNotFound if it is not remembered.
func (s *Store) Lifetimes(epoch uint64) (namespaces.Lifetimes, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.work.Done()
	raw, err := s.get(heightKey(prefixRewards, epoch))
	if err != nil {
		return nil, err
	}
	var out namespaces.Lifetimes
	if err := rlp.DecodeBytes(raw, &out); err != nil {
		return nil, fmt.Errorf("decode rewards of epoch %d: %w", epoch, err)
	}
	return out, nil
}

// FeeHistory is how many heights are remembered in [Store.Fees].
const FeeHistory = 2_048

// Fees returns how the block at the height has moved prices; ErrNotFound if it is not remembered.
func (s *Store) Fees(height uint64) (ledger.Fees, error) {
	var out ledger.Fees
	if err := s.enter(); err != nil {
		return out, err
	}
	defer s.work.Done()
	raw, err := s.get(heightKey(prefixFees, height))
	if err != nil {
		return out, err
	}
	if err := rlp.DecodeBytes(raw, &out); err != nil {
		return out, fmt.Errorf("decode fees of height %d: %w", height, err)
	}
	return out, nil
}
