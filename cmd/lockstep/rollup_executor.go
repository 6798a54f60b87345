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
