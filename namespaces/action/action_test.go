package action_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/holiman/uint256"
	libp2pcrypto "github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/lockstep-network/lockstep/internal/golden"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

var (
	ns   = namespaces.Namespace{8: 0xaa}
	a, b = common.Address{1}, common.Address{2}
	wei  = uint256.NewInt(1_000)
	open = action.Lane{Order: block.ByTip}
)

func nodeSecret(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

// peerID is what libp2p calls the node with a key.
func peerID(k ed25519.PrivateKey) string {
	public, err := libp2pcrypto.UnmarshalEd25519PublicKey(k.Public().(ed25519.PublicKey))
	if err != nil {
		panic(err)
	}
	id, err := peer.IDFromPublicKey(public)
	if err != nil {
		panic(err)
	}
	return id.String()
}

func proofOf(name string, owner common.Address) action.NodeProof {
	return action.NodeProof(ed25519.Sign(nodeSecret(name), action.NodeStatement("action-test", owner)))
}

// all is one of each kind, and of each policy.
func all() []action.Action {
	node := action.Node{PeerID: peerID(nodeSecret("node")), Addresses: []string{"/ip4/127.0.0.1/tcp/1"}, Consensus: "127.0.0.1:2", Name: "one"}
	return []action.Action{
		&action.Transfer{To: a, Amount: wei},
		&action.Register{Namespace: ns, Owner: a, Metadata: []byte("m"), Lane: open},
		&action.Register{Namespace: ns, Owner: a, Metadata: []byte{}, Lane: action.Lane{Order: block.ByProposer, Policy: action.Gated, Gateways: []common.Address{a, b}, Quota: 7}},
		&action.Update{Namespace: ns, Metadata: []byte{}, Lane: action.Lane{Order: block.ByTip, Policy: action.Owned, Key: b}},
		&action.HandOver{Namespace: ns, Owner: b},
		&action.Exit{Namespace: ns, Height: 9},
		&action.FillTank{Namespace: ns, Amount: wei},
		&action.DrainTank{Namespace: ns, Amount: new(uint256.Int)},
		&action.Resume{Namespace: ns},
		&action.Heartbeat{Namespace: ns},
		&action.Reserve{Namespace: ns, Bytes: 1 << 20},
		&action.Vote{Changes: []action.Change{{"a", wei}, {"b", new(uint256.Int)}}, Height: 77},
		&action.DAView{DAHeight: 1, DAHash: common.Hash{2}, PublishedHeight: 3, Price: 4},
		&action.OperatorCreate{Key: action.Key{2, 1}, Proof: tx.Signature{3}, Node: node, NodeProof: proofOf("node", a), Commission: 500, Amount: wei},
		&action.OperatorUpdate{Node: node, NodeProof: proofOf("node", b), Commission: 600},
		&action.OperatorRotate{Key: action.Key{3, 1}, Proof: tx.Signature{4}},
		&action.OperatorLeave{Leave: true},
		&action.Unjail{},
		&action.Delegate{Operator: a, Amount: wei},
		&action.Undelegate{Operator: a, Shares: wei},
		&action.Withdraw{Operator: a, Epoch: 5},
		&action.Claim{Operator: a},
		&action.Report{Height: 1, Round: 2, HashA: common.Hash{3}, SignatureA: tx.Signature{4}, HashB: common.Hash{5}, SignatureB: tx.Signature{6}},
		&action.AttestBatch{First: 1, Runs: []action.BatchRun{{Last: 2, Publisher: a, Bytes: 3}, {Last: 5}}},
	}
}

// Each action survives its encoding, and the vectors of the chapter.
func TestGoldenActions(t *testing.T) {
	type vector struct {
		Action string `json:"action"`
		Kind   uint64 `json:"kind"`
		Raw    string `json:"raw"`
		Checks uint64 `json:"checks"`
	}
	var out []vector
	for _, want := range all() {
		raw, err := action.Encode(want)
		if err != nil {
			t.Fatal(err)
		}
		have, err := action.Decode(raw)
		if err != nil {
			t.Fatalf("%T: %v", want, err)
		}
		again, err := action.Encode(have)
		if err != nil || !bytes.Equal(raw, again) || have.Kind() != want.Kind() {
			t.Fatalf("%T does not survive: %x, %x (%v)", want, raw, again, err)
		}
		out = append(out, vector{strings.TrimPrefix(reflect.TypeOf(want).String(), "*action."), uint64(want.Kind()), fmt.Sprintf("0x%x", raw), action.Checks(raw)})
	}
	golden.Check(t, "action", out)
}

func TestBadActions(t *testing.T) {
	many := make([]common.Address, action.MaxGateways+1)
	for i := range many {
		many[i] = common.Address{byte(i + 1)}
	}
	for name, bad := range map[string]action.Action{
		"no amount":        &action.Transfer{To: a},
		"metadata":         &action.Register{Namespace: ns, Metadata: make([]byte, action.MaxMetadata+1), Lane: open},
		"order":            &action.Register{Namespace: ns, Lane: action.Lane{Order: "best"}},
		"policy":           &action.Update{Namespace: ns, Lane: action.Lane{Order: block.ByTip, Policy: 3}},
		"no gateway":       &action.Update{Namespace: ns, Lane: action.Lane{Order: block.ByTip, Policy: action.Gated}},
		"many gateways":    &action.Update{Namespace: ns, Lane: action.Lane{Order: block.ByTip, Policy: action.Gated, Gateways: many}},
		"gateway twice":    &action.Update{Namespace: ns, Lane: action.Lane{Order: block.ByTip, Policy: action.Gated, Gateways: []common.Address{a, a}}},
		"open with gates":  &action.Update{Namespace: ns, Lane: action.Lane{Order: block.ByTip, Gateways: many[:1]}},
		"open with quota":  &action.Update{Namespace: ns, Lane: action.Lane{Order: block.ByTip, Quota: 1}},
		"open with key":    &action.Update{Namespace: ns, Lane: action.Lane{Order: block.ByTip, Key: a}},
		"owned by nobody":  &action.Update{Namespace: ns, Lane: action.Lane{Order: block.ByTip, Policy: action.Owned}},
		"no change":        &action.Vote{},
		"change twice":     &action.Vote{Changes: []action.Change{{"a", wei}, {"a", wei}}},
		"long name":        &action.Vote{Changes: []action.Change{{strings.Repeat("n", action.MaxName+1), wei}}},
		"many changes":     &action.Vote{Changes: make([]action.Change, action.MaxChanges+1)},
		"operator's name":  &action.OperatorUpdate{Node: action.Node{Name: strings.Repeat("n", action.MaxString+1)}},
		"many addresses":   &action.OperatorUpdate{Node: action.Node{Addresses: make([]string, action.MaxAddrs+1)}},
		"nothing to stake": &action.OperatorCreate{},
	} {
		if raw, err := action.Encode(bad); err == nil {
			t.Errorf("%s: encoded as %x", name, raw)
		}
	}
	good, err := action.Encode(&action.Exit{Namespace: ns, Height: 1})
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string][]byte{
		"nothing": {}, "a string": {0x81, 0x90}, "no kind": {0xc0}, "kind 0": {0xc1, 0x80}, "kind 99": {0xc1, 99},
		"too large": make([]byte, action.MaxSize+1), "behind": append(bytes.Clone(good), 0), "a field less": append([]byte{good[0] - 1}, good[1:len(good)-1]...),
		"a field more": append([]byte{good[0] + 1}, append(bytes.Clone(good[1:]), 1)...),
		"bad fields":   {0xc3, 1, 0x82, 1},
	} {
		if v, err := action.Decode(raw); err == nil {
			t.Errorf("%s: %T", name, v)
		}
	}
}

// FuzzDecode: what decodes has one encoding.
func FuzzDecode(f *testing.F) {
	for _, v := range all() {
		raw, err := action.Encode(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, err := action.Decode(raw)
		if err != nil {
			return
		}
		again, err := action.Encode(v)
		if err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("%x decodes to %+v, which encodes as %x (%v)", raw, v, again, err)
		}
		if _, err := rlp.CountValues(raw); err != nil {
			t.Fatal(err)
		}
	})
}
