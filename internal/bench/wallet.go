package bench

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"math/big"
	"runtime"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/rpc"
	"golang.org/x/sync/errgroup"
)

// wallet is the load of wallets: EVM transfers, signed before the run, to a rollup node's eth_sendRawTransaction.
type wallet struct {
	session *Session
	clients []*rpc.Client
	raws    [][]byte
	hashes  map[common.Hash]int
}

// walletClients are the WebSockets that wallets' calls share.
const walletClients = 4

func (s *Session) newWallet() (load, error) {
	if s.network.Rollup == nil {
		return nil, errors.New("benchmark: the network has no rollup node")
	}
	return &wallet{session: s}, nil
}

func (l *wallet) prepare(ctx context.Context, plan Schedule) (err error) {
	for range walletClients {
		c, err := dial(ctx, l.session.network.Rollup.RPC)
		if err != nil {
			return err
		}
		l.clients = append(l.clients, c)
	}
	n := l.session.network
	if l.raws, err = transfers(ctx, l.clients[0], n.Rollup.ChainID, n.Payers, plan.N); err != nil {
		return err
	}
	l.hashes = make(map[common.Hash]int, len(l.raws))
	for i, raw := range l.raws {
		l.hashes[crypto.Keccak256Hash(raw)] = i
	}
	return nil
}

// transfers signs n transfers of one wei, in turn from each key, to fresh accounts.
func transfers(ctx context.Context, c *rpc.Client, chainID uint64, keys []*ecdsa.PrivateKey, n int) ([][]byte, error) {
	nonces, price := make([]uint64, len(keys)), new(hexutil.Big)
	if err := c.CallContext(ctx, price, "eth_gasPrice"); err != nil {
		return nil, fmt.Errorf("ask for the gas price: %w", err)
	}
	for k, key := range keys {
		var nonce hexutil.Uint64
		if err := c.CallContext(ctx, &nonce, "eth_getTransactionCount", crypto.PubkeyToAddress(key.PublicKey), "pending"); err != nil {
			return nil, fmt.Errorf("ask for a nonce: %w", err)
		}
		nonces[k] = uint64(nonce)
	}
	raws := make([][]byte, n)
	id := new(big.Int).SetUint64(chainID)
	signer := types.LatestSignerForChainID(id)
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0))
	for k, key := range keys {
		work.Go(func() error {
			for i := k; i < n && ctx.Err() == nil; i += len(keys) {
				to := common.BigToAddress(new(big.Int).SetUint64(newRun()))
				t, err := types.SignNewTx(key, signer, &types.DynamicFeeTx{
					ChainID: id, Nonce: nonces[k] + uint64(i/len(keys)), To: &to, Value: common.Big1, Gas: params.TxGas,
					GasFeeCap: price.ToInt(), GasTipCap: new(big.Int),
				})
				if err != nil {
					return fmt.Errorf("sign transfer: %w", err)
				}
				if raws[i], err = t.MarshalBinary(); err != nil {
					return fmt.Errorf("encode transfer: %w", err)
				}
			}
			return ctx.Err()
		})
	}
	return raws, work.Wait()
}

func (l *wallet) match(data []byte) (int, bool) {
	i, ok := l.hashes[crypto.Keccak256Hash(data)]
	return i, ok
}

func (l *wallet) send(ctx context.Context, plan Schedule, accepted *Tally) error {
	return calls(ctx, plan, accepted, func(ctx context.Context, i int) error {
		var hash common.Hash
		// A key's transfers take one connection, so that they arrive in the order of their nonces.
		c := l.clients[i%len(l.session.network.Payers)%len(l.clients)]
		return c.CallContext(ctx, &hash, "eth_sendRawTransaction", hexutil.Bytes(l.raws[i]))
	})
}

// stages are the tallies of what comes after ordering.
type stages struct {
	executed *Tally
	close    func()
}

func (s stages) tallies() []*Tally {
	if s.executed == nil {
		return nil
	}
	return []*Tally{s.executed}
}

// stagesOf watches the rollup's new heads for a load of wallets; other loads have no stage after ordering.
func stagesOf(ctx context.Context, l load, plan Schedule) (stages, error) {
	w, ok := l.(*wallet)
	if !ok {
		return stages{close: func() {}}, nil
	}
	c, err := dial(ctx, w.session.network.Rollup.RPC)
	if err != nil {
		return stages{}, err
	}
	type head struct {
		Hash common.Hash `json:"hash"`
	}
	heads := make(chan head, 1024)
	sub, err := c.EthSubscribe(ctx, heads, "newHeads")
	if err != nil {
		return stages{}, fmt.Errorf("subscribe to heads: %w", err)
	}
	executed := NewTally(plan)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-ctx.Done():
				return
			case <-sub.Err():
				return
			case h := <-heads:
				now := time.Now() // the wallet knows; what is in the block is looked up for the tally only
				var block struct {
					Transactions []common.Hash `json:"transactions"`
				}
				if c.CallContext(ctx, &block, "eth_getBlockByHash", h.Hash, false) != nil {
					continue
				}
				for _, hash := range block.Transactions {
					if i, ok := w.hashes[hash]; ok {
						executed.Seen(i, now)
					}
				}
			}
		}
	}()
	return stages{executed, func() {
		cancel()
		sub.Unsubscribe()
		c.Close()
		<-done
		for _, c := range w.clients {
			c.Close()
		}
	}}, nil
}
