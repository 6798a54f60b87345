package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/ethereum/go-ethereum/rpc"
	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/node/api/client"
)

func rpcFlag() cli.Flag {
	return &cli.StringFlag{Name: "rpc", Usage: "URL of an operator's RPC", Value: "http://127.0.0.1:26657", EnvVars: env("rpc")}
}

func jsonFlag() cli.Flag { return &cli.BoolFlag{Name: "json", Usage: "print JSON"} }

func statusCommand() *cli.Command {
	return &cli.Command{
		Name: "status", Usage: "show where an operator is", Flags: []cli.Flag{rpcFlag(), jsonFlag()}, Action: printStatus,
	}
}

func printStatus(c *cli.Context) error {
	node, err := client.Dial(c.Context, c.String("rpc"))
	if err != nil {
		return fmt.Errorf("reach the operator: %w", err)
	}
	defer node.Close()
	s, err := node.Status(c.Context)
	if err != nil && isNoMethod(err) {
		return fmt.Errorf("%s is no operator's RPC (%w); a rollup node is asked by `lockstep rollup status --rpc URL`", c.String("rpc"), err)
	}
	if err != nil {
		return fmt.Errorf("ask %s for its status: %w", c.String("rpc"), err)
	}
	if c.Bool("json") {
		return printJSON(c, s)
	}
	w := tabwriter.NewWriter(c.App.Writer, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "network\t%s\n", s.ChainID)
	fmt.Fprintf(w, "genesis\t%s\n", s.GenesisHash)
	fmt.Fprintf(w, "version\t%s\n", s.Version)
	fmt.Fprintf(w, "head\t%d, %s old\n", s.Head, time.Since(time.UnixMilli(int64(s.HeadTimeMS))).Round(time.Millisecond))
	fmt.Fprintf(w, "certified\t%d\n", s.Certified)
	fmt.Fprintf(w, "published\t%d\n", s.Published)
	fmt.Fprintf(w, "firm\t%d\n", s.Firm)
	fmt.Fprintf(w, "kept from\t%d\n", s.Floor)
	fmt.Fprintf(w, "peers\t%d\n", s.Peers)
	fmt.Fprintf(w, "pool\t%d transactions, %d bytes\n", s.Pool.Count, s.Pool.Bytes)
	return w.Flush()
}

// isNoMethod says whether a server answered that it has no such method.
func isNoMethod(err error) bool {
	var coded rpc.Error
	return errors.As(err, &coded) && coded.ErrorCode() == -32601
}

func printJSON(c *cli.Context, v any) error {
	enc := json.NewEncoder(c.App.Writer)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
