package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/api/client"
)

// call calls a method without the typed client, which cannot say what is wrong.
func call(ctx context.Context, o *operator, method string, args ...any) (json.RawMessage, error) {
	c, err := rpc.DialContext(ctx, o.url)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var out json.RawMessage
	err = c.CallContext(ctx, &out, method, args...)
	return out, err
}

// send sends bytes that need not be a transaction.
func send(t *testing.T, o *operator, raw []byte) (json.RawMessage, error) {
	t.Helper()
	return call(t.Context(), o, "seq_sendTransaction", hexutil.Bytes(raw))
}

// badInput: each refusal has its code, and the node goes on.
func badInput(t *testing.T, n *network, random *rand.Rand) {
	o := n.operators[2]
	before := n.status(o)
	badTransactions(t, n, o, random, before.Head)
	badArguments(t, n, o, before.Head)
	badRequests(t, o)
	n.certifies(o, before.Head+3)
	if after := n.status(o); after.Pool.Count != 0 {
		t.Errorf("%d transactions are pending, and none was acceptable", after.Pool.Count)
	}
}

// tampered is a valid transaction's fields, for one of them to be made bad. It stands for the wire format, which no function writes badly.
type tampered struct {
	Version            uint64
	ChainID            string
	Payer              common.Address
	Salt, Expiry       uint64
	Legs               []tx.Leg
	MaxFeePerByte, Tip uint64
	Auths              []tx.Auth
	Signature          tx.Signature
}

func badTransactions(t *testing.T, n *network, o *operator, random *rand.Rand, head uint64) {
	poor, _ := crypto.GenerateKey()
	price := n.genesis.Params.LeastPrice()
	leg := junk(random, n.rollups[0].namespace)
	stranger := namespaces.Namespace{9: 0x77}
	legs := func(count, size int, spaces ...namespaces.Namespace) (out []tx.Leg) {
		for i := range count {
			out = append(out, tx.Leg{Namespace: spaces[i%len(spaces)], Data: bytes.Repeat([]byte{1}, size)})
		}
		return out
	}
	for _, c := range []struct {
		code   string
		change func(*tampered) // before it is signed
	}{
		{"wrong_version", func(w *tampered) { w.Version = 2 }},
		{"wrong_chain_id", func(w *tampered) { w.ChainID = "lockstep-other" }},
		{"malformed", func(w *tampered) { w.ChainID = strings.Repeat("x", tx.MaxChainID+1) }},
		{"no_legs", func(w *tampered) { w.Legs = nil }},
		{"malformed", func(w *tampered) { w.Legs[0].Data = nil }},
		{"leg_too_large", func(w *tampered) { w.Legs = legs(1, tx.MaxLegData+1, leg.Namespace) }},
		{"tx_too_large", func(w *tampered) { w.Legs = legs(5, tx.MaxLegData, leg.Namespace) }},
		{"too_many_legs", func(w *tampered) { w.Legs = legs(tx.MaxLegs+1, 1, leg.Namespace) }},
		{"too_many_legs", func(w *tampered) { w.Legs = legs(tx.MaxBundleLegs+1, 1, leg.Namespace, n.rollups[1].namespace) }},
		{"unknown_namespace", func(w *tampered) { w.Legs[0].Namespace = stranger }},
		{"bad_action", func(w *tampered) { w.Legs[0].Namespace = namespaces.Ledger() }},
		{"expired", func(w *tampered) { w.Expiry = head }},
		{"expired", func(w *tampered) { w.Expiry = 0 }},
		{"expiry_too_far", func(w *tampered) { w.Expiry = head + 3*n.genesis.Params.ExpiryWindow }},
		{"expiry_too_far", func(w *tampered) { w.Expiry = 1<<64 - 1 }},
		{"fee_too_low", func(w *tampered) { w.MaxFeePerByte = price - 1 }},
		{"bad_signature", func(w *tampered) { w.Auths = []tx.Auth{{Namespace: leg.Namespace, Kind: 1}} }},
		{"unexpected_auth", func(w *tampered) {
			auth, err := tx.SignAuth(tx.Auth{Namespace: leg.Namespace, Kind: 1}, common.Hash{1}, poor)
			if err != nil {
				t.Fatal(err)
			}
			w.Auths = []tx.Auth{auth}
		}},
		{"unfunded", func(w *tampered) { w.Payer = addressOf(poor) }},
		{"unfunded", func(w *tampered) { w.Legs, w.Tip = legs(3, tx.MaxLegData, leg.Namespace), 1<<64-1 }},
	} {
		key := n.payers[2]
		w := tampered{
			Version: tx.Version, ChainID: n.genesis.ChainID, Payer: addressOf(key), Salt: random.Uint64(), Expiry: head + 500,
			Legs: []tx.Leg{{Namespace: leg.Namespace, Data: leg.Data}}, MaxFeePerByte: 2 * price,
		}
		if c.change(&w); w.Payer == addressOf(poor) {
			key = poor
		}
		if signed, err := tx.Sign(tx.Fields{
			ChainID: w.ChainID, Salt: w.Salt, Expiry: w.Expiry, Legs: w.Legs, MaxFeePerByte: w.MaxFeePerByte, Tip: w.Tip, Auths: w.Auths,
		}, key); err == nil { // what cannot be signed at all is refused before its signature is looked at
			w.Signature = signed.Fields().Signature
		}
		raw, err := rlp.EncodeToBytes(&w)
		if err != nil {
			t.Fatal(err)
		}
		wantCode(t, c.code, func() error { _, err := send(t, o, raw); return err })
	}

	good := n.sign(n.payers[2], random.Uint64(), head+500, leg)
	last := bytes.Clone(good.Raw())
	last[len(last)-2] ^= 1
	for code, raw := range map[string][]byte{
		"bad_signature": last,
		"malformed":     good.Raw()[:len(good.Raw())-1],
		"tx_too_large":  make([]byte, tx.MaxSize+1),
	} {
		wantCode(t, code, func() error { _, err := send(t, o, raw); return err })
	}
	wantCode(t, "malformed", func() error { _, err := send(t, o, append(bytes.Clone(good.Raw()), 0)); return err })
	wantCode(t, "malformed", func() error { _, err := send(t, o, []byte{}); return err })
	wantCode(t, "not_bundle", func() error { _, err := o.client.SendBundle(t.Context(), good); return err })
}

func wantCode(t *testing.T, code string, ask func() error) {
	t.Helper()
	if err := ask(); client.Code(err) != code {
		t.Errorf("want the code %s, got %v", code, err)
	}
}

func badArguments(t *testing.T, n *network, o *operator, head uint64) {
	far, ns := head+1_000_000, n.rollups[0].namespace
	for _, c := range []struct {
		code   string
		method string
		args   []any
	}{
		{"not_yet", "seq_getHeader", []any{far}},
		{"not_yet", "seq_getBlock", []any{far}},
		{"not_yet", "seq_getCertificate", []any{far}},
		{"not_yet", "seq_getLane", []any{ns, far, far + 1}},
		{"not_yet", "seq_getLane", []any{ns, far}},
		{"bad_range", "seq_getLane", []any{ns, 0, 1}},
		{"bad_range", "seq_getLane", []any{ns, 3, 2}},
		{"bad_range", "seq_getLane", []any{ns, 1, 100_000}},
		{"bad_range", "seq_getAbsenceProof", []any{common.Hash{1}, 2, 1}},
		{"bad_range", "seq_getAbsenceProof", []any{common.Hash{1}, 1, 1000}},
		{"not_found", "seq_getInclusionProof", []any{common.Hash{1}}},
		{"bad_argument", "seq_sendBundle", []any{map[string]any{"payer": "0x00", "surprise": 1}}},
		{"bad_argument", "seq_sendBundle", []any{"0xzz"}},
		{"bad_argument", "seq_estimateFee", []any{map[string]any{"weight": 0}}},
	} {
		_, err := call(t.Context(), o, c.method, c.args...)
		if client.Code(err) != c.code {
			t.Errorf("%s(%v): want the code %s, got %v", c.method, c.args, c.code, err)
		}
	}
	for _, c := range []struct {
		number int
		method string
		args   []any
	}{
		{-32601, "seq_nothing", nil},
		{-32601, "admin_nodeInfo", nil},
		{-32602, "seq_getHeader", nil},
		{-32602, "seq_getHeader", []any{"newest"}},
		{-32602, "seq_getHeader", []any{-1}},
		{-32602, "seq_getTransaction", []any{"0x12"}},
		{-32602, "seq_sendTransaction", []any{"no hex"}},
		{-32602, "seq_getLane", []any{"0xno", 1}},
	} {
		_, err := call(t.Context(), o, c.method, c.args...)
		coded, ok := err.(rpc.Error) //nolint:errorlint // go-ethereum's client returns it bare
		if !ok || coded.ErrorCode() != c.number {
			t.Errorf("%s(%v): want number %d, got %v", c.method, c.args, c.number, err)
		}
	}
}

// badRequests are not JSON-RPC, or too much of it.
func badRequests(t *testing.T, o *operator) {
	item := `{"jsonrpc":"2.0","id":1,"method":"seq_chainId"}`
	for _, c := range []struct{ name, body, want string }{
		{"no JSON", "hello", "-32700"},
		{"half a request", item[:20], "-32700"},
		{"an empty batch", "[]", "-32600"},
		{"a batch of too many", "[" + strings.Repeat(item+",", 100) + item + "]", "-32600"},
		{"too large", `{"jsonrpc":"2.0","id":1,"method":"seq_sendTransaction","params":["0x` + strings.Repeat("00", 3<<20) + `"]}`, "413"},
		{"a subscription without a socket", `{"jsonrpc":"2.0","id":1,"method":"seq_subscribe","params":["headers"]}`, "-32601"},
	} {
		resp, err := http.Post(o.url, "application/json", strings.NewReader(c.body))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if said := fmt.Sprint(resp.StatusCode, string(body)); !strings.Contains(said, c.want) {
			t.Errorf("%s: want %s, got %.300s", c.name, c.want, said)
		}
	}
	var status api.Status
	if raw, err := call(t.Context(), o, "seq_status"); err != nil || json.Unmarshal(raw, &status) != nil {
		t.Errorf("after all that: %s, %v", raw, err)
	}
}
