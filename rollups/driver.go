package rollups

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// Driver follows the shared blocks for one rollup: it starts the sources, feeds what they bring to the derivation, one block at a time, and
// reacts to errors. Run is its one goroutine that writes; the other methods may be called from any.
type Driver struct {
	cfg     Config
	log     *slog.Logger
	metrics *metrics
	store   *store
	derive  *derivation // owned by Run
	prover  *prover
	clashes chan *cert.Run // certified headers from the gossip that contradict what is known; one is enough
	daFinal uint64         // owned by Run: newest final DA height
	late    *decoded       // owned by Run: what waits for its DA height to be final, before all else of the DA layer's way

	mu      sync.Mutex
	rec     record        // guarded by mu: what the derivation recorded last
	changed chan struct{} // guarded by mu: closed and replaced at each move
}

// Open reads the heads record, or begins one at genesis, and checks that the executor belongs to it. It returns a [*HaltedError] when
// derivation was stopped before and nobody has removed the evidence.
func Open(ctx context.Context, cfg Config) (*Driver, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := haltedBefore(cfg.Dir); err != nil {
		return nil, err
	}
	m, err := newMetrics(cfg.Registry)
	if err != nil {
		return nil, fmt.Errorf("rollup metrics: %w", err)
	}
	s, rec, err := openStore(cfg, func() (Output, error) {
		// No record, or no longer: blocks of the executor's that nothing vouches for are derived again.
		err := cfg.Executor.Rollback(ctx, 0)
		return cfg.Executor.Head(), err
	})
	if err != nil {
		return nil, err
	}
	d := &Driver{
		cfg: cfg, log: cfg.Log.With("namespace", cfg.Namespace.String()), metrics: m, store: s,
		clashes: make(chan *cert.Run, 1), changed: make(chan struct{}),
	}
	d.prover = &prover{chainID: cfg.Genesis.ChainID, trust: d.softTrust, known: d.known, clash: d.clash}
	d.derive = &derivation{exec: cfg.Executor, store: s, forced: newForcedQueue(cfg.Rule, cfg.Forced), moved: d.moved, rec: rec}
	d.prover.proves(rec.Soft.Height)
	d.moved(rec)
	if err := d.derive.check(ctx); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return d, nil
}

// Run derives until ctx ends (nil), or until a critical error (a [*HaltedError]).
func (d *Driver) Run(ctx context.Context) error {
	wait := newBackoff(d.cfg.Limits)
	for {
		before := d.Status().Soft.Height
		err := d.session(ctx)
		if ctx.Err() != nil && SeverityOf(err) != Critical {
			return nil
		}
		d.log.WarnContext(ctx, "derivation interrupted", "severity", SeverityOf(err), "soft", d.Status().Soft.Height, "error", err)
		switch SeverityOf(err) {
		case Critical:
			return d.halt(err)
		case Reset:
			err := d.persist(ctx, func() error { return d.derive.reset(ctx) })
			if SeverityOf(err) == Critical {
				return d.halt(err)
			}
			if err != nil {
				continue // ctx has ended
			}
		case Temporary, stopped:
			if w := withdrawn(err); w != nil && d.persist(ctx, func() error { return d.derive.withdraw(w.Known, w.After, w.Cursor) }) != nil {
				continue // ctx has ended
			}
		}
		if d.Status().Soft.Height > before {
			wait.reset()
		}
		wait.pause(ctx)
	}
}

// Close writes the heads record and releases the folder. Run must have returned.
func (d *Driver) Close() error { return d.store.close() }

// session runs the sources and derives until something other than a temporary error happens. All its goroutines have ended when it returns.
func (d *Driver) session(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	defer work.Wait()
	defer cancel()
	failed := make(chan error, 3)
	soft, firm, finals := newLookahead(d.cfg.Limits), newLookahead(d.cfg.Limits), make(chan uint64)
	d.late = nil
	rec := d.record()
	if d.cfg.Source != SourceDA {
		f := &follower{
			peers: d.cfg.Peers, namespace: d.cfg.Namespace, limits: d.cfg.Limits, tip: d.softTrust, proven: d.prover.height.Load,
			take: d.feeder(soft), metrics: d.metrics, log: d.log, trust: rec.SoftTrust,
		}
		work.Go(func() { failed <- f.run(ctx) })
		if d.cfg.Announced != nil {
			work.Go(func() { d.listen(ctx) })
		}
	}
	if d.cfg.Source != SourceP2P {
		f := &firmSource{
			da: d.cfg.DA, limits: d.cfg.Limits, take: d.feeder(firm), metrics: d.metrics, log: d.log, trust: rec.FirmTrust, cursor: rec.Cursor, rule: d.cfg.Rule,
		}
		work.Go(func() { failed <- f.run(ctx) })
		work.Go(func() { f.watchFinality(ctx, finals) })
	}
	for {
		if err := d.next(ctx, soft, firm, finals, failed); err != nil {
			return err
		}
	}
}

// next takes one event to its end.
func (d *Driver) next(ctx context.Context, soft, firm *lookahead, finals <-chan uint64, failed <-chan error) error {
	items := firm.items
	if d.late != nil {
		items = nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-failed:
		return err
	case b := <-soft.items:
		defer soft.done(&b)
		return d.take(ctx, "soft", soft, &b, d.derive.soft)
	case b := <-items:
		d.late = &b
	case d.daFinal = <-finals:
	case run := <-d.clashes:
		return d.persist(ctx, func() error { return d.derive.announced(run) })
	}
	if b := d.late; b != nil && (!b.Late || b.DAHeight <= d.daFinal) {
		d.late = nil
		defer firm.done(b)
		if err := d.take(ctx, "firm", firm, b, d.derive.firm); err != nil {
			return err
		}
	}
	return d.persist(ctx, func() error { return d.derive.final(d.daFinal) })
}

// take gives a block to the derivation until it is taken, and counts what came of it.
func (d *Driver) take(ctx context.Context, way string, q *lookahead, b *decoded, f func(context.Context, *decoded) error) error {
	before, broken := d.derive.rec.Soft.Height, d.derive.broken
	start := time.Now()
	err := d.persist(ctx, func() error { return f(ctx, b) })
	d.metrics.execute.Observe(time.Since(start).Seconds())
	d.metrics.ahead.WithLabelValues(way).Set(float64(len(q.items)))
	d.metrics.blocks.WithLabelValues(way).Inc()
	if d.derive.rec.Soft.Height > before {
		d.metrics.entries.Add(float64(len(b.entries)))
	}
	if d.derive.broken > broken {
		d.metrics.broken.Inc()
		d.log.ErrorContext(ctx, "a certified lane cannot be read and counts as empty", "height", b.Header.Height)
	}
	return err
}

// persist retries while the error is temporary.
func (d *Driver) persist(ctx context.Context, f func() error) error {
	wait := newBackoff(d.cfg.Limits)
	for {
		err := f()
		if err == nil {
			return nil
		}
		s := SeverityOf(err)
		d.metrics.errors.WithLabelValues(s.String()).Inc()
		if s != Temporary || ctx.Err() != nil {
			return err
		}
		d.log.WarnContext(ctx, "derivation retries", "pause", wait.next, "error", err)
		wait.pause(ctx)
	}
}

// feeder is the end of a source: it decodes what is new, lets the executor prepare it, and waits for room in the queue.
func (d *Driver) feeder(q *lookahead) func(context.Context, Block) error {
	return func(ctx context.Context, b Block) error {
		if b.Quiet > 0 {
			return q.put(ctx, decoded{Block: b, ready: true})
		}
		d.prover.proves(b.Header.Height)
		item := decoded{Block: b}
		if b.Header.Height > d.record().Soft.Height {
			item = decode(b)
			if len(item.entries) > 0 {
				d.cfg.Prepare(item.entries)
			}
		}
		return q.put(ctx, item)
	}
}

// listen judges the gossip of certified headers until ctx ends.
func (d *Driver) listen(ctx context.Context) {
	wait := newBackoff(d.cfg.Limits)
	for ctx.Err() == nil {
		err := d.cfg.Announced.Listen(ctx, d.prover.judge)
		if ctx.Err() == nil {
			d.log.WarnContext(ctx, "listening for announcements failed", "error", err)
			wait.pause(ctx)
		}
	}
}

// known tells the prover what is derived at a height. What cannot be read is not known.
func (d *Driver) known(height uint64) (past, bool) {
	p, found, err := d.store.past(height)
	return p, found && err == nil
}

// clash hands a contradicting header to the derivation; one is enough.
func (d *Driver) clash(run *cert.Run) {
	select {
	case d.clashes <- run:
	default:
	}
}

// moved publishes what the derivation has recorded.
func (d *Driver) moved(rec record) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rec = rec
	close(d.changed)
	d.changed = make(chan struct{})
	d.metrics.moved(rec.Heads)
	d.metrics.announced.Set(float64(d.Announced()))
}

func (d *Driver) record() record {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rec
}

func (d *Driver) softTrust() cert.Trust { return d.record().SoftTrust }

// Status returns the three heads.
func (d *Driver) Status() Heads { return d.record().Heads }

// Heads returns the rollup block numbers of the three heads: the tags latest, safe and finalized.
func (d *Driver) Heads() (soft, firm, final uint64) {
	return d.Status().Numbers()
}

// Soft returns the shared height of the soft head, and a channel that is closed when any head moves next.
func (d *Driver) Soft() (height uint64, changed <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rec.Soft.Height, d.changed
}

// Announced returns the newest shared height that is proven to exist, whether derived yet or not: what an expiry is counted from.
func (d *Driver) Announced() uint64 { return d.prover.height.Load() }
