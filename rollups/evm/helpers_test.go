package evm

import (
	"crypto/ecdsa"
	"encoding/binary"
	"log/slog"
	"math/big"
	"sync"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/math"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/rollups"
)

const (
	testChainID = 7001
	testTime    = 1_700_000_000
	gwei        = 1_000_000_000
)

// keys are the test accounts' keys, made once.
var keys = sync.OnceValue(func() []*ecdsa.PrivateKey {
	made := make([]*ecdsa.PrivateKey, 128)
	for n := range made {
		seed := crypto.Keccak256(binary.BigEndian.AppendUint64([]byte("lockstep test account"), uint64(n)))
		var err error
		if made[n], err = crypto.ToECDSA(seed); err != nil {
			panic(err)
		}
	}
	return made
})

// key returns the n-th test account's key.
func key(n int) *ecdsa.PrivateKey { return keys()[n] }

// addr returns the n-th test account's address.
func addr(n int) common.Address { return crypto.PubkeyToAddress(key(n).PublicKey) }

func ether(n int64) *big.Int { return new(big.Int).Mul(big.NewInt(n), big.NewInt(1e18)) }

// testGenesis funds the first accounts with 1,000 ether each.
func testGenesis(accounts int) Genesis {
	g := Genesis{
		ChainID:   testChainID,
		GasLimit:  100_000_000,
		BaseFee:   gwei,
		Coinbase:  common.HexToAddress("0xc0ffee"),
		Timestamp: testTime,
		Alloc:     map[common.Address]Account{},
	}
	for i := range accounts {
		g.Alloc[addr(i)] = Account{Balance: (*math.HexOrDecimal256)(ether(1000))}
	}
	return g
}

func testConfig(dir string, g Genesis) Config {
	return Config{Dir: dir, Genesis: g, CacheMiB: 16, Handles: 64, Log: slog.New(slog.DiscardHandler)}
}

func open(t testing.TB, cfg Config) *Chain {
	t.Helper()
	c, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return c
}

// input makes the shared block of a height: 250 ms apart, hash by height and salt.
func input(height uint64, salt string, entries ...[]byte) rollups.Input {
	return rollups.Input{
		Height:  height,
		Hash:    crypto.Keccak256Hash([]byte("shared block "+salt), binary.BigEndian.AppendUint64(nil, height)),
		TimeMS:  testTime*1000 + height*250,
		Entries: entries,
	}
}

func execute(t testing.TB, c *Chain, in rollups.Input) rollups.Output {
	t.Helper()
	out, err := c.Execute(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// sign signs a transaction of account n for the test chain and returns its bytes.
func sign(n int, data types.TxData) []byte {
	return signFor(testChainID, n, data)
}

func signFor(chainID int64, n int, data types.TxData) []byte {
	switch tx := data.(type) {
	case *types.AccessListTx:
		tx.ChainID = big.NewInt(chainID)
	case *types.DynamicFeeTx:
		tx.ChainID = big.NewInt(chainID)
	}
	raw, err := types.MustSignNewTx(key(n), types.LatestSignerForChainID(big.NewInt(chainID)), data).MarshalBinary()
	if err != nil {
		panic(err)
	}
	return raw
}

// transfer is a signed transfer of 1 wei.
func transfer(from int, nonce uint64, to common.Address) []byte {
	return sign(from, dynamic(nonce, &to, nil))
}

// dynamic is an EIP-1559 transaction with ample gas for small things.
func dynamic(nonce uint64, to *common.Address, data []byte) *types.DynamicFeeTx {
	gas := uint64(21_000)
	if to == nil || len(data) > 0 {
		gas = 3_000_000
	}
	tx := &types.DynamicFeeTx{
		Nonce:     nonce,
		GasTipCap: big.NewInt(gwei),
		GasFeeCap: big.NewInt(2 * gwei),
		Gas:       gas,
		To:        to,
		Data:      data,
	}
	if len(data) == 0 {
		tx.Value = big.NewInt(1)
	}
	return tx
}
