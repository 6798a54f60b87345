package stake

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// Accounts are the balances of the ledger.
type Accounts interface {
	// Balance is what the address holds, in wei.
	Balance(common.Address) (uint256.Int, error)
	// SetBalance writes what the address holds.
	SetBalance(common.Address, *uint256.Int)
}

// Block is what the stake's rules need of a block and of the state before it.
type Block struct {
	ChainID    string
	Height     uint64
	TimeMS     uint64
	Proposer   common.Address // of its consensus key
	ParentHash common.Hash

	Treasury  common.Address
	Published uint64 // height that is on the DA layer, from the state before
	DAPrice   uint64 // wei per byte, from the state before
}

// Stake is one block's work on the stake's records. It is used by one goroutine.
type Stake struct {
	st       *state.State
	p        Params
	b        Block
	accounts Accounts

	chain    chain         // as before the block
	tally    tally         // written back by Finish
	open     Open          // the epoch of this block
	pots     Pots          // written back at the end of each step
	attested *attestations // of this height's set; nil: no attestation has come
	part     uint64        // of full, what the proposer gets of its part
	full     uint64
	paying   common.Address // owner of the block's proposer; zero if unknown
	fallen   bool           // somebody has been tombstoned in this block
}

// Begin starts the work of a block on the records after the height before it.
func Begin(st *state.State, p Params, accounts Accounts, b Block) (*Stake, error) {
	s := &Stake{st: st, p: p, b: b, accounts: accounts}
	var err error
	if s.chain, _, err = state.Load[chain](st, chainKey); err != nil {
		return nil, err
	}
	if s.tally, _, err = state.Load[tally](st, tallyKey); err != nil {
		return nil, err
	}
	if s.open, err = LoadOpen(st); err != nil {
		return nil, err
	}
	if s.pots, err = LoadPots(st); err != nil {
		return nil, err
	}
	key, _, err := state.Load[KeyOwner](st, consensusKey(b.Proposer))
	s.paying = key.Owner
	return s, err
}

// elapsed is the time since the block before, in milliseconds.
func (s *Stake) elapsed() uint64 { return max(s.b.TimeMS, s.chain.TimeMS) - s.chain.TimeMS }

// operator reads the record of an owner that is known to have one.
func (s *Stake) operator(owner common.Address) (Operator, error) {
	o, found, err := LoadOperator(s.st, owner)
	if err == nil && !found {
		err = fmt.Errorf("read operator %s: there is none", owner)
	}
	return o, err
}

func (s *Stake) put(owner common.Address, o *Operator) { s.st.Set(OperatorKey(owner), o) }

// credit gives wei to an address.
func (s *Stake) credit(a common.Address, amount *uint256.Int) error {
	if amount.IsZero() {
		return nil
	}
	balance, err := s.accounts.Balance(a)
	if err != nil {
		return fmt.Errorf("read balance of %s: %w", a, err)
	}
	s.accounts.SetBalance(a, balance.Add(&balance, amount))
	return nil
}

func (s *Stake) treasury(amount *uint256.Int) error { return s.credit(s.b.Treasury, amount) }

// reward adds to what an address has earned, and gives it a place among the earners once that is enough for a leaf. A place stays.
func (s *Stake) reward(a common.Address, amount *uint256.Int) error {
	if amount.IsZero() {
		return nil
	}
	r, _, err := state.Load[Reward](s.st, RewardKey(a))
	if err != nil {
		return err
	}
	r.Unclaimed.Add(&r.Unclaimed, amount)
	r.Lifetime.Add(&r.Lifetime, amount)
	if r.Place == 0 && !r.Lifetime.LtUint64(s.p.LeastLeaf) {
		if r.Place, err = earners.add(s.st, a); err != nil {
			return err
		}
	}
	s.pots.Rewards.Add(&s.pots.Rewards, amount)
	s.st.Set(RewardKey(a), &r)
	return nil
}

// partOf is floor(x num / den), for results below 2^256; den is not zero.
func partOf(x *uint256.Int, num, den *uint256.Int) uint256.Int {
	var out uint256.Int
	out.MulDivOverflow(x, num, den)
	return out
}

// fraction is partOf with small numbers.
func fraction(x *uint256.Int, num, den uint64) uint256.Int {
	var n, d uint256.Int
	return partOf(x, n.SetUint64(num), d.SetUint64(den))
}
