package rollups

import (
	"context"
	"errors"
	"fmt"

	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// errReset says that the soft head cannot stand: drop it and derive again from firm.
var errReset = errors.New("soft is dropped")

// Severity is how bad an error is; each has one reaction (Driver.Run).
type Severity int

// The severities.
const (
	Temporary Severity = iota // the same thing may succeed later: retry with back-off
	Reset                     // drop soft, derive again from firm
	Critical                  // stop, with the evidence on disk
	stopped                   // the context has ended
)

// String names a severity as metrics, logs and the wire do.
func (s Severity) String() string {
	switch s {
	case Reset:
		return "reset"
	case Critical:
		return "critical"
	case stopped:
		return "stopped"
	case Temporary:
	}
	return "temporary"
}

// ExecutorError is an error of an executor's that knows its own severity. An executor's other errors are temporary.
type ExecutorError struct {
	Severity Severity // Temporary, Reset or Critical
	Err      error
}

// Error is the error's text.
func (e *ExecutorError) Error() string { return e.Err.Error() }

// Unwrap returns the error.
func (e *ExecutorError) Unwrap() error { return e.Err }

// SeverityOf is the one place that decides. What is not known to be worse is temporary: a full disk or a DA layer that is away must not
// cost anybody their state.
func SeverityOf(err error) Severity {
	var conflict *cert.ErrConflict
	var diverged *DivergedError
	var halted *HaltedError
	var own *ExecutorError
	switch {
	case errors.As(err, &conflict), errors.As(err, &diverged), errors.As(err, &halted), errors.As(err, &own) && own.Severity == Critical:
		return Critical
	case errors.Is(err, errReset):
		return Reset
	case errors.Is(err, context.Canceled):
		return stopped
	case own != nil:
		return own.Severity
	default:
		return Temporary
	}
}

// DivergedError says that the executor made another block from an equal history and input: it, or this machine, is not deterministic.
type DivergedError struct {
	Input Input // without entries
	Known Output
	Now   Output
}

// Error names both blocks.
func (e *DivergedError) Error() string {
	return fmt.Sprintf("the executor derived rollup block %s from shared height %d, and %s before from the same input",
		e.Now.BlockHash, e.Input.Height, e.Known.BlockHash)
}

// HaltedError says that derivation has stopped for good. File holds the evidence; derivation starts again when somebody who has read it
// removes the file.
type HaltedError struct {
	File  string
	Cause error // nil if an earlier process found it
}

// Error names the cause and the file.
func (e *HaltedError) Error() string {
	if e.Cause == nil {
		return fmt.Sprintf("derivation was stopped by a critical error: read %s, and remove it to go on", e.File)
	}
	return fmt.Sprintf("derivation stops: %v (evidence in %s)", e.Cause, e.File)
}

// Unwrap returns the cause.
func (e *HaltedError) Unwrap() error { return e.Cause }
