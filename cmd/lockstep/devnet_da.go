package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/celestia"
	"github.com/lockstep-network/lockstep/da/dial"
)

// daElsewhere says whether the DA layer is not a process of the devnet.
func (n *network) daElsewhere() bool { return strings.Contains(n.DA, "+http") }

// elsewhere puts a devnet on a DA layer that runs already. What stands there now is nobody's.
func (p *plan) elsewhere(ctx context.Context, url string) error {
	p.DA, p.DAMetrics = url, ""
	if err := dial.Check(url); err != nil {
		return fmt.Errorf("--%s: %w", flagDA, err)
	}
	if !strings.HasPrefix(url, "celestia+") {
		return fmt.Errorf("--%s: a devnet runs on a layer of its own, or on a celestia-node (celestia+http://host:port)", flagDA)
	}
	head, err := headOf(ctx, url)
	if err != nil {
		return fmt.Errorf("--%s: %w", flagDA, err)
	}
	p.DAFrom = head.Height
	return nil
}

func headOf(ctx context.Context, url string) (da.Head, error) {
	token, err := daToken("")
	if err != nil {
		return da.Head{}, err
	}
	layer, err := dial.Open(dial.Config{URL: url, Celestia: celestia.Config{Token: token}})
	if err != nil {
		return da.Head{}, err
	}
	return layer.Head(ctx)
}

// bootDA starts the DA layer, if it is the devnet's, and waits until it answers.
func (d *devnet) bootDA(ctx context.Context, fail context.CancelCauseFunc) error {
	if d.network.daElsewhere() {
		return d.await(ctx, "DA layer", func(ctx context.Context) error {
			_, err := headOf(ctx, d.network.DA)
			return err
		})
	}
	addr := strings.TrimPrefix(d.network.DA, "http://")
	layer := child{"da", []string{"da", "serve", "--dir", filepath.Join(d.dir, "da"), "--listen", addr, "--interval", "500ms"}}
	if d.network.DAMetrics != "" {
		layer.args = append(layer.args, "--"+flagMetricsListen, metricsAddr(d.network.DAMetrics))
	}
	go d.supervise(ctx, layer, fail)
	return d.await(ctx, "DA layer", func(ctx context.Context) error { return dialTCP(ctx, addr) })
}
