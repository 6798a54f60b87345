package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/api"
)

// setsEpoch is how long an epoch of the story is, in milliseconds: its actions, and a restart, fit into one.
const setsEpoch = 5_000

// TestOperatorsJoinLeaveAndRotate: wallets and bundles go on while a fifth operator, which the genesis does not know, joins, one of the four leaves,
// one rotates its key while it runs, and one rotates its key and is killed just when the set changes. Every change is certified by those before it. A rollup node that reads nothing but the
// DA layer derives all of it; so does one that begins when no operator runs any more, and the genesis document alone checks a proof from the end.
func TestOperatorsJoinLeaveAndRotate(t *testing.T) {
	realProcesses(t)
	n := newNetwork(t, options{})
	n.reshape(func(g *genesis.Genesis) { g.Params.EpochMS = setsEpoch })
	n.startAll()
	onDA := n.fromDA(n.rollups[0])
	onDA.start()
	traffic := *n // by way of the four
	var wallets []*transfers
	for _, r := range n.rollups {
		wallets = append(wallets, traffic.startTransfers(r, n.payers[0]))
	}
	bundles := traffic.startPairs(n.payers[1])
	bundles.more(1)

	leaver, rotated, killed := n.operators[3], n.operators[2], n.operators[1]
	fifth := n.newcomer()
	n.actsOn(leaver, "leave")
	n.votes(fifth)
	n.retires(leaver)
	bundles.more(2)

	running := rotated.cmd
	for _, o := range []*operator{rotated, killed} {
		before := o.address
		n.rotates(o, o == killed)
		n.votes(o)
		bundles.more(2)
		n.signsNoMore(o, before)
		t.Logf("%s signs as %s, and no more as %s", o.name, o.address, before)
	}
	if rotated.cmd != running {
		t.Errorf("%s was started again", rotated.name)
	}

	n.actsOn(killed, "update", "--name", "renamed", "--commission", "100")
	if said := must(t, nil, "operator", "status", "--rpc", fifth.url); !strings.Contains(said, "renamed") || !strings.Contains(said, "fifth") || !strings.Contains(said, "has left") {
		t.Errorf("operator status says\n%s", said)
	}
	for _, w := range wallets {
		w.more(1)
		w.result()
		w.landed()
	}
	bundles.more(2)
	acked := bundles.result()
	n.operators = append(n.operators, fifth)
	chain := n.check(acked)
	changes := 0
	for _, h := range chain.headers {
		if h.NextOperatorsHash != h.OperatorsHash {
			changes++
		}
	}
	if changes < 2 {
		t.Errorf("the operators changed %d times", changes)
	}
	for _, w := range wallets {
		n.finalizes(w.r)
		w.complete(t, chain)
		n.bothLegs(w.r, bundles.to, acked, chain)
	}
	n.provesTheLast(acked, chain)
	for _, o := range n.operators {
		o.stop()
	}
	heads, err := n.rollups[0].heads(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n.sameBlocks(n.rollups[0], onDA, heads)
	n.sameRoots(n.rollups[1])
}

// reshape changes the genesis in all folders, before anything runs.
func (n *network) reshape(change func(*genesis.Genesis)) {
	n.t.Helper()
	change(n.genesis)
	if err := n.genesis.Validate(); err != nil {
		n.t.Fatal(err)
	}
	raw, err := n.genesis.Encode()
	if err != nil {
		n.t.Fatal(err)
	}
	homes := []string{n.dir}
	for _, o := range n.operators {
		homes = append(homes, o.home)
	}
	for _, r := range n.rollups {
		homes = append(homes, r.home)
	}
	for _, home := range homes {
		if err := os.WriteFile(filepath.Join(home, "genesis.json"), raw, 0o600); err != nil {
			n.t.Fatal(err)
		}
	}
}

// newcomer makes keys, settings and an operator that the genesis does not know, and starts it. Its owner is an account that is kept elsewhere.
func (n *network) newcomer() *operator {
	n.t.Helper()
	first := n.operators[0]
	ip, _, _ := strings.Cut(strings.TrimPrefix(first.url, "http://"), ":")
	h := handmade{filepath.Join(n.dir, "operators", "fifth"), ip[:strings.LastIndexByte(ip, '.')] + ".31"}
	makeKeys(n.t, h)
	for name, text := range map[string][]byte{"genesis.json": readFile(n.t, filepath.Join(n.dir, "genesis.json")), "keys/password": []byte(handPassword + "\n")} {
		if err := os.WriteFile(filepath.Join(h.home, name), text, 0o600); err != nil {
			n.t.Fatal(err)
		}
	}
	p2p := fmt.Sprintf("/ip4/%s/tcp/26650", h.ip)
	writeSettings(n.t, filepath.Join(h.home, "config.toml"), map[string]string{
		"p2p-listen": fmt.Sprintf("[%q]", p2p), "consensus-listen": fmt.Sprintf("%q", h.at(26651)), "rpc-listen": fmt.Sprintf("%q", h.at(26652)),
		"block-interval": `"100ms"`, "local": "true", "da": fmt.Sprintf("%q", "http://"+h.ip[:strings.LastIndexByte(h.ip, '.')]+".1:"+portDA),
	})
	o := n.operator("fifth", h.home, "http://"+h.at(26652), newProcess(n.t, filepath.Dir(n.dir), "fifth", nil, "start", "--home", h.home))
	o.address = consensusKeys(n.t, h.home)[0]
	o.start()
	owner := filepath.Join(h.home, "owner.key")
	if err := os.WriteFile(owner, []byte(hexutil.Encode(crypto.FromECDSA(n.payers[2]))), 0o600); err != nil {
		n.t.Fatal(err)
	}
	must(n.t, nil, "operator", "create", "--rpc", first.url, "--home", h.home, "--key-file", owner, "--amount", "10", "--name", "fifth", "--p2p", p2p, "--consensus", h.at(26651))
	return o
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// consensusKeys asks for the keys of a home, the first one first.
func consensusKeys(t testing.TB, home string, more ...string) []common.Address {
	t.Helper()
	var lines []struct{ Address common.Address }
	if err := json.Unmarshal([]byte(must(t, nil, append([]string{"operator", "keys", "--home", home, "--json"}, more...)...)), &lines); err != nil {
		t.Fatal(err)
	}
	out := make([]common.Address, len(lines))
	for i, l := range lines {
		out[i] = l.Address
	}
	return out
}

// actsOn runs a verb of an operator from its own home, by way of another operator.
func (n *network) actsOn(o *operator, verb string, more ...string) {
	n.t.Helper()
	must(n.t, nil, append([]string{"operator", verb, "--rpc", n.operators[0].url, "--home", o.home}, more...)...)
}

// retires waits until an operator is in no set, and goes on without signing.
func (n *network) retires(o *operator) {
	n.t.Helper()
	n.until(o.name+" is in no set", func(ctx context.Context) error {
		all, err := n.operators[0].client.Operators(ctx)
		if err == nil && slices.ContainsFunc(all.Operators, func(m api.Operator) bool { return m.Address == o.address }) {
			err = errors.New("it is in the set")
		}
		return err
	})
	n.signsNoMore(o, o.address)
	n.certifies(o, n.highest()+3)
}

// signsNoMore looks for a key's signature in the newest certificates.
func (n *network) signsNoMore(o *operator, key common.Address) {
	n.t.Helper()
	from := n.highest() + 3
	first := n.operators[0]
	n.certifies(first, from+5)
	for height := from; height <= from+5; height++ {
		c, err := first.client.Certificate(n.t.Context(), api.HeightOf(height))
		if err != nil {
			n.t.Fatal(err)
		}
		if slices.Contains(c.Signers, key) {
			n.t.Errorf("%s signs block %d with %s", o.name, height, key)
		}
	}
}

// rotates makes a new key for an operator that runs, has the ledger take it, and waits until it is in the set. If told so, it kills the operator when
// the epoch has ended, up to two blocks before the new key is due.
func (n *network) rotates(o *operator, kill bool) {
	n.t.Helper()
	before := o.address
	list := consensusKeys(n.t, o.home, "--new", "--light")
	after := list[len(list)-1]
	n.actsOn(o, "rotate")
	mine := func(ctx context.Context) (*api.Operator, error) {
		all, err := n.operators[0].client.Operators(ctx, before) // an owner of the genesis is its first key's address
		if err != nil {
			return nil, err
		}
		if len(all.Operators) != 1 {
			return nil, fmt.Errorf("%d operators of %s are in the set", len(all.Operators), before)
		}
		return &all.Operators[0], nil
	}
	n.until(o.name+"'s epoch ends", func(ctx context.Context) error {
		m, err := mine(ctx)
		if err == nil && len(m.NextKey) > 0 {
			err = errors.New("the next key waits")
		}
		return err
	})
	if kill {
		o.kill()
		o.start()
	}
	n.until(o.name+" has its new key in the set", func(ctx context.Context) error {
		m, err := mine(ctx)
		if err == nil && m.Address != after {
			err = fmt.Errorf("the set has %s", m.Address)
		}
		return err
	})
	o.address = after
}

// provesTheLast checks the proof of the newest bundle with the genesis document, as anybody can.
func (n *network) provesTheLast(acked map[common.Hash]*tx.Tx, c *chain) {
	n.t.Helper()
	var last common.Hash
	for id := range acked {
		if last == (common.Hash{}) || c.places[id].height > c.places[last].height {
			last = id
		}
	}
	document := filepath.Join(filepath.Dir(n.dir), "last.json")
	if err := os.WriteFile(document, []byte(must(n.t, nil, "bundle", "proof", "--rpc", n.operators[len(n.operators)-1].url, last.Hex())), 0o600); err != nil {
		n.t.Fatal(err)
	}
	said := must(n.t, nil, "verify", "--genesis", filepath.Join(n.dir, "genesis.json"), document)
	if !strings.Contains(said, last.Hex()) {
		n.t.Errorf("verify does not speak of %s:\n%s", last, said)
	}
	n.t.Logf("the proof of block %d holds from the genesis on", c.places[last].height)
}
