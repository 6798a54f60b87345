package stake

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

const (
	heightPoints = 1_000_000_000 // what one counted height makes possible
	maxAbsentMS  = 10_000        // what one block adds to an absence, so that a halt is nobody's downtime
)

// ErrSystem says that a body's system section is not true.
var ErrSystem = errors.New("the system section does not fit")

// System takes the block's system section (specs/09-operators.md, "System section"): it counts the votes of two heights before, notes those of the
// height before, and punishes faults. An error that wraps [ErrSystem] means that the block is invalid.
func (s *Stake) System(sys block.System) error {
	if err := s.check(sys); err != nil {
		return err
	}
	s.part, s.full = 1, 1
	if s.b.Height > 2 {
		if err := s.count(sys.Late); err != nil {
			return err
		}
	}
	if s.b.Height > 1 {
		set, err := loadSet(s.st, s.chain.Sets[Last])
		if err != nil {
			return err
		}
		var included uint64
		for i, m := range set.Members {
			if sys.Voted(i) {
				included += m.Power
			}
		}
		s.part, s.full = 0, set.Total()
		if 3*included > 2*set.Total() { // powers are below 2^60
			s.part = 3*included - 2*set.Total()
		}
		s.tally.Votes = sys.Votes
	}
	return s.faults(sys.Faults)
}

// faults punishes whoever signed two votes. A proof that proves nothing makes the block invalid; one that is not to be punished, because it is old or
// known or a former operator's, does not: consensus has it in its own block.
func (s *Stake) faults(faults []block.Fault) error {
	for i := range faults {
		operator, err := faults[i].Operator(s.b.ChainID)
		if err != nil {
			return fmt.Errorf("fault %d: %w: %w", i, ErrSystem, err)
		}
		if _, _, err := s.punish(operator, faults[i].Height); err != nil && tx.CodeOf(err) == "" {
			return err
		}
	}
	return nil
}

// Awaited are the operators whose votes the next block can bring late, with their index in the set that voted, and the header that they are for. It
// is that of the height before the newest; zero if there is none.
func Awaited(r state.Reader) (operators map[common.Address]uint32, header common.Hash, err error) {
	c, _, err := state.Load[chain](r, chainKey)
	if err != nil {
		return nil, common.Hash{}, err
	}
	t, _, err := state.Load[tally](r, tallyKey)
	if err != nil {
		return nil, common.Hash{}, err
	}
	if len(t.Votes) == 0 {
		return nil, common.Hash{}, nil
	}
	set, err := loadSet(r, c.Sets[Before])
	if err != nil {
		return nil, common.Hash{}, err
	}
	operators, voted := make(map[common.Address]uint32), block.System{Votes: t.Votes}
	for i, m := range set.Members {
		if !voted.Voted(i) {
			operators[m.Address] = uint32(i)
		}
	}
	return operators, c.Parent, nil
}

// check says whether the section can be true on the records before the block.
func (s *Stake) check(sys block.System) error {
	if s.b.Height == 1 {
		if len(sys.Votes) > 0 || len(sys.Late) > 0 {
			return fmt.Errorf("votes in the first block: %w", ErrSystem)
		}
		return nil
	}
	set, err := loadSet(s.st, s.chain.Sets[Last])
	if err != nil {
		return err
	}
	if n := len(set.Members); len(sys.Votes) != (n+7)/8 || n%8 != 0 && sys.Votes[n/8]<<(n%8) != 0 {
		return fmt.Errorf("votes of %d bytes for %d operators: %w", len(sys.Votes), n, ErrSystem)
	}
	if len(sys.Late) == 0 {
		return nil
	}
	if s.b.Height == 2 {
		return fmt.Errorf("late votes of no height: %w", ErrSystem)
	}
	before, err := loadSet(s.st, s.chain.Sets[Before])
	if err != nil {
		return err
	}
	known := block.System{Votes: s.tally.Votes}
	for _, l := range sys.Late {
		if int(l.Operator) >= len(before.Members) || known.Voted(int(l.Operator)) {
			return fmt.Errorf("late vote of operator %d, who voted in time or is none: %w", l.Operator, ErrSystem)
		}
		v := cert.Vote{
			Operator: before.Members[l.Operator].Address, Round: l.Round, HeaderHash: s.chain.Parent, Signature: l.Signature,
		}
		if err := v.Check(s.b.ChainID, s.b.Height-2); err != nil {
			return fmt.Errorf("late vote: %w: %w", ErrSystem, err)
		}
	}
	return nil
}

// count closes the height two before this one: points for those who voted, absence for those who did not.
func (s *Stake) count(late []block.LateVote) error {
	set, err := loadSet(s.st, s.chain.Sets[Before])
	if err != nil {
		return err
	}
	votes := block.System{Votes: s.tally.Votes}
	voted := func(i int) bool {
		return votes.Voted(i) || slices.ContainsFunc(late, func(l block.LateVote) bool { return int(l.Operator) == i })
	}
	var absent []common.Address
	for i, m := range set.Members {
		if !voted(i) {
			absent = append(absent, m.Owner)
			continue
		}
		hi, lo := bits.Mul64(m.Power, heightPoints)
		points, _ := bits.Div64(hi, lo, set.Total())
		s.earn(m.Owner).Points += points
	}
	s.tally.Counted++
	return s.miss(absent)
}

// earn finds or makes the entry of an owner in the tally.
func (s *Stake) earn(owner common.Address) *earned {
	i, found := slices.BinarySearchFunc(s.tally.Earned, owner, func(e earned, o common.Address) int { return e.Owner.Cmp(o) })
	if !found {
		s.tally.Earned = slices.Insert(s.tally.Earned, i, earned{Owner: owner})
	}
	return &s.tally.Earned[i]
}

// miss lengthens the absences of those who did not vote, ends the others, and jails whoever has been away for too long.
func (s *Stake) miss(absent []common.Address) error {
	slices.SortFunc(absent, func(a, b common.Address) int { return bytes.Compare(a[:], b[:]) })
	if len(absent) == 0 {
		s.tally.Absent = nil
		return nil
	}
	set, err := loadSet(s.st, s.chain.Sets[Next]) // of this height: who proposes it
	if err != nil {
		return err
	}
	step := min(s.elapsed(), maxAbsentMS)
	out := make([]absence, 0, len(absent))
	for _, owner := range absent {
		o, err := s.operator(owner)
		if err != nil {
			return err
		}
		if o.JailedUntil > 0 || o.Tombstoned {
			continue
		}
		a := absence{Owner: owner}
		if i := slices.IndexFunc(s.tally.Absent, func(a absence) bool { return a.Owner == owner }); i >= 0 {
			a = s.tally.Absent[i]
		}
		a.MS += step
		a.mark(set, s.b.Proposer)
		if a.MS >= s.p.DowntimeMS && a.seen(set) {
			o.JailedUntil = s.b.TimeMS + s.p.JailMS
			s.put(owner, &o)
			continue
		}
		out = append(out, a)
	}
	s.tally.Absent = out
	return nil
}

// mark notes that a proposer could have brought a vote.
func (a *absence) mark(set Set, proposer common.Address) {
	if i := set.Index(proposer); i >= 0 {
		marks := make([]byte, cmp.Or(len(a.Proposers), (len(set.Members)+7)/8))
		copy(marks, a.Proposers)
		marks[i/8] |= 0x80 >> (i % 8)
		a.Proposers = marks
	}
}

// seen says whether more than two thirds of the others' power could have brought a vote.
func (a *absence) seen(set Set) bool {
	marks := block.System{Votes: a.Proposers}
	var others, proposed uint64
	for i, m := range set.Members {
		if m.Owner == a.Owner {
			continue
		}
		others += m.Power
		if marks.Voted(i) {
			proposed += m.Power
		}
	}
	return 3*proposed > 2*others
}
