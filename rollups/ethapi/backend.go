package ethapi

import (
	"context"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/rollups/evm"
)

// backend is what the methods of all namespaces read.
type backend struct {
	Config
	metrics *metrics
	slots   chan struct{} // one for each of Limits.Calls
	waiters chan struct{} // one for each of Limits.Waiters
	kept    *keptLogs
}

func newBackend(cfg Config, m *metrics) *backend {
	return &backend{
		Config: cfg, metrics: m, slots: make(chan struct{}, cfg.Limits.Calls), waiters: make(chan struct{}, cfg.Limits.Waiters),
		kept: newKeptLogs(keptBytes),
	}
}

// latest is the newest executed block: what receipts and state are read at.
func (b *backend) latest() uint64 { return b.Chain.Head().Number }

// number resolves a tag or number. Firm and final never lie above what is executed, whatever the heads say while they move.
func (b *backend) number(n rpc.BlockNumber) (uint64, error) {
	_, firm, final := b.Heads.Heads()
	switch n {
	case rpc.LatestBlockNumber, rpc.PendingBlockNumber:
		return b.latest(), nil
	case rpc.SafeBlockNumber:
		return min(firm, b.latest()), nil
	case rpc.FinalizedBlockNumber:
		return min(final, b.latest()), nil
	case rpc.EarliestBlockNumber:
		return 0, nil
	}
	if n < 0 {
		return 0, invalid("unknown block tag %d", n)
	}
	return uint64(n), nil
}

// header resolves a block by number, tag or hash; evm.ErrNotFound if there is none.
func (b *backend) header(at rpc.BlockNumberOrHash) (*types.Header, error) {
	if hash, ok := at.Hash(); ok {
		return b.Chain.HeaderByHash(hash)
	}
	n, ok := at.Number()
	if !ok {
		return nil, invalid("neither block number nor hash")
	}
	if n == rpc.LatestBlockNumber || n == rpc.PendingBlockNumber {
		return b.Chain.HeadHeader(), nil
	}
	number, err := b.number(n)
	if err != nil {
		return nil, err
	}
	return b.Chain.HeaderByNumber(number)
}

// block resolves a block as header does.
func (b *backend) block(at rpc.BlockNumberOrHash) (*types.Block, error) {
	if hash, ok := at.Hash(); ok {
		return b.Chain.BlockByHash(hash)
	}
	n, ok := at.Number()
	if !ok {
		return nil, invalid("neither block number nor hash")
	}
	number, err := b.number(n)
	if err != nil {
		return nil, err
	}
	return b.Chain.BlockByNumber(number)
}

// state opens the state after a block, latest if none is named.
func (b *backend) state(at *rpc.BlockNumberOrHash) (*state.StateDB, *types.Header, error) {
	header, err := b.header(or0(at))
	if errors.Is(err, evm.ErrNotFound) {
		return nil, nil, errNoHeader
	}
	if err != nil {
		return nil, nil, err
	}
	st, same, err := b.Chain.StateAt(header.Number.Uint64())
	if errors.Is(err, evm.ErrNotFound) || (err == nil && same.Root != header.Root) {
		return nil, nil, errNoHeader // rolled back since
	}
	return st, header, err
}

// or0 is the block that a method without one means.
func or0(at *rpc.BlockNumberOrHash) rpc.BlockNumberOrHash {
	if at == nil {
		return rpc.BlockNumberOrHashWithNumber(rpc.LatestBlockNumber)
	}
	return *at
}

// work waits for one of the places for heavy methods, and bounds their time. The caller defers done.
func (b *backend) work(ctx context.Context) (own context.Context, done func(), err error) {
	own, cancel := context.WithTimeout(ctx, b.Limits.CallTime)
	select {
	case b.slots <- struct{}{}:
		return own, func() { <-b.slots; cancel() }, nil
	case <-own.Done():
		cancel()
		b.metrics.refused.WithLabelValues("busy").Inc()
		return nil, nil, errBusy
	}
}

// stopped turns the end of a heavy method's time into an error for the client.
func (b *backend) stopped(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return exceeded("execution aborted (timeout = %v)", b.Limits.CallTime)
	}
	return fmt.Errorf("execution aborted: %w", ctx.Err())
}
