package e2e

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/ethclient"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/api/client"
)

const (
	trafficPause = 50 * time.Millisecond // between two transfers of a wallet, and two tries to reach a process that is dead
	sendLimit    = 5 * time.Second       // for one send: what hangs longer is sent again
)

// rawTransfer is one wei on a rollup, signed.
func rawTransfer(t testing.TB, r *rollup, key *ecdsa.PrivateKey, nonce uint64, to common.Address) *types.Transaction {
	t.Helper()
	id := new(big.Int).SetUint64(r.chainID)
	signed, err := types.SignNewTx(key, types.LatestSignerForChainID(id), &types.DynamicFeeTx{
		ChainID: id, Nonce: nonce, To: &to, Value: big.NewInt(1), Gas: params.TxGas, GasFeeCap: big.NewInt(10 * params.GWei), GasTipCap: new(big.Int),
	})
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// transfers is a wallet that sends one transfer after another to a rollup node, each until it is acknowledged, and waits for nothing else.
type transfers struct {
	n      *network
	r      *rollup
	key    *ecdsa.PrivateKey
	to     common.Address
	client *ethclient.Client
	stop   context.CancelFunc
	ended  chan struct{}

	mu    sync.Mutex // guards what follows
	acked []*types.Transaction
	bad   []error
}

func (n *network) startTransfers(r *rollup, key *ecdsa.PrivateKey) *transfers {
	n.t.Helper()
	ctx, cancel := context.WithCancel(n.t.Context())
	w := &transfers{n: n, r: r, key: key, to: newAddress(), client: n.wallet(r), stop: cancel, ended: make(chan struct{})}
	n.t.Cleanup(w.end)
	go w.run(ctx)
	return w
}

func (w *transfers) run(ctx context.Context) {
	defer close(w.ended)
	for nonce := uint64(0); ctx.Err() == nil; nonce++ {
		signed := rawTransfer(w.n.t, w.r, w.key, nonce, w.to)
		for !w.send(ctx, signed) {
			if pause(ctx) != nil {
				return
			}
		}
		_ = pause(ctx)
	}
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-time.After(trafficPause):
	}
	return ctx.Err()
}

// send says whether a transfer is acknowledged. A node that was killed after it took the transfer, and before it could say so, says it now.
func (w *transfers) send(ctx context.Context, signed *types.Transaction) bool {
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	err := w.client.SendTransaction(ctx, signed)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err == nil, strings.Contains(err.Error(), "already known"), strings.Contains(err.Error(), "nonce too low"):
		w.acked = append(w.acked, signed)
		return true
	case isAnswer(err):
		w.bad = append(w.bad, fmt.Errorf("%s: nonce %d: %w", w.r.name, signed.Nonce(), err))
	}
	return false
}

// isAnswer tells a node's answer from a node that is dead.
func isAnswer(err error) bool {
	var answer rpc.Error
	return errors.As(err, &answer)
}

func (w *transfers) end() {
	w.stop()
	<-w.ended
}

func (w *transfers) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.acked)
}

// more waits until so many more transfers are acknowledged.
func (w *transfers) more(count int) {
	w.n.t.Helper()
	want := w.count() + count
	w.n.until(fmt.Sprintf("%s acknowledges %d transfers", w.r.name, want), func(context.Context) error {
		if have := w.count(); have < want {
			return fmt.Errorf("%d are", have)
		}
		return nil
	})
}

// result ends the wallet and returns what was acknowledged, by nonce.
func (w *transfers) result() []*types.Transaction {
	w.n.t.Helper()
	w.end()
	for _, err := range w.bad {
		w.n.t.Errorf("under kills: %v", err)
	}
	return w.acked
}

// pairs sends bundles of one transfer on each rollup, each until it is acknowledged, and the next when it is included.
type pairs struct {
	n     *network
	key   *ecdsa.PrivateKey // pays, and sends on both rollups
	to    common.Address
	stop  context.CancelFunc
	ended chan struct{}
	count atomic.Int64 // bundles in blocks

	acked map[common.Hash]*tx.Tx // read it after ended, as what follows
	bad   []error
}

func (n *network) startPairs(key *ecdsa.PrivateKey) *pairs {
	n.t.Helper()
	ctx, cancel := context.WithCancel(n.t.Context())
	p := &pairs{n: n, key: key, to: newAddress(), stop: cancel, ended: make(chan struct{}), acked: make(map[common.Hash]*tx.Tx)}
	n.t.Cleanup(p.end)
	go p.run(ctx)
	return p
}

func (p *pairs) run(ctx context.Context) {
	defer close(p.ended)
	for nonce := uint64(0); ctx.Err() == nil; nonce++ {
		legs := make([]tx.Leg, len(p.n.rollups))
		for i, r := range p.n.rollups {
			raw, err := rawTransfer(p.n.t, r, p.key, nonce, p.to).MarshalBinary()
			if err != nil {
				p.bad = append(p.bad, err)
				return
			}
			legs[i] = tx.Leg{Namespace: r.namespace, Data: raw}
		}
		var head uint64
		for head == 0 {
			for _, o := range p.n.operators {
				if s, err := o.client.Status(ctx); err == nil {
					head = max(head, s.Head)
				}
			}
			if pause(ctx) != nil {
				return
			}
		}
		v := p.n.sign(p.key, nonce, head+loadExpiry, legs...)
		for i := int(nonce); !p.included(ctx, p.n.operators[i%len(p.n.operators)], v); i++ {
			if pause(ctx) != nil {
				return
			}
		}
		p.count.Add(1)
	}
}

// more waits until so many more bundles are in blocks; of two, the second one was sent after the call.
func (p *pairs) more(count int64) {
	p.n.t.Helper()
	want := p.count.Load() + count
	p.n.until(fmt.Sprintf("%d bundles are in blocks", want), func(context.Context) error {
		if have := p.count.Load(); have < want {
			return fmt.Errorf("%d are", have)
		}
		return nil
	})
}

// included sends a bundle through one operator, again and again if need be, and says whether it is in a block.
func (p *pairs) included(ctx context.Context, o *operator, v tx.Verified) bool {
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	sent, err := o.client.SendBundle(ctx, v)
	switch code := client.Code(err); {
	case err == nil && sent.Acknowledged == api.Journaled && sent.ID == v.ID():
		p.acked[v.ID()] = v.Tx
	case err == nil:
		p.bad = append(p.bad, fmt.Errorf("%s acknowledged %s as %+v", o.name, v.ID(), sent))
	case code == "spent": // it is in a block
		p.acked[v.ID()] = v.Tx
	case code != "" && code != "duplicate":
		p.bad = append(p.bad, fmt.Errorf("%s: %w", o.name, err))
	}
	s, err := o.client.Transaction(ctx, v.ID())
	return err == nil && s.Status == api.StatusIncluded
}

func (p *pairs) end() {
	p.stop()
	<-p.ended
}

// result ends the bundles and returns what was acknowledged.
func (p *pairs) result() map[common.Hash]*tx.Tx {
	p.n.t.Helper()
	p.end()
	for _, err := range p.bad {
		p.n.t.Errorf("bundles under kills: %v", err)
	}
	return p.acked
}
