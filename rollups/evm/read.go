package evm

import (
	"encoding/binary"
	"fmt"
	"sort"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/rawdb"
	"github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/params"
)

// What the methods of this file return is shared between callers: do not modify it (copy
// headers with types.CopyHeader). The state.StateDB is the caller's own.

// ChainConfig returns go-ethereum's rules of this chain.
func (c *Chain) ChainConfig() *params.ChainConfig { return c.config }

// Genesis returns the document that the chain was made from.
func (c *Chain) Genesis() Genesis { return c.genesis }

// Signer returns the signer that recovers the senders of this chain's transactions.
// types.Sender with it is free for transactions of recently executed blocks.
func (c *Chain) Signer() types.Signer { return c.signer }

// HeadHeader is the newest executed block's header.
func (c *Chain) HeadHeader() *types.Header { return c.head.Load().header }

// HeaderByNumber returns a header, or ErrNotFound.
func (c *Chain) HeaderByNumber(number uint64) (*types.Header, error) {
	head := c.head.Load()
	if number == head.number() {
		return head.header, nil
	}
	if number < head.number() {
		if header := rawdb.ReadHeader(c.disk, rawdb.ReadCanonicalHash(c.disk, number), number); header != nil {
			return header, nil
		}
	}
	return nil, fmt.Errorf("block %d: %w", number, ErrNotFound)
}

// HeaderByHash returns a header of the chain, or ErrNotFound.
func (c *Chain) HeaderByHash(hash common.Hash) (*types.Header, error) {
	number, err := c.NumberOf(hash)
	if err != nil {
		return nil, err
	}
	return c.HeaderByNumber(number)
}

// NumberOf returns the number of the chain's block with this hash, or ErrNotFound.
func (c *Chain) NumberOf(hash common.Hash) (uint64, error) {
	number, ok := rawdb.ReadHeaderNumber(c.disk, hash)
	if !ok || number > c.head.Load().number() || rawdb.ReadCanonicalHash(c.disk, number) != hash {
		return 0, fmt.Errorf("block %s: %w", hash, ErrNotFound)
	}
	return number, nil
}

// BlockByNumber returns a block, or ErrNotFound.
func (c *Chain) BlockByNumber(number uint64) (*types.Block, error) {
	s, err := c.sealedAt(number)
	if err != nil {
		return nil, err
	}
	return s.block, nil
}

// BlockByHash returns a block of the chain, or ErrNotFound.
func (c *Chain) BlockByHash(hash common.Hash) (*types.Block, error) {
	number, err := c.NumberOf(hash)
	if err != nil {
		return nil, err
	}
	return c.BlockByNumber(number)
}

// ReceiptsByNumber returns a block's receipts with all derived fields set, logs included,
// in the order of its transactions; or ErrNotFound.
func (c *Chain) ReceiptsByNumber(number uint64) (types.Receipts, error) {
	s, err := c.sealedAt(number)
	if err != nil {
		return nil, err
	}
	return s.receipts, nil
}

// LogsByNumber returns a block's logs in order, or ErrNotFound. Test the header's bloom
// first when searching.
func (c *Chain) LogsByNumber(number uint64) ([]*types.Log, error) {
	receipts, err := c.ReceiptsByNumber(number)
	if err != nil {
		return nil, err
	}
	var logs []*types.Log
	for _, receipt := range receipts {
		logs = append(logs, receipt.Logs...)
	}
	return logs, nil
}

// Included is a transaction's place in the chain.
type Included struct {
	Tx      *types.Transaction
	Receipt *types.Receipt
	Header  *types.Header
	Index   int // in the block
}

// Transaction finds an included transaction, or returns ErrNotFound.
func (c *Chain) Transaction(hash common.Hash) (Included, error) {
	number := rawdb.ReadTxLookupEntry(c.disk, hash)
	if number == nil {
		return Included{}, fmt.Errorf("transaction %s: %w", hash, ErrNotFound)
	}
	s, err := c.sealedAt(*number)
	if err != nil {
		return Included{}, err
	}
	for i, tx := range s.block.Transactions() {
		if tx.Hash() == hash {
			return Included{Tx: tx, Receipt: s.receipts[i], Header: s.block.Header(), Index: i}, nil
		}
	}
	return Included{}, fmt.Errorf("transaction %s: %w", hash, ErrNotFound)
}

// Skipped says why the transaction with this hash was last skipped, or returns ErrNotFound
// if it was not, or not within the last 16,384 blocks. A transaction skipped once may be
// included later: ask Transaction first.
func (c *Chain) Skipped(hash common.Hash) (Skip, error) {
	at, err := get(c.disk, skipKey(hash))
	if err != nil {
		return Skip{}, fmt.Errorf("read skipped entry: %w", err)
	}
	if len(at) == 16 {
		list, err := readSkips(c.disk, binary.BigEndian.Uint64(at))
		if err != nil {
			return Skip{}, err
		}
		if i := binary.BigEndian.Uint64(at[8:]); i < uint64(len(list.Skips)) {
			return list.Skips[i], nil
		}
	}
	return Skip{}, fmt.Errorf("skipped entry %s: %w", hash, ErrNotFound)
}

// SkippedIn returns what a block skipped, in the order of the entries: the first 1,024, and
// how many there were. Both are empty beyond the last 16,384 blocks.
func (c *Chain) SkippedIn(number uint64) (skips []Skip, total uint64, err error) {
	list, err := readSkips(c.disk, number)
	return list.Skips, list.Total, err
}

// NumberAtHeight returns the newest block derived from a shared height not above height: the
// state after that shared block.
func (c *Chain) NumberAtHeight(height uint64) (uint64, error) {
	header, err := c.newestAt(height)
	if err != nil {
		return 0, err
	}
	return header.Number.Uint64(), nil
}

// newestAt searches the newest header of a shared height not above height. Shared heights
// rise with block numbers, so no index is needed.
func (c *Chain) newestAt(height uint64) (*types.Header, error) {
	head := c.head.Load()
	if SharedHeight(head.header) <= height {
		return head.header, nil
	}
	var failed error
	above := sort.Search(int(head.number()), func(i int) bool {
		header, err := c.HeaderByNumber(uint64(i) + 1)
		if err != nil {
			failed = err
			return true
		}
		return SharedHeight(header) > height
	})
	if failed != nil {
		return nil, failed
	}
	return c.HeaderByNumber(uint64(above))
}

// StateAt opens the state after a block. The newest 129 blocks have theirs; for older ones
// it returns ErrStatePruned, for unknown ones ErrNotFound. A state that grows too old while
// it is read answers with zeros: check its Error before using what was computed.
func (c *Chain) StateAt(number uint64) (*state.StateDB, *types.Header, error) {
	header, err := c.HeaderByNumber(number)
	if err != nil {
		return nil, nil, err
	}
	st, err := c.states.at(header.Root)
	if err != nil {
		return nil, nil, fmt.Errorf("state of block %d: %w (the newest 129 are kept)", number, ErrStatePruned)
	}
	return st, header, nil
}

// NewEVM returns a machine in the block of header on st, for calls and estimates. Release
// it after use.
func (c *Chain) NewEVM(header *types.Header, st vm.StateDB, cfg vm.Config) *vm.EVM {
	return newEVM(c.config, header, st, c.hashes, cfg)
}

// hashes is the EVM's BLOCKHASH: canonical hashes by number.
func (c *Chain) hashes(number uint64) common.Hash { return rawdb.ReadCanonicalHash(c.disk, number) }

// sealedAt reads a block with its receipts, from memory if it is recent.
func (c *Chain) sealedAt(number uint64) (*sealed, error) {
	if number <= c.head.Load().number() {
		hash := rawdb.ReadCanonicalHash(c.disk, number)
		if s, ok := c.recent.Get(hash); ok {
			return s, nil
		}
		if block := rawdb.ReadBlock(c.disk, hash, number); block != nil {
			receipts := rawdb.ReadReceipts(c.disk, hash, number, block.Time(), c.config)
			if len(receipts) == len(block.Transactions()) {
				s := &sealed{block: block, receipts: receipts}
				c.recent.Add(hash, s)
				return s, nil
			}
		}
	}
	return nil, fmt.Errorf("block %d: %w", number, ErrNotFound)
}
