package main

import (
	"context"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/rollups/evmnode"
)

// socketName is the executor's socket in a home folder's data.
const socketName = "executor.sock"

func rollupExecutorCommand() *cli.Command {
	flags := rollupFlags("unix socket to be driven through; HOME/" + dataFolder + "/" + socketName + " if empty")
	return &cli.Command{
		Name: "executor", Usage: "execute the rollup and serve wallets, driven by `lockstep rollup start --executor` in another process",
		Description: "Of the settings that it shares with 'lockstep rollup start' it ignores --p2p-listen, --p2p-announce, --bootstrap and --da: the other process\n" +
			"reaches the network and the DA layer.",
		Flags: flags, Before: fromFile(flags), Action: startExecutor,
	}
}

func startExecutor(c *cli.Context) error {
	config, registry, err := rollupConfig(c)
	if err != nil {
		return err
	}
	if err := addExecution(c, &config); err != nil {
		return err
	}
	if config.Executor == "" {
		config.Executor = filepath.Join(config.Home, dataFolder, socketName)
	}
	return withMetrics(c.Context, listenersOf(c), registry, func(ctx context.Context) error { return evmnode.RunExecutor(ctx, config) })
}
