package datest

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/namespaces"
)

// forkedLimit bounds a submission to a [Forked], in bytes.
const forkedLimit = 1 << 20

// Forked is a DA layer in memory without a clock, whose blocks above the final one can be replaced: each Submit makes a block.
type Forked struct {
	depth uint64

	mu     sync.Mutex // guards the fields below
	blocks []forkedBlock
	final  uint64
	made   uint64
}

type forkedBlock struct {
	blobs []da.Blob
	link  da.Link
}

var (
	_ da.Layer  = (*Forked)(nil)
	_ da.Linker = (*Forked)(nil)
)

// NewForked returns an empty layer whose blocks are final once so many stand above them.
func NewForked(depth uint64) *Forked { return &Forked{depth: depth} }

// add makes a block; the lock is held.
func (f *Forked) add(blobs []da.Blob) uint64 {
	f.made++
	b := forkedBlock{blobs: blobs}
	if n := len(f.blocks); n > 0 {
		b.link.Parent = f.blocks[n-1].link.Hash
	}
	b.link.Hash = crypto.Keccak256Hash(binary.BigEndian.AppendUint64(b.link.Parent.Bytes(), f.made))
	f.blocks = append(f.blocks, b)
	height := uint64(len(f.blocks))
	f.final = max(f.final, height-min(height, f.depth))
	return height
}

// Advance makes empty blocks.
func (f *Forked) Advance(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for range n {
		f.add(nil)
	}
}

// Reorg takes the newest blocks away, at most so many and none that is final, puts others in their place, and returns the blobs that were
// taken away, in their order.
func (f *Forked) Reorg(depth uint64, blocks ...[]da.Blob) (gone []da.Blob) {
	f.mu.Lock()
	defer f.mu.Unlock()
	height := uint64(len(f.blocks))
	keep := max(f.final, height-min(depth, height))
	for _, b := range f.blocks[keep:] {
		gone = append(gone, b.blobs...)
	}
	f.blocks = f.blocks[:keep]
	for _, b := range blocks {
		f.add(b)
	}
	return gone
}

// Height is the head's.
func (f *Forked) Height() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return uint64(len(f.blocks))
}

// Submit implements [da.Layer].
func (f *Forked) Submit(ctx context.Context, blobs []da.Blob) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("submit to forked DA: %w", err)
	}
	if err := da.Validate(blobs); err != nil {
		return 0, err
	}
	size := 0
	own := make([]da.Blob, len(blobs))
	for i, b := range blobs {
		size += len(b.Data)
		own[i] = da.Blob{Namespace: b.Namespace, Data: append([]byte(nil), b.Data...)}
	}
	if size > forkedLimit {
		return 0, fmt.Errorf("submit %d bytes to forked DA: %w", size, da.ErrTooLarge{Limit: forkedLimit})
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.add(own), nil
}

func (f *Forked) at(ctx context.Context, height uint64) (forkedBlock, error) {
	if err := ctx.Err(); err != nil {
		return forkedBlock{}, fmt.Errorf("read forked DA: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case height == 0:
		return forkedBlock{}, fmt.Errorf("read forked DA height 0: %w", da.ErrInvalid)
	case height > uint64(len(f.blocks)):
		return forkedBlock{}, fmt.Errorf("read forked DA height %d: %w", height, da.ErrNotYet)
	}
	return f.blocks[height-1], nil
}

// Read implements [da.Layer].
func (f *Forked) Read(ctx context.Context, height uint64, ns namespaces.Namespace) (out []da.Blob, err error) {
	b, err := f.at(ctx, height)
	for _, blob := range b.blobs {
		if blob.Namespace == ns {
			out = append(out, da.Blob{Namespace: ns, Data: append([]byte(nil), blob.Data...)})
		}
	}
	return out, err
}

// Time implements [da.Layer]: a second for each height.
func (f *Forked) Time(ctx context.Context, height uint64) (uint64, error) {
	_, err := f.at(ctx, height)
	return 1_700_000_000_000 + 1_000*height, err
}

// Link implements [da.Linker].
func (f *Forked) Link(ctx context.Context, height uint64) (da.Link, error) {
	b, err := f.at(ctx, height)
	return b.link, err
}

// Head implements [da.Layer].
func (f *Forked) Head(ctx context.Context) (da.Head, error) {
	if err := ctx.Err(); err != nil {
		return da.Head{}, fmt.Errorf("ask forked DA for its head: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	h := da.Head{Height: uint64(len(f.blocks)), Final: f.final}
	if h.Height > 0 {
		h.Hash = f.blocks[h.Height-1].link.Hash
	}
	h.Final = min(h.Final, h.Height)
	return h, nil
}
