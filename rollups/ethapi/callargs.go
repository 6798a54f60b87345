package ethapi

import (
	"bytes"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/params"
	"github.com/holiman/uint256"
)

// callArgs are the transaction of eth_call and eth_estimateGas. Everything may be left out.
type callArgs struct {
	From       common.Address               `json:"from"`
	To         *common.Address              `json:"to"`
	Gas        *hexutil.Uint64              `json:"gas"`
	GasPrice   *hexutil.U256                `json:"gasPrice"`
	FeeCap     *hexutil.U256                `json:"maxFeePerGas"`
	TipCap     *hexutil.U256                `json:"maxPriorityFeePerGas"`
	Value      *hexutil.U256                `json:"value"`
	Nonce      *hexutil.Uint64              `json:"nonce"`
	Data       *hexutil.Bytes               `json:"data"` // the older name of input
	Input      *hexutil.Bytes               `json:"input"`
	AccessList types.AccessList             `json:"accessList"`
	AuthList   []types.SetCodeAuthorization `json:"authorizationList"`
	ChainID    *hexutil.Big                 `json:"chainId"`
	BlobHashes []common.Hash                `json:"blobVersionedHashes"`
}

// validate refuses what contradicts itself or this chain.
func (c *callArgs) validate(chainID uint64) error {
	switch {
	case c.GasPrice != nil && (c.FeeCap != nil || c.TipCap != nil):
		return invalid("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified")
	case c.Data != nil && c.Input != nil && !bytes.Equal(*c.Data, *c.Input):
		return invalid(`both "data" and "input" are set and not equal. Please use "input" to pass transaction call data`)
	case c.ChainID != nil && c.ChainID.ToInt().Cmp(new(big.Int).SetUint64(chainID)) != 0:
		return invalid("chainId does not match node's (have=%v, want=%d)", c.ChainID.ToInt(), chainID)
	case c.BlobHashes != nil:
		return invalid("transaction type not supported: blobs have no place in a rollup's lane")
	}
	return nil
}

func (c *callArgs) input() []byte {
	switch {
	case c.Input != nil:
		return *c.Input
	case c.Data != nil:
		return *c.Data
	}
	return nil
}

func word(v *hexutil.U256) *uint256.Int {
	if v == nil {
		return new(uint256.Int)
	}
	return (*uint256.Int)(v).Clone()
}

// message makes the call that is executed, with a gas limit. Nonce and sender's code are not checked; the balance is, if a price is given.
func (c *callArgs) message(baseFee *big.Int, gas uint64) *core.Message {
	m := &core.Message{
		From: c.From, To: c.To, Value: word(c.Value), GasLimit: gas, GasPrice: word(c.GasPrice), Data: c.input(), AccessList: c.AccessList,
		SetCodeAuthorizations: c.AuthList,
	}
	if c.Nonce != nil {
		m.Nonce = uint64(*c.Nonce)
	}
	if c.GasPrice != nil {
		m.GasFeeCap, m.GasTipCap = m.GasPrice, m.GasPrice
	} else {
		m.GasFeeCap, m.GasTipCap = word(c.FeeCap), word(c.TipCap)
		if !m.GasFeeCap.IsZero() || !m.GasTipCap.IsZero() {
			sum, over := new(uint256.Int).AddOverflow(m.GasTipCap, uint256.MustFromBig(baseFee))
			if m.GasPrice = sum; over || sum.Gt(m.GasFeeCap) {
				m.GasPrice = m.GasFeeCap
			}
		}
	}
	return m.SkipNonceCheck().SkipEOACheck().SkipGasLimitCapCheck()
}

// plain says that nothing but a value moves, if the receiver has no code.
func (c *callArgs) plain() bool {
	return c.To != nil && len(c.input()) == 0 && len(c.AccessList) == 0 && len(c.AuthList) == 0
}

// override changes an account for one call.
type override struct {
	Nonce     *hexutil.Uint64             `json:"nonce"`
	Code      *hexutil.Bytes              `json:"code"`
	Balance   *hexutil.U256               `json:"balance"`
	State     map[common.Hash]common.Hash `json:"state"`     // all of its storage
	StateDiff map[common.Hash]common.Hash `json:"stateDiff"` // some of it
	Move      *common.Address             `json:"movePrecompileToAddress"`
}

// overrides change accounts for one call.
type overrides map[common.Address]override

// apply changes the state. It is the caller's own, and thrown away after the call.
func (o overrides) apply(st *state.StateDB, rules params.Rules) error {
	precompiled := vm.ActivePrecompiledContracts(rules)
	for who, change := range o {
		switch {
		case change.Move != nil:
			return invalid("account %s: movePrecompileToAddress is not supported", who)
		case change.State != nil && change.StateDiff != nil:
			return invalid("account %s has both 'state' and 'stateDiff'", who)
		case change.Code != nil && precompiled[who] != nil:
			return invalid("account %s is a precompiled contract: its code cannot be overridden", who)
		}
		if change.Nonce != nil {
			st.SetNonce(who, uint64(*change.Nonce), tracing.NonceChangeUnspecified)
		}
		if change.Code != nil {
			st.SetCode(who, *change.Code, tracing.CodeChangeUnspecified)
		}
		if change.Balance != nil {
			st.SetBalance(who, word(change.Balance), tracing.BalanceChangeUnspecified)
		}
		if change.State != nil {
			st.SetStorage(who, change.State)
		}
		for key, value := range change.StateDiff {
			st.SetState(who, key, value)
		}
	}
	st.Finalise(rules) // so that what is overridden counts as what was there before
	return nil
}
