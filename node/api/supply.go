package api

import (
	"context"

	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/proof"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// Supply is what seq_getSupply answers: where all wei are (specs/05-ledger.md, "Supply"). Amounts are wei, in decimal digits.
type Supply struct {
	Genesis    *uint256.Int `json:"genesis"`    // what the genesis gave out, stakes included
	Subsidy    *uint256.Int `json:"subsidy"`    // came in since
	Burned     *uint256.Int `json:"burned"`     // is gone since
	Total      *uint256.Int `json:"total"`      // genesis + subsidy - burned: the sum of what follows
	Held       *uint256.Int `json:"held"`       // balances, tanks and deposits, without the treasury's
	Treasury   *uint256.Int `json:"treasury"`   // what nobody has earned
	Staked     *uint256.Int `json:"staked"`     //
	Unbonding  *uint256.Int `json:"unbonding"`  // left operators, and is not paid out
	Voters     *uint256.Int `json:"voters"`     // pot of the epoch
	Publishers *uint256.Int `json:"publishers"` // pot
	DA         *uint256.Int `json:"da"`         // pot of what the DA layer costs
	Earned     *uint256.Int `json:"earned"`     // by operators in this epoch
	Owed       *uint256.Int `json:"owed"`       // to delegations, not settled
	Unclaimed  *uint256.Int `json:"unclaimed"`  // rewards of addresses

	PaidHeight uint64 `json:"paidHeight"` // up to which publishers are paid
	Epoch      uint64 `json:"epoch"`      // that is open
	EpochMS    uint64 `json:"epochMs"`    // when it began
	Height     uint64 `json:"height"`     // the ledger after this height

	Proof *proof.Document `json:"proof,omitempty"` // of the records, if asked for
}

// GetSupply tells where all wei are after the newest block.
func (s *Service) GetSupply(ctx context.Context, options *RecordOptions) (*Supply, error) {
	var out *Supply
	head, d, err := s.atHead(ctx, options.proof(), func(r state.Reader) (keys []state.Key, err error) {
		out, err = s.supplyOf(r)
		return []state.Key{stake.PotsKey(), stake.OpenKey(), ledger.AccountKey(ledger.Treasury())}, err
	})
	if err != nil {
		return nil, s.coded(ctx, err)
	}
	out.Height, out.Proof = head.Height, d
	return out, nil
}

func (s *Service) supplyOf(r state.Reader) (*Supply, error) {
	pots, err := stake.LoadPots(r)
	if err != nil {
		return nil, err
	}
	treasury, err := ledger.Balance(r, ledger.Treasury())
	if err != nil {
		return nil, err
	}
	open, err := stake.LoadOpen(r)
	if err != nil {
		return nil, err
	}
	total := s.supply.Clone()
	total.Sub(total.Add(total, &pots.Subsidy), &pots.Burned)
	sum := pots.Sum()
	held := new(uint256.Int).Sub(total, &sum)
	return &Supply{
		Genesis: s.supply, Subsidy: &pots.Subsidy, Burned: &pots.Burned, Total: total, Held: held.Sub(held, &treasury), Treasury: &treasury,
		Staked: &pots.Staked, Unbonding: &pots.Unbonding, Voters: &pots.Voters, Publishers: &pots.Publishers, DA: &pots.DA,
		Earned: &pots.Earned, Owed: &pots.Buckets, Unclaimed: &pots.Rewards, PaidHeight: pots.Paid, Epoch: open.Number, EpochMS: open.StartMS,
	}, nil
}

// supplyAt is what a genesis gives out, in wei: balances, and what its operators have at stake.
func supplyAt(g *genesis.Genesis) *uint256.Int {
	sum := new(uint256.Int)
	for _, b := range g.Balances {
		sum.Add(sum, b.Amount)
	}
	for _, o := range g.Operators {
		var bonded uint256.Int
		sum.Add(sum, bonded.Mul(uint256.NewInt(o.Power), uint256.NewInt(g.Params.PowerUnit)))
	}
	return sum
}
