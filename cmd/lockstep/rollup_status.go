package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/rpc"
	"github.com/urfave/cli/v2"
)

func rollupStatusCommand() *cli.Command {
	return &cli.Command{
		Name:  "status",
		Usage: "show how far a rollup node has derived",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "rpc", Usage: "URL of a rollup node's RPC", Value: "http://127.0.0.1:8545", EnvVars: env("rollup-rpc")},
			jsonFlag(),
		},
		Action: printRollupStatus,
	}
}

// rollupHead is one head in the answer of lockstep_status.
type rollupHead struct {
	Height    hexutil.Uint64 `json:"height"` // shared
	Number    hexutil.Uint64 `json:"number"` // of the rollup's block
	BlockHash common.Hash    `json:"blockHash"`
	StateRoot common.Hash    `json:"stateRoot"`
}

// rollupStatus is what the verb shows of lockstep_status.
type rollupStatus struct {
	ChainID   hexutil.Uint64 `json:"chainId"`
	Soft      rollupHead     `json:"soft"`
	Firm      rollupHead     `json:"firm"`
	Final     rollupHead     `json:"final"`
	Announced hexutil.Uint64 `json:"announced"` // newest shared height known to exist
	Peers     hexutil.Uint64 `json:"peers"`
	ReadOnly  bool           `json:"readOnly"`
}

func printRollupStatus(c *cli.Context) error {
	url := c.String("rpc")
	node, err := rpc.DialContext(c.Context, url)
	if err != nil {
		return fmt.Errorf("reach the rollup node at %s: %w", url, err)
	}
	defer node.Close()
	var s rollupStatus
	err = node.CallContext(c.Context, &s, "lockstep_status")
	if err != nil && isNoMethod(err) {
		return fmt.Errorf("%s is no rollup node's RPC (%w); an operator is asked by `lockstep status --rpc URL`", url, err)
	}
	if err != nil {
		return fmt.Errorf("ask %s for a rollup node's status: %w", url, err)
	}
	if c.Bool("json") {
		return printJSON(c, s)
	}
	w := tabwriter.NewWriter(c.App.Writer, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "chain id\t%d\n", s.ChainID)
	fmt.Fprintln(w, "HEAD\tSHARED HEIGHT\tBLOCK\tHASH\tSTATE ROOT")
	for _, h := range []struct {
		name string
		rollupHead
	}{{"soft (latest)", s.Soft}, {"firm (safe)", s.Firm}, {"final (finalized)", s.Final}} {
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\n", h.name, h.Height, h.Number, h.BlockHash, h.StateRoot)
	}
	fmt.Fprintf(w, "announced\t%d\n", s.Announced)
	fmt.Fprintf(w, "peers\t%d\n", s.Peers)
	fmt.Fprintf(w, "read-only\t%t\n", s.ReadOnly)
	return w.Flush()
}
