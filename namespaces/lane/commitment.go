package lane

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"

	"github.com/celestiaorg/go-square/v3/inclusion"
	"github.com/celestiaorg/go-square/v3/share"
	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces"
)

// leafSize is what a share's leaf is hashed from: a byte 0, the namespace, and the share, which begins with the namespace again.
const leafSize = 1 + share.NamespaceSize + share.ShareSize

// nodeSize is what an inner node is hashed from: a byte 1 and two children, each [least namespace, greatest namespace, hash].
const nodeSize = 1 + 2*RootSize

// hasher computes the subtree roots of one namespace's shares. It is equal to go-square's way (a test holds it against that), without an
// allocation for each share: every operator and every follower hashes every byte of a lane.
type hasher struct {
	leaf [leafSize]byte
	node [nodeSize]byte
}

// commitment is the share commitment of the version-0 blob of data, 1 to MaxSize bytes, under a namespace (specs/04-lanes.md, "Lane table").
func commitment(ns namespaces.Namespace, data []byte) common.Hash {
	h, name := new(hasher), ns.Share().Bytes()
	copy(h.leaf[1:], name)
	copy(h.leaf[1+share.NamespaceSize:], name)
	h.node[0] = 1
	for at := 1; at < nodeSize; at += RootSize {
		copy(h.node[at:], name)
		copy(h.node[at+share.NamespaceSize:], name)
	}
	count := share.SparseSharesNeeded(uint32(len(data)), false)
	width := inclusion.SubTreeWidth(count, subtreeRootThreshold)
	roots := make([][]byte, 0, count/width+bits.Len(uint(width)))
	for at := 0; at < count; {
		size := width
		if left := count - at; left < width { // a mountain range: the largest powers of two that are left
			size = 1 << (bits.Len(uint(left)) - 1)
		}
		root := make([]byte, 0, RootSize)
		root = append(append(root, name...), name...)
		sum := h.tree(data, at, size)
		roots = append(roots, append(root, sum[:]...))
		at += size
	}
	return common.Hash(merkleRoot(roots))
}

// tree is the hash over size shares, a power of two, from share number at on.
func (h *hasher) tree(data []byte, at, size int) [sha256.Size]byte {
	if size == 1 {
		return h.share(data, at)
	}
	left := h.tree(data, at, size/2)
	right := h.tree(data, at+size/2, size/2)
	copy(h.node[1+2*share.NamespaceSize:], left[:])
	copy(h.node[1+RootSize+2*share.NamespaceSize:], right[:])
	return sha256.Sum256(h.node[:])
}

// share is the hash of one share: the first tells the length and takes less data, the last is filled up with zeros.
func (h *hasher) share(data []byte, at int) [sha256.Size]byte {
	s := h.leaf[1+2*share.NamespaceSize:]
	if at == 0 {
		s[0] = 1 // version 0, first of its blob
		binary.BigEndian.PutUint32(s[1:], uint32(len(data)))
		clear(s[5+copy(s[5:], data):])
	} else {
		s[0] = 0
		clear(s[1+copy(s[1:], data[share.FirstSparseShareContentSize+(at-1)*share.ContinuationSparseShareContentSize:]):])
	}
	return sha256.Sum256(h.leaf[:])
}
