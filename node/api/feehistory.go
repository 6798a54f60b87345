package api

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/fee"
	"github.com/lockstep-network/lockstep/node/store"
)

const (
	maxFeeBlocks   = 1_024 // in one answer of seq_feeHistory
	maxTipBlocks   = 32    // with percentiles: each block is read for them
	maxPercentiles = 16
)

// FeeHistory is what seq_feeHistory answers, in the shape of eth_feeHistory: prices[i] are what the block at oldestHeight + i charges, one more of them
// than there are blocks, because the next block's are known.
type FeeHistory struct {
	OldestHeight  uint64     `json:"oldestHeight"`
	FeePerByte    []uint64   `json:"feePerByte"`     // wei: the sum of the three below
	LanePrice     []uint64   `json:"lanePrice"`      // wei per byte
	GlobalPrice   []uint64   `json:"globalPrice"`    // wei per byte
	DAPrice       []uint64   `json:"daPrice"`        // wei per byte
	UsedRatio     []float64  `json:"usedRatio"`      // of each block's capacity, 0 to 1
	LaneUsedRatio []float64  `json:"laneUsedRatio"`  // what the lane takes, by its share: may be above 1
	Tips          [][]uint64 `json:"tips,omitempty"` // for each block the percentiles of tips in the lane, by weight; wei per byte
}

// FeeHistory tells what a byte cost in a namespace over some blocks that end at the newest height, as far as they are remembered.
func (s *Service) FeeHistory(ctx context.Context, ns namespaces.Namespace, blocks uint64, newest Height, percentiles *[]int) (*FeeHistory, error) {
	to, err := s.resolve(newest)
	if err != nil {
		return nil, err
	}
	var marks []int
	most := uint64(maxFeeBlocks)
	if percentiles != nil && len(*percentiles) > 0 {
		marks, most = *percentiles, maxTipBlocks
	}
	if len(marks) > maxPercentiles || !slices.IsSorted(marks) || len(marks) > 0 && (marks[0] < 0 || marks[len(marks)-1] > 100) {
		return nil, fail(BadArgument, "want at most %d percentiles, ascending, 0 to 100", maxPercentiles)
	}
	if blocks == 0 || blocks > most {
		return nil, fail(BadRange, "%d blocks, want 1 to %d", blocks, most)
	}
	out, err := s.feeHistory(ctx, ns, min(blocks, to), to)
	if err != nil || marks == nil {
		return out, s.coded(ctx, err)
	}
	for h := out.OldestHeight; h <= to; h++ {
		tips, err := s.tips(ctx, ns, h, marks)
		if err != nil {
			return nil, s.coded(ctx, err)
		}
		out.Tips = append(out.Tips, tips)
	}
	return out, nil
}

// feeHistory goes down from the head, where the prices stand, to the block before the oldest.
func (s *Service) feeHistory(ctx context.Context, ns namespaces.Namespace, blocks, to uint64) (*FeeHistory, error) {
	head, before, err := s.walkBack(ctx, ns)
	if err != nil {
		return nil, err
	}
	if to > head {
		return nil, fail(NotYet, "the newest block is %d", head)
	}
	out := &FeeHistory{OldestHeight: to - blocks + 1}
	for h := head; ; h-- {
		fees, err := s.feesOf(h)
		if errors.Is(err, store.ErrNotFound) && h < to { // older ones are forgotten
			break
		}
		if err != nil {
			return nil, err
		}
		if prices := before(fees); h <= to {
			out.add(prices)
		}
		if h+1 == out.OldestHeight {
			break
		}
		if h <= to {
			out.use(ns, fees, s.rules)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	out.turn(to)
	return out, nil
}

// walkBack reads where the prices of a lane stand, at one head.
func (s *Service) walkBack(ctx context.Context, ns namespaces.Namespace) (uint64, func(ledger.Fees) fee.Prices, error) {
	for {
		parent := s.store.Ledger()
		prices, err := s.rules.Prices(parent.View)
		if err != nil {
			return 0, nil, err
		}
		before, err := prices.Before(ns)
		if err != nil {
			return 0, nil, err
		}
		if s.store.Head() == parent.Head.Height { // no block came in between
			return parent.Head.Height, before, nil
		}
		if err := ctx.Err(); err != nil {
			return 0, nil, err
		}
	}
}

// feesOf is what the store remembers of a height; genesis has not moved anything.
func (s *Service) feesOf(height uint64) (ledger.Fees, error) {
	if height == 0 {
		return ledger.Fees{DAPrice: s.genesis.Params.DAPrice}, nil
	}
	return s.store.Fees(height)
}

func (h *FeeHistory) add(p fee.Prices) {
	h.FeePerByte, h.LanePrice = append(h.FeePerByte, p.Sum()), append(h.LanePrice, p.Lane)
	h.GlobalPrice, h.DAPrice = append(h.GlobalPrice, p.Global), append(h.DAPrice, p.DA)
}

func (h *FeeHistory) use(ns namespaces.Namespace, f ledger.Fees, r ledger.Rules) {
	var lane uint64
	for _, l := range f.Lanes {
		if l.Namespace == ns {
			lane = l.Size
		}
	}
	h.UsedRatio = append(h.UsedRatio, float64(f.Size)/float64(r.Params().Capacity))
	h.LaneUsedRatio = append(h.LaneUsedRatio, float64(lane)/float64(r.Params().LaneShare))
}

// turn brings what was collected from the newest down into ascending order. The oldest known prices have no block of theirs before them.
func (h *FeeHistory) turn(newest uint64) {
	for _, list := range []*[]uint64{&h.FeePerByte, &h.LanePrice, &h.GlobalPrice, &h.DAPrice} {
		slices.Reverse(*list)
	}
	blocks := max(len(h.FeePerByte), 1) - 1
	h.UsedRatio, h.LaneUsedRatio = h.UsedRatio[:blocks], h.LaneUsedRatio[:blocks]
	slices.Reverse(h.UsedRatio)
	slices.Reverse(h.LaneUsedRatio)
	h.OldestHeight = newest + 1 - uint64(blocks)
}

// tips are the percentiles of what the transactions of a lane offer in a block, each counted by its weight.
func (s *Service) tips(ctx context.Context, ns namespaces.Namespace, height uint64, percentiles []int) ([]uint64, error) {
	c, err := s.lanes.Contents(ctx, height)
	if err != nil {
		return nil, err
	}
	type offer struct{ tip, weight uint64 }
	var offers []offer
	var total uint64
	for _, t := range c.Txs {
		if !t.Spans() && t.Namespace() == ns {
			offers = append(offers, offer{t.Tip(), t.Weight()})
			total += t.Weight()
		}
	}
	out := make([]uint64, len(percentiles))
	if len(offers) == 0 {
		return out, nil
	}
	slices.SortFunc(offers, func(a, b offer) int { return cmp.Compare(a.tip, b.tip) })
	i, below := 0, offers[0].weight
	for k, p := range percentiles {
		for below < total*uint64(p)/100 {
			i++
			below += offers[i].weight
		}
		out[k] = offers[i].tip
	}
	return out, nil
}
