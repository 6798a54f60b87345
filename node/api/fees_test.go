package api_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
)

// A lane floods for a while and is idle for a while, another one trickles: the history tells for both, from any height, what each block charged.
func TestFeeHistory(t *testing.T) {
	network := chaintest.New(t, 1, func(g *genesis.Genesis) {
		p := &g.Params
		p.Capacity, p.MaxSignatures, p.LaneShare, p.Damping = 10_000, 10, 2_000, 4
		p.LanePrice, p.GlobalPrice, p.DAPrice = 1_000, 100, 7
	})
	n := newNodeOn(t, network)
	ctx := t.Context()
	estimate := func(ns namespaces.Namespace) *api.Fee {
		return must[*api.Fee](t)(n.http.EstimateFee(ctx, api.FeeArgs{Namespaces: []namespaces.Namespace{ns}, Weight: 1}))
	}
	var salt uint64
	bid := func(ns namespaces.Namespace, tip uint64) tx.Verified {
		salt++
		v, err := tx.Sign(tx.Fields{
			ChainID: chaintest.ChainID, Salt: salt, Expiry: 500, MaxFeePerByte: 1 << 40, Tip: tip, Legs: []tx.Leg{chaintest.Leg(ns, "x")},
		}, n.Payers[0])
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	var a, b []uint64 // what a byte cost in the block at index + 1, and in the next
	for height := range uint64(40) {
		a, b = append(a, estimate(chaintest.Alpha).FeePerByte), append(b, estimate(chaintest.Beta).FeePerByte)
		var txs []tx.Verified
		if height%20 < 8 {
			for tip := range uint64(9) {
				txs = append(txs, bid(chaintest.Alpha, 10*tip))
			}
		}
		if height%3 == 0 {
			txs = append(txs, bid(chaintest.Beta, 1))
		}
		n.block(txs...)
	}
	a, b = append(a, estimate(chaintest.Alpha).FeePerByte), append(b, estimate(chaintest.Beta).FeePerByte)
	if slices.Max(a) < 2*slices.Min(a) || slices.Max(b) != slices.Min(b) {
		t.Fatalf("prices of the flood %v, of the other lane %v", a, b)
	}
	for _, c := range []struct{ blocks, newest uint64 }{{1, 1}, {5, 3}, {3, 12}, {40, 40}, {1024, 40}, {1, 40}, {7, 25}} {
		for ns, want := range map[namespaces.Namespace][]uint64{chaintest.Alpha: a, chaintest.Beta: b} {
			h := must[*api.FeeHistory](t)(n.http.FeeHistory(ctx, ns, c.blocks, api.HeightOf(c.newest)))
			oldest := c.newest - min(c.blocks, c.newest) + 1
			if h.OldestHeight != oldest || !slices.Equal(h.FeePerByte, want[oldest-1:c.newest+1]) {
				t.Fatalf("%d blocks up to %d: from %d %v, want from %d %v", c.blocks, c.newest, h.OldestHeight, h.FeePerByte, oldest, want[oldest-1:c.newest+1])
			}
			if blocks := len(h.FeePerByte) - 1; len(h.UsedRatio) != blocks || len(h.LaneUsedRatio) != blocks || h.Tips != nil {
				t.Fatalf("%d blocks with %d and %d ratios", blocks, len(h.UsedRatio), len(h.LaneUsedRatio))
			}
		}
	}
	h := must[*api.FeeHistory](t)(n.http.FeeHistory(ctx, chaintest.Alpha, 2, api.HeightOf(2), 0, 50, 100))
	if len(h.Tips) != 2 || !slices.Equal(h.Tips[0], []uint64{0, 40, 80}) || h.UsedRatio[0] != 1 || h.LaneUsedRatio[1] != 4.5 {
		t.Fatalf("tips %v, ratios %v and %v", h.Tips, h.UsedRatio, h.LaneUsedRatio)
	}
	if low, err := tx.Sign(tx.Fields{ChainID: chaintest.ChainID, Expiry: 500, MaxFeePerByte: b[0] - 1, Legs: []tx.Leg{chaintest.Leg(chaintest.Beta, "x")}}, n.Payers[0]); err != nil {
		t.Fatal(err)
	} else if _, err := n.http.SendTransaction(ctx, low); err == nil || !strings.Contains(err.Error(), "fee_too_low") {
		t.Errorf("a wei too low: %v", err)
	}
}
