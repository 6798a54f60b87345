package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

const (
	restartPause = time.Second      // before a process that ended by itself is started again
	crashLoop    = 20 * time.Second // a process that ends sooner than this, twice in a row, does not come up
	stopGrace    = 15 * time.Second // for a process to end by itself
)

// supervise keeps a process running until the context ends. One that does not come up ends the devnet, with the end of its log.
func (d *devnet) supervise(ctx context.Context, c child, fail context.CancelCauseFunc) {
	early := 0
	for ctx.Err() == nil {
		began := time.Now()
		err := d.runChild(c)
		if ctx.Err() != nil || d.isStopping() {
			return
		}
		if time.Since(began) < crashLoop {
			early++
		} else {
			early = 0
		}
		if early == 2 {
			fail(fmt.Errorf("%s does not come up (%w):\n%s", c.name, err, d.logTail(c.name)))
			return
		}
		fmt.Fprintf(d.out, "%s has ended (%v): starting it again\n", c.name, err)
		select {
		case <-ctx.Done():
		case <-time.After(restartPause):
		}
	}
}

func (d *devnet) logPath(name string) string { return filepath.Join(d.dir, "logs", name+".log") }

// runChild runs a process to its end, with its log in a file.
func (d *devnet) runChild(c child) error {
	log, err := os.OpenFile(d.logPath(c.name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(d.self, c.args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env, cmd.SysProcAttr = childEnvironment(os.Environ()), childAttributes()
	runtime.LockOSThread() // the signal on a parent's death comes when the thread that started the child ends
	defer runtime.UnlockOSThread()
	d.mu.Lock()
	if d.stopping {
		d.mu.Unlock()
		return nil
	}
	if err = cmd.Start(); err == nil {
		d.running = append(d.running, cmd)
	}
	d.mu.Unlock()
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	err = cmd.Wait()
	if err == nil {
		err = errors.New("exit status 0")
	}
	return err
}

// childEnvironment leaves out settings that one process of a devnet, but never all of them, could take from the environment: a password, a port.
// How they log is the same for all, and so is the DA layer's token.
func childEnvironment(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(s string) bool {
		name, _, _ := strings.Cut(s, "=")
		return strings.HasPrefix(name, "LOCKSTEP_") && name != env(flagLogLevel)[0] && name != env(flagLogJSON)[0] && name != daTokenVariable
	})
}

func (d *devnet) isStopping() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stopping
}

// stop asks all processes to end, latest first, and ends those that do not.
func (d *devnet) stop() {
	d.mu.Lock()
	d.stopping = true
	running := d.running
	d.mu.Unlock()
	for i := len(running) - 1; i >= 0; i-- {
		_ = running[i].Process.Signal(os.Interrupt) // fails only if it has ended
	}
	deadline := time.Now().Add(stopGrace)
	for _, cmd := range running {
		for !ended(cmd) && time.Now().Before(deadline) {
			time.Sleep(20 * time.Millisecond)
		}
		if !ended(cmd) {
			fmt.Fprintf(d.out, "%s does not end, killing it\n", strings.Join(cmd.Args[1:], " "))
			_ = cmd.Process.Kill()
		}
	}
}

// ended asks the system, because ProcessState belongs to the goroutine that waits for the process.
func ended(cmd *exec.Cmd) bool { return errors.Is(cmd.Process.Signal(nullSignal), os.ErrProcessDone) }

// logTail returns the last lines of a process' log.
func (d *devnet) logTail(name string) string {
	raw, err := os.ReadFile(d.logPath(name))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}

// printTable shows what runs, where, with which keys, and what to try.
func (d *devnet) printTable(took time.Duration) {
	fmt.Fprintf(d.out, "\nLockstep devnet %s is up after %.1f s, in %s\n\n", d.network.ChainID, took.Seconds(), d.dir)
	w := tabwriter.NewWriter(d.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "WHAT\tRPC (HTTP and WebSocket)\tMETRICS\tNAMESPACE\tCHAIN ID")
	for _, m := range d.network.Operators {
		fmt.Fprintf(w, "%s\t%s\t%s\t\t%s\n", m.Name, m.RPC, m.Metrics, d.network.ChainID)
	}
	for _, m := range d.network.Rollups {
		fmt.Fprintf(w, "%s (EVM)\t%s\t%s\t%s\t%d\n", m.Name, m.RPC, m.Metrics, m.Namespace, m.ChainID)
	}
	fmt.Fprintf(w, "DA layer\t%s\t%s\n", d.network.DA, d.network.DAMetrics)
	_ = w.Flush()
	accounts, err := readAccounts(d.dir)
	if err != nil {
		fmt.Fprintln(d.out, err)
		return
	}
	fmt.Fprintln(d.out, "\nFunded on the sequencer and on every rollup (keys of this devnet only):")
	for _, a := range accounts {
		fmt.Fprintf(d.out, "  %s  %s\n", a.Address, a.Key)
	}
	if len(d.network.Rollups) > 0 {
		fmt.Fprintln(d.out, "The first one owns the rollups' namespaces, and has 9/10 of the tips paid there.")
	}
	fmt.Fprintln(d.out, "\nTry next:")
	if len(d.network.Rollups) > 1 {
		fmt.Fprintf(d.out, "  %s bundle send --devnet %s --transfer rollup-1:%s:1 --transfer rollup-2:%s:1\n",
			d.self, d.dir, accounts[1].Address, accounts[1].Address)
	}
	fmt.Fprintf(d.out, "  %s status --rpc %s\n", d.self, d.network.Operators[0].RPC)
	fmt.Fprintf(d.out, "  %s operator status --devnet %s\n", d.self, d.dir)
	if who, err := d.earners(); err == nil {
		fmt.Fprintf(d.out, "  %s rewards show --devnet %s %s\n", d.self, d.dir, who.operators[0])
	}
	if len(d.network.Rollups) > 0 {
		fmt.Fprintf(d.out, "  curl -s %s -H 'content-type: application/json' -d '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getBlockByNumber\",\"params\":[\"safe\",false]}'\n",
			d.network.Rollups[0].RPC)
	}
	fmt.Fprintf(d.out, "\nLogs: %s. Ctrl-C stops everything.\n", filepath.Join(d.dir, "logs"))
}
