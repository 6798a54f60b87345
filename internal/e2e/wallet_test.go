package e2e

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	goethereum "github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/accounts/abi/bind"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/ethclient"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/rpc"
)

const viemFolder = "viem" // the wallet in JavaScript, installed by `make viem`

// TestWallets: unmodified wallets, in Go and in JavaScript, use both rollups as they use Ethereum.
func TestWallets(t *testing.T) {
	realProcesses(t)
	random := chance(t)
	n := newNetwork(t, options{})
	n.startAll()
	for _, r := range n.rollups {
		w := n.ethereum(r, n.payers[0])
		t.Run(r.name+" with ethclient", w.story)
		t.Run(r.name+" takes a burst in any order", func(t *testing.T) { w.burst(t, random) })
		t.Run(r.name+" with viem", func(t *testing.T) { viem(t, r, n.payers[1]) })
		t.Run(r.name+" moves its safe and finalized heads", w.finalizes)
	}
}

// ethereum is an account with an ethclient over HTTP and one over a WebSocket.
type ethereum struct {
	n      *network
	r      *rollup
	key    *ecdsa.PrivateKey
	opts   *bind.TransactOpts
	client *ethclient.Client
	live   *ethclient.Client
}

func (n *network) ethereum(r *rollup, key *ecdsa.PrivateKey) *ethereum {
	n.t.Helper()
	live, err := ethclient.DialContext(n.t.Context(), socketURL(r.url))
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(live.Close)
	opts, err := bind.NewKeyedTransactorWithChainID(key, new(big.Int).SetUint64(r.chainID))
	if err != nil {
		n.t.Fatal(err)
	}
	return &ethereum{n, r, key, opts, n.wallet(r), live}
}

// story: a transfer, a token, its events, and the blocks as they come.
func (w *ethereum) story(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if id, err := w.client.ChainID(ctx); err != nil || id.Uint64() != w.r.chainID {
		t.Fatalf("chain id %s, %v", id, err)
	}
	heads := make(chan *types.Header, 256)
	sub, err := w.live.SubscribeNewHead(ctx, heads)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Unsubscribe()

	to, value := newAddress(), big.NewInt(params.Ether/4)
	receipt := w.mined(ctx, t, w.transfer(ctx, t, to, value))
	if receipt.GasUsed != params.TxGas {
		t.Errorf("a transfer used %d gas", receipt.GasUsed)
	}
	if have, err := w.client.BalanceAt(ctx, to, nil); err != nil || have.Cmp(value) != 0 {
		t.Errorf("the receiver holds %s, %v", have, err)
	}

	last := w.token(ctx, t, to)
	var seen []*types.Header
	for len(seen) == 0 || seen[len(seen)-1].Number.Cmp(last.BlockNumber) < 0 {
		select {
		case h := <-heads:
			seen = append(seen, h)
		case err := <-sub.Err():
			t.Fatalf("newHeads ends: %v", err)
		case <-ctx.Done():
			t.Fatalf("newHeads has not shown block %s", last.BlockNumber)
		}
	}
	for i, h := range seen {
		if i > 0 && h.ParentHash != seen[i-1].Hash() {
			t.Errorf("newHeads: block %s does not follow block %s", h.Number, seen[i-1].Number)
		}
		block, err := w.client.BlockByNumber(ctx, h.Number)
		if err != nil || block.Hash() != h.Hash() || len(block.Transactions()) == 0 {
			t.Errorf("newHeads showed block %s as %s: %v", h.Number, h.Hash(), err)
		}
	}
}

// token deploys an ERC-20, uses it, and finds its event by receipt, by filter and by subscription.
func (w *ethereum) token(ctx context.Context, t *testing.T, to common.Address) *types.Receipt {
	t.Helper()
	contract, code := readToken(t)
	supply, amount := big.NewInt(1_000_000), big.NewInt(421)
	address, created, token, err := bind.DeployContract(w.opts, contract, code, w.client, supply)
	if err != nil {
		t.Fatalf("deploy: %v", err)
	}
	if r := w.mined(ctx, t, created); r.ContractAddress != address {
		t.Errorf("deployed at %s, want %s", r.ContractAddress, address)
	}
	if have := balanceOf(ctx, t, token, w.opts.From); have.Cmp(supply) != 0 {
		t.Errorf("the supply is %s", have)
	}
	query := transfersTo(contract, address, to)
	events := make(chan types.Log, 16)
	sub, err := w.live.SubscribeFilterLogs(ctx, query, events)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Unsubscribe()
	sent, err := token.Transact(w.opts, "transfer", to, amount)
	if err != nil {
		t.Fatalf("transfer tokens: %v", err)
	}
	receipt := w.mined(ctx, t, sent)
	if have := balanceOf(ctx, t, token, to); have.Cmp(amount) != 0 {
		t.Errorf("the receiver holds %s tokens", have)
	}
	logs, err := w.client.FilterLogs(ctx, query)
	if err != nil || len(logs) != 1 || len(receipt.Logs) != 1 {
		t.Fatalf("%d logs by filter, %d in the receipt, %v", len(logs), len(receipt.Logs), err)
	}
	select {
	case event := <-events:
		for _, l := range []types.Log{event, logs[0]} {
			if l.TxHash != sent.Hash() || l.BlockHash != receipt.BlockHash || l.Index != receipt.Logs[0].Index || common.BytesToHash(l.Data).Big().Cmp(amount) != 0 {
				t.Errorf("the event is %+v", l)
			}
		}
	case err := <-sub.Err():
		t.Errorf("logs end: %v", err)
	case <-ctx.Done():
		t.Error("no log over the WebSocket")
	}
	if _, err := token.Transact(&bind.TransactOpts{From: w.opts.From, Signer: w.opts.Signer, Context: ctx}, "transfer", to, supply); err == nil {
		t.Error("tokens that nobody has can be sent")
	}
	return receipt
}

func readToken(t *testing.T) (abi.ABI, []byte) {
	t.Helper()
	var file struct {
		ABI      json.RawMessage
		Bytecode hexutil.Bytes
	}
	readJSON(t, filepath.Join(viemFolder, "token.json"), &file)
	contract, err := abi.JSON(strings.NewReader(string(file.ABI)))
	if err != nil {
		t.Fatal(err)
	}
	return contract, file.Bytecode
}

func transfersTo(contract abi.ABI, token, to common.Address) (q goethereum.FilterQuery) {
	q.Addresses = []common.Address{token}
	q.Topics = [][]common.Hash{{contract.Events["Transfer"].ID}, nil, {common.BytesToHash(to[:])}}
	return q
}

func balanceOf(ctx context.Context, t *testing.T, token *bind.BoundContract, who common.Address) *big.Int {
	t.Helper()
	var out []any
	if err := token.Call(&bind.CallOpts{Context: ctx}, &out, "balanceOf", who); err != nil {
		t.Fatalf("balanceOf: %v", err)
	}
	have, _ := out[0].(*big.Int)
	return have
}

// transfer sends ether as wallets do: with the node's nonce, price and estimate.
func (w *ethereum) transfer(ctx context.Context, t *testing.T, to common.Address, value *big.Int) *types.Transaction {
	t.Helper()
	nonce, err := w.client.PendingNonceAt(ctx, w.opts.From)
	if err != nil {
		t.Fatal(err)
	}
	gas, err := w.client.EstimateGas(ctx, goethereum.CallMsg{From: w.opts.From, To: &to, Value: value})
	if err != nil {
		t.Fatal(err)
	}
	price, err := w.client.SuggestGasPrice(ctx)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := w.opts.Signer(w.opts.From, types.NewTx(&types.LegacyTx{Nonce: nonce, To: &to, Value: value, Gas: gas, GasPrice: price}))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.client.SendTransaction(ctx, signed); err != nil {
		t.Fatalf("send: %v", err)
	}
	return signed
}

func (w *ethereum) mined(ctx context.Context, t *testing.T, sent *types.Transaction) *types.Receipt {
	t.Helper()
	receipt, err := bind.WaitMined(ctx, w.client, sent)
	if err != nil {
		t.Fatalf("wait for %s: %v", sent.Hash(), err)
	}
	if receipt.Status != types.ReceiptStatusSuccessful {
		t.Fatalf("%s failed", sent.Hash())
	}
	return receipt
}

// burst: an account's next 48 transactions come all at once, in any order, some of them twice.
func (w *ethereum) burst(t *testing.T, random *rand.Rand) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	const count = 48
	to := newAddress()
	nonce, err := w.client.PendingNonceAt(ctx, w.opts.From)
	if err != nil {
		t.Fatal(err)
	}
	price, err := w.client.SuggestGasPrice(ctx)
	if err != nil {
		t.Fatal(err)
	}
	txs := make([]*types.Transaction, count)
	for i := range txs {
		inner := &types.DynamicFeeTx{
			ChainID: new(big.Int).SetUint64(w.r.chainID), Nonce: nonce + uint64(i), To: &to, Value: big.NewInt(1), Gas: params.TxGas, GasFeeCap: price, GasTipCap: new(big.Int),
		}
		if txs[i], err = types.SignNewTx(w.key, types.LatestSignerForChainID(inner.ChainID), inner); err != nil {
			t.Fatal(err)
		}
	}
	var sends sync.WaitGroup
	for _, i := range append(random.Perm(count), random.Perm(count)[:count/4]...) {
		sends.Go(func() {
			err := w.client.SendTransaction(ctx, txs[i])
			if err != nil && !strings.Contains(err.Error(), "already known") && !strings.Contains(err.Error(), "nonce too low") {
				t.Errorf("nonce %d: %v", nonce+uint64(i), err)
			}
		})
	}
	sends.Wait()
	blocks := make(map[uint64]int)
	for _, sent := range txs {
		blocks[w.mined(ctx, t, sent).BlockNumber.Uint64()]++
	}
	if have, err := w.client.BalanceAt(ctx, to, nil); err != nil || have.Cmp(big.NewInt(count)) != 0 {
		t.Errorf("%s of %d wei have arrived, %v", have, count, err)
	}
	t.Logf("%d transactions in %d blocks", count, len(blocks))
}

// finalizes: what is in a block becomes safe, then final, and stays the same block.
func (w *ethereum) finalizes(t *testing.T) {
	latest := w.n.finalizes(w.r)
	if h, err := w.client.HeaderByNumber(t.Context(), latest.Number); err != nil || h.Hash() != latest.Hash() {
		t.Errorf("block %s was %s and is another one now: %v", latest.Number, latest.Hash(), err)
	}
}

// finalizes waits until what is the newest block now is safe and final, and returns it.
func (n *network) finalizes(r *rollup) *types.Header {
	n.t.Helper()
	wallet := n.wallet(r)
	latest, err := wallet.HeaderByNumber(n.t.Context(), nil)
	if err != nil {
		n.t.Fatal(err)
	}
	for tag, number := range map[string]rpc.BlockNumber{"safe": rpc.SafeBlockNumber, "finalized": rpc.FinalizedBlockNumber} {
		n.until(fmt.Sprintf("block %s of %s is %s", latest.Number, r.name, tag), func(ctx context.Context) error {
			h, err := wallet.HeaderByNumber(ctx, big.NewInt(number.Int64()))
			if err == nil && h.Number.Cmp(latest.Number) < 0 {
				err = fmt.Errorf("it is at %s", h.Number)
			}
			return err
		})
	}
	return latest
}

// viem runs the wallet's story in JavaScript.
func viem(t *testing.T, r *rollup, key *ecdsa.PrivateKey) {
	if os.Getenv("SKIP_VIEM") == "1" {
		t.Skip("SKIP_VIEM=1")
	}
	if _, err := os.Stat(filepath.Join(viemFolder, "node_modules", "viem")); errors.Is(err, os.ErrNotExist) {
		t.Fatal("viem is not installed: run `make viem`, or leave this story out with SKIP_VIEM=1")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, "node", filepath.Join(viemFolder, "wallet.mjs"), r.url, socketURL(r.url), hexutil.Encode(crypto.FromECDSA(key))).CombinedOutput()
	if err != nil {
		t.Fatalf("wallet.mjs: %v\n%s", err, out)
	}
	t.Logf("%s", out)
}

func newAddress() common.Address {
	key, _ := crypto.GenerateKey()
	return addressOf(key)
}
