package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"
)

// listeners are where a process tells about itself, host:port; empty: not.
type listeners struct{ metrics, profiles string }

// newRegistry is a registry of metrics that begins with those of the Go runtime and of the process.
func newRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// withMetrics runs a process, its metrics and its profiles side by side, until one of them ends.
func withMetrics(ctx context.Context, listen listeners, gatherer prometheus.Gatherer, run func(context.Context) error) error {
	metrics := http.NewServeMux()
	metrics.Handle("/metrics", promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return serve(ctx, "metrics", listen.metrics, metrics) })
	g.Go(func() error { return serve(ctx, "profiles", listen.profiles, profiles()) })
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

// profiles answers /debug/pprof/ on a mux of its own: libraries put handlers on the default one.
func profiles() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}

// serve answers on a host:port until the context ends. An empty address serves nothing, and waits.
func serve(ctx context.Context, what, listen string, handler http.Handler) error {
	if listen == "" {
		<-ctx.Done()
		return ctx.Err()
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("listen on %s for %s (is something else running there?): %w", listen, what, err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 2 * time.Minute} // a profile takes as long as asked for
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })                                               // a scrape that is cut off comes again
	defer stop()
	if err := server.Serve(l); ctx.Err() == nil {
		return fmt.Errorf("serve %s: %w", what, err)
	}
	return ctx.Err()
}
