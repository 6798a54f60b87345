package ledger

import (
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger/fee"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

func viewKey(operator common.Address) state.Key { return state.NewKey(state.DAView, operator[:]) }

// daView keeps an operator's newest word on the DA layer (specs/10-fees.md, "Views of the DA layer").
func (x *run) daView(payer common.Address, a *action.DAView) error {
	by := func(o Power) bool { return o.Address == payer }
	i := slices.IndexFunc(x.owners, by)
	if i < 0 {
		i = slices.IndexFunc(x.consensus, by) // acts for its owner
	}
	if i < 0 {
		return tx.NewReject(NotOperator, "%s acts for no operator of the set", payer)
	}
	if a.PublishedHeight >= x.height {
		return tx.NewReject(BadHeight, "height %d cannot be published, this block is %d", a.PublishedHeight, x.height)
	}
	x.st.Set(viewKey(x.owners[i].Address), a)
	x.viewed = true
	return nil
}

// views takes the medians of what operators see, in a block that brings a view.
func (x *run) views() error {
	if !x.viewed {
		return nil
	}
	operators := x.owners
	heights, published, prices := make([]fee.View, 0, len(operators)), make([]fee.View, 0, len(operators)), make([]fee.View, 0, len(operators))
	var total uint64
	for _, o := range operators {
		total += o.Power
		v, found, err := state.Load[action.DAView](x.st, viewKey(o.Address))
		if err != nil {
			return fmt.Errorf("read view of %s: %w", o.Address, err)
		}
		if !found {
			continue
		}
		heights = append(heights, fee.View{Power: o.Power, Value: v.DAHeight})
		published = append(published, fee.View{Power: o.Power, Value: v.PublishedHeight})
		prices = append(prices, fee.View{Power: o.Power, Value: v.Price})
	}
	x.daHead, x.published = fee.Height(x.daHead, heights, total), fee.Height(x.published, published, total)
	m, err := loadMarket(x.st)
	if err != nil {
		return err
	}
	m.DAPrice = fee.DAPrice(m.DAPrice, m.DAStart, prices, total)
	x.st.Set(marketKey(), &m)
	return nil
}

// turn lets the DA price move on from where it is, if this block ends an epoch.
func (x *run) turn() error {
	if !x.outcome.Ended {
		return nil
	}
	m, err := loadMarket(x.st)
	if err != nil {
		return err
	}
	m.DAStart = m.DAPrice
	x.st.Set(marketKey(), &m)
	return nil
}
