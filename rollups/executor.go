package rollups

import (
	"context"

	"github.com/ethereum/go-ethereum/common"
)

// Input is what derivation hands to an executor for one shared block that has
// at least one entry for the rollup, or for a fallback block
// (specs/12-forced.md). Shared blocks without an entry are not handed over at
// all.
type Input struct {
	Height   uint64      // shared block height, at least 1; of the block before it for a fallback block
	Hash     common.Hash // shared header hash; if anything is forced, a hash over it and what is forced
	TimeMS   uint64      // block time, milliseconds since the epoch, never below that of the input before
	Entries  [][]byte    // raw rollup transactions in shared order (opaque bytes), at least one
	Forced   int         // how many of the first entries came by the forced way
	Fallback uint64      // DA height of a fallback block; 0 for a shared block's
}

// Output names the rollup block that an Input produced. Two executors with an
// equal history give an equal Output for an equal Input.
type Output struct {
	Height    uint64      // shared height, 0 for the genesis
	Fallback  uint64      // DA height of a fallback block; 0 for a shared block's
	Number    uint64      // rollup block number, 0 for the genesis
	BlockHash common.Hash // commits to StateRoot
	StateRoot common.Hash
}

// Executor turns a rollup's ordered entries into its state. It is driven by one
// goroutine; Head may be called from any. An error that retrying cannot mend is a
// [*ExecutorError]. Package remote carries an Executor to another process.
type Executor interface {
	// Execute derives the next rollup block and stores it durably before it
	// returns. Calling it again with the last executed Input is idempotent (crash
	// between store and cursor); Height, Fallback and Hash tell it. An error is
	// the executor's own fault (disk) or a broken promise of the caller's (Height
	// and Fallback not above the head's); bad entries are skipped by rule, never
	// errors.
	Execute(ctx context.Context, in Input) (Output, error)
	// Rollback drops every rollup block above a block number. Head then reports
	// the newest remaining. If its state is no longer kept, nothing
	// changes, and the error is critical and says what an operator can do.
	Rollback(ctx context.Context, number uint64) error
	// Head is the last executed Output, or the genesis (Height 0, Number 0,
	// genesis hash and root) if there is none.
	Head() Output
}

// After says whether a block of the input comes after the one that an output names.
func (in *Input) After(o Output) bool {
	return in.Height > o.Height || in.Height == o.Height && in.Fallback > o.Fallback
}

// Names says whether the output is of the input's place.
func (in *Input) Names(o Output) bool { return in.Height == o.Height && in.Fallback == o.Fallback }
