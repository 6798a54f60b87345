package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/holiman/uint256"
	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/node/api/client"
)

func supplyCommand() *cli.Command {
	return &cli.Command{Name: "supply", Usage: "show where all wei are", Flags: askFlags(proofFlag()), Action: asking(showSupply)}
}

func showSupply(c *cli.Context, node *client.Client) error {
	ask := node.Supply
	if c.Path("proof") != "" {
		ask = node.ProvenSupply
	}
	s, err := ask(c.Context)
	if err != nil {
		return fmt.Errorf("ask for the supply: %w", err)
	}
	if path := c.Path("proof"); path != "" {
		if err := saveProof(path, s.Proof); err != nil {
			return err
		}
		s.Proof = nil
	}
	if c.Bool("json") {
		return printJSON(c, s)
	}
	w := tabwriter.NewWriter(c.App.Writer, 0, 4, 2, ' ', 0)
	for _, line := range []struct {
		name  string
		value *uint256.Int
	}{
		{"genesis", s.Genesis},
		{"+ subsidy", s.Subsidy},
		{"- burned", s.Burned},
		{"= supply", s.Total},
		{"  accounts, tanks, deposits", s.Held},
		{"  treasury", s.Treasury},
		{"  staked", s.Staked},
		{"  unbonding", s.Unbonding},
		{"  to voters, this epoch", s.Voters},
		{"  to publishers", s.Publishers},
		{"  to publishers, for the DA layer", s.DA},
		{"  earned by operators, this epoch", s.Earned},
		{"  owed to delegations", s.Owed},
		{"  unclaimed rewards", s.Unclaimed},
	} {
		fmt.Fprintf(w, "%s\t%s\n", line.name, inEther(line.value))
	}
	fmt.Fprintf(w, "epoch\t%d\n", s.Epoch)
	fmt.Fprintf(w, "publishers are paid to\theight %d\n", s.PaidHeight)
	fmt.Fprintf(w, "after height\t%d\n", s.Height)
	return w.Flush()
}
