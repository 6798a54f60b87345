package contracts

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces"
)

// BatchVersion is the only version of a committed batch that this code understands.
const BatchVersion = 1

// MaxPlaces bounds the places of one commitment: the contract's MAX_PLACES.
const MaxPlaces = 64

// MaxItem bounds an item of the forced way in, in bytes: the contract's MAX_ITEM.
const MaxItem = 65536

// Kind says where the data of a committed run stands.
type Kind uint8

// The kinds of places.
const (
	KindNone     Kind = 0 // nothing is said
	KindBlobs    Kind = 1 // the blobs of the very transaction that commits: the contract reads their hashes
	KindCelestia Kind = 2 // Celestia height and share commitment
	KindEthereum Kind = 3 // block number of this L1 and versioned hash, or keccak256 of the container in calldata
)

// Place is where a part of the data stands on a DA layer. Of a blob of the committing transaction the height is 0.
type Place struct {
	Height uint64
	Hash   common.Hash
}

// Committed is what stands on L1 for a run of headers (specs/11-l1.md, "Batch"):
//
//	batch = version(1) | first(8) | last(8) | header_hash(32) | root(32) | kind(1) | place...
//	place = versioned hash(32)                kind 1
//	      | height(8) | hash(32)              kinds 2 and 3
//
// HeaderHash is certified; root and places are the word of whoever committed.
type Committed struct {
	First, Last uint64
	HeaderHash  common.Hash // of the header at Last
	Root        common.Hash // over the hashes of the headers First to Last
	Kind        Kind
	Places      []Place
}

const committedSize = 1 + 8 + 8 + 32 + 32 + 1

// HeadersRoot is the root over hashes of consecutive headers, at least one, ascending.
func HeadersRoot(hashes []common.Hash) common.Hash { return namespaces.NewList(hashes).Root() }

// Encode returns the batch's one encoding.
func (c Committed) Encode() []byte {
	raw := make([]byte, 0, committedSize+40*len(c.Places))
	raw = append(raw, BatchVersion)
	raw = binary.BigEndian.AppendUint64(raw, c.First)
	raw = binary.BigEndian.AppendUint64(raw, c.Last)
	raw = append(raw, c.HeaderHash[:]...)
	raw = append(raw, c.Root[:]...)
	raw = append(raw, byte(c.Kind))
	return append(raw, c.places()...)
}

func (c Committed) places() []byte {
	var raw []byte
	for _, p := range c.Places {
		if c.Kind != KindBlobs {
			raw = binary.BigEndian.AppendUint64(raw, p.Height)
		}
		raw = append(raw, p.Hash[:]...)
	}
	return raw
}

// Hash is keccak256 of the encoding: the batch hash.
func (c Committed) Hash() common.Hash { return crypto.Keccak256Hash(c.Encode()) }

// Batch is the argument of submit: of kind [KindBlobs] without places, which the contract reads from the transaction.
func (c Committed) Batch() Batch {
	b := Batch{First: c.First, Root: c.Root, Kind: uint8(c.Kind)}
	if c.Kind != KindBlobs {
		b.Places = c.places()
	}
	return b
}

// DecodeCommitted reads what [Committed.Encode] writes, for instance from the Certified event.
func DecodeCommitted(raw []byte) (Committed, error) {
	if len(raw) < committedSize || len(raw) > committedSize+40*MaxPlaces {
		return Committed{}, fmt.Errorf("decode committed batch: %d bytes", len(raw))
	}
	if raw[0] != BatchVersion {
		return Committed{}, fmt.Errorf("decode committed batch: version %d, want %d", raw[0], BatchVersion)
	}
	c := Committed{
		First: binary.BigEndian.Uint64(raw[1:]), Last: binary.BigEndian.Uint64(raw[9:]),
		HeaderHash: common.Hash(raw[17:49]), Root: common.Hash(raw[49:81]), Kind: Kind(raw[81]),
	}
	if c.First == 0 || c.First > c.Last {
		return Committed{}, fmt.Errorf("decode committed batch: heights %d to %d", c.First, c.Last)
	}
	rest := raw[committedSize:]
	size := 40
	switch c.Kind {
	case KindNone:
		size = len(rest) + 1
	case KindBlobs:
		size = 32
	case KindCelestia, KindEthereum:
	default:
		return Committed{}, fmt.Errorf("decode committed batch: kind %d", c.Kind)
	}
	if len(rest)%size != 0 || (len(rest) == 0) != (c.Kind == KindNone) {
		return Committed{}, errors.New("decode committed batch: places do not fit their kind")
	}
	for ; len(rest) > 0; rest = rest[size:] {
		p := Place{Hash: common.Hash(rest[size-32 : size])}
		if size == 40 {
			p.Height = binary.BigEndian.Uint64(rest)
		}
		c.Places = append(c.Places, p)
	}
	return c, nil
}

// Record is what the contract keeps of a header and its batch (zero for one that settling recorded).
func Record(headerHash, batchHash common.Hash) common.Hash {
	return crypto.Keccak256Hash(headerHash[:], batchHash[:])
}
