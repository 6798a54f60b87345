package ethapi_test

import (
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/lockstep-network/lockstep/rollups/evm"
	"github.com/lockstep-network/lockstep/rollups/gateway"
)

// testParser reads transactions for the gateway: as little of it as these tests need. A node has rollups/evmnode's.
type testParser struct{ chain *evm.Chain }

// Parse implements gateway.Parser.
func (p testParser) Parse(raw []byte) (gateway.Parsed, error) {
	t := new(types.Transaction)
	if err := t.UnmarshalBinary(raw); err != nil {
		return gateway.Parsed{}, fmt.Errorf("decode transaction: %w", err)
	}
	from, err := types.Sender(p.chain.Signer(), t)
	if err != nil {
		return gateway.Parsed{}, err
	}
	st, _, err := p.chain.StateAt(p.chain.Head().Number)
	if err != nil {
		return gateway.Parsed{}, err
	}
	if balance := st.GetBalance(from).ToBig(); balance.Cmp(t.Cost()) < 0 {
		return gateway.Parsed{}, fmt.Errorf("%w: balance %s, tx cost %s", core.ErrInsufficientFunds, balance, t.Cost())
	}
	return gateway.Parsed{
		Hash: t.Hash(), Sender: gateway.Sender(common.BytesToHash(from[:])), Nonce: t.Nonce(),
		Price: gateway.Price{t.GasFeeCap().Uint64(), t.GasTipCap().Uint64()},
	}, nil
}

// Replaces implements gateway.Parser.
func (testParser) Replaces(next, old gateway.Price) bool { return next[0] > old[0] && next[1] > old[1] }

// testState tells the gateway what became of its transactions.
type testState struct{ chain *evm.Chain }

// Nonce implements gateway.State.
func (s testState) Nonce(sender gateway.Sender) (uint64, error) {
	st, _, err := s.chain.StateAt(s.chain.Head().Number)
	if err != nil {
		return 0, err
	}
	return st.GetNonce(common.BytesToAddress(sender[:])), st.Error()
}

// Outcome implements gateway.State.
func (s testState) Outcome(hash common.Hash) (gateway.Outcome, error) {
	if in, err := s.chain.Transaction(hash); !errors.Is(err, evm.ErrNotFound) {
		if err != nil {
			return gateway.Outcome{}, err
		}
		return gateway.Outcome{Result: gateway.Landed, Height: evm.SharedHeight(in.Header)}, nil
	}
	skip, err := s.chain.Skipped(hash)
	if errors.Is(err, evm.ErrNotFound) {
		return gateway.Outcome{}, nil
	}
	if err != nil {
		return gateway.Outcome{}, err
	}
	header, err := s.chain.HeaderByNumber(skip.Number)
	if err != nil {
		return gateway.Outcome{}, err
	}
	return gateway.Outcome{Result: gateway.Skipped, Height: evm.SharedHeight(header), Reason: string(skip.Reason)}, nil
}
