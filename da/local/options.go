// Package local is the DA layer that needs nothing but a folder: for the devnet, for tests and for who wants to run without an outside layer.
//
//	Submit -> pending -> block at the next interval (one append, one fsync) -> answer; Read <- index <- segments
//
// One process opens the folder ([Open]) and serves it ([NewServer]); others reach it by [Dial]. Blocks stand in append-only segment files,
// which are the truth; the index beside them (Pebble) is a cache that is caught up from the segments at every start. A height without a blob
// leaves no record. [Faults] make the layer as bad as an outside one can be.
package local

import (
	"fmt"
	"log/slog"
	"time"
)

// Bounds of a layer.
const (
	maxBlockBytes     = 64 << 20 // upper end of Options.MaxBlock
	maxBlobsPerSubmit = 4096     // blobs of one Submit; also of the pending submissions that share a block, roughly
	maxPending        = 1024     // submissions that wait for a block
	pendingBlocks     = 4        // full blocks that may wait: pending data is at most this times MaxBlock
	markStep          = 1024     // empty heights that one record on disk stands for
)

// Options says how a layer behaves. The zero value of a field means its default.
type Options struct {
	Interval      time.Duration // between two blocks; negative: no clock, every Submit makes a block of its own at once. Default 1 s
	FinalityDepth uint64        // heights from Head.Height down to Head.Final. Default 0: final at once
	MaxBlock      int           // bytes of data in a block. Default 8 MiB, at most 64 MiB
	MaxBlob       int           // bytes of data in a blob, at most MaxBlock. Default MaxBlock
	SegmentBytes  int64         // size at which a new segment file is begun. Default 64 MiB
	Price         uint64        // wei per byte that Head tells. Default 0: it tells none
	Faults        Faults        // how it misbehaves from the start. Default: not at all
	Logger        *slog.Logger  // default slog.Default()
}

// ManualBlocks is the Interval of a layer without clock: each Submit makes a block, and [Layer.Advance] makes empty ones.
const ManualBlocks time.Duration = -1

func (o Options) withDefaults() (Options, error) {
	if o.Interval == 0 {
		o.Interval = time.Second
	}
	if o.MaxBlock == 0 {
		o.MaxBlock = 8 << 20
	}
	if o.MaxBlob == 0 {
		o.MaxBlob = o.MaxBlock
	}
	if o.SegmentBytes == 0 {
		o.SegmentBytes = 64 << 20
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.MaxBlock < 1 || o.MaxBlock > maxBlockBytes {
		return o, fmt.Errorf("local DA options: MaxBlock %d: want 1 to %d bytes", o.MaxBlock, maxBlockBytes)
	}
	if o.MaxBlob < 1 || o.MaxBlob > o.MaxBlock {
		return o, fmt.Errorf("local DA options: MaxBlob %d: want 1 to MaxBlock (%d bytes)", o.MaxBlob, o.MaxBlock)
	}
	if o.SegmentBytes < 0 {
		return o, fmt.Errorf("local DA options: SegmentBytes %d is negative", o.SegmentBytes)
	}
	return o, o.Faults.validate()
}

// Faults makes a layer misbehave, for tests. Probabilities are from 0 to 1 and drawn from a generator that Seed starts, so that a single
// caller sees the same misbehaviour again.
type Faults struct {
	Seed      uint64        // of the generator; set anew by each SetFaults
	Delay     time.Duration // before each Submit and Read does anything
	Drop      float64       // a Submit is not included and answers ErrUnavailable
	LoseReply float64       // a Submit is included and answers ErrUnavailable
	Duplicate float64       // a blob is stored twice in its block
	Reorder   float64       // the blobs of a block are stored in another order
	NoSubmit  bool          // outage: every Submit answers ErrUnavailable
	NoRead    bool          // outage: every Read, Seek and Head answers ErrUnavailable
}

func (f Faults) validate() error {
	for _, p := range []float64{f.Drop, f.LoseReply, f.Duplicate, f.Reorder} {
		if !(p >= 0 && p <= 1) {
			return fmt.Errorf("local DA faults: probability %v is not within 0 and 1", p)
		}
	}
	if f.Delay < 0 {
		return fmt.Errorf("local DA faults: delay %v is negative", f.Delay)
	}
	return nil
}
