package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"

	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/api/client"
)

// TestBundles: the command line sends bundles to two rollups and proves to a third party, offline, where they stand.
func TestBundles(t *testing.T) {
	realProcesses(t)
	random := chance(t)
	n := newNetwork(t, options{})
	n.startAll()
	acked := make(map[common.Hash]*tx.Tx)

	var proven string
	t.Run("both legs land in one shared block", func(t *testing.T) { proven = bundleLands(t, n) })
	if proven == "" {
		t.FailNow()
	}
	t.Run("a document with one digit changed is refused", func(t *testing.T) { tampering(t, n, random, proven) })
	t.Run("half of a bundle is impossible", func(t *testing.T) { halves(t, n, random, acked) })
	t.Run("an expired bundle is told so", func(t *testing.T) {
		to := common.HexToAddress("0xe1").Hex()
		said := refused(t, nil, "bundle", "send", "--devnet", n.dir, "--expires-in", "0", "--transfer", "rollup-1:"+to+":1", "--transfer", "rollup-2:"+to+":1")
		if !strings.Contains(said, "expired") {
			t.Errorf("it says %q", said)
		}
		if shown := must(t, nil, "bundle", "show", "--devnet", n.dir, common.Hash{1}.Hex()); !strings.Contains(shown, "unknown") {
			t.Errorf("a transaction that nobody has sent: %q", shown)
		}
	})
	t.Run("duplicates are harmless", func(t *testing.T) { duplicates(t, n, random, acked) })
	t.Run("bad input gets its code", func(t *testing.T) { badInput(t, n, random) })
	n.check(acked)
}

// bundleLands sends one bundle and returns the file of its proof.
func bundleLands(t *testing.T, n *network) string {
	key, _ := crypto.GenerateKey()
	to, file := addressOf(key), filepath.Join(t.TempDir(), "proof.json")
	out := must(t, nil, "bundle", "send", "--devnet", n.dir, "--json", "--proof", file,
		"--transfer", fmt.Sprintf("rollup-1:%s:1", to), "--transfer", fmt.Sprintf("rollup-2:%s:2.5", to))
	var sent api.Transaction
	if err := json.Unmarshal([]byte(out), &sent); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if sent.Status != api.StatusIncluded || !sent.Certified || sent.Position == nil || len(sent.Legs) != 2 {
		t.Fatalf("it is %+v", sent)
	}
	ether := big.NewInt(params.Ether)
	for i, want := range []*big.Int{ether, new(big.Int).Div(new(big.Int).Mul(ether, big.NewInt(5)), big.NewInt(2))} {
		r := n.rollups[i]
		wallet := n.wallet(r)
		n.until("the leg's effect shows on "+r.name, func(ctx context.Context) error {
			have, err := wallet.BalanceAt(ctx, to, nil)
			if err == nil && have.Cmp(want) != 0 {
				err = fmt.Errorf("%s holds %s, want %s", to, have, want)
			}
			return err
		})
		var number hexNumber
		if err := wallet.Client().CallContext(t.Context(), &number, "lockstep_blockAtHeight", fmt.Sprintf("0x%x", sent.Height)); err != nil {
			t.Fatal(err)
		}
		block, err := wallet.BlockByNumber(t.Context(), new(big.Int).SetUint64(uint64(number)))
		if err != nil || len(block.Transactions()) != 1 || *block.Transactions()[0].To() != to {
			t.Errorf("%s: block %d of shared height %d does not hold the leg (%v)", r.name, number, sent.Height, err)
		}
	}
	said := must(t, nil, "verify", "--genesis", filepath.Join(n.dir, "genesis.json"), file)
	for _, want := range []string{
		"proven for lockstep-e2e", fmt.Sprintf("transaction %s is in block %d ", sent.ID, sent.Height), fmt.Sprintf("at position %d\n", *sent.Position),
		"leg 0: namespace " + n.rollups[0].namespace.String(), "leg 1: namespace " + n.rollups[1].namespace.String(), "seen in the complete lane",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("verify does not say %q:\n%s", want, said)
		}
	}
	other := filepath.Join(t.TempDir(), "other.json")
	if err := os.WriteFile(other, []byte(must(t, nil, "bundle", "proof", "--rpc", n.operators[2].url, sent.ID.Hex())), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, nil, "verify", "--genesis", filepath.Join(n.dir, "genesis.json"), other)
	kept := filepath.Join(n.dir, "..", "proof.json")
	if err := os.Rename(file, kept); err != nil {
		t.Fatal(err)
	}
	return kept
}

// tampering changes a proof document, and the genesis, in every part by hand and in many places by chance.
func tampering(t *testing.T, n *network, random *rand.Rand, proven string) {
	raw, err := os.ReadFile(proven)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	genesis := filepath.Join(n.dir, "genesis.json")
	verify := func(what, genesis string, document []byte) {
		path := filepath.Join(dir, "tampered.json")
		if err := os.WriteFile(path, document, 0o600); err != nil {
			t.Fatal(err)
		}
		if s := run(t, nil, "verify", "--genesis", genesis, path); s.code == 0 || strings.Contains(s.out, "proven") || s.err == "" {
			t.Errorf("%s: exit code %d, %s%s", what, s.code, s.out, s.err)
		}
	}
	digits := hexDigits(raw)
	for range 16 {
		at := digits[random.IntN(len(digits))]
		changed := bytes.Clone(raw)
		changed[at] = "0123456789abcdef"[(strings.IndexByte("0123456789abcdef", raw[at])+1+random.IntN(15))%16]
		verify(fmt.Sprintf("digit %d of %d", at, len(raw)), genesis, changed)
	}
	for what, change := range map[string][2]string{
		"an unknown field": {`"version": 1`, `"version": 1, "note": "true"`},
		"another version":  {`"version": 1`, `"version": 2`},
		"another chain":    {`"lockstep-e2e"`, `"lockstep-e3e"`},
		"no lanes' data":   {`"data": "0x`, `"nodata": "0x`},
	} {
		changed := bytes.Replace(raw, []byte(change[0]), []byte(change[1]), 1)
		if bytes.Equal(changed, raw) {
			t.Fatalf("%s: nothing to change", what)
		}
		verify(what, genesis, changed)
	}
	verify("half of the file", genesis, raw[:len(raw)/2])
	verify("an empty file", genesis, nil)

	g, err := os.ReadFile(genesis)
	if err != nil {
		t.Fatal(err)
	}
	stranger := filepath.Join(dir, "genesis.json")
	if err := os.WriteFile(stranger, bytes.Replace(g, []byte(`"lanePrice": 500000000`), []byte(`"lanePrice": 500000001`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	verify("the genesis of another network", stranger, raw)
}

// hexDigits finds the digits of all hexadecimal texts of a document.
func hexDigits(raw []byte) []int {
	var at []int
	for i := 0; i < len(raw)-3; i++ {
		if string(raw[i:i+3]) != `"0x` {
			continue
		}
		for i += 3; raw[i] != '"'; i++ {
			at = append(at, i)
		}
	}
	return at
}

// halves tries to get one leg of a bundle into a block without the other, and shows what a leg that its rollup cannot execute does.
func halves(t *testing.T, n *network, random *rand.Rand, acked map[common.Hash]*tx.Tx) {
	node, one, two := n.operators[1].client, n.rollups[0].namespace, n.rollups[1].namespace
	head := n.status(n.operators[1]).Head
	stranger := one
	stranger[9] ^= 0xff
	bad := n.sign(n.payers[0], random.Uint64(), head+100, junk(random, one), junk(random, stranger))
	if _, err := node.SendBundle(t.Context(), bad); client.Code(err) != "unknown_namespace" {
		t.Errorf("a bundle with one leg for nobody: %v", err)
	}
	whole := n.sign(n.payers[0], random.Uint64(), head+100, junk(random, one), junk(random, two))
	fields := whole.Fields()
	fields.Legs = fields.Legs[:1]
	half, err := tx.New(fields)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := send(t, n.operators[1], half.Raw()); client.Code(err) != "bad_signature" {
		t.Errorf("a bundle that has lost a leg: %v", err)
	}
	for _, id := range []common.Hash{bad.ID(), half.ID()} {
		if s, err := node.Transaction(t.Context(), id); err != nil || s.Status == api.StatusPending || s.Status == api.StatusIncluded {
			t.Errorf("half of a bundle is %+v, %v", s, err)
		}
	}

	// No rollup can execute junk. It stands in both lanes all the same, and the rollup tells why it was skipped.
	if _, err := node.SendBundle(t.Context(), whole); err != nil {
		t.Fatal(err)
	}
	acked[whole.ID()] = whole.Tx
	s := n.included(n.operators[1], whole.ID())
	for i, r := range n.rollups {
		n.follows(r, s.Height)
		var skipped struct {
			Skipped []struct {
				Hash   common.Hash
				Reason string
			}
		}
		wallet := n.wallet(r).Client()
		var number string
		if err := wallet.CallContext(t.Context(), &number, "lockstep_blockAtHeight", fmt.Sprintf("0x%x", s.Height)); err != nil {
			t.Fatal(err)
		}
		if err := wallet.CallContext(t.Context(), &skipped, "lockstep_skippedIn", number); err != nil {
			t.Fatal(err)
		}
		if len(skipped.Skipped) != 1 || skipped.Skipped[0].Hash != crypto.Keccak256Hash(whole.Legs()[i].Data) || skipped.Skipped[0].Reason == "" {
			t.Errorf("%s skipped %+v in its block %s", r.name, skipped, number)
		}
	}
}

// included waits until a transaction is certified.
func (n *network) included(o *operator, id common.Hash) *api.Transaction {
	n.t.Helper()
	var s *api.Transaction
	n.until(fmt.Sprintf("transaction %s is certified", id), func(ctx context.Context) (err error) {
		if s, err = o.client.Transaction(ctx, id); err == nil && !s.Certified {
			err = fmt.Errorf("it is %s (%s)", s.Status, s.Message)
		}
		return err
	})
	return s
}

// duplicates sends one bundle to all operators at once, and again when it is included.
func duplicates(t *testing.T, n *network, random *rand.Rand, acked map[common.Hash]*tx.Tx) {
	v := n.sign(n.payers[1], random.Uint64(), n.status(n.operators[0]).Head+200, junk(random, n.rollups[0].namespace), junk(random, n.rollups[1].namespace))
	type answer struct {
		sent *api.Sent
		err  error
	}
	answers := make(chan answer)
	for i := range 3 * len(n.operators) {
		go func() {
			sent, err := n.operators[i%len(n.operators)].client.SendBundle(t.Context(), v)
			answers <- answer{sent, err}
		}()
	}
	journaled := 0
	for range 3 * len(n.operators) {
		a := <-answers
		switch {
		case a.err == nil && a.sent.Acknowledged == api.Journaled && a.sent.ID == v.ID():
			journaled++
		case client.Code(a.err) != "spent": // a block was quicker
			t.Errorf("the same bundle again: %+v, %v", a.sent, a.err)
		}
	}
	if journaled == 0 {
		t.Error("nobody acknowledged it")
	}
	acked[v.ID()] = v.Tx
	for _, o := range n.operators {
		first := n.included(n.operators[0], v.ID())
		if s := n.included(o, v.ID()); s.Height != first.Height || *s.Position != *first.Position {
			t.Errorf("%s has it at %d, position %d; %s at %d, position %d", n.operators[0].name, first.Height, *first.Position, o.name, s.Height, *s.Position)
		}
		if _, err := o.client.SendBundle(t.Context(), v); client.Code(err) != "spent" {
			t.Errorf("%s takes an included bundle again: %v", o.name, err)
		}
	}
}
