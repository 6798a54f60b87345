package store

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// The layout of the database: one byte says what a key is, heights are eight bytes big endian.
//
//	m "name"        -> what there is one of: see the names below
//	H height        -> header
//	B height        -> where the block stands in the segments: first height of the file(8) offset(8) length(4)
//	C height        -> certificate
//	O height        -> hash of the operators that follow: only where a header changes them
//	x id            -> height(8) position(4)            kept for ever
//	n path          -> node of the ledger's trie       the newest state only
//	a key           -> ledger record, RLP               the same records, flat: what rules read; the trie is for the root and for proofs
//	d height        -> digest of the spent pairs        the last window heights
//	s height        -> the spent pairs, sorted          the last window heights
//	f height        -> ledger.Fees, RLP                 the last FeeHistory heights
//	r epoch(8)      -> namespaces.Lifetimes, RLP        the last RewardsHistory epochs
//	e height pos(4) -> the transaction's failed actions, RLP of []Failed     as long as the block
//	c name          -> height(8): a reader's cursor
//	o hash          -> operator set, RLP                kept for ever: headers name sets by their hashes
//	j id            -> encoded transaction: the journal of acknowledged ones
const (
	prefixMeta        = 'm'
	prefixHeader      = 'H'
	prefixPlace       = 'B'
	prefixCertificate = 'C'
	prefixChange      = 'O'
	prefixTx          = 'x'
	prefixNode        = 'n'
	prefixRecord      = 'a'
	prefixDigest      = 'd'
	prefixSpent       = 's'
	prefixFees        = 'f'
	prefixRewards     = 'r'
	prefixFailed      = 'e'
	prefixCursor      = 'c'
	prefixSet         = 'o'
	prefixJournal     = 'j'
)

const (
	metaGenesis   = "genesis"   // format version(1) genesis hash(32)
	metaHead      = "head"      // rlp of headRecord
	metaFloor     = "floor"     // height(8)
	metaCertified = "certified" // height(8)
)

// formatVersion is the version of the layout above.
const formatVersion = 6

func key(prefix byte, rest ...byte) []byte { return append([]byte{prefix}, rest...) }

func metaKey(name string) []byte { return append([]byte{prefixMeta}, name...) }

func cursorKey(name string) []byte { return append([]byte{prefixCursor}, name...) }

func heightKey(prefix byte, height uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{prefix}, height)
}

func recordKey(k state.Key) []byte { return append([]byte{prefixRecord}, k...) }

func encodeHeight(height uint64) []byte { return binary.BigEndian.AppendUint64(nil, height) }

func decodeHeight(raw []byte) (uint64, error) {
	if len(raw) != 8 {
		return 0, fmt.Errorf("decode height: %d bytes", len(raw))
	}
	return binary.BigEndian.Uint64(raw), nil
}

func (l Location) encode() []byte {
	return binary.BigEndian.AppendUint32(encodeHeight(l.Height), l.Position)
}

func decodeLocation(raw []byte) (Location, error) {
	if len(raw) != 12 {
		return Location{}, fmt.Errorf("decode location: %d bytes", len(raw))
	}
	return Location{binary.BigEndian.Uint64(raw), binary.BigEndian.Uint32(raw[8:])}, nil
}

// get copies the value of a key; ErrNotFound if there is none.
func (s *Store) get(k []byte) ([]byte, error) {
	var out []byte
	err := s.read(k, func(v []byte) error {
		out = append(make([]byte, 0, len(v)), v...)
		return nil
	})
	return out, err
}

// read shows the value of a key to use, which must not keep it; ErrNotFound if there is none.
func (s *Store) read(k []byte, use func([]byte) error) error {
	v, closer, err := s.db.Get(k)
	if errors.Is(err, pebble.ErrNotFound) {
		return ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("read store: %w", err)
	}
	return errors.Join(use(v), closer.Close())
}

// height reads a meta height; otherwise if it was never written.
func (s *Store) height(name string, otherwise uint64) (uint64, error) {
	raw, err := s.get(metaKey(name))
	if errors.Is(err, ErrNotFound) {
		return otherwise, nil
	}
	if err != nil {
		return 0, err
	}
	return decodeHeight(raw)
}

// headRecord is the RLP form of where the head stands; spent digests have keys of their own.
type headRecord struct {
	Height          uint64
	Hash            common.Hash
	StateRoot       common.Hash
	DAHead          uint64
	PublishedHeight uint64
}
