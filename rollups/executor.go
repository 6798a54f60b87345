package rollups

import (
	"context"

	"github.com/ethereum/go-ethereum/common"
)

// Input is what derivation hands to an executor for one shared block that has
// at least one entry for the rollup. Shared blocks without an entry are not
// handed over at all.
type Input struct {
	Height  uint64      // shared block height, at least 1
	Hash    common.Hash // shared header hash
	TimeMS  uint64      // shared block time, milliseconds since the epoch, never below that of a lower Height
	Entries [][]byte    // raw rollup transactions in shared order (opaque bytes), at least one
}

// Output names the rollup block that an Input produced. Two executors with an
// equal history give an equal Output for an equal Input.
type Output struct {
	Height    uint64      // shared height, 0 for the genesis
	Number    uint64      // rollup block number, 0 for the genesis
	BlockHash common.Hash // commits to StateRoot
	StateRoot common.Hash
}

// Executor turns a rollup's ordered entries into its state. It is driven by one
// goroutine; Head may be called from any. An error that retrying cannot mend is a
// [*ExecutorError]. Package remote carries an Executor to another process.
type Executor interface {
	// Execute derives the next rollup block and stores it durably before it
	// returns. Calling it again with the Input of the last executed height is
	// idempotent (crash between store and cursor). An error is the executor's own
	// fault (disk) or a broken promise of the caller's (height not above the
	// head); bad entries are skipped by rule, never errors.
	Execute(ctx context.Context, in Input) (Output, error)
	// Rollback drops every rollup block of a shared height above height. Head
	// then reports the newest remaining. If its state is no longer kept, nothing
	// changes, and the error is critical and says what an operator can do.
	Rollback(ctx context.Context, height uint64) error
	// Head is the last executed Output, or the genesis (Height 0, Number 0,
	// genesis hash and root) if there is none.
	Head() Output
}
