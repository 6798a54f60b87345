package main

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/api/client"
)

// statusPoll is the pause between two questions for a transaction's status: a fraction of a block.
const statusPoll = 50 * time.Millisecond

func bundleCommand() *cli.Command {
	return &cli.Command{
		Name:  "bundle",
		Usage: "send legs for several rollups that land together or not at all",
		Subcommands: []*cli.Command{
			{
				Name:  "send",
				Usage: "sign and send a bundle, and wait until it is certified",
				Flags: actFlags(
					&cli.StringSliceFlag{Name: "leg", Usage: "NAMESPACE=0xDATA: a raw rollup transaction; once for each leg"},
					&cli.StringSliceFlag{Name: "transfer", Usage: "ROLLUP:ADDRESS:ETHER on a devnet's rollup, signed by its first account; once for each leg"},
					proofFlag(),
				),
				Action: sendBundle,
			},
			{
				Name: "show", Usage: "tell what became of a transaction", ArgsUsage: "ID", Flags: []cli.Flag{rpcFlag(), devnetFlag()}, Action: showBundle,
			},
			{
				Name: "proof", Usage: "print the proof that a transaction is included", ArgsUsage: "ID", Flags: []cli.Flag{rpcFlag(), devnetFlag()}, Action: printProof,
			},
		},
	}
}

// sequencer is the operator that a command talks to: the one named by --rpc, or a devnet's first.
func sequencer(c *cli.Context) (*client.Client, error) {
	url := c.String("rpc")
	if dir := c.Path("devnet"); dir != "" && !c.IsSet("rpc") {
		n, err := readNetwork(dir)
		if err != nil {
			return nil, fmt.Errorf("read devnet: %w", err)
		}
		url = n.Operators[0].RPC
	}
	node, err := client.Dial(c.Context, url)
	if err != nil {
		return nil, fmt.Errorf("reach the operator at %s: %w", url, err)
	}
	return node, nil
}

// readKey reads a private key from a file that holds its hexadecimal digits.
func readKey(path string) (*ecdsa.PrivateKey, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	return parseKey(strings.TrimSpace(string(raw)))
}

func parseKey(s string) (*ecdsa.PrivateKey, error) {
	key, err := crypto.HexToECDSA(strings.TrimPrefix(s, "0x"))
	if err != nil {
		return nil, errors.New("the private key is not 64 hexadecimal digits") // and the error, which may quote it, is dropped
	}
	return key, nil
}

func sendBundle(c *cli.Context) error {
	key, err := payer(c)
	if err != nil {
		return err
	}
	legs, err := bundleLegs(c, key)
	if err != nil {
		return err
	}
	node, err := sequencer(c)
	if err != nil {
		return err
	}
	defer node.Close()
	bundle, err := sign(c, node, legs, key)
	if err != nil {
		return err
	}
	sent, err := node.SendBundle(c.Context, bundle)
	if err != nil {
		return fmt.Errorf("send bundle: %w", err)
	}
	if !c.Bool("json") {
		fmt.Fprintf(c.App.Writer, "sent %s (%s)\n", sent.ID, sent.Acknowledged)
	}
	t, err := awaitCertified(c.Context, node, sent.ID)
	if err != nil {
		return err
	}
	if path := c.Path("proof"); path != "" {
		if err := writeProof(c.Context, node, bundle.Tx, path); err != nil {
			return err
		}
	}
	if c.Bool("json") {
		return printJSON(c, t)
	}
	printTransaction(c, t)
	return nil
}

// bundleLegs gathers the legs that flags name: raw ones, then transfers.
func bundleLegs(c *cli.Context, key *ecdsa.PrivateKey) ([]tx.Leg, error) {
	legs := make([]tx.Leg, 0, len(c.StringSlice("leg"))+len(c.StringSlice("transfer")))
	for _, s := range c.StringSlice("leg") {
		name, data, ok := strings.Cut(s, "=")
		ns, err := namespaces.Parse(name)
		if !ok || err != nil {
			return nil, fmt.Errorf("--leg %q: want NAMESPACE=0xDATA", s)
		}
		raw, err := hexutil.Decode(data)
		if err != nil {
			return nil, fmt.Errorf("--leg %q: %w", s, err)
		}
		legs = append(legs, tx.Leg{Namespace: ns, Data: raw})
	}
	transfers, err := transferLegs(c.Context, c.Path("devnet"), c.StringSlice("transfer"), key)
	if err != nil {
		return nil, err
	}
	if legs = append(legs, transfers...); len(legs) == 0 {
		return nil, errors.New("no legs: give --leg or --transfer, once for each")
	}
	return legs, nil
}

// awaitCertified waits until the transaction stands in a certified block, or never will.
func awaitCertified(ctx context.Context, node *client.Client, id common.Hash) (*api.Transaction, error) {
	for {
		t, err := node.Transaction(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("ask for %s: %w", id, err)
		}
		switch {
		case t.Certified:
			return t, nil
		case t.Status == "expired" || t.Status == "rejected":
			return nil, fmt.Errorf("%s is %s: %s", id, t.Status, t.Message)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(statusPoll):
		}
	}
}

func printTransaction(c *cli.Context, t *api.Transaction) {
	fmt.Fprintf(c.App.Writer, "%s %s", t.ID, t.Status)
	if t.Status == "included" {
		fmt.Fprintf(c.App.Writer, " in block %d", t.Height)
		if t.Position != nil {
			fmt.Fprintf(c.App.Writer, " at position %d", *t.Position)
		}
		if t.Certified {
			fmt.Fprint(c.App.Writer, ", certified")
		}
	}
	if t.Message != "" {
		fmt.Fprintf(c.App.Writer, ": %s", t.Message)
	}
	fmt.Fprintln(c.App.Writer)
	for _, f := range t.Failures {
		fmt.Fprintf(c.App.Writer, "  leg %d: the action did nothing: %s\n", f.Leg, f.Code)
	}
	for _, l := range t.Legs {
		fmt.Fprintf(c.App.Writer, "  leg %d: %d bytes in the lane of %s\n", l.Index, l.Size, l.Namespace)
	}
}

func transactionID(c *cli.Context) (common.Hash, error) {
	raw, err := hexutil.Decode(c.Args().First())
	if c.NArg() != 1 || err != nil || len(raw) != common.HashLength {
		return common.Hash{}, errors.New("want one transaction id: 0x and 64 hexadecimal digits")
	}
	return common.Hash(raw), nil
}

// asked reads the one id that a command names, and reaches the operator to ask about it.
func asked(c *cli.Context) (common.Hash, *client.Client, error) {
	id, err := transactionID(c)
	if err != nil {
		return common.Hash{}, nil, err
	}
	node, err := sequencer(c)
	return id, node, err
}

func showBundle(c *cli.Context) error {
	id, node, err := asked(c)
	if err != nil {
		return err
	}
	defer node.Close()
	t, err := node.Transaction(c.Context, id)
	if err != nil {
		return fmt.Errorf("ask for %s: %w", id, err)
	}
	printTransaction(c, t)
	return nil
}

func printProof(c *cli.Context) error {
	id, node, err := asked(c)
	if err != nil {
		return err
	}
	defer node.Close()
	d, err := node.InclusionProof(c.Context, id, namespaces.Ledger())
	if err != nil {
		return fmt.Errorf("ask for the proof of %s: %w", id, err)
	}
	raw, err := d.Encode()
	if err != nil {
		return err
	}
	_, err = c.App.Writer.Write(raw)
	return err
}

func writeProof(ctx context.Context, node *client.Client, t *tx.Tx, path string) error {
	d, err := node.InclusionProof(ctx, t.ID(), t.Namespaces()...)
	if err != nil {
		return fmt.Errorf("ask for the proof of %s: %w", t.ID(), err)
	}
	return saveProof(path, d)
}
