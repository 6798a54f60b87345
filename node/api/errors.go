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

// unnumbered is the number of a rejection that has none yet; its name is in the data.
const unnumbered = -38199

// numbers is the one table from names to numbers.
func numbers() map[string]int {
	return map[string]int{
		BadArgument:                         -32602,
		Internal:                            -32603,
		NotYet:                              -38001,
		Pruned:                              -38002,
		NotFound:                            -38003,
		BadRange:                            -38004,
		NotBundle:                           -38005,
		TooLarge:                            -38006,
		Busy:                                -38007,
		NotProvable:                         -38008,
		string(tx.Malformed):                -38100,
		string(tx.WrongVersion):             -38101,
		string(tx.WrongChain):               -38102,
		string(tx.TxTooLarge):               -38103,
		string(tx.LegTooLarge):              -38104,
		string(tx.TooManyLegs):              -38105,
		string(tx.NoLegs):                   -38106,
		string(tx.BadSignature):             -38107,
		string(ledger.Expired):              -38120,
		string(ledger.ExpiryTooFar):         -38121,
		string(ledger.UnknownNamespace):     -38122,
		string(ledger.UnexpectedAuth):       -38123,
		string(ledger.FeeTooLow):            -38124,
		string(ledger.Spent):                -38125,
		string(ledger.Duplicate):            -38126,
		string(ledger.Unfunded):             -38127,
		string(ledger.NamespaceExited):      -38128,
		string(ledger.ConsentMissing):       -38129,
		string(ledger.BadConsent):           -38130,
		string(ledger.LaneEpoch):            -38131,
		string(ledger.LaneSeq):              -38132,
		string(ledger.QuotaExceeded):        -38133,
		string(ledger.TankEmpty):            -38134,
		string(ledger.BadAction):            -38135,
		string(pool.Full):                   -38140,
		string(pool.NamespaceFull):          -38141,
		string(pool.PayerFull):              -38142,
		string(pool.ReplacementUnderpriced): -38143,
		string(pool.Replaced):               -38144,
		string(pool.Evicted):                -38145,
	}
}

func number(code string) int {
	if n, ok := numbers()[code]; ok {
		return n
	}
	return unnumbered
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
