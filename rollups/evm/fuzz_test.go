package evm

import (
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"
)

// FuzzExecuteEntries feeds two arbitrary entries, and a signed one with arbitrary fields: Execute neither fails nor panics, every entry
// ends as a transaction or as a skip, and a second executor agrees.
func FuzzExecuteEntries(f *testing.F) {
	to := addr(1)
	auth, err := types.SignSetCode(key(1), types.SetCodeAuthorization{ChainID: *uint256.NewInt(testChainID), Address: to})
	if err != nil {
		f.Fatal(err)
	}
	seeds := [][]byte{
		nil,
		{0xc0},
		transfer(0, 0, to),
		transfer(0, 1, to),
		sign(0, dynamic(0, nil, deployToken(5))),
		sign(0, dynamic(0, nil, common.FromHex("60ff60005260206000f0ff"))),
		sign(0, &types.LegacyTx{Gas: 21_000, GasPrice: uint256.NewInt(gwei).ToBig(), To: &to}),
		sign(0, &types.AccessListTx{Gas: 50_000, GasPrice: uint256.NewInt(gwei).ToBig(), To: &to, AccessList: types.AccessList{{Address: to, StorageKeys: []common.Hash{{1}}}}}),
		sign(0, &types.SetCodeTx{ChainID: uint256.NewInt(testChainID), Gas: 100_000, GasTipCap: new(uint256.Int), GasFeeCap: uint256.NewInt(gwei), To: to, AuthList: []types.SetCodeAuthorization{auth}}),
		{types.BlobTxType, 0xc0},
	}
	for i, seed := range seeds {
		f.Add(seed, seeds[(i+1)%len(seeds)], uint8(i), uint32(21_000+i*100_000), uint64(2*gwei), i%2 == 0)
	}
	c, twin := open(f, testConfig(f.TempDir(), testGenesis(3))), open(f, testConfig(f.TempDir(), testGenesis(3)))
	f.Fuzz(func(t *testing.T, a, b []byte, nonce uint8, gas uint32, fee uint64, create bool) {
		signed := dynamic(uint64(nonce%3), &to, b)
		signed.Gas, signed.GasFeeCap, signed.GasTipCap = uint64(gas), new(big.Int).SetUint64(fee), new(big.Int)
		if create {
			signed.To = nil
		}
		in := input(1, "", a, b, sign(1, signed), a, transfer(0, 0, to), transfer(1, 0, to), b, transfer(2, 0, to))
		out := execute(t, c, in)
		block, err := c.BlockByNumber(1)
		if err != nil {
			t.Fatal(err)
		}
		receipts, err := c.ReceiptsByNumber(1)
		if err != nil || len(receipts) != len(block.Transactions()) {
			t.Fatalf("%d receipts of %d transactions, %v", len(receipts), len(block.Transactions()), err)
		}
		_, skipped, err := c.SkippedIn(1)
		if err != nil || int(skipped)+len(block.Transactions()) != len(in.Entries) {
			t.Fatalf("%d skipped and %d included of %d, %v", skipped, len(block.Transactions()), len(in.Entries), err)
		}
		if _, err := c.Transaction(crypto.Keccak256Hash(in.Entries[len(in.Entries)-1])); err != nil {
			t.Fatalf("the valid entry at the end is missing: %v", err)
		}
		if got := execute(t, twin, in); got != out {
			t.Fatalf("a second executor gives %+v, the first %+v", got, out)
		}
		for _, chain := range []*Chain{c, twin} {
			if err := chain.Rollback(t.Context(), 0); err != nil {
				t.Fatal(err)
			}
		}
	})
}
