package rollups

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/p2p"
)

const (
	// maxStepFrame is p2p's own bound of a frame, and above what a lane of a full body takes (7 MiB and its entries' fields).
	maxStepFrame = feed.MaxStepSize
	// feedTimeout is above Limits.Silence: it is the follower who decides when a quiet feed is left, and whether anybody is to blame.
	feedTimeout = time.Minute
	// priceTimeout bounds each wait of a question for a price: the next one is asked soon.
	priceTimeout = 2 * time.Second
	// announcementQueue and announcementValidators: a height brings one announcement, from each peer once.
	announcementQueue      = 64
	announcementValidators = 4
	// refusedScore is the score below which a peer is not asked: two offences of content within a minute are 100 points.
	refusedScore = -40
)

// Network is [Peers] and [Announcements] on a p2p host.
type Network struct {
	host   *p2p.Host
	prefer []peer.ID
}

// NewNetwork follows on a host. prefer names the peers that are asked first, the operators for instance; others that are connected are asked
// when those do not answer.
func NewNetwork(host *p2p.Host, prefer []string) (*Network, error) {
	n := &Network{host: host}
	for _, text := range prefer {
		id, err := peer.Decode(text)
		if err != nil {
			return nil, fmt.Errorf("preferred peer %q: %w", text, err)
		}
		n.prefer = append(n.prefer, id)
	}
	// Followers that are given the same list spread over it.
	rand.Shuffle(len(n.prefer), func(i, k int) { n.prefer[i], n.prefer[k] = n.prefer[k], n.prefer[i] })
	return n, nil
}

// Candidates lists connected peers of good conduct, preferred ones first.
func (n *Network) Candidates() []string {
	connected := n.host.Peers()
	slices.Sort(connected)
	var list []string
	for _, id := range n.prefer {
		if slices.Contains(connected, id) && n.host.Score(id) > refusedScore {
			list = append(list, id.String())
		}
	}
	for _, id := range connected {
		if !slices.Contains(n.prefer, id) && n.host.Score(id) > refusedScore {
			list = append(list, id.String())
		}
	}
	return list
}

// Follow asks a peer for steps.
func (n *Network) Follow(ctx context.Context, to string, req feed.Request, onStep func(raw []byte) error) error {
	id, err := peer.Decode(to)
	if err != nil {
		return fmt.Errorf("follow %q: %w", to, err)
	}
	p := p2p.Protocol{Name: feed.Protocol, MaxRequest: feed.MaxRequestSize, MaxFrame: maxStepFrame, Timeout: feedTimeout}
	return n.host.Request(ctx, id, p, req.Encode(), onStep)
}

// Links asks a peer for links.
func (n *Network) Links(ctx context.Context, to string, req feed.LinksRequest, onLinks func(raw []byte) error) error {
	id, err := peer.Decode(to)
	if err != nil {
		return fmt.Errorf("ask %q for links: %w", to, err)
	}
	p := p2p.Protocol{Name: feed.LinksPath, MaxRequest: feed.MaxRequestSize, MaxFrame: feed.MaxLinksSize, Timeout: feedTimeout}
	return n.host.Request(ctx, id, p, req.Encode(), onLinks)
}

// Price asks a peer what a byte costs in a namespace. Nothing proves the answer.
func (n *Network) Price(ctx context.Context, of string, ns namespaces.Namespace) (price feed.Price, err error) {
	id, err := peer.Decode(of)
	if err != nil {
		return price, fmt.Errorf("ask %q for a price: %w", of, err)
	}
	p := p2p.Protocol{Name: feed.PriceProtocol, MaxRequest: feed.MaxPriceSize, MaxFrame: feed.MaxPriceSize, Timeout: priceTimeout}
	answered := false
	err = n.host.Request(ctx, id, p, feed.PriceRequest{Namespace: ns}.Encode(), func(raw []byte) (err error) {
		if price, err = feed.DecodePrice(raw); err != nil || answered {
			n.host.Penalize(id, p2p.OffenceMalformed, "price: not one answer")
			return errors.Join(err, errNoPrice)
		}
		answered = true
		return nil
	})
	if err == nil && !answered {
		err = errNoPrice
	}
	return price, err
}

// errNoPrice is what a peer's answer is that holds no price, or several.
var errNoPrice = errors.New("the peer's answer is not one price")

// Charge lets the host judge a peer.
func (n *Network) Charge(to string, fault Fault) {
	id, err := peer.Decode(to)
	if err != nil {
		return // never a name that Candidates gave
	}
	switch fault {
	case FaultSilent:
		n.host.Penalize(id, p2p.OffenceSlow, "feed: keeps certified blocks back")
	case FaultMalformed:
		n.host.Penalize(id, p2p.OffenceMalformed, "feed: malformed step")
	case FaultInvalid:
		n.host.Penalize(id, p2p.OffenceInvalid, "feed: step does not verify")
	case FaultNone:
	}
}

// Listen is in the topic of certified headers until ctx ends.
func (n *Network) Listen(ctx context.Context, judge func(feed.Announcement) p2p.Verdict) error {
	t, err := p2p.Join(n.host, feed.HeadersTopic, p2p.TopicConfig[feed.Announcement]{
		Decode: feed.DecodeAnnouncement,
		Validate: func(_ context.Context, _ peer.ID, a feed.Announcement) p2p.Verdict {
			return judge(a)
		},
		MaxMessage: feed.MaxAnnouncement,
		Queue:      announcementQueue,
		Validators: announcementValidators,
	})
	if err != nil {
		return err
	}
	defer t.Close()
	for {
		if _, err := t.Next(ctx); err != nil {
			return err
		}
	}
}
