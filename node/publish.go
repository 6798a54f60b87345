package node

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/lockstep-network/lockstep/da/dial"
	"github.com/lockstep-network/lockstep/da/publisher"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/node/store"
)

// publishing is an operator's publisher; the zero value is that of an operator without one.
type publishing struct {
	publisher *publisher.Publisher
	log       *slog.Logger
}

// publisher opens the publisher, if this operator publishes. It reads the store as any reader does, and consensus does not know of it.
func (c Config) publisher(st *store.Store, sets func(common.Hash) (cert.Set, error), registry prometheus.Registerer) (publishing, error) {
	if !c.Publish {
		return publishing{}, nil
	}
	layer, err := dial.Open(c.DA)
	if err != nil {
		return publishing{}, fmt.Errorf("open DA layer: %w", err)
	}
	trust, err := c.Genesis.Trust()
	if err != nil {
		return publishing{}, err
	}
	p, err := publisher.Open(publisher.Config{
		Dir: filepath.Join(c.Home, "data", "publisher"), Layer: layer, Source: st, Genesis: trust, Namespaces: laned(c.Genesis), Sets: sets,
		MaxAge: c.PublishAge, Log: c.Logger,
	})
	if err != nil {
		return publishing{}, err
	}
	pub := publishing{p, c.Logger}
	pub.register(registry)
	return pub, nil
}

// laned lists all namespaces that have lanes, ascending: every rollup's and the ledger's.
func laned(g *genesis.Genesis) []namespaces.Namespace {
	out := []namespaces.Namespace{namespaces.Ledger()}
	for _, n := range g.Namespaces {
		out = append(out, n.Namespace)
	}
	slices.SortFunc(out, namespaces.Namespace.Compare)
	return out
}

// register shows how far the publisher has come, and what held it up.
func (p publishing) register(r prometheus.Registerer) {
	f := promauto.With(r)
	gauge := func(name, help string, read func(publisher.Status) uint64) {
		f.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "lockstep", Subsystem: "publisher", Name: name, Help: help},
			func() float64 { return float64(read(p.publisher.Status())) })
	}
	count := func(name, help string, read func(publisher.Status) uint64) {
		f.NewCounterFunc(prometheus.CounterOpts{Namespace: "lockstep", Subsystem: "publisher", Name: name, Help: help},
			func() float64 { return float64(read(p.publisher.Status())) })
	}
	gauge("published_height", "Height up to which all is submitted to the DA layer.", func(s publisher.Status) uint64 { return s.Published })
	gauge("firm_height", "Height up to which the DA layer shows verified headers.", func(s publisher.Status) uint64 { return s.Firm })
	gauge("da_height", "DA height of the newest batch of this publisher.", func(s publisher.Status) uint64 { return s.DAHeight })
	count("batches_total", "Batches submitted whole.", func(s publisher.Status) uint64 { return s.Batches })
	count("bytes_total", "Bytes submitted, whatever became of them.", func(s publisher.Status) uint64 { return s.Bytes })
	count("retries_total", "Submissions that failed or whose outcome was unknown.", func(s publisher.Status) uint64 { return s.Retries })
	count("reposts_total", "Times that the DA layer had lost something, which was posted anew.", func(s publisher.Status) uint64 { return s.Reposts })
}

// run publishes until the context ends. An operator whose publisher fails goes on ordering: another one can publish.
func (p publishing) run(ctx context.Context) error {
	if p.publisher != nil {
		if err := p.publisher.Run(ctx); ctx.Err() == nil {
			p.log.ErrorContext(ctx, "this operator has stopped publishing; restart it once the cause is mended", "error", err)
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

// published tells how far the publisher has come; nil without one.
func (p publishing) published() func() (published, firm uint64) {
	if p.publisher == nil {
		return nil
	}
	return p.publisher.Published
}
