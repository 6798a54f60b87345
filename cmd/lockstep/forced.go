package main

import (
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/dial"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/forced"
)

func forcedCommand() *cli.Command {
	return &cli.Command{
		Name:  "forced",
		Usage: "reach a rollup without any operator",
		Subcommands: []*cli.Command{{
			Name: "send", Usage: "write a raw rollup transaction to the DA layer, from where rollups take it at the network's delay", ArgsUsage: "0xDATA",
			Flags: append([]cli.Flag{
				&cli.StringFlag{Name: "chain-id", Usage: "the network's", Required: true},
				&cli.StringFlag{Name: flagNamespace, Usage: "the rollup's, hexadecimal", Required: true},
				&cli.StringFlag{Name: flagDA, Usage: "URL of the DA layer", Required: true},
			}, append(daFlags(), publishFlags()...)...),
			Action: sendForced,
		}},
	}
}

func sendForced(c *cli.Context) error {
	if c.NArg() != 1 {
		return errors.New("want one argument, the raw transaction: 0xDATA")
	}
	data, err := hexutil.Decode(c.Args().First())
	if err != nil {
		return fmt.Errorf("the raw transaction: %w", err)
	}
	ns, err := namespaces.Parse(c.String(flagNamespace))
	if err != nil {
		return fmt.Errorf("--%s: %w", flagNamespace, err)
	}
	raw, err := forced.Item{ChainID: c.String("chain-id"), Namespace: ns, Data: data}.Encode()
	if err != nil {
		return err
	}
	config, err := daConfig(c, nil)
	if err != nil {
		return err
	}
	layer, err := dial.Open(config)
	if err != nil {
		return fmt.Errorf("open DA layer: %w", err)
	}
	height, err := layer.Submit(c.Context, []da.Blob{{Namespace: namespaces.Forced(), Data: raw}})
	if err != nil {
		return fmt.Errorf("write to the DA layer: %w", err)
	}
	fmt.Fprintf(c.App.Writer, "stands at DA height %d\n", height)
	return nil
}
