package node

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/dial"
	"github.com/lockstep-network/lockstep/da/publisher"
	"github.com/lockstep-network/lockstep/da/readback"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
	"github.com/lockstep-network/lockstep/node/store"
)

// dataLayer is what an operator does with its DA layer; the zero value is that of an operator without one.
type dataLayer struct {
	layer     da.Layer
	back      *readback.Follower // the one reader of this process
	publisher *publisher.Publisher
	log       *slog.Logger
}

// dataLayer opens the DA layer, the reader that reads it back, and the publisher, if this operator publishes. They read the store as any reader does,
// and consensus does not know of them.
func (c Config) dataLayer(st *store.Store, sets func(common.Hash) (cert.Set, error), registry prometheus.Registerer) (dataLayer, error) {
	if c.DA.URL == "" {
		return dataLayer{}, nil
	}
	layer, err := dial.Open(c.DA)
	if err != nil {
		return dataLayer{}, err
	}
	trust, err := c.Genesis.Trust()
	if err != nil {
		return dataLayer{}, err
	}
	d := dataLayer{layer: layer, log: c.Logger}
	if d.back, err = readback.Open(readback.Config{
		Dir: filepath.Join(c.Home, "data", "readback"), Layer: layer, Genesis: trust, Namespaces: laned(c.Genesis), From: c.DAFrom, Known: st.Cached, Log: c.Logger,
	}); err != nil || !c.Publish {
		return d, err
	}
	if d.publisher, err = publisher.Open(publisher.Config{
		Dir: filepath.Join(c.Home, "data", "publisher"), Layer: layer, Back: d.back, Self: c.owner(st), Source: st, Genesis: trust, Sets: sets,
		MaxAge: c.PublishAge, Rank: c.rank(st, sets), Log: c.Logger,
	}); err != nil {
		return d, err
	}
	d.register(registry)
	return d, nil
}

// rank tells how many operators of the newest set come before this one; nil if it does not wait for others.
func (c Config) rank(st *store.Store, sets func(common.Hash) (cert.Set, error)) func(uint64) int {
	if !c.InTurn {
		return nil
	}
	return func(height uint64) int {
		set, known := cert.Set{}, false
		if h, err := st.Header(st.Certified()); err == nil {
			set, err = sets(h.OperatorsHash)
			known = err == nil
		}
		if !known {
			return cert.MaxOperators
		}
		return publisher.Turn(set, c.Operator.Address(), height)
	}
}

// owner tells whose operator this is: the key's address until the ledger says otherwise.
func (c Config) owner(st *store.Store) func() common.Address {
	return func() common.Address {
		key, found, err := stake.LoadKey(st.Ledger().View, c.Operator.Address())
		if err != nil || !found {
			return c.Operator.Address()
		}
		return key.Owner
	}
}

// laned lists the namespaces that have lanes from the start, ascending: every rollup's of the genesis and the ledger's.
func laned(g *genesis.Genesis) []namespaces.Namespace {
	out := []namespaces.Namespace{namespaces.Ledger()}
	for _, n := range g.Namespaces {
		out = append(out, n.Namespace)
	}
	slices.SortFunc(out, namespaces.Namespace.Compare)
	return out
}

// register shows how far the publisher has come, and what held it up.
func (d dataLayer) register(r prometheus.Registerer) {
	f := promauto.With(r)
	gauge := func(name, help string, read func(publisher.Status) uint64) {
		f.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "lockstep", Subsystem: "publisher", Name: name, Help: help},
			func() float64 { return float64(read(d.publisher.Status())) })
	}
	count := func(name, help string, read func(publisher.Status) uint64) {
		f.NewCounterFunc(prometheus.CounterOpts{Namespace: "lockstep", Subsystem: "publisher", Name: name, Help: help},
			func() float64 { return float64(read(d.publisher.Status())) })
	}
	gauge("published_height", "Height up to which all is submitted to the DA layer.", func(s publisher.Status) uint64 { return s.Published })
	f.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "lockstep", Subsystem: "publisher", Name: "firm_height", Help: "Height up to which the DA layer shows verified headers.",
	}, func() float64 { _, firm := d.published()(); return float64(firm) })
	gauge("da_height", "DA height of the newest batch of this publisher.", func(s publisher.Status) uint64 { return s.DAHeight })
	count("batches_total", "Batches submitted whole.", func(s publisher.Status) uint64 { return s.Batches })
	count("bytes_total", "Bytes submitted, whatever became of them.", func(s publisher.Status) uint64 { return s.Bytes })
	count("retries_total", "Submissions that failed or whose outcome was unknown.", func(s publisher.Status) uint64 { return s.Retries })
	count("reposts_total", "Times that the DA layer had lost something, which was posted anew.", func(s publisher.Status) uint64 { return s.Reposts })
}

// read reads the DA layer back until the context ends. An operator that cannot goes on ordering.
func (d dataLayer) read(ctx context.Context) error {
	if d.back != nil {
		if err := d.back.Run(ctx); ctx.Err() == nil {
			d.log.ErrorContext(ctx, "this operator does not see any more what is published; restart it once the cause is mended", "error", err)
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

// publish publishes until the context ends. An operator whose publisher fails goes on ordering: another one can publish.
func (d dataLayer) publish(ctx context.Context) error {
	if d.publisher != nil {
		if err := d.publisher.Run(ctx); ctx.Err() == nil {
			d.log.ErrorContext(ctx, "this operator has stopped publishing; restart it once the cause is mended", "error", err)
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

// published tells up to which height this operator knows all to be submitted, and up to which it has read all back; nil without a DA layer.
func (d dataLayer) published() func() (published, firm uint64) {
	if d.back == nil {
		return nil
	}
	return func() (published, firm uint64) {
		tip, _ := d.back.Firm()
		if d.publisher != nil {
			published = d.publisher.Status().Published
		}
		return max(published, tip.Height), tip.Height
	}
}
