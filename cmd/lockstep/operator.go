package main

import (
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"
	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/api/client"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
)

// Flags of the operator verbs.
const (
	flagOperator   = "operator"
	flagCommission = "commission"
)

func operatorCommand() *cli.Command {
	return &cli.Command{
		Name:  "operator",
		Usage: "become an operator, change one, bond with one, and show them",
		Description: "An operator is known by its owner: the account that pays for these actions, holds the stake and is paid. --home names the operator's\n" +
			"own folder; its first key pays when neither --keystore nor --key-file does.",
		Subcommands: []*cli.Command{
			{
				Name: "create", Usage: "become an operator with the key of --home; it joins the set at the epoch's end", Action: doing(createOperator),
				Flags:       operatorFlags(append(nodeRecordFlags(), amountFlag("first stake, the owner's own"), commissionFlag(), addressFlag("key", "consensus key of --home (default: its first)"), yesFlag())...),
				Description: startFirst,
			},
			{
				Name: "update", Usage: "change what is named by flags; the rest stays", Action: doing(updateOperator),
				Flags: operatorFlags(append(nodeRecordFlags(), commissionFlag(), &cli.StringFlag{Name: "node", Usage: "what lockstep operator keys --node --owner said on another host, PEER_ID:PROOF, instead of the node key of --home"})...),
			},
			{
				Name: "rotate", Usage: "sign with another key from the epoch's end on", Action: doing(rotateOperator),
				Flags: operatorFlags(
					addressFlag("key", "a key of --home that lockstep operator keys --new has made (default: the only one that does not sign already)"),
					&cli.StringFlag{Name: "statement", Usage: "what lockstep operator keys --owner said on another host, KEY:PROOF, instead of a key of --home"}),
			},
			{
				Name: "leave", Usage: "leave the set at the epoch's end; the stake stays bonded", Action: doing(leaveOperator),
				Flags: operatorFlags(&cli.BoolFlag{Name: "back", Usage: "stay, or come back"}),
			},
			{Name: "unjail", Usage: "come back after a jail", Flags: operatorFlags(), Action: doing(unjailOperator)},
			{
				Name: "bond", Usage: "bond wei with an operator", Action: doing(bondOperator),
				Flags: operatorFlags(amountFlag("what is bonded"), addressFlag(flagOperator, "owner of the operator (default: the payer)"), yesFlag()), Description: startFirst,
			},
			{
				Name: "unbond", Usage: "take stake out of an operator; it is paid later, by withdraw", Action: doing(unbondOperator),
				Flags: operatorFlags(&cli.StringFlag{Name: "amount", Usage: "what is taken out, in ether, rounded up to whole shares"}, &cli.BoolFlag{Name: "all", Usage: "all that the payer has there"},
					addressFlag(flagOperator, "owner of the operator (default: the payer)")),
			},
			{
				Name: "withdraw", Usage: "be paid what was unbonded in an epoch", Action: doing(withdrawOperator),
				Flags: operatorFlags(&cli.Uint64Flag{Name: "epoch", Usage: "in which it was unbonded", Required: true}, addressFlag(flagOperator, "owner of the operator (default: the payer)")),
			},
			{
				Name: "report", Usage: "show two signatures of one key for one height and round, for a part of what is slashed", Action: doing(reportOperator),
				Flags: actFlags(&cli.Uint64Flag{Name: "height", Usage: "of both votes", Required: true}, &cli.Uint64Flag{Name: "round", Usage: "of both votes"},
					&cli.StringSliceFlag{Name: "vote", Usage: "HASH:SIGNATURE of a vote extension; twice", Required: true}),
			},
			{Name: "status", Usage: "show all operators, or the one of an owner", ArgsUsage: "[OWNER]", Flags: askFlags(proofFlag()), Action: asking(showOperators)},
			operatorKeysCommand(),
		},
	}
}

// operatorFlags are those of an action that an operator's owner sends, from the operator's host or from elsewhere.
func operatorFlags(more ...cli.Flag) []cli.Flag {
	return actFlags(append([]cli.Flag{
		&cli.PathFlag{Name: flagHome, Usage: "folder of the operator's keys and genesis", EnvVars: env(flagHome)},
	}, more...)...)
}

func nodeRecordFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "name", Usage: "shown to people"},
		&cli.StringSliceFlag{Name: "p2p", Usage: "multiaddress at which others reach the node, without /p2p/; may be repeated"},
		&cli.StringFlag{Name: "consensus", Usage: "host:port at which operators reach its consensus links"},
	}
}

func commissionFlag() cli.Flag {
	return &cli.Uint64Flag{Name: flagCommission, Usage: "of delegators' rewards, in hundredths of a percent: 0 to 10000"}
}

func addressFlag(name, usage string) cli.Flag {
	return &cli.StringFlag{Name: name, Usage: usage}
}

// addressOr is the address that a flag names, or the other one.
func addressOr(c *cli.Context, flag string, other common.Address) (common.Address, error) {
	if s := c.String(flag); s != "" {
		return parseAddress("--"+flag, s)
	}
	return other, nil
}

func createOperator(c *cli.Context, node *client.Client, me common.Address) (action.Action, error) {
	a := new(action.OperatorCreate)
	for _, name := range []string{flagHome, "name", "consensus"} {
		if c.String(name) == "" {
			return nil, fmt.Errorf("--%s is missing", name)
		}
	}
	if len(c.StringSlice("p2p")) == 0 {
		return nil, errors.New("--p2p is missing")
	}
	var err error
	if a.Amount, err = amount(c); err != nil {
		return nil, err
	}
	folder, err := homeKeys(c)
	if err != nil {
		return nil, err
	}
	there, err := addresses(c, folder)
	if err != nil {
		return nil, err
	}
	if len(there) == 0 {
		return nil, fmt.Errorf("no keys in %s: make them with `lockstep keys new`", folder)
	}
	which, err := addressOr(c, "key", there[0])
	if err != nil {
		return nil, err
	}
	if which != there[0] && me != there[0] {
		return nil, fmt.Errorf("the node of --home signs for whom its first key %s belongs to, and %s would be %s's: "+
			"give that operator a home of its own, or let --key be its first key", there[0], which, me)
	}
	if a.Key, a.Proof, err = proveKey(c, node, folder, which, me); err != nil {
		return nil, err
	}
	if err := newStake(c, node, me, a.Amount); err != nil {
		return nil, err
	}
	a.Commission = c.Uint64(flagCommission)
	a.Node, a.NodeProof, err = nodeRecord(c, node, me, action.Node{})
	return a, err
}

// nodeRecord changes what the owner's record says of its node by the flags that are set, and by the node key of --home, which proves that it may.
func nodeRecord(c *cli.Context, node *client.Client, owner common.Address, n action.Node) (_ action.Node, proof action.NodeProof, err error) {
	if c.IsSet("name") {
		n.Name = c.String("name")
	}
	if list := c.StringSlice("p2p"); len(list) > 0 {
		n.Addresses = list
	}
	if c.IsSet("consensus") {
		n.Consensus = c.String("consensus")
	}
	if s := c.String("node"); s != "" {
		n.PeerID, proof, err = parseNodeStatement(s)
		return n, proof, err
	}
	home := c.Path(flagHome)
	if home == "" {
		return n, proof, nil
	}
	key, err := homeNode(home)
	if err != nil {
		return n, proof, err
	}
	g, err := node.Genesis(c.Context)
	if err != nil {
		return n, proof, fmt.Errorf("ask for the genesis: %w", err)
	}
	n.PeerID = key.PeerID().String()
	return n, key.Prove(g.Document.ChainID, owner), nil
}

func updateOperator(c *cli.Context, node *client.Client, me common.Address) (action.Action, error) {
	now, err := operatorOf(c, node, me)
	if err != nil {
		return nil, err
	}
	a := &action.OperatorUpdate{Commission: now.Commission}
	if c.IsSet(flagCommission) {
		a.Commission = c.Uint64(flagCommission)
	}
	a.Node, a.NodeProof, err = nodeRecord(c, node, me, action.Node{PeerID: now.PeerID, Addresses: now.Addresses, Consensus: now.Consensus, Name: now.Name})
	return a, err
}

func leaveOperator(c *cli.Context, _ *client.Client, _ common.Address) (action.Action, error) {
	return &action.OperatorLeave{Leave: !c.Bool("back")}, nil
}

func unjailOperator(*cli.Context, *client.Client, common.Address) (action.Action, error) {
	return &action.Unjail{}, nil
}

func bondOperator(c *cli.Context, node *client.Client, me common.Address) (action.Action, error) {
	a := new(action.Delegate)
	var err error
	if a.Amount, err = amount(c); err != nil {
		return nil, err
	}
	if a.Operator, err = addressOr(c, flagOperator, me); err != nil {
		return nil, err
	}
	return a, moreStake(c, node, a.Operator, a.Amount)
}

func unbondOperator(c *cli.Context, node *client.Client, me common.Address) (action.Action, error) {
	of, err := addressOr(c, flagOperator, me)
	if err != nil {
		return nil, err
	}
	if c.Bool("all") == c.IsSet("amount") {
		return nil, errors.New("give either --amount or --all")
	}
	now, err := node.Rewards(c.Context, me, api.RewardOptions{Operators: []common.Address{of}})
	if err != nil {
		return nil, fmt.Errorf("ask for what %s has bonded: %w", me, err)
	}
	a := &action.Undelegate{Operator: of}
	if c.IsSet("amount") {
		if a.Shares, err = sharesOf(c, node, of); err != nil {
			return nil, err
		}
	}
	i := slices.IndexFunc(now.Delegations, func(d api.Delegation) bool { return d.Operator == of })
	switch {
	case i < 0 || now.Delegations[i].Shares.IsZero():
		return nil, refused(stake.TooManyShares, "%s has nothing bonded with %s", me, of)
	case c.Bool("all"):
		a.Shares = now.Delegations[i].Shares
	case a.Shares.Gt(now.Delegations[i].Shares):
		return nil, refused(stake.TooManyShares, "%s has %s bonded with %s; --all takes all", me, inEther(now.Delegations[i].Tokens), of)
	}
	if !c.Bool("json") {
		fmt.Fprintf(c.App.Writer, "epoch %d: `lockstep operator withdraw --epoch %d` pays it later (or %d, if this one ends first)\n", now.Epoch, now.Epoch, now.Epoch+1)
	}
	return a, nil
}

// sharesOf are an operator's shares for --amount.
func sharesOf(c *cli.Context, node *client.Client, of common.Address) (*uint256.Int, error) {
	wei, err := amount(c)
	if err != nil {
		return nil, err
	}
	o, err := operatorOf(c, node, of)
	if err != nil {
		return nil, err
	}
	if o.Tokens.IsZero() {
		return nil, fmt.Errorf("nothing is bonded with %s", of)
	}
	return sharesFor(wei, o), nil
}

// sharesFor is the least number of an operator's shares that are worth so much: ceil(wei x shares / tokens), below 2^256 since both are bounded.
func sharesFor(wei *uint256.Int, o *api.Operator) *uint256.Int {
	shares, over := new(uint256.Int).MulDivOverflow(wei, o.Shares, o.Tokens)
	if over {
		return new(uint256.Int).SetAllOne() // more than anybody has: the ledger says so
	}
	if !new(uint256.Int).MulMod(wei, o.Shares, o.Tokens).IsZero() {
		shares.AddUint64(shares, 1)
	}
	return shares
}

func withdrawOperator(c *cli.Context, _ *client.Client, me common.Address) (action.Action, error) {
	of, err := addressOr(c, flagOperator, me)
	return &action.Withdraw{Operator: of, Epoch: c.Uint64("epoch")}, err
}

// operatorOf asks for one operator.
func operatorOf(c *cli.Context, node *client.Client, owner common.Address) (*api.Operator, error) {
	all, err := node.Operators(c.Context, owner)
	if err != nil {
		return nil, fmt.Errorf("ask for the operator of %s: %w", owner, err)
	}
	if list := slices.Concat(all.Operators, all.Others); len(list) == 1 {
		return &list[0], nil
	}
	return nil, refused(stake.UnknownOperator, "%s owns no operator", owner)
}

func showOperators(c *cli.Context, node *client.Client) error {
	var owners []common.Address
	switch c.NArg() {
	case 0:
	case 1:
		a, err := parseAddress("operator", c.Args().First())
		if err != nil {
			return err
		}
		owners = append(owners, a)
	default:
		return fmt.Errorf("want one owner or none, have %d arguments; flags stand before it", c.NArg())
	}
	ask := node.Operators
	if c.Path("proof") != "" {
		ask = node.ProvenOperators
	}
	all, err := ask(c.Context, owners...)
	if err != nil {
		return fmt.Errorf("ask for the operators: %w", err)
	}
	if path := c.Path("proof"); path != "" {
		if err := saveProof(path, all.Proof); err != nil {
			return err
		}
		all.Proof = nil
	}
	list := slices.Concat(all.Operators, all.Others)
	switch {
	case c.Bool("json"):
		return printJSON(c, all)
	case len(owners) == 0:
		return printOperators(c, list, all.Total)
	case len(list) == 0:
		return fmt.Errorf("%s owns no operator", owners[0])
	}
	return printOperator(c, list[0], all)
}

func printOperators(c *cli.Context, list []api.Operator, total uint64) error {
	w := tabwriter.NewWriter(c.App.Writer, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "OWNER\tNAME\tPOWER\tNEXT\tSTAKE\tCOMMISSION\tSTATE")
	for _, o := range list {
		fmt.Fprintf(w, "%s\t%s\t%d of %d\t%d\t%s\t%s\t%s\n", o.Owner, o.Name, o.Power, total, o.NextPower, inEther(o.Tokens), percent(o.Commission), stateOf(o))
	}
	return w.Flush()
}

func printOperator(c *cli.Context, o api.Operator, all *api.Operators) error {
	w := tabwriter.NewWriter(c.App.Writer, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "owner\t%s\n", o.Owner)
	fmt.Fprintf(w, "name\t%q\n", o.Name)
	fmt.Fprintf(w, "state\t%s\n", stateOf(o))
	fmt.Fprintf(w, "power\t%d of %d, then %d\n", o.Power, all.Total, o.NextPower)
	fmt.Fprintf(w, "signs with\t%s\n", o.Address)
	if len(o.NextKey) > 0 {
		fmt.Fprintf(w, "next key\t%s, from the epoch's end on\n", o.NextKey)
	}
	fmt.Fprintf(w, "stake\t%s, of which %s its own\n", inEther(o.Tokens), inEther(o.OwnTokens))
	fmt.Fprintf(w, "commission\t%s\n", percent(o.Commission))
	fmt.Fprintf(w, "peer id\t%s\n", o.PeerID)
	for _, a := range o.Addresses {
		fmt.Fprintf(w, "address\t%s\n", a)
	}
	if o.Consensus != "" {
		fmt.Fprintf(w, "consensus\t%s\n", o.Consensus)
	}
	fmt.Fprintf(w, "after height\t%d\n", all.Height)
	return w.Flush()
}

func stateOf(o api.Operator) string {
	switch {
	case o.Tombstoned:
		return "tombstoned"
	case o.JailedUntil > 0:
		return "jailed until " + time.UnixMilli(int64(o.JailedUntil)).UTC().Format(time.RFC3339)
	case o.Leaving && o.NextPower > 0:
		return "leaves at the epoch's end"
	case o.Leaving:
		return "has left"
	case o.Power > 0:
		return "in the set"
	}
	return "not in the set"
}

// percent writes hundredths of a percent.
func percent(v uint64) string { return fmt.Sprintf("%d.%02d %%", v/100, v%100) }
