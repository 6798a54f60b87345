package ethapi

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/rpc"
	"github.com/holiman/uint256"
)

// callsAPI executes without effect.
type callsAPI struct{ b *backend }

// estimateSlack is how far an estimate may lie above the least gas that suffices, as a part of it: go-ethereum's own.
const estimateSlack = 0.015

// Call is eth_call.
func (a *callsAPI) Call(ctx context.Context, args callArgs, at *rpc.BlockNumberOrHash, changes *overrides) (hexutil.Bytes, error) {
	scene, done, err := a.begin(ctx, "call", &args, at, changes)
	if err != nil {
		return nil, err
	}
	defer done()
	gas := a.b.Limits.CallGas
	if args.Gas != nil && *args.Gas > 0 {
		gas = min(gas, uint64(*args.Gas))
	}
	result, err := scene.run(gas)
	if err != nil {
		return nil, err
	}
	if errors.Is(result.Err, vm.ErrExecutionReverted) {
		return nil, reverted(result.Revert())
	}
	return result.Return(), result.Err
}

// EstimateGas is eth_estimateGas: the least gas limit, within 1.5 per cent, with which the transaction would succeed.
func (a *callsAPI) EstimateGas(ctx context.Context, args callArgs, at *rpc.BlockNumberOrHash, changes *overrides) (hexutil.Uint64, error) {
	scene, done, err := a.begin(ctx, "estimate", &args, at, changes)
	if err != nil {
		return 0, err
	}
	defer done()
	most, err := scene.affordable(min(params.MaxTxGas, scene.header.GasLimit, a.b.Limits.CallGas))
	if err != nil {
		return 0, err
	}
	if args.plain() && scene.state.GetCodeSize(*args.To) == 0 && most >= params.TxGas {
		if result, err := scene.run(params.TxGas); err == nil && !result.Failed() {
			return hexutil.Uint64(params.TxGas), nil
		}
	}
	result, err := scene.run(most)
	switch {
	case err != nil:
		return 0, err
	case errors.Is(result.Err, vm.ErrExecutionReverted):
		return 0, reverted(result.Revert())
	case errors.Is(result.Err, vm.ErrOutOfGas):
		return 0, fmt.Errorf("gas required exceeds allowance (%d)", most)
	case result.Err != nil:
		return 0, result.Err
	}
	least, err := scene.search(result, most)
	return hexutil.Uint64(least), err
}

// scene is a call, ready to be executed with different gas limits. It is of one goroutine.
type scene struct {
	b      *backend
	ctx    context.Context //nolint:containedctx // a scene lives as long as one request
	args   *callArgs
	state  *state.StateDB
	header *types.Header
}

// begin takes a place for the work, opens the state and prepares it. The caller defers done.
func (a *callsAPI) begin(ctx context.Context, method string, args *callArgs, at *rpc.BlockNumberOrHash, changes *overrides) (*scene, func(), error) {
	if err := args.validate(a.b.Chain.Genesis().ChainID); err != nil {
		return nil, nil, err
	}
	began := time.Now()
	own, done, err := a.b.work(ctx)
	if err != nil {
		return nil, nil, err
	}
	end := func() {
		done()
		a.b.metrics.work.WithLabelValues(method).Observe(time.Since(began).Seconds())
	}
	st, header, err := a.b.state(at)
	if err == nil && changes != nil {
		err = changes.apply(st, a.b.Chain.ChainConfig().Rules(header.Number, true, header.Time))
	}
	if err != nil {
		end()
		return nil, nil, err
	}
	return &scene{a.b, own, args, st, header}, end, nil
}

// run executes the call on a copy of the state. An error means that it could not begin, or not end in time.
func (s *scene) run(gas uint64) (*core.ExecutionResult, error) {
	message := s.args.message(s.header.BaseFee, gas)
	header := s.header
	if message.GasPrice.IsZero() {
		header = types.CopyHeader(header)
		header.BaseFee = new(big.Int) // who names no price pays none
	}
	st := s.state.Copy()
	machine := s.b.Chain.NewEVM(header, st, vm.Config{NoBaseFee: true})
	canceled := make(chan struct{})
	stop := context.AfterFunc(s.ctx, func() {
		machine.Cancel()
		close(canceled)
	})
	result, err := core.ApplyMessage(machine, message, core.NewGasPool(gas))
	if !stop() {
		<-canceled
	}
	aborted := machine.Cancelled()
	machine.Release()
	if failed := st.Error(); failed != nil {
		return nil, fmt.Errorf("read state: %w", failed)
	}
	if aborted {
		return nil, s.b.stopped(s.ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("err: %w (supplied gas %d)", err, gas)
	}
	return result, nil
}

// affordable bounds the gas by what the caller asks for and, if a price is named, by what the sender can pay.
func (s *scene) affordable(most uint64) (uint64, error) {
	if s.args.Gas != nil && uint64(*s.args.Gas) >= params.TxGas {
		most = min(most, uint64(*s.args.Gas))
	}
	cost := word(s.args.FeeCap)
	if s.args.GasPrice != nil {
		cost = word(s.args.GasPrice)
	}
	if cost.IsZero() {
		return most, nil
	}
	left, under := new(uint256.Int).SubOverflow(s.state.GetBalance(s.args.From), word(s.args.Value))
	if under {
		return 0, core.ErrInsufficientFundsForTransfer
	}
	if gas := left.Div(left, cost); gas.IsUint64() {
		most = min(most, gas.Uint64())
	}
	return most, nil
}

// search halves the distance between a limit that is too low and one that suffices. The first try is what the whole execution needed at its
// highest, with the 64th part that a call must leave behind.
func (s *scene) search(first *core.ExecutionResult, most uint64) (uint64, error) {
	low, high := first.UsedGas-1, most
	try := (first.MaxUsedGas + params.CallStipend) * 64 / 63
	for low+1 < high && float64(high-low) > float64(high)*estimateSlack {
		if try <= low || try >= high {
			try = low + (high-low)/2
		}
		enough, err := s.suffices(try)
		if err != nil {
			return 0, err
		}
		if enough {
			high = try
		} else {
			low = try
		}
		// Most transactions need little more than they use: look near the lower bound first.
		try = min(low+(high-low)/2, low*2)
	}
	return high, nil
}

// suffices executes with a limit. Too little for the transaction's own bytes is not enough, too.
func (s *scene) suffices(gas uint64) (bool, error) {
	result, err := s.run(gas)
	if errors.Is(err, core.ErrIntrinsicGas) || errors.Is(err, core.ErrFloorDataGas) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return !result.Failed(), nil
}
