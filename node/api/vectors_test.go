package api_test

import (
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/lockstep-network/lockstep/internal/golden"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/proof"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// Records and rewards as an operator proves them, the genesis that they are verified with, and what they prove: the vector that a client in any
// language is to read.
func TestVectorsOfRecords(t *testing.T) {
	e := newEconomy(t)
	owner, ns := e.Payer(0), namespaces.Namespace{0: 9, 9: 9}
	e.block(e.does(0, 0, actionLeg(t, &action.Register{Namespace: ns, Owner: owner, Metadata: []byte("mine"), Lane: action.Lane{Order: block.ByTip}})))
	e.block(e.does(0, 1_000, tx.Leg{Namespace: ns, Data: []byte("tipped")}))
	ended := e.epoch()
	e.block(e.does(1, 0, actionLeg(t, &action.Claim{Operator: e.operator(0)})))
	last := e.epoch()

	parent := e.store.Ledger()
	d := proof.New(e.Genesis.ChainID, e.Genesis.Hash())
	for _, k := range []state.Key{
		ledger.AccountKey(owner), ledger.NamespaceKey(ns), ledger.NamespaceKey(namespaces.Namespace{0: 8}), ledger.ParamsKey(),
		stake.OperatorKey(e.operator(0)), stake.DelegationKey(e.operator(0), e.operator(0)), stake.RewardKey(owner), stake.PotsKey(),
		stake.EpochKey(ended), stake.EpochKey(last), stake.EpochKey(99),
	} {
		value := must[[]byte](t)(parent.View.Record(k))
		nodes := must[[][]byte](t)(state.Prove(parent.Head.StateRoot, parent.Nodes, k))
		d.AddRecord(parent.Head.Height+1, []byte(k), value, parent.Head.StateRoot, parent.Head.SpentRoot(), nodes)
	}
	for _, who := range []common.Address{owner, e.operator(0)} {
		d.Rewards = append(d.Rewards, *e.rewards(who, api.RewardOptions{Epoch: &last}).Leaf)
	}
	at := e.node.block()
	e.Certify(t, e.store, at)
	h := must[block.Header](t)(e.store.Header(at))
	d.Runs = []proof.Run{{Headers: []hexutil.Bytes{h.Encode()}, Certificate: e.Certificate(t, h).Encode()}}
	facts, err := proof.Verify(e.Genesis, d)
	if err != nil {
		t.Fatal(err)
	}
	if len(facts.Records) != 11 || len(facts.Records[2].Value) != 0 || len(facts.Rewards) != 2 || facts.Rewards[1].Lifetime.IsZero() {
		t.Fatalf("proven: %+v, %+v", facts.Records, facts.Rewards)
	}
	golden.Check(t, "record", struct {
		Comment  string           `json:"comment"`
		Genesis  *genesis.Genesis `json:"genesis"`
		Document *proof.Document  `json:"document"`
		Facts    *proof.Facts     `json:"facts"`
	}{"Records of the ledger and lifetime rewards, the genesis that they are verified with, and the facts that they prove (specs/08-rpc.md).", e.Genesis, d, facts})
}
