package ethapi_test

import (
	"encoding/json"
	"math/big"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/rollups/evm"
)

// A rollback is told to whoever follows: by subscription and by filter, heads and logs; and nothing of the dropped blocks is found any more.
func TestRollback(t *testing.T) {
	n := start(t, nil)
	ctx := patient(t)
	eth, live, plain := n.eth(), n.live(), n.dial(n.url)
	contract, code := token(t)
	n.sequence(raw(sign(0, 0, nil, 0, 3_000_000, slices.Concat(code, pack(t, contract, "", big.NewInt(1000)))))) // height 2, block 1
	at := crypto.CreateAddress(addr(0), 0)
	move := func(nonce uint64, value int64) *types.Transaction {
		return sign(0, nonce, &at, 0, 100_000, pack(t, contract, "transfer", addr(1), big.NewInt(value)))
	}

	heads, logs := make(chan *types.Header, 16), make(chan types.Log, 16)
	must(live.SubscribeNewHead(ctx, heads))(t)
	must(live.SubscribeFilterLogs(ctx, ethereum.FilterQuery{Addresses: []common.Address{at}}, logs))(t)
	var blockFilter, logFilter string
	if err := plain.CallContext(ctx, &blockFilter, "eth_newBlockFilter"); err != nil {
		t.Fatal(err)
	}
	if err := plain.CallContext(ctx, &logFilter, "eth_newFilter", fields{"address": at}); err != nil {
		t.Fatal(err)
	}
	changes := func() (blocks []common.Hash, found []types.Log) {
		t.Helper()
		if err := plain.CallContext(ctx, &blocks, "eth_getFilterChanges", blockFilter); err != nil {
			t.Fatal(err)
		}
		if err := plain.CallContext(ctx, &found, "eth_getFilterChanges", logFilter); err != nil {
			t.Fatal(err)
		}
		return blocks, found
	}

	n.sequence(raw(move(1, 1)))
	n.sequence(raw(move(2, 2)), raw(move(3, 3)))
	dropped := []*types.Block{n.block(2), n.block(3)}
	for _, want := range dropped {
		if head := await(t, heads); head.Hash() != want.Hash() {
			t.Fatalf("head %s, want %s", head.Hash(), want.Hash())
		}
	}
	told := []types.Log{await(t, logs), await(t, logs), await(t, logs)}
	blocks, found := changes()
	if len(blocks) != 2 || blocks[1] != dropped[1].Hash() || len(found) != 3 {
		t.Fatal(blocks, found)
	}
	n.settle(3, 2) // the heads lag behind the rollback

	n.rollback(2) // back to block 1
	if head := await(t, heads); head.Hash() != n.block(1).Hash() {
		t.Fatalf("after the rollback: head %d", head.Number)
	}
	for i := range told {
		gone := await(t, logs)
		want := told[len(told)-1-i]
		want.Removed = true
		if gone.TxHash != want.TxHash || gone.Index != want.Index || gone.BlockHash != want.BlockHash || !gone.Removed {
			t.Fatalf("taken back %+v, want %+v", gone, want)
		}
	}
	if _, err := eth.TransactionReceipt(ctx, dropped[0].Transactions()[0].Hash()); err == nil {
		t.Fatal("a dropped receipt is visible")
	}
	if _, err := eth.BlockByHash(ctx, dropped[1].Hash()); err == nil {
		t.Fatal("a dropped block is visible")
	}
	for _, tag := range []rpc.BlockNumber{rpc.SafeBlockNumber, rpc.FinalizedBlockNumber, rpc.LatestBlockNumber} {
		if header := must(eth.HeaderByNumber(ctx, big.NewInt(int64(tag))))(t); header.Number.Uint64() != 1 {
			t.Fatalf("tag %v is block %d", tag, header.Number)
		}
	}

	n.sequence(raw(move(1, 9)))
	if head := await(t, heads); head.Hash() != n.block(2).Hash() || head.Hash() == dropped[0].Hash() {
		t.Fatalf("new head %s", head.Hash())
	}
	if again := await(t, logs); again.Removed || again.BlockHash != n.block(2).Hash() {
		t.Fatalf("new log %+v", again)
	}
	blocks, found = changes()
	if len(blocks) != 1 || blocks[0] != n.block(2).Hash() {
		t.Fatal(blocks)
	}
	if len(found) != 4 || !found[0].Removed || !found[2].Removed || found[3].Removed || found[3].BlockHash != n.block(2).Hash() {
		t.Fatalf("filter: %+v", found)
	}
	if found = must(eth.FilterLogs(ctx, ethereum.FilterQuery{FromBlock: big.NewInt(2), Addresses: []common.Address{at}}))(t); len(found) != 1 {
		t.Fatalf("logs %+v", found)
	}
	if blocks, found = changes(); len(blocks)+len(found) != 0 {
		t.Fatal("changes twice:", blocks, found)
	}
}

// A filter's numbers bound what it tells; its logs so far are asked for apart.
func TestFilterBounds(t *testing.T) {
	n := start(t, nil)
	plain := n.dial(n.url)
	contract, code := token(t)
	n.sequence(raw(sign(0, 0, nil, 0, 3_000_000, slices.Concat(code, pack(t, contract, "", big.NewInt(1000))))))
	at := crypto.CreateAddress(addr(0), 0)
	var id string
	if err := plain.CallContext(patient(t), &id, "eth_newFilter", fields{"address": at, "fromBlock": "0x1", "toBlock": "0x2"}); err != nil {
		t.Fatal(err)
	}
	for nonce := range uint64(2) {
		n.sequence(raw(sign(0, nonce+1, &at, 0, 100_000, pack(t, contract, "transfer", addr(1), big.NewInt(1)))))
	}
	for method, want := range map[string]int{"eth_getFilterChanges": 1, "eth_getFilterLogs": 2} {
		var logs []types.Log
		if err := plain.CallContext(patient(t), &logs, method, id); err != nil || len(logs) != want {
			t.Fatal(method, logs, err)
		}
	}
}

// What derivation passed over is explained, by hash and by block; and the heads stand beside each other.
func TestLockstepNamespace(t *testing.T) {
	n := start(t, nil)
	c := n.dial(n.url)
	early := transfer(0, 5, 1)
	n.sequence(raw(transfer(0, 0, 1)), raw(early), []byte{1})
	if got := status(t, n, early.Hash()); got.Stage != "dropped" || got.Skipped == nil || got.Skipped.Reason != string(evm.NonceTooHigh) {
		t.Fatalf("status %+v", got)
	}
	if got := status(t, n, common.Hash{1}); got.Stage != "unknown" {
		t.Fatalf("status %+v", got)
	}
	var skips struct {
		Total   hexutil.Uint64
		Skipped []struct {
			Entry  hexutil.Uint64
			Hash   common.Hash
			Reason evm.Reason
		}
	}
	if err := c.CallContext(patient(t), &skips, "lockstep_skippedIn", "latest"); err != nil {
		t.Fatal(err)
	}
	if skips.Total != 2 || len(skips.Skipped) != 2 {
		t.Fatalf("skipped %+v", skips)
	}
	reasons := map[hexutil.Uint64]evm.Reason{}
	for _, s := range skips.Skipped {
		reasons[s.Entry] = s.Reason
	}
	if reasons[1] != evm.NonceTooHigh || reasons[2] != evm.Malformed {
		t.Fatalf("reasons %v", reasons)
	}
	var heads struct {
		Soft struct {
			Height, Number hexutil.Uint64
			BlockHash      common.Hash
		}
		ReadOnly bool
	}
	if err := c.CallContext(patient(t), &heads, "lockstep_status"); err != nil {
		t.Fatal(err)
	}
	if heads.Soft.Height != 2 || heads.Soft.Number != 1 || heads.Soft.BlockHash != n.block(1).Hash() || heads.ReadOnly {
		t.Fatalf("heads %+v", heads)
	}
	var number hexutil.Uint64
	if err := c.CallContext(patient(t), &number, "lockstep_blockAtHeight", "0x9"); err != nil || number != 1 {
		t.Fatal(number, err)
	}
	var answer json.RawMessage
	if err := c.CallContext(patient(t), &answer, "web3_sha3", "0x"); err != nil || string(answer) != `"`+types.EmptyCodeHash.Hex()+`"` {
		t.Fatal(string(answer), err)
	}
}
