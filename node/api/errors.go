package api

import (
	"context"
	"errors"
	"fmt"

	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/pool"
	"github.com/lockstep-network/lockstep/node/store"
)

// Error is what a method answers instead of a result: {code, message, data: {code}}. Numbers and names are stable (specs/08-rpc.md, "Errors").
type Error struct {
	Number  int       // JSON-RPC's code
	Message string    // for people
	Data    ErrorData // for programs
}

// ErrorData is the data of an [Error].
type ErrorData struct {
	Code   string `json:"code"`             // the name of the number
	Height uint64 `json:"height,omitempty"` // not_yet, pruned: the newest, or the lowest, height that is there

}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// ErrorCode implements rpc.Error.
func (e *Error) ErrorCode() int { return e.Number }

// ErrorData implements rpc.DataError.
func (e *Error) ErrorData() any { return e.Data }

// The errors of methods.
const (
	BadArgument = "bad_argument" // an argument is malformed
	Internal    = "internal"     // the node failed
	NotYet      = "not_yet"      // the height is above what is committed, or certified
	Pruned      = "pruned"       // the height is no longer kept here
	NotFound    = "not_found"    // no such transaction is in a block
	BadRange    = "bad_range"    // half-open, reversed, empty or too long
	NotBundle   = "not_bundle"   // all legs are in one namespace
	TooLarge    = "too_large"    // the answer would be larger than the node sends
	Busy        = "busy"         // too many at once: ask later or elsewhere
	NotProvable = "not_provable" // the operators have changed since genesis in heights that are no longer kept
)

// number is the one table from names to numbers.
func number(code string) int {
	switch tx.Code(code) {
	case BadArgument:
		return -32602
	case Internal:
		return -32603
	case NotYet:
		return -38001
	case Pruned:
		return -38002
	case NotFound:
		return -38003
	case BadRange:
		return -38004
	case NotBundle:
		return -38005
	case TooLarge:
		return -38006
	case Busy:
		return -38007
	case NotProvable:
		return -38008
	case tx.Malformed:
		return -38100
	case tx.WrongVersion:
		return -38101
	case tx.WrongChain:
		return -38102
	case tx.TxTooLarge:
		return -38103
	case tx.LegTooLarge:
		return -38104
	case tx.TooManyLegs:
		return -38105
	case tx.NoLegs:
		return -38106
	case tx.BadSignature:
		return -38107
	case ledger.Expired:
		return -38120
	case ledger.ExpiryTooFar:
		return -38121
	case ledger.UnknownNamespace:
		return -38122
	case ledger.UnexpectedAuth:
		return -38123
	case ledger.FeeTooLow:
		return -38124
	case ledger.Spent:
		return -38125
	case ledger.Duplicate:
		return -38126
	case ledger.Unfunded:
		return -38127
	case pool.Full:
		return -38140
	case pool.NamespaceFull:
		return -38141
	case pool.PayerFull:
		return -38142
	case pool.ReplacementUnderpriced:
		return -38143
	case pool.Replaced:
		return -38144
	case pool.Evicted:
		return -38145
	default:
		return -38199 // a reason that has no number yet; its name is in the data
	}
}

func fail(code, format string, args ...any) *Error {
	return &Error{Number: number(code), Message: fmt.Sprintf(format, args...), Data: ErrorData{Code: code}}
}

// coded is the one place where an error of the node becomes one of the API. What it does not know is internal, and the client learns no more.
func (s *Service) coded(ctx context.Context, err error) error {
	var known *Error
	var reject *tx.Reject
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	case errors.As(err, &reject):
		return fail(string(reject.Code), "%s", reject.Error())
	case errors.Is(err, store.ErrNotYet):
		e := fail(NotYet, "%v", err)
		e.Data.Height = s.store.Certified()
		return e
	case errors.Is(err, store.ErrPruned):
		e := fail(Pruned, "%v", err)
		e.Data.Height = s.store.Floor()
		return e
	case errors.Is(err, store.ErrNotFound):
		return fail(NotFound, "%v", err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fail(Busy, "the answer took too long")
	default:
		s.log.ErrorContext(ctx, "request failed", "error", err)
		return fail(Internal, "internal error")
	}
}
