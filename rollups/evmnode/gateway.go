package evmnode

import (
	"errors"
	"fmt"
	"math"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/rollups/evm"
	"github.com/lockstep-network/lockstep/rollups/gateway"
)

// Texts that wallets look for in a refusal are go-ethereum's own.
var errUnsupported = errors.New("transaction type not supported")

// priceBump is how much more, in per cent, a replacement must bid: go-ethereum's own rule, which wallets expect.
const priceBump = 10

// parser reads the EVM's raw transactions for the gateway.
type parser struct {
	chain  *evm.Chain
	signer types.Signer
	id     *big.Int
}

// Parser reads the transactions of an EVM chain for a gateway.
func Parser(chain *evm.Chain) gateway.Parser {
	return &parser{chain: chain, signer: chain.Signer(), id: new(big.Int).SetUint64(chain.Genesis().ChainID)}
}

// Parse implements gateway.Parser: all that derivation would skip a transaction for whatever the state is refused here, and so is one that its
// sender cannot pay for now.
func (p *parser) Parse(raw []byte) (gateway.Parsed, error) {
	t := new(types.Transaction)
	if err := t.UnmarshalBinary(raw); err != nil {
		return gateway.Parsed{}, fmt.Errorf("decode transaction: %w", err)
	}
	if t.Type() == types.BlobTxType {
		return gateway.Parsed{}, fmt.Errorf("%w: blob transactions have no place in a rollup's lane", errUnsupported)
	}
	if !t.Protected() {
		return gateway.Parsed{}, errors.New("only replay-protected (EIP-155) transactions allowed over RPC")
	}
	if t.ChainId().Cmp(p.id) != 0 {
		return gateway.Parsed{}, fmt.Errorf("%w: have %d want %d", types.ErrInvalidChainId, t.ChainId(), p.id)
	}
	sender, err := types.Sender(p.signer, t)
	if err != nil {
		return gateway.Parsed{}, fmt.Errorf("invalid sender: %w", err)
	}
	if err := p.checkGas(sender, t); err != nil {
		return gateway.Parsed{}, err
	}
	if err := p.checkBalance(sender, t); err != nil {
		return gateway.Parsed{}, err
	}
	return gateway.Parsed{
		Hash: t.Hash(), Sender: senderKey(sender), Nonce: t.Nonce(), Price: gateway.Price{cap64(t.GasFeeCap()), cap64(t.GasTipCap())},
	}, nil
}

// checkGas holds fees and gas against the rollup's constants.
func (p *parser) checkGas(sender common.Address, t *types.Transaction) error {
	g := p.chain.Genesis()
	switch {
	case t.GasFeeCap().BitLen() > 256 || t.GasTipCap().BitLen() > 256:
		return core.ErrFeeCapVeryHigh
	case t.GasFeeCapIntCmp(t.GasTipCap()) < 0:
		return fmt.Errorf("%w: maxPriorityFeePerGas: %s, maxFeePerGas: %s", core.ErrTipAboveFeeCap, t.GasTipCap(), t.GasFeeCap())
	case t.GasFeeCapIntCmp(new(big.Int).SetUint64(g.BaseFee)) < 0:
		return fmt.Errorf("%w: maxFeePerGas: %s, baseFee: %d", core.ErrFeeCapTooLow, t.GasFeeCap(), g.BaseFee)
	case t.Gas() > g.GasLimit:
		return fmt.Errorf("%w: %d, the block's limit is %d", core.ErrGasLimitReached, t.Gas(), g.GasLimit)
	}
	rules := p.chain.ChainConfig().Rules(common.Big0, true, p.chain.HeadHeader().Time)
	value, over := uint256.FromBig(t.Value())
	if over {
		return errors.New("value above 2^256-1")
	}
	need, err := core.IntrinsicGas(t.Data(), t.AccessList(), t.SetCodeAuthorizations(), sender, t.To(), value, rules)
	if err != nil {
		return err
	}
	floor, err := core.FloorDataGas(rules, sender, t.To(), value, t.Data(), t.AccessList())
	if err != nil {
		return err
	}
	if need = max(need, floor); t.Gas() < need {
		return fmt.Errorf("%w: have %d, want %d", core.ErrIntrinsicGas, t.Gas(), need)
	}
	return nil
}

func (p *parser) checkBalance(sender common.Address, t *types.Transaction) error {
	st, _, err := p.chain.StateAt(p.chain.Head().Number)
	if err != nil {
		return fmt.Errorf("read balance: %w", err)
	}
	balance := st.GetBalance(sender).ToBig()
	if err := st.Error(); err != nil {
		return fmt.Errorf("read balance: %w", err)
	}
	if cost := t.Cost(); balance.Cmp(cost) < 0 {
		return fmt.Errorf("%w: balance %s, tx cost %s", core.ErrInsufficientFunds, balance, cost)
	}
	return nil
}

// Replaces implements gateway.Parser.
func (p *parser) Replaces(next, old gateway.Price) bool {
	return bumped(next[0], old[0]) && bumped(next[1], old[1])
}

func bumped(next, old uint64) bool {
	least := new(big.Int).Mul(new(big.Int).SetUint64(old), big.NewInt(100+priceBump))
	return new(big.Int).Mul(new(big.Int).SetUint64(next), big.NewInt(100)).Cmp(least) >= 0 && next > old
}

func cap64(v *big.Int) uint64 {
	if v.IsUint64() {
		return v.Uint64()
	}
	return math.MaxUint64
}

func senderKey(a common.Address) gateway.Sender {
	return gateway.Sender(common.BytesToHash(a[:]))
}

// Results tells a gateway what an EVM chain has made of its transactions.
func Results(chain *evm.Chain) gateway.State { return results{chain} }

// results tells the gateway what became of what it sent.
type results struct{ chain *evm.Chain }

// Nonce implements gateway.State.
func (r results) Nonce(sender gateway.Sender) (uint64, error) {
	st, _, err := r.chain.StateAt(r.chain.Head().Number)
	if err != nil {
		return 0, fmt.Errorf("read nonce: %w", err)
	}
	nonce := st.GetNonce(common.BytesToAddress(sender[:]))
	if err := st.Error(); err != nil {
		return 0, fmt.Errorf("read nonce: %w", err)
	}
	return nonce, nil
}

// Outcome implements gateway.State.
func (r results) Outcome(hash common.Hash) (gateway.Outcome, error) {
	in, err := r.chain.Transaction(hash)
	if err == nil {
		return gateway.Outcome{Result: gateway.Landed, Height: evm.SharedHeight(in.Header)}, nil
	}
	if !errors.Is(err, evm.ErrNotFound) {
		return gateway.Outcome{}, fmt.Errorf("look for transaction %s: %w", hash, err)
	}
	skip, err := r.chain.Skipped(hash)
	if errors.Is(err, evm.ErrNotFound) {
		return gateway.Outcome{}, nil
	}
	if err != nil {
		return gateway.Outcome{}, fmt.Errorf("look for skipped transaction %s: %w", hash, err)
	}
	header, err := r.chain.HeaderByNumber(skip.Number)
	if err != nil {
		return gateway.Outcome{}, fmt.Errorf("look for skipped transaction %s: %w", hash, err)
	}
	return gateway.Outcome{
		Result: gateway.Skipped, Height: evm.SharedHeight(header), Reason: string(skip.Reason),
		Again: skip.Reason == evm.NonceTooHigh || skip.Reason == evm.BlockFull,
	}, nil
}
