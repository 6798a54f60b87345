package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/node/keys"
)

func keysCommand() *cli.Command {
	home := homeFlags()[:1]
	return &cli.Command{
		Name:  "keys",
		Usage: "make and show an operator's keys",
		Subcommands: []*cli.Command{
			{
				Name:   "new",
				Usage:  "make an operator key (encrypted) and a node key",
				Flags:  append(home, passwordFlag(), &cli.BoolFlag{Name: "light", Usage: "weak key derivation: for development only"}),
				Action: newKeys,
			},
			{Name: "show", Usage: "show addresses and ids, never secrets", Flags: home, Action: showKeys},
			{
				Name:  "record",
				Usage: "print the operator's record for a genesis document",
				Flags: append(home, passwordFlag(),
					&cli.StringFlag{Name: "name", Usage: "name shown to people", Required: true},
					&cli.Uint64Flag{Name: "power", Usage: "voting power", Value: 1},
					&cli.StringSliceFlag{Name: "p2p", Usage: "multiaddress at which others reach the node, without /p2p/; may be repeated", Required: true},
					&cli.StringFlag{Name: "consensus", Usage: "host:port at which operators reach its consensus links", Required: true}),
				Action: printRecord,
			},
		},
	}
}

// keysDir is the folder of keys in a home folder.
func keysDir(home string) string { return filepath.Join(home, keysFolder) }

func newKeys(c *cli.Context) error {
	dir := keysDir(c.Path(flagHome))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make keys folder: %w", err)
	}
	pw, err := password(c)
	if err != nil {
		return err
	}
	strength := keys.Standard
	if c.Bool("light") {
		strength = keys.Light
	}
	if _, err := keys.CreateOperator(filepath.Join(dir, keys.OperatorFile), pw, strength); err != nil {
		return err
	}
	if _, err := keys.CreateNode(filepath.Join(dir, keys.NodeFile)); err != nil {
		return err
	}
	return show(c.App.Writer, dir)
}

func showKeys(c *cli.Context) error { return show(c.App.Writer, keysDir(c.Path(flagHome))) }

func show(w io.Writer, dir string) error {
	l, err := keys.List(dir)
	if err != nil {
		return err
	}
	if l.PeerID == "" {
		return fmt.Errorf("no keys in %s: make them with `lockstep keys new`", dir)
	}
	_, err = fmt.Fprintf(w, "operator      %s\npeer id       %s\nconsensus id  %s\n", l.Operator, l.PeerID, l.ConsensusID)
	return err
}

// identity is both keys of an operator.
type identity struct {
	operator *keys.Operator
	node     *keys.Node
}

func loadIdentity(home, password string) (identity, error) {
	dir := keysDir(home)
	op, err := keys.LoadOperator(filepath.Join(dir, keys.OperatorFile), password)
	if err != nil {
		return identity{}, err
	}
	node, err := keys.LoadNode(filepath.Join(dir, keys.NodeFile))
	return identity{op, node}, err
}

// missing adds what to do when a file is not there.
func missing(err error, advice string) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s", err, advice)
	}
	return err
}

// record is the operator's entry in a genesis document.
func (id identity) record(name string, power uint64, p2p []string, consensus string) genesis.Operator {
	return genesis.Operator{
		Name: name, Address: id.operator.Address(), PublicKey: id.operator.PublicKey(), Power: power,
		PeerID: id.node.PeerID().String(), Addresses: p2p, Consensus: consensus,
	}
}

func printRecord(c *cli.Context) error {
	pw, err := password(c)
	if err != nil {
		return err
	}
	id, err := loadIdentity(c.Path(flagHome), pw)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(c.App.Writer)
	enc.SetIndent("", "  ")
	return enc.Encode(id.record(c.String("name"), c.Uint64("power"), c.StringSlice("p2p"), c.String("consensus")))
}
