package certify

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
)

// Bounds of the tally. With sets of four it holds at most some hundred KiB, with the largest possible set 0.5 GiB, which takes 1,024 heights
// without a quorum and every operator faulty. A height that changes the operators comes on top until it is certified.
const (
	// window is how many of the newest committed heights are open: a certificate of any of them covers all below.
	window = 1024
	// ahead is how many heights above the committed head votes are kept for: an operator that is a moment behind must not lose what is
	// gossiped once.
	ahead = 64
	// votesPerOperator is how many votes of one operator are kept at one height. An honest one has one for each round in which it
	// precommitted a block.
	votesPerOperator = 4
	// checksPerOperator is how many gossiped votes that one operator signed are looked at at one height, those that replaced others included.
	checksPerOperator = 16
)

// Why a gossiped vote or announcement is not new. ErrInvalid is what no honest peer passes on; the others blame nobody.
var (
	ErrInvalid = errors.New("invalid")
	ErrKnown   = errors.New("known already")
	ErrFar     = errors.New("too old or too far ahead")
)

// tally holds the checked votes of the heights that are not certified yet. It has no clock and no lock of its own.
type tally struct {
	certified uint64 // what is open lies above
	head      uint64 // newest height that was looked at; all up to it are committed
	next      cert.Set
	open      map[uint64]*height
	dirty     map[uint64]struct{} // committed heights that something was added to, open or not
}

// height is one open height.
type height struct {
	since  time.Time // when the header became known; kept for the caller
	shared time.Time // when the own vote was gossiped; kept for the caller
	stored bool      // has a certificate of its own
	last   bool      // ends its set: no later certificate covers it

	header *common.Hash // nil above the head
	set    cert.Set     // certifies the height, if header is known
	votes  map[common.Address][]cert.Vote
	checks map[common.Address]int
}

func newTally(certified uint64, next cert.Set) *tally {
	return &tally{
		certified: certified, head: certified, next: next,
		open: make(map[uint64]*height), dirty: make(map[uint64]struct{}),
	}
}

// low is the lowest height of the window.
func (t *tally) low() uint64 { return max(t.certified, t.head-min(t.head, window)) + 1 }

// at returns the record of a height, made if it lies within the bounds; nil otherwise.
func (t *tally) at(h uint64) *height {
	if o := t.open[h]; o != nil {
		return o
	}
	if h < t.low() || h > t.head+ahead {
		return nil
	}
	o := &height{votes: make(map[common.Address][]cert.Vote), checks: make(map[common.Address]int)}
	t.open[h] = o
	return o
}

// commit tells the header of the next height and the set that certifies it; next certifies the height after. What leaves the window is
// forgotten, unless only its own certificate can cover it.
func (t *tally) commit(h uint64, header common.Hash, set, next cert.Set, now time.Time) {
	t.head, t.next = h, next
	o := t.at(h)
	o.header, o.set, o.since, o.last = &header, set, now, set.Hash() != next.Hash()
	t.dirty[h] = struct{}{}
	if old := t.low() - 1; t.open[old] != nil && !t.open[old].last {
		delete(t.open, old)
	}
}

// touch has a committed height looked at again.
func (t *tally) touch(h uint64) {
	if h <= t.head {
		t.dirty[h] = struct{}{}
	}
}

// pop returns the lowest height that something was added to.
func (t *tally) pop() (h uint64, found bool) {
	for k := range t.dirty {
		if !found || k < h {
			h, found = k, true
		}
	}
	delete(t.dirty, h)
	return h, found
}

// certify marks h as having a certificate of its own, and forgets all heights up to certified.
func (t *tally) certify(h, certified uint64) {
	if o := t.open[h]; o != nil {
		o.stored = true
	}
	if certified <= t.certified {
		return // h lies behind a change of operators that is not certified yet
	}
	for k := range t.open {
		if k <= certified {
			delete(t.open, k)
		}
	}
	for k := range t.dirty {
		if k <= certified {
			delete(t.dirty, k)
		}
	}
	t.certified = certified
}

// admit says whether a gossiped vote is worth the check of its signature.
func (t *tally) admit(v feed.Vote) error {
	o := t.at(v.Height)
	if o == nil {
		return fmt.Errorf("vote for height %d, certified is %d, head %d: %w", v.Height, t.certified, t.head, ErrFar)
	}
	switch {
	case o.header != nil && o.set.Index(v.Operator) < 0:
		return fmt.Errorf("vote of %s, who is no operator at height %d: %w", v.Operator, v.Height, ErrInvalid)
	case t.next.Index(v.Operator) < 0 && o.header == nil:
		return fmt.Errorf("vote of %s, who is not known to be an operator at height %d: %w", v.Operator, v.Height, ErrFar)
	case o.has(v.Vote), o.checks[v.Operator] >= checksPerOperator:
		return fmt.Errorf("vote of %s at height %d: %w", v.Operator, v.Height, ErrKnown)
	}
	return nil
}

// count takes a gossiped vote that is its operator's off what the operator may have checked at the height. A forged one costs whoever passed it
// on, not the operator in whose name it was made.
func (t *tally) count(v feed.Vote) {
	if o := t.open[v.Height]; o != nil {
		o.checks[v.Operator]++
	}
}

// add keeps a checked vote. It says whether the vote is new.
func (t *tally) add(v feed.Vote) bool {
	o := t.at(v.Height)
	if o == nil || o.has(v.Vote) || o.header != nil && o.set.Index(v.Operator) < 0 {
		return false
	}
	votes := o.votes[v.Operator]
	votes = append(votes, v.Vote)
	if len(votes) > votesPerOperator {
		votes = slices.Delete(votes, o.least(votes), o.least(votes)+1)
	}
	o.votes[v.Operator] = votes
	t.touch(v.Height)
	return true
}

// has says whether the vote is known, whatever form its signature has.
func (o *height) has(v cert.Vote) bool {
	return slices.ContainsFunc(o.votes[v.Operator], func(k cert.Vote) bool { return k.Round == v.Round && k.HeaderHash == v.HeaderHash })
}

// least is the vote that is given up first: one for another header than the committed one, else the one of the lowest round.
func (o *height) least(votes []cert.Vote) int {
	worst := 0
	for i, v := range votes {
		other, worstOther := o.other(v), o.other(votes[worst])
		if other && !worstOther || other == worstOther && v.Round < votes[worst].Round {
			worst = i
		}
	}
	return worst
}

func (o *height) other(v cert.Vote) bool { return o.header != nil && v.HeaderHash != *o.header }

// outcome is what the votes of a committed height add up to: a certificate of its header, nothing yet (both nil), or a conflict, which is a
// certificate of another header.
func (t *tally) outcome(h uint64) (certificate, conflict *cert.Certificate) {
	o := t.open[h]
	if o == nil || o.header == nil {
		return nil, nil
	}
	var votes []cert.Vote
	hashes := make(map[common.Hash]bool)
	for _, op := range o.set.Operators() {
		for _, v := range o.votes[op.Address] {
			votes = append(votes, v)
			hashes[v.HeaderHash] = true
		}
	}
	for hash := range hashes {
		c, err := cert.Assemble(o.set, h, hash, votes)
		switch {
		case err != nil:
		case hash == *o.header && !o.stored:
			certificate = &c
		case hash == *o.header:
		default:
			conflict = &c
		}
	}
	return certificate, conflict
}

// own returns the operator's own votes at an open, committed height, for its header.
func (t *tally) own(h uint64, own func(common.Address) bool) []cert.Vote {
	o := t.open[h]
	if o == nil || o.header == nil {
		return nil
	}
	for voter, votes := range o.votes { // at most one of one's own keys votes at a height
		if own(voter) {
			return slices.DeleteFunc(slices.Clone(votes), o.other)
		}
	}
	return nil
}
