package stake

import (
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces"
)

// Outcome is what a block means for others.
type Outcome struct {
	Ended   bool             // the block ends an epoch
	Set     Set              // of the height two on
	Gone    []common.Address // owners for whom this height is the last in the set, ascending
	Updates []Update         // of CometBFT's validators, ascending by address; empty unless the set changes

	Epoch     uint64               // the block's
	Lifetimes namespaces.Lifetimes // under the rewards root of the epoch, if it ends
}

// Epoch is the number of the one that the block is in, the last of it too.
func (s *Stake) Epoch() uint64 { return s.open.Number }

// Ends says whether the block is the last of its epoch.
func (s *Stake) Ends() bool { return s.b.TimeMS >= s.open.StartMS+s.p.EpochMS }

// Finish ends the work of the block: the epoch, if it is over, and the sets of the heights around.
func (s *Stake) Finish() (Outcome, error) {
	present, err := loadSet(s.st, s.chain.Sets[After])
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Ended: s.Ends(), Epoch: s.open.Number}
	if out.Set, err = s.standing(present); err != nil {
		return Outcome{}, err
	}
	if out.Ended {
		if out.Set, out.Lifetimes, err = s.endEpoch(out.Set); err != nil {
			return Outcome{}, err
		}
	}
	out.Updates = difference(present, out.Set)
	if out.Gone, err = s.gone(present); err != nil {
		return Outcome{}, err
	}
	next := chain{
		Sets:   [4]common.Hash{s.chain.Sets[Last], s.chain.Sets[Next], s.chain.Sets[After], out.Set.Hash()},
		TimeMS: s.b.TimeMS, Parent: s.b.ParentHash,
	}
	if len(out.Updates) > 0 {
		s.st.Set(SetKey(out.Set.Hash()), out.Set.Members)
		if err := s.began(out.Set); err != nil {
			return Outcome{}, err
		}
	}
	if gone := s.chain.Sets[Before]; !slices.Contains(next.Sets[:], gone) {
		s.st.Delete(SetKey(gone))
	}
	if next.Sets[Next] != s.chain.Sets[Next] { // other operators propose from the next height on
		for i := range s.tally.Absent {
			s.tally.Absent[i].Proposers = nil
		}
	}
	s.st.Set(chainKey, &next)
	s.st.Set(tallyKey, &s.tally)
	s.st.Set(potsKey, &s.pots)
	return out, nil
}

// endEpoch does what epochs end with, in the order of the specification, and returns the set that is chosen and what each
// address has earned by then.
func (s *Stake) endEpoch(present Set) (Set, namespaces.Lifetimes, error) {
	if err := s.share(); err != nil {
		return Set{}, nil, err
	}
	owners, err := operators.all(s.st)
	if err != nil {
		return Set{}, nil, err
	}
	set, err := s.choose(owners, present)
	if err != nil {
		return Set{}, nil, err
	}
	lifetimes, err := Lifetimes(s.st)
	if err != nil {
		return Set{}, nil, err
	}
	s.st.Set(EpochKey(s.open.Number), &Epoch{s.b.Height, s.b.TimeMS, lifetimes.Leaves().Root()})
	s.st.Set(openKey, &Open{s.open.Number + 1, s.b.TimeMS})
	return set, lifetimes, nil
}
