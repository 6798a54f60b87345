package evm

import (
	"bytes"
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/math"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"
	"github.com/holiman/uint256"
)

// TestReasons gives one block an invalid entry and then a valid one of the same sender: the
// first is skipped with its reason, and leaves nothing behind that hinders the second.
func TestReasons(t *testing.T) {
	const code, poor = 5, 6 // accounts: a contract's, one with little
	to := addr(1)
	huge := new(big.Int).Lsh(big.NewInt(1), 256)
	with := func(change func(tx *types.DynamicFeeTx)) []byte {
		tx := dynamic(0, &to, nil)
		change(tx)
		return sign(0, tx)
	}
	unprotected := func() []byte {
		tx := types.MustSignNewTx(key(0), types.HomesteadSigner{}, &types.LegacyTx{GasPrice: big.NewInt(gwei), Gas: 21000, To: &to})
		raw, _ := tx.MarshalBinary()
		return raw
	}
	badSignature := func() []byte {
		tx := dynamic(0, &to, nil)
		tx.ChainID, tx.V, tx.R, tx.S = big.NewInt(testChainID), big.NewInt(0), big.NewInt(0), big.NewInt(1)
		raw, _ := types.NewTx(tx).MarshalBinary()
		return raw
	}
	highS := func() []byte {
		tx := types.MustSignNewTx(key(0), types.LatestSignerForChainID(big.NewInt(testChainID)), dynamic(0, &to, nil))
		v, r, s := tx.RawSignatureValues()
		flipped := dynamic(0, &to, nil)
		flipped.ChainID = big.NewInt(testChainID)
		flipped.V, flipped.R, flipped.S = new(big.Int).Xor(v, big.NewInt(1)), r, new(big.Int).Sub(crypto.S256().Params().N, s)
		raw, _ := types.NewTx(flipped).MarshalBinary()
		return raw
	}
	valid := transfer(0, 0, to)
	for _, tc := range []struct {
		name   string
		entry  []byte
		reason Reason
	}{
		{"empty", nil, Malformed},
		{"one byte", []byte{0xc0}, Malformed},
		{"a string", []byte{0x80}, Malformed},
		{"truncated", valid[:len(valid)-1], Malformed},
		{"trailing byte", append(bytes.Clone(valid), 0), Malformed},
		{"only a type", []byte{types.DynamicFeeTxType}, Malformed},
		{"a length without its bytes", []byte{0xfb, 0xff, 0xff, 0xff, 0xff}, Malformed},
		{"type 5", []byte{5, 0xc0}, UnsupportedType},
		{"type 0 in an envelope", []byte{0, 0xc0}, UnsupportedType},
		{"a blob transaction", []byte{types.BlobTxType, 0xc0}, UnsupportedType},
		{"longer than any transaction", make([]byte, MaxEntryBytes+1), TooLarge},
		{"legacy without chain id", unprotected(), Unprotected},
		{"another chain's", signFor(1, 0, dynamic(0, &to, nil)), WrongChainID},
		{"another chain's legacy", signFor(1, 0, &types.LegacyTx{GasPrice: big.NewInt(2 * gwei), Gas: 21000, To: &to}), WrongChainID},
		{"signature with R = 0", badSignature(), BadSignature},
		{"signature with high S", highS(), BadSignature},
		{"value of 257 bits", with(func(tx *types.DynamicFeeTx) { tx.Value = huge }), ValueTooLarge},
		{"fee of 257 bits", with(func(tx *types.DynamicFeeTx) { tx.GasFeeCap = huge }), ValueTooLarge},
		{"nonce in the future", transfer(0, 1000, to), NonceTooHigh},
		{"nonce 2^64-1", transfer(0, ^uint64(0), to), NonceTooHigh},
		{"fee times gas overflows", with(func(tx *types.DynamicFeeTx) { tx.GasFeeCap = new(big.Int).Sub(huge, common.Big1) }), InsufficientFunds},
		{"value above the balance", with(func(tx *types.DynamicFeeTx) { tx.Value = ether(1000) }), InsufficientFunds},
		{"no funds at all", transfer(99, 0, to), InsufficientFunds},
		{"fee below the base fee", with(func(tx *types.DynamicFeeTx) { tx.GasFeeCap, tx.GasTipCap = big.NewInt(gwei-1), new(big.Int) }), FeeCapTooLow},
		{"tip above the fee", with(func(tx *types.DynamicFeeTx) { tx.GasTipCap = big.NewInt(3 * gwei) }), TipAboveFeeCap},
		{"gas below 21000", with(func(tx *types.DynamicFeeTx) { tx.Gas = 20_999 }), IntrinsicGas},
		{"gas below the calldata floor", with(func(tx *types.DynamicFeeTx) { tx.Data, tx.Gas = bytes.Repeat([]byte{1}, 1000), 21_000+16*1000 }), IntrinsicGas},
		{"gas above EIP-7825's cap", with(func(tx *types.DynamicFeeTx) { tx.Gas = params.MaxTxGas + 1 }), GasLimitTooHigh},
		{"init code too large", with(func(tx *types.DynamicFeeTx) {
			tx.To, tx.Data, tx.Gas = nil, make([]byte, params.MaxInitCodeSize+1), 10_000_000
		}), InitCodeTooLarge},
		{"the sender is a contract", transfer(code, 0, to), SenderNotEOA},
		{"no authorizations", sign(0, &types.SetCodeTx{
			ChainID: uint256.NewInt(testChainID), GasTipCap: uint256.NewInt(1), GasFeeCap: uint256.NewInt(2 * gwei), Gas: 100_000, To: to,
		}), EmptyAuthList},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := testGenesis(1)
			g.Alloc[addr(code)] = Account{Balance: (*math.HexOrDecimal256)(ether(1)), Code: []byte{0x00}}
			g.Alloc[addr(poor)] = Account{Balance: (*math.HexOrDecimal256)(big.NewInt(1))}
			c := open(t, testConfig(t.TempDir(), g))
			execute(t, c, input(1, "", tc.entry, valid))
			skips, total, err := c.SkippedIn(1)
			if err != nil || total != 1 || len(skips) != 1 {
				t.Fatalf("skipped %v (total %d, %v), want one", skips, total, err)
			}
			if got := skips[0]; got.Reason != tc.reason || got.Entry != 0 || got.Number != 1 || got.Text == "" || len(got.Text) > maxSkipText {
				t.Errorf("skipped as %+v, want %s", got, tc.reason)
			}
			found, err := c.Skipped(crypto.Keccak256Hash(tc.entry))
			if err != nil || found != skips[0] {
				t.Errorf("by hash: %+v, %v", found, err)
			}
			block, err := c.BlockByNumber(1)
			if err != nil || len(block.Transactions()) != 1 || block.GasUsed() != 21_000 {
				t.Fatalf("block has %d transactions and %d gas, want the valid one", len(block.Transactions()), block.GasUsed())
			}
			// The same block without the invalid entry has the same state.
			clean := open(t, testConfig(t.TempDir(), g))
			if got, want := c.Head(), execute(t, clean, input(1, "", valid)); got != want {
				t.Errorf("an invalid entry left a trace: %+v, without it %+v", got, want)
			}
		})
	}
}

// TestBlockFull fills a block's gas limit: what does not fit is skipped, what is small
// enough for the rest still fits.
func TestBlockFull(t *testing.T) {
	g := testGenesis(3)
	g.GasLimit = minGasLimit
	c := open(t, testConfig(t.TempDir(), g))
	to := addr(1)
	big1 := dynamic(0, &to, nil)
	big1.Gas = minGasLimit - 21_000
	burn := dynamic(0, nil, common.FromHex("5b600056")) // loops until its gas is gone
	burn.Gas = minGasLimit - 2*21_000
	tooBig := dynamic(1, &to, nil)
	tooBig.Gas = 21_001 + 21_000
	execute(t, c, input(1, "", sign(0, burn), sign(0, tooBig), sign(1, dynamic(0, &to, nil)), sign(2, big1), sign(2, dynamic(0, &to, nil))))
	block, err := c.BlockByNumber(1)
	if err != nil || len(block.Transactions()) != 3 || block.GasUsed() != minGasLimit {
		t.Fatalf("%d transactions, %d gas, %v", len(block.Transactions()), block.GasUsed(), err)
	}
	skips, _, _ := c.SkippedIn(1)
	if len(skips) != 2 || skips[0].Reason != BlockFull || skips[0].Entry != 1 || skips[1].Reason != BlockFull || skips[1].Entry != 3 {
		t.Errorf("skipped %+v", skips)
	}
	receipts, _ := c.ReceiptsByNumber(1)
	if receipts[0].Status != types.ReceiptStatusFailed || receipts[0].GasUsed != burn.Gas || receipts[2].CumulativeGasUsed != minGasLimit {
		t.Errorf("receipts %+v", receipts[0])
	}
}

// TestDeferred tells stories of nonces that come too early. A step is sender, nonce and,
// for one that must fail later, a value nobody has.
func TestDeferred(t *testing.T) {
	const rich = -1
	type step struct {
		from  int
		nonce uint64
		value int64
	}
	for _, tc := range []struct {
		name    string
		steps   []step
		order   []int          // entries that became transactions, in order
		skipped map[int]Reason // the others
	}{
		{"reversed", []step{{0, 2, 1}, {0, 1, 1}, {0, 0, 1}}, []int{2, 1, 0}, nil},
		{
			"two senders do not wait for each other",
			[]step{{0, 1, 1}, {1, 0, 1}, {0, 0, 1}, {1, 1, 1}},
			[]int{1, 2, 0, 3},
			nil,
		},
		{"a gap stays", []step{{0, 2, 1}, {0, 0, 1}}, []int{1}, map[int]Reason{0: NonceTooHigh}},
		{
			"rivals for one nonce: the first in order wins",
			[]step{{0, 1, 1}, {0, 1, 2}, {0, 0, 1}},
			[]int{2, 0},
			map[int]Reason{1: NonceTooLow},
		},
		{
			"the first rival fails, the second takes the nonce",
			[]step{{0, 1, rich}, {0, 1, 2}, {0, 2, 1}, {0, 0, 1}},
			[]int{3, 1, 2},
			map[int]Reason{0: InsufficientFunds},
		},
		{
			"a deferred one that fails stops its successors",
			[]step{{0, 1, rich}, {0, 2, 1}, {0, 0, 1}},
			[]int{2},
			map[int]Reason{0: InsufficientFunds, 1: NonceTooHigh},
		},
		{
			"a failed one can be made up for later in the block",
			[]step{{0, 0, rich}, {0, 1, 1}, {0, 0, 1}},
			[]int{2, 1},
			map[int]Reason{0: InsufficientFunds},
		},
		{
			"another sender's success does not wake it",
			[]step{{0, 1, 1}, {1, 0, 1}, {1, 1, 1}},
			[]int{1, 2},
			map[int]Reason{0: NonceTooHigh},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := open(t, testConfig(t.TempDir(), testGenesis(2)))
			to := addr(9)
			var entries [][]byte
			for _, s := range tc.steps {
				tx := dynamic(s.nonce, &to, nil)
				tx.Value = big.NewInt(s.value)
				if s.value == rich {
					tx.Value = ether(5000)
				}
				entries = append(entries, sign(s.from, tx))
			}
			execute(t, c, input(1, "", entries...))
			block, err := c.BlockByNumber(1)
			if err != nil || len(block.Transactions()) != len(tc.order) {
				t.Fatalf("%d transactions, want %v (%v)", len(block.Transactions()), tc.order, err)
			}
			for i, tx := range block.Transactions() {
				if want := crypto.Keccak256Hash(entries[tc.order[i]]); tx.Hash() != want {
					t.Errorf("transaction %d is not entry %d", i, tc.order[i])
				}
			}
			skips, _, _ := c.SkippedIn(1)
			if len(skips) != len(tc.skipped) {
				t.Fatalf("skipped %+v, want %v", skips, tc.skipped)
			}
			for _, s := range skips {
				if tc.skipped[int(s.Entry)] != s.Reason {
					t.Errorf("entry %d skipped as %s, want %s", s.Entry, s.Reason, tc.skipped[int(s.Entry)])
				}
			}
		})
	}
}

// TestManySkips checks the bound of what is remembered, and that all is counted.
func TestManySkips(t *testing.T) {
	c := open(t, testConfig(t.TempDir(), testGenesis(1)))
	entries := make([][]byte, maxSkipsPerBlock+10)
	for i := range entries {
		entries[i] = []byte{0x05, byte(i), byte(i >> 8)}
	}
	execute(t, c, input(1, "", entries...))
	skips, total, err := c.SkippedIn(1)
	if err != nil || len(skips) != maxSkipsPerBlock || total != uint64(len(entries)) {
		t.Errorf("%d remembered of %d, %v", len(skips), total, err)
	}
	if _, err := c.Skipped(crypto.Keccak256Hash(entries[len(entries)-1])); err == nil {
		t.Error("an entry beyond the bound is remembered")
	}
}
