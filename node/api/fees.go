package api

import (
	"context"

	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/fee"
)

// EstimateFee tells what a transaction is charged in the next block: exactly that if its legs are in one namespace, at most that if in several.
func (s *Service) EstimateFee(ctx context.Context, args FeeArgs) (*Fee, error) {
	weight, err := args.weight()
	if err != nil {
		return nil, fail(BadArgument, "%v", err)
	}
	if len(args.Namespaces) > tx.MaxBundleLegs {
		return nil, fail(BadArgument, "%d namespaces, at most %d", len(args.Namespaces), tx.MaxBundleLegs)
	}
	out := &Fee{Weight: weight}
	prices, err := s.prices(ctx, args.Namespaces, &out.Height)
	if err != nil {
		return nil, err
	}
	out.LanePrice, out.GlobalPrice, out.DAPrice, out.FeePerByte = prices.Lane, prices.Global, prices.DA, prices.Sum()
	out.MaxFeePerByte = fee.Margin(out.FeePerByte)
	out.Fee = uint256.NewInt(out.FeePerByte)
	out.Fee.Add(out.Fee, uint256.NewInt(uint64(args.Tip)))
	out.Fee.Mul(out.Fee, uint256.NewInt(weight))
	return out, nil
}

// prices reads the highest prices among the namespaces at the head, and its height. Without namespaces they are those of one that no block
// has touched: the zero namespace, which nobody can register.
func (s *Service) prices(ctx context.Context, names []namespaces.Namespace, height *uint64) (most fee.Prices, err error) {
	if len(names) == 0 {
		names = []namespaces.Namespace{{}}
	}
	for {
		parent := s.store.Ledger()
		if most, err = highest(s.rules, parent, names); err != nil {
			return most, s.coded(ctx, err)
		}
		if *height = parent.Head.Height; s.store.Head() == *height { // no block came in between
			return most, nil
		}
		if err := ctx.Err(); err != nil {
			return most, s.coded(ctx, err)
		}
	}
}

func highest(r ledger.Rules, parent ledger.Parent, names []namespaces.Namespace) (most fee.Prices, err error) {
	prices, err := r.Prices(parent.View)
	if err != nil {
		return most, err
	}
	for _, ns := range names {
		p, err := prices.In(ns)
		if err != nil {
			return most, err
		}
		if p.Lane >= most.Lane {
			most = p
		}
	}
	return most, nil
}
