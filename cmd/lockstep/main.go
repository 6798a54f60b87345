// Command lockstep runs every role of a Lockstep network: an operator, a rollup node, a local DA layer, a devnet of all of them, and the tools
// of their users. Each verb has its file; this one lists them.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := app().RunContext(ctx, os.Args); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintf(os.Stderr, "lockstep: %v\n", advise(err))
		os.Exit(1) //nolint:gocritic // the deferred stop frees nothing that the end of the process does not
	}
}

func app() *cli.App {
	return &cli.App{
		Name:    "lockstep",
		Usage:   "a shared sequencer for rollups",
		Version: version(),
		Description: "Settings come from flags, then LOCKSTEP_* environment variables, then the file given by --config (default: config.toml in --home),\n" +
			"then defaults: the first that is set counts. `lockstep VERB --help` names them all.",
		Action: chooseVerb,
		Commands: strict([]*cli.Command{
			devnetCommand(),
			initCommand(),
			keysCommand(),
			startCommand(),
			statusCommand(),
			rollupCommand(),
			daCommand(),
			bundleCommand(),
			forcedCommand(),
			nsCommand(),
			accountCommand(),
			rewardsCommand(),
			paramsCommand(),
			supplyCommand(),
			operatorCommand(),
			verifyCommand(),
			benchCommand(),
		}),
	}
}
