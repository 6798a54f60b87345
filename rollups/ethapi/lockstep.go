package ethapi

import (
	"context"
	"errors"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/rollups"
	"github.com/lockstep-network/lockstep/rollups/evm"
)

// lockstepAPI tells what Ethereum has no words for.
type lockstepAPI struct{ b *backend }

// headJSON is one head: how far it has come along the shared blocks, and the rollup block that is.
type headJSON struct {
	Height     hexutil.Uint64 `json:"height"`     // shared
	SharedHash common.Hash    `json:"sharedHash"` // of the shared header
	Number     hexutil.Uint64 `json:"number"`     // of the rollup block
	BlockHash  common.Hash    `json:"blockHash"`
	StateRoot  common.Hash    `json:"stateRoot"`
}

// statusJSON is the answer of lockstep_status.
type statusJSON struct {
	ChainID   hexutil.Uint64 `json:"chainId"`
	Soft      headJSON       `json:"soft"`
	Firm      headJSON       `json:"firm"`
	Final     headJSON       `json:"final"`
	Announced hexutil.Uint64 `json:"announced"` // newest shared height known to exist; 0 if the node does not know
	Peers     hexutil.Uint   `json:"peers"`
	ReadOnly  bool           `json:"readOnly"` // takes no transactions
}

// Status is lockstep_status: the heads and what they are compared with.
func (a *lockstepAPI) Status() statusJSON {
	h := a.b.Heads.Status()
	return statusJSON{
		ChainID: hexutil.Uint64(a.b.Chain.Genesis().ChainID), Soft: encodeHead(h.Soft), Firm: encodeHead(h.Firm), Final: encodeHead(h.Final),
		Announced: hexutil.Uint64(a.b.Announced()), Peers: hexutil.Uint(a.b.Peers()), ReadOnly: a.b.Gateway == nil,
	}
}

func encodeHead(h rollups.Head) headJSON {
	return headJSON{
		Height: hexutil.Uint64(h.Height), SharedHash: h.Hash, Number: hexutil.Uint64(h.Output.Number), BlockHash: h.Output.BlockHash,
		StateRoot: h.Output.StateRoot,
	}
}

// BlockAtHeight is lockstep_blockAtHeight: the number of the newest block derived from a shared height not above this one.
func (a *lockstepAPI) BlockAtHeight(_ context.Context, height hexutil.Uint64) (hexutil.Uint64, error) {
	number, err := a.b.Chain.NumberAtHeight(uint64(height))
	return hexutil.Uint64(number), err
}

// skipJSON says why derivation passed over an entry.
type skipJSON struct {
	BlockNumber hexutil.Uint64 `json:"blockNumber"`
	Entry       hexutil.Uint64 `json:"entry"` // among the shared block's entries for the rollup
	Hash        common.Hash    `json:"hash"`
	Reason      evm.Reason     `json:"reason"`
	Text        string         `json:"text"`
}

func encodeSkip(s evm.Skip) skipJSON {
	return skipJSON{BlockNumber: hexutil.Uint64(s.Number), Entry: hexutil.Uint64(s.Entry), Hash: s.Hash, Reason: s.Reason, Text: s.Text}
}

// skipsJSON is what one block skipped.
type skipsJSON struct {
	BlockNumber hexutil.Uint64 `json:"blockNumber"`
	Total       hexutil.Uint64 `json:"total"`
	Skipped     []skipJSON     `json:"skipped"` // the first of them
}

// SkippedIn is lockstep_skippedIn: what a block skipped, null for an unknown block.
func (a *lockstepAPI) SkippedIn(_ context.Context, at rpc.BlockNumberOrHash) (*skipsJSON, error) {
	header, err := a.b.header(at)
	if err != nil {
		return absent[skipsJSON](nil, err)
	}
	skips, total, err := a.b.Chain.SkippedIn(header.Number.Uint64())
	if err != nil {
		return nil, err
	}
	out := &skipsJSON{BlockNumber: hexutil.Uint64(header.Number.Uint64()), Total: hexutil.Uint64(total), Skipped: make([]skipJSON, 0, len(skips))}
	for _, s := range skips {
		out.Skipped = append(out.Skipped, encodeSkip(s))
	}
	return out, nil
}

// txStatusJSON is how far a transaction has come.
type txStatusJSON struct {
	Stage       string          `json:"stage"` // unknown, gapped, ready, sent, landed or dropped
	SharedTx    *common.Hash    `json:"sharedTx,omitempty"`
	Expiry      *hexutil.Uint64 `json:"expiry,omitempty"` // last shared height that may include SharedTx
	Reason      string          `json:"reason,omitempty"`
	BlockNumber *hexutil.Uint64 `json:"blockNumber,omitempty"`
	Height      *hexutil.Uint64 `json:"height,omitempty"`  // shared height of that block
	Head        string          `json:"head,omitempty"`    // soft, firm or final: the best head that covers it
	Skipped     *skipJSON       `json:"skipped,omitempty"` // where it was skipped last, if it has not landed
}

// TransactionStatus is lockstep_transactionStatus: in a block and under which head, in the gateway and how far, or skipped and why.
func (a *lockstepAPI) TransactionStatus(_ context.Context, hash common.Hash) (*txStatusJSON, error) {
	out := &txStatusJSON{Stage: "unknown"}
	if a.b.Gateway != nil {
		s := a.b.Gateway.Status(hash)
		out.Stage, out.Reason = string(s.Stage), s.Reason
		if s.Tx != (common.Hash{}) {
			out.SharedTx, out.Expiry = ref(s.Tx), ref(hexutil.Uint64(s.Expiry))
		}
	}
	in, err := a.b.Chain.Transaction(hash)
	if err == nil {
		number := in.Header.Number.Uint64()
		return &txStatusJSON{
			Stage: "landed", BlockNumber: ref(hexutil.Uint64(number)), Height: ref(hexutil.Uint64(evm.SharedHeight(in.Header))), Head: a.b.under(number),
		}, nil
	}
	if !errors.Is(err, evm.ErrNotFound) {
		return nil, err
	}
	skip, err := a.b.Chain.Skipped(hash)
	if err == nil {
		out.Skipped = ref(encodeSkip(skip))
		if out.Stage == "unknown" {
			out.Stage, out.Reason = "dropped", string(skip.Reason)
		}
		return out, nil
	}
	if !errors.Is(err, evm.ErrNotFound) {
		return nil, err
	}
	return out, nil
}

// under names the best head that covers a block.
func (b *backend) under(number uint64) string {
	_, firm, final := b.Heads.Heads()
	switch {
	case number <= final:
		return "final"
	case number <= firm:
		return "firm"
	}
	return "soft"
}
