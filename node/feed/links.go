package feed

import (
	"context"
	"fmt"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/p2p"
)

// linksAtOnce is how many headers one answer carries.
const linksAtOnce = 256

// LinksProtocol is how links are asked for: one [feed.LinksRequest], answered by a frame for each piece, downwards.
func LinksProtocol() p2p.Protocol {
	return p2p.Protocol{Name: feed.LinksPath, MaxRequest: feed.MaxRequestSize, MaxFrame: feed.MaxLinksSize, Timeout: frameTimeout}
}

// LinksLimits are the streams that are served at once: each reads headers as fast as its client takes them.
func LinksLimits() p2p.ServeLimits { return p2p.ServeLimits{PerPeer: 2, Total: 64} }

// Headers are what links are made of; a *store.Store has them.
type Headers interface {
	Anchor(from uint64) (uint64, error)
	Certificate(height uint64) (cert.Certificate, error)
	Headers(from, to uint64) ([]block.Header, error)
}

// ServeLinks answers one request for links from what headers has: it is a [p2p.Handler]. It holds one piece at a time.
func ServeLinks(headers Headers) p2p.Handler {
	return func(ctx context.Context, _ peer.ID, request []byte, respond func([]byte) error) error {
		r, err := feed.DecodeLinksRequest(request)
		if err != nil {
			return &p2p.Error{Code: p2p.CodeBadRequest, Text: err.Error()}
		}
		anchor, err := headers.Anchor(r.From)
		if err != nil {
			return coded(err)
		}
		top, end := anchor, cert.MarkAfter(r.From)
		fromMark := r.To != 0 && r.To <= anchor // a mark above may hang on a certificate that is not here: this one serves as well
		if fromMark {
			top = r.To
		}
		for more := true; more && ctx.Err() == nil; more = top > end {
			next := max(end, cert.MarkAfter(top-min(top, linksAtOnce)))
			if next >= top { // the certificate is below the first mark
				next = r.From - 1
			}
			l := cert.Links{}
			if l.Headers, err = headers.Headers(next+1, top); err != nil {
				return coded(err)
			}
			if l.Certificate = cert.Bare(l.Headers[len(l.Headers)-1]); !fromMark && top == anchor {
				if l.Certificate, err = headers.Certificate(top); err != nil {
					return coded(err)
				}
			}
			if err := respond(feed.EncodeLinks(l)); err != nil {
				return fmt.Errorf("send links: %w", err)
			}
			top = next
		}
		return ctx.Err()
	}
}
