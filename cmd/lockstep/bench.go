package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/internal/bench"
	"github.com/lockstep-network/lockstep/node/keys"
)

// The benchmark's own addresses, beside a devnet's.
const (
	benchChainID   = "lockstep-bench"
	benchOperators = "127.77.1.%d"
	benchRollups   = "127.77.2.%d"
	benchDA        = "127.77.3.1:26658"
	benchAccounts  = 256 // payers and wallets: the pool bounds what one payer has in it
)

func benchCommand() *cli.Command {
	return &cli.Command{
		Name:  "bench",
		Usage: "measure a network of this machine: open loop, unique transactions, counted when a follower has read and verified them",
		Description: "Without --rate and --sweep it sends at 1,000/s and then looks for the knee, the highest offered rate of which 95 % is committed while the\n" +
			"load lasts, and offers twice that. Modes: legs (many legs under one signature, gossiped), signed (a signature each, gossiped), rpc (a signature\n" +
			"each, to seq_sendTransaction), wallet (EVM transfers, to a rollup node), derive (a rollup node derives such transfers from the DA layer alone),\n" +
			"flood (one lane is sent --rate, and in every other five seconds another one is offered ten times the --capacity: what changes for the first).",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "mode", Usage: "legs, signed, flood, rpc, wallet or derive; once for each", Value: cli.NewStringSlice(bench.Legs, bench.Signed)},
			&cli.Float64SliceFlag{Name: "rate", Usage: "transactions (or legs) a second; once for each"},
			&cli.BoolFlag{Name: "sweep", Usage: "look for the knee"},
			&cli.Float64Flag{Name: "from", Usage: "first rate of the sweep (default: by mode)"},
			&cli.DurationFlag{Name: "length", Usage: "of each run's load", Value: 5 * time.Second},
			&cli.DurationFlag{Name: "sweep-time", Usage: "after which a sweep begins no more runs", Value: 40 * time.Second},
			&cli.IntFlag{Name: "size", Usage: "bytes of a payload", Value: 250},
			&cli.DurationFlag{Name: "linger", Usage: "how long a sender collects before it sends", Value: 5 * time.Millisecond},
			&cli.IntFlag{Name: "gateways", Usage: "sending hosts", Value: 2},
			&cli.IntFlag{Name: "operators", Value: 4},
			&cli.DurationFlag{Name: "block-interval", Usage: "time between two shared blocks", Value: 100 * time.Millisecond},
			&cli.Uint64Flag{Name: "capacity", Usage: "bytes per block of the network's fee market, an eighth of it each lane's share (flood alone; default: as usual)"},
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
		},
		Action: runBench,
	}
}

func runBench(c *cli.Context) error {
	out := c.App.Writer
	if c.Bool("json") {
		out = os.Stderr
	}
	plans, derive, err := benchPlans(c)
	if err != nil {
		return err
	}
	switch {
	case c.IsSet("wan") && (derive || c.Bool("peer")):
		return errors.New("--wan goes with legs, signed and rpc, and without --peer")
	case c.IsSet("wan"):
		return benchWAN(c)
	case c.Bool("peer"):
		return benchPeer(c, out, plans)
	}
	report, err := (&benchRun{c: c, out: out, plans: plans, derive: derive}).run(c.Context)
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
	c      *cli.Context
	out    io.Writer
	plans  []bench.Plan
	derive bool

	dir     string
	network *network
	running []*bench.Process
	prefix  func(member) []string // what a process' command line begins with: nothing, or the entry into a network namespace
}

func (b *benchRun) run(ctx context.Context) (*bench.Report, error) {
	defer b.close()
	if err := b.boot(ctx, b.derive || slices.Contains(b.c.StringSlice("mode"), bench.Wallet)); err != nil {
		return nil, err
	}
	n, err := b.target()
	if err != nil {
		return nil, err
	}
	s, err := bench.Open(ctx, n, bench.Config{
		Length: b.c.Duration("length"), Size: b.c.Int("size"), Linger: b.c.Duration("linger"), Gateways: b.c.Int("gateways"),
		SweepTime: b.c.Duration("sweep-time"), Interval: b.c.Duration("block-interval"),
	})
	if err != nil {
		return nil, b.why(err)
	}
	report, err := s.Execute(ctx, b.plans, b.out)
	var history *bench.History
	if err == nil && b.derive {
		history, err = s.PutTransfers(ctx, b.c.Int("transfers"))
	}
	if err = errors.Join(err, s.Close()); err != nil {
		return nil, b.why(err)
	}
	if b.derive {
		report.Derived, err = b.deriveAnew(ctx, history)
	}
	return report, err
}

// deriveAnew ends all processes but the DA layer, and has a rollup node with an empty folder derive from it.
func (b *benchRun) deriveAnew(ctx context.Context, history *bench.History) (*bench.Derived, error) {
	bench.StopAll(b.running[1:]) // the DA layer is first
	b.running = b.running[:1]
	old := b.network.Rollups[0]
	home := filepath.Join(b.dir, "rollups", "fresh")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	from := os.DirFS(filepath.Join(b.dir, old.Home))
	for _, name := range []string{genesisFile, rollupGenesisFile, configFile, filepath.Join(keysFolder, keys.NodeFile)} {
		raw, err := fs.ReadFile(from, filepath.ToSlash(name))
		if err != nil {
			return nil, fmt.Errorf("copy rollup's home: %w", err)
		}
		to := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return nil, fmt.Errorf("copy rollup's home: %w", err)
		}
		if err := os.WriteFile(to, raw, 0o600); err != nil {
			return nil, fmt.Errorf("copy rollup's home: %w", err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this binary: %w", err)
	}
	argv := []string{self, "rollup", "start", "--home", home, "--" + flagSource, "da"}
	if base := b.c.Int("pprof-base"); base > 0 {
		argv = append(argv, "--"+flagPprofListen, fmt.Sprintf("127.0.0.1:%d", base))
	}
	started := time.Now()
	p, err := bench.Start(b.dir, "fresh", argv)
	if err != nil {
		return nil, err
	}
	b.running = append(b.running, p)
	d, err := history.Derive(ctx, p, old.RPC, started)
	if err == nil {
		fmt.Fprintln(b.out, d)
	}
	return d, b.whyIf(err)
}

// benchPlans reads what to run.
func benchPlans(c *cli.Context) (plans []bench.Plan, derive bool, err error) {
	first := map[string]float64{bench.Legs: 16_000, bench.Signed: 2_000, bench.Flood: 20, bench.RPC: 1_000, bench.Wallet: 500}
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
			return nil, false, fmt.Errorf("--mode %q: want legs, signed, flood, rpc, wallet or derive", mode)
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
