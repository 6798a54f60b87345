package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lockstep-network/lockstep/da/local"
)

func daCommand() *cli.Command {
	flags := append([]cli.Flag{
		&cli.PathFlag{Name: "dir", Usage: "folder of the layer", EnvVars: env("da-dir"), Required: true},
		&cli.StringFlag{Name: "listen", Usage: "host:port to serve on", Value: "127.0.0.1:26658", EnvVars: env("da-listen")},
		&cli.DurationFlag{Name: "interval", Usage: "time between two DA heights", Value: time.Second},
		&cli.Uint64Flag{Name: "finality-depth", Usage: "heights after which a DA height is final", Value: 2},
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
		Interval: c.Duration("interval"), FinalityDepth: c.Uint64("finality-depth"), Logger: log,
	})
	if err != nil {
		return fmt.Errorf("open local DA layer: %w", err)
	}
	handler, err := local.NewServer(layer)
	if err != nil {
		return errors.Join(fmt.Errorf("serve local DA layer: %w", err), layer.Close())
	}
	err = serveHTTP(c.Context, c.String("listen"), handler)
	return errors.Join(err, layer.Close())
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
