package e2e

import (
	"bytes"
	"context"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/lockstep-network/lockstep/namespaces/lane"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

const killRounds = 20

// TestPublisherAndRollupKilled: wallets and bundles go on, and at twenty random moments the publisher or a rollup node is killed. In the end
// everything that was acknowledged is in a block, once and whole, all of it becomes safe and final, and a node that has never met an operator
// derives from the DA layer alone what the others derived from the operators: the same blocks with the same state.
func TestPublisherAndRollupKilled(t *testing.T) {
	realProcesses(t)
	random := chance(t)
	n := newNetwork(t, options{})
	n.startAll()
	var wallets []*transfers
	for _, r := range n.rollups {
		w := n.startTransfers(r, n.payers[0])
		w.more(1)
		wallets = append(wallets, w)
	}
	bundles := n.startPairs(n.payers[1])

	for round := range killRounds {
		wallets[random.IntN(len(wallets))].more(random.IntN(12))
		if i := random.IntN(2 * len(n.rollups)); i < len(n.rollups) {
			n.rollupKilled(round, random, wallets, i)
		} else {
			n.publisherKilled(round, random, wallets)
		}
	}
	n.votes(n.operators[0])
	for _, w := range wallets {
		w.result()
		w.landed()
	}
	bundles.more(2) // the last one stands above all transfers
	acked := bundles.result()
	chain := n.check(acked)
	for _, w := range wallets {
		n.finalizes(w.r)
		w.complete(t, chain)
		n.bothLegs(w.r, bundles.to, acked, chain)
		t.Logf("%s: %d acknowledged transfers are in blocks", w.r.name, len(w.acked))
	}
	for _, o := range n.operators {
		o.stop()
		if o.panics > 0 {
			t.Logf("%s ended %d times in CometBFT's block sync", o.name, o.panics)
		}
	}
	for _, r := range n.rollups {
		n.sameRoots(r)
	}
}

// publisherKilled: it is gone for some transfers. Now and then it is killed again as soon as it answers.
func (n *network) publisherKilled(round int, random *rand.Rand, wallets []*transfers) {
	n.t.Helper()
	o := n.operators[0]
	o.kill()
	wallets[random.IntN(len(wallets))].more(random.IntN(12))
	before := n.highest()
	o.start()
	want, what := uint64(1), "when it answers"
	if random.IntN(3) > 0 {
		want, what = before+1, "when it has caught up"
	}
	n.certifies(o, want)
	n.t.Logf("round %d: the publisher was killed at about block %d, and may be again %s", round, before, what)
}

// rollupKilled: the node is gone for some transfers on the other rollup, and then takes some itself.
func (n *network) rollupKilled(round int, random *rand.Rand, wallets []*transfers, i int) {
	n.t.Helper()
	r := n.rollups[i]
	r.kill()
	wallets[(i+1)%len(wallets)].more(random.IntN(12))
	r.start()
	n.answers(r)
	wallets[i].more(1 + random.IntN(6))
	n.t.Logf("round %d: %s was killed, and has acknowledged %d transfers in all", round, r.name, wallets[i].count())
}

// landed waits until each acknowledged transfer has its receipt, and checks what was transferred.
func (w *transfers) landed() {
	w.n.t.Helper()
	for _, signed := range w.acked {
		var receipt *types.Receipt
		w.n.until(fmt.Sprintf("transfer %d of %s is in a block", signed.Nonce(), w.r.name), func(ctx context.Context) (err error) {
			receipt, err = w.client.TransactionReceipt(ctx, signed.Hash())
			return err
		})
		if receipt.Status != types.ReceiptStatusSuccessful {
			w.n.t.Errorf("%s: transfer %d failed", w.r.name, signed.Nonce())
		}
	}
	latest, err := w.client.HeaderByNumber(w.n.t.Context(), nil)
	if err != nil {
		w.n.t.Fatal(err)
	}
	count := uint64(len(w.acked))
	nonce, err := w.client.NonceAt(w.n.t.Context(), addressOf(w.key), latest.Number)
	if err != nil || nonce < count || nonce > count+1 { // the last one may have been taken without a word
		w.n.t.Errorf("%s: the nonce is %d after %d transfers, %v", w.r.name, nonce, count, err)
	}
	if have, err := w.client.BalanceAt(w.n.t.Context(), w.to, latest.Number); err != nil || have.Cmp(new(big.Int).SetUint64(nonce)) != 0 {
		w.n.t.Errorf("%s: %s wei have arrived by %d transfers, %v", w.r.name, have, nonce, err)
	}
}

// complete checks each transfer's place in the shared chain: its lane holds it at the height which the rollup tells.
func (w *transfers) complete(t *testing.T, c *chain) {
	t.Helper()
	for _, signed := range w.acked {
		raw, err := signed.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		height, err := w.r.heightOf(w.n, signed.Hash())
		if err != nil {
			t.Errorf("%s: transfer %d: %v", w.r.name, signed.Nonce(), err)
			continue
		}
		if height > uint64(len(c.headers)) {
			t.Errorf("%s: transfer %d stands at height %d, and the last bundle at %d", w.r.name, signed.Nonce(), height, len(c.headers))
		} else if !slices.ContainsFunc(c.lanes[w.r.namespace][height-1], func(e lane.Entry) bool { return bytes.Equal(e.Data, raw) }) {
			t.Errorf("%s: transfer %d is not in its lane at height %d", w.r.name, signed.Nonce(), height)
		}
	}
}

// heightOf asks a rollup node at which shared height a transaction has landed.
func (r *rollup) heightOf(n *network, hash common.Hash) (uint64, error) {
	n.t.Helper()
	var s struct {
		Stage  string
		Height hexNumber
	}
	err := n.wallet(r).Client().CallContext(n.t.Context(), &s, "lockstep_transactionStatus", hash)
	if err == nil && s.Stage != "landed" {
		err = fmt.Errorf("its stage is %q", s.Stage)
	}
	return uint64(s.Height), err
}

// bothLegs checks that a rollup has executed its leg of every bundle, in the bundle's own shared block.
func (n *network) bothLegs(r *rollup, to common.Address, acked map[common.Hash]*tx.Tx, c *chain) {
	n.t.Helper()
	wallet := n.wallet(r)
	for id, v := range acked {
		for _, leg := range v.Legs() {
			if leg.Namespace != r.namespace {
				continue
			}
			signed := new(types.Transaction)
			if err := signed.UnmarshalBinary(leg.Data); err != nil {
				n.t.Fatal(err)
			}
			receipt, err := wallet.TransactionReceipt(n.t.Context(), signed.Hash())
			if err != nil || receipt.Status != types.ReceiptStatusSuccessful {
				n.t.Errorf("%s: the leg of bundle %s: %+v, %v", r.name, id, receipt, err)
				continue
			}
			if height, err := r.heightOf(n, signed.Hash()); err != nil || height != c.places[id].height {
				n.t.Errorf("%s: the leg of bundle %s was executed at shared height %d, and stands at %d: %v", r.name, id, height, c.places[id].height, err)
			}
		}
	}
	if have, err := wallet.BalanceAt(n.t.Context(), to, nil); err != nil || have.Cmp(big.NewInt(int64(len(acked)))) < 0 {
		n.t.Errorf("%s: %s wei have arrived by %d bundles, %v", r.name, have, len(acked), err)
	}
}

// sameRoots starts a node with an empty chain that reads nothing but the DA layer, and compares every block with the node that followed the
// operators. No operator runs.
func (n *network) sameRoots(r *rollup) {
	n.t.Helper()
	soft, err := r.heads(n.t.Context())
	if err != nil {
		n.t.Fatal(err)
	}
	if soft.Firm.Number == 0 {
		n.t.Fatalf("%s: no block is firm", r.name)
	}
	fresh := n.fromDA(r)
	fresh.start()
	n.sameBlocks(r, fresh, soft)
	fresh.stop()
}

// sameBlocks waits until a node that reads the DA layer alone has come to the firm head of the one that followed the operators, and compares every
// block up to there.
func (n *network) sameBlocks(r, fresh *rollup, soft rollupHeads) {
	n.t.Helper()
	n.until(fmt.Sprintf("%s derives block %d", fresh.name, soft.Firm.Number), func(ctx context.Context) error {
		if died := fresh.died(); died != nil {
			n.t.Fatal(died)
		}
		h, err := fresh.heads(ctx)
		if err == nil && h.Firm.Number < soft.Firm.Number {
			err = fmt.Errorf("it is at %d", h.Firm.Number)
		}
		return err
	})
	mine, theirs := n.wallet(r), n.wallet(fresh)
	for i := uint64(0); i <= uint64(soft.Firm.Number); i++ {
		number := new(big.Int).SetUint64(i)
		want, err := mine.HeaderByNumber(n.t.Context(), number)
		if err != nil {
			n.t.Fatalf("%s: block %d: %v", r.name, i, err)
		}
		have, err := theirs.HeaderByNumber(n.t.Context(), number)
		if err != nil {
			n.t.Fatalf("%s: block %d: %v", fresh.name, i, err)
		}
		if have.Hash() != want.Hash() || have.Root != want.Root {
			n.t.Fatalf("block %d is %s with state %s by the operators, and %s with state %s by the DA layer", i, want.Hash(), want.Root, have.Hash(), have.Root)
		}
		if i == uint64(soft.Firm.Number) && (have.Hash() != soft.Firm.BlockHash || have.Root != soft.Firm.StateRoot) {
			n.t.Errorf("%s: the firm head is %+v, and block %d is %s with state %s", r.name, soft.Firm, i, have.Hash(), have.Root)
		}
	}
	n.t.Logf("%s: %d blocks up to shared height %d are the same from the DA layer alone", r.name, soft.Firm.Number, soft.Firm.Height)
}

// fromDA makes a home of its own for a node of the same rollup: keys, genesis and settings, no data.
func (n *network) fromDA(r *rollup) *rollup {
	n.t.Helper()
	home := filepath.Join(filepath.Dir(n.dir), r.name+"-da")
	if err := os.MkdirAll(filepath.Join(home, "keys"), 0o700); err != nil {
		n.t.Fatal(err)
	}
	for _, name := range []string{"genesis.json", "rollup.json", "config.toml", "keys/node.pem", "keys/gateway.json", "keys/password"} {
		raw, err := os.ReadFile(filepath.Join(r.home, name))
		if err != nil {
			n.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(home, name), raw, 0o600); err != nil {
			n.t.Fatal(err)
		}
	}
	ip, _, _ := strings.Cut(strings.TrimPrefix(r.url, "http://"), ":")
	at := ip + ":8560" // beside the ports of the node that goes on
	p := newProcess(n.t, filepath.Dir(n.dir), r.name+"-da", r.env, "rollup", "start", "--home", home, "--source", "da", "--rpc-listen", at, "--metrics-listen", "")
	return &rollup{process: p, home: home, url: "http://" + at, chainID: r.chainID, namespace: r.namespace, env: r.env}
}
