package ethapi

import (
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/vm"

	"github.com/lockstep-network/lockstep/rollups/evm"
)

// Codes of errors, by JSON-RPC 2.0, EIP-1474 and go-ethereum's usage. Errors without a code of their own are sent with -32000.
const (
	codeReverted      = 3 // with the revert data
	codeNotYet        = 4 // EIP-7966: not included in time, with the hash
	codeInvalidParams = -32602
	codeLimit         = -32005
)

// coded is an error with a code and, maybe, data.
type coded struct {
	code int
	text string
	data any
}

// Error implements error.
func (e *coded) Error() string { return e.text }

// ErrorCode implements rpc.Error.
func (e *coded) ErrorCode() int { return e.code }

// ErrorData implements rpc.DataError.
func (e *coded) ErrorData() any { return e.data }

func invalid(format string, args ...any) error {
	return &coded{code: codeInvalidParams, text: fmt.Sprintf(format, args...)}
}

func exceeded(format string, args ...any) error {
	return &coded{code: codeLimit, text: fmt.Sprintf(format, args...)}
}

// Texts that clients know from go-ethereum.
var (
	errNoHeader = errors.New("header not found")
	errNoBlock  = errors.New("block not found")
	errNoFilter = errors.New("filter not found")
	errReadOnly = errors.New("this node takes no transactions: it has no gateway; send them to one that has")
	errBusy     = &coded{code: codeLimit, text: "too many requests, try again later"}
)

// reverted is what a client gets of a call that reverted with data.
func reverted(data []byte) error {
	text := vm.ErrExecutionReverted.Error()
	if reason, err := abi.UnpackRevert(data); err == nil {
		text += ": " + reason
	}
	return &coded{code: codeReverted, text: text, data: hexutil.Encode(data)}
}

func notYet(hash common.Hash) error {
	return &coded{code: codeNotYet, text: "the transaction is accepted, but not in a block yet", data: hash.Hex()}
}

// absent turns the chain's ErrNotFound into the null that Ethereum answers for what it does not know.
func absent[T any](value *T, err error) (*T, error) {
	if errors.Is(err, evm.ErrNotFound) {
		return nil, nil //nolint:nilnil // null is the answer
	}
	return value, err
}
