package ledger

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
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

	params  fee.Params
	prices  *Prices                         // of the parent state; read with the first transaction
	left    map[common.Address]*uint256.Int // what each payer holds after its charges
	pairs   map[Pair]common.Hash            // the ids that spend in this block
	size    uint64                          // bytes of the capacity that are taken
	sizes   map[namespaces.Namespace]uint64 // the same, namespace by namespace
	charges []Charge
}

// Charge is what one transaction paid.
type Charge struct {
	ID    common.Hash
	Payer common.Address
	Fee   uint256.Int // wei: the sum of the parts
	Parts []fee.Part  // ascending by namespace
}

// Begin starts the pass for the block at the height, on the state after height-1.
func (r Rules) Begin(view View, height uint64) *Pass {
	return &Pass{
		rules: r, view: view, height: height, params: fee.ParamsOf(r.Params()),
		left: make(map[common.Address]*uint256.Int), pairs: make(map[Pair]common.Hash), sizes: make(map[namespaces.Namespace]uint64),
	}
}

// Add takes one more transaction and charges it, or leaves the pass as it was: with a [*tx.Reject] if the transaction may not stand in the
// block, with another error if the state could not be read. The signature must have been verified.
func (p *Pass) Add(t *tx.Tx) error {
	if err := p.rules.Check(t, p.height); err != nil {
		return err
	}
	pair := Pair{t.Payer(), t.Salt()}
	if id, taken := p.pairs[pair]; taken {
		if id == t.ID() {
			return tx.NewReject(Duplicate, "stands in the block already")
		}
		return tx.NewReject(Spent, "%s in the block spends salt %d", id, t.Salt())
	}
	spent, err := p.view.Spent(pair.Payer, pair.Salt)
	if err != nil {
		return fmt.Errorf("read spent set: %w", err)
	}
	if spent {
		return tx.NewReject(Spent, "salt %d of %s is spent", pair.Salt, pair.Payer)
	}
	return p.charge(t, pair)
}

// charge takes what the transaction costs from its payer and from the block's capacity.
func (p *Pass) charge(t *tx.Tx, pair Pair) error {
	size := p.params.SizeOf(t.Weight())
	if size > p.params.Capacity-p.size {
		return tx.NewReject(BlockFull, "takes %d bytes, the block has room for %d", size, p.params.Capacity-p.size)
	}
	if p.prices == nil {
		var err error
		if p.prices, err = p.rules.Prices(p.view); err != nil {
			return err
		}
	}
	if err := p.prices.Check(t); err != nil {
		return err
	}
	shares := fee.Shares(t, p.params.MinSize())
	charge, err := p.prices.charge(t, shares)
	if err != nil {
		return err
	}
	left, err := p.balance(pair.Payer)
	if err != nil {
		return err
	}
	if left.Lt(&charge.Fee) {
		return tx.NewReject(Unfunded, "costs %s wei, %s has %s left", charge.Fee.Dec(), pair.Payer, left.Dec())
	}
	left.Sub(left, &charge.Fee)
	p.pairs[pair] = t.ID()
	p.size += size
	for _, s := range shares {
		p.sizes[s.Namespace] += s.Size
	}
	p.charges = append(p.charges, charge)
	return nil
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
