package namespaces

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
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
type Tree struct {
	values []common.Hash
	leaves Leaves
}

// NewTree takes the values in strictly ascending order; it fails on any other.
func NewTree(values []common.Hash) (Tree, error) {
	for i := 1; i < len(values); i++ {
		if values[i-1].Cmp(values[i]) >= 0 {
			return Tree{}, fmt.Errorf("sorted tree: value %d is not above the one before it", i)
		}
	}
	return newTree(values), nil
}

func newTree(values []common.Hash) Tree {
	leaves := make(Leaves, len(values))
	for i, v := range values {
		leaves[i] = hashLeaf(v)
	}
	return Tree{values, leaves}
}

// List is the same tree over values in their own order: it shows that a value stands at an index (specs/11-l1.md, "Batch").
type List struct{ tree Tree }

// NewList takes the values in any order.
func NewList(values []common.Hash) List { return List{newTree(values)} }

// Root returns the root of the list.
func (l List) Root() common.Hash { return l.tree.Root() }

// Path returns the way from the value at an index, which must be below the count, to the root.
func (l List) Path(index int) Path { return l.tree.path(index) }

// Root returns the root of the tree.
func (t Tree) Root() common.Hash { return t.leaves.Root() }

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

func (t Tree) path(i int) Path {
	return Path{Index: uint64(i), Value: t.values[i], Siblings: t.leaves.Siblings(i)}
}

// top climbs from the leaf to the top of a tree of count leaves.
func (p Path) top(count uint64) (common.Hash, error) {
	return climb(count, p.Index, hashLeaf(p.Value), p.Siblings)
}

// Leaves are the hashes of a tree's leaves, in its order: the same tree over leaves of any form. A leaf is hashed with 0x00 before it.
type Leaves []common.Hash

// Root returns the root of the tree.
func (l Leaves) Root() common.Hash { return sealRoot(uint64(len(l)), l.top()) }

// top computes the hash of all leaves; zero for none.
func (l Leaves) top() common.Hash {
	switch len(l) {
	case 0:
		return common.Hash{}
	case 1:
		return l[0]
	}
	mid := split(uint64(len(l)))
	return hashInner(l[:mid].top(), l[mid:].top())
}

// Siblings returns what lies beside the way from a leaf to the root, from the leaf upwards.
func (l Leaves) Siblings(i int) []common.Hash {
	out := []common.Hash{}
	for len(l) > 1 {
		mid := int(split(uint64(len(l))))
		if i < mid {
			out, l = append(out, l[mid:].top()), l[:mid]
		} else {
			out, l, i = append(out, l[:mid].top()), l[mid:], i-mid
		}
	}
	slices.Reverse(out)
	return out
}

// RootOf returns the root of the tree of count leaves in which the leaf's hash stands at the index, with these siblings from it upwards. The error
// wraps [ErrProof].
func RootOf(count, index uint64, leaf common.Hash, siblings []common.Hash) (common.Hash, error) {
	top, err := climb(count, index, leaf, siblings)
	if err != nil {
		return common.Hash{}, err
	}
	return sealRoot(count, top), nil
}

// climb is the way from a leaf to the top of a tree of count leaves. Siblings are listed from the leaf upwards.
func climb(count, index uint64, leaf common.Hash, siblings []common.Hash) (common.Hash, error) {
	if index >= count || len(siblings) > maxTreeDepth {
		return common.Hash{}, fmt.Errorf("path of leaf %d among %d with %d siblings: %w", index, count, len(siblings), ErrProof)
	}
	var right []bool // from the top down: does the way lead right?
	i, n := index, count
	for n > 1 {
		mid := split(n)
		if i < mid {
			right, n = append(right, false), mid
		} else {
			right, i, n = append(right, true), i-mid, n-mid
		}
	}
	if len(right) != len(siblings) {
		return common.Hash{}, fmt.Errorf("path of leaf %d among %d: want %d siblings, have %d: %w", index, count, len(right), len(siblings), ErrProof)
	}
	h := leaf
	for k, s := range siblings {
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
