package ledger

import (
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// accounts are the balances that a block's work on the stake sees.
type accounts struct{ st *state.State }

// Balance implements [stake.Accounts].
func (a accounts) Balance(of common.Address) (uint256.Int, error) { return Balance(a.st, of) }

// SetBalance implements [stake.Accounts].
func (a accounts) SetBalance(of common.Address, v *uint256.Int) { SetBalance(a.st, of, v) }

// found writes the operators of the genesis.
func found(st *state.State, g *genesis.Genesis) error {
	founders := make([]stake.Founder, len(g.Operators))
	for i, o := range g.Operators {
		founders[i] = stake.Founder{Address: o.Address, Key: o.PublicKey, Power: o.Power, Node: action.Node{
			PeerID: o.PeerID, Name: o.Name, // addresses of machines are no part of the genesis
		}}
	}
	if err := stake.Genesis(st, stake.ParamsOf(g.Params), g.TimeMS, g.Hash(), founders); err != nil {
		return fmt.Errorf("operators of the genesis: %w", err)
	}
	return nil
}

// begin opens the stake's part of a block.
func (b Block) begin(st *state.State, r Rules, p genesis.Params, head Head) (*stake.Stake, error) {
	m, err := loadMarket(st)
	if err != nil {
		return nil, fmt.Errorf("read the price of the DA layer: %w", err)
	}
	return stake.Begin(st, stake.ParamsOf(p), accounts{st}, stake.Block{
		ChainID: r.ChainID(), Height: head.Height + 1, TimeMS: b.TimeMS, Proposer: b.Proposer, ParentHash: b.ParentHash,
		Treasury: Treasury(), Published: head.PublishedHeight, DAPrice: m.DAPrice,
	})
}

// CheckSystem says whether a block's system section can stand on the parent (specs/09-operators.md, "System section"). An error that wraps
// [stake.ErrSystem] means that it cannot; any other, that the state could not be read.
func CheckSystem(r Rules, parent Parent, b Block) error {
	params, err := ParamsOf(parent.View)
	if err != nil {
		return err
	}
	s, err := b.begin(state.New(parent.View), r, params, parent.Head)
	if err != nil {
		return err
	}
	return s.System(b.System)
}

// system takes what consensus knows of the past.
func (x *run) system() error { return x.stake.System(x.block.System) }

// operate runs an action about operators and stake.
func (x *run) operate(payer common.Address, a action.Action) error {
	known, err := x.stake.Act(payer, a)
	if err == nil && !known {
		err = errors.New("the stake does not know the action")
	}
	return err
}

// collect divides the block's fees.
func (x *run) collect() error { return x.stake.Collect(x.income) }

// finish ends the stake's part of the block, and the epoch if it is over. Who is in the set no more has no view and no vote.
func (x *run) finish() (err error) {
	x.outcome, err = x.stake.Finish()
	for _, owner := range x.outcome.Gone {
		x.st.Delete(viewKey(owner))
		x.st.Delete(VoteKey(owner))
	}
	return err
}

// operatorsOf are who proposes and votes at the height after the state's, by their consensus addresses and their owners'.
func operatorsOf(r state.Reader) (consensus, owners []Power, err error) {
	set, err := stake.LoadSet(r, stake.Next)
	if err != nil {
		return nil, nil, err
	}
	for _, m := range set.Members {
		consensus = append(consensus, Power{m.Address, m.Power})
		owners = append(owners, Power{m.Owner, m.Power})
	}
	return consensus, owners, nil
}

// epochOf is the number of the epoch that the block after the state is in.
func epochOf(r state.Reader) (uint64, error) {
	open, err := stake.LoadOpen(r)
	return open.Number, err
}

// stakes is what the stake's records hold, burned wei counted and new ones not, modulo 2^256: what no block changes but by moving wei.
func stakes(r state.Reader) (*uint256.Int, error) {
	p, err := stake.LoadPots(r)
	if err != nil {
		return nil, err
	}
	sum := p.Sum()
	sum.Add(&sum, &p.Burned)
	return sum.Sub(&sum, &p.Subsidy), nil
}
