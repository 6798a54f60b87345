package main

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

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
	flagLinger    = "linger"
	flagReadOnly  = "read-only"
)

func rollupCommand() *cli.Command {
	flags := append(homeFlags(), passwordFlag(),
		text(flagNamespace, "", "the rollup's namespace, hexadecimal"),
		text(flagSource, string(rollups.SourceBoth), "both: soft from operators, firm from the DA layer; p2p: operators alone; da: DA layer alone"),
		text(flagDA, "", "URL of the DA layer; needed unless --source is p2p"),
		list(flagP2PListen, "libp2p multiaddresses to listen on"),
		list(flagP2PAnnounce, "libp2p multiaddresses that others are told, if they differ"),
		list(flagBootstrap, "libp2p multiaddresses with /p2p/ ids to enter the network by, beside the operators'"),
		text(flagRPCListen, "127.0.0.1:8545", "host:port of Ethereum JSON-RPC, HTTP and WebSocket"),
		list(flagRPCOrigins, "browsers' origins that may use the RPC, * for any"),
		text(flagMetricsListen, "", "host:port of /metrics for Prometheus; empty for none"),
		text(flagPprofListen, "", "host:port of Go's profiles, which tell much about this process: keep it to yourself; empty for none"),
		number(flagTip, 0, "wei per byte that the gateway offers on top of the fee"),
		duration(flagLinger, "5ms", "how long the gateway collects transactions"),
		boolean(flagReadOnly, "take no transactions; needs no gateway key"),
	)
	flags = append(flags, logFlags()...)
	return &cli.Command{
		Name:  "rollup",
		Usage: "run and watch an EVM rollup's node",
		Subcommands: []*cli.Command{
			{Name: "start", Usage: "derive the rollup and serve wallets", Flags: flags, Before: fromFile(flags), Action: startRollup},
			rollupStatusCommand(),
		},
	}
}

func startRollup(c *cli.Context) error {
	log, err := logger(c)
	if err != nil {
		return err
	}
	home := c.Path(flagHome)
	if err := checkHome(home); err != nil {
		return err
	}
	g, err := readGenesis(home)
	if err != nil {
		return err
	}
	rollup, err := readRollupGenesis(home)
	if err != nil {
		return err
	}
	ns, err := namespaces.Parse(c.String(flagNamespace))
	if err != nil {
		return fmt.Errorf("--%s: %w", flagNamespace, err)
	}
	node, err := keys.LoadNode(filepath.Join(keysDir(home), keys.NodeFile))
	if err != nil {
		return err
	}
	gate, err := gatewayKey(c)
	if err != nil {
		return err
	}
	registry := newRegistry()
	config := evmnode.Config{
		Home: home, Genesis: g, Rollup: rollup, Namespace: ns, Source: rollups.Source(c.String(flagSource)),
		NodeKey: node.PrivateKey(), GatewayKey: gate, Tip: c.Uint64(flagTip), Linger: c.Duration(flagLinger),
		P2PListen: c.StringSlice(flagP2PListen), P2PAnnounce: c.StringSlice(flagP2PAnnounce), Bootstrap: c.StringSlice(flagBootstrap),
		RPCListen: c.String(flagRPCListen), RPCOrigins: c.StringSlice(flagRPCOrigins),
		DA: c.String(flagDA), Registry: registry, Version: version(), Logger: log,
	}
	return withMetrics(c.Context, listeners{metrics: c.String(flagMetricsListen), profiles: c.String(flagPprofListen)}, registry, func(ctx context.Context) error { return evmnode.Run(ctx, config) })
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
