package rollups

import (
	"context"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// Block is a shared block as derivation takes it: its header is certified, and Lane is all that it holds for this rollup, proven complete.
// Both sources make it, and nothing that is less.
type Block struct {
	Header block.Header
	Hash   common.Hash // of Header
	Lane   []byte      // empty: proven that the block has no lane for this rollup

	Trust *cert.Trust // what is trusted after it; nil where only the end of its run says so
	Run   *cert.Run   // the run that proves it; nil inside a run of which the source has not shown the end yet

	// Of a block from the DA layer; zero otherwise.
	DAHeight uint64 // where header, certificate and lane had all become readable
	Reach    uint64 // at the end of a run: the highest DAHeight up to here
	Cursor   []byte // where a reader goes on that has seen this block; opaque here

	Late bool // what is derived of it depends on DAHeight, and waits until that is final

	// Quiet, if not 0, says that this is no block: the one of the header's height, of which nothing else is set, is not readable at this DA height
	// or below. Only the DA layer's way has it.
	Quiet uint64
}

// size is what the block counts for in a bounded queue, in bytes.
func (b *Block) size() int { return len(b.Lane) + block.MaxHeaderSize }

// Firm is the DA layer, read: [FromDA] makes one of a da.Layer.
type Firm interface {
	// Open starts to read after a trusted tip. The cursor is the one of the last block taken from an earlier reader, nil for none.
	Open(ctx context.Context, after cert.Trust, cursor []byte) (FirmReader, error)
	// Final returns the newest DA height up to which what was read cannot be reorganised; it never goes back.
	Final(ctx context.Context) (uint64, error)
}

// FirmReader gives verified blocks in height order, without a gap.
type FirmReader interface {
	// Next waits until the next block is complete on the DA layer, or says that it is not yet ([Block.Quiet]). A *reader.Withdrawn says that blocks it
	// gave are not any more.
	Next(ctx context.Context) (Block, error)
	// Close releases the reader.
	Close() error
}
