package ordering

import (
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// A byzantine proposer cannot charge anyone who did not sign: whatever it makes of what a payer has signed, or of nothing, and however well header, roots and
// system section fit, no operator accepts the block.
func TestNobodyPaysWhoDidNotSign(t *testing.T) {
	victim := crypto.PubkeyToAddress(testKey(t, "payer", 0).PublicKey)
	signed := tx.Fields{Salt: 1, Expiry: 3, Tip: 1, Legs: []tx.Leg{{Namespace: testNamespace(0), Data: make([]byte, 50)}}}
	own := sign(t, 0, signed)
	charge := func(change func(f *tx.Fields)) []*tx.Tx {
		f := own.Fields()
		change(&f)
		forged, err := tx.New(f)
		if err != nil {
			t.Fatal(err)
		}
		return []*tx.Tx{forged}
	}
	other := sign(t, 1, signed)
	foreign := signed
	foreign.ChainID = "another-chain"
	for name, c := range map[string]struct {
		txs    []*tx.Tx
		accept bool
	}{
		"what it signed":            {[]*tx.Tx{own}, true},
		"no signature":              {charge(func(f *tx.Fields) { f.Signature = tx.Signature{} }), false},
		"another's signature":       {charge(func(f *tx.Fields) { f.Signature = other.Fields().Signature }), false},
		"a high signature":          {charge(func(f *tx.Fields) { f.Signature[64] ^= 1 }), false},
		"a higher tip":              {charge(func(f *tx.Fields) { f.Tip++ }), false},
		"a higher fee":              {charge(func(f *tx.Fields) { f.MaxFeePerByte++ }), false},
		"another salt":              {charge(func(f *tx.Fields) { f.Salt++ }), false},
		"a later expiry":            {charge(func(f *tx.Fields) { f.Expiry++ }), false},
		"more data":                 {charge(func(f *tx.Fields) { f.Legs = []tx.Leg{{Namespace: testNamespace(0), Data: make([]byte, 51)}} }), false},
		"another namespace":         {charge(func(f *tx.Fields) { f.Legs = []tx.Leg{{Namespace: testNamespace(2), Data: make([]byte, 50)}} }), false},
		"another payer, who has it": {charge(func(f *tx.Fields) { f.Payer = other.Payer() }), false},
		"twice":                     {[]*tx.Tx{own, own}, false},
		"for another chain":         {[]*tx.Tx{sign(t, 0, foreign)}, false},
	} {
		s := newSingle(t, nil)
		p, err := s.app.parent()
		if err != nil {
			t.Fatal(err)
		}
		at := slot{1, s.genesis.TimeMS, s.genesis.Operators[0].Address, new(past)}
		body := block.Body{Batches: []block.Batch{{Author: at.proposer, Txs: c.txs}}}
		var data [90]byte
		var ids common.Hash
		if contents, err := block.Assemble(body, block.AsListed); err == nil { // with an id twice there is none
			data, ids = contents.Table.Root(), contents.IDs.Root()
		}
		h := makeHeader(s.app.rules.ChainID(), p, at, data, ids)
		if accepted := s.process(t, [][]byte{h.Encode(), body.Encode()}); accepted != c.accept {
			t.Errorf("%s charges %s: accepted %v", name, victim, accepted)
		}
	}
}
