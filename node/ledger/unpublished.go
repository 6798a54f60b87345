package ledger

import (
	"fmt"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// stepsPerBound is into how many steps the bound on what is unpublished is divided: so much memory for so much precision.
const stepsPerBound = 64

// Unpublished is what the ledger knows of how long blocks wait to be published (specs/12-forced.md, "Operators"). Zero while no view has come.
type Unpublished struct {
	DAHead uint64 // after the newest block
	Steps  []Step // ascending; the first tells how old the oldest unpublished block is
}

// Step is a height from which on headers have this da_head, or more.
type Step struct {
	Height uint64
	DAHead uint64
}

// Age is how many DA heights ago the oldest unpublished block was made; a little more than that where steps are wide.
func (u Unpublished) Age() uint64 {
	if len(u.Steps) == 0 {
		return 0
	}
	return u.DAHead - u.Steps[0].DAHead
}

// after is what is known after a block: its height, the state's new da_head and published height, the bound.
func (u Unpublished) after(height, daHead, published, bound uint64) Unpublished {
	if daHead == 0 {
		return u
	}
	u.DAHead = daHead
	steps := append([]Step(nil), u.Steps...)
	if n := len(steps); n == 0 || daHead >= steps[n-1].DAHead+max(1, bound/stepsPerBound) {
		steps = append(steps, Step{height + 1, daHead})
	}
	for len(steps) > 1 && (steps[1].Height <= published+1 || steps[1].DAHead < daHead-min(daHead, bound)) {
		steps = steps[1:]
	}
	u.Steps = steps
	return u
}

func unpublishedKey() state.Key { return state.NewKey(state.Unpublished) }

// UnpublishedOf reads how long blocks wait to be published.
func UnpublishedOf(r state.Reader) (Unpublished, error) {
	u, _, err := state.Load[Unpublished](r, unpublishedKey())
	if err != nil {
		return u, fmt.Errorf("read what is unpublished: %w", err)
	}
	return u, nil
}

// unpublished counts the block.
func (x *run) unpublished() error {
	u, err := UnpublishedOf(x.st)
	if err != nil {
		return err
	}
	next := u.after(x.height, x.daHead, x.published, x.params.MaxUnpublished)
	if next.DAHead != u.DAHead || len(next.Steps) != len(u.Steps) {
		x.st.Set(unpublishedKey(), &next)
	}
	return nil
}

// mayWait says whether the block may take on rollups' data of a transaction while so much is unpublished.
func (p *Pass) mayWait(t *tx.Tx) error {
	if p.unpublished.Age() <= p.params.MaxUnpublished {
		return nil
	}
	for _, l := range t.Legs() {
		if l.Namespace != namespaces.Ledger() {
			return tx.NewReject(TooMuchUnpublished, "blocks of %d DA heights are unpublished, at most %d", p.unpublished.Age(), p.params.MaxUnpublished)
		}
	}
	return nil
}
