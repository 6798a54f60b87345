package ethereum

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/da"
)

// lostAfter is how many looks in a row must show a nonce used and no receipt before a transaction counts as displaced: nodes behind one
// URL may not be at the same block.
const lostAfter = 3

// What ends a drive without an answer.
var (
	errDear      = errors.New("blobs have become dear, and another account is idle")
	errNoBlobs   = errors.New("the L1 takes no blob transactions")
	errDisplaced = errors.New("another transaction has taken the nonce")
)

// account is one that pays. Its fields below belong to who took it from the sender.
type account struct {
	Account
	flight *flight // sent, and not known to be settled

	last  *types.Transaction // the newest that was included: it is sent again if a reorganisation takes it back
	fees  fees               // of last
	after uint64             // the nonce after it
}

// flight is a submission on its way: transactions with one nonce, of which one can be included.
type flight struct {
	kind     kind
	load     *payload
	nonce    uint64
	gas      uint64
	fees     fees
	txs      []*types.Transaction // the newest last
	before   *flight              // which this one replaces
	sent     time.Time            // the newest
	raised   time.Time            // its fees
	reserved *big.Int
}

type receipt struct {
	BlockNumber       hexutil.Uint64 `json:"blockNumber"`
	TransactionHash   common.Hash    `json:"transactionHash"`
	GasUsed           hexutil.Uint64 `json:"gasUsed"`
	EffectiveGasPrice hexutil.Big    `json:"effectiveGasPrice"`
	BlobGasUsed       hexutil.Uint64 `json:"blobGasUsed"`
	BlobGasPrice      hexutil.Big    `json:"blobGasPrice"`
}

// paid is what a transaction cost, in wei.
func (r *receipt) paid() *big.Int {
	gas := new(big.Int).Mul(r.EffectiveGasPrice.ToInt(), new(big.Int).SetUint64(uint64(r.GasUsed)))
	return gas.Add(gas, new(big.Int).Mul(r.BlobGasPrice.ToInt(), new(big.Int).SetUint64(uint64(r.BlobGasUsed))))
}

// drive brings a submission into a block by one account.
func (s *sender) drive(ctx context.Context, a *account, load *payload, k kind) (uint64, error) {
	for {
		if a.flight == nil || a.flight.load.digest != load.digest {
			if err := s.launch(ctx, a, load, k); err != nil {
				return 0, err
			}
		}
		height, err := s.watch(ctx, a)
		if !errors.Is(err, errDisplaced) {
			return height, err
		}
	}
}

// launch sends a submission for the first time. What the account has in flight is waited for or replaced.
func (s *sender) launch(ctx context.Context, a *account, load *payload, k kind) error {
	id, err := s.network(ctx)
	if err != nil {
		return err
	}
	f := &flight{kind: k, load: load, reserved: new(big.Int)}
	if f.nonce, err = s.clear(ctx, a, f); err != nil {
		return err
	}
	m, err := s.market(ctx)
	if err != nil {
		return err
	}
	if f.fees, err = s.begin(a, f).most(m.toward(s.cfg.Fees)).cap(m, s.cfg.Fees, f.kind); err != nil {
		return err
	}
	for {
		if f.kind == blobKind {
			if err := s.prover.prove(ctx, load); err != nil {
				return err
			}
		}
		if f.gas, err = s.dryRun(ctx, a, f); err != nil {
			return err
		}
		err := s.send(ctx, id, a, f)
		switch {
		case err == nil:
			a.flight = f
			return nil
		case says(err, "already reserved"): // by a transaction of the other kind that was sent before this process began
			if f.kind = blobKind - f.kind + calldataKind; f.kind == calldataKind && len(load.container) > maxCalldata {
				return fmt.Errorf("%s has calldata in flight that was not sent by this process: %w", a.Address, da.ErrUnavailable)
			}
		case says(err, "underpriced", "replacement fee too low"): // likewise of the same kind
			if f.fees = f.fees.replace(f.kind); !f.fees.within(s.cfg.Fees, f.kind) {
				return fmt.Errorf("replace what %s has in flight: %w: %w", a.Address, err, ErrFeeLimit)
			}
		default:
			return err
		}
	}
}

// clear makes way for a new flight and tells its nonce. What is in flight and mined is settled; what is not is replaced by the new one, which
// takes its kind, or, if it does not fit, waits.
func (s *sender) clear(ctx context.Context, a *account, f *flight) (uint64, error) {
	for began := time.Now(); ; {
		mined, err := s.mined(ctx, a)
		if err != nil {
			return 0, err
		}
		old := a.flight
		switch {
		case old == nil && mined >= a.after:
			return mined, nil
		case old == nil: // a reorganisation has taken back what was included: give that a while to come again
			if time.Since(began) > s.cfg.Timing.Resend {
				return mined, nil
			}
			_ = s.resend(ctx, a.last) // its pool may have it still
		case mined > old.nonce:
			if err := s.land(ctx, a, old); err != nil {
				return 0, err
			}
			continue
		case old.kind == calldataKind && len(f.load.container) > maxCalldata:
			if err := s.nudge(ctx, a, old); err != nil && !errors.Is(err, errDear) {
				return 0, err
			}
		default:
			f.kind, f.before, old.before = old.kind, old, nil
			return old.nonce, nil
		}
		if err := pause(ctx, s.cfg.Timing.Poll); err != nil {
			return 0, err
		}
	}
}

// begin is the least that a new flight must offer to replace what the pool may hold.
func (s *sender) begin(a *account, f *flight) fees {
	switch {
	case f.before != nil:
		return f.before.fees.replace(f.kind)
	case f.nonce < a.after:
		return a.fees.replace(f.kind)
	}
	return fees{}
}

// land settles a flight whose nonce is mined, for whatever transaction that was.
func (s *sender) land(ctx context.Context, a *account, f *flight) error {
	st, err := s.status(ctx, a, f)
	if err != nil {
		return err
	}
	s.settle(a, f, st.receipt)
	return nil
}

// settle ends a flight; without a receipt it was displaced.
func (s *sender) settle(a *account, f *flight, r *receipt) {
	paid := new(big.Int)
	if r != nil {
		paid = r.paid()
		for _, tx := range f.txs {
			if tx.Hash() == r.TransactionHash {
				a.last, a.fees, a.after = tx, f.fees, f.nonce+1
			}
		}
	}
	s.spending.settle(f.reserved, paid)
	a.flight = nil
}

// status is what a look at a flight shows.
type status struct {
	head, mined uint64
	receipt     *receipt // of any of its transactions, or of what it replaces; nil if none is included
	other       bool     // it is of what it replaces
}

func (s *sender) status(ctx context.Context, a *account, f *flight) (status, error) {
	var head, mined hexutil.Uint64
	elems := []rpc.BatchElem{
		{Method: "eth_blockNumber", Result: &head},
		{Method: "eth_getTransactionCount", Args: []any{a.Address, "latest"}, Result: &mined},
	}
	own := len(f.txs)
	txs := append([]*types.Transaction(nil), f.txs...)
	if f.before != nil {
		txs = append(txs, f.before.txs...)
	}
	receipts := make([]*receipt, len(txs))
	for i, tx := range txs {
		elems = append(elems, rpc.BatchElem{Method: "eth_getTransactionReceipt", Args: []any{tx.Hash()}, Result: &receipts[i]})
	}
	if err := s.node.batch(ctx, elems); err != nil {
		return status{}, err
	}
	for _, e := range elems {
		if e.Error != nil {
			return status{}, unavailable(e.Error)
		}
	}
	st := status{head: uint64(head), mined: uint64(mined)}
	for i, r := range receipts {
		if r != nil && st.receipt == nil {
			st.receipt, st.other = r, i >= own
		}
	}
	return st, nil
}

func (s *sender) mined(ctx context.Context, a *account) (uint64, error) {
	var n hexutil.Uint64
	if err := s.node.call(ctx, &n, "eth_getTransactionCount", a.Address, "latest"); err != nil {
		return 0, fmt.Errorf("ask for the nonce of %s: %w", a.Address, unavailable(err))
	}
	return uint64(n), nil
}

// watch waits until the account's flight is included, and sends it again or with higher fees until then. An error of the node does not end it.
func (s *sender) watch(ctx context.Context, a *account) (uint64, error) {
	f := a.flight
	for lost := 0; ; {
		st, err := s.status(ctx, a, f)
		switch {
		case err != nil:
		case st.receipt != nil && !st.other:
			lost = 0
			if st.head+1 >= uint64(st.receipt.BlockNumber)+s.cfg.Confirmations {
				s.settle(a, f, st.receipt)
				return uint64(st.receipt.BlockNumber), nil
			}
		case st.mined > f.nonce:
			if lost++; lost >= lostAfter {
				s.settle(a, f, st.receipt)
				return 0, errDisplaced
			}
		default:
			lost = 0
			if err := s.nudge(ctx, a, f); err != nil {
				return 0, err
			}
		}
		if err := pause(ctx, s.cfg.Timing.Poll); err != nil {
			return 0, err
		}
	}
}

// nudge sends what is in flight again when it is time. The errors are errDear and those of ctx.
func (s *sender) nudge(ctx context.Context, a *account, f *flight) error {
	now := time.Now()
	if now.Sub(f.raised) >= s.cfg.Timing.Bump {
		f.raised = now
		err := s.raise(ctx, a, f)
		switch {
		case err == nil, errors.Is(err, errDear), ctx.Err() != nil:
			return err
		}
		s.cfg.Log.WarnContext(ctx, "the fees of an L1 transaction cannot be raised; waiting on", "account", a.Address, "nonce", f.nonce, "error", err)
	}
	if now.Sub(f.sent) >= s.cfg.Timing.Resend {
		f.sent = now
		_ = s.resend(ctx, f.txs[len(f.txs)-1]) // the next look tells what became of it
	}
	return ctx.Err()
}

// raise replaces what is in flight by the same with higher fees, unless it should rather go as calldata by another account.
func (s *sender) raise(ctx context.Context, a *account, f *flight) error {
	m, err := s.market(ctx)
	if err != nil {
		return err
	}
	if f.kind == blobKind && len(f.load.container) <= maxCalldata {
		k, err := s.chooser.choose(m, f.load.container)
		s.mu.Lock()
		idle := s.idle() >= 0
		s.mu.Unlock()
		if err == nil && k == calldataKind && idle {
			return errDear
		}
	}
	id, err := s.network(ctx)
	if err != nil {
		return err
	}
	next := *f
	next.fees = f.fees.replace(f.kind).most(m.toward(s.cfg.Fees))
	if !next.fees.within(s.cfg.Fees, f.kind) {
		return fmt.Errorf("to %d wei per gas, %d per blob gas: %w", next.fees.gas, next.fees.blob, ErrFeeLimit)
	}
	if err := s.send(ctx, id, a, &next); err != nil {
		return err
	}
	*f = next
	return nil
}
