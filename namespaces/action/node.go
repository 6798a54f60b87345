package action

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/common"
)

// NodeKey is a node's ed25519 public key.
type NodeKey [ed25519.PublicKeySize]byte

// NodeProof is a node key's ed25519 signature.
type NodeProof [ed25519.SignatureSize]byte

// NodeStatement is what a node key signs for its node to stand in an owner's record (specs/09-operators.md, "Operator"). It is longer than the 32 bytes
// that the key signs in handshakes of consensus links.
func NodeStatement(chainID string, owner common.Address) []byte {
	return slices.Concat([]byte("lockstep/node"), []byte(chainID), owner[:])
}

// Signed says whether the proof is the key's for the owner.
func (k NodeKey) Signed(chainID string, owner common.Address, proof NodeProof) bool {
	return ed25519.Verify(k[:], NodeStatement(chainID, owner), proof[:])
}

// The text of a peer id is base58 of identity multihash (0, length 36) of a protocol buffer: key type 1 (ed25519), 32 bytes of key.
const (
	base58       = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	peerIDPrefix = "\x24\x08\x01\x12\x20" // after the zero byte, which is the text's first digit
	peerIDLength = 52                     // of every text with that prefix: there is one for each key
)

// ParsePeerID returns the key of a node from the one text of its libp2p peer id that operators' records take: base58, of an ed25519 key.
func ParsePeerID(text string) (key NodeKey, err error) {
	digits, ok := strings.CutPrefix(text, base58[:1])
	if !ok || len(text) != peerIDLength {
		return key, fmt.Errorf("parse peer id: %d bytes, want %d that begin with 12D3Koo", len(text), peerIDLength)
	}
	var raw [len(peerIDPrefix) + len(key)]byte
	for i := range len(digits) {
		carry := strings.IndexByte(base58, digits[i])
		if carry < 0 {
			return key, fmt.Errorf("parse peer id: %q is no base58 digit", digits[i])
		}
		for j := len(raw) - 1; j >= 0; j-- {
			carry += len(base58) * int(raw[j])
			raw[j], carry = byte(carry), carry>>8
		}
		if carry > 0 {
			return key, errors.New("parse peer id: too large a number")
		}
	}
	if string(raw[:len(peerIDPrefix)]) != peerIDPrefix {
		return key, errors.New("parse peer id: it is not of an ed25519 key")
	}
	copy(key[:], raw[len(peerIDPrefix):])
	return key, nil
}
