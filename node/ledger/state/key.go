package state

import (
	"github.com/ethereum/go-ethereum/crypto"
)

// Kind says what a record is. It is the first byte of its key.
type Kind byte

// The kinds of records (specs/05-ledger.md, "Records").
const (
	Account Kind = 1 // id: address(20)
)

// Key names a record: its kind, then its id. The order of keys is the order of their bytes.
type Key string

// NewKey joins a kind and the parts of an id.
func NewKey(kind Kind, id ...[]byte) Key {
	k := []byte{byte(kind)}
	for _, part := range id {
		k = append(k, part...)
	}
	return Key(k)
}

// Kind is the record's kind.
func (k Key) Kind() Kind { return Kind(k[0]) }

// ID is what stands behind the kind.
func (k Key) ID() []byte { return []byte(k[1:]) }

// path is the record's key in the trie.
func (k Key) path() []byte { return crypto.Keccak256([]byte(k)) }
