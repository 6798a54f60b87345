package chaintest

import (
	"testing"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/store"
)

// Next builds the block after the store's head from the transactions, without committing it. The operators take
// turns in proposing.
func (n *Network) Next(s *store.Store, txs ...tx.Verified) (store.Block, error) {
	list := make([]*tx.Tx, len(txs))
	for i, t := range txs {
		list[i] = t.Tx
	}
	parent, height := s.Ledger(), s.Head()+1
	proposer := n.Set.Operators()[height%uint64(len(n.Keys))].Address
	body := block.Body{Batches: []block.Batch{{Author: proposer, Txs: list}}}
	contents, err := block.Assemble(body, ledger.OrderIn(parent.View))
	if err != nil {
		return store.Block{}, err
	}
	body.Batches[0].Txs = contents.Txs
	timeMS := n.Genesis.TimeMS + height*Interval
	effects, err := ledger.Apply(n.Rules, parent, ledger.Block{TimeMS: timeMS, Proposer: proposer, Txs: contents.Txs})
	if err != nil {
		return store.Block{}, err
	}
	h := block.Header{
		ChainID: n.Genesis.ChainID, Height: height, TimeMS: timeMS, ParentHash: s.HeadHash(), Proposer: proposer,
		DataRoot: contents.Table.Root(), TxRoot: contents.IDs.Root(), LedgerRoot: parent.Head.Root(),
		OperatorsHash: n.Set.Hash(), NextOperatorsHash: n.Set.Hash(),
	}
	return store.Block{Header: h, Body: body.Encode(), Contents: contents, Effects: effects}, nil
}

// Commit builds and commits the block after the store's head, and returns its header.
func (n *Network) Commit(tb testing.TB, s *store.Store, txs ...tx.Verified) block.Header {
	tb.Helper()
	b, err := n.Next(s, txs...)
	if err != nil {
		tb.Fatal(err)
	}
	if err := s.Commit(b); err != nil {
		tb.Fatal(err)
	}
	return b.Header
}
