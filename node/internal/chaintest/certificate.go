package chaintest

import (
	"crypto/ecdsa"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/store"
)

// Sign is a vote with a key for a header.
func Sign(tb testing.TB, key *ecdsa.PrivateKey, height uint64, round uint32, header common.Hash) feed.Vote {
	tb.Helper()
	digest := cert.ExtensionDigest(ChainID, height, round, header)
	sig, err := crypto.Sign(digest[:], key)
	if err != nil {
		tb.Fatal(err)
	}
	return feed.Vote{Height: height, Vote: cert.Vote{
		Operator: crypto.PubkeyToAddress(key.PublicKey), Round: round, HeaderHash: header, Signature: tx.Signature(sig),
	}}
}

// Certificate is one of the operators with the given indices in the genesis's set, as far as they are in the header's; of all if none are given.
func (n *Network) Certificate(tb testing.TB, h block.Header, signers ...int) cert.Certificate {
	tb.Helper()
	set, ok := n.sets[h.OperatorsHash]
	if !ok {
		set = n.Set
	}
	var votes []cert.Vote
	for i, key := range n.Keys {
		member := set.Index(crypto.PubkeyToAddress(key.PublicKey)) >= 0
		if member && (len(signers) == 0 || slices.Contains(signers, i)) {
			votes = append(votes, Sign(tb, key, h.Height, 0, h.Hash()).Vote)
		}
	}
	c, err := cert.Assemble(set, h.Height, h.Hash(), votes)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// Certify stores certificates of the headers of the heights, by all operators.
func (n *Network) Certify(tb testing.TB, s *store.Store, heights ...uint64) {
	tb.Helper()
	for _, height := range heights {
		h, err := s.Header(height)
		if err != nil {
			tb.Fatal(err)
		}
		if err := s.SetCertificate(n.Certificate(tb, h)); err != nil {
			tb.Fatal(err)
		}
	}
}
