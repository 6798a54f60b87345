package evm

import (
	"encoding/binary"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
)

// extraBytes is the length of a header's extraData: the shared height, big endian.
const extraBytes = 8

// header returns a header with every field that does not depend on execution set by the
// rules of the package documentation. The roots, bloom and gas used are still missing.
func (g Genesis) header(parent common.Hash, number, height, timestamp uint64, mix common.Hash) *types.Header {
	requests := types.EmptyRequestsHash
	beacon := mix
	return &types.Header{
		ParentHash:       parent,
		UncleHash:        types.EmptyUncleHash,
		Coinbase:         g.Coinbase,
		Difficulty:       new(big.Int),
		Number:           new(big.Int).SetUint64(number),
		GasLimit:         g.GasLimit,
		Time:             timestamp,
		Extra:            binary.BigEndian.AppendUint64(make([]byte, 0, extraBytes), height),
		MixDigest:        mix,
		BaseFee:          new(big.Int).SetUint64(g.BaseFee),
		BlobGasUsed:      new(uint64),
		ExcessBlobGas:    new(uint64),
		ParentBeaconRoot: &beacon,
		RequestsHash:     &requests,
	}
}

// nextHeader applies the header rules to a parent and a shared block.
func (g Genesis) nextHeader(parent *types.Header, height uint64, hash common.Hash, timeMS uint64) *types.Header {
	timestamp := max(parent.Time, timeMS/1000)
	return g.header(parent.Hash(), parent.Number.Uint64()+1, height, timestamp, hash)
}

// SharedHeight reads the shared height that a rollup header was derived from, 0 for the
// genesis.
func SharedHeight(header *types.Header) uint64 {
	if len(header.Extra) != extraBytes {
		return 0
	}
	return binary.BigEndian.Uint64(header.Extra)
}

// emptyBody is a body with the given transactions and, as Shanghai wants, an empty but
// present list of withdrawals.
func emptyBody(txs types.Transactions) *types.Body {
	return &types.Body{Transactions: txs, Withdrawals: types.Withdrawals{}}
}
