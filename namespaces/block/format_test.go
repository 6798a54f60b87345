package block

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/internal/golden"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/lane"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

func sampleHeader() Header {
	return Header{
		ChainID: "lockstep-test", Height: 7, TimeMS: 1_700_000_000_123, ParentHash: common.Hash{1}, Proposer: common.Address{2},
		DataRoot: lane.Root{3}, TxRoot: common.Hash{4}, LedgerRoot: common.Hash{5}, OperatorsHash: common.Hash{6},
		NextOperatorsHash: common.Hash{7}, DAHead: 8, PublishedHeight: 9,
	}
}

// sampleBody has count transactions over three rollups, every fifth a bundle, tips of 0 to 3, drawn from the seed.
func sampleBody(t testing.TB, seed uint64, count int) Body {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 0))
	key, err := crypto.ToECDSA(crypto.Keccak256([]byte("a key for tests only")))
	if err != nil {
		t.Fatal(err)
	}
	ns := func() namespaces.Namespace { return namespaces.Namespace{0: 1, 9: byte(rng.IntN(3))} }
	var batch Batch
	for i := range count {
		f := tx.Fields{ChainID: "lockstep-test", Salt: uint64(i), Expiry: 50, Tip: rng.Uint64N(4)}
		f.Legs = []tx.Leg{{Namespace: ns(), Data: fmt.Appendf(nil, "leg %d", i)}}
		if i%5 == 0 {
			f.Legs = append(f.Legs, tx.Leg{Namespace: namespaces.Namespace{0: 2}, Data: []byte("other leg")})
		}
		v, err := tx.Sign(f, key)
		if err != nil {
			t.Fatal(err)
		}
		batch.Txs = append(batch.Txs, v.Tx)
	}
	return Body{Batches: []Batch{batch}}
}

func TestGoldenBlock(t *testing.T) {
	h := sampleHeader()
	body := sampleBody(t, 1, 7)
	c, err := Assemble(body, func(namespaces.Namespace) Rule { return ByTip })
	if err != nil {
		t.Fatal(err)
	}
	lanes := make(map[string]hexutil.Bytes)
	for _, l := range c.Lanes {
		lanes[l.Namespace.String()] = l.Data
	}
	root := c.Table.Root()
	golden.Check(t, "block", map[string]any{
		"header": hexutil.Bytes(h.Encode()), "header hash": h.Hash(), "body": hexutil.Bytes(body.Encode()), "lanes": lanes,
		"data root": hexutil.Bytes(root[:]), "tx root": c.IDs.Root(),
	})
}

func TestHeaderEncoding(t *testing.T) {
	h := sampleHeader()
	raw := h.Encode()
	if back, err := DecodeHeader(raw); err != nil || back != h {
		t.Fatalf("a header does not survive its encoding: %v", err)
	}
	for i := range raw {
		if _, err := DecodeHeader(raw[:i]); err == nil {
			t.Errorf("the first %d of %d bytes are taken for a header", i, len(raw))
		}
	}
	for name, change := range map[string]func(*Header){
		"height 0": func(h *Header) { h.Height = 0 }, "no chain": func(h *Header) { h.ChainID = "" },
		"long chain": func(h *Header) { h.ChainID = string(make([]byte, 51)) },
	} {
		bad := h
		change(&bad)
		if _, err := DecodeHeader(bad.Encode()); err == nil {
			t.Errorf("%s: taken for a header", name)
		}
	}
}

// The order does not depend on how a body lists transactions where the rule is by tip, and follows the list where it is the proposer's.
func TestOrder(t *testing.T) {
	seed := uint64(99)
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	body := sampleBody(t, seed, 60)
	byTipAll := func(namespaces.Namespace) Rule { return ByTip }
	want := Order(body, byTipAll)
	for range 50 {
		txs := body.Batches[0].Txs
		rng.Shuffle(len(txs), func(i, k int) { txs[i], txs[k] = txs[k], txs[i] })
		for i, got := range Order(body, byTipAll) {
			if got != want[i] {
				t.Fatalf("position %d depends on the list", i)
			}
		}
	}
	place := make(map[*tx.Tx]int)
	for i, tx := range body.Batches[0].Txs {
		place[tx] = i
	}
	ordered := Order(body, func(namespaces.Namespace) Rule { return ByProposer })
	for i := 1; i < len(ordered); i++ {
		a, b := ordered[i-1], ordered[i]
		switch {
		case !a.Spans() && b.Spans():
			t.Fatal("a bundle stands behind a plain transaction")
		case a.Spans() && b.Spans() && a.Tip() < b.Tip():
			t.Fatal("bundles do not stand by tip")
		case !a.Spans() && a.Namespace() == b.Namespace() && place[a] > place[b]:
			t.Fatal("the proposer's order is not kept")
		case !a.Spans() && a.Namespace().Compare(b.Namespace()) > 0:
			t.Fatal("namespaces do not ascend")
		}
	}
}

// maxTxs is more than any body of these tests has.
const maxTxs = 100

// Too many transactions are refused before one of them is decoded, however they are spread over batches.
func TestTransactionsAreCountedFirst(t *testing.T) {
	body := sampleBody(t, 1, 6)
	txs := body.Batches[0].Txs
	split := Body{Batches: []Batch{{Txs: txs[:3]}, {Txs: txs[3:]}}}
	for _, b := range []Body{body, split} {
		decoded := 0
		decode := func(raw []byte) (*tx.Tx, error) { decoded++; return tx.Decode(raw) }
		if _, err := DecodeBody(b.Encode(), len(txs), decode); err != nil || decoded != len(txs) {
			t.Errorf("%d batches: %d decoded, %v", len(b.Batches), decoded, err)
		}
		decoded = 0
		if _, err := DecodeBody(b.Encode(), len(txs)-1, decode); err == nil || decoded > 0 {
			t.Errorf("%d batches, one transaction too many: %d decoded, %v", len(b.Batches), decoded, err)
		}
	}
}

func TestBadBodies(t *testing.T) {
	body := sampleBody(t, 1, 3)
	raw := body.Encode()
	for i := range raw {
		if _, err := DecodeBody(raw[:i], maxTxs, tx.Decode); err == nil {
			t.Fatalf("the first %d of %d bytes are taken for a body", i, len(raw))
		}
	}
	many := Body{Batches: make([]Batch, maxBatches+1)}
	for name, raw := range map[string][]byte{
		"too large": make([]byte, MaxBodySize+1), "trailing byte": append(bytes.Clone(raw), 0), "too many batches": many.Encode(),
		"version 2": append([]byte{raw[0], raw[1], raw[2], 2}, raw[4:]...), "empty list": {0xc0},
		"a batch without an author": {0xc5, 1, 0xc3, 0xc2, 0x80, 0xc0},
	} {
		if _, err := DecodeBody(raw, maxTxs, tx.Decode); err == nil {
			t.Errorf("%s: taken for a body", name)
		}
	}
	twice := body
	twice.Batches[0].Txs = append(twice.Batches[0].Txs, twice.Batches[0].Txs[0])
	if _, err := Assemble(twice, func(namespaces.Namespace) Rule { return ByTip }); err == nil {
		t.Error("a transaction stands twice in a block")
	}
	if c, err := Assemble(Body{}, func(namespaces.Namespace) Rule { return ByTip }); err != nil || len(c.Lanes) != 0 {
		t.Errorf("an empty body is a block without lanes: %v", err)
	}
}

func FuzzDecodeHeader(f *testing.F) {
	f.Add(sampleHeader().Encode())
	f.Fuzz(func(t *testing.T, raw []byte) {
		if h, err := DecodeHeader(raw); err == nil && !bytes.Equal(h.Encode(), raw) {
			t.Fatal("two encodings of one header")
		}
	})
}

func FuzzDecodeBody(f *testing.F) {
	f.Add(sampleBody(f, 1, 6).Encode())
	f.Fuzz(func(t *testing.T, raw []byte) {
		body, err := DecodeBody(raw, maxTxs, tx.Decode)
		if err != nil {
			return
		}
		if !bytes.Equal(body.Encode(), raw) {
			t.Fatal("two encodings of one body")
		}
		c, err := Assemble(body, func(namespaces.Namespace) Rule { return ByProposer })
		if err != nil {
			return
		}
		for _, l := range c.Lanes {
			if _, err := lane.Decode(l.Data); err != nil {
				t.Fatalf("a lane that its own decoder refuses: %v", err)
			}
		}
	})
}

func BenchmarkAssemble(b *testing.B) {
	body := sampleBody(b, 1, 1_000)
	for b.Loop() {
		if _, err := Assemble(body, func(namespaces.Namespace) Rule { return ByTip }); err != nil {
			b.Fatal(err)
		}
	}
}
