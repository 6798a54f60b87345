package evm

import (
	"encoding/binary"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/lockstep-network/lockstep/rollups"
)

// extraBytes is the length of a header's extraData: the shared height, big endian; a fallback block's is twice as long, with its DA height.
const extraBytes = 8

// header returns a header with every field that does not depend on execution set by the
// rules of the package documentation. The roots, bloom and gas used are still missing.
func (g Genesis) header(parent common.Hash, number, height, fallback, timestamp uint64, mix common.Hash) *types.Header {
	extra := binary.BigEndian.AppendUint64(make([]byte, 0, 2*extraBytes), height)
	if fallback > 0 {
		extra = binary.BigEndian.AppendUint64(extra, fallback)
	}
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
		Extra:            extra,
		MixDigest:        mix,
		BaseFee:          new(big.Int).SetUint64(g.BaseFee),
		BlobGasUsed:      new(uint64),
		ExcessBlobGas:    new(uint64),
		ParentBeaconRoot: &beacon,
		RequestsHash:     &requests,
	}
}

// nextHeader applies the header rules to a parent and an input.
func (g Genesis) nextHeader(parent *types.Header, in rollups.Input) *types.Header {
	timestamp := max(parent.Time, in.TimeMS/1000)
	return g.header(parent.Hash(), parent.Number.Uint64()+1, in.Height, in.Fallback, timestamp, in.Hash)
}

// SharedHeight reads the shared height that a rollup header was derived from, 0 for the
// genesis.
func SharedHeight(header *types.Header) uint64 {
	if len(header.Extra) != extraBytes && len(header.Extra) != 2*extraBytes {
		return 0
	}
	return binary.BigEndian.Uint64(header.Extra)
}

// Fallback reads the DA height of a fallback block, 0 of any other.
func Fallback(header *types.Header) uint64 {
	if len(header.Extra) != 2*extraBytes {
		return 0
	}
	return binary.BigEndian.Uint64(header.Extra[extraBytes:])
}

// emptyBody is a body with the given transactions and, as Shanghai wants, an empty but
// present list of withdrawals.
func emptyBody(txs types.Transactions) *types.Body {
	return &types.Body{Transactions: txs, Withdrawals: types.Withdrawals{}}
}
