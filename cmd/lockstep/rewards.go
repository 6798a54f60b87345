package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"
	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/api/client"
)

func rewardsCommand() *cli.Command {
	epoch := &cli.Uint64Flag{Name: "epoch", Usage: "show what stands under this epoch's rewards root (default: the last that has ended)"}
	operator := &cli.StringFlag{Name: "operator", Usage: "claim what the delegation with this operator is owed (default: all that is owed)"}
	return &cli.Command{
		Name:  "rewards",
		Usage: "show and claim what operators, delegators and owners of namespaces have earned",
		Subcommands: []*cli.Command{
			{Name: "show", Usage: "show what an address has earned (default: the first operator of --devnet)", ArgsUsage: "[ADDRESS]", Flags: askFlags(proofFlag(), epoch), Action: asking(showRewards)},
			{Name: "claim", Usage: "move what the payer has earned to its balance", Flags: actFlags(operator), Action: claimRewards},
		},
	}
}

func showRewards(c *cli.Context, node *client.Client) error {
	address, err := earner(c)
	if err != nil {
		return err
	}
	options := api.RewardOptions{Proof: c.Path("proof") != ""}
	if c.IsSet("epoch") {
		epoch := c.Uint64("epoch")
		options.Epoch = &epoch
	}
	r, err := node.Rewards(c.Context, address, options)
	if err != nil {
		return fmt.Errorf("ask for the rewards of %s: %w", address, err)
	}
	if path := c.Path("proof"); path != "" {
		if err := saveProof(path, r.Proof); err != nil {
			return err
		}
		r.Proof = nil
	}
	if c.Bool("json") {
		return printJSON(c, r)
	}
	return printRewards(c, r)
}

// earner is the address that is asked for; of a devnet, if none is, its first operator.
func earner(c *cli.Context) (common.Address, error) {
	if dir := c.Path("devnet"); dir != "" && c.NArg() == 0 {
		g, err := readGenesis(dir)
		if err != nil {
			return common.Address{}, err
		}
		return g.Operators[0].Address, nil
	}
	arg, err := oneArgument(c, "address")
	if err != nil {
		return common.Address{}, err
	}
	return parseAddress("account", arg)
}

func printRewards(c *cli.Context, r *api.Rewards) error {
	w := tabwriter.NewWriter(c.App.Writer, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "address\t%s\n", r.Address)
	fmt.Fprintf(w, "to claim\t%s\n", inEther(new(uint256.Int).Add(r.Unclaimed, r.Owed)))
	fmt.Fprintf(w, "  settled\t%s\n", inEther(r.Unclaimed))
	for _, d := range r.Delegations {
		fmt.Fprintf(w, "  by %s\t%s, for %s bonded with %s\n", d.Name, inEther(d.Owed), inEther(d.Tokens), d.Operator)
	}
	fmt.Fprintf(w, "lifetime\t%s settled, claimed or not\n", inEther(r.Lifetime))
	if r.Leaf != nil {
		fmt.Fprintf(w, "  by epoch %d\t%s, under its rewards root: leaf %d of %d\n", r.Leaf.Epoch, inEther(r.Leaf.Lifetime), r.Leaf.Index, r.Leaf.Count)
	}
	for _, e := range r.Roots {
		fmt.Fprintf(w, "epoch %d\tended at height %d, root %s\n", e.Epoch, e.Height, e.Root)
	}
	fmt.Fprintf(w, "epoch %d\topen since %s\n", r.Epoch, time.UnixMilli(int64(r.EpochMS)).UTC().Format(time.RFC3339))
	fmt.Fprintf(w, "after height\t%d\n", r.Height)
	return w.Flush()
}

func claimRewards(c *cli.Context) error {
	key, err := payer(c)
	if err != nil {
		return err
	}
	if s := c.String("operator"); s != "" {
		operator, err := parseAddress("--operator", s)
		if err != nil {
			return err
		}
		return asking(func(c *cli.Context, node *client.Client) error {
			return act(c, node, key, &action.Claim{Operator: operator})
		})(c)
	}
	return asking(func(c *cli.Context, node *client.Client) error {
		claims, err := claimsOf(c, node, owner(key))
		if err != nil {
			return err
		}
		return act(c, node, key, claims...)
	})(c)
}

// claimsOf settles each delegation that is owed something; without any it claims what is settled.
func claimsOf(c *cli.Context, node *client.Client, me common.Address) (claims []action.Action, err error) {
	r, err := node.Rewards(c.Context, me, api.RewardOptions{})
	if err != nil {
		return nil, fmt.Errorf("ask for the rewards of %s: %w", me, err)
	}
	for _, d := range r.Delegations {
		if !d.Owed.IsZero() {
			claims = append(claims, &action.Claim{Operator: d.Operator})
		}
	}
	if len(claims) == 0 {
		claims = append(claims, new(action.Claim))
	}
	return claims, nil
}
