package main

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/node/keys"
	"github.com/lockstep-network/lockstep/rollups"
	"github.com/lockstep-network/lockstep/rollups/evm"
	"github.com/lockstep-network/lockstep/rollups/evmnode"
)

// Settings of a rollup node, beside those that it shares with an operator.
const (
	flagNamespace = "namespace"
	flagSource    = "source"
	flagTip       = "tip"
	flagMaxFee    = "max-fee"
	flagLinger    = "linger"
	flagReadOnly  = "read-only"
	flagExecutor  = "executor"
)

// rollupFlags are the settings of a rollup node, whether it is one process or two: one settings file serves both.
func rollupFlags(socket string) []cli.Flag {
	return append(nodeFlags("127.0.0.1:8545", "host:port of Ethereum JSON-RPC, HTTP and WebSocket", "URL of the DA layer; needed unless --source is p2p, which stops without one where forced items may be due"),
		text(flagNamespace, "", "the rollup's namespace, hexadecimal"),
		text(flagSource, string(rollups.SourceBoth), "both: soft from operators, firm from the DA layer; p2p: operators alone; da: DA layer alone"),
		number(flagTip, 0, "wei per byte that the gateway offers on top of the fee"),
		number(flagMaxFee, 0, "wei per byte that the gateway pays at most, beside the tip: above, wallets wait; 0 for 64 times the least price"),
		duration(flagLinger, "5ms", "how long the gateway collects transactions"),
		boolean(flagReadOnly, "take no transactions; needs no gateway key"),
		text(flagExecutor, "", socket),
	)
}

func rollupCommand() *cli.Command {
	flags := rollupFlags("unix socket of an executor in another process ('lockstep rollup executor', or another virtual machine), which then serves wallets; empty to execute here")
	return &cli.Command{
		Name:  "rollup",
		Usage: "run and watch an EVM rollup's node",
		Subcommands: []*cli.Command{
			{Name: "start", Usage: "derive the rollup and serve wallets", Flags: flags, Before: fromFile(flags), Action: startRollup},
			rollupExecutorCommand(),
			rollupStatusCommand(),
		},
	}
}

func startRollup(c *cli.Context) error {
	config, registry, err := rollupConfig(c)
	if err != nil {
		return err
	}
	node, err := keys.LoadNode(filepath.Join(keysDir(config.Home), keys.NodeFile))
	if err != nil {
		return err
	}
	config.NodeKey = node.PrivateKey()
	if config.Executor != "" {
		return withMetrics(c.Context, listenersOf(c), registry, func(ctx context.Context) error { return evmnode.RunDriver(ctx, config) })
	}
	if err := addExecution(c, &config); err != nil {
		return err
	}
	return withMetrics(c.Context, listenersOf(c), registry, func(ctx context.Context) error { return evmnode.Run(ctx, config) })
}

// rollupConfig reads what both halves of a rollup node need.
func rollupConfig(c *cli.Context) (evmnode.Config, *prometheus.Registry, error) {
	log, err := logger(c)
	if err != nil {
		return evmnode.Config{}, nil, err
	}
	home := c.Path(flagHome)
	if err := checkHome(home); err != nil {
		return evmnode.Config{}, nil, err
	}
	g, err := readGenesis(home)
	if err != nil {
		return evmnode.Config{}, nil, err
	}
	ns, err := namespaces.Parse(c.String(flagNamespace))
	if err != nil {
		return evmnode.Config{}, nil, fmt.Errorf("--%s: %w", flagNamespace, err)
	}
	layer, err := daConfig(c, log)
	if err != nil {
		return evmnode.Config{}, nil, err
	}
	registry := newRegistry()
	return evmnode.Config{
		Home: home, Genesis: g, Namespace: ns, Source: rollups.Source(c.String(flagSource)),
		Tip: c.Uint64(flagTip), MaxFee: c.Uint64(flagMaxFee), Linger: c.Duration(flagLinger),
		P2PListen: c.StringSlice(flagP2PListen), P2PAnnounce: c.StringSlice(flagP2PAnnounce), Bootstrap: c.StringSlice(flagBootstrap),
		RPCListen: c.String(flagRPCListen), RPCOrigins: c.StringSlice(flagRPCOrigins),
		DA: layer, DAFrom: c.Uint64(flagDAFrom), Executor: c.String(flagExecutor), Registry: registry, Version: version(), Logger: log,
	}, registry, nil
}

// addExecution reads what the half that executes needs beside it.
func addExecution(c *cli.Context, config *evmnode.Config) (err error) {
	if config.Rollup, err = readRollupGenesis(config.Home); err != nil {
		return err
	}
	config.GatewayKey, err = gatewayKey(c)
	return err
}

func readRollupGenesis(home string) (evm.Genesis, error) {
	path := filepath.Join(home, rollupGenesisFile)
	raw, err := os.ReadFile(path)
	if err != nil {
		return evm.Genesis{}, missing(fmt.Errorf("read the rollup's genesis: %w", err), "put the rollup's genesis document there")
	}
	return evm.DecodeGenesis(raw)
}

// gatewayKey opens the key that pays for wallets' transactions; nil for a node that takes none.
func gatewayKey(c *cli.Context) (*ecdsa.PrivateKey, error) {
	if c.Bool(flagReadOnly) || rollups.Source(c.String(flagSource)) == rollups.SourceDA {
		return nil, nil //nolint:nilnil // a node without a gateway is a role, not an error
	}
	path := filepath.Join(keysDir(c.Path(flagHome)), gatewayKeyFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no gateway key at %s: put a go-ethereum keystore there, or start with --%s", path, flagReadOnly)
	}
	pw, err := password(c)
	if err != nil {
		return nil, err
	}
	key, err := keys.LoadOperator(path, pw)
	if err != nil {
		return nil, err
	}
	return key.PrivateKey(), nil
}
