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

func (v *view) setHead(h da.Head) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.head = h
}

func (v *view) setTrouble(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.trouble = err
}

// fetched is a DA height, or, without blobs, the last of some empty ones.
type fetched struct {
	height  uint64
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
	cancel context.CancelFunc
	wg     sync.WaitGroup
	jobs   chan *job     // in DA order; its capacity bounds the heights in flight
	room   chan struct{} // told when size has shrunk
	front  *job          // taken from jobs and awaited; owned by who calls next

	mu   sync.Mutex // guards size
	size int        // bytes read and not taken
}

func startFetch(cfg Config, v *view, from uint64) *fetcher {
	ctx, cancel := context.WithCancel(context.Background())
	f := &fetcher{cfg: cfg, view: v, cancel: cancel, jobs: make(chan *job, cfg.Limits.InFlight), room: make(chan struct{}, 1)}
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
		for h <= head && ctx.Err() == nil {
			var at uint64
			err := f.retry(ctx, func() (err error) { at, err = da.Next(ctx, f.cfg.Layer, h, head, all); return err })
			j := &job{fetched: fetched{height: min(at, head)}, err: err, done: make(chan struct{})}
			if f.waitRoom(ctx) != nil {
				return
			}
			select {
			case f.jobs <- j:
			case <-ctx.Done():
				return
			}
			switch {
			case err != nil: // gone for good: whoever takes the job hears it
				close(j.done)
				return
			case at > head:
				close(j.done)
			default:
				f.wg.Go(func() { f.read(ctx, j) })
			}
			h = j.height + 1
		}
	}
}

// waitHead returns the head once it is at h or above.
func (f *fetcher) waitHead(ctx context.Context, h uint64) (uint64, error) {
	for {
		var head da.Head
		err := f.retry(ctx, func() (err error) { head, err = f.cfg.Layer.Head(ctx); return err })
		if err != nil {
			return 0, err
		}
		f.view.setHead(head)
		if head.Height >= h {
			return head.Height, nil
		}
		if head.Height+Window < h {
			f.view.setTrouble(fmt.Errorf("the DA head is %d, far below height %d that this reader has come to: is it another layer?", head.Height, h))
		}
		if err := pause(ctx, f.cfg.Limits.Poll); err != nil {
			return 0, err
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

func (f *fetcher) read(ctx context.Context, j *job) {
	defer close(j.done)
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
	f.mu.Lock()
	defer f.mu.Unlock()
	f.size += j.size
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
