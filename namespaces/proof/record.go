package proof

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/ethdb/memorydb"
	"github.com/ethereum/go-ethereum/trie"

	"github.com/lockstep-network/lockstep/namespaces/block"
)

// Bounds of records in a document.
const (
	MaxRecords   = 64
	maxRecordKey = 64 // bytes: a kind and an id
	maxTrieNodes = 65 // of one record: a path has 64 nibbles
)

// Record shows a record of the ledger under the ledger root of a header, or, without Value, that there is none (specs/05-ledger.md, "Root").
type Record struct {
	Height    uint64          `json:"height"` // of the header; the record is that after the height before
	Key       hexutil.Bytes   `json:"key"`    // kind and id
	Value     hexutil.Bytes   `json:"value,omitempty"`
	StateRoot common.Hash     `json:"stateRoot"`
	SpentRoot common.Hash     `json:"spentRoot"`
	Nodes     []hexutil.Bytes `json:"nodes"` // of the trie, from the root down: Ethereum's own form
}

// RecordFact is a record as it stands after a height; no Value if there is none.
type RecordFact struct {
	Height uint64        `json:"height"` // the ledger after this one
	Key    hexutil.Bytes `json:"key"`
	Value  hexutil.Bytes `json:"value,omitempty"`
}

// AddRecord appends a record of the ledger under the header of a height.
func (d *Document) AddRecord(height uint64, key, value []byte, stateRoot, spentRoot common.Hash, nodes [][]byte) {
	r := Record{Height: height, Key: key, Value: value, StateRoot: stateRoot, SpentRoot: spentRoot}
	for _, n := range nodes {
		r.Nodes = append(r.Nodes, n)
	}
	d.Records = append(d.Records, r)
}

func (v *verifier) record(r Record) error {
	h, ok := v.headers[r.Height]
	if !ok {
		return fmt.Errorf("no certified header of height %d is shown", r.Height)
	}
	value, err := r.verify(h.Header)
	if err != nil {
		return fmt.Errorf("height %d: %w", r.Height, err)
	}
	if string(value) != string(r.Value) {
		return fmt.Errorf("height %d: record %s is %x, the document says %s", r.Height, r.Key, value, r.Value)
	}
	v.facts.Records = append(v.facts.Records, RecordFact{Height: r.Height - 1, Key: r.Key, Value: r.Value})
	return nil
}

// verify returns the value that the nodes show under the header's ledger root; nil if they show that there is none.
func (r Record) verify(h block.Header) ([]byte, error) {
	if root := block.LedgerRoot(r.StateRoot, r.SpentRoot, h.DAHead, h.PublishedHeight); root != h.LedgerRoot {
		return nil, fmt.Errorf("the roots shown give ledger root %s, the header has %s", root, h.LedgerRoot)
	}
	nodes := make([][]byte, len(r.Nodes))
	for i := range r.Nodes {
		nodes[i] = r.Nodes[i]
	}
	return VerifyRecord(r.StateRoot, r.Key, nodes)
}

// VerifyRecord returns the value that the nodes of a trie of records show under the key; nil if they show that there is none. An error means that
// they show nothing.
func VerifyRecord(stateRoot common.Hash, key []byte, nodes [][]byte) ([]byte, error) {
	if stateRoot == types.EmptyRootHash && len(nodes) == 0 {
		return nil, nil
	}
	db := memorydb.New()
	for _, n := range nodes {
		if err := db.Put(crypto.Keccak256(n), n); err != nil {
			return nil, fmt.Errorf("verify record %x: %w", key, err)
		}
	}
	value, err := trie.VerifyProof(stateRoot, crypto.Keccak256(key), db)
	if err != nil {
		return nil, fmt.Errorf("verify record %x: %w", key, err)
	}
	return value, nil
}

func (r Record) validate() error {
	switch {
	case len(r.Key) == 0 || len(r.Key) > maxRecordKey:
		return fmt.Errorf("a record's key has %d bytes, want 1 to %d", len(r.Key), maxRecordKey)
	case len(r.Nodes) > maxTrieNodes:
		return fmt.Errorf("%d nodes for one record, at most %d", len(r.Nodes), maxTrieNodes)
	}
	return nil
}
