package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"
	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/da/dial"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
)

func initCommand() *cli.Command {
	return &cli.Command{
		Name:  "init",
		Usage: "make a network: folders for processes to start by hand, or a genesis document",
		Subcommands: []*cli.Command{
			{
				Name:  "network",
				Usage: "make a folder with keys, genesis and settings for each operator and rollup node",
				Flags: []cli.Flag{
					&cli.PathFlag{Name: "out", Usage: "folder to make", Required: true},
					&cli.StringFlag{Name: "chain-id", Usage: "name of the network", Value: "lockstep-test"},
					&cli.StringSliceFlag{Name: "operator", Usage: "IP:PORT of an operator: ports PORT to PORT+9 are its own; once for each", Required: true},
					&cli.StringSliceFlag{Name: "rollup", Usage: "IP:PORT of a rollup node, likewise"},
					&cli.StringFlag{Name: flagDA, Usage: "URL of the DA layer", Value: "http://127.0.0.1:26658"},
					&cli.Uint64Flag{Name: flagDAFrom, Usage: "its height now: nobody need read what is below"},
					&cli.IntFlag{Name: "accounts", Usage: "funded accounts, keys in " + accountsFile, Value: devnetAccounts},
					&cli.DurationFlag{Name: "block-interval", Usage: "time between two shared blocks", Value: 250 * time.Millisecond},
					&cli.BoolFlag{Name: "local", Usage: "operators share a machine"},
					&cli.BoolFlag{Name: "light", Usage: "weak key derivation: for development only"},
				},
				Action: initNetwork,
			},
			{
				Name:      "genesis",
				Usage:     "join operators' records (`lockstep keys record`) into a genesis document",
				ArgsUsage: "RECORD.json...",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "chain-id", Usage: "name of the network", Required: true},
					&cli.StringSliceFlag{Name: "namespace", Usage: "HEX:NAME:ORDER with order tip or proposer; once for each rollup"},
					&cli.StringSliceFlag{Name: "balance", Usage: "ADDRESS:WEI; once for each"},
				},
				Action: initGenesis,
			},
		},
	}
}

func initNetwork(c *cli.Context) error {
	out := c.Path("out")
	if _, err := readNetwork(out); err == nil {
		return fmt.Errorf("%s holds a network already", out)
	}
	if err := dial.Check(c.String(flagDA)); err != nil {
		return fmt.Errorf("--%s: %w", flagDA, err)
	}
	p := plan{
		Dir: out, ChainID: c.String("chain-id"), DA: c.String(flagDA), DAFrom: c.Uint64(flagDAFrom), Accounts: c.Int("accounts"), Light: c.Bool("light"),
		Settings: map[string]any{flagBlockInterval: c.Duration("block-interval").String(), flagLocal: c.Bool("local")},
	}
	var err error
	if p.Operators, err = parseHosts(c.StringSlice("operator")); err != nil {
		return err
	}
	if p.Rollups, err = parseHosts(c.StringSlice("rollup")); err != nil {
		return err
	}
	n, err := p.generate()
	if err != nil {
		return err
	}
	fmt.Fprintf(c.App.Writer, "made %s. Move each folder to its host and start it there:\n", out)
	for _, m := range n.Operators {
		fmt.Fprintf(c.App.Writer, "  lockstep start --home %s\n", filepath.Join(out, m.Home))
	}
	for _, m := range n.Rollups {
		fmt.Fprintf(c.App.Writer, "  lockstep rollup start --home %s\n", filepath.Join(out, m.Home))
	}
	return nil
}

// lastBase is the last port that nine more can follow.
const lastBase = 65526

func parseHosts(list []string) ([]host, error) {
	out := make([]host, 0, len(list))
	for _, s := range list {
		at, err := netip.ParseAddrPort(s)
		if err != nil || !at.Addr().Is4() || at.Port() < 1 || at.Port() > lastBase {
			return nil, fmt.Errorf("%q: want IP:PORT, an IPv4 address and a port of 1 to %d", s, lastBase)
		}
		out = append(out, host{at.Addr().String(), int(at.Port())})
	}
	return out, nil
}

func initGenesis(c *cli.Context) error {
	g := &genesis.Genesis{
		Version: genesis.Version, ChainID: c.String("chain-id"), TimeMS: uint64(time.Now().UnixMilli()), Params: genesis.DefaultParams(),
	}
	if c.NArg() == 0 {
		return errors.New("want the files of operators' records")
	}
	for _, path := range c.Args().Slice() {
		raw, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read record: %w", err)
		}
		var o genesis.Operator
		if err := json.Unmarshal(raw, &o); err != nil {
			return fmt.Errorf("read record %s: %w", path, err)
		}
		g.Operators = append(g.Operators, o)
	}
	for _, s := range c.StringSlice("namespace") {
		f := strings.Split(s, ":")
		if len(f) != 3 {
			return fmt.Errorf("%q: want HEX:NAME:ORDER", s)
		}
		ns, err := namespaces.Parse(f[0])
		if err != nil {
			return err
		}
		g.Namespaces = append(g.Namespaces, genesis.Namespace{Namespace: ns, Name: f[1], Order: block.Rule(f[2])})
	}
	for _, s := range c.StringSlice("balance") {
		addr, wei, ok := strings.Cut(s, ":")
		amount, err := uint256.FromDecimal(wei)
		if !ok || err != nil || !common.IsHexAddress(addr) {
			return fmt.Errorf("%q: want ADDRESS:WEI", s)
		}
		g.Balances = append(g.Balances, genesis.Balance{Address: common.HexToAddress(addr), Amount: amount})
	}
	slices.SortFunc(g.Balances, func(a, b genesis.Balance) int { return a.Address.Cmp(b.Address) })
	slices.SortFunc(g.Namespaces, func(a, b genesis.Namespace) int { return a.Namespace.Compare(b.Namespace) })
	if err := g.Validate(); err != nil {
		return fmt.Errorf("genesis: %w", err)
	}
	raw, err := g.Encode()
	if err != nil {
		return err
	}
	_, err = c.App.Writer.Write(raw)
	return err
}
