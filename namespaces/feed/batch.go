package feed

import (
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/rlp"
)

// Bounds of a gossiped batch of transactions.
const (
	MaxBatchSize = 1 << 20 // bytes: one gossip message
	MaxBatchTxs  = 8_192   // transactions: what one message may make a node check
)

// EncodeBatch writes encoded transactions as one gossip message: [version, [tx...]]. The caller keeps to MaxBatchSize and MaxBatchTxs.
func EncodeBatch(txs [][]byte) []byte {
	raws := make([]rlp.RawValue, len(txs))
	for i, t := range txs {
		raws[i] = t
	}
	return encode(&struct {
		Version uint64
		Txs     []rlp.RawValue
	}{Version, raws})
}

// DecodeBatch splits a gossip message into encoded transactions, which point into raw and are not looked into.
func DecodeBatch(raw []byte) ([][]byte, error) {
	if len(raw) > MaxBatchSize {
		return nil, fmt.Errorf("decode batch: %d bytes, at most %d", len(raw), MaxBatchSize)
	}
	content, rest, err := rlp.SplitList(raw)
	if err != nil || len(rest) > 0 {
		return nil, errors.New("decode batch: not one RLP list")
	}
	version, content, err := rlp.SplitUint64(content)
	if err != nil || version != Version {
		return nil, fmt.Errorf("decode batch: version %d, want %d", version, Version)
	}
	list, rest, err := rlp.SplitList(content)
	if err != nil || len(rest) > 0 {
		return nil, errors.New("decode batch: want one list of transactions")
	}
	var txs [][]byte
	for len(list) > 0 {
		if len(txs) == MaxBatchTxs {
			return nil, fmt.Errorf("decode batch: more than %d transactions", MaxBatchTxs)
		}
		_, _, after, err := rlp.Split(list)
		if err != nil {
			return nil, fmt.Errorf("decode batch: transaction %d: %w", len(txs), err)
		}
		txs, list = append(txs, list[:len(list)-len(after)]), after
	}
	if len(txs) == 0 {
		return nil, errors.New("decode batch: no transactions")
	}
	return txs, nil
}
