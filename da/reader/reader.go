// Package reader reads a DA layer and gives certified blocks with their lanes, in height order, to whoever derives from them.
//
//	da.Layer -> fetch (many heights in flight) -> machine (in DA order: fork choice, chunks, lanes to leaves) -> Next -> Block
//
// Only what the genesis, or another trusted tip, vouches for comes out. Anyone can write into the namespaces that are read, so all else is
// ignored, counted by reason, and costs bounded work and memory. Rules: specs/06-da-batches.md, "What counts".
package reader

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/batch"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// Config is what a reader needs.
type Config struct {
	Layer      da.Layer
	After      cert.Trust             // where to begin: the genesis, or the trust of the last block taken
	Namespaces []namespaces.Namespace // whose lanes to read; ascending; none to follow the headers alone
	Whole      bool                   // read the lanes of all namespaces: those that Namespaces lacks are added when a header names them
	// Known returns the contents of a height if they are at hand, nil if not. A lane that equals one of theirs needs no commitment computed. Nil: none are.
	Known  func(height uint64) *block.Contents
	Cursor []byte // of the last block taken from an earlier reader; nil to begin at From
	From   uint64 // DA height below which the network has written nothing; 1 if zero
	Limits Limits
	Log    *slog.Logger // slog.Default if nil
}

// Limits bound what a reader holds. Zero values take the defaults named here.
type Limits struct {
	InFlight   int           // DA heights that are read ahead at once; 16
	ReadBytes  int           // of blobs read and not looked at; 64 MiB. What is in flight may come on top
	HeldBlocks int           // certified blocks not taken yet; 4,096. One run may come on top
	HeldBytes  int           // of lanes and chunks that wait; 128 MiB. What is beyond is read again when its turn comes
	Poll       time.Duration // pause between two looks at a head that stands still; 200 ms
	BackoffMin time.Duration // first pause after an error of the layer; 100 ms
	BackoffMax time.Duration // last pause after an error of the layer; 10 s
}

func (l Limits) withDefaults() Limits {
	count := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	wait := func(v *time.Duration, d time.Duration) {
		if *v <= 0 {
			*v = d
		}
	}
	count(&l.InFlight, 16)
	count(&l.ReadBytes, 64<<20)
	count(&l.HeldBlocks, 4096)
	count(&l.HeldBytes, 128<<20)
	wait(&l.Poll, 200*time.Millisecond)
	wait(&l.BackoffMin, 100*time.Millisecond)
	wait(&l.BackoffMax, 10*time.Second)
	return l
}

// Block is a shared block that stands whole on the DA layer: its header certified, its lanes those that the header commits to.
type Block struct {
	Header      block.Header
	Hash        common.Hash
	Lanes       []block.Lane      // of the namespaces asked for, ascending; one that is missing is proven to be empty
	Trust       cert.Trust        // what is trusted after this block
	Certificate *cert.Certificate // at the last header of a batch, bare if that is a mark; nil inside it
	Next        []cert.Operator   // the operators that follow, if Header changes them
	Publisher   common.Address    // who published all of it; zero if nobody did, or several
	Bytes       uint64            // what it counts for on the DA layer, lanes that were not asked for left out
	DAHeight    uint64            // P(H): where header, certificate and all lanes asked for had become readable
	Reach       uint64            // the highest P of this block and those before it: when that DA height is final, so is the block
	Cursor      []byte            // for a later reader to go on after this block; opaque, a few bytes
}

// Lane returns the data of a namespace's lane; nil if the block has none.
func (b *Block) Lane(ns namespaces.Namespace) []byte {
	for _, l := range b.Lanes {
		if l.Namespace == ns {
			return l.Data
		}
	}
	return nil
}

// Reader follows a DA layer. Next is called by one goroutine; the other methods by any.
type Reader struct {
	cfg   Config
	codec *batch.Codec
	view  *view // of the layer
	fixed bool  // the layer's blocks are never replaced

	// Owned by the goroutine that calls Next.
	machine *machine
	fetch   *fetcher
	after   cert.Trust // of the last block given
	cursor  cursor     // where to begin after it
	warned  uint64     // shared height whose withheld lanes were logged
	failed  error      // critical, or *Withdrawn: returned for ever
	settled uint64     // DA height up to which nothing that was looked at can be replaced any more; of a Linker
	reach   uint64     // the highest P of the blocks given
	bases   []base     // ascending; the first one is settled, or where the reader began; of a Linker

	trail *trail // of the DA heights above settled

	mu     sync.Mutex // guards status
	status Status

	taking sync.Mutex // held while the machine's marks may change
}

// New returns a reader that begins to fetch at once. Close ends it.
func New(cfg Config) (*Reader, error) {
	if cfg.Layer == nil || cfg.After.ChainID == "" {
		return nil, errors.New("DA reader: no layer, or no chain to trust")
	}
	for i := 1; i < len(cfg.Namespaces); i++ {
		if cfg.Namespaces[i-1].Compare(cfg.Namespaces[i]) >= 0 {
			return nil, errors.New("DA reader: namespaces do not ascend")
		}
	}
	for _, ns := range cfg.Namespaces {
		if ns == namespaces.Headers() {
			return nil, fmt.Errorf("DA reader: %s has no lanes", ns)
		}
	}
	from, err := decodeCursor(cfg.Cursor)
	if err != nil {
		return nil, fmt.Errorf("DA reader: %w", err)
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	cfg.Limits = cfg.Limits.withDefaults()
	codec, err := batch.NewCodec()
	if err != nil {
		return nil, fmt.Errorf("DA reader: %w", err)
	}
	r := &Reader{cfg: cfg, codec: codec, view: new(view), trail: new(trail), after: cfg.After, cursor: from, reach: from.at}
	if _, links := cfg.Layer.(da.Linker); !links {
		r.fixed, r.reach = true, 0
	}
	r.bases = []base{{cfg.After, cfg.Cursor, from.at}}
	if from.at > 0 {
		r.trail.links = []step{{from.at, from.hash}}
	}
	r.cursor.headers = max(from.headers, cfg.From, 1)
	r.cursor.links = max(min(from.links, r.cursor.headers), 1)
	if cfg.Cursor == nil {
		r.cursor.links = r.cursor.headers
	}
	r.status = Status{Tip: r.after, Delivered: r.after.Height, Ignored: map[Reason]uint64{}}
	r.reset(nil)
	return r, nil
}

// reset begins anew after the last block given. What was read beyond it is read again. marks are those that need not be, nil for none.
func (r *Reader) reset(marks *cert.Marks) {
	if r.fetch != nil {
		r.fetch.close()
	}
	ignored := map[Reason]uint64{}
	if r.machine != nil {
		ignored = r.machine.ignored
	}
	start := r.cursor.headers - min(r.cursor.headers-1, 2*Window) // a lane before its header, and the first of its chunks before the last
	if marks == nil {
		marks = new(cert.Marks)
		start = min(start, r.cursor.links)
	}
	start = max(start, r.cfg.From)
	r.fetch = startFetch(r.cfg, r.view, r.trail, start)
	r.taking.Lock()
	defer r.taking.Unlock()
	r.machine = newMachine(r.cfg, r.codec, r.after, r.cursor, r.reread)
	r.machine.ignored, r.machine.marks = ignored, marks
}

// Next waits until the next block is whole on the DA layer. After an error of ctx it can be called again, and nothing is lost. Other errors
// stay: a [*Withdrawn]: another reader must go on; critical ones, a *cert.ErrConflict, with the evidence, or one that wraps [da.ErrGone]: another
// node of the layer must be asked.
func (r *Reader) Next(ctx context.Context) (Block, error) {
	for {
		b, quiet, err := r.Progress(ctx)
		if err != nil || quiet == 0 {
			return b, err
		}
	}
}

// Progress is Next that also returns when the layer's head was looked at in vain: quiet is then a DA height at or below which the next block is
// not readable, and will not be. It is 0 with a block.
func (r *Reader) Progress(ctx context.Context) (b Block, quiet uint64, err error) {
	for r.failed == nil {
		b, ok, err := r.step(ctx)
		r.report()
		var conflict *cert.ErrConflict
		var withdrawn *Withdrawn
		switch {
		case ok:
			return b, 0, nil
		case errors.As(err, &conflict), errors.Is(err, da.ErrGone), errors.As(err, &withdrawn):
			r.failed = err
		case ctx.Err() != nil:
			return Block{}, 0, ctx.Err()
		case err == nil:
			if quiet = r.quiet(); quiet > 0 {
				return Block{}, quiet, nil
			}
		default: // the layer was reorganised under the reader
			r.cfg.Log.WarnContext(ctx, "reading the DA layer anew", "error", err)
			if err := pause(ctx, r.cfg.Limits.BackoffMin); err != nil {
				return Block{}, 0, err
			}
		}
	}
	return Block{}, 0, r.failed
}

// quiet is the layer's head if that was looked at, and the next block is not whole there; else 0.
func (r *Reader) quiet() uint64 {
	m := r.machine
	head, _ := r.view.get()
	if m.scanned < head.Height || m.scanned < r.cursor.headers || m.resume.headers > 0 || len(m.queue) > 0 && m.queue[0].missing == 0 {
		return 0
	}
	return m.scanned
}

// step gives the next block, or looks at one more DA height.
func (r *Reader) step(ctx context.Context) (Block, bool, error) {
	b, ok, err := r.machine.pop(ctx)
	if ok {
		r.given(&b)
		return b, true, nil
	}
	if err == nil && r.machine.drained() {
		r.cursor = r.machine.cursor()
		r.reset(r.machine.marks.Before(r.cursor.headers))
	}
	if err == nil {
		var f fetched
		if f, err = r.fetch.next(ctx); err != nil {
			return Block{}, false, err
		}
		if err = r.linked(ctx, f); errors.Is(err, errReplaced) {
			return Block{}, false, r.unwind(ctx)
		}
		if err == nil && f.height > 0 {
			err = r.take(ctx, f)
		}
	}
	if err != nil {
		r.reset(nil) // what is half done is done anew
	}
	return Block{}, false, err
}

func (r *Reader) take(ctx context.Context, f fetched) error {
	r.taking.Lock()
	err := r.machine.take(ctx, f)
	r.taking.Unlock()
	if err == nil && len(r.machine.unread) > 0 {
		r.widen(r.machine.unread)
	}
	return err
}

// widen begins anew after the last block given, with more namespaces: lanes may stand before the header that names them.
func (r *Reader) widen(more []namespaces.Namespace) {
	all := slices.Concat(r.cfg.Namespaces, more)
	slices.SortFunc(all, namespaces.Namespace.Compare)
	r.cfg.Namespaces = slices.Compact(all)
	r.reset(nil)
}

// reread reads a DA height again, for what was not kept. It waits while the layer is out.
func (r *Reader) reread(ctx context.Context, height uint64, ns namespaces.Namespace) ([]da.Blob, error) {
	var blobs []da.Blob
	err := r.fetch.retry(ctx, func() (err error) {
		blobs, err = r.cfg.Layer.Read(ctx, height, ns)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read DA height %d again: %w", height, err)
	}
	return blobs, nil
}

// Marks are the marks that the links on the DA layer prove now, above the tip: a batch may end in one of them.
func (r *Reader) Marks() *cert.Marks {
	r.taking.Lock()
	defer r.taking.Unlock()
	return r.machine.marks.Clone()
}

// Close ends the reader's goroutines. Next must have returned.
func (r *Reader) Close() error {
	r.fetch.close()
	return nil
}
