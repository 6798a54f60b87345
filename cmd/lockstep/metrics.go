package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"
)

// withMetrics runs a process and its metrics side by side, until one of them ends.
func withMetrics(ctx context.Context, listen string, gatherer prometheus.Gatherer, run func(context.Context) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return serveMetrics(ctx, listen, gatherer) })
	g.Go(func() error {
		if err := run(ctx); err != nil {
			return err
		}
		return errEnded // ends the metrics too
	})
	if err := g.Wait(); !errors.Is(err, errEnded) {
		return err
	}
	return nil
}

var errEnded = errors.New("ended")

// serveMetrics answers /metrics on a host:port until the context ends. An empty address serves nothing, and waits.
func serveMetrics(ctx context.Context, listen string, gatherer prometheus.Gatherer) error {
	if listen == "" {
		<-ctx.Done()
		return ctx.Err()
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("listen on %s for metrics (is something else running there?): %w", listen, err)
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // a scrape that is cut off comes again
	defer stop()
	if err := server.Serve(l); ctx.Err() == nil {
		return fmt.Errorf("serve metrics: %w", err)
	}
	return ctx.Err()
}
