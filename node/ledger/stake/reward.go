package stake

import (
	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// Income is what a block brings, already taken from those who pay.
type Income struct {
	Ordering uint256.Int // ordering fees
	DA       uint256.Int // pass-through
	Tips     []Tip
}

// Tip is what a namespace's transactions pay on top.
type Tip struct {
	Owner  common.Address // of the namespace; zero: it has none
	Amount uint256.Int
}

// scale is the accumulator's: one wei for one share.
func scale() *uint256.Int { return uint256.NewInt(1_000_000_000_000_000_000) }

// Collect divides the block's income into pots (specs/09-operators.md, "What is earned"). System comes before.
func (s *Stake) Collect(in Income) error {
	f := in.Ordering
	if subsidy := fraction(&s.p.SubsidyPerSecond, s.elapsed(), 1_000); !subsidy.IsZero() {
		s.pots.Subsidy.Add(&s.pots.Subsidy, &subsidy)
		f.Add(&f, &subsidy)
	}
	eighth := fraction(&f, 1, 8)
	s.pots.Publishers.Add(&s.pots.Publishers, &eighth)
	f.Sub(&f, &eighth)
	f.Sub(&f, &eighth)
	s.pots.Voters.Add(&s.pots.Voters, &f)
	s.pots.DA.Add(&s.pots.DA, &in.DA)

	proposer := fraction(&eighth, s.part, s.full)
	eighth.Sub(&eighth, &proposer)
	if err := s.treasury(&eighth); err != nil {
		return err
	}
	for _, t := range in.Tips {
		owner := fraction(&t.Amount, 9, 10)
		t.Amount.Sub(&t.Amount, &owner)
		proposer.Add(&proposer, &t.Amount)
		give := s.reward
		if t.Owner == (common.Address{}) {
			give = func(_ common.Address, amount *uint256.Int) error { return s.treasury(amount) }
		}
		if err := give(t.Owner, &owner); err != nil {
			return err
		}
	}
	return s.gather(s.paying, &proposer)
}

// gather keeps what an operator has earned until the epoch ends.
func (s *Stake) gather(owner common.Address, amount *uint256.Int) error {
	if owner == (common.Address{}) {
		return s.treasury(amount)
	}
	if amount.IsZero() {
		return nil
	}
	e := s.earn(owner)
	e.Wei.Add(&e.Wei, amount)
	s.pots.Earned.Add(&s.pots.Earned, amount)
	return nil
}

// share gives operators what they have earned in the epoch, and the treasury what nobody has.
func (s *Stake) share() error {
	var given uint256.Int
	for i := range s.tally.Earned {
		e := &s.tally.Earned[i]
		amount := e.Wei
		s.pots.Earned.Sub(&s.pots.Earned, &e.Wei)
		if s.tally.Counted > 0 {
			var points, possible uint256.Int
			possible.Mul(possible.SetUint64(s.tally.Counted), points.SetUint64(heightPoints))
			votes := partOf(&s.pots.Voters, points.SetUint64(e.Points), &possible)
			given.Add(&given, &votes)
			amount.Add(&amount, &votes)
		}
		if err := s.pay(e.Owner, &amount); err != nil {
			return err
		}
	}
	if s.tally.Counted > 0 {
		s.pots.Voters.Sub(&s.pots.Voters, &given)
		if err := s.treasury(&s.pots.Voters); err != nil {
			return err
		}
		s.pots.Voters.Clear()
	}
	s.tally.Counted, s.tally.Earned = 0, nil
	return nil
}

// pay shares an operator's reward out: the commission to its owner, the rest to the shares that stood through the epoch.
func (s *Stake) pay(owner common.Address, amount *uint256.Int) error {
	o, err := s.operator(owner)
	if err != nil {
		return err
	}
	commission := fraction(amount, o.Commission, fullCommission)
	if err := s.reward(owner, &commission); err != nil {
		return err
	}
	var rest uint256.Int
	rest.Sub(amount, &commission)
	earning, err := s.earning(owner, &o)
	if err != nil {
		return err
	}
	if earning.IsZero() {
		return s.treasury(&rest)
	}
	if o.Entered != s.open.Number+1 { // shares that came before earn from here on
		if err := s.closeEntry(owner, &o); err != nil {
			return err
		}
	}
	o.Bucket.Add(&o.Bucket, &rest)
	s.pots.Buckets.Add(&s.pots.Buckets, &rest)
	rest.Mul(&rest, scale()) // below 2^188
	rest.Add(&rest, &o.Remainder)
	var grown uint256.Int
	grown.DivMod(&rest, &earning, &o.Remainder)
	o.Accumulator.Add(&o.Accumulator, &grown)
	if err := s.closeEntry(owner, &o); err != nil { // those that came in this epoch, from here
		return err
	}
	s.put(owner, &o)
	return nil
}

// claim pays what is unclaimed.
func (s *Stake) claim(payer common.Address, a *action.Claim) error {
	if a.Operator != (common.Address{}) {
		o, d, err := s.delegation(a.Operator, payer)
		if err != nil {
			return err
		}
		if d.Shares.IsZero() {
			return tx.NewReject(NothingToClaim, "%s has no delegation with %s", payer, a.Operator)
		}
		if err := s.settle(a.Operator, &o, payer, &d); err != nil {
			return err
		}
		s.put(a.Operator, &o)
		s.st.Set(DelegationKey(a.Operator, payer), &d)
	}
	r, _, err := state.Load[Reward](s.st, RewardKey(payer))
	if err != nil {
		return err
	}
	if r.Unclaimed.IsZero() {
		return tx.NewReject(NothingToClaim, "%s has earned nothing that it has not claimed", payer)
	}
	amount := r.Unclaimed
	r.Unclaimed.Clear()
	s.st.Set(RewardKey(payer), &r)
	s.pots.Rewards.Sub(&s.pots.Rewards, &amount)
	return s.credit(payer, &amount)
}
