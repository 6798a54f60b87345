package namespaces

import (
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"
)

// Lifetime is what an address has earned since genesis (specs/09-operators.md, "Rewards"). RLP: [address, wei].
type Lifetime struct {
	Address common.Address
	Wei     uint256.Int
}

// Leaf is its leaf under a rewards root: keccak256(0x00 | address(20) | lifetime(32, big endian)).
func (l Lifetime) Leaf() common.Hash {
	wei := l.Wei.Bytes32()
	return crypto.Keccak256Hash([]byte{leafTag}, l.Address[:], wei[:])
}

// Lifetimes are those of all addresses at the end of an epoch, ascending by address.
type Lifetimes []Lifetime

// Leaves are those of their tree, whose root is the rewards root.
func (l Lifetimes) Leaves() Leaves {
	leaves := make(Leaves, len(l))
	for i, one := range l {
		leaves[i] = one.Leaf()
	}
	return leaves
}
