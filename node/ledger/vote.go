package ledger

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
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

// ballots is what a block's votes are counted with: read with the first of them.
type ballots struct {
	power  map[common.Address]uint64 // of each operator, by its owner
	total  uint64
	agreed stake.Agreement[string] // encoded ballots
}

// ballots reads what operators have voted, once in a block.
func (x *run) ballots() (*ballots, error) {
	if x.voted != nil {
		return x.voted, nil
	}
	v := &ballots{power: make(map[common.Address]uint64)}
	for _, o := range x.owners {
		v.power[o.Address] = o.Power
		v.total += o.Power
		raw, err := x.st.Record(VoteKey(o.Address))
		if err != nil {
			return nil, fmt.Errorf("read vote of %s: %w", o.Address, err)
		}
		if len(raw) > 0 {
			v.agreed.Say(o.Address, o.Power, string(raw))
		}
	}
	x.voted = v
	return v, nil
}

// vote enters an operator's vote; with more than two thirds of the power behind it the changes are scheduled.
func (x *run) vote(payer common.Address, a *action.Vote) error {
	v, err := x.ballots()
	if err != nil {
		return err
	}
	power, member := v.power[payer]
	if !member {
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
	before, had := v.agreed.Said(payer)
	mine := string(raw)
	x.st.SetRaw(VoteKey(payer), raw)
	if !enough(v.agreed.Say(payer, power, mine), v.total) {
		return nil
	}
	if err := x.schedule(Activation{a.Height, a.Changes}); err != nil {
		v.agreed.Withdraw(payer, power)
		if had {
			v.agreed.Say(payer, power, before)
		}
		return err
	}
	for _, o := range x.owners {
		if said, _ := v.agreed.Said(o.Address); said == mine {
			x.st.Delete(VoteKey(o.Address))
			v.agreed.Withdraw(o.Address, o.Power)
		}
	}
	return nil
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
