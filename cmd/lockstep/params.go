package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"
	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/api/client"
)

func paramsCommand() *cli.Command {
	return &cli.Command{
		Name:  "params",
		Usage: "show the network's parameters, and vote for others",
		Subcommands: []*cli.Command{
			{Name: "show", Usage: "show the parameters, what is decided and what is proposed", Flags: askFlags(proofFlag()), Action: asking(showParams)},
			{
				Name: "vote", ArgsUsage: "--height HEIGHT NAME=VALUE...", Action: doing(voteParams),
				Usage: "vote for new values, as an operator: what more than 2/3 of the power votes for alike, at the same height, is decided",
				Flags: actFlags(&cli.Uint64Flag{Name: "height", Usage: "first height with the new values", Required: true}),
			},
		},
	}
}

func showParams(c *cli.Context, node *client.Client) error {
	ask := node.Parameters
	if c.Path("proof") != "" {
		ask = node.ProvenParameters
	}
	p, err := ask(c.Context)
	if err != nil {
		return fmt.Errorf("ask for the parameters: %w", err)
	}
	if path := c.Path("proof"); path != "" {
		if err := saveProof(path, p.Proof); err != nil {
			return err
		}
		p.Proof = nil
	}
	if c.Bool("json") {
		return printJSON(c, p)
	}
	w := tabwriter.NewWriter(c.App.Writer, 0, 4, 2, ' ', 0)
	for name, value := range p.Parameters.All() {
		fmt.Fprintf(w, "%s\t%d\n", name, value)
	}
	for _, s := range p.Scheduled {
		fmt.Fprintf(w, "decided\t%s\n", changes(s))
	}
	for _, s := range p.Proposals {
		fmt.Fprintf(w, "proposed\t%s, by %d of %d power\n", changes(s.Changes), s.Power, p.Total)
	}
	fmt.Fprintf(w, "after height\t%d\n", p.Height)
	return w.Flush()
}

func changes(s api.Changes) string {
	list := make([]string, len(s.Changes))
	for i, one := range s.Changes {
		list[i] = one.Name + "=" + one.Value.Dec()
	}
	return fmt.Sprintf("%s from height %d on", strings.Join(list, " "), s.Height)
}

func voteParams(c *cli.Context, _ *client.Client, _ common.Address) (action.Action, error) {
	list, err := parseChanges(c.Args().Slice())
	return &action.Vote{Changes: list, Height: c.Uint64("height")}, err
}

// parseChanges reads NAME=VALUE, each name once, in any order.
func parseChanges(args []string) ([]action.Change, error) {
	if len(args) == 0 {
		return nil, errors.New("want at least one NAME=VALUE; flags stand before it")
	}
	list := make([]action.Change, len(args))
	for i, s := range args {
		name, text, found := strings.Cut(s, "=")
		value, err := uint256.FromDecimal(text)
		if !found || err != nil {
			return nil, fmt.Errorf("%q: want NAME=VALUE, the value in decimal digits", s)
		}
		list[i] = action.Change{Name: name, Value: value}
	}
	slices.SortFunc(list, func(a, b action.Change) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}
