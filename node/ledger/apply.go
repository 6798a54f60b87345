package ledger

import (
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
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
	Charges []Charge       // what each transaction paid, in shared order: the ledger's events
	Fees    Fees           // how the block has moved prices
}

// Genesis returns the effects that make the ledger of a valid genesis document out of nothing.
func Genesis(g *genesis.Genesis) (*Effects, error) {
	head := emptyHead(g.Params.ExpiryWindow)
	st := state.New(nil)
	for _, b := range g.Balances {
		SetBalance(st, b.Address, b.Amount)
	}
	openMarket(st, g.Params)
	records, err := st.Changes()
	if err != nil {
		return nil, err
	}
	var nodes []state.Node
	if head.StateRoot, nodes, err = state.Commit(head.StateRoot, nil, records); err != nil {
		return nil, err
	}
	return &Effects{Head: head, Nodes: nodes, Records: records}, nil
}

// Apply computes what the block after parent changes. txs are its verified transactions in shared order. An error means that the block is
// invalid (it wraps a [*tx.Reject]) or that the state could not be read; nothing has happened then. Equal parents and transactions give
// equal effects on every machine.
func Apply(r Rules, parent Parent, txs []*tx.Tx) (*Effects, error) {
	e, err := apply(r, parent, txs)
	if err != nil {
		return nil, fmt.Errorf("apply block %d: %w", parent.Head.Height+1, err)
	}
	return e, nil
}

func apply(r Rules, parent Parent, txs []*tx.Tx) (*Effects, error) {
	st := state.New(parent.View)
	pass := r.Begin(parent.View, parent.Head.Height+1)
	for i, t := range txs {
		if err := pass.Add(t); err != nil {
			return nil, fmt.Errorf("transaction %d: %w", i, err)
		}
	}
	if err := pass.settle(st); err != nil {
		return nil, err
	}
	fees, err := pass.reprice(st)
	if err != nil {
		return nil, err
	}
	records, err := st.Changes()
	if err != nil {
		return nil, err
	}
	root, nodes, err := state.Commit(parent.Head.StateRoot, parent.Nodes, records)
	if err != nil {
		return nil, err
	}
	spent := pass.spent()
	return &Effects{
		Parent: parent.Head.Root(), Head: parent.Head.next(root, Digest(spent)),
		Nodes: nodes, Records: records, Spent: spent, Charges: pass.charges, Fees: fees,
	}, nil
}

// settle writes what the pass has left to the payers, and credits all charges to the treasury.
func (p *Pass) settle(st *state.State) error {
	if len(p.charges) == 0 {
		return nil
	}
	treasury, err := p.balance(Treasury())
	if err != nil {
		return err
	}
	for i := range p.charges {
		treasury.Add(treasury, &p.charges[i].Fee) // no overflow: the supply fits, and every unit was taken from a payer
	}
	// any order: each address has a record of its own
	for a, b := range p.left {
		SetBalance(st, a, b)
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
