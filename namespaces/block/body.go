package block

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// MaxBodySize bounds an encoded body in bytes, whatever parameters say: above it the square that Celestia lays out quadruples.
const MaxBodySize = 7 << 20

// maxBatches bounds the batches of a body. Today the proposer's one batch stands inline; the list is what leaves room for more authors.
const maxBatches = 64

// Body is what a shared block holds, before it is ordered (specs/01-formats.md, "Body"). RLP:
//
//	body  = [version, system, [batch...]]
//	batch = [author, [tx...]]
type Body struct {
	System  System
	Batches []Batch
}

// Batch is the transactions that one operator brings.
type Batch struct {
	Author common.Address
	Txs    []*tx.Tx
}

type bodyWire struct {
	Version uint64
	System  System
	Batches []batchWire
}

type batchWire struct {
	Author common.Address
	Txs    []rlp.RawValue
}

// Encode returns the canonical RLP.
func (b Body) Encode() []byte {
	w := bodyWire{Version: Version, System: b.System, Batches: make([]batchWire, len(b.Batches))}
	for i, batch := range b.Batches {
		w.Batches[i] = batchWire{Author: batch.Author, Txs: make([]rlp.RawValue, len(batch.Txs))}
		for k, t := range batch.Txs {
			w.Batches[i].Txs[k] = t.Raw()
		}
	}
	raw, err := rlp.EncodeToBytes(&w)
	if err != nil {
		panic(fmt.Sprintf("encode body: %v", err)) // addresses and ready encodings always encode
	}
	return raw
}

// DecodeBody reads a body from its encoding; its transactions are well formed, not verified. It keeps raw, which the caller must not change.
// decode is how one transaction is read: [tx.Decode], or a cache before it.
func DecodeBody(raw []byte, decode func([]byte) (*tx.Tx, error)) (Body, error) {
	if len(raw) > MaxBodySize {
		return Body{}, fmt.Errorf("decode body: %d bytes, at most %d", len(raw), MaxBodySize)
	}
	content, rest, err := rlp.SplitList(raw)
	if err != nil || len(rest) > 0 {
		return Body{}, errors.New("decode body: not one RLP list")
	}
	version, content, err := rlp.SplitUint64(content)
	if err != nil || version != Version {
		return Body{}, fmt.Errorf("decode body: version %d, want %d", version, Version)
	}
	_, _, rest, err = rlp.Split(content)
	if err != nil {
		return Body{}, fmt.Errorf("decode body: system section: %w", err)
	}
	var body Body
	if body.System, err = DecodeSystem(content[:len(content)-len(rest)]); err != nil {
		return Body{}, fmt.Errorf("decode body: %w", err)
	}
	batches, rest, err := rlp.SplitList(rest)
	if err != nil || len(rest) > 0 {
		return Body{}, errors.New("decode body: want one list of batches")
	}
	for len(batches) > 0 {
		if len(body.Batches) == maxBatches {
			return Body{}, fmt.Errorf("decode body: more than %d batches", maxBatches)
		}
		var batch Batch
		if batch, batches, err = decodeBatch(batches, decode); err != nil {
			return Body{}, fmt.Errorf("decode body: batch %d: %w", len(body.Batches), err)
		}
		body.Batches = append(body.Batches, batch)
	}
	return body, nil
}

func decodeBatch(in []byte, decode func([]byte) (*tx.Tx, error)) (batch Batch, rest []byte, err error) {
	item, rest, err := rlp.SplitList(in)
	if err != nil {
		return Batch{}, nil, err
	}
	author, item, err := rlp.SplitString(item)
	if err != nil || len(author) != common.AddressLength {
		return Batch{}, nil, errors.New("author is not an address")
	}
	batch.Author = common.BytesToAddress(author)
	txs, item, err := rlp.SplitList(item)
	if err != nil || len(item) > 0 {
		return Batch{}, nil, errors.New("want an author and one list of transactions")
	}
	for len(txs) > 0 {
		_, _, after, err := rlp.Split(txs)
		if err != nil {
			return Batch{}, nil, err
		}
		t, err := decode(txs[:len(txs)-len(after)])
		if err != nil {
			return Batch{}, nil, fmt.Errorf("transaction %d: %w", len(batch.Txs), err)
		}
		batch.Txs, txs = append(batch.Txs, t), after
	}
	return batch, rest, nil
}

// Rule is how a namespace's own transactions are ordered within a block.
type Rule string

// The rules of order. Both apply to transactions of one namespace; those that span namespaces come first, by tip.
const (
	ByTip      Rule = "tip"      // tip descending, ties by id
	ByProposer Rule = "proposer" // as the batches list them: first come, first served if the proposer is honest, and nothing says it is
)

// Order returns the transactions of the body in shared order (specs/03-certificates.md, "Order"): those that span namespaces by tip and id; then
// namespace by namespace, ascending, each by its own rule. It is a pure function of the body and the rules.
func Order(b Body, rule func(namespaces.Namespace) Rule) []*tx.Tx {
	var spanning, own []*tx.Tx
	for _, batch := range b.Batches {
		for _, t := range batch.Txs {
			if t.Spans() {
				spanning = append(spanning, t)
			} else {
				own = append(own, t)
			}
		}
	}
	slices.SortStableFunc(spanning, byTip)
	slices.SortStableFunc(own, func(a, b *tx.Tx) int {
		if c := a.Namespace().Compare(b.Namespace()); c != 0 {
			return c
		}
		if rule(a.Namespace()) == ByTip {
			return byTip(a, b)
		}
		return 0
	})
	return append(spanning, own...)
}

func byTip(a, b *tx.Tx) int {
	if c := cmp.Compare(b.Tip(), a.Tip()); c != 0 {
		return c
	}
	ia, ib := a.ID(), b.ID()
	return bytes.Compare(ia[:], ib[:])
}
