package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/keys"
)

// operatorAtWho is the teller's one operator: a third of its tokens are slashed, so 3 shares are worth 2 wei.
func operatorAtWho() api.Operator {
	return api.Operator{
		Operator: cert.Operator{Address: common.Address{1}, Power: 7}, NextPower: 7, Owner: common.HexToAddress(who), Name: "before", PeerID: "peer", Commission: 500,
		Addresses: []string{"/ip4/10.0.0.1/tcp/1"}, Consensus: "10.0.0.1:2", Key: hexutil.Bytes{2}, NextKey: hexutil.Bytes{3},
		Tokens: uint256.NewInt(2e18), Shares: uint256.NewInt(3e18), OwnTokens: uint256.NewInt(1e18),
	}
}

func (l *teller) GetOperators(options *api.OperatorOptions) api.Operators {
	out := api.Operators{Total: 21, Height: 7, Operators: []api.Operator{}, Others: []api.Operator{}}
	o := operatorAtWho()
	if l.mine { // the payer's own operator
		key, _ := parseKey(testKey)
		o.Owner = owner(key)
	}
	if options == nil || options.Owner == nil || *options.Owner == o.Owner {
		out.Operators = append(out.Operators, o)
	}
	if options == nil || options.Owner == nil {
		out.Others = append(out.Others, l.peers...)
	}
	return out
}

// peersOf are operators with so many ether of stake.
func peersOf(stakes ...uint64) []api.Operator {
	out := make([]api.Operator, len(stakes))
	for i, one := range stakes {
		tokens := new(uint256.Int).Mul(uint256.NewInt(one), uint256.NewInt(1e18))
		out[i] = api.Operator{Owner: common.Address{0xbb, byte(i)}, Tokens: tokens, Shares: tokens, OwnTokens: tokens}
	}
	return out
}

// homeOf makes a home with keys, whose password is beside them, and returns it with its first key and its node's id.
func homeOf(t *testing.T) (home string, first *keys.Operator, peerID string) {
	t.Helper()
	home = t.TempDir()
	dir := keysDir(home)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, passwordFile), []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	first, err := keys.CreateOperator(filepath.Join(dir, keys.OperatorFile), "secret", keys.Light)
	if err != nil {
		t.Fatal(err)
	}
	node, err := keys.CreateNode(filepath.Join(dir, keys.NodeFile))
	if err != nil {
		t.Fatal(err)
	}
	return home, first, node.PeerID().String()
}

// sends runs a verb that must send this action, paid by the key.
func (l *teller) sends(t *testing.T, payer common.Address, want action.Action, args ...string) {
	t.Helper()
	out, err := l.run(t, args...)
	if err != nil || !strings.Contains(out, "in block 8, certified") {
		t.Errorf("%s: %v\n%s", args, err, out)
		return
	}
	sent := l.sent.Load()
	got, err := action.Decode(sent.Legs()[0].Data)
	if err != nil || !reflect.DeepEqual(got, want) || sent.Payer() != payer {
		t.Errorf("%s: sent %+v by %s (%v), want %+v by %s", args, got, sent.Payer(), err, want, payer)
	}
}

func TestOperatorVerbsSendTheirActions(t *testing.T) {
	key, err := parseKey(testKey)
	if err != nil {
		t.Fatal(err)
	}
	me, other := owner(key), common.HexToAddress(who)
	hash, signature := "0x"+strings.Repeat("01", 32), "0x"+strings.Repeat("02", 65)
	report := &action.Report{Height: 9, Round: 1}
	for i := range 32 {
		report.HashA[i], report.HashB[i] = 1, 1
	}
	for i := range 65 {
		report.SignatureA[i], report.SignatureB[i] = 2, 2
	}
	statement := &action.OperatorRotate{}
	copy(statement.Key[:], strings.Repeat("\x03", 33))
	copy(statement.Proof[:], strings.Repeat("\x04", 65))
	const q = "12D3KooWBmAwcd4PJNJvfV89HwE48nwkRmAgo8Vy3uQEyNNHBox2"
	var nodeProof action.NodeProof
	copy(nodeProof[:], strings.Repeat("\x05", 64))
	for args, want := range map[string]action.Action{
		"operator bond RPC --amount 1.5":                                      &action.Delegate{Operator: me, Amount: uint256.NewInt(15e17)},
		"operator bond RPC --amount 0.000000000000000007 --operator " + who:   &action.Delegate{Operator: other, Amount: uint256.NewInt(7)},
		"operator unbond RPC --all --operator " + common.Address{1}.Hex():     &action.Undelegate{Operator: common.Address{1}, Shares: uint256.NewInt(1)},
		"operator unbond RPC --amount 0.000000000000000002 --operator " + who: &action.Undelegate{Operator: other, Shares: uint256.NewInt(3)},
		"operator unbond RPC --amount 0.000000000000000003 --operator " + who: &action.Undelegate{Operator: other, Shares: uint256.NewInt(5)},
		"operator withdraw RPC --epoch 4":                                     &action.Withdraw{Operator: me, Epoch: 4},
		"operator withdraw RPC --epoch 0 --operator " + who:                   &action.Withdraw{Operator: other},
		"operator leave RPC":                   &action.OperatorLeave{Leave: true},
		"operator leave RPC --back":            &action.OperatorLeave{},
		"operator unjail RPC":                  &action.Unjail{},
		"operator update RPC --commission 600": &action.OperatorUpdate{Commission: 600, Node: action.Node{PeerID: "peer", Addresses: []string{"/ip4/10.0.0.1/tcp/1"}, Consensus: "10.0.0.1:2", Name: "before"}},
		"operator update RPC --name x --p2p /a --p2p /b --node " + q + ":0x" + strings.Repeat("05", 64): &action.OperatorUpdate{Commission: 500, NodeProof: nodeProof, Node: action.Node{PeerID: q, Addresses: []string{"/a", "/b"}, Consensus: "10.0.0.1:2", Name: "x"}},
		"operator report RPC --height 9 --round 1 --vote V --vote V":                                    report,
		"operator rotate RPC --statement " + statementText(*statement):                                  statement,
	} {
		l := &teller{
			mine: strings.Contains(args, "update") || strings.Contains(args, "bond RPC --amount 1.5"), peers: peersOf(10), holds: uint256.NewInt(5),
			owed: []*uint256.Int{uint256.NewInt(1)},
		}
		args = strings.ReplaceAll(args, " V", " "+hash+":"+signature)
		l.sends(t, me, want, append(strings.Fields(args), "--key-file", keyFile(t))...)
	}
}

func statementText(a action.OperatorRotate) string {
	return hexutil.Encode(a.Key[:]) + ":" + hexutil.Encode(a.Proof[:])
}

// A newcomer's home makes its operator, with the key that lies there: paid by that key, or by an owner's that is kept elsewhere. The same home makes
// the key to rotate to.
func TestOperatorIsMadeAndRotatedFromItsHome(t *testing.T) {
	home, first, peerID := homeOf(t)
	node, err := homeNode(home)
	if err != nil {
		t.Fatal(err)
	}
	owned, err := parseKey(testKey)
	if err != nil {
		t.Fatal(err)
	}
	create := []string{
		"operator", "create", "RPC", "--home", home, "--amount", "2", "--name", "new", "--p2p", "/ip4/10.0.0.5/tcp/1", "--consensus", "10.0.0.5:2", "--commission", "300",
	}
	want := func(payer common.Address) *action.OperatorCreate {
		proof, err := signKey(first, "teller-1", payer)
		if err != nil {
			t.Fatal(err)
		}
		return &action.OperatorCreate{
			Key: action.Key(first.PublicKey()), Proof: proof, Commission: 300, Amount: uint256.NewInt(2e18),
			NodeProof: node.Prove("teller-1", payer), Node: action.Node{PeerID: peerID, Addresses: []string{"/ip4/10.0.0.5/tcp/1"}, Consensus: "10.0.0.5:2", Name: "new"},
		}
	}
	(&teller{peers: peersOf(10)}).sends(t, first.Address(), want(first.Address()), create...)
	(&teller{peers: peersOf(10)}).sends(t, owner(owned), want(owner(owned)), append(create, "--key-file", keyFile(t))...)

	update := []string{"operator", "update", "RPC", "--home", home, "--key-file", keyFile(t)}
	(&teller{mine: true}).sends(t, owner(owned), &action.OperatorUpdate{
		Commission: 500, NodeProof: node.Prove("teller-1", owner(owned)),
		Node: action.Node{PeerID: peerID, Addresses: []string{"/ip4/10.0.0.1/tcp/1"}, Consensus: "10.0.0.1:2", Name: "before"},
	}, update...)

	rotate := []string{"operator", "rotate", "RPC", "--home", home, "--key-file", keyFile(t)}
	l := &teller{mine: true}
	if _, err := l.run(t, rotate...); err == nil || !strings.Contains(err.Error(), "operator keys --new") {
		t.Errorf("rotated without a key: %v", err)
	}
	out, err := l.run(t, "operator", "keys", "--home", home, "--new", "--light", "--json")
	var lines []keyLine
	if err != nil || json.Unmarshal([]byte(out), &lines) != nil || len(lines) != 2 || lines[0].Address != first.Address() {
		t.Fatalf("%v\n%s", err, out)
	}
	next, err := keys.NewFolder(keysDir(home), "secret").Open(lines[1].Address)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := signKey(next, "teller-1", owner(owned))
	if err != nil {
		t.Fatal(err)
	}
	wanted := &action.OperatorRotate{Key: action.Key(next.PublicKey()), Proof: proof}
	l.sends(t, owner(owned), wanted, rotate...)
	l.sends(t, owner(owned), wanted, append(rotate, "--key", next.Address().Hex())...)
	digest := action.KeyDigest("teller-1", owner(owned))
	if signer, err := tx.Recover(digest, proof); err != nil || signer != next.Address() {
		t.Errorf("the proof recovers to %s (%v)", signer, err)
	}
	if _, err := l.run(t, "operator", "keys", "--home", home, "--new", "--light"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.run(t, rotate...); err == nil || !strings.Contains(err.Error(), "2 keys") {
		t.Errorf("rotated to one of two keys: %v", err)
	}
}

// The owner's key may be elsewhere: the host of the node makes a statement, which the owner's sends.
func TestOperatorKeyStatement(t *testing.T) {
	home, _, peerID := homeOf(t)
	g := genesisOf(t, home)
	out, err := new(teller).run(t, "operator", "keys", "--home", home, "--new", "--light", "--owner", who)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if err != nil || len(lines) != 2 {
		t.Fatalf("%v\n%s", err, out)
	}
	address, statement, ok := strings.Cut(lines[1], " ")
	a, err := parseStatement(statement)
	if !ok || err != nil {
		t.Fatalf("%q: %v", lines[1], err)
	}
	signer, err := tx.Recover(action.KeyDigest(g.ChainID, common.HexToAddress(who)), a.Proof)
	public, perr := crypto.DecompressPubkey(a.Key[:])
	if err != nil || perr != nil || signer.Hex() != address || crypto.PubkeyToAddress(*public) != signer {
		t.Errorf("the statement is %s's, of key %x, and %s is shown (%v, %v)", signer, a.Key, address, err, perr)
	}
	out, err = new(teller).run(t, "operator", "keys", "--home", home, "--node", "--owner", who)
	named, proof, perr := parseNodeStatement(strings.TrimSpace(out))
	key, kerr := action.ParsePeerID(named)
	if err != nil || perr != nil || kerr != nil || named != peerID || !key.Signed(g.ChainID, common.HexToAddress(who), proof) {
		t.Errorf("the statement %q is not of node %s (%v, %v, %v)", out, peerID, err, perr, kerr)
	}
}

// genesisOf puts a genesis document into a home.
func genesisOf(t *testing.T, home string) *genesis.Genesis {
	t.Helper()
	p := plan{Dir: t.TempDir(), ChainID: "statement-1", Operators: []host{{"127.0.0.1", 1000}}, DA: "http://127.0.0.1:1", Light: true}
	if _, err := p.generate(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(p.Dir, genesisFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, genesisFile), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	g, err := genesis.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestOperatorVerbsRefuse(t *testing.T) {
	home, _, _ := homeOf(t)
	for args, want := range map[string]string{
		"operator bond RPC --amount x":                                                                   `--amount: "x"`,
		"operator bond RPC":                                                                              "amount",
		"operator bond RPC --amount 0 --operator " + who:                                                 "zero_amount",
		"operator bond RPC --amount 1":                                                                   "unknown_operator",
		"operator bond RPC --amount 1 --operator " + who:                                                 "3 of 3 power",
		"operator unbond RPC --amount 0":                                                                 "zero_amount",
		"operator unbond RPC --all --operator " + common.Address{3}.Hex():                                "too_many_shares",
		"operator unbond RPC --amount 1 --operator " + who:                                               "too_many_shares",
		"account transfer RPC --amount 0 " + who:                                                         "zero_amount",
		"ns reserve RPC --bytes 0 0x3030303030303030":                                                    "zero_amount",
		"operator create RPC --home HOME --amount 0.5 --name x --consensus a:1 --p2p /a":                 "below_min_stake",
		"operator bond RPC --amount 1 --operator x":                                                      `--operator "x" is no address`,
		"operator bond RPC --amount 1 " + who:                                                            "takes no argument",
		"operator unbond RPC":                                                                            "either --amount or --all",
		"operator unbond RPC --all --amount 1":                                                           "either --amount or --all",
		"operator unbond RPC --all":                                                                      "nothing bonded",
		"operator unbond RPC --amount 1":                                                                 "owns no operator",
		"operator withdraw RPC":                                                                          "epoch",
		"operator update RPC --name x":                                                                   "owns no operator",
		"operator create RPC --amount 1":                                                                 "--home is missing",
		"operator create RPC --home HOME --amount 1":                                                     "--name is missing",
		"operator create RPC --home HOME --amount 1 --name x --consensus a:1":                            "--p2p is missing",
		"operator create RPC --home HOME --amount 1ether --name x --consensus a:1 --p2p /a":              "--amount",
		"operator create RPC --home HOME --key " + who + " --amount 1 --name x --consensus a:1 --p2p /a": "a home of its own",
		"operator rotate RPC":                                                                            "--home is missing",
		"operator rotate RPC --statement 0x12":                                                           "KEY:PROOF",
		"operator report RPC --height 1 --vote 0x12:0x13":                                                "twice",
		"operator report RPC --height 1 --vote 0x12:0x13 --vote 0x12":                                    "HASH:SIGNATURE",
		"operator status RPC x":                                                                          "no address",
		"operator status RPC " + strings.Replace(who, "aa", "ab", 1):                                     "owns no operator",
		"operator status RPC " + who + " --json":                                                         "flags stand before",
		"operator keys --home HOME --owner " + who:                                                       "--key or --new",
		"operator keys --home /does/not/exist":                                                           "password",
		"operator nonsense":                                                                              "no verb",
		"operator keys --home HOME --node":                                                               "is no address",
	} {
		list := strings.Fields(strings.ReplaceAll(args, "HOME", home))
		if !strings.Contains(args, "status") && !strings.Contains(args, "keys") && !strings.Contains(args, "nonsense") {
			list = append(list[:2:2], append([]string{"--key-file", keyFile(t)}, list[2:]...)...)
		}
		if out, err := (&teller{owed: []*uint256.Int{uint256.NewInt(1)}}).run(t, list...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q\n%s", args, err, want, out)
		}
	}
	if _, err := (&teller{mine: true}).run(t, "operator", "update", "RPC", "--key-file", keyFile(t), "--node", "peer:0x12"); err == nil || !strings.Contains(err.Error(), "PEER_ID:PROOF") {
		t.Errorf("a node's statement that is none: %v", err)
	}
	l := &teller{failures: []api.Failure{{Leg: 0, Code: "below_min_stake"}}}
	if _, err := l.run(t, "operator", "unjail", "RPC", "--key-file", keyFile(t)); err == nil || !strings.Contains(err.Error(), "below_min_stake") {
		t.Errorf("the ledger's code is not told: %v", err)
	}
	if _, err := l.run(t, "operator", "leave", "RPC"); err == nil || !strings.Contains(err.Error(), "who pays") {
		t.Errorf("nobody pays: %v", err)
	}
}

// Who gives an operator a third of the power has to say that its node runs.
func TestAThirdOfThePowerIsAskedFor(t *testing.T) {
	jailed, left := peersOf(100)[0], peersOf(100)[0]
	jailed.JailedUntil, jailed.Owner, left.Leaving, left.Owner = 1, common.Address{1}, true, common.Address{2}
	for _, c := range []struct {
		name, amount string
		peers        []api.Operator
		asks         bool
	}{
		{"just below", "0.999999999999999999", peersOf(5), false},
		{"a third", "1", peersOf(6), true},
		{"below a third", "0.9", peersOf(6), false},
		{"who is jailed or leaves does not count", "1", append(peersOf(6), jailed, left), true},
		{"many others", "5", peersOf(6, 6, 6), false},
	} {
		l := &teller{peers: c.peers}
		args := []string{"operator", "bond", "RPC", "--operator", who, "--amount", c.amount, "--key-file", keyFile(t)}
		if _, err := l.run(t, args...); (err != nil) != c.asks || c.asks && !strings.Contains(err.Error(), "--yes") {
			t.Errorf("%s: %v, asks is %v", c.name, err, c.asks)
		}
		if (l.sent.Load() == nil) != c.asks {
			t.Errorf("%s: sent %v", c.name, l.sent.Load())
		}
		if _, err := l.run(t, append(args, "--yes")...); err != nil {
			t.Errorf("%s: with --yes: %v", c.name, err)
		}
	}
	p := genesis.DefaultParams()
	p.MaxOperators = 2
	newcomer := api.Operator{Owner: common.Address{9}, Tokens: new(uint256.Int)}
	if power, total := powerWith(p, peersOf(6, 5), newcomer, uint256.NewInt(4e18)); power != 0 || total != 11 {
		t.Errorf("who is not chosen has %d of %d power", power, total)
	}
	if power, total := powerWith(p, peersOf(6, 3), newcomer, uint256.NewInt(4e18)); power != 4 || total != 10 {
		t.Errorf("who is chosen has %d of %d power", power, total)
	}
}

// A node signs for whom its home's first key belongs to, so nobody else's operator is made there.
func TestAHomeIsOneOperators(t *testing.T) {
	home, _, _ := homeOf(t)
	further, err := keys.NewFolder(keysDir(home), "secret").Create(keys.Light)
	if err != nil {
		t.Fatal(err)
	}
	create := []string{
		"operator", "create", "RPC", "--home", home, "--amount", "2", "--name", "new", "--p2p", "/a", "--consensus", "a:1", "--key", further.Address().Hex(),
	}
	l := &teller{peers: peersOf(10)}
	if _, err := l.run(t, append(create, "--key-file", keyFile(t))...); err == nil || !strings.Contains(err.Error(), "a home of its own") || l.sent.Load() != nil {
		t.Errorf("made in another's home: %v", err)
	}
	if _, err := l.run(t, create...); err != nil {
		t.Errorf("by the first key, with a further one: %v", err)
	}
}

func TestOperatorsAreShown(t *testing.T) {
	for args, want := range map[string][]string{
		"operator status RPC":         {"before", "7 of 21", "2 ether", "5.00 %", "in the set"},
		"operator status RPC " + who:  {`"before"`, "7 of 21, then 7", "0x03, from the epoch's end on", "2 ether, of which 1 ether its own", "10.0.0.1:2", "/ip4/10.0.0.1/tcp/1", "after height  7"},
		"operator status RPC --json ": {`"consensus": "10.0.0.1:2"`},
	} {
		out, err := new(teller).run(t, strings.Fields(args)...)
		for _, s := range want {
			if err != nil || !strings.Contains(out, s) {
				t.Errorf("%s: want %q (%v)\n%s", args, s, err, out)
			}
		}
	}
	out, err := (&teller{owed: []*uint256.Int{uint256.NewInt(1)}}).run(t, "operator", "unbond", "RPC", "--key-file", keyFile(t), "--all", "--operator", common.Address{1}.Hex())
	if err != nil || !strings.Contains(out, "withdraw --epoch 5`") {
		t.Errorf("unbond does not say what is withdrawn when (%v):\n%s", err, out)
	}
	for want, o := range map[string]api.Operator{
		"tombstoned": {Tombstoned: true, Leaving: true}, "jailed until 1970-01-01T00:00:01Z": {JailedUntil: 1000}, "leaves at the epoch's end": {Leaving: true, NextPower: 1},
		"has left": {Leaving: true}, "not in the set": {},
	} {
		if got := stateOf(o); got != want {
			t.Errorf("state of %+v is %q, want %q", o, got, want)
		}
	}
}
