package ledger

import (
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// Treasury is where fees go until the reward rules split them: the last 20 bytes of keccak256("lockstep/treasury"). Nobody has a key for it.
func Treasury() common.Address {
	return common.BytesToAddress(crypto.Keccak256([]byte("lockstep/treasury")))
}

// Parent is the state that a block is applied to: the state after the height before it.
type Parent struct {
	Head  Head
	Nodes state.Nodes // of the trie at Head.StateRoot
	View  View        // the same records
}

// Effects is what a block changes: all of it is written in one piece, together with the block, or not at all.
type Effects struct {
	Parent  common.Hash    // ledger root that it applies to; zero for genesis
	Head    Head           // the ledger afterwards
	Nodes   []state.Node   // changed trie nodes, ascending by path
	Records []state.Record // changed records, ascending by key
	Spent   []Pair         // pairs spent at this height, ascending

	Operators *stake.Set     // the set of the height two on, if this block has chosen another; the genesis's at genesis
	Updates   []stake.Update // of CometBFT's validators, ascending by address
	Ended     *Ended         // the epoch, if this block ends one

	Charges  []Charge  // what each transaction cost, in shared order
	Failures []Failure // actions that did nothing, in order
	Fees     Fees      // how the block has moved prices
}

// Ended is an epoch that a block ends.
type Ended struct {
	Number    uint64
	Lifetimes namespaces.Lifetimes // under its rewards root
}

// Genesis returns the effects that make the ledger of a valid genesis document out of nothing.
func Genesis(g *genesis.Genesis) (*Effects, error) {
	head := emptyHead(g.Params.ExpiryWindow)
	st := state.New(nil)
	for _, b := range g.Balances {
		SetBalance(st, b.Address, b.Amount)
	}
	openMarket(st, g.Params)
	st.Set(ParamsKey(), &g.Params)
	st.Set(clockKey(), &Clock{TimeMS: g.TimeMS})
	for _, n := range g.Namespaces {
		st.Set(NamespaceKey(n.Namespace), &Namespace{
			Owner: n.Owner, Metadata: []byte(n.Name), Lane: action.Lane{Order: n.Order}, Deposit: new(uint256.Int),
		})
	}
	if err := found(st, g); err != nil {
		return nil, err
	}
	records, err := st.Changes()
	if err != nil {
		return nil, err
	}
	set, err := stake.LoadSet(st, stake.Next)
	if err != nil {
		return nil, err
	}
	var nodes []state.Node
	if head.StateRoot, nodes, err = state.Commit(head.StateRoot, nil, records); err != nil {
		return nil, err
	}
	return &Effects{Head: head, Nodes: nodes, Records: records, Operators: &set}, nil
}

// Block is what a block says to the ledger: nothing but what stands in its header and body.
type Block struct {
	TimeMS     uint64 // of the header, as the next two
	Proposer   common.Address
	ParentHash common.Hash
	System     block.System
	Txs        []*tx.Tx // verified, in shared order
}

// BlockOf takes from a block what the ledger reads.
func BlockOf(h block.Header, c *block.Contents) Block {
	return Block{h.TimeMS, h.Proposer, h.ParentHash, c.System, c.Txs}
}

// Apply computes what the block after parent changes. An error means that the block is invalid (it wraps a [*tx.Reject]) or that the state could
// not be read; nothing has happened then. Equal parents and blocks give equal effects on every machine.
func Apply(r Rules, parent Parent, b Block) (*Effects, error) {
	e, err := apply(r, parent, b)
	if err != nil {
		return nil, fmt.Errorf("apply block %d: %w", parent.Head.Height+1, err)
	}
	return e, nil
}

// apply spells the order of a block's effects out (specs/05-ledger.md, "A block").
func apply(r Rules, parent Parent, b Block) (*Effects, error) {
	if err := Supported(parent); err != nil {
		return nil, err
	}
	x := &run{
		rules: r, height: parent.Head.Height + 1, block: b, st: state.New(parent.View),
		daHead: parent.Head.DAHead, published: parent.Head.PublishedHeight,
	}
	pass := r.Begin(parent.View, x.height)
	for i, t := range b.Txs {
		if err := pass.Add(t); err != nil {
			return nil, fmt.Errorf("transaction %d: %w", i, err)
		}
	}
	x.params, x.clock = pass.params, pass.clock
	var fees Fees
	var err error
	if x.consensus, x.owners, err = operatorsOf(parent.View); err != nil {
		return nil, err
	}
	if x.stake, err = b.begin(x.st, r, x.params, parent.Head); err != nil {
		return nil, err
	}
	for _, step := range []func() error{
		func() (err error) { x.income, err = pass.income(); return err },
		func() error { return pass.settle(x.st, b) },
		x.system,
		x.actions,
		x.views,
		x.unpublished,
		func() (err error) { fees, err = pass.reprice(x.st); return err },
		x.collect,
		x.finish,
		x.turn,
		x.activate,
		x.tick,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	records, err := x.st.Changes()
	if err != nil {
		return nil, err
	}
	if err := conserved(parent.View, x.st, records); err != nil {
		return nil, err
	}
	root, nodes, err := state.Commit(parent.Head.StateRoot, parent.Nodes, records)
	if err != nil {
		return nil, err
	}
	spent := pass.spent()
	next := parent.Head.next(root, Digest(spent))
	next.DAHead, next.PublishedHeight = x.daHead, x.published
	e := &Effects{
		Parent: parent.Head.Root(), Head: next,
		Nodes: nodes, Records: records, Spent: spent, Updates: x.outcome.Updates,
		Charges: pass.charges, Failures: x.failures, Fees: fees,
	}
	if len(e.Updates) > 0 {
		e.Operators = &x.outcome.Set
	}
	if x.outcome.Ended {
		e.Ended = &Ended{x.outcome.Epoch, x.outcome.Lifetimes}
	}
	return e, nil
}

// income adds up what the block brings. A namespace's tips are for its owner of the state before the block.
func (p *Pass) income() (in stake.Income, err error) {
	tips := make(map[namespaces.Namespace]*uint256.Int)
	for i := range p.charges {
		for _, part := range p.charges[i].Parts { // no overflow: the supply fits, and every unit is taken from somebody
			in.Ordering.Add(&in.Ordering, &part.Ordering)
			in.DA.Add(&in.DA, &part.DA)
			if part.Tip.IsZero() {
				continue
			}
			if tips[part.Namespace] == nil {
				tips[part.Namespace] = new(uint256.Int)
			}
			tips[part.Namespace].Add(tips[part.Namespace], &part.Tip)
		}
	}
	touched := make([]namespaces.Namespace, 0, len(tips))
	for ns := range tips {
		touched = append(touched, ns)
	}
	slices.SortFunc(touched, namespaces.Namespace.Compare)
	for _, ns := range touched {
		n, err := NamespaceOf(p.view, ns)
		if err != nil {
			return in, fmt.Errorf("read the owner of %s: %w", ns, err)
		}
		tip := stake.Tip{Amount: *tips[ns]}
		if n != nil {
			tip.Owner = n.Owner
		}
		in.Tips = append(in.Tips, tip)
	}
	return in, nil
}

// settle writes what the pass has left to payers and tanks, and the places that it took in owned lanes.
func (p *Pass) settle(st *state.State, b Block) error {
	// any order: each address has a record of its own
	for a, b := range p.left {
		SetBalance(st, a, b)
	}
	now := Clock{TimeMS: b.TimeMS, Rotation: p.clock.Rotation}
	// any order: each lane has records of its own
	for ns, l := range p.lanes {
		if l.tank != nil {
			SetTank(st, ns, l.tank)
		}
		if l.taken {
			lane := l.lane.heard(now)
			st.Set(ownedKey(ns), &lane)
		}
		// any order: each payer has a record of its own
		for payer, q := range l.quotas {
			if l.record.Lane.Quota > 0 && q.Used > 0 {
				st.Set(quotaKey(ns, payer), q)
			}
		}
	}
	return nil
}

// spent lists the block's pairs, ascending.
func (p *Pass) spent() []Pair {
	pairs := make([]Pair, 0, len(p.pairs))
	for pair := range p.pairs {
		pairs = append(pairs, pair)
	}
	slices.SortFunc(pairs, Pair.Compare)
	return pairs
}
