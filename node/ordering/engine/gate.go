package engine

import (
	"context"
	"strings"

	abci "github.com/cometbft/cometbft/abci/types"
)

// gate answers CometBFT's question whether a peer may link: only who is on the roster may. All other calls go to the application.
type gate struct {
	abci.Application

	roster *roster
}

// codeStranger refuses a link; any code but 0 does.
const codeStranger = 1

// Query implements abci.Application. Addresses pass: an operator is known by its key.
func (g gate) Query(ctx context.Context, req *abci.RequestQuery) (*abci.ResponseQuery, error) {
	if id, ok := strings.CutPrefix(req.Path, "/p2p/filter/id/"); ok {
		if !g.roster.admits(id) {
			return &abci.ResponseQuery{Code: codeStranger, Log: "not an operator of this chain"}, nil
		}
		return &abci.ResponseQuery{}, nil
	}
	if strings.HasPrefix(req.Path, "/p2p/filter/addr/") {
		return &abci.ResponseQuery{}, nil
	}
	return g.Application.Query(ctx, req)
}
