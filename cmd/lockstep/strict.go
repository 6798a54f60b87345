package main

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/urfave/cli/v2"
)

// strict makes every verb refuse what it does not know: a misspelt verb, and an argument where none is wanted, behind which flags would be
// ignored.
func strict(commands []*cli.Command) []*cli.Command {
	for _, c := range commands {
		switch act := c.Action; {
		case len(c.Subcommands) > 0:
			if c.ArgsUsage == "" { // one that takes an argument does something by itself too
				c.Action = chooseVerb
			}
			strict(c.Subcommands)
		case c.ArgsUsage == "":
			c.Action = func(ctx *cli.Context) error {
				if ctx.NArg() > 0 {
					return fmt.Errorf("%s takes no argument %q; flags begin with --", ctx.Command.HelpName, ctx.Args().First())
				}
				return act(ctx)
			}
		}
	}
	return commands
}

// chooseVerb is the action of a command that only has verbs below it.
func chooseVerb(c *cli.Context) error {
	if c.NArg() == 0 {
		return cli.ShowSubcommandHelp(c)
	}
	return fmt.Errorf("there is no verb %q: %s --help lists them", c.Args().First(), c.Command.HelpName)
}

// advise adds what to do to errors that a system words for programmers.
func advise(err error) error {
	if errors.Is(err, syscall.EAGAIN) { // a lock on a database's folder
		return fmt.Errorf("%w: another process has this folder open", err)
	}
	return err
}
