package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/da/local"
)

func daCommand() *cli.Command {
	flags := append([]cli.Flag{
		&cli.PathFlag{Name: "dir", Usage: "folder of the layer", EnvVars: env("da-dir"), Required: true},
		&cli.StringFlag{Name: "listen", Usage: "host:port to serve on", Value: "127.0.0.1:26658", EnvVars: env("da-listen")},
		&cli.DurationFlag{Name: "interval", Usage: "time between two DA heights", Value: time.Second},
		&cli.Uint64Flag{Name: "finality-depth", Usage: "heights after which a DA height is final", Value: 2},
		&cli.Uint64Flag{Name: "price", Usage: "wei that a byte on this layer costs, as operators are told; 0: they go by the genesis"},
		&cli.StringFlag{Name: flagMetricsListen, Usage: "host:port of /metrics for Prometheus; empty for none", EnvVars: env("da-metrics-listen")},
	}, logFlags()...)
	return &cli.Command{
		Name:  "da",
		Usage: "the local DA layer, for development and tests",
		Subcommands: []*cli.Command{{
			Name:   "serve",
			Usage:  "keep a DA layer in a folder and serve it to other processes",
			Flags:  flags,
			Action: serveDA,
		}},
	}
}

func serveDA(c *cli.Context) error {
	log, err := logger(c)
	if err != nil {
		return err
	}
	layer, err := local.Open(c.Path("dir"), local.Options{
		Interval: c.Duration("interval"), FinalityDepth: c.Uint64("finality-depth"), Price: c.Uint64("price"), Logger: log,
	})
	if err != nil {
		return fmt.Errorf("serve local DA layer: %w", err)
	}
	handler, err := local.NewServer(layer)
	if err != nil {
		return errors.Join(fmt.Errorf("serve local DA layer: %w", err), layer.Close())
	}
	registry := newRegistry()
	handler = measured(registry, layer, handler)
	err = withMetrics(c.Context, listeners{metrics: c.String(flagMetricsListen)}, registry, func(ctx context.Context) error {
		log.InfoContext(ctx, "DA layer runs", "listen", c.String("listen"), "height", layer.Height())
		return serveHTTP(ctx, c.String("listen"), handler)
	})
	return errors.Join(err, layer.Close())
}

// measured counts and times what is asked of the layer.
func measured(r prometheus.Registerer, layer *local.Layer, handler http.Handler) http.Handler {
	f := promauto.With(r)
	f.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "lockstep", Subsystem: "da", Name: "height", Help: "Newest DA height."},
		func() float64 { return float64(layer.Height()) })
	seconds := f.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: "lockstep", Subsystem: "da", Name: "request_seconds", Help: "Time to answer a request.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 8),
	}, []string{"code"})
	return promhttp.InstrumentHandlerDuration(seconds, handler)
}

// serveHTTP serves until the context ends.
func serveHTTP(ctx context.Context, listen string, handler http.Handler) error {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("listen on %s (is something else running there?): %w", listen, err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	select {
	case err := <-done:
		return fmt.Errorf("serve %s: %w", listen, err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return server.Close()
	}
	return nil
}
