package stake

import (
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// maxLoss is how many shares a token may stand for before nobody may buy any more.
const maxLoss = 1_000

// maxStakeBits bounds what is bonded with one operator, so that no product of shares and accumulators leaves 256 bits.
const maxStakeBits = 127

// delegation reads an operator and what a holder has with it.
func (s *Stake) delegation(owner, holder common.Address) (Operator, Delegation, error) {
	o, found, err := LoadOperator(s.st, owner)
	if err != nil || !found {
		return o, Delegation{}, rejectUnless(err, UnknownOperator, "%s is no operator", owner)
	}
	d, _, err := state.Load[Delegation](s.st, DelegationKey(owner, holder))
	return o, d, err
}

func (s *Stake) delegate(payer common.Address, a *action.Delegate) error {
	o, d, err := s.delegation(a.Operator, payer)
	if err != nil {
		return err
	}
	if o.Tombstoned {
		return tx.NewReject(Tombstoned, "%s is tombstoned", a.Operator)
	}
	return s.bond(a.Operator, &o, payer, &d, a.Amount)
}

// bond takes an amount from a holder's balance and writes its shares, and the operator.
func (s *Stake) bond(owner common.Address, o *Operator, holder common.Address, d *Delegation, amount *uint256.Int) error {
	if amount.IsZero() {
		return tx.NewReject(ZeroAmount, "nothing is bonded")
	}
	balance, err := s.accounts.Balance(holder)
	if err != nil {
		return fmt.Errorf("read balance of %s: %w", holder, err)
	}
	if balance.Lt(amount) {
		return tx.NewReject(InsufficientBalance, "%s has %s wei, %s are to be bonded", holder, balance.Dec(), amount.Dec())
	}
	if sum, over := new(uint256.Int).AddOverflow(&o.Tokens, amount); over || sum.BitLen() > maxStakeBits {
		return tx.NewReject(Overflow, "the stake of %s would be 2^%d wei or more", owner, maxStakeBits)
	}
	shares := *amount
	if !o.Shares.IsZero() {
		if worth, over := new(uint256.Int).MulOverflow(&o.Tokens, uint256.NewInt(maxLoss)); !over && worth.Lt(&o.Shares) {
			return tx.NewReject(Worthless, "the stake of %s has lost nearly everything", owner)
		}
		shares = partOf(amount, &o.Shares, &o.Tokens)
		if shares.IsZero() {
			return tx.NewReject(ZeroAmount, "%s wei are worth no share", amount.Dec())
		}
	}
	if err := s.settle(owner, o, holder, d); err != nil {
		return err
	}
	if err := s.enter(owner, o, d, &shares); err != nil {
		return err
	}
	s.accounts.SetBalance(holder, balance.Sub(&balance, amount))
	d.Shares.Add(&d.Shares, &shares)
	o.Shares.Add(&o.Shares, &shares)
	o.Tokens.Add(&o.Tokens, amount)
	if err := s.seat(owner, o); err != nil {
		return err
	}
	s.pots.Staked.Add(&s.pots.Staked, amount)
	s.st.Set(DelegationKey(owner, holder), d)
	s.put(owner, o)
	return nil
}

func (s *Stake) undelegate(payer common.Address, a *action.Undelegate) error {
	o, d, err := s.delegation(a.Operator, payer)
	if err != nil {
		return err
	}
	if a.Shares.IsZero() {
		return tx.NewReject(ZeroAmount, "no shares are undelegated")
	}
	if d.Shares.Lt(a.Shares) {
		return tx.NewReject(TooManyShares, "%s has %s shares with %s, %s are asked for", payer, d.Shares.Dec(), a.Operator, a.Shares.Dec())
	}
	if err := s.settle(a.Operator, &o, payer, &d); err != nil {
		return err
	}
	if err := s.depart(a.Operator, &o, &d, a.Shares); err != nil {
		return err
	}
	tokens := partOf(a.Shares, &o.Tokens, &o.Shares)
	d.Shares.Sub(&d.Shares, a.Shares)
	o.Shares.Sub(&o.Shares, a.Shares)
	o.Tokens.Sub(&o.Tokens, &tokens)
	s.pots.Staked.Sub(&s.pots.Staked, &tokens)
	if d.Shares.IsZero() {
		s.st.Delete(DelegationKey(a.Operator, payer))
	} else {
		s.st.Set(DelegationKey(a.Operator, payer), &d)
	}
	if err := s.unbond(a.Operator, &o, payer, &tokens); err != nil {
		return err
	}
	if o.Shares.IsZero() {
		if err := s.empty(&o); err != nil {
			return err
		}
	}
	if err := s.seat(a.Operator, &o); err != nil {
		return err
	}
	s.put(a.Operator, &o)
	return nil
}

// unbond puts tokens into the operator's pool of this epoch.
func (s *Stake) unbond(owner common.Address, o *Operator, holder common.Address, tokens *uint256.Int) error {
	if tokens.IsZero() {
		return nil // slashed to nothing
	}
	epoch := s.open.Number
	pool, _, err := state.Load[Pool](s.st, poolKey(owner, epoch))
	if err != nil {
		return err
	}
	shares := *tokens
	if !pool.Tokens.IsZero() {
		shares = partOf(tokens, &pool.Shares, &pool.Tokens)
	}
	held, _, err := state.Load[uint256.Int](s.st, unbondingKey(owner, epoch, holder))
	if err != nil {
		return err
	}
	pool.Tokens.Add(&pool.Tokens, tokens)
	pool.Shares.Add(&pool.Shares, &shares)
	s.pots.Unbonding.Add(&s.pots.Unbonding, tokens)
	s.st.Set(poolKey(owner, epoch), &pool)
	s.st.Set(unbondingKey(owner, epoch, holder), held.Add(&held, &shares))
	if slices.Contains(o.Pools, epoch) {
		return nil
	}
	for len(o.Pools) > 0 {
		old, _, err := state.Load[Epoch](s.st, EpochKey(o.Pools[0]))
		if err != nil {
			return err
		}
		if old.EndMS+s.p.UnbondingMS > s.b.TimeMS {
			break
		}
		o.Pools = o.Pools[1:] // no fault reaches it any more
	}
	o.Pools = append(o.Pools, epoch)
	return nil
}

// empty is what happens when an operator's last share leaves.
func (s *Stake) empty(o *Operator) error {
	dust := o.Bucket
	o.Bucket.Clear()
	o.Remainder.Clear()
	s.pots.Buckets.Sub(&s.pots.Buckets, &dust)
	return s.treasury(&dust)
}

// seat gives an operator a place in the index, or takes it, as its stake says. The caller writes the operator.
func (s *Stake) seat(owner common.Address, o *Operator) (err error) {
	switch small := o.Tokens.Lt(&s.p.MinStake); {
	case small == (o.Place == 0):
		return nil
	case !small:
		o.Place, err = operators.add(s.st, owner)
		return err
	}
	moved, err := operators.remove(s.st, o.Place)
	if err != nil {
		return err
	}
	if moved != owner {
		other, err := s.operator(moved)
		if err != nil {
			return err
		}
		other.Place = o.Place
		s.put(moved, &other)
	}
	o.Place = 0
	return nil
}

func (s *Stake) withdraw(payer common.Address, a *action.Withdraw) error {
	key := unbondingKey(a.Operator, a.Epoch, payer)
	shares, found, err := state.Load[uint256.Int](s.st, key)
	if err != nil {
		return err
	}
	if !found {
		return tx.NewReject(NothingUnbonding, "%s has nothing that left %s in epoch %d", payer, a.Operator, a.Epoch)
	}
	ended, over, err := state.Load[Epoch](s.st, EpochKey(a.Epoch))
	if err != nil {
		return err
	}
	if !over || s.b.TimeMS < ended.EndMS+s.p.UnbondingMS {
		return tx.NewReject(UnbondingTime, "epoch %d has ended, or not, less than %d ms ago", a.Epoch, s.p.UnbondingMS)
	}
	if s.b.Published <= ended.Last+1 {
		return tx.NewReject(UnbondingUnpublished, "height %d is published, the set without this stake begins at %d", s.b.Published, ended.Last+2)
	}
	pool, _, err := state.Load[Pool](s.st, poolKey(a.Operator, a.Epoch))
	if err != nil {
		return err
	}
	amount := partOf(&shares, &pool.Tokens, &pool.Shares)
	pool.Tokens.Sub(&pool.Tokens, &amount)
	pool.Shares.Sub(&pool.Shares, &shares)
	if pool.Shares.IsZero() {
		s.st.Delete(poolKey(a.Operator, a.Epoch))
	} else {
		s.st.Set(poolKey(a.Operator, a.Epoch), &pool)
	}
	s.st.Delete(key)
	s.pots.Unbonding.Sub(&s.pots.Unbonding, &amount)
	return s.credit(payer, &amount)
}
