package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/proof"
)

func verifyCommand() *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "check a proof document with nothing but the genesis, offline",
		ArgsUsage: "DOCUMENT.json (- for standard input)",
		Flags: []cli.Flag{
			&cli.PathFlag{Name: "genesis", Usage: "the network's genesis document", Required: true},
			jsonFlag(),
		},
		Action: verifyDocument,
	}
}

func verifyDocument(c *cli.Context) error {
	if c.NArg() != 1 {
		return fmt.Errorf("want one document, have %d arguments", c.NArg())
	}
	raw, err := os.ReadFile(c.Path("genesis"))
	if err != nil {
		return fmt.Errorf("read genesis: %w", err)
	}
	g, err := genesis.Decode(raw)
	if err != nil {
		return err
	}
	if raw, err = readDocument(c.Args().First()); err != nil {
		return err
	}
	d, err := proof.Decode(raw)
	if err != nil {
		return err
	}
	facts, err := proof.Verify(g, d)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return printJSON(c, facts)
	}
	return printFacts(c.App.Writer, facts)
}

func readDocument(path string) ([]byte, error) {
	in := io.Reader(os.Stdin)
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("read document: %w", err)
		}
		defer f.Close()
		in = f
	}
	raw, err := io.ReadAll(io.LimitReader(in, proof.MaxSize+1)) // one more, so that a larger one is refused and not cut
	if err != nil {
		return nil, fmt.Errorf("read document: %w", err)
	}
	return raw, nil
}

func printFacts(w io.Writer, f *proof.Facts) error {
	fmt.Fprintf(w, "proven for %s:\n", f.ChainID)
	for _, t := range f.Transactions {
		if !t.Included {
			fmt.Fprintf(w, "  transaction %s is NOT in block %d\n", t.ID, t.Height)
			continue
		}
		fmt.Fprintf(w, "  transaction %s is in block %d (%s), paid by %s\n", t.ID, t.Height, time.UnixMilli(int64(t.TimeMS)).UTC().Format(time.RFC3339Nano), t.Payer)
		if t.Position != nil {
			fmt.Fprintf(w, "    at position %d\n", *t.Position)
		}
		for i, l := range t.Legs {
			seen := ""
			if l.InLane {
				seen = ", seen in the complete lane"
			}
			fmt.Fprintf(w, "    leg %d: namespace %s, %d bytes, hash %s%s\n", i, l.Namespace, l.Size, l.DataHash, seen)
		}
	}
	for _, l := range f.Lanes {
		if l.Count == 0 {
			fmt.Fprintf(w, "  block %d holds nothing under %s\n", l.Height, l.Namespace)
			continue
		}
		fmt.Fprintf(w, "  block %d holds %d entries under %s (%d bytes), and no others\n", l.Height, l.Count, l.Namespace, l.Size)
	}
	for _, r := range f.Records {
		if len(r.Value) == 0 {
			fmt.Fprintf(w, "  after block %d the ledger has no record %s\n", r.Height, r.Key)
			continue
		}
		fmt.Fprintf(w, "  after block %d the ledger's record %s is %s\n", r.Height, r.Key, r.Value)
	}
	for _, r := range f.Rewards {
		fmt.Fprintf(w, "  up to block %d, the last of epoch %d, %s has earned %s\n", r.Height, r.Epoch, r.Address, inEther(r.Lifetime))
	}
	_, err := fmt.Fprintf(w, "  %d headers certified by the operators\n", len(f.Headers))
	return err
}
