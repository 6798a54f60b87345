package ethapi_test

import (
	"bytes"
	"errors"
	"math/big"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/ethclient/gethclient"
	"github.com/ethereum/go-ethereum/rpc"
)

// An unmodified ethclient transfers, deploys a token, calls it, and hears of everything over WebSocket.
func TestEthclient(t *testing.T) {
	n := start(t, nil)
	ctx := patient(t)
	eth, live := n.eth(), n.live()

	if id := must(eth.ChainID(ctx))(t); id.Int64() != testChainID {
		t.Fatalf("chain id %s", id)
	}
	if id := must(eth.NetworkID(ctx))(t); id.Int64() != testChainID {
		t.Fatalf("network id %s", id)
	}
	if peers := must(eth.PeerCount(ctx))(t); peers != 3 {
		t.Fatalf("%d peers", peers)
	}
	if p := must(eth.SyncProgress(ctx))(t); p != nil {
		t.Fatalf("syncing: %v", p)
	}
	heads := make(chan *types.Header, 64)
	must(live.SubscribeNewHead(ctx, heads))(t)
	contract, code := token(t)
	logs := make(chan types.Log, 64)
	must(live.SubscribeFilterLogs(ctx, ethereum.FilterQuery{Topics: [][]common.Hash{{contract.Events["Transfer"].ID}}}, logs))(t)

	// A transfer, with suggested fees.
	to := common.HexToAddress("0x70")
	tip, price := must(eth.SuggestGasTipCap(ctx))(t), must(eth.SuggestGasPrice(ctx))(t)
	if price.Cmp(new(big.Int).Add(tip, big.NewInt(gwei))) != 0 {
		t.Fatalf("gas price %s, tip %s", price, tip)
	}
	gas := must(eth.EstimateGas(ctx, ethereum.CallMsg{From: addr(0), To: &to, Value: big.NewInt(5)}))(t)
	if gas != 21_000 {
		t.Fatalf("a transfer is estimated at %d gas", gas)
	}
	signer := types.LatestSignerForChainID(big.NewInt(testChainID))
	first := types.MustSignNewTx(testKey(0), signer, &types.LegacyTx{To: &to, Value: big.NewInt(5), Gas: gas, GasPrice: price})
	if err := eth.SendTransaction(ctx, first); err != nil {
		t.Fatal(err)
	}
	receipt := n.mined(eth, first)
	block := must(eth.BlockByHash(ctx, receipt.BlockHash))(t)
	if receipt.Status != 1 || block.Transactions()[receipt.TransactionIndex].Hash() != first.Hash() || receipt.EffectiveGasPrice.Cmp(price) != 0 {
		t.Fatalf("receipt %+v", receipt)
	}
	if head := await(t, heads); head.Hash() != receipt.BlockHash {
		t.Fatalf("new head %s, the transfer is in %s", head.Hash(), receipt.BlockHash)
	}
	if balance := must(eth.BalanceAt(ctx, to, nil))(t); balance.Int64() != 5 {
		t.Fatalf("balance %s", balance)
	}
	if balance := must(eth.BalanceAt(ctx, to, big.NewInt(0)))(t); balance.Sign() != 0 {
		t.Fatalf("balance at genesis %s", balance)
	}
	if got, pending, err := eth.TransactionByHash(ctx, first.Hash()); err != nil || pending || got.Hash() != first.Hash() {
		t.Fatal(got, pending, err)
	}
	if from := must(eth.TransactionSender(ctx, first, receipt.BlockHash, 0))(t); from != addr(0) {
		t.Fatalf("sender %s", from)
	}

	// A token.
	data := slices.Concat(code, pack(t, contract, "", big.NewInt(1000)))
	gas = must(eth.EstimateGas(ctx, ethereum.CallMsg{From: addr(0), Data: data}))(t)
	deploy := sign(0, 1, nil, 0, gas, data)
	if err := eth.SendTransaction(ctx, deploy); err != nil {
		t.Fatal(err)
	}
	at := n.mined(eth, deploy).ContractAddress
	if at != crypto.CreateAddress(addr(0), 1) {
		t.Fatalf("deployed at %s", at)
	}
	if used := must(eth.TransactionReceipt(ctx, deploy.Hash()))(t).GasUsed; gas < used || gas > used*108/100 {
		t.Fatalf("deployment estimated at %d gas, it used %d", gas, used)
	}
	call := func(from common.Address, data []byte, block *big.Int) ([]byte, error) {
		return eth.CallContract(ctx, ethereum.CallMsg{From: from, To: &at, Data: data}, block)
	}
	balanceOf := pack(t, contract, "balanceOf", addr(0))
	if out := must(call(addr(0), balanceOf, nil))(t); new(big.Int).SetBytes(out).Int64() != 1000 {
		t.Fatalf("token balance %x", out)
	}
	send := sign(0, 2, &at, 0, 100_000, pack(t, contract, "transfer", to, big.NewInt(7)))
	if err := eth.SendTransaction(ctx, send); err != nil {
		t.Fatal(err)
	}
	receipt = n.mined(eth, send)
	if len(receipt.Logs) != 1 || receipt.Logs[0].Address != at {
		t.Fatalf("logs %v", receipt.Logs)
	}

	// Its events, found and heard.
	query := ethereum.FilterQuery{
		FromBlock: big.NewInt(0), Addresses: []common.Address{at}, Topics: [][]common.Hash{nil, nil, {common.BytesToHash(to[:])}},
	}
	found := must(eth.FilterLogs(ctx, query))(t)
	if len(found) != 1 || found[0].TxHash != send.Hash() || found[0].BlockTimestamp == 0 {
		t.Fatalf("found %+v", found)
	}
	for _, want := range []common.Hash{deploy.Hash(), send.Hash()} {
		if heard := await(t, logs); heard.TxHash != want || heard.Removed {
			t.Fatalf("heard %+v", heard)
		}
	}
	query = ethereum.FilterQuery{BlockHash: &receipt.BlockHash}
	if found = must(eth.FilterLogs(ctx, query))(t); len(found) != 1 {
		t.Fatalf("logs of the block: %v", found)
	}

	// A revert, with its data.
	_, err := call(to, pack(t, contract, "transfer", to, big.NewInt(8)), nil)
	var refused rpc.DataError
	if !errors.As(err, &refused) || refused.ErrorData() == nil {
		t.Fatalf("spending too much: %v", err)
	}

	// State and its proof against the block's root.
	head := must(eth.HeaderByNumber(ctx, nil))(t)
	slot := crypto.Keccak256Hash(common.LeftPadBytes(to[:], 32), make([]byte, 32)).Hex()
	proof := must(gethclient.New(n.dial(n.url)).GetProof(ctx, at, []string{slot}, head.Number))(t)
	verifyProof(t, head.Root, proof)
	if proof.StorageProof[0].Value.Int64() != 7 {
		t.Fatalf("proven balance %s", proof.StorageProof[0].Value)
	}
	stored := must(eth.StorageAt(ctx, at, common.HexToHash(slot), nil))(t)
	if new(big.Int).SetBytes(stored).Int64() != 7 {
		t.Fatalf("storage %x", stored)
	}
	if deployed := must(eth.CodeAt(ctx, at, nil))(t); !bytes.Contains(code, deployed) || len(deployed) == 0 {
		t.Fatalf("code %x", deployed)
	}

	// State as it might be.
	geth := gethclient.New(n.dial(n.url))
	changed := map[common.Address]gethclient.OverrideAccount{at: {StateDiff: map[common.Hash]common.Hash{common.HexToHash(slot): {31: 99}}}}
	data = pack(t, contract, "balanceOf", to)
	if out := must(geth.CallContract(ctx, ethereum.CallMsg{To: &at, Data: data}, nil, &changed))(t); new(big.Int).SetBytes(out).Int64() != 99 {
		t.Fatalf("overridden balance %x", out)
	}
	if out := must(call(to, data, nil))(t); new(big.Int).SetBytes(out).Int64() != 7 {
		t.Fatalf("the override has lasted: %x", out)
	}

	history := must(eth.FeeHistory(ctx, 2, nil, []float64{0, 50, 100}))(t)
	if len(history.BaseFee) != 3 || len(history.Reward) != 2 || history.Reward[1][1].Int64() != gwei || history.OldestBlock.Uint64() != head.Number.Uint64()-1 {
		t.Fatalf("fee history %+v", history)
	}
	receipts := must(eth.BlockReceipts(ctx, rpc.BlockNumberOrHashWithHash(receipt.BlockHash, false)))(t)
	if len(receipts) != 1 || receipts[0].TxHash != send.Hash() {
		t.Fatalf("receipts %+v", receipts)
	}
	sync := must(eth.SendTransactionSync(ctx, transfer(0, 3, 1), nil))(t)
	if must(eth.BlockNumber(ctx))(t) < sync.BlockNumber.Uint64() {
		t.Fatal("a receipt is visible before its block")
	}
}

// What the gateway holds is pending: visible by hash, in the pending block, in the pending nonce, to filters and subscriptions.
func TestPending(t *testing.T) {
	n := start(t, nil)
	ctx := patient(t)
	eth, live := n.eth(), n.live()
	plain := n.dial(n.url)
	var filter, whole string
	if err := errors.Join(plain.CallContext(ctx, &filter, "eth_newPendingTransactionFilter"),
		plain.CallContext(ctx, &whole, "eth_newPendingTransactionFilter", true)); err != nil {
		t.Fatal(err)
	}
	heard := make(chan common.Hash, 8)
	must(gethclient.New(live.Client()).SubscribePendingTransactions(ctx, heard))(t)
	full := make(chan *types.Transaction, 8)
	must(gethclient.New(live.Client()).SubscribeFullPendingTransactions(ctx, full))(t)

	n.hold()
	first, second, gapped := transfer(0, 0, 1), transfer(0, 1, 1), transfer(0, 5, 1)
	for _, tx := range []*types.Transaction{first, second, gapped} {
		if err := eth.SendTransaction(ctx, tx); err != nil {
			t.Fatal(err)
		}
	}
	if nonce := must(eth.PendingNonceAt(ctx, addr(0)))(t); nonce != 2 {
		t.Fatalf("pending nonce %d", nonce)
	}
	if nonce := must(eth.NonceAt(ctx, addr(0), nil))(t); nonce != 0 {
		t.Fatalf("nonce %d", nonce)
	}
	tx, pending, err := eth.TransactionByHash(ctx, second.Hash())
	if err != nil || !pending || tx.Hash() != second.Hash() {
		t.Fatal(tx, pending, err)
	}
	if count := must(eth.PendingTransactionCount(ctx))(t); count != 3 {
		t.Fatalf("%d pending", count)
	}
	block := must(eth.BlockByNumber(ctx, big.NewInt(int64(rpc.PendingBlockNumber))))(t)
	if block.NumberU64() != 1 || len(block.Transactions()) != 3 || block.Transactions()[0].Hash() != first.Hash() {
		t.Fatalf("pending block %d with %d transactions", block.NumberU64(), len(block.Transactions()))
	}
	for _, want := range []common.Hash{first.Hash(), second.Hash(), gapped.Hash()} {
		if got := await(t, heard); got != want {
			t.Fatalf("heard of %s, want %s", got, want)
		}
		if got := await(t, full); got.Hash() != want {
			t.Fatalf("heard of all of %s, want %s", got.Hash(), want)
		}
	}
	var hashes []common.Hash
	var bodies []types.Transaction
	if err := errors.Join(plain.CallContext(ctx, &hashes, "eth_getFilterChanges", filter),
		plain.CallContext(ctx, &bodies, "eth_getFilterChanges", whole)); err != nil || len(hashes) != 3 || len(bodies) != 3 {
		t.Fatal(hashes, bodies, err)
	}
	if got := status(t, n, gapped.Hash()); got.Stage != "gapped" {
		t.Fatalf("status %+v", got)
	}
	if got := status(t, n, first.Hash()); got.Stage != "sent" || got.SharedTx == nil {
		t.Fatalf("status %+v", got)
	}
	if _, err := eth.TransactionReceipt(ctx, first.Hash()); !errors.Is(err, ethereum.NotFound) {
		t.Fatalf("receipt of a pending transaction: %v", err)
	}

	n.release()
	n.mined(eth, second)
	if got := status(t, n, first.Hash()); got.Stage != "landed" || got.Head != "soft" || got.BlockNumber == nil {
		t.Fatalf("status %+v", got)
	}
	n.settle(1, 0)
	if got := status(t, n, first.Hash()); got.Head != "firm" {
		t.Fatalf("status %+v", got)
	}
}

// Who sends and waits gets the receipt, or the hash if it takes too long.
func TestSendSync(t *testing.T) {
	n := start(t, nil)
	n.hold()
	first, late := n.dial(n.url), n.dial(n.url)
	accepted, cancel := n.gateway.Subscribe(8)
	defer cancel()
	type answer struct {
		receipt types.Receipt
		err     error
	}
	got := make(chan answer, 1)
	go func() {
		var a answer
		a.err = first.CallContext(patient(t), &a.receipt, "eth_sendRawTransactionSync", hexutil.Bytes(raw(transfer(0, 0, 1))), 15_000)
		got <- a
	}()
	await(t, accepted)
	for nonce := uint64(1); nonce <= 3; nonce++ {
		err := late.CallContext(patient(t), new(types.Receipt), "eth_sendRawTransactionSync", hexutil.Bytes(raw(transfer(0, nonce, 1))), "0x1")
		var coded rpc.DataError
		if !errors.As(err, &coded) || coded.ErrorData() != transfer(0, nonce, 1).Hash().Hex() {
			t.Fatal(err)
		}
	}
	n.release()
	if a := await(t, got); a.err != nil || a.receipt.TxHash != transfer(0, 0, 1).Hash() {
		t.Fatal(a.receipt, a.err)
	}
}
