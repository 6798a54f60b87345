package local

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/da"
)

// The JSON-RPC service "da": da_submit(blobs) -> height, da_head() -> head, da_seek(from, namespaces) -> height, da_time(height) -> unix
// milliseconds; read.go has the reads. A blob is {"namespace": "0x<20 hex digits>", "data": "<base64>"}.
const rpcName = "da"

// Error codes of the service. The typed errors of package da travel as these.
const (
	codeTooLarge    = -39001 // data: {"limit": bytes}
	codeNotYet      = -39002
	codeGone        = -39003
	codeFeeTooLow   = -39004
	codeUnavailable = -39005
	codeInvalid     = -39006
)

type coded struct {
	code int
	err  error
}

func codes() []coded {
	return []coded{
		{codeNotYet, da.ErrNotYet},
		{codeGone, da.ErrGone},
		{codeFeeTooLow, da.ErrFeeTooLow},
		{codeInvalid, da.ErrInvalid},
		{codeUnavailable, da.ErrUnavailable},
	}
}

// wireError is an error with its code, as the rpc package sends it.
type wireError struct {
	error
	code int
	data any
}

func (e wireError) ErrorCode() int { return e.code }
func (e wireError) ErrorData() any { return e.data }

var (
	_ rpc.Error     = wireError{}
	_ rpc.DataError = wireError{}
)

type limitData struct {
	Limit int `json:"limit"`
}

// toWire gives an error its code. What has none is the layer's own trouble: unavailable.
func toWire(err error) error {
	if err == nil {
		return nil
	}
	var large da.ErrTooLarge
	if errors.As(err, &large) {
		return wireError{err, codeTooLarge, limitData{large.Limit}}
	}
	for _, c := range codes() {
		if errors.Is(err, c.err) {
			return wireError{err, c.code, nil}
		}
	}
	return wireError{err, codeUnavailable, nil}
}

// fromWire gives a code its error back. What is no answer of the service means that the layer is unavailable.
func fromWire(err error) error {
	var answer rpc.Error
	if !errors.As(err, &answer) {
		return fmt.Errorf("%w: %w", err, da.ErrUnavailable)
	}
	if answer.ErrorCode() == codeTooLarge {
		limit, derr := parseLimit(err)
		if derr != nil {
			return fmt.Errorf("%w: %w: %w", err, derr, da.ErrUnavailable)
		}
		return fmt.Errorf("%w: %w", err, da.ErrTooLarge{Limit: limit})
	}
	for _, c := range codes() {
		if c.code == answer.ErrorCode() {
			return fmt.Errorf("%w: %w", err, c.err)
		}
	}
	return fmt.Errorf("%w: %w", err, da.ErrUnavailable)
}

func parseLimit(err error) (int, error) {
	var data rpc.DataError
	if !errors.As(err, &data) {
		return 0, errors.New("too large without a limit")
	}
	raw, merr := json.Marshal(data.ErrorData())
	if merr != nil {
		return 0, fmt.Errorf("limit: %w", merr)
	}
	var l limitData
	if err := json.Unmarshal(raw, &l); err != nil || l.Limit < 1 {
		return 0, fmt.Errorf("limit %s is not a positive number", raw)
	}
	return l.Limit, nil
}
