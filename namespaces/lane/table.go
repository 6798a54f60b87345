package lane

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/celestiaorg/go-square/v3/share"
	"github.com/celestiaorg/nmt"
	"github.com/celestiaorg/nmt/namespace"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces"
)

// subtreeRootThreshold is Celestia's own: with another a share commitment would not be the one that Celestia proves.
const subtreeRootThreshold = 64

// MaxLanes bounds the lanes of one block, the ledger's included: what a header's followers must take for each block.
const MaxLanes = 4096

// RootSize is the length of a data root in bytes: an nmt root, min namespace | max namespace | sha256.
const RootSize = 2*share.NamespaceSize + sha256.Size

// ErrNotProven says that a proof does not show what it should about a lane.
var ErrNotProven = errors.New("lane is not proven by the data root")

// Root is the root of a [Table]: what a header commits to.
type Root [RootSize]byte

// Leaf is one line of the lane table (specs/04-lanes.md, "Lane table"). In the tree it is
//
//	leaf = namespace(29) | length (4, big endian) | share commitment(32)
type Leaf struct {
	Namespace  namespaces.Namespace
	Length     uint32      // bytes of the lane's data
	Commitment common.Hash // go-square's share commitment of the lane's blob: the one that Celestia proves
}

const leafDataSize = 4 + common.HashLength

// LeafOf computes the leaf of a lane's data.
func LeafOf(ns namespaces.Namespace, data []byte) (Leaf, error) {
	if len(data) == 0 || len(data) > MaxSize {
		return Leaf{}, fmt.Errorf("lane of %d bytes, want 1 to %d", len(data), MaxSize)
	}
	if _, err := share.NewV0Blob(ns.Share(), data); err != nil { // whether it may be a blob at all
		return Leaf{}, fmt.Errorf("lane blob: %w", err)
	}
	return Leaf{Namespace: ns, Length: uint32(len(data)), Commitment: commitment(ns, data)}, nil
}

// Matches says whether data is the lane that the leaf names.
func (l Leaf) Matches(data []byte) bool {
	if uint64(len(data)) != uint64(l.Length) {
		return false
	}
	m, err := LeafOf(l.Namespace, data)
	return err == nil && m == l
}

func (l Leaf) data() []byte {
	return append(binary.BigEndian.AppendUint32(make([]byte, 0, leafDataSize), l.Length), l.Commitment[:]...)
}

func (l Leaf) prefixed() []byte {
	return append(append(make([]byte, 0, share.NamespaceSize+leafDataSize), l.Namespace.Share().Bytes()...), l.data()...)
}

// Table is the list of a block's non-empty lanes, in an nmt tree with one leaf each, ascending by namespace.
type Table struct {
	leaves []Leaf
	root   Root
}

// NewTable builds the table; leaves must ascend strictly by namespace.
func NewTable(leaves []Leaf) (Table, error) {
	if len(leaves) > MaxLanes {
		return Table{}, fmt.Errorf("lane table: %d lanes, at most %d", len(leaves), MaxLanes)
	}
	for i := 1; i < len(leaves); i++ {
		if leaves[i-1].Namespace.Compare(leaves[i].Namespace) >= 0 {
			return Table{}, fmt.Errorf("lane table: lane %d is not above the one before it", i)
		}
	}
	tree, err := newTree(leaves)
	if err != nil {
		return Table{}, err
	}
	root, err := tree.Root()
	if err != nil {
		return Table{}, fmt.Errorf("lane table: %w", err)
	}
	return Table{leaves: leaves, root: Root(root)}, nil
}

// Leaves lists the lanes. The caller must not change them.
func (t Table) Leaves() []Leaf { return t.leaves }

// Root is what the header commits to.
func (t Table) Root() Root { return t.root }

// Leaf returns the leaf of a namespace, if it has a lane in this block.
func (t Table) Leaf(ns namespaces.Namespace) (Leaf, bool) {
	for _, l := range t.leaves {
		if l.Namespace == ns {
			return l, true
		}
	}
	return Leaf{}, false
}

// Proof shows the leaf of a namespace under a data root, or that it has none. RLP: [start, end, [node...], leaf_hash], in nmt's terms.
type Proof struct {
	Start    uint64   `json:"start"`
	End      uint64   `json:"end"`
	Nodes    [][]byte `json:"nodes"`
	LeafHash []byte   `json:"leafHash"`
}

// maxProofNodes bounds a proof: both sides of a path in a tree of MaxLanes leaves.
const maxProofNodes = 2 * 13

// DecodeRLP implements [rlp.Decoder]: it stops at the bound on nodes, because a list of empty ones takes 24 times its encoding in memory.
func (p *Proof) DecodeRLP(s *rlp.Stream) error {
	if _, err := s.List(); err != nil {
		return err
	}
	out := Proof{Nodes: [][]byte{}}
	var err error
	if out.Start, err = s.Uint64(); err != nil {
		return err
	}
	if out.End, err = s.Uint64(); err != nil {
		return err
	}
	if _, err = s.List(); err != nil {
		return err
	}
	for s.MoreDataInList() {
		if len(out.Nodes) == maxProofNodes {
			return fmt.Errorf("lane proof of more than %d nodes", maxProofNodes)
		}
		node, err := s.Bytes()
		if err != nil {
			return err
		}
		out.Nodes = append(out.Nodes, node)
	}
	if err = s.ListEnd(); err != nil {
		return err
	}
	if out.LeafHash, err = s.Bytes(); err != nil {
		return err
	}
	*p = out
	return s.ListEnd()
}

// Prove returns the proof about a namespace: of its one leaf, or of its absence.
func (t Table) Prove(ns namespaces.Namespace) (Proof, error) {
	tree, err := newTree(t.leaves)
	if err != nil {
		return Proof{}, err
	}
	p, err := tree.ProveNamespace(ns.Share().Bytes())
	if err != nil {
		return Proof{}, fmt.Errorf("prove namespace %s: %w", ns, err)
	}
	return Proof{Start: uint64(p.Start()), End: uint64(p.End()), Nodes: p.Nodes(), LeafHash: p.LeafHash()}, nil
}

// VerifyPresent checks that the lane's data is all that the block behind root holds under ns, in order. The error wraps [ErrNotProven].
func (p Proof) VerifyPresent(root Root, ns namespaces.Namespace, data []byte) error {
	if len(p.LeafHash) > 0 || p.End != p.Start+1 { // nmt passes over the leaves shown with a proof of absence
		return fmt.Errorf("lane %s: proof of no single leaf: %w", ns, ErrNotProven)
	}
	leaf, err := LeafOf(ns, data)
	if err != nil {
		return fmt.Errorf("lane %s: %w: %w", ns, ErrNotProven, err)
	}
	return p.verify(root, ns, [][]byte{leaf.prefixed()})
}

// VerifyAbsent checks that the block behind root has no lane under ns. The error wraps [ErrNotProven].
func (p Proof) VerifyAbsent(root Root, ns namespaces.Namespace) error {
	if len(p.LeafHash) == 0 && p.Start != p.End {
		return fmt.Errorf("lane %s: proof of presence: %w", ns, ErrNotProven)
	}
	return p.verify(root, ns, [][]byte{})
}

func (p Proof) verify(root Root, ns namespaces.Namespace, leaves [][]byte) error {
	if p.End > MaxLanes || p.Start > p.End || len(p.Nodes) > maxProofNodes {
		return fmt.Errorf("lane %s: proof out of bounds: %w", ns, ErrNotProven)
	}
	var proof nmt.Proof
	if len(p.LeafHash) > 0 {
		proof = nmt.NewAbsenceProof(int(p.Start), int(p.End), p.Nodes, p.LeafHash, true)
	} else {
		proof = nmt.NewInclusionProof(int(p.Start), int(p.End), p.Nodes, true)
	}
	if !proof.VerifyNamespace(sha256.New(), namespace.ID(ns.Share().Bytes()), leaves, root[:]) {
		return fmt.Errorf("lane %s: %w", ns, ErrNotProven)
	}
	return nil
}

func newTree(leaves []Leaf) (*nmt.NamespacedMerkleTree, error) {
	tree := nmt.New(sha256.New(), nmt.NamespaceIDSize(share.NamespaceSize), nmt.IgnoreMaxNamespace(true), nmt.InitialCapacity(len(leaves)))
	for _, l := range leaves {
		if err := tree.Push(l.prefixed()); err != nil {
			return nil, fmt.Errorf("lane table: %w", err)
		}
	}
	return tree, nil
}

// merkleRoot is RFC 6962's tree hash with sha256, as Celestia uses it over subtree roots.
func merkleRoot(leaves [][]byte) []byte {
	switch len(leaves) {
	case 0:
		h := sha256.Sum256(nil)
		return h[:]
	case 1:
		h := sha256.Sum256(append([]byte{0}, leaves[0]...))
		return h[:]
	}
	k := 1
	for k<<1 < len(leaves) {
		k <<= 1
	}
	h := sha256.New()
	h.Write([]byte{1})
	h.Write(merkleRoot(leaves[:k]))
	h.Write(merkleRoot(leaves[k:]))
	return h.Sum(nil)
}
