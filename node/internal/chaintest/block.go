package chaintest

import (
	"testing"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/ledgertest"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
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
	set, err := stake.LoadSet(parent.View, stake.Next)
	if err != nil {
		return store.Block{}, err
	}
	operators, next, err := stake.Hashes(parent.View)
	if err != nil {
		return store.Block{}, err
	}
	n.sets[operators] = set.Set
	proposer := set.Operators()[height%uint64(len(set.Operators()))].Address
	system, err := ledgertest.System(parent)
	if err != nil {
		return store.Block{}, err
	}
	body := block.Body{System: system, Batches: []block.Batch{{Author: proposer, Txs: list}}}
	contents, err := block.Assemble(body, ledger.OrderIn(parent.View))
	if err != nil {
		return store.Block{}, err
	}
	body.Batches[0].Txs = contents.Txs
	timeMS := n.Genesis.TimeMS + height*Interval
	h := block.Header{
		ChainID: n.Genesis.ChainID, Height: height, TimeMS: timeMS, ParentHash: s.HeadHash(), Proposer: proposer,
		DataRoot: contents.Table.Root(), TxRoot: contents.IDs.Root(), LedgerRoot: parent.Head.Root(),
		OperatorsHash: operators, NextOperatorsHash: next,
		DAHead: parent.Head.DAHead, PublishedHeight: parent.Head.PublishedHeight,
	}
	effects, err := ledger.Apply(n.Rules, parent, ledger.BlockOf(h, contents))
	if err != nil {
		return store.Block{}, err
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
