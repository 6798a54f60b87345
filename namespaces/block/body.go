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
// A body of more than most transactions is refused before the first of them is decoded. decode is how one transaction is read: [tx.Decode],
// or a cache before it.
func DecodeBody(raw []byte, most int, decode func([]byte) (*tx.Tx, error)) (Body, error) {
	if len(raw) > MaxBodySize {
		return Body{}, fmt.Errorf("decode body: %d bytes, at most %d", len(raw), MaxBodySize)
	}
	count := 0
	counted := func(int, []byte) error {
		if count++; count > most {
			return fmt.Errorf("more than %d transactions", most)
		}
		return nil
	}
	if _, err := walkBody(raw, func(common.Address) {}, counted); err != nil {
		return Body{}, fmt.Errorf("decode body: %w", err)
	}
	var body Body
	begin := func(author common.Address) { body.Batches = append(body.Batches, Batch{Author: author}) }
	system, err := walkBody(raw, begin, func(i int, item []byte) error {
		t, err := decode(item)
		if err != nil {
			return fmt.Errorf("transaction %d: %w", i, err)
		}
		last := &body.Batches[len(body.Batches)-1]
		last.Txs = append(last.Txs, t)
		return nil
	})
	if err != nil {
		return Body{}, fmt.Errorf("decode body: %w", err)
	}
	if body.System, err = DecodeSystem(system); err != nil {
		return Body{}, fmt.Errorf("decode body: %w", err)
	}
	return body, nil
}

// walkBody takes a body apart, and calls begin for each batch, then visit for each of its transactions with its place in the batch. It returns the
// encoded system section.
func walkBody(raw []byte, begin func(author common.Address), visit func(i int, item []byte) error) (system []byte, err error) {
	content, rest, err := rlp.SplitList(raw)
	if err != nil || len(rest) > 0 {
		return nil, errors.New("not one RLP list")
	}
	version, content, err := rlp.SplitUint64(content)
	if err != nil || version != Version {
		return nil, fmt.Errorf("version %d, want %d", version, Version)
	}
	_, _, rest, err = rlp.Split(content)
	if err != nil {
		return nil, fmt.Errorf("system section: %w", err)
	}
	system = content[:len(content)-len(rest)]
	batches, rest, err := rlp.SplitList(rest)
	if err != nil || len(rest) > 0 {
		return nil, errors.New("want one list of batches")
	}
	for i := 0; len(batches) > 0; i++ {
		if i == maxBatches {
			return nil, fmt.Errorf("more than %d batches", maxBatches)
		}
		if batches, err = walkBatch(batches, begin, visit); err != nil {
			return nil, fmt.Errorf("batch %d: %w", i, err)
		}
	}
	return system, nil
}

func walkBatch(in []byte, begin func(author common.Address), visit func(i int, item []byte) error) (rest []byte, err error) {
	item, rest, err := rlp.SplitList(in)
	if err != nil {
		return nil, err
	}
	author, item, err := rlp.SplitString(item)
	if err != nil || len(author) != common.AddressLength {
		return nil, errors.New("author is not an address")
	}
	txs, item, err := rlp.SplitList(item)
	if err != nil || len(item) > 0 {
		return nil, errors.New("want an author and one list of transactions")
	}
	begin(common.BytesToAddress(author))
	for i := 0; len(txs) > 0; i++ {
		_, _, after, err := rlp.Split(txs)
		if err != nil {
			return nil, err
		}
		if err := visit(i, txs[:len(txs)-len(after)]); err != nil {
			return nil, err
		}
		txs = after
	}
	return rest, nil
}

// Rule is how a namespace's own transactions are ordered within a block.
type Rule string

// The rules of order. Both apply to transactions of one namespace; those that span namespaces come first, by tip.
const (
	ByTip      Rule = "tip"      // tip descending, ties by id
	ByProposer Rule = "proposer" // as the batches list them: first come, first served if the proposer is honest, and nothing says it is
	BySeq      Rule = "seq"      // by the lane_seq of the owner's auth: in an owned lane, whatever its owner has chosen otherwise
)

// AsListed is the rule of a body that stands in shared order already, as a valid one does.
func AsListed(namespaces.Namespace) Rule { return ByProposer }

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
		switch rule(a.Namespace()) {
		case ByTip:
			return byTip(a, b)
		case BySeq:
			return cmp.Compare(seqOf(a), seqOf(b))
		case ByProposer:
		}
		return 0
	})
	return append(spanning, own...)
}

// seqOf is the place that the owner gave to the transaction in its namespace's lane.
func seqOf(t *tx.Tx) uint64 {
	if a := t.AuthOf(t.Namespace()); a != nil {
		return a.LaneSeq
	}
	return 0
}

func byTip(a, b *tx.Tx) int {
	if c := cmp.Compare(b.Tip(), a.Tip()); c != 0 {
		return c
	}
	ia, ib := a.ID(), b.ID()
	return bytes.Compare(ia[:], ib[:])
}
