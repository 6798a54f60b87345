package local

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/namespaces"
)

// errClosed is what a closed layer answers.
var errClosed = fmt.Errorf("local DA layer is closed: %w", da.ErrUnavailable)

// Layer is a [da.Layer] in a folder. The order of its effects: append a block and sync it, index it, move the head, answer the submitters. A
// crash in between leaves a block that nobody was told of, which the submitters find by reading or write once more.
type Layer struct {
	dir   string
	opts  Options
	index *index
	stop  context.CancelFunc
	done  sync.WaitGroup
	files sync.RWMutex // held shared by who reads, and by Close while it closes the files

	sealing sync.Mutex // held while a block is made; guards the three fields below
	log     *segments
	marked  uint64 // heights up to this one may be shown
	broken  error  // an append failed: what is on disk is unknown until the folder is opened anew

	mu      sync.Mutex // guards the fields below
	pending []*submission
	bytes   int // of data in pending
	head    uint64
	hash    common.Hash // of the block at head; zero until this process has made one
	faults  *dice
	closed  bool
}

type submission struct {
	blobs  []da.Blob
	bytes  int
	height uint64
	err    error
	done   chan struct{} // closed when height and err are set
}

var (
	_ da.Layer  = (*Layer)(nil)
	_ da.Seeker = (*Layer)(nil)
)

// Open opens or creates the layer in dir; one process at a time can. A torn tail of the last segment is cut off; a damaged record before the
// tail is an error.
func Open(dir string, opts Options) (*Layer, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "segments"), 0o700); err != nil {
		return nil, fmt.Errorf("open local DA layer: %w", err)
	}
	l := &Layer{dir: dir, opts: opts, faults: newDice(opts.Faults)}
	if err := l.recover(); err != nil {
		return nil, fmt.Errorf("open local DA layer %s: %w", dir, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	l.stop = stop
	if opts.Interval > 0 {
		l.done.Go(func() { l.run(ctx) })
	}
	return l, nil
}

func (l *Layer) segmentDir() string { return filepath.Join(l.dir, "segments") }

// recover catches the index up with the segments and takes the height from the last record.
func (l *Layer) recover() error {
	dir := filepath.Join(l.dir, "index")
	x, err := openIndex(dir)
	if err != nil {
		return err
	}
	c, err := x.cursor()
	if err != nil {
		return errors.Join(err, x.close())
	}
	if !l.holds(c.next) {
		l.opts.Logger.Warn("DA index does not belong to the segments, building it anew", "dir", l.dir)
		if err := errors.Join(x.close(), os.RemoveAll(dir)); err != nil {
			return err
		}
		if x, err = openIndex(dir); err != nil {
			return err
		}
		c = cursor{}
	}
	l.index, l.head = x, c.height
	l.log, err = openSegments(l.segmentDir(), l.opts.SegmentBytes, c.next, func(at place, r record) error {
		l.head = r.resume(l.head)
		return x.add(at, r, l.head)
	})
	if err != nil {
		return errors.Join(err, x.close())
	}
	l.marked = l.head
	return nil
}

// holds says whether the segments reach up to a place.
func (l *Layer) holds(p place) bool {
	if p.segment == 0 {
		return true
	}
	info, err := os.Stat(segmentPath(l.segmentDir(), p.segment))
	return err == nil && uint64(info.Size()) >= p.offset
}

// Close makes no further block, lets what waits for one end with [da.ErrUnavailable] and closes the files.
func (l *Layer) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	waiting := l.pending
	l.pending, l.bytes = nil, 0
	l.mu.Unlock()
	l.stop()
	l.done.Wait()
	finish(waiting, 0, errClosed)
	l.sealing.Lock()
	defer l.sealing.Unlock()
	var err error
	if l.broken == nil && l.marked != l.Height() {
		err = l.write(record{kind: kindMark, height: l.Height(), timeMS: now()})
	}
	l.broken = errClosed
	l.files.Lock()
	defer l.files.Unlock()
	return errors.Join(err, l.log.close(), l.index.close())
}

// SetFaults changes how the layer misbehaves from now on.
func (l *Layer) SetFaults(f Faults) error {
	if err := f.validate(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = newDice(f)
	return nil
}

// Height returns the newest height, without faults.
func (l *Layer) Height() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head
}

// Advance makes one block of what is pending, also an empty one, as the clock does.
func (l *Layer) Advance() error { return l.seal() }

func (l *Layer) run(ctx context.Context) {
	tick := time.NewTicker(l.opts.Interval)
	defer tick.Stop()
	for failed := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := l.seal(); err != nil && !failed {
			failed = true
			l.opts.Logger.ErrorContext(ctx, "local DA layer makes no blocks any more; free disk space, then start it again", "error", err)
		}
	}
}

// Submit implements [da.Layer].
func (l *Layer) Submit(ctx context.Context, blobs []da.Blob) (uint64, error) {
	if err := da.Validate(blobs); err != nil {
		return 0, err
	}
	size := 0
	for _, b := range blobs {
		if len(b.Data) > l.opts.MaxBlob {
			return 0, fmt.Errorf("submit to local DA: blob of %d bytes: %w", len(b.Data), da.ErrTooLarge{Limit: l.opts.MaxBlob})
		}
		size += len(b.Data)
	}
	if size > l.opts.MaxBlock {
		return 0, fmt.Errorf("submit to local DA: %d bytes: %w", size, da.ErrTooLarge{Limit: l.opts.MaxBlock})
	}
	if len(blobs) > maxBlobsPerSubmit {
		return 0, fmt.Errorf("submit to local DA: %d blobs: %w", len(blobs), da.ErrTooLarge{Limit: size / 2})
	}
	lose, err := l.beforeSubmit(ctx)
	if err != nil {
		return 0, err
	}
	s := &submission{blobs: blobs, bytes: size, done: make(chan struct{})}
	if err := l.enqueue(s); err != nil {
		return 0, err
	}
	if l.opts.Interval < 0 {
		_ = l.seal() // the submission carries the error
	}
	select {
	case <-s.done:
	case <-ctx.Done():
		return 0, fmt.Errorf("submit to local DA, outcome unknown: %w", ctx.Err())
	}
	if s.err == nil && lose {
		return 0, fmt.Errorf("submit to local DA, reply lost by a fault: %w", da.ErrUnavailable)
	}
	return s.height, s.err
}

func (l *Layer) enqueue(s *submission) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errClosed
	}
	if len(l.pending) >= maxPending || l.bytes+s.bytes > pendingBlocks*l.opts.MaxBlock {
		return fmt.Errorf("submit to local DA: %d submissions of %d bytes wait already: %w", len(l.pending), l.bytes, da.ErrUnavailable)
	}
	l.pending = append(l.pending, s)
	l.bytes += s.bytes
	return nil
}

// take removes from pending what fits into one block, in order.
func (l *Layer) take() (taken []*submission, blobs []da.Blob) {
	l.mu.Lock()
	defer l.mu.Unlock()
	size, n := 0, 0
	for ; n < len(l.pending); n++ {
		s := l.pending[n]
		if n > 0 && (size+s.bytes > l.opts.MaxBlock || len(blobs)+len(s.blobs) > maxBlobsPerSubmit) {
			break
		}
		size += s.bytes
		blobs = append(blobs, s.blobs...)
	}
	taken = l.pending[:n:n]
	l.pending = append([]*submission(nil), l.pending[n:]...)
	l.bytes -= size
	return taken, l.faults.disturb(blobs)
}

// seal makes the next block.
func (l *Layer) seal() error {
	l.sealing.Lock()
	defer l.sealing.Unlock()
	taken, blobs := l.take()
	height := l.Height() + 1
	err := l.broken
	switch {
	case err != nil:
		err = fmt.Errorf("%w: %w", err, da.ErrUnavailable)
	case len(blobs) > 0:
		err = l.write(record{kind: kindBlock, height: height, timeMS: now(), blobs: blobs})
	case height > l.marked:
		err = l.write(record{kind: kindMark, height: height + markStep - 1, timeMS: now()})
	}
	if err == nil {
		hash := hashOf(height, blobs)
		l.mu.Lock()
		l.head, l.hash = height, hash
		l.mu.Unlock()
	}
	finish(taken, height, err)
	return err
}

// write appends, syncs and indexes a record. The caller holds sealing.
func (l *Layer) write(r record) error {
	at, err := l.log.append(r)
	if err == nil {
		err = l.index.add(at, r, r.resume(l.marked))
	}
	if err != nil {
		l.broken = err
		return fmt.Errorf("%w: %w", err, da.ErrUnavailable)
	}
	l.marked = r.resume(l.marked)
	return nil
}

func finish(taken []*submission, height uint64, err error) {
	for _, s := range taken {
		s.height, s.err = height, err
		if err != nil {
			s.height = 0
		}
		close(s.done)
	}
}

// Read implements [da.Layer].
func (l *Layer) Read(ctx context.Context, height uint64, ns namespaces.Namespace) ([]da.Blob, error) {
	if err := l.beforeRead(ctx); err != nil {
		return nil, err
	}
	defer l.files.RUnlock()
	if height == 0 {
		return nil, fmt.Errorf("read local DA height 0: heights begin at 1: %w", da.ErrInvalid)
	}
	if head := l.Height(); height > head {
		return nil, fmt.Errorf("read local DA height %d, head is %d: %w", height, head, da.ErrNotYet)
	}
	entries, err := l.index.find(height, ns)
	if err != nil {
		return nil, err
	}
	return load(l.segmentDir(), ns, entries)
}

// Seek implements [da.Seeker].
func (l *Layer) Seek(ctx context.Context, from uint64, ns []namespaces.Namespace) (uint64, error) {
	if err := l.beforeRead(ctx); err != nil {
		return 0, err
	}
	defer l.files.RUnlock()
	head := l.Height()
	lowest := head + 1
	for _, n := range ns {
		h, ok, err := l.index.seek(from, n)
		if err != nil {
			return 0, err
		}
		if ok {
			lowest = min(lowest, h)
		}
	}
	return lowest, nil
}

// Head implements [da.Layer].
func (l *Layer) Head(ctx context.Context) (da.Head, error) {
	if err := l.beforeRead(ctx); err != nil {
		return da.Head{}, err
	}
	defer l.files.RUnlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	return da.Head{Height: l.head, Final: l.head - min(l.head, l.opts.FinalityDepth), Hash: l.hash, Price: l.opts.Price}, nil
}

// Time implements [da.Layer]: empty blocks are not on disk, so it is the time of the newest block with blobs that is not above the height; 0 if
// there is none.
func (l *Layer) Time(ctx context.Context, height uint64) (uint64, error) {
	if err := l.beforeRead(ctx); err != nil {
		return 0, err
	}
	defer l.files.RUnlock()
	if height == 0 {
		return 0, fmt.Errorf("time of local DA height 0: heights begin at 1: %w", da.ErrInvalid)
	}
	if head := l.Height(); height > head {
		return 0, fmt.Errorf("time of local DA height %d, head is %d: %w", height, head, da.ErrNotYet)
	}
	return l.index.time(height)
}

func now() uint64 { return uint64(time.Now().UnixMilli()) }

// hashOf names a block: keccak256 of its height and, for each blob, namespace and keccak256 of the data.
func hashOf(height uint64, blobs []da.Blob) common.Hash {
	raw := binary.BigEndian.AppendUint64(nil, height)
	for _, b := range blobs {
		raw = append(append(raw, b.Namespace[:]...), crypto.Keccak256(b.Data)...)
	}
	return crypto.Keccak256Hash(raw)
}
