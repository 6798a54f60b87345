package main

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/node"
	"github.com/lockstep-network/lockstep/node/keys"
)

// Settings of an operator, beside those that it shares with a rollup node.
const (
	flagConsensusListen   = "consensus-listen"
	flagConsensusExternal = "consensus-external"
	flagConsensusPeers    = "consensus-peers"
	flagLocal             = "local"
	flagPublish           = "publish"
	flagPublishAge        = "publish-age"
	flagBlockInterval     = "block-interval"
	flagKeepBlocks        = "keep-blocks"
)

// The values of the setting publish.
const (
	publishNo   = "no"
	publishYes  = "yes"
	publishAuto = "auto"
)

func startCommand() *cli.Command {
	flags := append(nodeFlags("127.0.0.1:26657", "host:port of the seq_* RPC, HTTP and WebSocket", "URL of the DA layer, to publish and to tell what is firm"),
		text(flagConsensusListen, "0.0.0.0:26656", "host:port of the links between operators"),
		text(flagConsensusExternal, "", "host:port at which other operators reach them, if it differs"),
		list(flagConsensusPeers, "consensus-id@host:port of operators to link with, for a newcomer who finds none of the genesis document's; they must know its operator"),
		boolean(flagLocal, "operators share a machine"),
		text(flagPublish, publishNo, "publish batches to the DA layer: no, yes, or auto: in turn with the other operators that do, and for those that do not"),
		duration(flagPublishAge, "1s", "how old a certified block may grow before it is published"),
		duration(flagBlockInterval, "250ms", "time between two shared blocks; the same at all operators"),
		number(flagKeepBlocks, 0, "how many of the newest blocks to keep, at least 1000; 0 for all. A publisher keeps what is not on the DA layer, too; an operator that was away for longer than all others keep cannot catch up"),
	)
	flags = append(flags, publishFlags()...)
	return &cli.Command{
		Name: "start", Usage: "run an operator", Flags: flags, Before: fromFile(flags), Action: startOperator,
	}
}

func startOperator(c *cli.Context) error {
	log, err := logger(c)
	if err != nil {
		return err
	}
	home := c.Path(flagHome)
	if err := checkHome(home); err != nil {
		return err
	}
	pw, err := password(c)
	if err != nil {
		return err
	}
	id, err := loadIdentity(home, pw)
	if err != nil {
		return err
	}
	g, err := readGenesis(home)
	if err != nil {
		return err
	}
	publish := c.String(flagPublish)
	if publish != publishNo && publish != publishYes && publish != publishAuto {
		return fmt.Errorf("--%s %q: want %s, %s or %s", flagPublish, publish, publishNo, publishYes, publishAuto)
	}
	layer, err := daConfig(c, log)
	if err != nil {
		return err
	}
	config := node.Config{
		Home: home, Genesis: g, Operator: id.operator, Keys: keys.NewFolder(keysDir(home), pw), Node: id.node,
		P2PListen: c.StringSlice(flagP2PListen), P2PAnnounce: c.StringSlice(flagP2PAnnounce), Bootstrap: c.StringSlice(flagBootstrap),
		ConsensusListen: c.String(flagConsensusListen), ConsensusExternal: c.String(flagConsensusExternal),
		ConsensusPeers: c.StringSlice(flagConsensusPeers), Local: c.Bool(flagLocal),
		RPCListen: c.String(flagRPCListen), RPCOrigins: c.StringSlice(flagRPCOrigins), Metrics: c.String(flagMetricsListen) != "",
		DA: layer, DAFrom: c.Uint64(flagDAFrom), Publish: publish != publishNo, InTurn: publish == publishAuto, PublishAge: c.Duration(flagPublishAge),
		BlockInterval: c.Duration(flagBlockInterval), KeepBlocks: c.Uint64(flagKeepBlocks), Version: version(), Logger: log,
	}
	return withMetrics(c.Context, listenersOf(c), prometheus.DefaultGatherer, func(ctx context.Context) error { return node.Run(ctx, config) })
}
