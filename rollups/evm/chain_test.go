package evm

import (
	"context"
	"encoding/binary"
	"errors"
	"math/big"
	"reflect"
	"sync"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/rollups"
)

// TestHeader checks each header field against the derivation rules, and that the header
// survives the wire with its hash.
func TestHeader(t *testing.T) {
	g := testGenesis(1)
	c := open(t, testConfig(t.TempDir(), g))
	genesis := c.HeadHeader()
	for i, tc := range []struct {
		timeMS uint64
		want   uint64 // seconds
	}{
		{testTime*1000 - 5000, testTime}, // before the genesis: does not go back
		{testTime*1000 + 999, testTime},  // the same second again
		{testTime*1000 + 2500, testTime + 2},
		{testTime*1000 + 2501, testTime + 2},
	} {
		parent := c.HeadHeader()
		in := input(uint64(i)*3+7, "", []byte("rubbish"))
		in.TimeMS = tc.timeMS
		out := execute(t, c, in)
		h := c.HeadHeader()
		want := &types.Header{
			ParentHash: parent.Hash(), UncleHash: types.EmptyUncleHash, Coinbase: g.Coinbase, Root: out.StateRoot,
			TxHash: types.EmptyTxsHash, ReceiptHash: types.EmptyReceiptsHash, Difficulty: new(big.Int), Number: big.NewInt(int64(i + 1)),
			GasLimit: g.GasLimit, Time: tc.want, Extra: binary.BigEndian.AppendUint64(nil, in.Height), MixDigest: in.Hash,
			BaseFee: big.NewInt(gwei), WithdrawalsHash: &types.EmptyWithdrawalsHash, BlobGasUsed: new(uint64), ExcessBlobGas: new(uint64),
			ParentBeaconRoot: &in.Hash, RequestsHash: &types.EmptyRequestsHash,
		}
		if !reflect.DeepEqual(h, want) {
			t.Errorf("header\n%+v, want\n%+v", h, want)
		}
		if out != (rollups.Output{Height: in.Height, Number: uint64(i + 1), BlockHash: want.Hash(), StateRoot: h.Root}) {
			t.Errorf("output %+v", out)
		}
		enc, err := rlp.EncodeToBytes(h)
		if err != nil {
			t.Fatal(err)
		}
		var back types.Header
		if err := rlp.DecodeBytes(enc, &back); err != nil || back.Hash() != out.BlockHash {
			t.Errorf("the header does not survive RLP: %v", err)
		}
		if h.Root == parent.Root {
			t.Error("a block without transactions must still change the root (path database)")
		}
	}
	if SharedHeight(genesis) != 0 || SharedHeight(c.HeadHeader()) != 16 {
		t.Error("shared heights")
	}
}

// TestSystemContracts reads the shared header's hash by timestamp (EIP-4788) and the
// parent's hash by number (EIP-2935), as a contract would.
func TestSystemContracts(t *testing.T) {
	c := open(t, testConfig(t.TempDir(), testGenesis(1)))
	first := execute(t, c, input(1, "", []byte("x")))
	in := input(9, "", []byte("x"))
	execute(t, c, in)
	st, header, err := c.StateAt(2)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(contract common.Address, number uint64) common.Hash {
		machine := c.NewEVM(types.CopyHeader(&types.Header{
			Number: big.NewInt(3), Time: header.Time, BaseFee: header.BaseFee, GasLimit: header.GasLimit,
		}), st, vm.Config{})
		defer machine.Release()
		out, _, err := machine.Call(addr(0), contract, common.LeftPadBytes(binary.BigEndian.AppendUint64(nil, number), 32), vm.NewGasBudget(100_000, 0), new(uint256.Int))
		if err != nil {
			t.Fatal(err)
		}
		return common.BytesToHash(out)
	}
	if got := ask(params.BeaconRootsAddress, header.Time); got != in.Hash {
		t.Errorf("EIP-4788 tells %s, want the shared header %s", got, in.Hash)
	}
	if got := ask(params.HistoryStorageAddress, 1); got != first.BlockHash {
		t.Errorf("EIP-2935 tells %s, want block 1 %s", got, first.BlockHash)
	}
}

// TestToken deploys an ERC-20, moves it, and checks receipts and logs: those kept in memory
// equal those read back from disk.
func TestToken(t *testing.T) {
	cfg := testConfig(t.TempDir(), testGenesis(2))
	c := open(t, cfg)
	token := crypto.CreateAddress(addr(0), 0)
	move := func(nonce uint64, to, value int) []byte {
		return sign(0, dynamic(nonce, &token, callToken("transfer(address,uint256)", addr(to), value)))
	}
	execute(t, c, input(1, "", sign(0, dynamic(0, nil, deployToken(1000)))))
	execute(t, c, input(2, "", transfer(1, 0, addr(0)), move(1, 1, 300), move(2, 2, 10_000), move(3, 3, 7)))

	fresh, err := c.ReceiptsByNumber(2)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		status uint64
		logs   int
	}{{1, 0}, {1, 1}, {0, 0}, {1, 1}} { // the third moves more than there is: it fails, included
		if fresh[i].Status != want.status || len(fresh[i].Logs) != want.logs || fresh[i].TransactionIndex != uint(i) {
			t.Errorf("receipt %d: %+v", i, fresh[i])
		}
		if fresh[i].EffectiveGasPrice.Cmp(big.NewInt(2*gwei)) != 0 {
			t.Errorf("receipt %d: gas price %s", i, fresh[i].EffectiveGasPrice)
		}
	}
	logs, err := c.LogsByNumber(2)
	if err != nil || len(logs) != 2 {
		t.Fatalf("logs %v, %v", logs, err)
	}
	last := logs[1]
	topic := crypto.Keccak256Hash([]byte("Transfer(address,address,uint256)"))
	if last.Index != 1 || last.TxIndex != 3 || last.BlockNumber != 2 || last.BlockHash != c.Head().BlockHash || last.Address != token ||
		last.Topics[0] != topic || last.Topics[2] != common.BytesToHash(addr(3).Bytes()) || last.BlockTimestamp != c.HeadHeader().Time {
		t.Errorf("log %+v", last)
	}
	if bloom := c.HeadHeader().Bloom; !bloom.Test(token.Bytes()) || !bloom.Test(topic.Bytes()) || bloom.Test(addr(0).Bytes()) {
		t.Error("bloom")
	}
	created, err := c.Transaction(crypto.Keccak256Hash(sign(0, dynamic(0, nil, deployToken(1000)))))
	if err != nil || created.Receipt.ContractAddress != token || created.Index != 0 || created.Header.Number.Uint64() != 1 {
		t.Errorf("deployment %+v, %v", created, err)
	}
	st, _, err := c.StateAt(2)
	if err != nil {
		t.Fatal(err)
	}
	machine := c.NewEVM(c.HeadHeader(), st, vm.Config{})
	defer machine.Release()
	out, _, err := machine.StaticCall(addr(1), token, callToken("balanceOf(address)", addr(1)), vm.NewGasBudget(100_000, 0))
	if err != nil || new(big.Int).SetBytes(out).Int64() != 300 {
		t.Errorf("balance %x, %v", out, err)
	}

	c.recent.Purge()
	stored, err := c.ReceiptsByNumber(2)
	if err != nil {
		t.Fatal(err)
	}
	for i := range fresh {
		if a, b := mustJSON(t, fresh[i]), mustJSON(t, stored[i]); a != b {
			t.Errorf("receipt %d executed\n%s, stored\n%s", i, a, b)
		}
	}
}

func mustJSON(t *testing.T, receipt *types.Receipt) string {
	t.Helper()
	enc, err := receipt.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(enc)
}

// TestSetCode runs an EIP-7702 transaction: the account gets a delegation and can still send.
func TestSetCode(t *testing.T) {
	c := open(t, testConfig(t.TempDir(), testGenesis(2)))
	auth, err := types.SignSetCode(key(1), types.SetCodeAuthorization{ChainID: *uint256.NewInt(testChainID), Address: common.HexToAddress("0x1234")})
	if err != nil {
		t.Fatal(err)
	}
	execute(t, c, input(1, "", sign(0, &types.SetCodeTx{
		ChainID: uint256.NewInt(testChainID), GasTipCap: uint256.NewInt(1), GasFeeCap: uint256.NewInt(2 * gwei), Gas: 100_000, To: addr(0),
		AuthList: []types.SetCodeAuthorization{auth},
	}), transfer(1, 1, addr(0))))
	st, _, err := c.StateAt(1)
	if err != nil {
		t.Fatal(err)
	}
	if target, ok := types.ParseDelegation(st.GetCode(addr(1))); !ok || target != common.HexToAddress("0x1234") || st.GetNonce(addr(1)) != 2 {
		t.Errorf("delegation %s %v, nonce %d", target, ok, st.GetNonce(addr(1)))
	}
}

// TestInputOrder: the same input again is answered, anything else not above the head refused.
func TestInputOrder(t *testing.T) {
	c := open(t, testConfig(t.TempDir(), testGenesis(1)))
	if head := c.Head(); head.Number != 0 || head.Height != 0 || head.BlockHash == (common.Hash{}) {
		t.Errorf("genesis head %+v", head)
	}
	in := input(5, "", transfer(0, 0, addr(1)))
	out := execute(t, c, in)
	if again := execute(t, c, in); again != out || c.Head() != out {
		t.Errorf("again %+v, first %+v", again, out)
	}
	for name, bad := range map[string]rollups.Input{
		"another hash at the head's height": input(5, "other", transfer(0, 1, addr(1))),
		"a lower height":                    input(4, "", transfer(0, 1, addr(1))),
		"height 0":                          input(0, "", transfer(0, 1, addr(1))),
	} {
		if _, err := c.Execute(t.Context(), bad); !errors.Is(err, ErrOutOfOrder) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.Execute(t.Context(), input(6, "")); err == nil {
		t.Error("no entries: accepted")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Execute(ctx, input(6, "", []byte("x"))); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if c.Head() != out {
		t.Errorf("a refused input moved the head to %+v", c.Head())
	}
}

// TestReading asks for what is there and what is not.
func TestReading(t *testing.T) {
	c := open(t, testConfig(t.TempDir(), testGenesis(5)))
	const blocks = 140
	for h := uint64(1); h <= blocks; h++ {
		in := story(h)
		in.Height *= 10
		execute(t, c, in)
	}
	for height, want := range map[uint64]uint64{0: 0, 9: 0, 10: 1, 19: 1, 20: 2, 1399: 139, 1400: 140, 1 << 40: 140} {
		if got, err := c.NumberAtHeight(height); err != nil || got != want {
			t.Errorf("number at height %d: %d (%v), want %d", height, got, err, want)
		}
	}
	for _, number := range []uint64{blocks, blocks - 128} {
		if st, _, err := c.StateAt(number); err != nil || st.GetNonce(addr(0)) != number || st.Error() != nil {
			t.Errorf("state at %d: %v", number, err)
		}
	}
	if _, _, err := c.StateAt(2); !errors.Is(err, ErrStatePruned) {
		t.Errorf("old state: %v", err)
	}
	header, err := c.HeaderByNumber(7)
	if err != nil {
		t.Fatal(err)
	}
	if block, err := c.BlockByHash(header.Hash()); err != nil || block.NumberU64() != 7 || block.Hash() != header.Hash() {
		t.Errorf("block by hash: %v", err)
	}
	if byHash, err := c.HeaderByHash(header.Hash()); err != nil || byHash.Hash() != header.Hash() {
		t.Errorf("header by hash: %v", err)
	}
	unknown := common.Hash{1}
	for name, err := range map[string]error{
		"header by number": second(c.HeaderByNumber(blocks + 1)), "header by hash": second(c.HeaderByHash(unknown)),
		"block by number": second(c.BlockByNumber(blocks + 1)), "block by hash": second(c.BlockByHash(unknown)),
		"receipts": second(c.ReceiptsByNumber(blocks + 1)), "logs": second(c.LogsByNumber(^uint64(0))),
		"transaction": second(c.Transaction(unknown)), "skipped": second(c.Skipped(unknown)), "number": second(c.NumberOf(unknown)),
	} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", name, err)
		}
	}
	if _, _, err := c.StateAt(blocks + 1); !errors.Is(err, ErrNotFound) {
		t.Errorf("state of an unknown block: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

// TestReadersBesideWriter reads everything while blocks are executed and rolled back.
func TestReadersBesideWriter(t *testing.T) {
	c := open(t, testConfig(t.TempDir(), testGenesis(5)))
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			cursor := c.NewCursor(0)
			for {
				event, err := cursor.Next(ctx)
				if err != nil {
					return
				}
				if _, err := c.ReceiptsByNumber(event.Number); err != nil && !errors.Is(err, ErrNotFound) {
					t.Errorf("receipts of %d: %v", event.Number, err)
				}
				if st, header, err := c.StateAt(event.Number); err == nil {
					st.GetBalance(addr(1))
					machine := c.NewEVM(header, st, vm.Config{NoBaseFee: true})
					to := crypto.CreateAddress(addr(4), 0)
					_, _ = core.ApplyMessage(machine, &core.Message{
						To: &to, GasLimit: 100_000, Value: new(uint256.Int), GasPrice: new(uint256.Int), GasFeeCap: new(uint256.Int),
						GasTipCap: new(uint256.Int), Data: callToken("totalSupply()"),
					}, nil)
					machine.Release()
				}
			}
		})
	}
	readers.Go(func() {
		for h := uint64(1); h < 60; h++ {
			c.Prepare(story(h).Entries)
		}
	})
	for h := uint64(1); h <= 60; h++ {
		execute(t, c, story(h))
		if h == 30 {
			if err := c.Rollback(t.Context(), 20); err != nil {
				t.Fatal(err)
			}
			h = 20
			for ; h < 30; h++ {
				execute(t, c, story(h+1))
			}
		}
	}
	stop()
	readers.Wait()
}

// TestCursor: every block once, in order; a rollback is reported to whom it concerns.
func TestCursor(t *testing.T) {
	c := open(t, testConfig(t.TempDir(), testGenesis(5)))
	next := func(r *Cursor) Event {
		t.Helper()
		event, err := r.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return event
	}
	expect := func(r *Cursor, want ...Event) {
		t.Helper()
		for _, w := range want {
			if got := next(r); got != w {
				t.Fatalf("event %+v, want %+v", got, w)
			}
		}
		if _, ok, _, _ := r.poll(); ok {
			t.Fatal("more events than expected")
		}
	}
	fast, slow := c.NewCursor(0), c.NewCursor(0)
	for h := uint64(1); h <= 3; h++ {
		execute(t, c, story(h))
	}
	expect(fast, Event{Number: 1}, Event{Number: 2}, Event{Number: 3})
	if got := next(slow); got.Number != 1 {
		t.Fatal(got)
	}
	for range maxRewinds + 2 { // more than are remembered one by one
		if err := c.Rollback(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		execute(t, c, story(3))
	}
	expect(fast, Event{Number: 2, Rewound: true}, Event{Number: 3})
	expect(slow, Event{Number: 2}, Event{Number: 3}) // had not seen what was dropped
	expect(c.NewCursor(99))                          // beyond the head: from the head on
	if err := c.Rollback(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	expect(fast, Event{Number: 0, Rewound: true})

	waiting, changed := make(chan error), c.Changed()
	go func() {
		_, err := fast.Next(t.Context())
		waiting <- err
	}()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	<-changed
	if err := <-waiting; !errors.Is(err, ErrClosed) {
		t.Errorf("waiting reader got %v", err)
	}
	if _, err := c.Execute(t.Context(), story(1)); !errors.Is(err, ErrClosed) {
		t.Errorf("execute after close: %v", err)
	}
	if err := c.Rollback(t.Context(), 0); !errors.Is(err, ErrClosed) {
		t.Errorf("rollback after close: %v", err)
	}
}
