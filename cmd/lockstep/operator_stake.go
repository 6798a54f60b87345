package main

import (
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"
	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/api/client"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
)

// startFirst is what those who give an operator power are told.
const startFirst = "Start the operator's node, create the operator with the least stake, and bond the rest when the node has caught up (lockstep status). While\n" +
	"operators with a third of the power are not there no block is made: an amount that would give an operator so much is refused without --yes."

func yesFlag() cli.Flag {
	return &cli.BoolFlag{Name: "yes", Usage: "go on though the operator would have a third of the power or more: its node runs and has caught up"}
}

// newStake refuses a first stake that the ledger would refuse, and one that gives an operator a third of the power, unless that is meant.
func newStake(c *cli.Context, node *client.Client, owner common.Address, amount *uint256.Int) error {
	p, err := node.Parameters(c.Context)
	if err != nil {
		return fmt.Errorf("ask for the parameters: %w", err)
	}
	if least := leastStake(p.Parameters); amount.Lt(least) {
		return refused(stake.BelowMinStake, "an operator begins with at least %s", inEther(least))
	}
	o := api.Operator{Owner: owner, Tokens: new(uint256.Int), OwnTokens: amount}
	return warnOfPower(c, node, p.Parameters, o, amount)
}

// moreStake does so for what is added to an operator's stake.
func moreStake(c *cli.Context, node *client.Client, owner common.Address, amount *uint256.Int) error {
	o, err := operatorOf(c, node, owner)
	if err != nil {
		return err
	}
	p, err := node.Parameters(c.Context)
	if err != nil {
		return fmt.Errorf("ask for the parameters: %w", err)
	}
	return warnOfPower(c, node, p.Parameters, *o, amount)
}

// warnOfPower refuses an amount with which an operator has a third of the next set's power or more, unless --yes says that this is meant.
func warnOfPower(c *cli.Context, node *client.Client, p genesis.Params, o api.Operator, amount *uint256.Int) error {
	if c.Bool("yes") {
		return nil
	}
	all, err := node.Operators(c.Context)
	if err != nil {
		return fmt.Errorf("ask for the operators: %w", err)
	}
	power, total := powerWith(p, slices.Concat(all.Operators, all.Others), o, amount)
	if 3*power < total { // at most 256 x 2^51
		return nil
	}
	return fmt.Errorf("%s would have %d of %d power from the epoch's end on: no block is made while operators with a third of the power are not there; "+
		"start its node, let it catch up with less stake (`lockstep status`), then say --yes", o.Owner, power, total)
}

// powerWith is an operator's power and all power in the set that would be chosen, were so much more bonded with that operator (specs/09-operators.md, "Epochs
// and the set").
func powerWith(p genesis.Params, all []api.Operator, with api.Operator, amount *uint256.Int) (power, total uint64) {
	with.Tokens = new(uint256.Int).Add(with.Tokens, amount)
	power = powerOf(p, with.Tokens)
	powers := []uint64{power}
	for _, o := range all {
		if o.Owner != with.Owner && !o.Tombstoned && !o.Leaving && o.JailedUntil == 0 && !o.OwnTokens.Lt(leastStake(p)) {
			powers = append(powers, powerOf(p, o.Tokens))
		}
	}
	slices.Sort(powers)
	slices.Reverse(powers)
	for _, one := range powers[:min(len(powers), int(p.MaxOperators))] {
		total += one
	}
	if len(powers) > int(p.MaxOperators) && power < powers[p.MaxOperators-1] {
		return 0, total // it is not chosen
	}
	return power, total
}

func powerOf(p genesis.Params, tokens *uint256.Int) uint64 {
	units := new(uint256.Int).Div(tokens, uint256.NewInt(p.PowerUnit))
	if !units.IsUint64() {
		return genesis.MaxPower
	}
	return min(units.Uint64(), genesis.MaxPower)
}

func leastStake(p genesis.Params) *uint256.Int {
	return new(uint256.Int).Mul(uint256.NewInt(p.MinPower), uint256.NewInt(p.PowerUnit))
}
