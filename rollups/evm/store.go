package evm

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/rawdb"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/ethdb"
	"github.com/ethereum/go-ethereum/rlp"
)

const (
	// maxSkipsPerBlock bounds how many skipped entries of a block are remembered one by
	// one; the rest is counted. A shared block can hold 100,000 worthless entries.
	maxSkipsPerBlock = 1024

	// skipRetention is for how many blocks skipped entries are remembered.
	skipRetention = 16_384

	// rollbackChunk is how many blocks one batch of a rollback deletes.
	rollbackChunk = 64
)

// Keys of ours, beside go-ethereum's schema in the same database.
//
//	"lockstep-skips" | number(8)  -> rlp(skipList)        what a block skipped
//	"lockstep-skip"  | hash(32)   -> number(8) | index(8) newest block that skipped it, index in its list
const (
	skipsPrefix = "lockstep-skips"
	skipPrefix  = "lockstep-skip"
)

// skipList is what is stored of a block's skipped entries.
type skipList struct {
	Total uint64 // of all that were skipped
	Skips []Skip // the first maxSkipsPerBlock of them
}

func skipsKey(number uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte(skipsPrefix), number)
}

func skipKey(hash common.Hash) []byte { return append([]byte(skipPrefix), hash[:]...) }

// putBlock stores a block and makes it the head, in one durable batch: after a crash the
// block is there whole and is the head, or nothing of it is.
func putBlock(d disk, block *types.Block, receipts types.Receipts, skips []Skip) error {
	batch := d.NewBatch()
	defer batch.Close()
	hash, number := block.Hash(), block.NumberU64()
	rawdb.WriteBlock(batch, block)
	rawdb.WriteReceipts(batch, hash, number, receipts)
	rawdb.WriteCanonicalHash(batch, hash, number)
	rawdb.WriteTxLookupEntriesByBlock(batch, block)
	if err := putSkips(batch, number, skips); err != nil {
		return err
	}
	if number > skipRetention {
		if err := deleteSkips(d, batch, number-skipRetention); err != nil {
			return err
		}
	}
	rawdb.WriteHeadBlockHash(batch, hash)
	return flush(d, batch, fmt.Sprintf("store block %d", number))
}

// putHead makes a stored block the head, durably.
func putHead(d disk, hash common.Hash) error {
	batch := d.NewBatch()
	defer batch.Close()
	rawdb.WriteHeadBlockHash(batch, hash)
	return flush(d, batch, "store head")
}

// deleteBlocks deletes the blocks first to last, newest first, so that what a crash leaves
// begins at first.
func deleteBlocks(d disk, first, last uint64) error {
	batch := d.NewBatch()
	defer batch.Close()
	for number := last; number >= first; number-- {
		hash := rawdb.ReadCanonicalHash(d, number)
		if body := rawdb.ReadBody(d, hash, number); body != nil {
			for _, tx := range body.Transactions {
				rawdb.DeleteTxLookupEntry(batch, tx.Hash())
			}
		}
		if err := deleteSkips(d, batch, number); err != nil {
			return err
		}
		rawdb.DeleteBlock(batch, hash, number)
		rawdb.DeleteCanonicalHash(batch, number)
		if (last-number)%rollbackChunk == rollbackChunk-1 {
			if err := flush(d, batch, "delete blocks"); err != nil {
				return err
			}
			batch.Reset()
		}
	}
	return flush(d, batch, "delete blocks")
}

// flush writes a batch and waits until it is on disk.
func flush(d disk, batch ethdb.Batch, action string) error {
	if err := batch.Write(); err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	if err := d.SyncKeyValue(); err != nil {
		return fmt.Errorf("%s: sync: %w", action, err)
	}
	return nil
}

// putSkips stores what a block skipped.
func putSkips(batch ethdb.Batch, number uint64, skips []Skip) error {
	if len(skips) == 0 {
		return nil
	}
	list := skipList{Total: uint64(len(skips)), Skips: skips[:min(len(skips), maxSkipsPerBlock)]}
	enc, err := rlp.EncodeToBytes(list)
	if err != nil {
		return fmt.Errorf("encode skipped entries: %w", err)
	}
	if err := batch.Put(skipsKey(number), enc); err != nil {
		return err
	}
	for i, skip := range list.Skips {
		at := binary.BigEndian.AppendUint64(nil, number)
		if err := batch.Put(skipKey(skip.Hash), binary.BigEndian.AppendUint64(at, uint64(i))); err != nil {
			return err
		}
	}
	return nil
}

// deleteSkips forgets what a block skipped.
func deleteSkips(d disk, batch ethdb.Batch, number uint64) error {
	list, err := readSkips(d, number)
	if err != nil || list.Total == 0 {
		return err
	}
	for _, skip := range list.Skips {
		at, err := get(d, skipKey(skip.Hash))
		if err != nil {
			return err
		}
		if len(at) == 16 && binary.BigEndian.Uint64(at) == number { // else a newer block skipped it again
			if err := batch.Delete(skipKey(skip.Hash)); err != nil {
				return err
			}
		}
	}
	return batch.Delete(skipsKey(number))
}

// readSkips reads what a block skipped, an empty list if nothing.
func readSkips(d disk, number uint64) (skipList, error) {
	enc, err := get(d, skipsKey(number))
	if err != nil || enc == nil {
		return skipList{}, err
	}
	var list skipList
	if err := rlp.DecodeBytes(enc, &list); err != nil {
		return skipList{}, fmt.Errorf("decode skipped entries of block %d: %w", number, err)
	}
	return list, nil
}

// get reads a key, nil if it is absent.
func get(d disk, key []byte) ([]byte, error) {
	value, err := d.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	return value, err
}
