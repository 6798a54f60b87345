package main

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/ethclient"
	"github.com/ethereum/go-ethereum/params"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// transferLegs makes each ROLLUP:ADDRESS:ETHER a signed transfer on a devnet's rollup.
func transferLegs(ctx context.Context, devnet string, transfers []string, key *ecdsa.PrivateKey) ([]tx.Leg, error) {
	if len(transfers) == 0 {
		return nil, nil
	}
	if devnet == "" {
		return nil, errors.New("--transfer needs --devnet, which knows the rollups")
	}
	n, err := readNetwork(devnet)
	if err != nil {
		return nil, fmt.Errorf("read devnet: %w", err)
	}
	legs := make([]tx.Leg, 0, len(transfers))
	used := make(map[string]uint64) // transfers per rollup so far: each takes the next nonce
	for _, s := range transfers {
		rollup, amount, to, err := parseTransfer(n, s)
		if err != nil {
			return nil, err
		}
		raw, err := signTransfer(ctx, rollup, to, amount, key, used[rollup.Name])
		if err != nil {
			return nil, fmt.Errorf("--transfer %q: %w", s, err)
		}
		used[rollup.Name]++
		ns, err := namespaces.Parse(rollup.Namespace)
		if err != nil {
			return nil, err
		}
		legs = append(legs, tx.Leg{Namespace: ns, Data: raw})
	}
	return legs, nil
}

// parseEther reads an amount of ether, and returns wei.
func parseEther(s string) (*big.Int, error) {
	amount, ok := new(big.Rat).SetString(s)
	if !ok || amount.Sign() < 0 {
		return nil, fmt.Errorf("%q is no amount", s)
	}
	wei := amount.Mul(amount, new(big.Rat).SetInt(big.NewInt(params.Ether)))
	if !wei.IsInt() {
		return nil, fmt.Errorf("%q is finer than one wei", s)
	}
	return wei.Num(), nil
}

func parseTransfer(n *network, s string) (member, *big.Int, common.Address, error) {
	f := strings.Split(s, ":")
	if len(f) != 3 || !common.IsHexAddress(f[1]) {
		return member{}, nil, common.Address{}, fmt.Errorf("--transfer %q: want ROLLUP:ADDRESS:ETHER", s)
	}
	wei, err := parseEther(f[2])
	if err != nil {
		return member{}, nil, common.Address{}, fmt.Errorf("--transfer %q: %w", s, err)
	}
	for _, m := range n.Rollups {
		if m.Name == f[0] {
			return m, wei, common.HexToAddress(f[1]), nil
		}
	}
	return member{}, nil, common.Address{}, fmt.Errorf("--transfer %q: the devnet has no rollup %q", s, f[0])
}

func signTransfer(ctx context.Context, rollup member, to common.Address, amount *big.Int, key *ecdsa.PrivateKey, ahead uint64) ([]byte, error) {
	eth, err := ethclient.DialContext(ctx, rollup.RPC)
	if err != nil {
		return nil, fmt.Errorf("reach %s: %w", rollup.RPC, err)
	}
	defer eth.Close()
	nonce, err := eth.PendingNonceAt(ctx, crypto.PubkeyToAddress(key.PublicKey))
	if err != nil {
		return nil, fmt.Errorf("ask for the nonce: %w", err)
	}
	price, err := eth.SuggestGasPrice(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask for the gas price: %w", err)
	}
	id := new(big.Int).SetUint64(rollup.ChainID)
	signed, err := types.SignNewTx(key, types.LatestSignerForChainID(id), &types.DynamicFeeTx{
		ChainID: id, Nonce: nonce + ahead, To: &to, Value: amount, Gas: params.TxGas, GasFeeCap: price, GasTipCap: new(big.Int),
	})
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return signed.MarshalBinary()
}
