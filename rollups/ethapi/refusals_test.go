package ethapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/rollups/ethapi"
)

// refusal is a request that must fail, and how.
type refusal struct {
	name   string
	method string
	params []any
	code   int
	text   string
}

func (r refusal) check(t *testing.T, c *rpc.Client) {
	t.Helper()
	var answer json.RawMessage
	err := c.CallContext(patient(t), &answer, r.method, r.params...)
	var coded rpc.Error
	if !errors.As(err, &coded) {
		t.Fatalf("answer %s, error %v", answer, err)
	}
	if coded.ErrorCode() != r.code || !strings.Contains(err.Error(), r.text) {
		t.Fatalf("code %d, %q; want %d, %q", coded.ErrorCode(), err, r.code, r.text)
	}
}

type fields map[string]any

// Bad requests are answered with the codes and texts that Ethereum's clients know.
func TestRefusals(t *testing.T) {
	n := start(t, nil)
	eth := n.eth()
	spent := transfer(0, 0, 1)
	n.sequence(raw(spent))
	contract, code := token(t)
	n.sequence(raw(sign(0, 1, nil, 0, 3_000_000, slices.Concat(code, pack(t, contract, "", big.NewInt(1000))))))
	at := must(eth.TransactionReceipt(t.Context(), n.block(2).Transactions()[0].Hash()))(t).ContractAddress
	n.hold()
	held := sign(1, 0, &common.Address{1}, 1, 21_000, nil)
	gapped := sign(1, 2, &common.Address{1}, 1, 21_000, nil)
	for _, tx := range [][]byte{raw(held), raw(gapped)} {
		if err := n.dial(n.url).CallContext(patient(t), new(common.Hash), "eth_sendRawTransaction", hexutil.Bytes(tx)); err != nil {
			t.Fatal(err)
		}
	}
	cheaper := sign(1, 2, &common.Address{2}, 1, 21_000, nil)
	poor := sign(7, 0, &common.Address{1}, 1, 21_000, nil)
	tooMuch := pack(t, contract, "transfer", addr(3), big.NewInt(1))
	hash := common.Hash{1}.Hex()

	for _, r := range []refusal{
		{"unknown method", "eth_mine", nil, -32601, "does not exist"},
		{"parameter missing", "eth_getBalance", nil, -32602, "missing value"},
		{"short address", "eth_getBalance", []any{"0x12", "latest"}, -32602, "invalid argument 0"},
		{"unknown tag", "eth_getBalance", []any{addr(0), "newest"}, -32602, "invalid argument 1"},
		{"block ahead", "eth_getBalance", []any{addr(0), "0x99"}, -32000, "header not found"},
		{"block of another chain", "eth_call", []any{fields{"to": at}, fields{"blockHash": hash}}, -32000, "header not found"},
		{"long slot", "eth_getStorageAt", []any{at, "0x" + strings.Repeat("0", 65), "latest"}, -32602, "storage slot"},
		{"slot of no digits", "eth_getStorageAt", []any{at, "0xzz", "latest"}, -32602, "storage slot"},
		{"too many proofs", "eth_getProof", []any{at, make([]string, 1025), "latest"}, -32602, "too many storage slots"},

		{"no transaction", "eth_sendRawTransaction", []any{"0x"}, -32000, "transaction too large"},
		{"garbage", "eth_sendRawTransaction", []any{"0x02aa"}, -32000, "decode transaction"},
		{"odd digits", "eth_sendRawTransaction", []any{"0x123"}, -32602, "hex string"},
		{"used nonce", "eth_sendRawTransaction", []any{hexutil.Bytes(raw(spent))}, -32000, "nonce too low"},
		{"twice", "eth_sendRawTransaction", []any{hexutil.Bytes(raw(gapped))}, -32000, "already known"},
		{"equal price", "eth_sendRawTransaction", []any{hexutil.Bytes(raw(cheaper))}, -32000, "replacement transaction underpriced"},
		{"no money", "eth_sendRawTransaction", []any{hexutil.Bytes(raw(poor))}, -32000, "insufficient funds for gas * price + value"},
		{"not in time", "eth_sendRawTransactionSync", []any{hexutil.Bytes(raw(sign(2, 0, &at, 0, 21_000, nil))), "0x1"}, 4, "not in a block yet"},

		{"reverted", "eth_call", []any{fields{"from": addr(3), "to": at, "data": hexutil.Bytes(tooMuch)}, "latest"}, 3, "execution reverted"},
		{"estimate reverted", "eth_estimateGas", []any{fields{"from": addr(3), "to": at, "data": hexutil.Bytes(tooMuch)}}, 3, "execution reverted"},
		{"revert with a reason", "eth_call", []any{fields{"to": at}, "latest", fields{at.Hex(): fields{"code": reason("not today")}}}, 3, "execution reverted: not today"},
		{"invalid opcode", "eth_call", []any{fields{"data": "0xfe"}}, -32000, "invalid opcode"},
		{"little gas", "eth_estimateGas", []any{fields{"from": addr(0), "to": at, "gas": "0x5300", "data": hexutil.Bytes(tooMuch)}}, -32000, "intrinsic gas too low"},
		{"not enough gas", "eth_estimateGas", []any{fields{"from": addr(0), "to": at, "gas": "0x5800", "data": hexutil.Bytes(tooMuch)}}, -32000, "gas required exceeds allowance (22528)"},
		{"no money for it", "eth_estimateGas", []any{fields{"from": addr(7), "to": at, "value": "0x1", "gasPrice": "0x3b9aca00"}}, -32000, "insufficient funds"},
		{"two prices", "eth_call", []any{fields{"gasPrice": "0x1", "maxFeePerGas": "0x1"}}, -32602, "both gasPrice and"},
		{"two inputs", "eth_call", []any{fields{"data": "0x01", "input": "0x02"}}, -32602, `both "data" and "input"`},
		{"other chain", "eth_estimateGas", []any{fields{"chainId": "0x1"}}, -32602, "chainId does not match"},
		{"blobs", "eth_call", []any{fields{"blobVersionedHashes": []string{hash}}}, -32602, "transaction type not supported"},
		{"two kinds of state", "eth_call", []any{fields{"to": at}, "latest", fields{at.Hex(): fields{"state": fields{}, "stateDiff": fields{}}}}, -32602, "both 'state' and 'stateDiff'"},
		{"moved precompile", "eth_call", []any{fields{"to": at}, "latest", fields{at.Hex(): fields{"movePrecompileToAddress": at}}}, -32602, "not supported"},

		{"percentiles fall", "eth_feeHistory", []any{"0x2", "latest", []float64{50, 20}}, -32602, "percentiles"},
		{"percentile of 101", "eth_feeHistory", []any{"0x2", "latest", []float64{101}}, -32602, "percentiles"},
		{"history ahead", "eth_feeHistory", []any{"0x2", "0x99", []float64{}}, -32602, "request beyond head block"},
		{"range backwards", "eth_getLogs", []any{fields{"fromBlock": "0x2", "toBlock": "0x1"}}, -32602, "invalid block range params"},
		{"range and hash", "eth_getLogs", []any{fields{"fromBlock": "0x2", "blockHash": hash}}, -32602, "cannot specify both"},
		{"logs of an unknown block", "eth_getLogs", []any{fields{"blockHash": hash}}, -32000, "block not found"},
		{"five topics", "eth_getLogs", []any{fields{"topics": []any{nil, nil, nil, nil, nil}}}, -32602, "too many topics"},
		{"short topic", "eth_getLogs", []any{fields{"topics": []any{"0x12"}}}, -32602, "invalid topic 0"},
		{"bad address", "eth_getLogs", []any{fields{"address": []any{"here"}}}, -32602, "invalid address"},
		{"filter of one block", "eth_newFilter", []any{fields{"blockHash": hash}}, -32602, "use eth_getLogs"},
		{"unknown filter", "eth_getFilterChanges", []any{"0x1"}, -32000, "filter not found"},
		{"unknown filter's logs", "eth_getFilterLogs", []any{"0x1"}, -32000, "filter not found"},
		{"subscription over HTTP", "eth_subscribe", []any{"newHeads"}, -32601, "notifications not supported"},
	} {
		t.Run(r.name, func(t *testing.T) { r.check(t, n.dial(n.url)) })
	}
	t.Run("unknown things are null", func(t *testing.T) {
		for _, ask := range []refusal{
			{method: "eth_getBlockByNumber", params: []any{"0x99", false}},
			{method: "eth_getBlockByHash", params: []any{hash, true}},
			{method: "eth_getBlockReceipts", params: []any{"0x99"}},
			{method: "eth_getBlockTransactionCountByHash", params: []any{hash}},
			{method: "eth_getTransactionByHash", params: []any{hash}},
			{method: "eth_getTransactionReceipt", params: []any{hash}},
			{method: "eth_getTransactionByBlockNumberAndIndex", params: []any{"0x1", "0x1"}},
			{method: "eth_getTransactionByBlockHashAndIndex", params: []any{hash, "0x0"}},
			{method: "eth_getUncleCountByBlockHash", params: []any{hash}},
			{method: "lockstep_skippedIn", params: []any{"0x99"}},
		} {
			var answer json.RawMessage
			if err := n.dial(n.url).CallContext(patient(t), &answer, ask.method, ask.params...); err != nil || string(answer) != "null" {
				t.Errorf("%s: %s, %v", ask.method, answer, err)
			}
		}
	})
}

// reason is code that reverts with Error(string).
func reason(text string) hexutil.Bytes {
	data := append(common.FromHex("08c379a0"), common.LeftPadBytes([]byte{32}, 32)...)
	data = append(data, common.LeftPadBytes([]byte{byte(len(text))}, 32)...)
	data = append(data, common.RightPadBytes([]byte(text), 32)...)
	// CODECOPY what follows these twelve bytes, and REVERT with it.
	size := byte(len(data))
	return append([]byte{0x60, size, 0x60, 12, 0x60, 0, 0x39, 0x60, size, 0x60, 0, 0xfd}, data...)
}

// A node without a gateway reads, and says that it takes nothing.
func TestReadOnly(t *testing.T) {
	n := start(t, func(c *ethapi.Config) { c.Gateway = nil })
	n.sequence(raw(transfer(0, 0, 1)))
	c := n.dial(n.url)
	refusal{"", "eth_sendRawTransaction", []any{hexutil.Bytes(raw(transfer(0, 1, 1)))}, -32000, "no gateway"}.check(t, c)
	if nonce := must(n.eth().PendingNonceAt(patient(t), addr(0)))(t); nonce != 1 {
		t.Fatalf("pending nonce %d", nonce)
	}
	var block struct{ Number hexutil.Uint64 }
	if err := c.CallContext(patient(t), &block, "eth_getBlockByNumber", "pending", false); err != nil || block.Number != 1 {
		t.Fatal(block, err)
	}
}

// Each limit refuses what goes beyond it, and nothing else.
func TestLimits(t *testing.T) {
	n := start(t, func(c *ethapi.Config) {
		c.Limits = ethapi.Limits{
			Body: 4096, Batch: 3, Response: 2000, CallGas: 1_000_000, Logs: 3, LogBlocks: 4, LogAddresses: 2, Filters: 2, SubscriptionsPerConnection: 2,
		}
	})
	contract, code := token(t)
	n.sequence(raw(sign(0, 0, nil, 0, 3_000_000, slices.Concat(code, pack(t, contract, "", big.NewInt(1000))))))
	at := must(n.eth().TransactionReceipt(t.Context(), n.block(1).Transactions()[0].Hash()))(t).ContractAddress
	for i := range uint64(5) {
		n.sequence(raw(sign(0, 1+i, &at, 0, 100_000, pack(t, contract, "transfer", addr(1), big.NewInt(1)))))
	}
	c, live := n.dial(n.url), n.dial(n.ws())

	t.Run("logs", func(t *testing.T) {
		refusal{"", "eth_getLogs", []any{fields{"fromBlock": "0x2", "toBlock": "0x6"}}, -32005, "block range too large: 5 blocks, at most 4"}.check(t, c)
		refusal{"", "eth_getLogs", []any{fields{"fromBlock": "0x3", "toBlock": "0x6"}}, -32005, "query returned more than 3 results"}.check(t, c)
		refusal{"", "eth_getLogs", []any{fields{"address": []any{at, addr(1), addr(2)}}}, -32005, "too many addresses"}.check(t, c)
		refusal{"", "eth_getLogs", []any{fields{"topics": []any{[]any{common.Hash{1}, common.Hash{2}, common.Hash{3}}}}}, -32005, "too many topics"}.check(t, c)
		var logs []json.RawMessage
		if err := c.CallContext(patient(t), &logs, "eth_getLogs", fields{"fromBlock": "0x4", "toBlock": "0xffff"}); err != nil || len(logs) != 3 {
			t.Fatal(logs, err)
		}
	})
	t.Run("gas of calls", func(t *testing.T) {
		loop := fields{"data": "0x5b600056"}
		refusal{"", "eth_call", []any{loop}, -32000, "out of gas"}.check(t, c)
		refusal{"", "eth_estimateGas", []any{loop}, -32000, "gas required exceeds allowance (1000000)"}.check(t, c)
	})
	t.Run("filters", func(t *testing.T) {
		var ids [2]string
		for i := range ids {
			if err := c.CallContext(patient(t), &ids[i], "eth_newBlockFilter"); err != nil {
				t.Fatal(err)
			}
		}
		refusal{"", "eth_newFilter", []any{fields{}}, -32005, "too many filters"}.check(t, c)
		var gone bool
		if err := c.CallContext(patient(t), &gone, "eth_uninstallFilter", ids[0]); err != nil || !gone {
			t.Fatal(gone, err)
		}
		if err := c.CallContext(patient(t), &ids[0], "eth_newFilter", fields{}); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("subscriptions of a connection", func(t *testing.T) {
		subs := make([]*rpc.ClientSubscription, 2)
		for i := range subs {
			subs[i] = must(live.EthSubscribe(patient(t), make(chan json.RawMessage, 8), "newHeads"))(t)
		}
		_, err := live.EthSubscribe(patient(t), make(chan json.RawMessage, 8), "newHeads")
		if err == nil || !strings.Contains(err.Error(), "too many subscriptions") {
			t.Fatal(err)
		}
		must(n.dial(n.ws()).EthSubscribe(patient(t), make(chan json.RawMessage, 8), "newHeads"))(t)
	})
	t.Run("batches", func(t *testing.T) {
		batch := func(size int, method string, params ...any) []rpc.BatchElem {
			elems := make([]rpc.BatchElem, size)
			for i := range elems {
				elems[i] = rpc.BatchElem{Method: method, Args: params, Result: new(json.RawMessage)}
			}
			if err := c.BatchCallContext(patient(t), elems); err != nil {
				t.Fatal(err)
			}
			return elems
		}
		if got := batch(3, "eth_chainId"); got[2].Error != nil {
			t.Fatal(got[2].Error)
		}
		if got := batch(4, "eth_chainId"); got[0].Error == nil || !strings.Contains(got[0].Error.Error(), "batch too large") {
			t.Fatal(got[0].Error)
		}
		if got := batch(3, "eth_getBlockByNumber", "0x1", true); got[2].Error == nil || !strings.Contains(got[2].Error.Error(), "response too large") {
			t.Fatal(got[2].Error)
		}
	})
	t.Run("bodies", func(t *testing.T) {
		body := `{"jsonrpc":"2.0","id":1,"method":"web3_sha3","params":["0x` + strings.Repeat("00", 2048) + `"]}`
		if status, _ := post(t, n.url, body, nil); status != http.StatusRequestEntityTooLarge {
			t.Fatalf("status %d", status)
		}
		err := n.dial(n.ws()).CallContext(patient(t), new(json.RawMessage), "web3_sha3", "0x"+strings.Repeat("00", 2048))
		if err == nil {
			t.Fatal("a large message was taken")
		}
	})
}

// Browsers are let in from the origins that are configured, and from no others.
func TestOrigins(t *testing.T) {
	closed := start(t, nil)
	open := start(t, func(c *ethapi.Config) { c.Origins = []string{"https://wallet.example"} })
	for _, test := range []struct {
		n      *node
		origin string
		let    bool
	}{
		{closed, "https://wallet.example", false},
		{open, "https://wallet.example", true},
		{open, "https://elsewhere.example", false},
		{closed, "http://localhost", false},
		{closed, "null", false},
		{closed, "chrome-extension://nkbihfbeogaeaoehlefnkodbefgpgknn", true},
	} {
		t.Run(fmt.Sprintf("%s %v", test.origin, test.let), func(t *testing.T) {
			status, header := post(t, test.n.url, `{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}`, http.Header{"Origin": {test.origin}})
			if (status == http.StatusOK) != test.let {
				t.Fatalf("status %d", status)
			}
			if got := header.Get("Access-Control-Allow-Origin"); got != "" && got != test.origin {
				t.Fatalf("allowed origin %q", got)
			}
			c, err := rpc.DialOptions(patient(t), test.n.ws(), rpc.WithHeader("Origin", test.origin))
			if (err == nil) != test.let {
				t.Fatalf("WebSocket: %v", err)
			}
			if err == nil {
				c.Close()
			}
		})
	}
}

func post(t *testing.T, url, body string, header http.Header) (status int, answered http.Header) {
	t.Helper()
	request := must(http.NewRequestWithContext(patient(t), http.MethodPost, url, strings.NewReader(body)))(t)
	for key, values := range header {
		request.Header[key] = values
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header
}
