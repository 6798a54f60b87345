package main

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rpc"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/keys"
)

// teller is an operator's RPC that takes every transaction, and says of each what became of it.
type teller struct {
	sent     atomic.Pointer[tx.Tx]
	failures []api.Failure
	lane     api.LanePolicy // of every namespace
	owed     []*uint256.Int // to delegations with operators 1, 2, ...
	mine     bool           // the operator is testKey's
	peers    []api.Operator // beside it
	holds    *uint256.Int   // shares with the operator of who
}

func (*teller) Genesis() api.Genesis {
	return api.Genesis{Document: &genesis.Genesis{ChainID: "teller-1", Params: genesis.DefaultParams()}}
}
func (*teller) Status() api.Status              { return api.Status{Head: 7} }
func (*teller) EstimateFee(api.FeeArgs) api.Fee { return api.Fee{MaxFeePerByte: 9} }
func (*teller) GetAccount(a common.Address) api.Account {
	return api.Account{Address: a, Balance: uint256.NewInt(1_500_000_000_000_000_000), Height: 7}
}

func (l *teller) GetNamespace(ns namespaces.Namespace) api.Namespace {
	n := api.Namespace{
		Namespace: ns, Registered: true, Metadata: []byte("before"), Lane: l.lane, Deposit: uint256.NewInt(1e18), Tank: uint256.NewInt(1), ExitHeight: 99,
	}
	if l.lane.Policy == api.PolicyOwned {
		n.Owned = &api.OwnedLane{Epoch: 3, Next: 14}
	}
	return n
}

func (*teller) GetNamespaces(after *namespaces.Namespace) []api.NamespaceLine {
	if after != nil {
		return nil
	}
	return []api.NamespaceLine{{Namespace: namespaces.Namespace{0: 9}, Name: "nine", Policy: api.PolicyGated, Order: block.ByTip}}
}

func (l *teller) SendTransaction(raw hexutil.Bytes) (api.Sent, error) {
	t, err := tx.Decode(raw)
	if err != nil {
		return api.Sent{}, err
	}
	if _, err := t.Verify(); err != nil {
		return api.Sent{}, err
	}
	l.sent.Store(t)
	return api.Sent{ID: t.ID(), Acknowledged: api.Journaled}, nil
}

func (l *teller) GetTransaction(id common.Hash) api.Transaction {
	return api.Transaction{ID: id, Status: api.StatusIncluded, Height: 8, Certified: true, Failures: l.failures}
}

// run gives the command line to the program, and returns what it printed. The key is testKey's.
func (l *teller) run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	server := rpc.NewServer()
	if err := server.RegisterName("seq", l); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server)
	defer web.Close()
	defer server.Stop()
	var out bytes.Buffer
	a := app()
	a.Writer, a.ErrWriter = &out, &out
	args = slices.Clone(args)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "RPC", "--rpc="+web.URL)
	}
	err := a.RunContext(t.Context(), append([]string{"lockstep"}, args...))
	return out.String(), err
}

const (
	testKey = "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
	who     = "0x00000000000000000000000000000000000000aa"
)

func keyFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte(testKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Each verb signs the action that its flags say, and prints what became of it.
func TestNamespaceVerbsSendTheirActions(t *testing.T) {
	key, err := parseKey(testKey)
	if err != nil {
		t.Fatal(err)
	}
	me, other, ns := owner(key), common.HexToAddress(who), namespaces.Namespace{0: 9, 9: 1}
	gated := api.LanePolicy{Order: block.ByTip, Policy: api.PolicyGated, Gateways: []common.Address{other}, Quota: 5}
	for args, want := range map[string]action.Action{
		"ns register RPC": &action.Register{Namespace: ns, Owner: me, Metadata: []byte{}, Lane: action.Lane{Order: block.ByTip, Gateways: []common.Address{}}},
		"ns register RPC --metadata mine --order proposer --policy owned --lane-key " + who + " --owner " + who: &action.Register{
			Namespace: ns, Owner: other, Metadata: []byte("mine"), Lane: action.Lane{Order: block.ByProposer, Policy: action.Owned, Key: other, Gateways: []common.Address{}},
		},
		"ns register RPC --policy gated --quota 7 --gateway 0x00000000000000000000000000000000000000bb --gateway " + who: &action.Register{
			Namespace: ns, Owner: me, Metadata: []byte{},
			Lane: action.Lane{Order: block.ByTip, Policy: action.Gated, Quota: 7, Gateways: []common.Address{other, {19: 0xbb}}},
		},
		"ns update RPC --quota 6": &action.Update{
			Namespace: ns, Metadata: []byte("before"), Lane: action.Lane{Order: block.ByTip, Policy: action.Gated, Quota: 6, Gateways: []common.Address{other}},
		},
		"ns update RPC --policy open --metadata after": &action.Update{
			Namespace: ns, Metadata: []byte("after"), Lane: action.Lane{Order: block.ByTip, Gateways: []common.Address{}},
		},
		"ns exit RPC":                    &action.Exit{Namespace: ns},
		"ns exit RPC --height 90":        &action.Exit{Namespace: ns, Height: 90},
		"ns transfer RPC --owner " + who: &action.HandOver{Namespace: ns, Owner: other},
		"ns tank fill RPC --amount 1.5":  &action.FillTank{Namespace: ns, Amount: uint256.NewInt(1_500_000_000_000_000_000)},
		"ns tank drain RPC --amount 2":   &action.DrainTank{Namespace: ns, Amount: uint256.NewInt(2_000_000_000_000_000_000)},
		"ns reserve RPC --bytes 1000":    &action.Reserve{Namespace: ns, Bytes: 1_000},
		"ns heartbeat RPC":               &action.Heartbeat{Namespace: ns},
		"ns resume RPC":                  &action.Resume{Namespace: ns},
	} {
		l := &teller{lane: gated}
		out, err := l.run(t, append(strings.Fields(args), "--key-file", keyFile(t), ns.String())...)
		if err != nil || !strings.Contains(out, "in block 8, certified") {
			t.Errorf("%s: %v\n%s", args, err, out)
			continue
		}
		sent := l.sent.Load()
		got, err := action.Decode(sent.Legs()[0].Data)
		if err != nil || !reflect.DeepEqual(got, want) || sent.Payer() != me || sent.ChainID() != "teller-1" || sent.Expiry() != 107 || sent.MaxFeePerByte() != 9 {
			t.Errorf("%s: sent %+v (%v), want %+v", args, got, err, want)
		}
	}
}

// send asks for the consent that the lane's policy wants, signed by another key than the payer's.
func TestLegsGoWithConsent(t *testing.T) {
	consent, err := crypto.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "consent")
	if err := os.WriteFile(file, []byte(hexutil.Encode(crypto.FromECDSA(consent))), 0o600); err != nil {
		t.Fatal(err)
	}
	ns := namespaces.Namespace{9: 9}
	for _, c := range []struct {
		policy, flags string
		want          tx.Auth // none for kind 0
	}{
		{api.PolicyOpen, "", tx.Auth{}},
		{api.PolicyGated, "--consent " + file, tx.Auth{Namespace: ns, Kind: tx.AuthGateway}},
		{api.PolicyGated, "--tank --consent " + file, tx.Auth{Namespace: ns, Kind: tx.AuthTank}},
		{api.PolicyOwned, "--consent " + file, tx.Auth{Namespace: ns, Kind: tx.AuthOwner, Epoch: 3, LaneSeq: 14}},
	} {
		l := &teller{lane: api.LanePolicy{Policy: c.policy}}
		out, err := l.run(t, append(strings.Fields("ns send RPC --leg 0x01 --leg 0x0203 "+c.flags), "--key-file", keyFile(t), "0x09")...)
		if err != nil || !strings.Contains(out, "in block 8, certified") {
			t.Errorf("%s %s: %v\n%s", c.policy, c.flags, err, out)
			continue
		}
		sent := l.sent.Load()
		if legs := sent.Legs(); len(legs) != 2 || legs[1].Namespace != ns || len(legs[1].Data) != 2 {
			t.Errorf("%s: legs %+v", c.policy, legs)
		}
		auths := sent.Auths()
		if c.want.Kind == 0 {
			if len(auths) > 0 {
				t.Errorf("%s: auths %+v", c.policy, auths)
			}
			continue
		}
		signers, err := sent.Consents()
		if err != nil || len(signers) != 1 || signers[0] != owner(consent) {
			t.Fatalf("%s: signed by %v (%v)", c.policy, signers, err)
		}
		if auths[0].Signature = (tx.Signature{}); auths[0] != c.want {
			t.Errorf("%s %s: auth %+v, want %+v", c.policy, c.flags, auths[0], c.want)
		}
	}
	for flags, policy := range map[string]string{"--tank": api.PolicyGated, "--consent " + file: api.PolicyOpen, "--tank --consent " + file: api.PolicyOwned, "--leg 1": api.PolicyOpen} {
		l := &teller{lane: api.LanePolicy{Policy: policy}}
		if out, err := l.run(t, append(strings.Fields("ns send RPC --leg 0x01 "+flags), "--key-file", keyFile(t), "0x09")...); err == nil || l.sent.Load() != nil {
			t.Errorf("%s in a lane that is %s: sent\n%s", flags, policy, out)
		}
	}
}

// An action that did nothing ends the verb with its code, in both forms of output.
func TestFailedActionsEndTheVerb(t *testing.T) {
	l := &teller{failures: []api.Failure{{Leg: 0, Code: "namespace_taken"}}}
	for _, form := range []string{"--json=true", "--json=false"} {
		out, err := l.run(t, "ns", "register", "RPC", form, "--key-file", keyFile(t), "0x09")
		if err == nil || !strings.Contains(err.Error(), "namespace_taken") || !strings.Contains(out, "namespace_taken") {
			t.Errorf("%s: %v\n%s", form, err, out)
		}
		if form == "--json=true" && !json.Valid([]byte(out)) {
			t.Errorf("not JSON: %s", out)
		}
	}
}

// A keystore pays as a key file does, with the password beside it; the wrong one is refused.
func TestKeystoresPay(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "payer.json")
	key, err := crypto.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keys.ImportOperator(path, "secret", keys.Light, key); err != nil {
		t.Fatal(err)
	}
	l := new(teller)
	if _, err := l.run(t, "ns", "exit", "RPC", "--keystore", path, "0x09"); err == nil || !strings.Contains(err.Error(), flagPassword) {
		t.Errorf("without a password: %v", err)
	}
	for password, good := range map[string]bool{"secret": true, "other": false} {
		if err := os.WriteFile(filepath.Join(dir, passwordFile), []byte(password+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := l.run(t, "ns", "exit", "RPC", "--keystore", path, "0x09")
		if good && (err != nil || l.sent.Load().Payer() != owner(key)) || !good && err == nil {
			t.Errorf("password %q: %v", password, err)
		}
	}
	if _, err := l.run(t, "ns", "exit", "RPC", "--keystore", path, "--key-file", keyFile(t), "0x09"); err == nil {
		t.Error("two keys are taken")
	}
}

func TestLedgerIsShown(t *testing.T) {
	l := &teller{lane: api.LanePolicy{Order: block.ByTip, Policy: api.PolicyGated, Gateways: []common.Address{{1}}, Quota: 5}}
	for args, want := range map[string][]string{
		"account RPC " + who: {"1.5 ether", "after height  7"},
		"ns show RPC 0x09":   {`"before"`, "gated, ordered by tip", "5 bytes", "1 ether", "0.000000000000000001 ether", "leaves        at height 99"},
		"ns list RPC":        {"0x09000000000000000000", `"nine"`},
	} {
		out, err := l.run(t, strings.Fields(args)...)
		for _, s := range want {
			if err != nil || !strings.Contains(out, s) {
				t.Errorf("%s: want %q (%v)\n%s", args, s, err, out)
			}
		}
	}
}
