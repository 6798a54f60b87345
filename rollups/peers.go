package rollups

import (
	"context"

	"github.com/lockstep-network/lockstep/namespaces/feed"
)

// Protocol names of chapter 02, below the network's prefix.
const (
	FeedProtocol = "feed/1"    // request: a feed.Request, response: one feed.Step a frame
	HeadersTopic = "headers/1" // gossip of feed.Announcement
)

// Fault is why a follower leaves a peer. The first is nobody's fault to punish; the others are charged to the peer.
type Fault int

// Faults of a peer, from the lightest to the gravest.
const (
	FaultNone      Fault = iota // it went away, was busy, or does not have the height
	FaultSilent                 // it keeps back what others prove to be there
	FaultMalformed              // bytes outside the feed's grammar
	FaultInvalid                // a forged certificate, a broken chain, a lane that its proof does not cover
)

// String names the fault as metrics and logs do.
func (f Fault) String() string {
	switch f {
	case FaultSilent:
		return "silent"
	case FaultMalformed:
		return "malformed"
	case FaultInvalid:
		return "invalid"
	default:
		return "none"
	}
}

// Peers is where soft blocks come from. [Network] makes one of a p2p host. Peers are named by strings that mean nothing here.
type Peers interface {
	// Candidates lists the peers that may serve the feed, best first.
	Candidates() []string
	// Follow asks a peer for steps. The stream ends with ctx.
	Follow(ctx context.Context, peer string, req feed.Request) (Stream, error)
	// Charge tells the network what a peer has done.
	Charge(peer string, fault Fault)
}

// Stream is a peer's answer: encoded feed.Steps in ascending order.
type Stream interface {
	// Next waits for the next step; io.EOF at the orderly end. It returns an error when the stream's context ends.
	Next() ([]byte, error)
	// Close releases the stream. It may be called twice.
	Close() error
}

// Announcements are gossiped proofs of how far the chain is: encoded feed.Announcements.
type Announcements interface {
	// Next waits for the next announcement.
	Next(ctx context.Context) (from string, raw []byte, err error)
}
