package state

import (
	"github.com/ethereum/go-ethereum/crypto"
)

// Kind says what a record is. It is the first byte of its key.
type Kind byte

// The kinds of records (specs/05-ledger.md, "Records").
const (
	Account   Kind = 1 // id: address(20)
	Namespace Kind = 2 // id: namespace(10)
	Params    Kind = 3 // id: none
	Tank      Kind = 4 // id: namespace(10)
	OwnedLane Kind = 5 // id: namespace(10)
	Quota     Kind = 6 // id: namespace(10) | payer(20)
	Clock     Kind = 7 // id: none
	Vote      Kind = 8 // id: operator(20)
	Schedule  Kind = 9 // id: none

	// Of package stake (specs/09-operators.md, "Records").
	Operator      Kind = 16 // id: owner(20)
	OperatorIndex Kind = 17 // id: number(8), or none
	Delegation    Kind = 18 // id: owner(20) holder(20)
	Pool          Kind = 19 // id: owner(20) epoch(8)
	Unbonding     Kind = 20 // id: owner(20) epoch(8) holder(20)
	ConsensusKey  Kind = 21 // id: address(20)
	OperatorSet   Kind = 22 // id: operators hash(32)
	Chain         Kind = 23
	Tally         Kind = 24
	Epoch         Kind = 25 // id: number(8), or none
	Reward        Kind = 26 // id: address(20)
	Earner        Kind = 27 // id: number(8), or none
	Attestation   Kind = 28 // id: owner(20)
	Offences      Kind = 29
	Pots          Kind = 30
	Entry         Kind = 31 // id: owner(20) epoch(8)
	NodeOwner     Kind = 32 // id: node key(32)

	// Of the fee rule (specs/10-fees.md).
	Market      Kind = 40 // no id: what all lanes share
	Lane        Kind = 41 // id: namespace(10); prices
	Reservation Kind = 42 // id: namespace(10)
	Book        Kind = 43 // no id: all reservations together
	DAView      Kind = 44 // id: operator(20)

	Unpublished Kind = 45 // no id: how long blocks wait to be published (specs/12-forced.md)
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
