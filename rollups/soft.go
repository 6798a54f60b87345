package rollups

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/p2p"
)

// follower is the source of soft blocks: it follows one peer's feed at a time, verifies what comes, and goes to another peer when this one
// ends, errs, falls silent, keeps something back or sends rubbish. What was verified stays verified, whoever brought it.
type follower struct {
	peers     Peers
	namespace namespaces.Namespace
	limits    Limits
	tip       func() cert.Trust // derivation's newest soft trust: the DA layer may have brought it further than peers did
	proven    func() uint64     // newest shared height that is proven to exist
	take      func(context.Context, Block) error
	metrics   *metrics
	log       *slog.Logger

	trust    cert.Trust        // owned by run: verified so far
	marks    cert.Marks        // owned by run: of a long run, above trust
	failures map[string]int    // owned by run: how often each candidate was left
	told     map[string]string // owned by run: how each candidate failed that was told of and has brought nothing since
}

// peerError is why a peer was left.
type peerError struct {
	fault Fault
	err   error
}

func (e *peerError) Error() string { return e.err.Error() }
func (e *peerError) Unwrap() error { return e.err }

func blame(f Fault, err error) error { return &peerError{f, err} }

// run follows until ctx ends, or until a peer proves a conflict, which it returns.
func (f *follower) run(ctx context.Context) error {
	wait := newBackoff(f.limits)
	f.failures, f.told = make(map[string]int), make(map[string]string)
	for ctx.Err() == nil {
		peer, found := f.pick()
		if !found {
			wait.pause(ctx)
			continue
		}
		before := f.trust.Height
		err := f.follow(ctx, peer)
		if errors.Is(err, errLong) {
			if err = f.descend(ctx, peer); err == nil {
				continue
			}
		}
		if ctx.Err() != nil {
			break
		}
		var conflict *cert.ErrConflict
		if errors.As(err, &conflict) {
			return err
		}
		f.leave(ctx, peer, err)
		if f.trust.Height > before {
			wait.reset()
		}
		wait.pause(ctx)
	}
	return ctx.Err()
}

// pick chooses the best candidate among those that were left least often.
func (f *follower) pick() (string, bool) {
	candidates := f.peers.Candidates()
	if len(candidates) == 0 {
		return "", false
	}
	known := make(map[string]int, len(candidates))
	best := candidates[0]
	for _, c := range candidates {
		known[c] = f.failures[c]
		if known[c] < known[best] {
			best = c
		}
	}
	least := known[best]
	for c := range known {
		known[c] = min(known[c]-least, 8) // an old sin counts, and not for ever
	}
	f.failures = known
	maps.DeleteFunc(f.told, func(c, _ string) bool { _, candidate := known[c]; return !candidate })
	return best, true
}

func (f *follower) leave(ctx context.Context, peer string, err error) {
	fault := FaultNone
	var pe *peerError
	if errors.As(err, &pe) {
		fault = pe.fault
	}
	f.failures[peer] += 1 + int(fault)
	f.metrics.left.WithLabelValues(fault.String()).Inc()
	level := slog.LevelInfo
	if way := wayOf(fault, err); f.told[peer] == way {
		level = slog.LevelDebug // the same as before: a peer that does not keep what is asked for is tried for as long as others are worse
	} else {
		f.told[peer] = way
	}
	f.log.Log(ctx, level, "left a peer's feed", "peer", peer, "fault", fault, "height", f.trust.Height, "error", err)
	if fault != FaultNone {
		f.peers.Charge(peer, fault)
	}
}

// wayOf names the way in which a peer failed, without what changes from try to try.
func wayOf(fault Fault, err error) string {
	var remote *p2p.Error
	if errors.As(err, &remote) {
		return fmt.Sprint(fault, " ", remote.Code)
	}
	return fault.String()
}

// follow takes blocks from one peer until it has to be left.
func (f *follower) follow(ctx context.Context, peer string) error {
	if tip := f.tip(); tip.Height > f.trust.Height {
		f.trust = tip
	}
	following, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w := newWatch(f.limits, f.trust.Height, f.proven)
	go w.run(following, cancel)

	var run []feed.Step
	bytes := 0
	req := feed.Request{From: f.trust.Height + 1, Namespaces: []namespaces.Namespace{f.namespace}}
	err := f.peers.Follow(following, peer, req, func(raw []byte) error {
		w.busy()
		defer w.waiting()
		step, err := feed.DecodeStep(raw)
		if err != nil {
			return blame(FaultMalformed, err)
		}
		w.received(len(raw))
		run, bytes = append(run, step), bytes+len(raw)
		if err := f.bounds(run, bytes); err != nil || step.Certificate == nil && !f.marked(&step) {
			return err
		}
		blocks, next, err := verify(f.trust, &f.marks, f.namespace, run)
		if err != nil {
			return blame(FaultInvalid, err)
		}
		f.trust, run, bytes = next, nil, 0
		delete(f.told, peer)
		f.marks.Raise(f.trust)
		for i := range blocks {
			// Under ctx: whoever gives the stream up meanwhile must not leave a gap behind the trust that has moved.
			if err := f.take(ctx, blocks[i]); err != nil {
				return err
			}
		}
		w.progress(next.Height)
		return nil
	})
	if cause := context.Cause(following); cause != nil && ctx.Err() == nil {
		return cause
	}
	if err == nil {
		return errors.New("the peer ended the feed")
	}
	return err
}

// longRun is how many headers a follower takes without a certificate or a mark: a run that goes further is taken along its marks.
const longRun = 4 * cert.MarkEvery

// errLong says that a run is too long to wait for its certificate.
var errLong = errors.New("the run is long: its links come first")

// bounds holds a run that is not certified yet to what a follower may be made to keep.
func (f *follower) bounds(run []feed.Step, bytes int) error {
	last := &run[len(run)-1]
	first := f.trust.Height + 1
	_, linked := f.marks.At(cert.MarkAfter(first))
	switch want := f.trust.Height + uint64(len(run)); {
	case last.Header.Height != want:
		return blame(FaultInvalid, fmt.Errorf("height %d where %d comes next", last.Header.Height, want))
	case linked && len(run) > cert.MarkEvery:
		return blame(FaultInvalid, fmt.Errorf("the headers from height %d do not lead to the mark that is known", first))
	case !linked && last.Certificate == nil && (len(run) >= longRun || bytes > f.limits.RunBytes && last.Header.Height > cert.MarkAfter(first)):
		return errLong
	case bytes > f.limits.RunBytes && len(run) > 1:
		return fmt.Errorf("%d bytes from height %d without a certificate: above the bound of memory", bytes, first)
	}
	return nil
}

// marked says whether a step is at a mark.
func (f *follower) marked(s *feed.Step) bool {
	_, found := f.marks.At(s.Header.Height)
	return found
}

// descend asks a peer for the links of a long run, down from its certificate, or from where another peer has left off, until the mark after the
// trust is known. Each answer is verified when it comes, and only its marks are kept.
func (f *follower) descend(ctx context.Context, peer string) error {
	asking, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w := newWatch(f.limits, f.trust.Height, f.proven)
	go w.run(asking, cancel)

	f.marks.Raise(f.trust)
	req := feed.LinksRequest{From: f.trust.Height + 1}
	if lowest, _, found := f.marks.Lowest(); found {
		req.To = lowest
	}
	err := f.peers.Links(asking, peer, req, func(raw []byte) error {
		w.busy()
		defer w.waiting()
		links, err := feed.DecodeLinks(raw)
		if err != nil {
			return blame(FaultMalformed, err)
		}
		w.received(len(raw))
		before := f.marks.Len()
		err = f.marks.Take(f.trust, links, 0)
		var conflict *cert.ErrConflict
		switch {
		case errors.As(err, &conflict):
			return err
		case err != nil:
			return blame(FaultInvalid, err)
		case f.marks.Len() == before:
			return blame(FaultInvalid, errors.New("links that bring nothing new"))
		}
		return nil
	})
	if cause := context.Cause(asking); cause != nil && ctx.Err() == nil {
		return cause
	}
	if err != nil {
		return err
	}
	if _, linked := f.marks.At(cert.MarkAfter(f.trust.Height + 1)); !linked {
		return errors.New("the peer ended the links before the trusted tip")
	}
	return nil
}

// backoff is the pause between attempts: it doubles up to a bound.
type backoff struct{ least, most, next time.Duration }

func newBackoff(l Limits) *backoff { return &backoff{l.BackoffMin, l.BackoffMax, l.BackoffMin} }

func (b *backoff) reset() { b.next = b.least }

// pause waits, or until ctx ends.
func (b *backoff) pause(ctx context.Context) {
	t := time.NewTimer(b.next)
	defer t.Stop()
	b.next = min(2*b.next, b.most)
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
