package rollups

import (
	"sync/atomic"

	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/p2p"
)

// prover judges gossiped announcements and remembers the newest height that one of them proves. Verdicts, in order:
//
//	[IGNORE] height not above the newest proven, and its header the one that is known there, or none known
//	[REJECT] another chain's header
//	[IGNORE] operators other than those trusted now: a change that is not derived yet, or a set of the past
//	[REJECT] a certificate that those operators did not sign
//	[IGNORE] a header that contradicts what is known: it goes to the derivation, as evidence
//	[ACCEPT] all others
type prover struct {
	chainID string
	trust   func() cert.Trust                // soft's
	known   func(height uint64) (past, bool) // what is derived at a height
	clash   func(*cert.Run)                  // told of a certified header that contradicts; must not block
	height  atomic.Uint64                    // newest proven
}

func (p *prover) judge(a feed.Announcement) p2p.Verdict {
	h := a.Header
	known, found := p.known(h.Height)
	differs := found && known.Hash != a.Certificate.HeaderHash
	if h.Height <= p.height.Load() && !differs {
		return p2p.Ignore
	}
	if h.ChainID != p.chainID {
		return p2p.Reject
	}
	trust := p.trust()
	if h.OperatorsHash != trust.Set.Hash() {
		return p2p.Ignore
	}
	if err := a.Certificate.Verify(p.chainID, trust.Set); err != nil {
		return p2p.Reject
	}
	if differs {
		run := &cert.Run{Certificate: a.Certificate}
		run.Headers = append(run.Headers, h)
		p.clash(run)
		return p2p.Ignore
	}
	p.proves(h.Height)
	return p2p.Accept
}

// proves notes a height that exists.
func (p *prover) proves(height uint64) {
	for {
		old := p.height.Load()
		if height <= old || p.height.CompareAndSwap(old, height) {
			return
		}
	}
}
