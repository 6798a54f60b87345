package reader

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/namespaces"
)

// view is what was last seen of the layer.
type view struct {
	mu      sync.Mutex // guards the fields below
	head    da.Head
	trouble error
}

func (v *view) get() (da.Head, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.head, v.trouble
}

// setHead says whether more is final than before.
func (v *view) setHead(h da.Head) (settles bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	settles = h.Final > v.head.Final
	v.head = h
	return settles
}

func (v *view) setTrouble(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.trouble = err
}

// fetched is a DA height, or, without blobs, the last of some empty ones.
type fetched struct {
	height  uint64   // 0: none, but the layer's head is worth a look
	link    *da.Link // of the block that was read; nil if it could not be replaced
	headers []da.Blob
	lanes   [][]da.Blob // in step with the namespaces
	size    int         // bytes
}

type job struct {
	fetched
	err  error
	done chan struct{} // closed when the fields above are set
}

// fetcher reads DA heights ahead, many at once, and gives them in order.
type fetcher struct {
	cfg    Config
	view   *view
	linker da.Linker // nil if the layer's blocks cannot be replaced
	trail  *trail
	cancel context.CancelFunc
	wg     sync.WaitGroup
	jobs   chan *job     // in DA order; its capacity bounds the heights in flight
	room   chan struct{} // told when size has shrunk
	front  *job          // taken from jobs and awaited; owned by who calls next

	mu   sync.Mutex // guards size
	size int        // bytes read and not taken
}

func startFetch(cfg Config, v *view, t *trail, from uint64) *fetcher {
	ctx, cancel := context.WithCancel(context.Background())
	f := &fetcher{cfg: cfg, view: v, trail: t, cancel: cancel, jobs: make(chan *job, cfg.Limits.InFlight), room: make(chan struct{}, 1)}
	f.linker, _ = cfg.Layer.(da.Linker)
	f.wg.Go(func() { f.run(ctx, from) })
	return f
}

func (f *fetcher) close() {
	f.cancel()
	f.wg.Wait()
}

// next returns the next height. After an error of ctx it can be called again.
func (f *fetcher) next(ctx context.Context) (fetched, error) {
	if f.front == nil {
		select {
		case f.front = <-f.jobs:
		case <-ctx.Done():
			return fetched{}, ctx.Err()
		}
	}
	select {
	case <-f.front.done:
	case <-ctx.Done():
		return fetched{}, ctx.Err()
	}
	j := f.front
	f.front = nil
	f.mu.Lock()
	f.size -= j.size
	f.mu.Unlock()
	select {
	case f.room <- struct{}{}:
	default:
	}
	return j.fetched, j.err
}

// run dispatches heights until ctx ends.
func (f *fetcher) run(ctx context.Context, from uint64) {
	all := append([]namespaces.Namespace{namespaces.Headers()}, f.cfg.Namespaces...)
	for h := from; ctx.Err() == nil; {
		head, err := f.waitHead(ctx, h)
		if err != nil {
			return
		}
		for h <= head.Height && ctx.Err() == nil {
			linked := f.linker != nil && h > head.Final
			top, at := head.Height, h
			if f.linker != nil && !linked {
				top = head.Final
			}
			if !linked { // what may be replaced is read height by height, so that the chain of links has no gap
				err = f.retry(ctx, func() (err error) { at, err = da.Next(ctx, f.cfg.Layer, h, top, all); return err })
			}
			j := &job{fetched: fetched{height: min(at, top)}, err: err, done: make(chan struct{})}
			if f.waitRoom(ctx) != nil || f.put(ctx, j) != nil {
				return
			}
			switch {
			case err != nil: // gone for good: whoever takes the job hears it
				close(j.done)
				return
			case at > top:
				close(j.done)
			default:
				f.wg.Go(func() { f.read(ctx, j, linked) })
			}
			h = j.height + 1
		}
	}
}

func (f *fetcher) put(ctx context.Context, j *job) error {
	select {
	case f.jobs <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// waitHead returns the head once it is at h or above.
func (f *fetcher) waitHead(ctx context.Context, h uint64) (da.Head, error) {
	for {
		var head da.Head
		err := f.retry(ctx, func() (err error) { head, err = f.cfg.Layer.Head(ctx); return err })
		if err != nil {
			return da.Head{}, err
		}
		settles := f.view.setHead(head)
		if head.Height >= h {
			return head, nil
		}
		if f.linker != nil && (settles || f.trail.contradicts(head)) {
			j := &job{done: make(chan struct{})}
			close(j.done)
			if err := f.put(ctx, j); err != nil {
				return da.Head{}, err
			}
		}
		if head.Height+Window < h {
			f.view.setTrouble(fmt.Errorf("the DA head is %d, far below height %d that this reader has come to: is it another layer?", head.Height, h))
		}
		if err := pause(ctx, f.cfg.Limits.Poll); err != nil {
			return da.Head{}, err
		}
	}
}

func (f *fetcher) waitRoom(ctx context.Context) error {
	for {
		f.mu.Lock()
		full := f.size >= f.cfg.Limits.ReadBytes
		f.mu.Unlock()
		if !full {
			return nil
		}
		select {
		case <-f.room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// read reads a job's height; what may be replaced until no replacement came between.
func (f *fetcher) read(ctx context.Context, j *job, linked bool) {
	defer close(j.done)
	for {
		before, err := f.linkAt(ctx, j.height, linked)
		if j.err = err; err == nil {
			f.readOnce(ctx, j)
		}
		if j.err != nil || !linked {
			break
		}
		after, err := f.linkAt(ctx, j.height, linked)
		if j.err = err; err != nil || before == after {
			j.link = &after
			break
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.size += j.size
}

func (f *fetcher) readOnce(ctx context.Context, j *job) {
	j.headers, j.lanes, j.size = nil, nil, 0
	one := func(ns namespaces.Namespace) (blobs []da.Blob) {
		if j.err == nil {
			j.err = f.retry(ctx, func() (err error) { blobs, err = f.cfg.Layer.Read(ctx, j.height, ns); return err })
		}
		for _, b := range blobs {
			j.size += len(b.Data)
		}
		return blobs
	}
	j.headers = one(namespaces.Headers())
	for _, ns := range f.cfg.Namespaces {
		j.lanes = append(j.lanes, one(ns))
	}
}

func (f *fetcher) linkAt(ctx context.Context, height uint64, linked bool) (link da.Link, err error) {
	if linked {
		err = f.retry(ctx, func() (err error) { link, err = f.linker.Link(ctx, height); return err })
	}
	return link, err
}

// retry calls until it succeeds, ctx ends or the height is gone for good, with pauses that double.
func (f *fetcher) retry(ctx context.Context, call func() error) error {
	for wait := f.cfg.Limits.BackoffMin; ; wait = min(2*wait, f.cfg.Limits.BackoffMax) {
		err := call()
		if err == nil || errors.Is(err, da.ErrGone) {
			f.view.setTrouble(nil)
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		f.view.setTrouble(err)
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
