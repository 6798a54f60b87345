package ethereum

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/holiman/uint256"
)

// dryRun lets the node execute the transaction without sending it, and tells the gas that it needs.
func (s *sender) dryRun(ctx context.Context, a *account, f *flight) (uint64, error) {
	call := map[string]any{"from": a.Address, "to": s.cfg.Inbox}
	if f.kind == calldataKind {
		call["data"] = hexutil.Bytes(f.load.container)
	} else {
		call["blobVersionedHashes"] = f.load.hashes
		call["maxFeePerBlobGas"] = hexutil.Uint64(f.fees.blob)
	}
	var gas hexutil.Uint64
	err := s.node.call(ctx, &gas, "eth_estimateGas", call)
	switch {
	case err == nil:
		return uint64(gas), nil
	case says(err, "insufficient funds"):
		return 0, fmt.Errorf("dry run by %s: %w: %w", a.Address, err, ErrFunds)
	case refused(err):
		return 0, fmt.Errorf("dry run by %s: %w: %w", a.Address, err, ErrRejected)
	}
	return 0, fmt.Errorf("dry run by %s: %w", a.Address, err)
}

// build makes a flight's transaction.
func (s *sender) build(id *big.Int, f *flight) types.TxData {
	if f.kind == calldataKind {
		return &types.DynamicFeeTx{
			ChainID: id, Nonce: f.nonce, GasTipCap: new(big.Int).SetUint64(f.fees.tip), GasFeeCap: new(big.Int).SetUint64(f.fees.gas),
			Gas: f.gas, To: &s.cfg.Inbox, Value: new(big.Int), Data: f.load.container,
		}
	}
	return &types.BlobTx{
		ChainID: uint256.MustFromBig(id), Nonce: f.nonce, GasTipCap: uint256.NewInt(f.fees.tip), GasFeeCap: uint256.NewInt(f.fees.gas),
		Gas: f.gas, To: s.cfg.Inbox, Value: new(uint256.Int), BlobFeeCap: uint256.NewInt(f.fees.blob), BlobHashes: f.load.hashes, Sidecar: f.load.sidecar,
	}
}

// send signs and sends a flight's transaction with its fees, and sets aside what it may cost. An error means that no pool took it; if it may
// have, there is none.
func (s *sender) send(ctx context.Context, id *big.Int, a *account, f *flight) error {
	cost := f.fees.cost(f.kind, f.gas, len(f.load.hashes))
	aside := f.reserved
	replaces := f.before != nil && len(f.txs) == 0
	if replaces { // of both one at most is paid for
		aside = f.before.reserved
	}
	tx, err := a.Sign(ctx, id, s.build(id, f))
	if err != nil {
		return fmt.Errorf("sign a transaction of %s: %w", a.Address, err)
	}
	if err := s.spending.reserve(aside, cost); err != nil {
		return err
	}
	err = s.resend(ctx, tx)
	if refused(err) && !says(err, "nonce too low", "txpool is full", "account limit exceeded") {
		s.spending.swap(cost, aside)
		return s.refusal(a, f, err)
	}
	if replaces {
		f.before.reserved = new(big.Int)
	}
	f.reserved = cost
	f.txs = append(slices.Clip(f.txs), tx)
	f.sent = time.Now()
	f.raised = f.sent
	s.cfg.Log.DebugContext(ctx, "sent an L1 transaction", "account", a.Address, "nonce", f.nonce, "kind", f.kind, "hash", tx.Hash())
	return nil
}

// resend hands a signed transaction to the node. That it has it already is no error.
func (s *sender) resend(ctx context.Context, tx *types.Transaction) error {
	raw, err := tx.MarshalBinary()
	if err != nil {
		return fmt.Errorf("encode a transaction: %w", err)
	}
	var hash common.Hash
	err = s.node.call(ctx, &hash, "eth_sendRawTransaction", hexutil.Bytes(raw))
	if says(err, "already known", "already imported", "known transaction") {
		return nil
	}
	return err
}

// refusal gives a node's refusal its type. What can be mended by other fees or another kind is left to the caller.
func (s *sender) refusal(a *account, f *flight, err error) error {
	switch {
	case says(err, "already reserved", "underpriced", "replacement fee too low"):
		return err
	case says(err, "insufficient funds"):
		return fmt.Errorf("send from %s: %w: %w", a.Address, err, ErrFunds)
	case says(err, "less than block"): // max fee per gas, or per blob gas: the base fee has doubled since it was asked for
		return fmt.Errorf("send from %s: %w: %w", a.Address, err, ErrFeeLimit)
	case f.kind == blobKind && says(err, "transaction type not supported", "unsupported transaction type"):
		return errNoBlobs
	}
	return fmt.Errorf("send from %s: %w: %w", a.Address, err, ErrRejected)
}
