package main

import (
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/api/client"
)

func sendCommand() *cli.Command {
	return &cli.Command{
		Name: "send", Usage: "send legs into a namespace's lane, with the consent that it asks for, and wait until they are certified", ArgsUsage: "NAMESPACE",
		Flags: actFlags(
			&cli.StringSliceFlag{Name: "leg", Usage: "0xDATA: a raw rollup transaction; once for each", Required: true},
			&cli.PathFlag{Name: "consent", Usage: "file with the key, hexadecimal, of a gateway of a gated lane, or of an owned lane"},
			&cli.BoolFlag{Name: "tank", Usage: "the tank of a gated lane pays, not the payer"},
		),
		Action: sendLegs,
	}
}

// sendLegs makes a transaction of legs in one lane: the payer signs it, then whoever must consent.
func sendLegs(c *cli.Context) error {
	ns, err := namespaceArgument(c)
	if err != nil {
		return err
	}
	legs := make([]tx.Leg, 0, len(c.StringSlice("leg")))
	for _, s := range c.StringSlice("leg") {
		raw, err := hexutil.Decode(s)
		if err != nil {
			return fmt.Errorf("--leg %q: %w", s, err)
		}
		legs = append(legs, tx.Leg{Namespace: ns, Data: raw})
	}
	key, err := payer(c)
	if err != nil {
		return err
	}
	return asking(func(c *cli.Context, node *client.Client) error {
		t, err := sign(c, node, legs, key)
		if err != nil {
			return err
		}
		if t, err = consented(c, node, ns, t); err != nil {
			return err
		}
		return deliver(c, node, t)
	})(c)
}

// consented adds the auth of the key that --consent names; without one the transaction stays as it is.
func consented(c *cli.Context, node *client.Client, ns namespaces.Namespace, t tx.Verified) (tx.Verified, error) {
	path := c.Path("consent")
	if path == "" {
		if c.Bool("tank") {
			return t, errors.New("--tank needs --consent: a tank pays for what a gateway lets in")
		}
		return t, nil
	}
	key, err := readKey(path)
	if err != nil {
		return t, err
	}
	now, err := node.Namespace(c.Context, ns)
	if err != nil {
		return t, fmt.Errorf("ask for %s: %w", ns, err)
	}
	auth := tx.Auth{Namespace: ns, Kind: tx.AuthGateway}
	switch {
	case now.Lane.Policy == api.PolicyOpen:
		return t, fmt.Errorf("%s is open: leave --consent out", ns)
	case c.Bool("tank") && now.Lane.Policy != api.PolicyGated:
		return t, fmt.Errorf("%s is not gated: leave --tank out", ns)
	case c.Bool("tank"):
		auth.Kind = tx.AuthTank
	case now.Owned != nil:
		auth.Kind, auth.Epoch, auth.LaneSeq = tx.AuthOwner, now.Owned.Epoch, now.Owned.Next
	}
	if auth, err = tx.SignAuth(auth, t.ID(), key); err != nil {
		return t, err
	}
	with, err := t.WithAuths(auth)
	if err != nil {
		return t, err
	}
	return with.Verify()
}
