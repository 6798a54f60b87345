package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/internal/bench"
	"github.com/lockstep-network/lockstep/internal/tunlan"
)

// wanPrefix begins the names of the benchmark's network namespaces.
const wanPrefix = "lsbench"

// benchWAN runs the benchmark with each operator in a network namespace of its own, and the load and the follower in one more: this very verb, started
// anew in there on the network that runs already.
func benchWAN(c *cli.Context) (err error) {
	if err := tunlan.Supported(); err != nil {
		return fmt.Errorf("--wan: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this binary: %w", err)
	}
	operators := c.Int("operators")
	lan, err := tunlan.New(c.Context, tunlan.Config{
		Hosts: operators + 1, Prefix: wanPrefix, Weather: tunlan.Weather{Delay: c.Duration("wan")}, Seed: 1,
	})
	if err != nil {
		return fmt.Errorf("--wan: %w", err)
	}
	defer func() { err = errors.Join(err, lan.Close()) }()
	dir, err := os.MkdirTemp("", "lockstep-bench-")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	hosts := make([]host, operators)
	for i := range hosts {
		hosts[i] = host{IP: tunlan.Addr(i + 1).String(), Base: 26650}
	}
	outside := operators + 1
	b := &benchRun{c: c, dir: dir}
	if b.network, err = benchNetwork(c, dir, hosts, host{IP: tunlan.Addr(outside).String(), Base: 8543}, tunlan.Addr(outside).String()+":26658"); err != nil {
		return err
	}
	place := map[string]int{}
	for i, m := range b.network.Operators {
		place[m.Name] = i + 1
	}
	enter := func(n int) []string { return []string{"ip", "netns", "exec", lan.Netns(n)} }
	b.prefix = func(m member) []string {
		if n, ok := place[m.Name]; ok {
			return enter(n)
		}
		return enter(outside)
	}
	defer func() { bench.StopAll(b.running) }()
	if err := b.start(c.Context, false); err != nil {
		return err
	}
	argv := append(enter(outside), self, "bench", "--network", dir)
	for _, name := range []string{"mode", "rate"} {
		for _, v := range values(c, name) {
			argv = append(argv, "--"+name, v)
		}
	}
	for _, name := range []string{"from", "length", "size", "linger", "gateways", "sweep", "sweep-time", "json"} {
		if c.IsSet(name) {
			argv = append(argv, fmt.Sprintf("--%s=%v", name, c.Value(name)))
		}
	}
	inside := exec.CommandContext(c.Context, argv[0], argv[1:]...)
	inside.Cancel = func() error { return inside.Process.Signal(os.Interrupt) }
	inside.WaitDelay = 10 * time.Second
	inside.Stdout, inside.Stderr = c.App.Writer, os.Stderr
	if err := inside.Run(); err != nil {
		return b.why(fmt.Errorf("benchmark in %s: %w", lan.Netns(outside), err))
	}
	return nil
}

func values(c *cli.Context, name string) []string {
	if name == "mode" {
		return c.StringSlice(name)
	}
	rates := c.Float64Slice(name)
	out := make([]string, 0, len(rates))
	for _, v := range rates {
		out = append(out, fmt.Sprint(v))
	}
	return out
}

// peerRounds is how often this network and the peer take turns, so that neither has the machine's better hour.
const peerRounds = 3

// benchPeer runs this network and the peer in turn, each alone on the machine, and prints the ratios of the medians.
func benchPeer(c *cli.Context, out io.Writer, plans []bench.Plan) error {
	if len(c.Float64Slice("rate")) == 0 || c.Bool("sweep") {
		return errors.New("--peer: want --rate, the one to compare at, and no --sweep")
	}
	ours := map[string][]float64{}
	theirs := make([]float64, 0, peerRounds)
	for round := range peerRounds {
		if err := c.Context.Err(); err != nil {
			return err
		}
		report, err := (&benchRun{c: c, out: out, plans: plans}).run(c.Context)
		if err != nil {
			return err
		}
		best := map[string]float64{}
		for _, r := range report.Runs {
			best[r.Mode] = max(best[r.Mode], r.Committed)
		}
		for mode, rate := range best {
			ours[mode] = append(ours[mode], rate)
		}
		p, err := runPeer(c.Context, c)
		if err != nil {
			return err
		}
		theirs = append(theirs, p.Committed)
		fmt.Fprintf(out, "round %d: %s\n", round+1, p.Line)
	}
	for _, plan := range plans {
		fmt.Fprintf(out, "%s: %.0f/s, the peer %.0f/s (medians of %d, in turn): %.2f times the peer\n",
			plan.Mode, bench.Median(ours[plan.Mode]), bench.Median(theirs), peerRounds, bench.Median(ours[plan.Mode])/bench.Median(theirs))
	}
	return nil
}

func runPeer(ctx context.Context, c *cli.Context) (*bench.Peer, error) {
	return bench.RunPeer(ctx, c.Path("peer-script"), c.Int("operators"), c.Int("peer-rate"), c.Int("size"), int(c.Duration("length").Seconds()))
}
