package namespaces

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sort"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

// ErrProof says that a Merkle proof does not lead to the root it claims.
var ErrProof = errors.New("proof does not match the root")

// maxTreeDepth bounds a path: a tree of 2^32 leaves is beyond any block.
const maxTreeDepth = 32

const (
	leafTag  = 0x00
	innerTag = 0x01
	rootTag  = 0x02
)

// Tree is a Merkle tree over a strictly ascending list of hashes (specs/01-formats.md, "Sorted tree"):
//
//	leaf  = keccak256(0x00 | value)
//	inner = keccak256(0x01 | left | right), split at the largest power of two below the count
//	root  = keccak256(0x02 | count (8, big endian) | top)      top of no leaves = 32 zero bytes
//
// The count is under the root, so that two neighbouring leaves prove that nothing lies between them.
type Tree struct{ values []common.Hash }

// NewTree takes the values in strictly ascending order; it fails on any other.
func NewTree(values []common.Hash) (Tree, error) {
	for i := 1; i < len(values); i++ {
		if values[i-1].Cmp(values[i]) >= 0 {
			return Tree{}, fmt.Errorf("sorted tree: value %d is not above the one before it", i)
		}
	}
	return Tree{values}, nil
}

// Root returns the root of the tree.
func (t Tree) Root() common.Hash { return sealRoot(uint64(len(t.values)), t.top(0, len(t.values))) }

// Path is one leaf with the way from it to the root. RLP: [index, value, [sibling...]].
type Path struct {
	Index    uint64        `json:"index"`
	Value    common.Hash   `json:"value"`
	Siblings []common.Hash `json:"siblings"`
}

// Membership proves that a value is in a tree (one path) or is not (its neighbours' paths, at most two, none for an empty tree).
// RLP: [count, [path...]].
type Membership struct {
	Count uint64 `json:"count"`
	Paths []Path `json:"paths"`
}

// Prove returns the proof of v's presence, or of its absence, and which of the two it is.
func (t Tree) Prove(v common.Hash) (proof Membership, present bool) {
	n := len(t.values)
	i := sort.Search(n, func(i int) bool { return t.values[i].Cmp(v) >= 0 })
	proof.Count = uint64(n)
	if i < n && t.values[i] == v {
		proof.Paths = []Path{t.path(i)}
		return proof, true
	}
	if i > 0 {
		proof.Paths = append(proof.Paths, t.path(i-1))
	}
	if i < n {
		proof.Paths = append(proof.Paths, t.path(i))
	}
	return proof, false
}

// Verify checks the proof about v against root and says whether v is present. The error wraps [ErrProof].
func (m Membership) Verify(root, v common.Hash) (present bool, err error) {
	if m.Count == 0 {
		if len(m.Paths) == 0 && sealRoot(0, common.Hash{}) == root {
			return false, nil
		}
		return false, fmt.Errorf("membership in an empty tree: %w", ErrProof)
	}
	for _, p := range m.Paths {
		top, err := p.top(m.Count)
		if err != nil {
			return false, err
		}
		if sealRoot(m.Count, top) != root {
			return false, fmt.Errorf("membership: path of leaf %d: %w", p.Index, ErrProof)
		}
	}
	switch {
	case len(m.Paths) == 1 && m.Paths[0].Value == v:
		return true, nil
	case len(m.Paths) == 1 && m.Paths[0].Index == 0 && v.Cmp(m.Paths[0].Value) < 0:
		return false, nil
	case len(m.Paths) == 1 && m.Paths[0].Index == m.Count-1 && v.Cmp(m.Paths[0].Value) > 0:
		return false, nil
	case len(m.Paths) == 2 && m.Paths[0].Index+1 == m.Paths[1].Index &&
		m.Paths[0].Value.Cmp(v) < 0 && v.Cmp(m.Paths[1].Value) < 0:
		return false, nil
	}
	return false, fmt.Errorf("membership: the leaves shown say nothing about %s: %w", v, ErrProof)
}

// top computes the hash of the leaves [from, to); zero for none.
func (t Tree) top(from, to int) common.Hash {
	switch to - from {
	case 0:
		return common.Hash{}
	case 1:
		return hashLeaf(t.values[from])
	}
	mid := from + int(split(uint64(to-from)))
	return hashInner(t.top(from, mid), t.top(mid, to))
}

func (t Tree) path(i int) Path {
	p := Path{Index: uint64(i), Value: t.values[i], Siblings: []common.Hash{}}
	from, to := 0, len(t.values)
	for to-from > 1 {
		mid := from + int(split(uint64(to-from)))
		if i < mid {
			p.Siblings = append(p.Siblings, t.top(mid, to))
			to = mid
		} else {
			p.Siblings = append(p.Siblings, t.top(from, mid))
			from = mid
		}
	}
	for l, r := 0, len(p.Siblings)-1; l < r; l, r = l+1, r-1 {
		p.Siblings[l], p.Siblings[r] = p.Siblings[r], p.Siblings[l]
	}
	return p
}

// top climbs from the leaf to the top of a tree of count leaves. Siblings are listed from the leaf upwards.
func (p Path) top(count uint64) (common.Hash, error) {
	if p.Index >= count || len(p.Siblings) > maxTreeDepth {
		return common.Hash{}, fmt.Errorf("path of leaf %d among %d with %d siblings: %w", p.Index, count, len(p.Siblings), ErrProof)
	}
	var right []bool // from the top down: does the way lead right?
	i, n := p.Index, count
	for n > 1 {
		mid := split(n)
		if i < mid {
			right, n = append(right, false), mid
		} else {
			right, i, n = append(right, true), i-mid, n-mid
		}
	}
	if len(right) != len(p.Siblings) {
		return common.Hash{}, fmt.Errorf("path of leaf %d among %d: want %d siblings, have %d: %w", p.Index, count, len(right), len(p.Siblings), ErrProof)
	}
	h := hashLeaf(p.Value)
	for k, s := range p.Siblings {
		if right[len(right)-1-k] {
			h = hashInner(s, h)
		} else {
			h = hashInner(h, s)
		}
	}
	return h, nil
}

// split is the largest power of two below n, for n > 1 (RFC 6962, section 2.1).
func split(n uint64) uint64 {
	k := uint64(1)
	for k<<1 < n {
		k <<= 1
	}
	return k
}

func hashLeaf(v common.Hash) common.Hash { return crypto.Keccak256Hash([]byte{leafTag}, v[:]) }

func hashInner(l, r common.Hash) common.Hash {
	return crypto.Keccak256Hash([]byte{innerTag}, l[:], r[:])
}

func sealRoot(count uint64, top common.Hash) common.Hash {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], count)
	return crypto.Keccak256Hash([]byte{rootTag}, n[:], top[:])
}
