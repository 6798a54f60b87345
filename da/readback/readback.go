// Package readback keeps one reader on a DA layer for all of a process that needs to know what stands there, whoever published it:
//
//	da.Layer -> da/reader -> Follower -> firm tip, who published what -> publisher, views, attestations, RPC
//
// It takes nothing on trust and keeps no blocks: a firm height says that its header is verified and that all its lanes were found. Where it
// has come to is kept in a file, so that a restart reads again no more than what the layer could still take back.
// Rules: specs/06-da-batches.md, "Who published" and "Publishing".
package readback

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/reader"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// Config is what a follower needs.
type Config struct {
	Dir        string // of the file; of this follower alone
	Layer      da.Layer
	Genesis    cert.Trust                   // what the chain begins with
	Namespaces []namespaces.Namespace       // whose lanes are read from the start, ascending; others are when a header names them
	From       uint64                       // DA height below which the network has written nothing; 1 if zero
	Known      func(uint64) *block.Contents // blocks at hand, see [reader.Config]; may be nil
	Limits     Limits
	Log        *slog.Logger // slog.Default if nil
}

// Limits are the follower's pauses. Zero values take the defaults named here.
type Limits struct {
	Poll       time.Duration // between two looks at a head that stands still; 100 ms
	BackoffMin time.Duration // first pause after an error of the layer; 200 ms
	BackoffMax time.Duration // last pause after an error of the layer; 30 s
	Save       time.Duration // least time between two writes of the file; 5 s
}

func (l Limits) withDefaults() Limits {
	wait := func(v *time.Duration, d time.Duration) {
		if *v <= 0 {
			*v = d
		}
	}
	wait(&l.Poll, 100*time.Millisecond)
	wait(&l.BackoffMin, 200*time.Millisecond)
	wait(&l.BackoffMax, 30*time.Second)
	wait(&l.Save, 5*time.Second)
	return l
}

// What is read back shares the node's memory, and is looked at once: heights at once, and bytes of blobs.
const (
	readAhead = 4
	readBytes = 32 << 20
)

// Tip is the newest block that stands whole on the DA layer, with all before it: its header verified, its lanes found.
type Tip struct {
	cert.Trust
	DAHeight uint64 // where it stands; 0 if that is not known
}

// mark is a block after which a reader can begin.
type mark struct {
	trust  cert.Trust
	cursor []byte
}

// Follower reads while Run runs. Its other methods may be called by any goroutine.
type Follower struct {
	cfg    Config
	failed chan struct{} // closed when err is set
	err    error         // what ended the reading for good

	mu     sync.Mutex     // guards the fields below
	reader *reader.Reader // nil while none reads
	cancel context.CancelFunc
	anew   bool // the reader that runs is to end, and another to begin at the genesis
	tip    Tip
	final  mark   // the newest known tip that the layer cannot take back, or an older one
	from   mark   // where the reader that runs began, or the next one will
	floor  uint64 // DA height that had been read when blocks were withdrawn
	next   Tip    // becomes final with its DA height; none if that is 0
	nextC  []byte
	seen   uint64 // DA height that was final when the file was written
	tally  tally
	read   []namespaces.Namespace // whose lanes are read from the start, ascending: those of the configuration, and those found since
}

// maxRead bounds the namespaces that are remembered beyond a restart; those beyond are found again.
const maxRead = 1 << 12

// errAnew says that the DA layer is not the one that was read before.
var errAnew = errors.New("begin at the genesis")

// Open reads the file. One that is damaged is passed over with a warning: the DA layer tells all of it again.
func Open(cfg Config) (*Follower, error) {
	if cfg.Dir == "" || cfg.Layer == nil || cfg.Genesis.ChainID == "" {
		return nil, errors.New("read the DA layer back: no folder, layer or chain")
	}
	cfg.Limits = cfg.Limits.withDefaults()
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	f := &Follower{cfg: cfg, failed: make(chan struct{})}
	f.begin()
	if err := f.load(); err != nil {
		return nil, fmt.Errorf("read the DA layer back: %w", err)
	}
	return f, nil
}

// begin forgets all that was read. The caller holds mu, or is alone.
func (f *Follower) begin() {
	f.anew, f.tip, f.final, f.next, f.nextC = false, Tip{Trust: f.cfg.Genesis}, mark{trust: f.cfg.Genesis}, Tip{}, nil
	f.seen, f.tally, f.from, f.floor, f.read = 0, tally{first: 1}, f.final, 0, f.cfg.Namespaces
}

// Run reads until ctx ends, whose error it returns. No trouble of the DA layer ends it. What does: a *cert.ErrConflict, because of two certified
// chains none must be called the published one; da.ErrGone, because who cannot read the layer from Config.From on cannot tell what is published.
func (f *Follower) Run(ctx context.Context) error {
	for {
		err := f.follow(ctx)
		var withdrawn *reader.Withdrawn
		switch {
		case errors.As(err, &withdrawn) && ctx.Err() == nil:
			f.withdraw(withdrawn)
			f.cfg.Log.WarnContext(ctx, "what was published is not on the DA layer any more", "error", err)
		case errors.Is(err, errAnew):
			f.mu.Lock()
			f.begin()
			f.mu.Unlock()
		case ctx.Err() != nil:
			return ctx.Err()
		default:
			f.err = fmt.Errorf("read the DA layer back: %w", err)
			close(f.failed)
			return f.err
		}
	}
}

// withdraw goes back to where the next reader begins.
func (f *Follower) withdraw(w *reader.Withdrawn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case w.Known && w.After.Height >= f.final.trust.Height:
		f.from = mark{w.After, w.Cursor}
	case f.from.trust.Height > f.final.trust.Height || w.Known:
		f.from = f.final
	default: // what was final is gone: it is another layer
		f.begin()
		return
	}
	if f.next.Height > f.from.trust.Height {
		f.next = Tip{}
	}
	f.tip = Tip{Trust: f.from.trust}
	f.tally.cut(f.from.trust.Height)
}

// follow runs one reader, from the final mark on, or from what stood when blocks were withdrawn.
func (f *Follower) follow(ctx context.Context) error {
	if err := f.sameLayer(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, err := f.start(cancel)
	if err != nil {
		return err
	}
	saved := time.Now()
	for {
		var b reader.Block
		if b, err = r.Next(ctx); err != nil {
			break
		}
		f.take(b)
		if time.Since(saved) > f.pause() {
			f.save()
			saved = time.Now()
		}
	}
	f.mu.Lock()
	f.floor = max(f.floor, r.Status().Scanned)
	f.reader, f.cancel = nil, nil
	anew := f.anew
	f.mu.Unlock()
	_ = r.Close() // never fails
	if anew {
		return errAnew
	}
	f.save()
	return err
}

// sameLayer waits for the layer's head. One that ends before what was read on it is another layer, or was reset.
func (f *Follower) sameLayer(ctx context.Context) error {
	warned := false
	for wait := f.cfg.Limits.BackoffMin; ; wait = min(2*wait, f.cfg.Limits.BackoffMax) {
		head, err := f.cfg.Layer.Head(ctx)
		if err == nil {
			return f.sameHead(ctx, head)
		}
		if !warned && ctx.Err() == nil {
			warned = true
			f.cfg.Log.WarnContext(ctx, "the DA layer does not tell its head; asking again", "error", err)
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		}
	}
}

func (f *Follower) sameHead(ctx context.Context, head da.Head) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if head.Height < f.seen {
		f.cfg.Log.WarnContext(ctx, "the DA layer ends before what was final on it; reading it from the beginning", "da_head", head.Height, "final", f.seen)
		return errAnew
	}
	return nil
}

func (f *Follower) start(cancel context.CancelFunc) (*reader.Reader, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.cfg.Limits
	r, err := reader.New(reader.Config{
		Layer: f.cfg.Layer, After: f.from.trust, Cursor: f.from.cursor, From: f.cfg.From, Namespaces: f.read, Whole: true,
		Known: f.cfg.Known, Log: f.cfg.Log,
		Limits: reader.Limits{
			InFlight: readAhead, ReadBytes: readBytes, HeldBytes: readBytes, Poll: l.Poll, BackoffMin: l.BackoffMin, BackoffMax: l.BackoffMax,
		},
	})
	if err != nil {
		return nil, err
	}
	f.reader, f.cancel, f.tip = r, cancel, Tip{Trust: f.from.trust}
	return r, nil
}

func (f *Follower) take(b reader.Block) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.anew {
		return
	}
	f.tip = Tip{b.Trust, b.DAHeight}
	f.tally.add(b.Header.Height, b.Publisher, b.Bytes)
	for _, l := range b.Lanes {
		f.remember(l.Namespace)
	}
	if f.next.DAHeight == 0 {
		f.next, f.nextC = Tip{b.Trust, b.Reach}, b.Cursor
	}
	f.settle(f.reader.Status().Settled)
}

// remember has a namespace's lanes read from the start next time: a reader that meets it in a header begins anew. The caller holds mu, or is alone.
func (f *Follower) remember(ns namespaces.Namespace) {
	i, there := slices.BinarySearchFunc(f.read, ns, namespaces.Namespace.Compare)
	if !there && len(f.read) < maxRead && ns != namespaces.Headers() {
		f.read = slices.Insert(slices.Clone(f.read), i, ns)
	}
}

// settle moves the final mark. The caller holds mu.
func (f *Follower) settle(final uint64) {
	if f.next.DAHeight > 0 && f.next.DAHeight <= final {
		f.final, f.next = mark{f.next.Trust, f.nextC}, Tip{}
	}
}

// Firm returns the tip, and the DA height up to which nothing more than the tip stands; 0 while that is not known.
func (f *Follower) Firm() (Tip, uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.reader == nil || f.anew {
		return f.tip, 0
	}
	s := f.reader.Status()
	f.settle(s.Settled)
	if s.Scanned < f.floor || s.Delivered > f.tip.Height || s.Tip.Height > s.Delivered && len(s.Withheld) == 0 { // whole and not taken yet
		return f.tip, 0
	}
	return f.tip, s.Scanned
}

// Marks are the marks that the links on the DA layer prove now.
func (f *Follower) Marks() *cert.Marks {
	f.mu.Lock()
	r := f.reader
	f.mu.Unlock()
	if r == nil {
		return new(cert.Marks)
	}
	return r.Marks()
}

// Anew makes the follower read the layer from the beginning: it is not the one that was read before.
func (f *Follower) Anew() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.reader == nil {
		f.begin()
		return
	}
	f.anew, f.tip = true, Tip{Trust: f.cfg.Genesis}
	f.cancel()
}

// Failed is closed when the reading has ended for good; Err then says why.
func (f *Follower) Failed() <-chan struct{} { return f.failed }

// Err is what ended the reading for good. It may be called once Failed is closed.
func (f *Follower) Err() error { return f.err }

// Runs tells who published the heights from first to last, and what they count for. Heights that are not known, or are forgotten, are nobody's.
func (f *Follower) Runs(first, last uint64) []Run {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tally.runs(first, last)
}

// Forget drops what is known of the heights up to one.
func (f *Follower) Forget(height uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tally.forget(height)
}
