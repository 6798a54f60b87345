package e2e

import (
	"context"
	"crypto/ecdsa"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/api/client"
)

const (
	loadPause  = 20 * time.Millisecond // between two transactions of the load
	loadExpiry = 600                   // heights: no kill lasts that long
)

// sign makes a transaction that pays the network's fee.
func (n *network) sign(key *ecdsa.PrivateKey, salt, expiry uint64, legs ...tx.Leg) tx.Verified {
	n.t.Helper()
	v, err := tx.Sign(tx.Fields{
		ChainID: n.genesis.ChainID, Salt: salt, Expiry: expiry, Legs: legs, MaxFeePerByte: 2 * n.genesis.Params.LeastPrice(),
	}, key)
	if err != nil {
		n.t.Fatal(err)
	}
	return v
}

// junk is a leg that no rollup can execute: the sequencer does not care.
func junk(r *rand.Rand, ns namespaces.Namespace) tx.Leg {
	data := make([]byte, 60+r.IntN(200))
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return tx.Leg{Namespace: ns, Data: data}
}

// load sends transactions through all operators, without end and whatever happens to them, and remembers what they acknowledged.
type load struct {
	n      *network
	stop   context.CancelFunc
	ended  chan struct{}
	random *rand.Rand // the load goroutine's

	mu    sync.Mutex // guards what follows
	acked map[common.Hash]*tx.Tx
	bad   []error // answers that nobody should get
}

func (n *network) startLoad(random *rand.Rand) *load {
	ctx, cancel := context.WithCancel(n.t.Context())
	l := &load{n: n, stop: cancel, ended: make(chan struct{}), random: random, acked: make(map[common.Hash]*tx.Tx)}
	n.t.Cleanup(l.end)
	go l.run(ctx)
	return l
}

// run sends one transaction after another: most have one leg, some are bundles; some are sent twice, to two operators at once.
func (l *load) run(ctx context.Context) {
	defer close(l.ended)
	var sends sync.WaitGroup
	defer sends.Wait()
	slots := make(chan struct{}, 64) // a send to a process that has just been killed may hang for a while
	var head uint64
	for salt := uint64(1); ; salt++ {
		select {
		case <-ctx.Done():
			return
		case <-time.After(loadPause):
		}
		legs := []tx.Leg{junk(l.random, l.n.rollups[l.random.IntN(2)].namespace)}
		if l.random.IntN(4) == 0 {
			legs = []tx.Leg{junk(l.random, l.n.rollups[0].namespace), junk(l.random, l.n.rollups[1].namespace)}
		}
		if salt%16 == 1 {
			head = max(head, l.head(ctx))
		}
		v := l.n.sign(l.n.payers[salt%uint64(len(l.n.payers))], salt, head+loadExpiry, legs...)
		first := l.random.IntN(len(l.n.operators))
		for i := range 1 + l.random.IntN(4)/3 {
			o := l.n.operators[(first+i)%len(l.n.operators)]
			slots <- struct{}{}
			sends.Go(func() {
				defer func() { <-slots }()
				l.send(ctx, o, v)
			})
		}
	}
}

// head is the highest block that any operator tells of.
func (l *load) head(ctx context.Context) uint64 {
	var head uint64
	for _, o := range l.n.operators {
		if s, err := o.client.Status(ctx); err == nil {
			head = max(head, s.Head)
		}
	}
	return head
}

// send sends through one operator. One that is dead is no fault; a refusal is, unless another operator was quicker with the same transaction.
func (l *load) send(ctx context.Context, o *operator, v tx.Verified) {
	ctx, cancel := context.WithTimeout(ctx, pollLimit)
	defer cancel()
	sent, err := o.client.SendTransaction(ctx, v)
	code := client.Code(err)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil && sent.Acknowledged == api.Journaled && sent.ID == v.ID():
		l.acked[v.ID()] = v.Tx
	case err == nil:
		l.bad = append(l.bad, fmt.Errorf("%s acknowledged %s as %+v", o.name, v.ID(), sent))
	case code != "" && code != "spent" && code != "duplicate":
		l.bad = append(l.bad, fmt.Errorf("%s: %w", o.name, err))
	}
}

// end stops the load.
func (l *load) end() {
	l.stop()
	<-l.ended
}

// count is how many transactions have been acknowledged.
func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acked)
}

// more waits until so many more transactions have been acknowledged: a story's clock.
func (l *load) more(count int) {
	l.n.t.Helper()
	want := l.count() + count
	l.n.until(fmt.Sprintf("%d transactions are acknowledged", want), func(context.Context) error {
		if have := l.count(); have < want {
			return fmt.Errorf("%d are", have)
		}
		return nil
	})
}

// result ends the load and returns what was acknowledged.
func (l *load) result(t testing.TB) map[common.Hash]*tx.Tx {
	t.Helper()
	l.end()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, err := range l.bad {
		t.Errorf("under load: %v", err)
	}
	return l.acked
}
