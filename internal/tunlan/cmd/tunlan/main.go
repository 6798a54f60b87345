// Command tunlan makes network namespaces that are joined by links with delay, jitter, loss and cuts, says "ready", and takes
// commands by lines on stdin. It removes the namespaces when stdin ends, on quit, SIGINT and SIGTERM.
//
//	tunlan -n 4 -delay 25ms -prefix lan
//	ip netns exec lan1 ping 10.77.0.2
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/lockstep-network/lockstep/internal/tunlan"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "tunlan:", err)
		os.Exit(1)
	}
}

func run() (err error) {
	var c tunlan.Config
	flag.IntVar(&c.Hosts, "n", 4, "hosts")
	flag.StringVar(&c.Prefix, "prefix", "lan", "of the namespaces' names: <prefix>1, <prefix>2, ...")
	flag.DurationVar(&c.Weather.Delay, "delay", 25*time.Millisecond, "one way")
	flag.DurationVar(&c.Weather.Jitter, "jitter", 0, "added to or taken from the delay, evenly")
	flag.Float64Var(&c.Weather.Loss, "loss", 0, "share of packets lost, 0 to 1")
	flag.Uint64Var(&c.Seed, "seed", 1, "of loss and jitter")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: tunlan [flags], then on stdin:")
		fmt.Fprintln(os.Stderr, tunlan.Usage)
		flag.PrintDefaults()
	}
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	lan, err := tunlan.New(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lan.Close()) }()
	for host := 1; host <= c.Hosts; host++ {
		fmt.Println(lan.Netns(host), tunlan.Addr(host))
	}
	fmt.Println("ready")

	served := make(chan error, 1)
	go func() { served <- tunlan.Serve(lan, os.Stdin, os.Stdout) }()
	select {
	case err = <-served:
	case <-ctx.Done(): // the read of stdin cannot be woken; the process ends with it
	}
	fmt.Fprintln(os.Stderr, "tunlan: packets dropped:", lan.Dropped())
	return err
}
