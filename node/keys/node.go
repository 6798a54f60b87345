package keys

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	libp2pcrypto "github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/lockstep-network/lockstep/namespaces/action"
)

// pemType is the PKCS #8 block name: `openssl pkey -in node.pem -noout -text_pub` reads the file.
const pemType = "PRIVATE KEY"

// Node is a node's network identity: one ed25519 key for libp2p and for CometBFT's links. Its text forms show the
// peer id only.
type Node struct {
	key    ed25519.PrivateKey
	p2p    libp2pcrypto.PrivKey
	peerID peer.ID
}

// CreateNode makes a new node key and stores it at path (mode 0600). It fails when the file exists.
func CreateNode(path string) (*Node, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("generate node key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode node key: %w", err)
	}
	if err := writeNew(path, pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der})); err != nil {
		return nil, fmt.Errorf("store node key: %w", err)
	}
	return newNode(key)
}

// LoadNode reads the node key at path. Errors: fs.ErrNotExist, ErrExposed (by errors.Is), or a file that holds no
// ed25519 key.
func LoadNode(path string) (*Node, error) {
	text, err := readPrivate(path)
	if err != nil {
		return nil, fmt.Errorf("load node key: %w", err)
	}
	key, err := decodeNode(text)
	if err != nil {
		return nil, fmt.Errorf("load node key %s: %w", path, err)
	}
	return newNode(key)
}

func decodeNode(text []byte) (ed25519.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemType {
		return nil, fmt.Errorf("no PEM block of type %q", pemType)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("not a PKCS #8 private key")
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("a %T, want an ed25519 key", parsed)
	}
	return key, nil
}

func newNode(key ed25519.PrivateKey) (*Node, error) {
	wrapped, err := libp2pcrypto.UnmarshalEd25519PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("open node key: %w", err)
	}
	id, err := peer.IDFromPrivateKey(wrapped)
	if err != nil {
		return nil, fmt.Errorf("open node key: %w", err)
	}
	return &Node{key: key, p2p: wrapped, peerID: id}, nil
}

// PeerID is the node's libp2p peer id.
func (n *Node) PeerID() peer.ID { return n.peerID }

// LibP2P is the secret in libp2p's type.
func (n *Node) LibP2P() libp2pcrypto.PrivKey { return n.p2p }

// PrivateKey is the secret itself (64 bytes, seed and public key). Handle with care.
func (n *Node) PrivateKey() ed25519.PrivateKey { return n.key }

// ConsensusID is the id that CometBFT's links know the node by: the first 20 bytes of the public key's SHA-256, in
// lower-case hexadecimal.
func (n *Node) ConsensusID() string {
	return consensusID(n.key[ed25519.PrivateKeySize-ed25519.PublicKeySize:]) // the second half is the public key
}

func consensusID(public []byte) string {
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:20])
}

// ConsensusIDOf derives the ConsensusID of the node with this libp2p peer id, so that an operator's record names its
// key once. It fails for an id that is not of an ed25519 key.
func ConsensusIDOf(id peer.ID) (string, error) {
	public, err := id.ExtractPublicKey()
	if err != nil {
		return "", fmt.Errorf("derive consensus id of peer %s: %w", id, err)
	}
	if public.Type() != libp2pcrypto.Ed25519 {
		return "", fmt.Errorf("derive consensus id of peer %s: key type %s, want Ed25519", id, public.Type())
	}
	raw, err := public.Raw()
	if err != nil {
		return "", fmt.Errorf("derive consensus id of peer %s: %w", id, err)
	}
	return consensusID(raw), nil
}

// Prove signs that the node may stand in an owner's record (specs/09-operators.md, "Operator").
func (n *Node) Prove(chainID string, owner common.Address) action.NodeProof {
	return action.NodeProof(ed25519.Sign(n.key, action.NodeStatement(chainID, owner)))
}

// String shows the peer id only.
func (n *Node) String() string { return n.peerID.String() }

// GoString shows the peer id only.
func (n *Node) GoString() string { return "keys.Node(" + n.peerID.String() + ")" }
