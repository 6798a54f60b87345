package rollups

import (
	"context"
)

// Driver follows the shared blocks for one rollup.
type Driver struct {
	cfg Config
}

// Open reads the heads record, or begins one at genesis.
func Open(cfg Config) (*Driver, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Driver{cfg: cfg}, nil
}

// Run derives until ctx ends (nil), or until a critical error: a *Halt, which the next Open returns too.
func (d *Driver) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Close writes the heads record and releases the folder. Run must have returned.
func (d *Driver) Close() error { return nil }

// Status returns the three heads.
func (d *Driver) Status() Heads { return Heads{} }

// Heads returns the rollup block numbers of the three heads: the tags latest, safe and finalized.
func (d *Driver) Heads() (soft, firm, final uint64) { return 0, 0, 0 }

// Soft returns the shared height of the soft head, and a channel that is closed when any head moves next.
func (d *Driver) Soft() (height uint64, changed <-chan struct{}) { return 0, nil }

// Announced returns the newest shared height that is proven to exist, whether derived yet or not: what an expiry is counted from.
func (d *Driver) Announced() uint64 { return 0 }
