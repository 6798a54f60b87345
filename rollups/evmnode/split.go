package evmnode

import (
	"context"
	"errors"
	"fmt"

	"github.com/lockstep-network/lockstep/rollups"
	"github.com/lockstep-network/lockstep/rollups/ethapi"
	"github.com/lockstep-network/lockstep/rollups/evm"
	"github.com/lockstep-network/lockstep/rollups/gateway"
	"github.com/lockstep-network/lockstep/rollups/remote"
)

// A rollup node in two processes, between which stands one socket (package remote):
//
//	driver:    operators' feed, DA layer -> derivation -> socket;  socket -> gossip
//	executor:  socket -> EVM chain -> Ethereum JSON-RPC;  wallets -> gateway -> socket
//
// All that reads the chain is in the process that holds it; all that needs the network of the sequencer is in the other one. Either may end at
// any moment and be started again. The driver knows nothing of the EVM: it drives any executor that speaks the protocol.

func (c Config) identity() remote.Identity {
	return remote.Identity{ChainID: c.Genesis.ChainID, Genesis: c.Genesis.Hash(), Namespace: c.Namespace}
}

// RunExecutor runs the EVM's half of a rollup node until the context ends, or until a part fails. Wallets are answered from the moment that a
// driver has told for the first time where the heads are.
func RunExecutor(ctx context.Context, c Config) (err error) {
	switch {
	case c.Home == "" || c.Genesis == nil || c.Logger == nil || c.Registry == nil:
		return errors.New("executor: no home folder, genesis, logger or registry")
	case c.RPCListen == "" || c.Executor == "":
		return errors.New("executor: no address for RPC, or no socket")
	}
	chain, err := c.chain(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, chain.Close)
	server, err := remote.NewServer(chain, c.identity(), c.Logger)
	if err != nil {
		return err
	}
	gate, err := c.gateway(chain, server, server.Publish, server.FeePerByte)
	if err != nil {
		return fmt.Errorf("open gateway: %w", err)
	}
	if gate != nil {
		defer closing(&err, gate.Close)
	}
	parts := newParts(ctx)
	parts.run("executor", func(ctx context.Context) error { return server.Serve(ctx, c.Executor) })
	parts.run("RPC", func(ctx context.Context) error { return c.serveWallets(ctx, chain, gate, server) })
	c.Logger.InfoContext(ctx, "EVM executor runs", "namespace", c.Namespace, "chain_id", c.Rollup.ChainID, "rpc", c.RPCListen, "head", chain.Head().Height)
	return parts.Wait()
}

// serveWallets waits for the driver, and then runs what wallets reach.
func (c Config) serveWallets(ctx context.Context, chain *evm.Chain, gate *gateway.Gateway, server *remote.Server) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-server.Ready():
	}
	api, err := ethapi.New(c.api(chain, gate, server, server.Peers))
	if err != nil {
		return err
	}
	parts := newParts(ctx)
	parts.run("methods", api.Serve)
	if gate != nil {
		parts.run("gateway", gate.Run)
	}
	return parts.Wait()
}

// RunDriver runs the other half: it follows the sequencer and drives the executor behind the socket, whatever virtual machine that is.
func RunDriver(ctx context.Context, c Config) (err error) {
	if err := c.validateDriver(); err != nil {
		return fmt.Errorf("rollup driver: %w", err)
	}
	exec, err := remote.Dial(ctx, c.Executor, c.identity(), c.Logger)
	if err != nil {
		return err
	}
	defer exec.Close()
	driver, host, err := c.open(ctx, exec, nil)
	if err != nil {
		return err
	}
	if host != nil {
		defer closing(&err, host.Close)
	}
	defer closing(&err, driver.Close)

	parts, peers, price := newParts(ctx), func() int { return 0 }, func() uint64 { return 0 }
	if host != nil {
		network, err := rollups.NewNetwork(host, operators(c.Genesis))
		if err != nil {
			return fmt.Errorf("open prices: %w", err)
		}
		prices := gateway.NewPrices(network, c.Namespace, c.Logger)
		parts.run("prices", prices.Run)
		peers, price = func() int { return len(host.Peers()) }, prices.FeePerByte
		publish, err := publisher(host)
		if err != nil {
			return fmt.Errorf("open outlet: %w", err)
		}
		parts.run("outlet", func(ctx context.Context) error { return exec.Carry(ctx, publish) })
	}
	parts.run("derivation", driver.Run)
	parts.run("heads", func(ctx context.Context) error { return exec.Tell(ctx, driver, peers, price) })
	parts.run("heartbeat", c.heartbeat(driver))
	c.Logger.InfoContext(ctx, "rollup driver runs", "namespace", c.Namespace, "executor", c.Executor, "source", c.Source, "head", exec.Head().Height)
	return parts.Wait()
}
