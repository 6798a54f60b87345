package ledger

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// Bounds of votes.
const (
	maxVoteAhead   = 1 << 24 // heights that an activation may lie ahead
	maxActivations = 64      // that wait at once
)

// Ballot is an operator's vote, in the form in which votes are kept and compared.
type Ballot struct {
	Changes []action.Change
	Height  uint64
}

// BallotOf reads the vote of an operator, by its owner, that has not been spent; false if there is none.
func BallotOf(r state.Reader, owner common.Address) (Ballot, bool, error) {
	return state.Load[Ballot](r, VoteKey(owner))
}

// Activation is changes of parameters that are in force from the height on.
type Activation struct {
	Height  uint64
	Changes []action.Change
}

// ScheduleOf lists the changes that are decided and wait for their heights, ascending.
func ScheduleOf(r state.Reader) ([]Activation, error) {
	waiting, _, err := state.Load[[]Activation](r, ScheduleKey())
	return waiting, err
}

// vote enters an operator's vote; with more than two thirds of the power behind it the changes are scheduled.
func (x *run) vote(payer common.Address, a *action.Vote) error {
	operators := x.owners
	if !slices.ContainsFunc(operators, func(o Power) bool { return o.Address == payer }) {
		return tx.NewReject(NotOperator, "%s is not in the set", payer)
	}
	if a.Height <= x.height || a.Height-x.height > maxVoteAhead {
		return tx.NewReject(BadHeight, "for height %d, this block is %d", a.Height, x.height)
	}
	if _, err := changed(x.params, a.Changes); err != nil {
		return err
	}
	raw, err := rlp.EncodeToBytes(&Ballot{a.Changes, a.Height})
	if err != nil {
		return fmt.Errorf("encode vote: %w", err)
	}
	x.st.SetRaw(VoteKey(payer), raw)
	agreed := make(map[common.Address]bool)
	for _, o := range operators {
		other, err := x.st.Record(VoteKey(o.Address))
		if err != nil {
			return fmt.Errorf("read vote of %s: %w", o.Address, err)
		}
		agreed[o.Address] = bytes.Equal(raw, other)
	}
	if !twoThirds(operators, func(a common.Address) bool { return agreed[a] }) {
		return nil
	}
	for _, o := range operators {
		if agreed[o.Address] {
			x.st.Delete(VoteKey(o.Address))
		}
	}
	return x.schedule(Activation{a.Height, a.Changes})
}

func (x *run) schedule(a Activation) error {
	waiting, err := ScheduleOf(x.st)
	if err != nil {
		return err
	}
	if len(waiting) >= maxActivations {
		return tx.NewReject(ParameterRange, "%d changes wait already", len(waiting))
	}
	waiting = append(waiting, a)
	slices.SortStableFunc(waiting, func(a, b Activation) int { return cmp.Compare(a.Height, b.Height) })
	x.st.Set(ScheduleKey(), waiting)
	return nil
}

// changed returns the parameters with changes, if all are within bounds. The protocol's version never falls. The error is a [*tx.Reject].
func changed(p genesis.Params, changes []action.Change) (genesis.Params, error) {
	next := p
	for _, c := range changes {
		err := next.Set(c.Name, c.Value)
		switch {
		case errors.Is(err, genesis.ErrParameter):
			return p, tx.NewReject(UnknownParameter, "%v", err)
		case err != nil:
			return p, tx.NewReject(ParameterRange, "%v", err)
		}
	}
	if err := next.Validate(); err != nil {
		return p, tx.NewReject(ParameterRange, "%v", err)
	}
	if next.ProtocolVersion < p.ProtocolVersion {
		return p, tx.NewReject(ParameterRange, "protocol version %d, %d is in force", next.ProtocolVersion, p.ProtocolVersion)
	}
	return next, nil
}

// activate puts changes in force for the next block whose time has come. What other changes have made impossible meanwhile lapses.
func (x *run) activate() error {
	waiting, err := ScheduleOf(x.st)
	if err != nil || len(waiting) == 0 || waiting[0].Height > x.height+1 {
		return err
	}
	params := x.params
	for len(waiting) > 0 && waiting[0].Height <= x.height+1 {
		if next, err := changed(params, waiting[0].Changes); err == nil {
			params = next
		}
		waiting = waiting[1:]
	}
	x.st.Set(ParamsKey(), &params)
	if len(waiting) == 0 {
		x.st.Delete(ScheduleKey())
	} else {
		x.st.Set(ScheduleKey(), waiting)
	}
	return nil
}

// tick counts the block.
func (x *run) tick() error {
	next := x.clock.tick(x.block, x.consensus)
	x.st.Set(clockKey(), &next)
	return nil
}
