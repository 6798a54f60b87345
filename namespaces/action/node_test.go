package action_test

import (
	"crypto/ed25519"
	"fmt"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	libp2pcrypto "github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/lockstep-network/lockstep/namespaces/action"
)

// A node's key is read from the text that libp2p gives its peer id, whatever the key.
func TestPeerIDsAreThoseOfLibP2P(t *testing.T) {
	keys := [][]byte{make([]byte, 32), []byte(strings.Repeat("\xff", 32))}
	for i := range 100 {
		keys = append(keys, nodeSecret(fmt.Sprint(i)).Public().(ed25519.PublicKey))
	}
	for _, want := range keys {
		public, err := libp2pcrypto.UnmarshalEd25519PublicKey(want)
		if err != nil {
			t.Fatal(err)
		}
		id, err := peer.IDFromPublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		if have, err := action.ParsePeerID(id.String()); err != nil || string(have[:]) != string(want) {
			t.Errorf("%s: key %x, want %x (%v)", id, have, want, err)
		}
	}
}

func TestBadPeerIDs(t *testing.T) {
	good := peerID(nodeSecret("node"))
	id, err := peer.Decode(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"nothing":            "",
		"a word":             "peer",
		"a digit less":       good[:len(good)-1],
		"a digit more":       good + "1",
		"a zero more":        "1" + good,
		"a zero, one less":   "1" + good[:len(good)-1],
		"no zero":            "2" + good[1:],
		"no base58":          good[:len(good)-1] + "0",
		"beyond ASCII":       good[:len(good)-2] + "\u00e9",
		"another type":       "13D" + good[3:],
		"too large":          "1" + strings.Repeat("z", 51),
		"a content id":       peer.ToCid(id).String(),
		"of a secp256k1 key": "16Uiu2HAm1Gd1KvzLrUJrCVJPUdbbTKgCxwUkHZc7wbTRyPTUK1qV",
		"of an RSA key":      "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
	} {
		if key, err := action.ParsePeerID(text); err == nil {
			t.Errorf("%s: %q is taken for node %x", name, text, key)
		}
	}
}

func TestNodeProofs(t *testing.T) {
	key, err := action.ParsePeerID(peerID(nodeSecret("node")))
	if err != nil {
		t.Fatal(err)
	}
	proof := proofOf("node", a)
	if !key.Signed("action-test", a, proof) {
		t.Error("the node's own signature is no proof")
	}
	changed := proof
	changed[63] ^= 0x80
	for name, is := range map[string]bool{
		"other chain": key.Signed("action-tes", a, proof), "other owner": key.Signed("action-test", b, proof), "other node": key.Signed("action-test", a, proofOf("other", a)),
		"changed": key.Signed("action-test", a, changed), "none": key.Signed("action-test", common.Address{}, action.NodeProof{}),
	} {
		if is {
			t.Errorf("%s: taken for a proof", name)
		}
	}
}

// An action counts for the signatures that it carries; what is no action, for one.
func TestChecksOfNoActions(t *testing.T) {
	for _, raw := range [][]byte{nil, {}, {0x20}, {0xc0}, {0xc1, 0x80}, {0xc2, 0xc1, 0x20}, {0xc5, 32}} {
		if n := action.Checks(raw); n != 1 {
			t.Errorf("%x has %d signatures checked", raw, n)
		}
	}
}
