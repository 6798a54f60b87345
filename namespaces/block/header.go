// Package block holds the shared block: its header, its body (a list of batches), the pure order of transactions that follows from the body, and
// the contents (lanes and roots) that every operator computes alike. Formats: specs/01-formats.md; order: specs/03-certificates.md.
package block

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces/lane"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// Version is the only version of headers and bodies that this code understands.
const Version = 1

// MaxHeaderSize bounds an encoded header in bytes: nine words of 33, a data root of 92, integers and a chain id of at most 50.
const MaxHeaderSize = 512

// Header commits to a shared block (specs/01-formats.md, "Header"). RLP:
//
//	header = [version, chain_id, height, time_ms, parent_hash, proposer, data_root(90), tx_root, ledger_root,
//	          operators_hash, next_operators_hash, da_head, published_height]
type Header struct {
	ChainID           string         // the network; CometBFT's chain id
	Height            uint64         // from 1
	TimeMS            uint64         // CometBFT's block time, unix milliseconds; never decreases
	ParentHash        common.Hash    // the header before; the genesis hash at height 1
	Proposer          common.Address // CometBFT's proposer
	DataRoot          lane.Root      // root of the lane table
	TxRoot            common.Hash    // sorted tree over the ids
	LedgerRoot        common.Hash    // the ledger after height-1
	OperatorsHash     common.Hash    // the set that certifies this header
	NextOperatorsHash common.Hash    // the set that certifies the next one
	DAHead            uint64         // DA height that operators have attested, from the ledger after height-1
	PublishedHeight   uint64         // height known to be readable on DA, from the ledger after height-1
}

type headerWire struct {
	Version uint64
	ChainID string
	Height  uint64
	TimeMS  uint64

	ParentHash        common.Hash
	Proposer          common.Address
	DataRoot          lane.Root
	TxRoot            common.Hash
	LedgerRoot        common.Hash
	OperatorsHash     common.Hash
	NextOperatorsHash common.Hash

	DAHead          uint64
	PublishedHeight uint64
}

// Encode returns the canonical RLP.
func (h Header) Encode() []byte {
	raw, err := rlp.EncodeToBytes(&headerWire{
		Version, h.ChainID, h.Height, h.TimeMS, h.ParentHash, h.Proposer, h.DataRoot, h.TxRoot, h.LedgerRoot,
		h.OperatorsHash, h.NextOperatorsHash, h.DAHead, h.PublishedHeight,
	})
	if err != nil {
		panic(fmt.Sprintf("encode header: %v", err)) // integers, arrays and a string always encode
	}
	return raw
}

// Hash is keccak256 of the encoding: what operators sign.
func (h Header) Hash() common.Hash { return crypto.Keccak256Hash(h.Encode()) }

// DecodeHeader reads a header from its encoding.
func DecodeHeader(raw []byte) (Header, error) {
	if len(raw) > MaxHeaderSize {
		return Header{}, fmt.Errorf("decode header: %d bytes, at most %d", len(raw), MaxHeaderSize)
	}
	var w headerWire
	if err := rlp.DecodeBytes(raw, &w); err != nil {
		return Header{}, fmt.Errorf("decode header: %w", err)
	}
	switch {
	case w.Version != Version:
		return Header{}, fmt.Errorf("decode header: version %d, want %d", w.Version, Version)
	case w.ChainID == "" || len(w.ChainID) > tx.MaxChainID:
		return Header{}, fmt.Errorf("decode header: chain id of %d bytes", len(w.ChainID))
	case w.Height == 0:
		return Header{}, fmt.Errorf("decode header: height 0")
	}
	return Header{
		w.ChainID, w.Height, w.TimeMS, w.ParentHash, w.Proposer, w.DataRoot, w.TxRoot, w.LedgerRoot,
		w.OperatorsHash, w.NextOperatorsHash, w.DAHead, w.PublishedHeight,
	}, nil
}
