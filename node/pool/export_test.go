package pool

import (
	"context"

	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// CatchUp brings the pool to the head, as Follow does before it waits.
func (p *Pool) CatchUp(ctx context.Context) error { return p.catchUp(ctx) }

// Add takes in transactions that count as verified, one by one, as if gossip had brought them.
func (p *Pool) Add(txs []tx.Verified) (errs []error) {
	errs = make([]error, len(txs))
	for i, t := range txs {
		errs[i] = p.admit(t.Tx, false)
	}
	return errs
}
