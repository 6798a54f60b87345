package pool

import "context"

// CatchUp brings the pool to the head, as Follow does before it waits.
func (p *Pool) CatchUp(ctx context.Context) error { return p.catchUp(ctx) }
