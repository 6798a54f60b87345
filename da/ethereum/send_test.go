package ethereum

import (
	"context"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/internal/anvil"
)

// sentTx decodes what eth_sendRawTransaction carries.
func sentTx(t testing.TB, r request) *types.Transaction {
	t.Helper()
	var raw hexutil.Bytes
	tx := new(types.Transaction)
	if err := json.Unmarshal(r.Params[0], &raw); err != nil {
		t.Error(err)
	} else if err := tx.UnmarshalBinary(raw); err != nil {
		t.Error(err)
	}
	return tx
}

// recorded is a layer behind a proxy that notes each different transaction sent, and the proxy.
func recorded(t *testing.T, l1 *l1, c Config, hook func(r request) (any, bool)) (*Layer, *proxy, func() []*types.Transaction) {
	t.Helper()
	p := newProxy(t, l1.URL)
	var txs []*types.Transaction
	seen := map[common.Hash]bool{}
	p.set(func(r request) (any, bool) {
		if r.Method == "eth_sendRawTransaction" {
			p.mu.Lock()
			if tx := sentTx(t, r); !seen[tx.Hash()] {
				seen[tx.Hash()] = true
				txs = append(txs, tx)
			}
			p.mu.Unlock()
		}
		if hook == nil {
			return nil, false
		}
		return hook(r)
	})
	c.RPC = p.URL
	return open(t, c), p, func() []*types.Transaction {
		p.mu.Lock()
		defer p.mu.Unlock()
		return append([]*types.Transaction(nil), txs...)
	}
}

func landed(t *testing.T, out <-chan submitted) uint64 {
	t.Helper()
	s := <-out
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.height
}

// inboxTxs counts the containers of a range of blocks.
func inboxTxs(t *testing.T, l *Layer, from, to uint64) (n int) {
	t.Helper()
	for h := from; h <= to; h++ {
		b, err := l.chain.at(t.Context(), h)
		if err != nil {
			t.Fatal(err)
		}
		n += len(b.txs)
	}
	return n
}

// TestDroppedTransactionIsSentAgain: a pool that says yes and forgets.
func TestDroppedTransactionIsSentAgain(t *testing.T) {
	l1 := startL1(t)
	dropped := 0
	var p *proxy
	l, p, txs := recorded(t, l1, l1.config(1), func(r request) (any, bool) {
		if r.Method != "eth_sendRawTransaction" {
			return nil, false
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		dropped++
		return sentTx(t, r).Hash(), dropped <= 2
	})
	h, err := l.Submit(t.Context(), blobs(nsA(), "x"))
	if err != nil {
		t.Fatal(err)
	}
	want(t, l, h, nsA(), "x")
	if len(txs()) != 1 {
		t.Errorf("%d different transactions were sent, want the same one again", len(txs()))
	}
}

// TestStuckTransactionIsReplaced: fees double until it is included, and it is included once.
func TestStuckTransactionIsReplaced(t *testing.T) {
	l1 := startL1(t, "--no-mining")
	c := l1.config(1)
	c.Timing.Bump = 60 * time.Millisecond
	l, _, txs := recorded(t, l1, c, nil)
	out := submit(t, t.Context(), l, blobs(nsA(), "x"))
	eventually(t, "three attempts", func() bool { return len(txs()) >= 3 })
	l1.mine(1)
	h := landed(t, out)
	for i, tx := range txs()[1:] {
		old := txs()[i]
		if tx.Nonce() != old.Nonce() || tx.BlobGasFeeCap().Cmp(new(big.Int).Lsh(old.BlobGasFeeCap(), 1)) < 0 ||
			tx.GasFeeCap().Cmp(new(big.Int).Lsh(old.GasFeeCap(), 1)) < 0 || tx.GasTipCap().Cmp(new(big.Int).Lsh(old.GasTipCap(), 1)) < 0 {
			t.Errorf("attempt %d does not double the fees of the one before", i+1)
		}
	}
	want(t, l, h, nsA(), "x")
	l1.mine(2)
	if n := inboxTxs(t, l, 1, h+2); n != 1 {
		t.Errorf("%d containers on the L1, want 1", n)
	}
	costs := l.Costs()
	if costs.InFlight.Sign() != 0 || costs.LastHour.Sign() <= 0 {
		t.Errorf("costs %+v after all is settled", costs)
	}
}

// TestReorgBeforeConfirmation: a transaction that a reorganisation drops is sent again until it stands deep enough.
func TestReorgBeforeConfirmation(t *testing.T) {
	l1 := startL1(t, "--no-mining")
	c := l1.config(1)
	c.Confirmations = 3
	l := open(t, c)
	l1.mine(3)
	out := submit(t, t.Context(), l, blobs(nsA(), "x"))
	l1.pooled(1)
	l1.mine(1)
	want(t, l, 4, nsA(), "x")
	l1.call("anvil_reorg", 1, []any{})
	eventually(t, "the block is replaced", func() bool {
		got, err := l.Read(t.Context(), 4, nsA())
		return err == nil && len(got) == 0
	})
	l1.pooled(1)
	select {
	case s := <-out:
		t.Fatalf("Submit ended before the third block: %+v", s)
	default:
	}
	l1.mine(1)
	l1.mine(2)
	h := landed(t, out)
	if h != 5 {
		t.Errorf("included at %d, want 5", h)
	}
	want(t, l, h, nsA(), "x")
}

// TestReorgAfterwards: what was acknowledged and is reorganised away is not there any more, and the account goes on.
func TestReorgAfterwards(t *testing.T) {
	l1 := startL1(t)
	l := open(t, l1.config(1))
	l1.mine(2)
	h, err := l.Submit(t.Context(), blobs(nsA(), "x"))
	if err != nil {
		t.Fatal(err)
	}
	want(t, l, h, nsA(), "x")
	before, err := l.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l1.call("anvil_reorg", 1, []any{})
	want(t, l, h, nsA())
	if after, err := l.Head(t.Context()); err != nil || after.Height != before.Height || after.Hash == before.Hash {
		t.Errorf("head %+v, before the reorganisation %+v: %v", after, before, err)
	}
	again, err := l.Submit(t.Context(), blobs(nsA(), "x", "y"))
	if err != nil {
		t.Fatal(err)
	}
	want(t, l, again, nsA(), "x", "y")
}

// TestUnknownOutcome: a submission that comes again is waited for, not sent twice; another one takes its place.
func TestUnknownOutcome(t *testing.T) {
	l1 := startL1(t, "--no-mining")
	c := l1.config(1)
	c.Timing.Patience = 1500 * time.Millisecond
	l, _, txs := recorded(t, l1, c, nil)
	_, err := l.Submit(t.Context(), blobs(nsA(), "x"))
	wantErr(t, err, da.ErrUnavailable)
	_, err = l.Submit(t.Context(), blobs(nsA(), "x"))
	wantErr(t, err, da.ErrUnavailable)
	if len(txs()) != 1 {
		t.Fatalf("%d transactions for one submission", len(txs()))
	}
	l1.mine(1)
	if h, err := l.Submit(t.Context(), blobs(nsA(), "x")); err != nil || h != 1 {
		t.Fatalf("the same submission again: height %d, %v, want the one it stands at", h, err)
	}
	_, err = l.Submit(t.Context(), blobs(nsA(), "y"))
	wantErr(t, err, da.ErrUnavailable)
	ctx, cancel := context.WithTimeout(t.Context(), c.Timing.Patience)
	defer cancel()
	_, err = l.Submit(ctx, blobs(nsA(), "z"))
	wantErr(t, err, context.DeadlineExceeded)
	if n := len(txs()); n != 3 || txs()[1].Nonce() != txs()[2].Nonce() {
		t.Fatalf("%d transactions, the last does not replace the one before", n)
	}
	l1.mine(1)
	want(t, l, 2, nsA(), "z")
	if cost := l.Costs().InFlight; cost.Sign() == 0 {
		t.Error("nothing is set aside for what is in flight")
	}
}

// TestCrash: a process that knows nothing of the transaction that its account has in flight replaces it.
func TestCrash(t *testing.T) {
	l1 := startL1(t, "--no-mining")
	c := l1.config(1)
	first := c
	first.Timing.Patience = 1500 * time.Millisecond
	_, err := open(t, first).Submit(t.Context(), blobs(nsA(), "x"))
	wantErr(t, err, da.ErrUnavailable)
	l, _, txs := recorded(t, l1, c, nil)
	out := submit(t, t.Context(), l, blobs(nsA(), "y"))
	eventually(t, "it has replaced the other", func() bool {
		n := len(txs())
		return n > 0 && txs()[n-1].Nonce() == 0
	})
	eventually(t, "it is mined", func() bool { l1.mine(1); return len(out) == 1 })
	h := landed(t, out)
	want(t, l, h, nsA(), "y")
}

// TestBlobFeeSpike: while blobs are dear what fits goes as calldata, by another account if one has a blob transaction in flight; then blobs again.
func TestBlobFeeSpike(t *testing.T) {
	l1 := startL1(t, "--no-mining")
	c := l1.config(2)
	c.Fees.NoCalldata = false
	c.Timing.Bump = 60 * time.Millisecond
	var p *proxy
	spike := false
	l, p, txs := recorded(t, l1, c, func(r request) (any, bool) {
		p.mu.Lock()
		defer p.mu.Unlock()
		return hexutil.Uint64(100 * params.GWei), spike && r.Method == "eth_blobBaseFee"
	})
	set := func(v bool) { p.mu.Lock(); spike = v; p.mu.Unlock() }
	text := strings.Repeat("x", 100_000)
	out := submit(t, t.Context(), l, blobs(nsA(), text))
	eventually(t, "the blob is sent", func() bool { return len(txs()) == 1 })
	set(true)
	eventually(t, "it goes as calldata", func() bool { n := len(txs()); return txs()[n-1].Type() == types.DynamicFeeTxType })
	kinds := map[common.Address]map[uint8]bool{}
	for _, tx := range txs() {
		from, err := types.Sender(types.LatestSignerForChainID(tx.ChainId()), tx)
		if err != nil {
			t.Fatal(err)
		}
		if kinds[from] == nil {
			kinds[from] = map[uint8]bool{}
		}
		if kinds[from][tx.Type()] = true; len(kinds[from]) > 1 {
			t.Fatal("an account has blobs and calldata in flight")
		}
	}
	l1.pooled(2)
	l1.mine(1)
	h := landed(t, out)
	if got, err := l.Read(t.Context(), h, nsA()); err != nil || len(got) == 0 || string(got[0].Data) != text {
		t.Fatalf("%d blobs: %v", len(got), err)
	}
	_, err := l.Submit(t.Context(), blobs(nsA(), strings.Repeat("y", 200_000)))
	wantErr(t, err, da.ErrTooLarge{})
	set(false)
	before := len(txs())
	out = submit(t, t.Context(), l, blobs(nsB(), text))
	eventually(t, "it is sent", func() bool { return len(txs()) > before })
	if txs()[before].Type() != types.BlobTxType {
		t.Error("blobs are cheap again, and calldata is sent")
	}
	l1.pooled(1)
	l1.mine(1)
	want(t, l, landed(t, out), nsB(), text)
}

// TestLimits: what is too dear, not paid for or refused is told by type, and nothing is sent.
func TestLimits(t *testing.T) {
	l1 := startL1(t)
	poor, err := anvil.Key("poor")
	if err != nil {
		t.Fatal(err)
	}
	refuses := common.Address{1, 2, 3}
	l1.call("anvil_setCode", refuses, "0x60006000fd")
	for _, c := range []struct {
		name   string
		change func(*Config)
		want   []error
	}{
		{"gas is dearer than allowed", func(c *Config) { c.Fees.MinTip, c.Fees.MaxGas = 1, 2 }, []error{ErrFeeLimit, da.ErrFeeTooLow}},
		{"the hour's money is spent", func(c *Config) { c.Fees.SpendPerHour = big.NewInt(1000) }, []error{ErrSpendLimit, da.ErrFeeTooLow}},
		{"no ether", func(c *Config) { c.Accounts = []Account{KeyAccount(poor)} }, []error{ErrFunds, da.ErrFeeTooLow}},
		{"the inbox refuses", func(c *Config) { c.Inbox = refuses }, []error{ErrRejected, da.ErrInvalid}},
		{"another chain", func(c *Config) { c.ChainID = 1 }, []error{ErrRejected, da.ErrInvalid}},
		{"no account", func(c *Config) { c.Accounts = nil }, []error{da.ErrInvalid}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := l1.config(1)
			c.change(&cfg)
			l, p, _ := recorded(t, l1, cfg, nil)
			_, err := l.Submit(t.Context(), blobs(nsA(), "x"))
			wantErr(t, err, c.want...)
			if cost := l.Costs().InFlight; cost.Sign() != 0 {
				t.Errorf("%s wei are still set aside", cost)
			}
			if n := p.count("eth_sendRawTransaction"); n > 0 && c.name != "no ether" {
				t.Errorf("%d transactions were sent", n)
			}
		})
	}
}
