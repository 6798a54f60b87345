package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/ethereum/go-ethereum/common"
	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/node/api/client"
)

func accountCommand() *cli.Command {
	return &cli.Command{
		Name: "account", Usage: "show what an address holds, or move wei", ArgsUsage: "ADDRESS", Flags: askFlags(proofFlag()), Action: asking(showAccount),
		Subcommands: []*cli.Command{{
			Name: "transfer", Usage: "move wei from the payer to an address", ArgsUsage: "ADDRESS", Flags: actFlags(amountFlag("what is moved")), Action: doing(transfer),
		}},
	}
}

func transfer(c *cli.Context, _ *client.Client, _ common.Address) (action.Action, error) {
	arg, err := oneArgument(c, "address")
	if err != nil {
		return nil, err
	}
	a := new(action.Transfer)
	if a.To, err = parseAddress("account", arg); err != nil {
		return nil, err
	}
	a.Amount, err = amount(c)
	return a, err
}

func showAccount(c *cli.Context, node *client.Client) error {
	arg, err := oneArgument(c, "address")
	if err != nil {
		return err
	}
	address, err := parseAddress("account", arg)
	if err != nil {
		return err
	}
	ask := node.Account
	if c.Path("proof") != "" {
		ask = node.ProvenAccount
	}
	a, err := ask(c.Context, address)
	if err != nil {
		return fmt.Errorf("ask for %s: %w", address, err)
	}
	if path := c.Path("proof"); path != "" {
		if err := saveProof(path, a.Proof); err != nil {
			return err
		}
		a.Proof = nil
	}
	if c.Bool("json") {
		return printJSON(c, a)
	}
	w := tabwriter.NewWriter(c.App.Writer, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "account\t%s\n", a.Address)
	fmt.Fprintf(w, "balance\t%s\n", inEther(a.Balance))
	fmt.Fprintf(w, "after height\t%d\n", a.Height)
	return w.Flush()
}
