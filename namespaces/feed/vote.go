package feed

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// MaxVoteSize bounds an encoded vote in bytes: a list's head, a hash, an address, a signature and three integers take at most 140.
const MaxVoteSize = 256

// maxRound bounds a vote's round: CometBFT counts rounds in an int32.
const maxRound = 1<<31 - 1

// Vote is one operator's signature over the header of a height and round, gossiped where a certificate lacks it
// (specs/03-certificates.md, "Votes"):
//
//	vote = [version, height, round, header_hash, operator, signature(65)]
type Vote struct {
	Height uint64
	cert.Vote
}

type voteWire struct {
	Version    uint64
	Height     uint64
	Round      uint32
	HeaderHash common.Hash
	Operator   common.Address
	Signature  tx.Signature
}

// Encode returns the canonical RLP.
func (v Vote) Encode() []byte {
	return encode(&voteWire{Version, v.Height, v.Round, v.HeaderHash, v.Operator, v.Signature})
}

// DecodeVote reads a vote. It is well formed; whose it is, [cert.Vote.Check] says.
func DecodeVote(raw []byte) (Vote, error) {
	if len(raw) > MaxVoteSize {
		return Vote{}, fmt.Errorf("decode vote: %d bytes, at most %d", len(raw), MaxVoteSize)
	}
	var w voteWire
	if err := rlp.DecodeBytes(raw, &w); err != nil {
		return Vote{}, fmt.Errorf("decode vote: %w", err)
	}
	switch {
	case w.Version != Version:
		return Vote{}, fmt.Errorf("decode vote: version %d, want %d", w.Version, Version)
	case w.Height == 0 || w.Round > maxRound:
		return Vote{}, fmt.Errorf("decode vote: height %d round %d out of range", w.Height, w.Round)
	}
	return Vote{w.Height, cert.Vote{Operator: w.Operator, Round: w.Round, HeaderHash: w.HeaderHash, Signature: w.Signature}}, nil
}
