package main

import (
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/api/client"
	"github.com/lockstep-network/lockstep/node/ledger"
)

func nsCommand() *cli.Command {
	lane := []cli.Flag{
		&cli.StringFlag{Name: "metadata", Usage: "text of at most 256 bytes that is shown as the name"},
		&cli.StringFlag{Name: "order", Usage: "tip or proposer: how the namespace's own transactions are ordered (default: tip)"},
		&cli.StringFlag{Name: "policy", Usage: "open, gated or owned: whose consent a leg needs (default: open)"},
		&cli.StringSliceFlag{Name: "gateway", Usage: "address that consents, of a gated lane; once for each"},
		&cli.Uint64Flag{Name: "quota", Usage: "bytes of weight that the tank pays for one payer in one epoch, of a gated lane; 0: no bound"},
		&cli.StringFlag{Name: "lane-key", Usage: "address that consents, of an owned lane"},
	}
	return &cli.Command{
		Name:  "ns",
		Usage: "register namespaces, change them, send into their lanes, and show them",
		Subcommands: []*cli.Command{
			{
				Name: "register", Usage: "register a namespace for the network's deposit", ArgsUsage: "NAMESPACE", Action: onNamespace(registerNamespace),
				Flags: actFlags(append(lane, &cli.StringFlag{Name: "owner", Usage: "address of the owner (default: the payer)"})...),
			},
			{
				Name: "update", Usage: "change what is named by flags; the rest stays", ArgsUsage: "NAMESPACE", Flags: actFlags(lane...), Action: onNamespace(updateNamespace),
			},
			{
				Name: "exit", Usage: "leave the network, and take seven eighths of the deposit back", ArgsUsage: "NAMESPACE", Action: onNamespace(exitNamespace),
				Description: "An eighth of the deposit stays with the treasury: the name is taken for ever, so nobody takes one for nothing. `lockstep ns tank drain` takes back what the tank holds.",
				Flags:       actFlags(&cli.Uint64Flag{Name: "height", Usage: "first height without the namespace; 0: the next"}),
			},
			{
				Name: "transfer", Usage: "hand a namespace, its deposit and its tank over to another owner", ArgsUsage: "NAMESPACE", Action: onNamespace(handOver),
				Flags: actFlags(&cli.StringFlag{Name: "owner", Usage: "address of the new owner", Required: true}),
			},
			{
				Name: "tank", Usage: "fill and drain the tank of a gated lane, which pays for what its gateways let in",
				Subcommands: []*cli.Command{
					{Name: "fill", Usage: "move wei from the payer into the tank", ArgsUsage: "NAMESPACE", Flags: actFlags(amountFlag("what is moved")), Action: onNamespace(fillTank)},
					{Name: "drain", Usage: "move wei from the tank to its owner", ArgsUsage: "NAMESPACE", Flags: actFlags(amountFlag("what is moved")), Action: onNamespace(drainTank)},
				},
			},
			sendCommand(),
			{
				Name: "reserve", Usage: "buy bytes of each block of the next epoch", ArgsUsage: "NAMESPACE", Action: onNamespace(reserve),
				Flags: actFlags(&cli.Uint64Flag{Name: "bytes", Usage: "bytes per block", Required: true}),
			},
			{Name: "heartbeat", Usage: "say that the owner of an owned lane is there", ArgsUsage: "NAMESPACE", Flags: actFlags(), Action: onNamespace(heartbeat)},
			{Name: "resume", Usage: "close an owned lane that silence has opened, and begin its next epoch", ArgsUsage: "NAMESPACE", Flags: actFlags(), Action: onNamespace(resume)},
			{Name: "show", Usage: "show a namespace", ArgsUsage: "NAMESPACE", Flags: askFlags(proofFlag()), Action: asking(showNamespace)},
			{Name: "list", Usage: "list all namespaces", Flags: askFlags(), Action: asking(listNamespaces)},
		},
	}
}

func namespaceArgument(c *cli.Context) (namespaces.Namespace, error) {
	arg, err := oneArgument(c, "namespace")
	if err != nil {
		return namespaces.Namespace{}, err
	}
	return namespaces.Parse(arg)
}

// policies are the names of policies, as the API has them.
func policies() []string { return []string{api.PolicyOpen, api.PolicyGated, api.PolicyOwned} }

// laneFlags changes a lane by the flags that are set. Another policy drops what the former one had.
func laneFlags(c *cli.Context, lane action.Lane) (action.Lane, error) {
	if s := c.String("order"); s != "" {
		lane.Order = block.Rule(s)
	}
	if s := c.String("policy"); s != "" {
		p := slices.Index(policies(), s)
		if p < 0 {
			return lane, fmt.Errorf("--policy %q: want one of %v", s, policies())
		}
		if lane.Policy != action.Policy(p) {
			lane = action.Lane{Order: lane.Order, Policy: action.Policy(p)}
		}
	}
	if list := c.StringSlice("gateway"); len(list) > 0 {
		lane.Gateways = nil
		for _, s := range list {
			a, err := parseAddress("--gateway", s)
			if err != nil {
				return lane, err
			}
			lane.Gateways = append(lane.Gateways, a)
		}
		slices.SortFunc(lane.Gateways, common.Address.Cmp)
	}
	if c.IsSet("quota") {
		lane.Quota = c.Uint64("quota")
	}
	if s := c.String("lane-key"); s != "" {
		var err error
		if lane.Key, err = parseAddress("--lane-key", s); err != nil {
			return lane, err
		}
	}
	return lane, nil
}

// onNamespace is a verb that sends an action about the namespace that is its argument.
func onNamespace(build func(c *cli.Context, node *client.Client, me common.Address, ns namespaces.Namespace) (action.Action, error)) cli.ActionFunc {
	return func(c *cli.Context) error {
		ns, err := namespaceArgument(c)
		if err != nil {
			return err
		}
		return doing(func(c *cli.Context, node *client.Client, me common.Address) (action.Action, error) {
			return build(c, node, me, ns)
		})(c)
	}
}

func registerNamespace(c *cli.Context, _ *client.Client, me common.Address, ns namespaces.Namespace) (_ action.Action, err error) {
	a := &action.Register{Namespace: ns, Owner: me, Metadata: []byte(c.String("metadata"))}
	if a.Lane, err = laneFlags(c, action.Lane{Order: block.ByTip}); err != nil {
		return nil, err
	}
	if s := c.String("owner"); s != "" {
		if a.Owner, err = parseAddress("--owner", s); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func updateNamespace(c *cli.Context, node *client.Client, _ common.Address, ns namespaces.Namespace) (action.Action, error) {
	now, err := node.Namespace(c.Context, ns)
	if err != nil {
		return nil, fmt.Errorf("ask for %s: %w", ns, err)
	}
	lane := action.Lane{
		Order: now.Lane.Order, Policy: action.Policy(slices.Index(policies(), now.Lane.Policy)), Gateways: now.Lane.Gateways, Quota: now.Lane.Quota,
	}
	if now.Lane.Key != nil {
		lane.Key = *now.Lane.Key
	}
	if lane, err = laneFlags(c, lane); err != nil {
		return nil, err
	}
	a := &action.Update{Namespace: ns, Metadata: now.Metadata, Lane: lane}
	if c.IsSet("metadata") {
		a.Metadata = []byte(c.String("metadata"))
	}
	return a, nil
}

func exitNamespace(c *cli.Context, _ *client.Client, _ common.Address, ns namespaces.Namespace) (action.Action, error) {
	return &action.Exit{Namespace: ns, Height: c.Uint64("height")}, nil
}

func handOver(c *cli.Context, _ *client.Client, _ common.Address, ns namespaces.Namespace) (action.Action, error) {
	to, err := parseAddress("--owner", c.String("owner"))
	return &action.HandOver{Namespace: ns, Owner: to}, err
}

func fillTank(c *cli.Context, _ *client.Client, _ common.Address, ns namespaces.Namespace) (action.Action, error) {
	wei, err := amount(c)
	return &action.FillTank{Namespace: ns, Amount: wei}, err
}

func drainTank(c *cli.Context, _ *client.Client, _ common.Address, ns namespaces.Namespace) (action.Action, error) {
	wei, err := amount(c)
	return &action.DrainTank{Namespace: ns, Amount: wei}, err
}

func reserve(c *cli.Context, _ *client.Client, _ common.Address, ns namespaces.Namespace) (action.Action, error) {
	if c.Uint64("bytes") == 0 {
		return nil, refused(ledger.ZeroAmount, "--bytes: nothing to reserve")
	}
	return &action.Reserve{Namespace: ns, Bytes: c.Uint64("bytes")}, nil
}

func heartbeat(_ *cli.Context, _ *client.Client, _ common.Address, ns namespaces.Namespace) (action.Action, error) {
	return &action.Heartbeat{Namespace: ns}, nil
}

func resume(_ *cli.Context, _ *client.Client, _ common.Address, ns namespaces.Namespace) (action.Action, error) {
	return &action.Resume{Namespace: ns}, nil
}

func showNamespace(c *cli.Context, node *client.Client) error {
	ns, err := namespaceArgument(c)
	if err != nil {
		return err
	}
	ask := node.Namespace
	if c.Path("proof") != "" {
		ask = node.ProvenNamespace
	}
	n, err := ask(c.Context, ns)
	if err != nil {
		return fmt.Errorf("ask for %s: %w", ns, err)
	}
	if path := c.Path("proof"); path != "" {
		if err := saveProof(path, n.Proof); err != nil {
			return err
		}
		n.Proof = nil
	}
	if c.Bool("json") {
		return printJSON(c, n)
	}
	return printNamespace(c, n)
}

func printNamespace(c *cli.Context, n *api.Namespace) error {
	w := tabwriter.NewWriter(c.App.Writer, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "namespace\t%s\n", n.Namespace)
	if !n.Registered {
		fmt.Fprintf(w, "registered\tno, after height %d\n", n.Height)
		return w.Flush()
	}
	fmt.Fprintf(w, "metadata\t%q\n", string(n.Metadata))
	fmt.Fprintf(w, "owner\t%s\n", n.Owner)
	fmt.Fprintf(w, "policy\t%s, ordered by %s\n", n.Lane.Policy, n.Lane.Order)
	for _, g := range n.Lane.Gateways {
		fmt.Fprintf(w, "gateway\t%s\n", g)
	}
	if n.Lane.Quota > 0 {
		fmt.Fprintf(w, "quota\t%d bytes for each payer and epoch\n", n.Lane.Quota)
	}
	if n.Owned != nil {
		fmt.Fprintf(w, "lane key\t%s\n", n.Lane.Key)
		fmt.Fprintf(w, "lane\tepoch %d, message %d is next, heard %s\n", n.Owned.Epoch, n.Owned.Next, time.UnixMilli(int64(n.Owned.HeardMS)).UTC().Format(time.RFC3339))
	}
	fmt.Fprintf(w, "deposit\t%s\n", inEther(n.Deposit))
	fmt.Fprintf(w, "tank\t%s\n", inEther(n.Tank))
	if n.Reserved.Now > 0 || n.Reserved.Next > 0 {
		fmt.Fprintf(w, "reserved\t%d bytes of each block in epoch %d, %d in the next\n", n.Reserved.Now, n.Reserved.Epoch, n.Reserved.Next)
	}
	fmt.Fprintf(w, "registered\tat height %d\n", n.RegisteredHeight)
	if n.ExitHeight > 0 {
		fmt.Fprintf(w, "leaves\tat height %d\n", n.ExitHeight)
	}
	fmt.Fprintf(w, "after height\t%d\n", n.Height)
	return w.Flush()
}

func listNamespaces(c *cli.Context, node *client.Client) error {
	all, err := node.Namespaces(c.Context)
	if err != nil {
		return fmt.Errorf("ask for the namespaces: %w", err)
	}
	if c.Bool("json") {
		return printJSON(c, all)
	}
	w := tabwriter.NewWriter(c.App.Writer, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "NAMESPACE\tPOLICY\tORDER\tOWNER\tLEAVES\tMETADATA")
	for _, n := range all {
		leaves := "-"
		if n.ExitHeight > 0 {
			leaves = fmt.Sprint(n.ExitHeight)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%q\n", n.Namespace, n.Policy, n.Order, n.Owner, leaves, n.Name)
	}
	return w.Flush()
}
