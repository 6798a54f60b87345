package api

import (
	"context"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/proof"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// Parameters is what seq_getParameters answers.
type Parameters struct {
	Parameters genesis.Params `json:"parameters"` // in force for the next block
	Scheduled  []Changes      `json:"scheduled"`  // decided, ascending by height
	Proposals  []Proposal     `json:"proposals"`  // voted for, and not decided
	Total      uint64         `json:"total"`      // power of the set; more than two thirds of it decide
	Height     uint64         `json:"height"`     // the ledger after this height

	Proof *proof.Document `json:"proof,omitempty"` // of the records, if asked for
}

// Changes is parameters that are in force from a height on.
type Changes struct {
	Height  uint64   `json:"height"`
	Changes []Change `json:"changes"` // ascending by name
}

// Change is a parameter's new value.
type Change struct {
	Name  string       `json:"name"`
	Value *uint256.Int `json:"value"` // in decimal digits
}

// Proposal is changes that operators have voted for.
type Proposal struct {
	Changes
	Voters []common.Address `json:"voters"` // operators, by their owners
	Power  uint64           `json:"power"`  // theirs together
}

// GetParameters tells the parameters, and what operators want to change about them.
func (s *Service) GetParameters(ctx context.Context, options *RecordOptions) (*Parameters, error) {
	var out *Parameters
	head, d, err := s.atHead(ctx, options.proof(), func(r state.Reader) (keys []state.Key, err error) {
		out, keys, err = parametersOf(r)
		return keys, err
	})
	if err != nil {
		return nil, s.coded(ctx, err)
	}
	out.Height, out.Proof = head.Height, d
	return out, nil
}

// parametersOf reads the parameters and the votes of the set's members, and names the records that the answer is read from.
func parametersOf(r state.Reader) (*Parameters, []state.Key, error) {
	params, err := ledger.ParamsOf(r)
	if err != nil {
		return nil, nil, err
	}
	waiting, err := ledger.ScheduleOf(r)
	if err != nil {
		return nil, nil, err
	}
	set, err := stake.LoadSet(r, stake.Next)
	if err != nil {
		return nil, nil, err
	}
	out := &Parameters{Parameters: params, Scheduled: []Changes{}, Proposals: []Proposal{}, Total: set.Total()}
	keys := []state.Key{ledger.ParamsKey(), ledger.ScheduleKey()}
	for _, a := range waiting {
		out.Scheduled = append(out.Scheduled, changesOf(a.Height, a.Changes))
	}
	for _, m := range set.Members {
		b, found, err := ledger.BallotOf(r, m.Owner)
		if err != nil {
			return nil, nil, err
		}
		if found {
			keys = append(keys, ledger.VoteKey(m.Owner))
			out.propose(changesOf(b.Height, b.Changes), m)
		}
	}
	return out, keys, nil
}

// propose counts a vote.
func (out *Parameters) propose(c Changes, m stake.Member) {
	for i := range out.Proposals {
		if p := &out.Proposals[i]; p.equal(c) {
			p.Voters, p.Power = append(p.Voters, m.Owner), p.Power+m.Power
			return
		}
	}
	out.Proposals = append(out.Proposals, Proposal{c, []common.Address{m.Owner}, m.Power})
}

func (c Changes) equal(other Changes) bool {
	if c.Height != other.Height || len(c.Changes) != len(other.Changes) {
		return false
	}
	for i, one := range c.Changes {
		if one.Name != other.Changes[i].Name || !one.Value.Eq(other.Changes[i].Value) {
			return false
		}
	}
	return true
}

func changesOf(height uint64, list []action.Change) Changes {
	out := Changes{Height: height, Changes: make([]Change, len(list))}
	for i, c := range list {
		out.Changes[i] = Change(c)
	}
	return out
}
