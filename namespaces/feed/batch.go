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

// EncodeBatch writes encoded transactions as one gossip message: [version, attempt, [tx...]]. Gossip passes equal bytes on only once in a while,
// so an announcement that is made again has another attempt. The caller keeps to MaxBatchSize and MaxBatchTxs.
func EncodeBatch(attempt uint64, txs [][]byte) []byte {
	raws := make([]rlp.RawValue, len(txs))
	for i, t := range txs {
		raws[i] = t
	}
	return encode(&struct {
		Version uint64
		Attempt uint64
		Txs     []rlp.RawValue
	}{Version, attempt, raws})
}

// DecodeBatch splits a gossip message into encoded transactions, which point into raw and are not looked into. The attempt says nothing about them.
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
	if _, content, err = rlp.SplitUint64(content); err != nil {
		return nil, fmt.Errorf("decode batch: attempt: %w", err)
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

// batchOverhead is what a batch's own fields take, in bytes, at most.
const batchOverhead = 24

// EncodeBatches writes encoded transactions as gossip messages within bounds, in order. Each must fit a message by itself.
func EncodeBatches(attempt uint64, txs [][]byte) [][]byte {
	var out [][]byte
	from, size := 0, batchOverhead
	for i, t := range txs {
		if i > from && (size+len(t) > MaxBatchSize || i-from == MaxBatchTxs) {
			out = append(out, EncodeBatch(attempt, txs[from:i]))
			from, size = i, batchOverhead
		}
		size += len(t)
	}
	if from < len(txs) {
		out = append(out, EncodeBatch(attempt, txs[from:]))
	}
	return out
}
