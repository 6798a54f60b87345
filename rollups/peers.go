package rollups

import (
	"context"

	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/p2p"
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

// Peers is where soft blocks come from. [NewNetwork] makes one of a p2p host. Peers are named by strings that mean nothing here.
type Peers interface {
	// Candidates lists the peers that may serve the feed, best first.
	Candidates() []string
	// Follow asks a peer for steps and calls onStep for each encoded feed.Step, in order, waiting for it to return; its error ends the
	// stream and is returned, as is the end of ctx. Nil is the peer's orderly end.
	Follow(ctx context.Context, peer string, req feed.Request, onStep func(raw []byte) error) error
	// Links asks a peer for links and calls onLinks for each encoded answer, as Follow does.
	Links(ctx context.Context, peer string, req feed.LinksRequest, onLinks func(raw []byte) error) error
	// Charge tells the network what a peer has done. Never called with FaultNone.
	Charge(peer string, fault Fault)
}

// Announcements is the gossip of certified headers: what proves that a peer keeps something back.
type Announcements interface {
	// Listen calls judge for each announcement until ctx ends, from any goroutine. Its verdict decides whether the gossip is passed on.
	Listen(ctx context.Context, judge func(feed.Announcement) p2p.Verdict) error
}
