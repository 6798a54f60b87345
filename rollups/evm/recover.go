package evm

import (
	"context"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/rawdb"
	"github.com/ethereum/go-ethereum/core/types"
)

// recover brings the store to a consistent head with its state present, from whatever an
// earlier process left: nothing, a clean close, or a kill at any line of Execute, Rollback
// or of recover itself. It then sets the head.
func (c *Chain) recover(ctx context.Context, genesis *types.Block) error {
	if rawdb.ReadCanonicalHash(c.disk, 0) == (common.Hash{}) {
		if err := c.ensureGenesisState(genesis); err != nil {
			return err
		}
		if err := putBlock(c.disk, genesis, nil, nil); err != nil {
			return err
		}
	}
	hash := rawdb.ReadHeadBlockHash(c.disk)
	number, ok := rawdb.ReadHeaderNumber(c.disk, hash)
	if !ok {
		return fmt.Errorf("head block %s is not in the store", hash)
	}
	header := rawdb.ReadHeader(c.disk, hash, number)
	if header == nil {
		return fmt.Errorf("header of head block %d is not in the store", number)
	}
	if err := c.finishRollback(number); err != nil {
		return err
	}
	if err := c.restoreState(ctx, genesis, header); err != nil {
		return err
	}
	c.head.Store(&tip{header: header, hash: hash})
	return nil
}

// finishRollback deletes what an interrupted rollback left above the head.
func (c *Chain) finishRollback(head uint64) error {
	last := head
	for rawdb.ReadCanonicalHash(c.disk, last+1) != (common.Hash{}) {
		last++
	}
	if last == head {
		return nil
	}
	c.log.Info("finishing an interrupted rollback", "head", head, "dropped", last-head)
	return deleteBlocks(c.disk, head+1, last)
}

// ensureGenesisState makes the genesis state present in an empty state database.
func (c *Chain) ensureGenesisState(genesis *types.Block) error {
	if c.states.has(genesis.Root()) {
		return nil
	}
	root, err := c.states.putGenesis(c.genesis)
	if err != nil {
		return fmt.Errorf("store genesis state: %w", err)
	}
	if root != genesis.Root() {
		return fmt.Errorf("store genesis state: root %s, expected %s", root, genesis.Root())
	}
	return nil
}

// restoreState executes again the blocks up to head whose state a kill took: those above
// the newest block whose state is present.
func (c *Chain) restoreState(ctx context.Context, genesis *types.Block, head *types.Header) error {
	lost := []*types.Header{}
	for header := head; !c.states.has(header.Root); {
		number := header.Number.Uint64()
		if number == 0 {
			if err := c.ensureGenesisState(genesis); err != nil {
				return err
			}
			break
		}
		lost = append(lost, header)
		parent := rawdb.ReadHeader(c.disk, header.ParentHash, number-1)
		if parent == nil {
			return fmt.Errorf("header of block %d is not in the store", number-1)
		}
		header = parent
	}
	if len(lost) == 0 {
		return nil
	}
	c.restored = len(lost)
	c.log.InfoContext(ctx, "executing blocks again whose state was in memory", "blocks", len(lost), "head", head.Number)
	for i := len(lost) - 1; i >= 0; i-- {
		if err := canceled(ctx, "restore state"); err != nil {
			return err
		}
		if err := c.executeAgain(lost[i]); err != nil {
			return fmt.Errorf("execute block %d again: %w", lost[i].Number, err)
		}
	}
	return nil
}

// executeAgain puts the state of a stored block back, on its parent's.
func (c *Chain) executeAgain(header *types.Header) error {
	hash, number := header.Hash(), header.Number.Uint64()
	parent := rawdb.ReadHeader(c.disk, header.ParentHash, number-1)
	body := rawdb.ReadBody(c.disk, hash, number)
	if parent == nil || body == nil {
		return fmt.Errorf("parent or body of block %d: %w", number, ErrNotFound)
	}
	st, err := c.states.at(parent.Root)
	if err != nil {
		return fmt.Errorf("open parent state: %w", err)
	}
	again := c.genesis.header(header.ParentHash, number, SharedHeight(header), Fallback(header), header.Time, header.MixDigest)
	x := begin(c.config, again, st, c.hashes)
	defer x.close()
	recoverSenders(c.signer, body.Transactions)
	if err := replay(x, body.Transactions); err != nil {
		return err
	}
	block, err := x.seal()
	if err != nil {
		return err
	}
	if block.Hash() != hash {
		return fmt.Errorf("block hash %s, stored %s: the store is damaged or made by other rules; remove the data folder and derive again", block.Hash(), hash)
	}
	return x.commit()
}
