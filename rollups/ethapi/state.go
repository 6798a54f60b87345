package ethapi

import (
	"context"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/rollups/gateway"
)

// stateAPI reads accounts.
type stateAPI struct{ b *backend }

// read reads from the state after a block, and makes sure that the state was there all the time.
func read[T any](b *backend, at *rpc.BlockNumberOrHash, f func(*state.StateDB) T) (T, error) {
	var zero T
	st, _, err := b.state(at)
	if err != nil {
		return zero, err
	}
	value := f(st)
	if err := st.Error(); err != nil {
		return zero, fmt.Errorf("read state: %w", err)
	}
	return value, nil
}

// GetBalance is eth_getBalance.
func (a *stateAPI) GetBalance(_ context.Context, who common.Address, at *rpc.BlockNumberOrHash) (*hexutil.Big, error) {
	return read(a.b, at, func(st *state.StateDB) *hexutil.Big { return (*hexutil.Big)(st.GetBalance(who).ToBig()) })
}

// GetCode is eth_getCode.
func (a *stateAPI) GetCode(_ context.Context, who common.Address, at *rpc.BlockNumberOrHash) (hexutil.Bytes, error) {
	return read(a.b, at, func(st *state.StateDB) hexutil.Bytes { return st.GetCode(who) })
}

// GetStorageAt is eth_getStorageAt.
func (a *stateAPI) GetStorageAt(_ context.Context, who common.Address, slot string, at *rpc.BlockNumberOrHash) (common.Hash, error) {
	key, err := slotKey(slot)
	if err != nil {
		return common.Hash{}, err
	}
	return read(a.b, at, func(st *state.StateDB) common.Hash { return st.GetState(who, key) })
}

// GetTransactionCount is eth_getTransactionCount. At the tag pending it counts what the gateway holds, up to the first gap.
func (a *stateAPI) GetTransactionCount(_ context.Context, who common.Address, at *rpc.BlockNumberOrHash) (hexutil.Uint64, error) {
	if at != nil && a.b.Gateway != nil {
		if n, ok := at.Number(); ok && n == rpc.PendingBlockNumber {
			nonce, err := a.b.Gateway.PendingNonce(gateway.Sender(common.BytesToHash(who[:])))
			return hexutil.Uint64(nonce), err
		}
	}
	return read(a.b, at, func(st *state.StateDB) hexutil.Uint64 { return hexutil.Uint64(st.GetNonce(who)) })
}

// slotKey reads a storage slot: a number, or 32 bytes, in hexadecimal.
func slotKey(slot string) (common.Hash, error) {
	digits := slot
	if len(digits) >= 2 && (digits[:2] == "0x" || digits[:2] == "0X") {
		digits = digits[2:]
	}
	if len(digits) == 0 || len(digits) > 2*common.HashLength {
		return common.Hash{}, invalid("storage slot %.80q: want 1 to 64 hexadecimal digits", slot)
	}
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	key, err := hexutil.Decode("0x" + digits)
	if err != nil {
		return common.Hash{}, invalid("storage slot %.80q: %v", slot, err)
	}
	return common.BytesToHash(key), nil
}
