// Package da is the seam between Lockstep and a data availability layer, and below it stand the parts that meet there:
//
//	shared blocks -> batch (bytes) -> publisher -> Layer -> reader -> verified headers and lanes, in height order
//
// A [Layer] is a place where anybody can write and everybody reads the same: numbered blocks that hold blobs under namespaces. Nothing read
// from it is trusted: the reader checks certificates, hashes and commitments, so a layer can withhold or delay, never deceive.
// The drivers (da/local, da/celestia, da/ethereum) pass the suite in da/datest; da/dial opens one by its URL.
package da

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces"
)

// Blob is what stands on a DA layer: opaque bytes under a namespace.
type Blob struct {
	Namespace namespaces.Namespace `json:"namespace"`
	Data      []byte               `json:"data"` // never empty
}

// Head tells how far a layer has come. Heights begin at 1; zero means none.
type Head struct {
	Height uint64      `json:"height"` // newest readable DA height
	Final  uint64      `json:"final"`  // newest height that cannot be reorganised, at most Height
	Hash   common.Hash `json:"hash"`   // names the layer's block at Height; zero where the layer has no such thing
	Price  uint64      `json:"price"`  // what a byte costs there now, in wei of the sequencer's ledger; 0: the layer does not tell
}

// Layer is a data availability layer. All methods may be called concurrently.
type Layer interface {
	// Submit writes all blobs, in their order, into one DA block and returns its height once they are included for good: a crash of the
	// layer after that loses nothing. A blob may stand more than once, and other blobs between them. After [ErrUnavailable] or an error of
	// ctx the outcome is unknown: the blobs may or may not be included, now or later. All other errors mean that nothing was included.
	Submit(ctx context.Context, blobs []Blob) (height uint64, err error)
	// Read returns the blobs of a height under a namespace, in DA order, none if there are none. Above the head it returns [ErrNotYet], for
	// a height that the layer has pruned [ErrGone]. The caller owns what it gets.
	Read(ctx context.Context, height uint64, ns namespaces.Namespace) ([]Blob, error)
	// Head returns the head, which never goes back in Final, and in Height only by a reorganisation.
	Head(ctx context.Context) (Head, error)
	// Time returns the time of the layer's block at a height, in unix milliseconds: the same whenever and by whomever it is asked. Fallback blocks
	// have it (specs/12-forced.md, "Time"). Above the head it returns [ErrNotYet].
	Time(ctx context.Context, height uint64) (uint64, error)
}

// Seeker is what a [Layer] may implement besides when it can pass over heights cheaply: a reader of a layer that makes ten empty heights a
// second need not ask for each. Seek is trusted as far as Read is: it can withhold, not deceive.
type Seeker interface {
	// Seek returns the lowest height from the given one on that holds a blob under one of the namespaces, at most [MaxSeek], or head+1 if none does.
	Seek(ctx context.Context, from uint64, ns []namespaces.Namespace) (uint64, error)
}

// MaxSeek bounds the namespaces of one Seek.
const MaxSeek = 256

// Linker is what a [Layer] implements whose blocks above Head.Final can be replaced. A reader of another layer relies on what it has read.
//
// Of a Linker a reader relies on this: a link's Hash commits to the block and, by Parent, to all before it; what Read returns between two
// equal links of a height is what that block holds; at and below Head.Final nothing changes. Head.Height may go back, by a reorganisation or
// because a node that lags answers, so a lower head alone tells nothing: only another hash at a height does.
type Linker interface {
	// Link names the block that stands at a height now. Above the head it returns [ErrNotYet].
	Link(ctx context.Context, height uint64) (Link, error)
}

// Link is a block's place in the layer's chain of blocks.
type Link struct {
	Hash   common.Hash // of the block
	Parent common.Hash // Hash of the block one height below
}

// Measure is what a [Layer] implements that charges for whole units: a publisher then fills them.
type Measure interface {
	// Units tells how many bytes of blobs, together with what the layer lays around each, fill one unit, how many units a submission takes at most, and
	// what is laid around: of the submission, and of each blob.
	Units() Units
}

// Units is a [Layer]'s measure. Sizes are in bytes.
type Units struct {
	Size    int // of a unit
	Most    int // units of a submission
	Frame   int // around a submission
	PerBlob int // around each blob
}

// Errors of a [Layer], to be told apart with errors.Is (and errors.As for [ErrTooLarge]).
var (
	// ErrNotYet: the height is above the head; ask again later.
	ErrNotYet = errors.New("DA height is not there yet")
	// ErrGone: the height was pruned; another node of the layer may still have it.
	ErrGone = errors.New("DA height is pruned")
	// ErrFeeTooLow: the layer wants a higher fee; submit again with one.
	ErrFeeTooLow = errors.New("DA fee is too low")
	// ErrUnavailable: the layer does not answer, or too late; retry with back-off. A Submit may have been included all the same.
	ErrUnavailable = errors.New("DA layer is unavailable")
	// ErrInvalid: the request is not one that any layer accepts; do not retry.
	ErrInvalid = errors.New("DA request is invalid")
)

// ErrTooLarge says that a submission, or one blob of it, is beyond a limit of the layer: split it. As a target of errors.Is it stands for
// every limit.
type ErrTooLarge struct {
	Limit int // bytes of data that a submission (or, if lower, one blob) may have
}

// Error implements error.
func (e ErrTooLarge) Error() string {
	return fmt.Sprintf("DA submission is too large: at most %d bytes", e.Limit)
}

// Is makes every ErrTooLarge match every other.
func (e ErrTooLarge) Is(target error) bool {
	_, ok := target.(ErrTooLarge)
	return ok
}

// Validate checks what no layer accepts: no blob, an empty blob, a namespace that is the DA layer's own. The error wraps [ErrInvalid].
func Validate(blobs []Blob) error {
	if len(blobs) == 0 {
		return fmt.Errorf("submit to DA: no blob: %w", ErrInvalid)
	}
	for i, b := range blobs {
		if len(b.Data) == 0 {
			return fmt.Errorf("submit to DA: blob %d is empty: %w", i, ErrInvalid)
		}
		if err := b.Namespace.Share().ValidateForBlob(); err != nil {
			return fmt.Errorf("submit to DA: blob %d: %w: %w", i, err, ErrInvalid)
		}
	}
	return nil
}

// Next returns the lowest height in [from, to] that may hold a blob under one of the namespaces, or to+1. A layer that is no [Seeker] has to
// be read height by height: from is returned.
func Next(ctx context.Context, l Layer, from, to uint64, ns []namespaces.Namespace) (uint64, error) {
	s, ok := l.(Seeker)
	if !ok || from > to {
		return from, nil
	}
	lowest := to + 1
	for some := range slices.Chunk(ns, MaxSeek) {
		h, err := s.Seek(ctx, from, some)
		if err != nil {
			return 0, fmt.Errorf("seek from DA height %d: %w", from, err)
		}
		lowest = min(lowest, max(h, from))
	}
	return lowest, nil
}
