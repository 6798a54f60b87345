package contracts

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/lane"
)

// EncodeSet opens a set for the contract: the preimage of its hash.
func EncodeSet(s cert.Set) []byte {
	raw, err := rlp.EncodeToBytes(s.Operators())
	if err != nil {
		panic(fmt.Sprintf("encode operator set: %v", err)) // addresses and integers always encode
	}
	return raw
}

// ShowByLinks shows the first of consecutive headers, encoded, the last of which is recorded with this batch hash.
func ShowByLinks(headers [][]byte, anchor uint64, batchHash common.Hash) Shown {
	return Shown{Headers: headers, Anchor: anchor, BatchHash: batchHash}
}

// ShowByRoot shows a header under a root that was settled: over the hashes of the headers up to anchor, of which it is the one at index.
func ShowByRoot(header []byte, anchor uint64, hashes []common.Hash, index int) Shown {
	path := namespaces.NewList(hashes).Path(index)
	s := Shown{Headers: [][]byte{header}, Anchor: anchor, Count: uint64(len(hashes))}
	for _, h := range path.Siblings {
		s.Siblings = append(s.Siblings, h)
	}
	return s
}

// MembershipOf is a proof about a transaction as verifyTx takes it.
func MembershipOf(m namespaces.Membership) Membership {
	out := Membership{Count: m.Count}
	for _, p := range m.Paths {
		path := Path{Index: p.Index, Value: p.Value}
		for _, s := range p.Siblings {
			path.Siblings = append(path.Siblings, s)
		}
		out.Paths = append(out.Paths, path)
	}
	return out
}

// LaneProofOf is a proof about a lane as verifyLane and verifyNoLane take it.
func LaneProofOf(p lane.Proof) LaneProof {
	return LaneProof{Start: p.Start, End: p.End, Nodes: bytes.Join(p.Nodes, nil), LeafHash: p.LeafHash}
}

// QueueHash is the hash over a namespace's items after one more, which came in this block of L1: what the contract keeps, so that a reader of
// events knows whether it has them all (specs/11-l1.md, "Inbox"). It begins with the zero hash.
func QueueHash(before common.Hash, ns namespaces.Namespace, index, blockNumber uint64, sender common.Address, data []byte) common.Hash {
	raw := append(before.Bytes(), ns[:]...)
	raw = binary.BigEndian.AppendUint64(raw, index)
	raw = binary.BigEndian.AppendUint64(raw, blockNumber)
	raw = append(raw, sender[:]...)
	return crypto.Keccak256Hash(raw, crypto.Keccak256(data))
}
