package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/internal/bench"
	"github.com/lockstep-network/lockstep/namespaces"
)

// boot takes up a network, or makes one and starts it.
func (b *benchRun) boot(ctx context.Context, rollup bool) (err error) {
	if b.c.IsSet("network") {
		b.dir = b.c.Path("network")
		if b.network, err = readNetwork(b.dir); err != nil {
			return err
		}
		return b.certify(ctx)
	}
	if b.dir = b.c.Path("dir"); b.dir == "" {
		if b.dir, err = os.MkdirTemp("", "lockstep-bench-"); err != nil {
			return fmt.Errorf("make folder: %w", err)
		}
	}
	hosts := make([]host, b.c.Int("operators"))
	for i := range hosts {
		hosts[i] = loopbackHost(fmt.Sprintf(benchOperators, i+1), 26650, i)
	}
	if b.network, err = benchNetwork(b.c, b.dir, hosts, loopbackHost(fmt.Sprintf(benchRollups, 1), 8543, 0), loopback(benchDA)); err != nil {
		return err
	}
	return b.start(ctx, rollup)
}

// benchNetwork generates the network, by the code of `lockstep init network`.
func benchNetwork(c *cli.Context, dir string, operators []host, rollup host, da string) (*network, error) {
	if len(operators) < 1 || len(operators) > maxDevnet {
		return nil, fmt.Errorf("want 1 to %d operators", maxDevnet)
	}
	p := plan{
		Dir: dir, ChainID: benchChainID, DA: "http://" + da, Accounts: benchAccounts, Light: true, Operators: operators, Rollups: []host{rollup},
		Settings: map[string]any{
			flagBlockInterval: c.Duration("block-interval").String(), flagLocal: !c.IsSet("wan"), flagPublishAge: "500ms", flagLogLevel: "warn",
		},
	}
	if slices.Contains(c.StringSlice("mode"), bench.Flood) {
		p.Capacity = c.Uint64("capacity")
		p.Rollups = append(p.Rollups, loopbackHost(fmt.Sprintf(benchRollups, 2), 8543, 1))
	}
	if c.Bool("no-da") {
		p.Settings[flagPublish] = publishNo
	}
	return p.generate()
}

// start starts the DA layer, the operators and the rollup node, and waits until they do their work.
func (b *benchRun) start(ctx context.Context, rollup bool) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this binary: %w", err)
	}
	if err := (&devnet{network: b.network}).checkPorts(); err != nil && b.prefix == nil {
		return err
	}
	launch := func(m member, args ...string) error {
		argv := append([]string{self}, args...)
		if b.prefix != nil {
			argv = append(b.prefix(m), argv...)
		}
		p, err := bench.Start(b.dir, m.Name, argv)
		if err == nil {
			b.running = append(b.running, p)
		}
		return err
	}
	da := strings.TrimPrefix(b.network.DA, "http://")
	if !b.c.Bool("no-da") {
		if err := launch(member{Name: "da"}, "da", "serve", "--dir", filepath.Join(b.dir, "da"), "--listen", da, "--interval", "500ms"); err != nil {
			return err
		}
	}
	for i, m := range b.network.Operators {
		args := []string{"start", "--home", filepath.Join(b.dir, m.Home)}
		if base := b.c.Int("pprof-base"); base > 0 {
			args = append(args, "--"+flagPprofListen, fmt.Sprintf("127.0.0.1:%d", base+i))
		}
		if err := launch(m, args...); err != nil {
			return err
		}
	}
	if b.prefix != nil {
		return nil // out of reach from here
	}
	if err := b.certify(ctx); err != nil {
		return err
	}
	if !rollup {
		return nil
	}
	m := b.network.Rollups[0]
	if err := launch(m, "rollup", "start", "--home", filepath.Join(b.dir, m.Home)); err != nil {
		return err
	}
	return b.await(ctx, func(ctx context.Context) error { return answersWallets(ctx, m) })
}

// certify waits until each operator has certified a block.
func (b *benchRun) certify(ctx context.Context) error {
	for _, m := range b.network.Operators {
		if err := b.await(ctx, func(ctx context.Context) error { return certifies(ctx, m.RPC) }); err != nil {
			return err
		}
	}
	return nil
}

// await polls until a process does its work.
func (b *benchRun) await(ctx context.Context, ready func(context.Context) error) error {
	for deadline := time.Now().Add(time.Minute); ; {
		try, cancel := context.WithTimeout(ctx, 2*time.Second)
		err := ready(try)
		cancel()
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Now().After(deadline) {
			return b.why(err)
		}
		for _, p := range b.running {
			if err := p.Ended(); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (b *benchRun) whyIf(err error) error {
	if err == nil {
		return nil
	}
	return b.why(err)
}

// why adds the end of a process to an error, if one has ended.
func (b *benchRun) why(err error) error {
	for _, p := range b.running {
		err = errors.Join(err, p.Ended())
	}
	return err
}

func (b *benchRun) close() {
	bench.StopAll(b.running)
	if !b.c.IsSet("network") && !b.c.IsSet("dir") {
		_ = os.RemoveAll(b.dir) // our own temporary folder
	}
}

// target is the network as the benchmark knows it.
func (b *benchRun) target() (*bench.Network, error) {
	g, err := readGenesis(b.dir)
	if err != nil {
		return nil, err
	}
	accounts, err := readAccounts(b.dir)
	if err != nil {
		return nil, err
	}
	n := &bench.Network{Genesis: g}
	for _, m := range b.network.Operators {
		n.Operators = append(n.Operators, bench.Member{Name: m.Name, RPC: m.RPC, PID: bench.Find("start", "--home", filepath.Join(b.dir, m.Home))})
	}
	for i, m := range b.network.Rollups {
		ns, err := namespaces.Parse(m.Namespace)
		if err != nil {
			return nil, err
		}
		n.Lanes = append(n.Lanes, ns)
		if i == 0 {
			n.Rollup = &bench.Member{Name: m.Name, RPC: m.RPC, ChainID: m.ChainID}
		}
	}
	for _, a := range accounts {
		key, err := crypto.HexToECDSA(strings.TrimPrefix(a.Key, "0x"))
		if err != nil {
			return nil, fmt.Errorf("read account %s: %w", a.Address, err)
		}
		n.Payers = append(n.Payers, key)
	}
	return n, nil
}
