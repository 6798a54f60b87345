package ledgertest

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// gathered is what the audit reads of the tally: rlp([counted, votes, [[owner, points, wei]...], absences]).
type gathered struct {
	Counted uint64
	Votes   []byte
	Earned  []struct {
		Owner  common.Address
		Points uint64
		Wei    uint256.Int
	}
	Absent rlp.RawValue
}

// count is what the records of each kind add up to.
type count struct {
	accounts, tanks, deposits           uint256.Int
	tokens, unbonding, buckets, rewards uint256.Int
	earned                              uint256.Int
	shares                              map[string]uint256.Int // of an operator, or of a pool, less what holders have
}

// Audit adds up every record of the ledger, trusting no total, and returns what the genesis must have given out: all there is, less the subsidy
// (specs/05-ledger.md, "Supply"). An error says which total is not the sum of its records.
func (m *Memory) Audit() (supply uint256.Int, err error) {
	c := count{shares: make(map[string]uint256.Int)}
	for k, v := range m.Records { // any order: sums
		if err := c.add(k, v); err != nil {
			return supply, fmt.Errorf("record %x: %w", string(k), err)
		}
	}
	p, err := stake.LoadPots(m)
	if err != nil {
		return supply, err
	}
	// any order: all must agree, and each error names its own total
	for name, pair := range map[string][2]*uint256.Int{
		"staked": {&p.Staked, &c.tokens}, "unbonding": {&p.Unbonding, &c.unbonding}, "buckets": {&p.Buckets, &c.buckets},
		"unclaimed": {&p.Rewards, &c.rewards}, "earned": {&p.Earned, &c.earned},
	} {
		if *pair[0] != *pair[1] {
			return supply, fmt.Errorf("%s: the total says %s wei, the records %s", name, pair[0].Dec(), pair[1].Dec())
		}
	}
	// any order: all must be zero
	for of, rest := range c.shares {
		if !rest.IsZero() {
			return supply, fmt.Errorf("shares of %x do not add up", of)
		}
	}
	for _, v := range []*uint256.Int{
		&c.accounts, &c.tanks, &c.deposits, &c.tokens, &c.unbonding, &c.buckets, &c.rewards, &c.earned, &p.Voters, &p.Publishers, &p.DA, &p.Burned,
	} {
		if _, over := supply.AddOverflow(&supply, v); over {
			return supply, fmt.Errorf("more wei than 256 bits hold: something is below zero")
		}
	}
	if supply.Lt(&p.Subsidy) {
		return supply, fmt.Errorf("%s wei of subsidy, there are %s", p.Subsidy.Dec(), supply.Dec())
	}
	return *supply.Sub(&supply, &p.Subsidy), nil
}

func (c *count) add(k state.Key, raw []byte) error {
	reader, id := one{k, raw}, k.ID()
	switch k.Kind() { //nolint:exhaustive // the others hold neither wei nor shares
	case state.Account:
		b, err := ledger.Balance(reader, common.BytesToAddress(id))
		return sum(&c.accounts, &b, err)
	case state.Tank:
		var v uint256.Int
		return sum(&c.tanks, &v, rlp.DecodeBytes(raw, &v))
	case state.Namespace:
		var n ledger.Namespace
		if err := rlp.DecodeBytes(raw, &n); err != nil {
			return err
		}
		return sum(&c.deposits, n.Deposit, nil)
	case state.Operator:
		var o stake.Operator
		if err := rlp.DecodeBytes(raw, &o); err != nil {
			return err
		}
		c.tokens.Add(&c.tokens, &o.Tokens)
		c.share(id, &o.Shares, (*uint256.Int).Add)
		return sum(&c.buckets, &o.Bucket, nil)
	case state.Delegation:
		var d stake.Delegation
		err := rlp.DecodeBytes(raw, &d)
		c.share(id[:common.AddressLength], &d.Shares, (*uint256.Int).Sub)
		return err
	case state.Pool:
		var p stake.Pool
		err := rlp.DecodeBytes(raw, &p)
		c.share(id, &p.Shares, (*uint256.Int).Add)
		return sum(&c.unbonding, &p.Tokens, err)
	case state.Unbonding:
		var v uint256.Int
		err := rlp.DecodeBytes(raw, &v)
		c.share(id[:common.AddressLength+8], &v, (*uint256.Int).Sub)
		return err
	case state.Reward:
		var r stake.Reward
		return sum(&c.rewards, &r.Unclaimed, rlp.DecodeBytes(raw, &r))
	case state.Tally:
		var t gathered
		err := rlp.DecodeBytes(raw, &t)
		for i := range t.Earned {
			c.earned.Add(&c.earned, &t.Earned[i].Wei)
		}
		return err
	}
	return nil
}

func sum(to, v *uint256.Int, err error) error {
	to.Add(to, v)
	return err
}

func (c *count) share(of []byte, v *uint256.Int, op func(z, x, y *uint256.Int) *uint256.Int) {
	s := c.shares[string(of)]
	op(&s, &s, v)
	c.shares[string(of)] = s
}

// one is a reader that knows one record.
type one struct {
	key state.Key
	raw []byte
}

// Record implements [state.Reader].
func (o one) Record(k state.Key) ([]byte, error) {
	if k != o.key {
		return nil, nil
	}
	return o.raw, nil
}
