package rollups

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/reader"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/forced"
)

// FromDA reads a rollup's blocks from a DA layer. from is a DA height below which the network has written nothing; 0 if that is not known.
func FromDA(layer da.Layer, ns namespaces.Namespace, from uint64, log *slog.Logger) Firm {
	return &daFirm{layer: layer, namespace: ns, from: from, log: log}
}

type daFirm struct {
	layer     da.Layer
	namespace namespaces.Namespace
	from      uint64
	log       *slog.Logger

	mu      sync.Mutex
	reader  *reader.Reader // guarded by mu: the newest one, nil before the first
	settled uint64         // guarded by mu: by the readers before it
}

// Final is the layer's word, or, if its blocks can be replaced, how far the reader has found what it read to stand for good: between the two a block may
// have been replaced that the reader still gives.
func (f *daFirm) Final(ctx context.Context) (uint64, error) {
	if _, replaces := f.layer.(da.Linker); replaces {
		return f.settledTo(nil), nil
	}
	head, err := f.layer.Head(ctx)
	return head.Final, err
}

// settledTo tells how far what was read stands for good, and notes the reader that goes on.
func (f *daFirm) settledTo(next *reader.Reader) uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.reader != nil {
		f.settled = max(f.settled, f.reader.Status().Settled)
	}
	if next != nil {
		f.reader = next
	}
	return f.settled
}

func (f *daFirm) Open(_ context.Context, after cert.Trust, cursor []byte) (FirmReader, error) {
	r, err := reader.New(reader.Config{
		Layer: f.layer, After: after, Namespaces: []namespaces.Namespace{f.namespace}, Cursor: cursor, From: f.from, Log: f.log,
	})
	if err != nil {
		return nil, err
	}
	f.settledTo(r)
	return &daReader{Reader: r, namespace: f.namespace}, nil
}

// daReader joins the blocks of a run, which the reader gives one by one, to the run that proves them.
type daReader struct {
	*reader.Reader
	namespace namespaces.Namespace
	headers   []block.Header // of the run so far
}

func (r *daReader) Next(ctx context.Context) (Block, error) {
	b, quiet, err := r.Reader.Progress(ctx)
	if err != nil || quiet > 0 {
		return Block{Quiet: quiet}, err
	}
	out := Block{Header: b.Header, Hash: b.Hash, Lane: b.Lane(r.namespace), DAHeight: b.DAHeight}
	r.headers = append(r.headers, b.Header)
	if b.Certificate != nil {
		out.Run = &cert.Run{Headers: r.headers, Certificate: *b.Certificate, Next: b.Next}
		out.Trust, out.Cursor, out.Reach = &b.Trust, b.Cursor, b.Reach // only here: whoever starts again reads the run from its first header, and so has all of it
		r.headers = nil
	}
	return out, nil
}

// firmSource reads blocks back from the DA layer, and asks how far that layer is final.
type firmSource struct {
	da      Firm
	limits  Limits
	take    func(context.Context, Block) error
	metrics *metrics
	log     *slog.Logger
	rule    forced.Rule

	trust  cert.Trust // owned by run: what was verified and taken
	cursor []byte     // owned by run: the reader's, at trust
}

// withdrawn is what a reorganisation of the DA layer took back; nil if the error is another.
func withdrawn(err error) *reader.Withdrawn {
	var w *reader.Withdrawn
	_ = errors.As(err, &w)
	return w
}

// run reads until ctx ends, or until the DA layer proves a conflict or takes blocks back, which it returns.
func (f *firmSource) run(ctx context.Context) error {
	wait := newBackoff(f.limits)
	for {
		before := f.trust.Height
		err := f.read(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s := SeverityOf(err)
		f.metrics.errors.WithLabelValues(s.String()).Inc()
		if s == Critical || withdrawn(err) != nil {
			return err
		}
		f.log.WarnContext(ctx, "reading from the DA layer failed", "height", f.trust.Height, "error", err)
		if f.trust.Height > before {
			wait.reset()
		}
		wait.pause(ctx)
	}
}

func (f *firmSource) read(ctx context.Context) error {
	r, err := f.da.Open(ctx, f.trust, f.cursor)
	if err != nil {
		return fmt.Errorf("open the DA layer's blocks after height %d: %w", f.trust.Height, err)
	}
	defer r.Close()
	next, daHead, told := f.trust.Height+1, uint64(0), uint64(0)
	for {
		b, err := r.Next(ctx)
		if err != nil {
			return fmt.Errorf("read from the DA layer: %w", err)
		}
		switch {
		case b.Quiet > 0 && !f.rule.On():
			continue
		case b.Quiet > 0: // what comes of it is not undone: only as far as the layer does not go back
			final, err := f.da.Final(ctx)
			if err != nil {
				return fmt.Errorf("ask the DA layer for its final height: %w", err)
			}
			if b.Quiet = min(b.Quiet, final); b.Quiet <= told {
				continue
			}
			b.Header.Height, told = next, b.Quiet
		default:
			b.Late = f.rule.On() && f.rule.Late(daHead, b.Header.DAHead, b.DAHeight)
			next, daHead = b.Header.Height+1, b.Header.DAHead
		}
		if err := f.take(ctx, b); err != nil {
			return err
		}
		if b.Trust != nil {
			f.trust, f.cursor = *b.Trust, b.Cursor
		}
	}
}

// watchFinality sends the newest final DA height whenever it has risen.
func (f *firmSource) watchFinality(ctx context.Context, out chan<- uint64) {
	var last uint64
	t := time.NewTicker(f.limits.FinalityPoll)
	defer t.Stop()
	for {
		final, err := f.da.Final(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			f.metrics.errors.WithLabelValues(Temporary.String()).Inc()
			f.log.DebugContext(ctx, "asking the DA layer for its final height failed", "error", err)
		}
		send := out
		if final <= last {
			send = nil
		}
		for waiting := true; waiting; {
			select {
			case send <- final:
				last, send = final, nil
			case <-t.C:
				waiting = false
			case <-ctx.Done():
				return
			}
		}
	}
}
