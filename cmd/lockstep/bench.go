package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// The benchmark's own addresses, beside a devnet's.
const (
	benchChainID   = "lockstep-bench"
	benchOperators = "127.0.4.%d"
	benchRollups   = "127.0.5.%d"
	benchDA        = "127.0.6.1:26658"
	benchAccounts  = 256 // payers and wallets: the pool bounds what one payer has in it
)

func benchCommand() *cli.Command {
	return &cli.Command{
		Name:  "bench",
		Usage: "measure a network of this machine: open loop, unique transactions, counted when a follower has read and verified them",
		Description: "Without --rate and --sweep it sends at 1,000/s and then looks for the knee, the highest offered rate of which 95 % is committed while the\n" +
			"load lasts, and offers twice that. Modes: legs (many legs under one signature, gossiped), signed (a signature each, gossiped), rpc (a signature\n" +
			"each, to seq_sendTransaction), wallet (EVM transfers, to a rollup node), derive (a rollup node derives such transfers from the DA layer alone).",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "mode", Usage: "legs, signed, rpc, wallet or derive; once for each", Value: cli.NewStringSlice(bench.Legs, bench.Signed)},
			&cli.Float64SliceFlag{Name: "rate", Usage: "transactions (or legs) a second; once for each"},
			&cli.BoolFlag{Name: "sweep", Usage: "look for the knee"},
			&cli.Float64Flag{Name: "from", Usage: "first rate of the sweep (default: by mode)"},
			&cli.DurationFlag{Name: "length", Usage: "of each run's load", Value: 5 * time.Second},
			&cli.IntFlag{Name: "size", Usage: "bytes of a payload", Value: 250},
			&cli.DurationFlag{Name: "linger", Usage: "how long a sender collects before it sends", Value: 5 * time.Millisecond},
			&cli.IntFlag{Name: "gateways", Usage: "sending hosts", Value: 2},
			&cli.IntFlag{Name: "operators", Value: 4},
			&cli.DurationFlag{Name: "block-interval", Usage: "time between two shared blocks", Value: 100 * time.Millisecond},
			&cli.IntFlag{Name: "transfers", Usage: "that derive puts in", Value: 50_000},
			&cli.BoolFlag{Name: "no-da", Usage: "publish nothing to a DA layer"},
			&cli.PathFlag{Name: "network", Usage: "folder of a network that runs on this machine, as a devnet's, to use instead of one of its own"},
			&cli.PathFlag{Name: "dir", Usage: "folder to make the network in, and to leave it in (default: a temporary one)"},
			&cli.DurationFlag{Name: "wan", Usage: "one-way delay between operators, each in a network namespace of its own (root, Linux)"},
			&cli.BoolFlag{Name: "peer", Usage: "run CometBFT's kvstore with its own load tool in turn with this one, three times (needs --peer-script)"},
			&cli.PathFlag{Name: "peer-script", Value: "internal/peer/cometbft.sh"},
			&cli.IntFlag{Name: "peer-rate", Usage: "transactions a second that the peer is offered", Value: 8000},
			&cli.IntFlag{Name: "pprof-base", Usage: "port at which operators serve profiles, each on its own address; 0: none"},
			&cli.BoolFlag{Name: "json", Usage: "print the report as JSON, and progress on standard error"},
			&cli.BoolFlag{Name: "no-start", Hidden: true},
		},
		Action: runBench,
	}
}

func runBench(c *cli.Context) error {
	out := c.App.Writer
	if c.Bool("json") {
		out = os.Stderr
	}
	if c.IsSet("wan") && !c.Bool("no-start") {
		return benchWAN(c, out)
	}
	b := &benchRun{c: c, out: out}
	report, err := b.run(c.Context)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		e := json.NewEncoder(c.App.Writer)
		e.SetIndent("", "  ")
		return e.Encode(report)
	}
	fmt.Fprintln(out)
	return report.Table(out)
}

// benchRun is one benchmark: its network, as far as it is its own, and the runs.
type benchRun struct {
	c   *cli.Context
	out io.Writer

	dir     string
	network *network
	running []*bench.Process
	prefix  func(member) []string // what a process' command line begins with: nothing, or the entry into a network namespace
}

func (b *benchRun) run(ctx context.Context) (*bench.Report, error) {
	plans, derive, err := benchPlans(b.c)
	if err != nil {
		return nil, err
	}
	defer b.close()
	if err := b.boot(ctx, derive || slices.Contains(b.c.StringSlice("mode"), bench.Wallet)); err != nil {
		return nil, err
	}
	n, err := b.target()
	if err != nil {
		return nil, err
	}
	s, err := bench.Open(ctx, n, bench.Config{
		Length: b.c.Duration("length"), Size: b.c.Int("size"), Linger: b.c.Duration("linger"), Gateways: b.c.Int("gateways"),
	})
	if err != nil {
		return nil, b.why(err)
	}
	report, err := s.Execute(ctx, plans, b.out)
	if err = errors.Join(err, s.Close()); err != nil {
		return nil, b.why(err)
	}
	return report, nil
}

// benchPlans reads what to run.
func benchPlans(c *cli.Context) (plans []bench.Plan, derive bool, err error) {
	first := map[string]float64{bench.Legs: 16_000, bench.Signed: 2_000, bench.RPC: 1_000, bench.Wallet: 500}
	rates, sweep := c.Float64Slice("rate"), c.Bool("sweep")
	if len(rates) == 0 && !sweep {
		rates, sweep = []float64{1000}, true
	}
	for _, rate := range rates {
		if rate <= 0 || rate > 1e6 {
			return nil, false, fmt.Errorf("--rate %v: want more than 0 and at most 1,000,000", rate)
		}
	}
	if l := c.Duration("length"); l < time.Second || l > time.Minute {
		return nil, false, errors.New("--length: want one second to one minute")
	}
	for _, mode := range c.StringSlice("mode") {
		if mode == "derive" {
			derive = true
			continue
		}
		from, known := first[mode]
		if !known {
			return nil, false, fmt.Errorf("--mode %q: want legs, signed, rpc, wallet or derive", mode)
		}
		if c.IsSet("from") {
			from = c.Float64("from")
		}
		p := bench.Plan{Mode: mode, Rates: rates}
		if sweep {
			p.Sweep = from
		}
		plans = append(plans, p)
	}
	return plans, derive, nil
}

// boot takes up a network, or makes one and starts it.
func (b *benchRun) boot(ctx context.Context, rollup bool) (err error) {
	if b.c.IsSet("network") {
		b.dir = b.c.Path("network")
		b.network, err = readNetwork(b.dir)
		return err
	}
	if b.dir = b.c.Path("dir"); b.dir == "" {
		if b.dir, err = os.MkdirTemp("", "lockstep-bench-"); err != nil {
			return fmt.Errorf("make folder: %w", err)
		}
	}
	hosts := make([]host, b.c.Int("operators"))
	for i := range hosts {
		hosts[i] = loopbackHost(benchOperators, 26650, i)
	}
	if b.network, err = benchNetwork(b.c, b.dir, hosts, loopbackHost(benchRollups, 8543, 0), loopback(benchDA)); err != nil {
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
	if c.Bool("no-da") {
		p.Settings[flagPublish] = false
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
	for _, m := range b.network.Operators {
		if err := b.await(ctx, func(ctx context.Context) error { return certifies(ctx, m.RPC) }); err != nil {
			return err
		}
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

func benchWAN(*cli.Context, io.Writer) error { return errors.New("--wan: not yet") }
