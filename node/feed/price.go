package feed

import (
	"context"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/p2p"
)

// priceTimeout bounds each wait of a question for a price, which is two reads of records in memory.
const priceTimeout = 2 * time.Second

// PriceProtocol is how prices are asked for: one [feed.PriceRequest], answered by one frame with a [feed.Price].
func PriceProtocol() p2p.Protocol {
	return p2p.Protocol{Name: feed.PriceProtocol, MaxRequest: feed.MaxPriceSize, MaxFrame: feed.MaxPriceSize, Timeout: priceTimeout}
}

// PriceLimits are the questions that are answered at once: a gateway asks twice a second.
func PriceLimits() p2p.ServeLimits { return p2p.ServeLimits{PerPeer: 2, Total: 64} }

// ServePrices answers what a byte costs after the newest block: it makes a [p2p.Handler].
func ServePrices(rules ledger.Rules, newest func() ledger.Parent) p2p.Handler {
	return func(_ context.Context, _ peer.ID, request []byte, respond func([]byte) error) error {
		r, err := feed.DecodePriceRequest(request)
		if err != nil {
			return &p2p.Error{Code: p2p.CodeBadRequest, Text: err.Error()}
		}
		price, err := priceIn(rules, newest(), r.Namespace)
		if err != nil {
			return err
		}
		return respond(price.Encode())
	}
}

func priceIn(rules ledger.Rules, parent ledger.Parent, ns namespaces.Namespace) (feed.Price, error) {
	prices, err := rules.Prices(parent.View)
	if err != nil {
		return feed.Price{}, err
	}
	now, err := prices.In(ns)
	if err != nil {
		return feed.Price{}, err
	}
	return feed.Price{Height: parent.Head.Height, FeePerByte: now.Sum()}, nil
}
