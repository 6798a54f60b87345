package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/rpc"
	"github.com/urfave/cli/v2"
)

// The devnet's addresses. Every process has a loopback address of its own, where the system has more than one.
const (
	devnetChainID   = "lockstep-devnet"
	devnetOperators = "%s.1.%d"
	devnetRollups   = "%s.2.%d"
	devnetDA        = "%s.3.1:26658"
	devnetDAMetrics = "%s.3.1:26659"
	devnetAccounts  = 3
	devnetEpochMS   = 20_000 // short, so that rewards are seen to move
	maxDevnet       = 16     // operators or rollups: more do not fit a developer's machine
)

func devnetCommand() *cli.Command {
	return &cli.Command{
		Name:  "devnet",
		Usage: "run operators, a DA layer and EVM rollups on this machine",
		Flags: []cli.Flag{
			&cli.PathFlag{Name: "dir", Usage: "folder of the devnet", EnvVars: env("devnet-dir"), DefaultText: "~/.lockstep/devnet"},
			&cli.BoolFlag{Name: "reset", Usage: "delete the devnet in the folder and begin anew"},
			&cli.StringFlag{Name: "loopback", Value: "127.0", Usage: "first half of the loopback addresses, so that a second devnet can run beside the first"},
			&cli.IntFlag{Name: "operators", Usage: fmt.Sprintf("how many operators, 1 to %d", maxDevnet), Value: 4},
			&cli.IntFlag{Name: "rollups", Usage: fmt.Sprintf("how many EVM rollups, 0 to %d", maxDevnet), Value: 2},
			&cli.DurationFlag{Name: "block-interval", Usage: "time between two shared blocks", Value: 100 * time.Millisecond},
			&cli.StringFlag{Name: flagDA, Usage: "URL of a celestia-node, celestia+http://host:port, instead of a DA layer on this machine; its token in " + daTokenVariable},
		},
		Action: runDevnet,
	}
}

func runDevnet(c *cli.Context) error {
	dir := c.Path("dir")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return fmt.Errorf("find the home folder (or give --dir): %w", err)
		}
		dir = filepath.Join(home, ".lockstep", "devnet")
	}
	dir, err := filepath.Abs(dir) // what is printed can be pasted anywhere
	if err != nil {
		return fmt.Errorf("find the devnet's folder: %w", err)
	}
	n, err := devnetNetwork(c, dir)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this binary: %w", err)
	}
	d := &devnet{dir: dir, self: self, out: c.App.Writer, network: n}
	return d.run(c.Context)
}

// devnetNetwork generates the network, or takes up the one that the folder holds.
func devnetNetwork(c *cli.Context, dir string) (*network, error) {
	if c.Bool("reset") {
		if err := removeDevnet(dir); err != nil {
			return nil, err
		}
	}
	n, err := readNetwork(dir)
	if err == nil {
		return n, n.asked(c, dir)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := removeDevnet(dir); err != nil { // what a generation left that did not reach its end
		return nil, err
	}
	operators, rollups := c.Int("operators"), c.Int("rollups")
	if operators < 1 || operators > maxDevnet || rollups < 0 || rollups > maxDevnet {
		return nil, fmt.Errorf("want 1 to %d operators and 0 to %d rollups", maxDevnet, maxDevnet)
	}
	fmt.Fprintf(c.App.Writer, "making keys and genesis of %d operators and %d rollups in %s\n", operators, rollups, dir)
	half := c.String("loopback")
	if !strings.HasPrefix(half, "127.") || half != "127.0" && !canListen(half+".1.1:0") {
		return nil, fmt.Errorf("--loopback %q: want 127.0 to 127.255, on a system that has them", half)
	}
	p := plan{
		Dir: dir, ChainID: devnetChainID, DA: "http://" + loopback(fmt.Sprintf(devnetDA, half)), DAMetrics: metricsURL(loopback(fmt.Sprintf(devnetDAMetrics, half))), Accounts: devnetAccounts, Light: true,
		EpochMS: devnetEpochMS, Unclaimed: true,
		Settings: map[string]any{flagBlockInterval: c.Duration("block-interval").String(), flagLocal: true, flagPublishAge: "500ms"},
	}
	if c.IsSet(flagDA) {
		if err := p.elsewhere(c.Context, c.String(flagDA)); err != nil {
			return nil, err
		}
	}
	for i := range operators {
		p.Operators = append(p.Operators, loopbackHost(fmt.Sprintf(devnetOperators, half, i+1), 26650, i))
	}
	for i := range rollups {
		h := loopbackHost(fmt.Sprintf(devnetRollups, half, i+1), 8543, i)
		h.Base = 8543 + 10*i // RPC at 8545, 8555, ...
		p.Rollups = append(p.Rollups, h)
	}
	return p.generate()
}

// asked says whether a devnet that stands in a folder is the one that the flags ask for.
func (n *network) asked(c *cli.Context, dir string) error {
	switch {
	case c.IsSet("operators") && c.Int("operators") != len(n.Operators) || c.IsSet("rollups") && c.Int("rollups") != len(n.Rollups):
		return fmt.Errorf("%s holds a devnet of %d operators and %d rollups: add --reset to begin anew", dir, len(n.Operators), len(n.Rollups))
	case c.IsSet(flagDA) && c.String(flagDA) != n.DA:
		return fmt.Errorf("%s holds a devnet on another DA layer, %s: add --reset to begin anew", dir, n.DA)
	}
	return nil
}

// removeDevnet deletes a folder only if a devnet, whole or in part, is all that it holds.
func removeDevnet(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read devnet folder: %w", err)
	}
	ours := map[string]bool{"operators": true, "rollups": true, "da": true, "logs": true, networkFile: true, accountsFile: true, genesisFile: true}
	for _, e := range entries {
		if !ours[e.Name()] {
			return fmt.Errorf("%s holds %s, which is no part of a devnet: choose another --dir", dir, e.Name())
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove devnet: %w", err)
	}
	return nil
}

// loopbackHost gives process i an address of its own, or ports of its own where the system has one loopback address only.
func loopbackHost(ip string, base, i int) host {
	if canListen(net.JoinHostPort(ip, "0")) {
		return host{IP: ip, Base: base}
	}
	return host{IP: "127.0.0.1", Base: base + 10*i}
}

func loopback(addr string) string {
	ip, port, err := net.SplitHostPort(addr)
	if err != nil || canListen(net.JoinHostPort(ip, "0")) {
		return addr
	}
	return net.JoinHostPort("127.0.0.1", port)
}

func canListen(addr string) bool { return tryListen(addr) == nil }

func tryListen(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	return l.Close()
}

// devnet supervises the processes of a network: one for each role, as on hosts of their own.
type devnet struct {
	dir     string
	self    string
	out     interface{ Write([]byte) (int, error) }
	network *network

	mu       sync.Mutex // guards running and stopping
	running  []*exec.Cmd
	stopping bool
}

// child is one process: what it is called and how it is started.
type child struct {
	name string
	args []string
}

func (d *devnet) run(ctx context.Context) error {
	if err := d.checkPorts(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(d.dir, "logs"), 0o700); err != nil {
		return fmt.Errorf("make log folder: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	started := time.Now()
	err := d.boot(ctx, cancel)
	if err == nil {
		d.printTable(time.Since(started))
		d.report(ctx)
		err = context.Cause(ctx)
	}
	fmt.Fprintln(d.out, "\nstopping ...")
	d.stop()
	if err == nil || errors.Is(err, context.Canceled) {
		fmt.Fprintf(d.out, "stopped; `lockstep devnet --dir %s` goes on from here, with --reset it begins anew\n", d.dir)
		return nil
	}
	return err
}

// boot starts all processes and waits until each does its work.
func (d *devnet) boot(ctx context.Context, fail context.CancelCauseFunc) error {
	if err := d.bootDA(ctx, fail); err != nil {
		return err
	}
	for _, m := range d.network.Operators {
		go d.supervise(ctx, child{m.Name, []string{"start", "--home", filepath.Join(d.dir, m.Home)}}, fail)
	}
	for _, m := range d.network.Operators {
		if err := d.await(ctx, m.Name+" certifies blocks", func(ctx context.Context) error { return certifies(ctx, m.RPC) }); err != nil {
			return err
		}
	}
	if err := d.register(ctx); err != nil {
		return err
	}
	for _, m := range d.network.Rollups {
		go d.supervise(ctx, child{m.Name, []string{"rollup", "start", "--home", filepath.Join(d.dir, m.Home)}}, fail)
	}
	for _, m := range d.network.Rollups {
		if err := d.await(ctx, m.Name+" answers wallets", func(ctx context.Context) error { return answersWallets(ctx, m) }); err != nil {
			return err
		}
	}
	return nil
}

// await polls until a process does its work, and shows the progress.
func (d *devnet) await(ctx context.Context, what string, ready func(context.Context) error) error {
	began := time.Now()
	fmt.Fprintf(d.out, "%-32s", what+" ...")
	deadline := time.NewTimer(60 * time.Second)
	defer deadline.Stop()
	for {
		try, cancel := context.WithTimeout(ctx, 2*time.Second)
		err := ready(try)
		cancel()
		if err == nil {
			fmt.Fprintf(d.out, " after %.1f s\n", time.Since(began).Seconds())
			return nil
		}
		select {
		case <-ctx.Done():
			fmt.Fprintln(d.out)
			return context.Cause(ctx)
		case <-deadline.C:
			return fmt.Errorf("%s: not after a minute (%w); the logs are in %s", what, err, filepath.Join(d.dir, "logs"))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func dialTCP(ctx context.Context, addr string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return conn.Close()
}

func certifies(ctx context.Context, url string) error {
	client, err := rpc.DialContext(ctx, url)
	if err != nil {
		return err
	}
	defer client.Close()
	var status struct {
		Certified uint64 `json:"certified"`
	}
	if err := client.CallContext(ctx, &status, "seq_status"); err != nil {
		return err
	}
	if status.Certified == 0 {
		return errors.New("no block is certified yet")
	}
	return nil
}

func answersWallets(ctx context.Context, m member) error {
	client, err := rpc.DialContext(ctx, m.RPC)
	if err != nil {
		return err
	}
	defer client.Close()
	var id hexutil.Uint64
	if err := client.CallContext(ctx, &id, "eth_chainId"); err != nil {
		return err
	}
	if uint64(id) != m.ChainID {
		return fmt.Errorf("chain id %d, want %d", id, m.ChainID)
	}
	return nil
}

// checkPorts says which address is taken before anything is started.
func (d *devnet) checkPorts() error {
	type use struct{ addr, what string }
	uses := make([]use, 0, 8)
	if !d.network.daElsewhere() {
		uses = append(uses, use{strings.TrimPrefix(d.network.DA, "http://"), "the DA layer"})
	}
	if d.network.DAMetrics != "" {
		uses = append(uses, use{metricsAddr(d.network.DAMetrics), "the metrics of the DA layer"})
	}
	for _, m := range slices.Concat(d.network.Operators, d.network.Rollups) {
		uses = append(uses, use{strings.TrimPrefix(m.RPC, "http://"), "the RPC of " + m.Name}, use{metricsAddr(m.Metrics), "the metrics of " + m.Name})
		for _, addr := range m.Links {
			uses = append(uses, use{addr, m.Name})
		}
	}
	for _, u := range uses {
		if err := tryListen(u.addr); err != nil {
			return fmt.Errorf("%s should listen on %s: %w: stop what runs there (another devnet?)", u.what, u.addr, err)
		}
	}
	return nil
}

// metricsURL is where a host:port serves metrics; metricsAddr is its reverse.
func metricsURL(addr string) string { return "http://" + addr + "/metrics" }

func metricsAddr(url string) string {
	return strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/metrics")
}
