package api_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/proof"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/api/client"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/state"
	"github.com/lockstep-network/lockstep/node/store"
)

func actionLeg(t *testing.T, a action.Action) tx.Leg {
	t.Helper()
	return tx.Leg{Namespace: namespaces.Ledger(), Data: must[[]byte](t)(action.Encode(a))}
}

// Actions that fail are told with their legs and codes, those that do something are not; and they are forgotten with their block.
func TestFailedActionsAreTold(t *testing.T) {
	n := newNode(t)
	good := n.Tx(t, 50, actionLeg(t, &action.Transfer{To: common.Address{1}, Amount: uint256.NewInt(1)}))
	bad := n.Tx(t, 50, actionLeg(t, &action.Exit{Namespace: chaintest.Alpha}), actionLeg(t, &action.Transfer{To: common.Address{1}, Amount: uint256.NewInt(1)}),
		actionLeg(t, &action.Transfer{Amount: new(uint256.Int)}))
	h := n.block(good, bad)
	for id, want := range map[common.Hash][]api.Failure{good.ID(): nil, bad.ID(): {{Leg: 0, Code: "not_owner"}, {Leg: 2, Code: "zero_amount"}}} {
		got := must[*api.Transaction](t)(n.http.Transaction(t.Context(), id))
		if got.Status != api.StatusIncluded || !slices.Equal(got.Failures, want) {
			t.Errorf("%+v, want failures %v", got, want)
		}
	}
	if account := must[*api.Account](t)(n.http.Account(t.Context(), common.Address{1})); account.Balance.Uint64() != 2 {
		t.Errorf("%s wei have arrived, want 2", account.Balance)
	}
	n.block()
	n.Certify(t, n.store, h, h+1)
	if _, err := n.store.Prune(h + 1); err != nil {
		t.Fatal(err)
	}
	at := must[store.Location](t)(n.store.Tx(bad.ID()))
	if left := must[[]store.Failed](t)(n.store.Failures(at)); left != nil {
		t.Errorf("the failures of a pruned block are kept: %v", left)
	}
	if got := must[*api.Transaction](t)(n.http.Transaction(t.Context(), bad.ID())); got.Status != api.StatusIncluded || got.Height != h {
		t.Errorf("after pruning: %+v", got)
	}
}

// A namespace from its registration on: shown, listed, and proven to an outsider who holds the genesis alone, as is an account, and what is not there.
func TestRecordsAreProven(t *testing.T) {
	n := newNode(t)
	ctx := t.Context()
	mine, nobodys := namespaces.Namespace{0: 9, 9: 9}, namespaces.Namespace{0: 8}
	owner := n.Payer(0)
	n.block(n.Tx(t, 50, actionLeg(t, &action.Register{
		Namespace: mine, Owner: owner, Metadata: []byte("mine"), Lane: action.Lane{Order: block.ByTip, Policy: action.Owned, Key: common.Address{7}},
	})))
	n.block(n.Tx(t, 50, actionLeg(t, &action.FillTank{Namespace: mine, Amount: uint256.NewInt(5)})))
	got := must[*api.Namespace](t)(n.http.Namespace(ctx, mine))
	if !got.Registered || got.Owner != owner || string(got.Metadata) != "mine" || got.Lane.Policy != api.PolicyOwned || *got.Lane.Key != (common.Address{7}) ||
		got.Owned.Epoch != 1 || got.Tank.Uint64() != 5 || got.Deposit.Uint64() != n.Genesis.Params.NamespaceDeposit || got.RegisteredHeight != 1 || got.Proof != nil {
		t.Errorf("%+v", got)
	}
	list := must[[]api.NamespaceLine](t)(n.http.Namespaces(ctx))
	if len(list) != 4 || list[3].Namespace != mine || list[3].Name != "mine" || list[3].Owner != owner || list[0].Policy != api.PolicyOpen {
		t.Errorf("list: %+v", list)
	}
	for name, ask := range map[string]func() (*proof.Document, []state.Key, error){
		"namespace": func() (*proof.Document, []state.Key, error) {
			a, err := n.http.ProvenNamespace(ctx, mine)
			if err != nil {
				return nil, nil, err
			}
			return a.Proof, ledger.NamespaceKeys(mine), err
		},
		"no namespace": func() (*proof.Document, []state.Key, error) {
			a, err := n.http.ProvenNamespace(ctx, nobodys)
			if err != nil {
				return nil, nil, err
			}
			return a.Proof, ledger.NamespaceKeys(nobodys), err
		},
		"account": func() (*proof.Document, []state.Key, error) {
			a, err := n.http.ProvenAccount(ctx, owner)
			if err != nil {
				return nil, nil, err
			}
			return a.Proof, []state.Key{ledger.AccountKey(owner)}, err
		},
	} {
		parent := n.store.Ledger()
		values := make(map[state.Key][]byte)
		for _, k := range append(ledger.NamespaceKeys(mine), ledger.AccountKey(owner)) {
			values[k] = must[[]byte](t)(parent.View.Record(k))
		}
		d, keys, err := answer(n, ask)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		facts := n.verify(d)
		if len(facts.Records) != len(keys) {
			t.Fatalf("%s: %d records are proven", name, len(facts.Records))
		}
		for i, k := range keys {
			if r := facts.Records[i]; string(r.Key) != string(k) || !bytes.Equal(r.Value, values[k]) {
				t.Errorf("%s: proven %s = %s, want %x", name, r.Key, r.Value, values[k])
			}
		}
		tampered(t, n.Genesis, d)
	}
	if _, err := n.http.Namespace(ctx, nobodys); client.Code(err) != "unknown_namespace" {
		t.Errorf("unknown namespace: %v", err)
	}
}

// answer asks while empty blocks go on, because the block that commits to an answer comes after the question.
func answer(n *node, ask func() (*proof.Document, []state.Key, error)) (d *proof.Document, keys []state.Key, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		d, keys, err = ask()
	}()
	for {
		select {
		case <-done:
			return d, keys, err
		case <-time.After(20 * time.Millisecond):
			n.Certify(n.t, n.store, n.block())
		}
	}
}

// tampered changes each part of each record: the document must be refused.
func tampered(t *testing.T, g *genesis.Genesis, d *proof.Document) {
	t.Helper()
	raw, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range d.Records {
		for name, change := range map[string]func(*proof.Record){
			"value":       func(r *proof.Record) { r.Value = append(slices.Clone(r.Value), 1) },
			"no value":    func(r *proof.Record) { r.Value = map[bool]hexutil.Bytes{true: {1}, false: nil}[len(r.Value) == 0] },
			"a node":      func(r *proof.Record) { r.Nodes[len(r.Nodes)-1][3] ^= 1 },
			"no nodes":    func(r *proof.Record) { r.Nodes = nil },
			"state root":  func(r *proof.Record) { r.StateRoot[0] ^= 1 },
			"spent root":  func(r *proof.Record) { r.SpentRoot[0] ^= 1 },
			"height":      func(r *proof.Record) { r.Height++ },
			"no key":      func(r *proof.Record) { r.Key = nil },
			"long key":    func(r *proof.Record) { r.Key = make([]byte, 65) },
			"other key":   func(r *proof.Record) { r.Key = []byte{byte(state.Params)} },
			"other nodes": func(r *proof.Record) { r.Nodes = slices.Repeat(r.Nodes, 66) },
		} {
			changed, err := proof.Decode(raw)
			if err != nil {
				t.Fatal(err)
			}
			change(&changed.Records[i])
			if _, err := proof.Verify(g, changed); err == nil {
				t.Errorf("record %s: a document with another %s is taken", r.Key, name)
			}
		}
	}
}

// A proof whose block is never certified is not waited for for ever, and says what is.
func TestProofsWaitForACertificate(t *testing.T) {
	n := newNode(t, func(c *api.Config) { c.Limits.ProofWait = 100 * time.Millisecond })
	n.Certify(t, n.store, n.block())
	n.block()
	raw, err := n.raw("seq_getAccount", n.Payer(0), api.RecordOptions{Proof: true})
	if client.Code(err) != api.NotYet {
		t.Errorf("proven without a certificate: %s, %v", raw, err)
	}
	if account := must[*api.Account](t)(n.http.Account(t.Context(), n.Payer(0))); account.Height != 2 {
		t.Errorf("without a proof: %+v", account)
	}
}
