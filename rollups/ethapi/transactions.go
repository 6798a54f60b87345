package ethapi

import (
	"context"
	"errors"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/common/math"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/p2p/rpcport"
	"github.com/lockstep-network/lockstep/rollups/evm"
)

// Time that eth_sendRawTransactionSync waits: below the time of an answer.
const (
	syncWait    = 5 * time.Second
	syncWaitMax = rpcport.AnswerTime - 10*time.Second
	receiptWait = 400 * time.Millisecond // a few blocks
)

// transactionsAPI takes and finds transactions.
type transactionsAPI struct{ b *backend }

// SendRawTransaction is eth_sendRawTransaction: it answers when the transaction is durable in the gateway.
func (a *transactionsAPI) SendRawTransaction(ctx context.Context, raw hexutil.Bytes) (common.Hash, error) {
	if a.b.Gateway == nil {
		return common.Hash{}, errReadOnly
	}
	hash, err := a.b.Gateway.Submit(ctx, raw)
	if err != nil {
		return common.Hash{}, err
	}
	return hash, nil
}

// SendRawTransactionSync is eth_sendRawTransactionSync (EIP-7966): it waits for the receipt, at most timeout milliseconds.
func (a *transactionsAPI) SendRawTransactionSync(ctx context.Context, raw hexutil.Bytes, timeout *math.HexOrDecimal64) (*receiptJSON, error) {
	hash, err := a.SendRawTransaction(ctx, raw)
	if err != nil {
		return nil, err
	}
	wait := syncWait
	if timeout != nil && *timeout > 0 {
		wait = time.Duration(min(uint64(*timeout), uint64(syncWaitMax.Milliseconds()))) * time.Millisecond
	}
	receipt, err := a.awaitReceipt(ctx, hash, wait)
	if receipt == nil && err == nil {
		err = notYet(hash)
	}
	return receipt, err
}

// GetTransactionReceipt is eth_getTransactionReceipt. For a transaction that the gateway has on its way the answer waits a moment: a client that
// remembers a null for a quarter of a second (ethers does) would sleep through the only block that an idle rollup makes.
func (a *transactionsAPI) GetTransactionReceipt(ctx context.Context, hash common.Hash) (*receiptJSON, error) {
	if receipt, err := a.receipt(hash); receipt != nil || err != nil {
		return receipt, err
	}
	if a.b.Gateway == nil {
		return nil, nil
	}
	if _, underway := a.b.Gateway.Pending(hash); !underway {
		return a.receipt(hash) // it may have landed between the two questions
	}
	return a.awaitReceipt(ctx, hash, receiptWait)
}

// receipt is a transaction's receipt now; nil without one.
func (a *transactionsAPI) receipt(hash common.Hash) (*receiptJSON, error) {
	in, err := a.b.Chain.Transaction(hash)
	if err != nil {
		return absent[receiptJSON](nil, err)
	}
	return a.b.encodeReceipt(in.Tx, in.Receipt), nil
}

// awaitReceipt waits for a transaction's receipt; nil if it is not there in time, or if too many wait already.
func (a *transactionsAPI) awaitReceipt(ctx context.Context, hash common.Hash, wait time.Duration) (*receiptJSON, error) {
	select {
	case a.b.waiters <- struct{}{}:
		defer func() { <-a.b.waiters }()
	default:
		a.b.metrics.refused.WithLabelValues("waiters").Inc()
		return nil, nil
	}
	own, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for {
		changed := a.b.Chain.Changed()
		if receipt, err := a.receipt(hash); receipt != nil || err != nil {
			return receipt, err
		}
		select {
		case <-changed:
		case <-own.Done():
			return nil, ctx.Err()
		}
	}
}

// GetTransactionByHash is eth_getTransactionByHash: one in a block, or one that the gateway holds.
func (a *transactionsAPI) GetTransactionByHash(hash common.Hash) (*txJSON, error) {
	tx, at, err := a.b.find(hash)
	if err != nil {
		return absent[txJSON](nil, err)
	}
	return a.b.encodeTx(tx, at), nil
}

// GetRawTransactionByHash is eth_getRawTransactionByHash.
func (a *transactionsAPI) GetRawTransactionByHash(hash common.Hash) (hexutil.Bytes, error) {
	tx, _, err := a.b.find(hash)
	if errors.Is(err, evm.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return tx.MarshalBinary()
}

// find looks in the chain, then in the gateway, then in the chain again, for it may have moved from there to here in between.
func (b *backend) find(hash common.Hash) (*types.Transaction, place, error) {
	in, err := b.Chain.Transaction(hash)
	if errors.Is(err, evm.ErrNotFound) && b.Gateway != nil {
		if raw, ok := b.Gateway.Pending(hash); ok {
			tx := new(types.Transaction)
			return tx, place{}, tx.UnmarshalBinary(raw)
		}
		in, err = b.Chain.Transaction(hash)
	}
	if err != nil {
		return nil, place{}, err
	}
	return in.Tx, place{in.Header, in.Header.Hash(), in.Index}, nil
}

// GetTransactionByBlockNumberAndIndex is eth_getTransactionByBlockNumberAndIndex.
func (a *transactionsAPI) GetTransactionByBlockNumberAndIndex(number rpc.BlockNumber, index hexutil.Uint64) (*txJSON, error) {
	return a.at(rpc.BlockNumberOrHashWithNumber(number), index)
}

// GetTransactionByBlockHashAndIndex is eth_getTransactionByBlockHashAndIndex.
func (a *transactionsAPI) GetTransactionByBlockHashAndIndex(hash common.Hash, index hexutil.Uint64) (*txJSON, error) {
	return a.at(rpc.BlockNumberOrHashWithHash(hash, false), index)
}

func (a *transactionsAPI) at(at rpc.BlockNumberOrHash, index hexutil.Uint64) (*txJSON, error) {
	block, err := a.b.block(at)
	if err != nil {
		return absent[txJSON](nil, err)
	}
	if uint64(index) >= uint64(len(block.Transactions())) {
		return nil, nil //nolint:nilnil // null is the answer
	}
	return a.b.encodeTx(block.Transactions()[index], place{block.Header(), block.Hash(), int(index)}), nil
}
