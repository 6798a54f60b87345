package ledger

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger/fee"
)

// Pass is the fee pass over one block: it takes the transactions that may stand together on the parent state and charges each before anything
// runs (specs/05-ledger.md, "Fee pass"). Nothing is credited during a pass, so which transactions pass together does not depend on their
// order as long as all of them are charged. A Pass is used by one goroutine.
type Pass struct {
	rules  Rules
	view   View
	height uint64

	params genesis.Params
	fees   fee.Params
	clock  Clock  // of the state before the block
	epoch  uint64 // that the block is in

	unpublished Unpublished // of the state before the block
	err         error       // reading them

	left    map[common.Address]*uint256.Int // what each payer holds after its charges
	lanes   map[namespaces.Namespace]*laneState
	pairs   map[Pair]common.Hash            // the ids that spend in this block
	prices  *Prices                         // of the parent state; read with the first transaction
	size    uint64                          // bytes of the capacity that are taken
	sizes   map[namespaces.Namespace]uint64 // the same, namespace by namespace
	charges []Charge
}

// Charge is what one transaction cost.
type Charge struct {
	ID    common.Hash
	Payer common.Address
	Fee   uint256.Int // wei that the payer paid: the sum of the parts, less what tanks paid
	Parts []fee.Part  // ascending by namespace
	Tanks []TankCharge
}

// TankCharge is what a namespace's tank paid of a transaction.
type TankCharge struct {
	Namespace namespaces.Namespace
	Fee       uint256.Int // wei
}

// Begin starts the pass for the block at the height, on the state after height-1.
func (r Rules) Begin(view View, height uint64) *Pass {
	p := &Pass{
		rules: r, view: view, height: height, lanes: make(map[namespaces.Namespace]*laneState),
		left: make(map[common.Address]*uint256.Int), pairs: make(map[Pair]common.Hash), sizes: make(map[namespaces.Namespace]uint64),
	}
	if p.params, p.err = ParamsOf(view); p.err == nil {
		p.fees = fee.ParamsOf(p.params)
		p.clock, p.err = clockOf(view)
	}
	if p.err == nil {
		p.epoch, p.err = epochOf(view)
	}
	if p.err == nil {
		p.unpublished, p.err = UnpublishedOf(view)
	}
	return p
}

// Add takes one more transaction and charges it, or leaves the pass as it was: with a [*tx.Reject] if the transaction may not stand in the
// block, with another error if the state could not be read. The signatures must have been verified. Transactions come in shared order, which
// matters in owned lanes alone.
func (p *Pass) Add(t *tx.Tx) error {
	plan, err := p.check(t, false)
	if err != nil {
		return err
	}
	if err := p.mayWait(t); err != nil {
		return err
	}
	size := p.fees.SizeOf(t)
	if size > p.fees.Capacity-p.size {
		return tx.NewReject(BlockFull, "takes %d bytes, the block has room for %d", size, p.fees.Capacity-p.size)
	}
	prices, err := p.pricesNow()
	if err != nil {
		return err
	}
	if err := prices.Check(t); err != nil {
		return err
	}
	charge, err := p.charge(t, plan)
	if err != nil {
		return err
	}
	left, err := p.balance(t.Payer())
	if err != nil {
		return err
	}
	if left.Lt(&charge.Fee) {
		return tx.NewReject(Unfunded, "costs %s wei, %s has %s left", charge.Fee.Dec(), t.Payer(), left.Dec())
	}
	left.Sub(left, &charge.Fee)
	p.take(plan, charge)
	p.pairs[Pair{t.Payer(), t.Salt()}] = t.ID()
	p.size += size
	p.charges = append(p.charges, charge)
	return nil
}

// Check says whether the transaction could stand in the block, or, in an owned lane, in one soon after it, if it accepts the price, and what it
// may cost its payer at most in wei; whether the payer has that is not asked. It takes nothing.
func (p *Pass) Check(t *tx.Tx) (most uint256.Int, err error) {
	plan, err := p.check(t, true)
	if err != nil {
		return most, err
	}
	if _, err := p.charge(t, plan); err != nil {
		return most, err
	}
	weight := t.Weight()
	for _, part := range plan.tanks {
		weight -= part.weight
	}
	return maxFee(t, weight), nil
}

// pricesNow reads the prices of the parent state, once.
func (p *Pass) pricesNow() (*Prices, error) {
	if p.prices == nil {
		var err error
		if p.prices, err = p.rules.Prices(p.view); err != nil {
			return nil, err
		}
	}
	return p.prices, nil
}

// charge prices the transaction and splits what it costs between its payer and the tanks that consented.
func (p *Pass) charge(t *tx.Tx, plan *plan) (Charge, error) {
	prices, err := p.pricesNow()
	if err != nil {
		return Charge{}, err
	}
	c, err := prices.charge(t, plan.shares)
	if err != nil {
		return c, err
	}
	for _, part := range plan.tanks {
		cost := c.Parts[part.at].Total()
		if part.lane.tank.Lt(&cost) {
			return c, tx.NewReject(TankEmpty, "costs %s wei, the tank of %s has %s left", cost.Dec(), part.lane.namespace, part.lane.tank.Dec())
		}
		c.Fee.Sub(&c.Fee, &cost)
		c.Tanks = append(c.Tanks, TankCharge{part.lane.namespace, cost})
	}
	return c, nil
}

func (p *Pass) check(t *tx.Tx, ahead bool) (*plan, error) {
	if p.err != nil {
		return nil, p.err
	}
	if err := p.rules.Check(t, p.height); err != nil {
		return nil, err
	}
	if size := p.fees.SizeOf(t); size > p.fees.Capacity {
		return nil, tx.NewReject(tx.TxTooLarge, "takes %d bytes of a block, which has %d", size, p.fees.Capacity)
	}
	pair := Pair{t.Payer(), t.Salt()}
	if id, taken := p.pairs[pair]; taken {
		if id == t.ID() {
			return nil, tx.NewReject(Duplicate, "stands in the block already")
		}
		return nil, tx.NewReject(Spent, "%s in the block spends salt %d", id, t.Salt())
	}
	plan, err := p.plan(t, ahead)
	if err != nil {
		return nil, err
	}
	spent, err := p.view.Spent(pair.Payer, pair.Salt)
	if err != nil {
		return nil, fmt.Errorf("read spent set: %w", err)
	}
	if spent {
		return nil, tx.NewReject(Spent, "salt %d of %s is spent", pair.Salt, pair.Payer)
	}
	return plan, nil
}

// Charges lists what was charged, in the order of Add.
func (p *Pass) Charges() []Charge { return p.charges }

// balance returns the payer's remaining balance, to be changed in place.
func (p *Pass) balance(a common.Address) (*uint256.Int, error) {
	if b := p.left[a]; b != nil {
		return b, nil
	}
	b, err := Balance(p.view, a)
	if err != nil {
		return nil, fmt.Errorf("read balance of %s: %w", a, err)
	}
	p.left[a] = &b
	return &b, nil
}
