package ledger

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// Head is the ledger after a height, but for the records and pairs themselves (specs/05-ledger.md, "Root"). It is a value.
type Head struct {
	Height          uint64        // 0 after genesis
	StateRoot       common.Hash   // of the trie of records
	Digests         []common.Hash // spent digests of the last window heights, ascending, zero for those before height 1; not to be changed
	DAHead          uint64        // of the DA layer, as operators see it
	PublishedHeight uint64        // up to which they read all there
}

// Root is the header's ledger_root: keccak256(rlp([version, state_root, spent_root, da_head, published_height])).
func (h Head) Root() common.Hash {
	return block.LedgerRoot(h.StateRoot, h.SpentRoot(), h.DAHead, h.PublishedHeight)
}

// SpentRoot is the hash over the digests.
func (h Head) SpentRoot() common.Hash {
	hasher := crypto.NewKeccakState()
	for i := range h.Digests {
		hasher.Write(h.Digests[i][:])
	}
	var root common.Hash
	hasher.Read(root[:])
	return root
}

// next is the head one height on.
func (h Head) next(stateRoot, digest common.Hash) Head {
	digests := make([]common.Hash, 0, len(h.Digests))
	digests = append(append(digests, h.Digests[1:]...), digest)
	return Head{h.Height + 1, stateRoot, digests, h.DAHead, h.PublishedHeight}
}

// emptyHead is the head before anything is in the ledger.
func emptyHead(window uint64) Head {
	return Head{StateRoot: state.EmptyRoot(), Digests: make([]common.Hash, window)}
}

// PairSize is the length of an encoded [Pair] in bytes.
const PairSize = common.AddressLength + 8

// Pair is what a transaction spends: payer(20) | salt(8, big endian).
type Pair struct {
	Payer common.Address
	Salt  uint64
}

// Encode returns the fixed-size form.
func (p Pair) Encode() (out [PairSize]byte) {
	copy(out[:], p.Payer[:])
	binary.BigEndian.PutUint64(out[common.AddressLength:], p.Salt)
	return out
}

// DecodePair reads the fixed-size form.
func DecodePair(raw [PairSize]byte) Pair {
	return Pair{common.BytesToAddress(raw[:common.AddressLength]), binary.BigEndian.Uint64(raw[common.AddressLength:])}
}

// Compare orders pairs by payer, then salt: the order of their encodings.
func (p Pair) Compare(q Pair) int {
	if c := bytes.Compare(p.Payer[:], q.Payer[:]); c != 0 {
		return c
	}
	switch {
	case p.Salt < q.Salt:
		return -1
	case p.Salt > q.Salt:
		return 1
	}
	return 0
}

// Digest is keccak256 over the sorted pairs of one height.
func Digest(pairs []Pair) common.Hash {
	sorted := pairs
	if !slices.IsSortedFunc(pairs, Pair.Compare) {
		sorted = slices.Clone(pairs)
		slices.SortFunc(sorted, Pair.Compare)
	}
	buf := make([]byte, 0, len(sorted)*PairSize)
	for _, p := range sorted {
		e := p.Encode()
		buf = append(buf, e[:]...)
	}
	return crypto.Keccak256Hash(buf)
}
