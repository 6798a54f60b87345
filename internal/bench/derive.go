package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/namespaces/tx"
)

const (
	derivedPerTx = 1000 // transfers that are the legs of one transaction
	// deriveGroups of keys: a wave has one transaction of each, so no two of a wave hold transfers of one key, whose nonces have an order.
	deriveGroups  = 8
	publishWait   = time.Minute
	derivationMax = 2 * time.Minute
)

// Derived is what a derivation from the DA layer measured.
type Derived struct {
	Transfers int     `json:"transfers"`
	Seconds   float64 `json:"seconds"` // from the start of the process, with an empty folder, to the last transfer's receipt
	Rate      float64 `json:"rate"`    // transfers a second, the process' start included
	Ready     float64 `json:"ready"`   // seconds until the process answered
	CPU       float64 `json:"cpuMicrosPerTransfer"`
	LoadAvg   float64 `json:"loadAverage"`
}

// String is one line.
func (d *Derived) String() string {
	return fmt.Sprintf("derive %d transfers in %.1f s from an empty folder and the DA layer alone: %.0f/s, %.0f us of processor time each (ready after %.1f s, loadavg %.1f)",
		d.Transfers, d.Seconds, d.Rate, d.CPU, d.Ready, d.LoadAvg)
}

// History is a chain of transfers that was put in: what a derivation has to end with.
type History struct {
	n    int
	last []common.Hash // each group's
}

// PutTransfers sends n EVM transfers as transactions of many legs, in order, and waits until operator 1 has published all.
func (s *Session) PutTransfers(ctx context.Context, n int) (*History, error) {
	if s.network.Rollup == nil || len(s.network.Payers) < deriveGroups {
		return nil, errors.New("derive: the network has no rollup node, or too few funded keys")
	}
	c, err := dial(ctx, s.network.Rollup.RPC)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	perGroup := max(1, n/deriveGroups)
	h := &History{n: perGroup * deriveGroups}
	raws := make([][][]byte, deriveGroups)
	keys := len(s.network.Payers) / deriveGroups
	for g := range raws {
		if raws[g], err = transfers(ctx, c, s.network.Rollup.ChainID, s.network.Payers[g*keys:(g+1)*keys], perGroup); err != nil {
			return nil, err
		}
		h.last = append(h.last, crypto.Keccak256Hash(raws[g][perGroup-1]))
	}
	for at := 0; at < perGroup; at += derivedPerTx {
		if err := s.wave(ctx, raws, at, min(at+derivedPerTx, perGroup)); err != nil {
			return nil, err
		}
	}
	return h, s.published(ctx)
}

// wave sends one transaction of each group and waits until the follower has read all legs.
func (s *Session) wave(ctx context.Context, groups [][][]byte, from, to int) error {
	missing := make(map[common.Hash]bool)
	txs := make([][]byte, 0, len(groups))
	for g, raws := range groups {
		list := make([]tx.Leg, 0, to-from)
		for _, raw := range raws[from:to] {
			list = append(list, tx.Leg{Namespace: s.network.Lanes[0], Data: raw})
			missing[crypto.Keccak256Hash(raw)] = true
		}
		v, err := tx.Sign(tx.Fields{
			ChainID: s.network.Genesis.ChainID, Salt: rand.Uint64(), Expiry: s.reader.Height() + expiryAhead, Legs: list,
			MaxFeePerByte: 2 * s.network.Genesis.Params.LeastPrice(),
		}, s.network.Payers[g])
		if err != nil {
			return fmt.Errorf("sign: %w", err)
		}
		txs = append(txs, v.Raw())
	}
	all := make(chan struct{})
	s.reader.To(func(data []byte, _ time.Time) {
		if len(missing) == 0 {
			return
		}
		if delete(missing, crypto.Keccak256Hash(data)); len(missing) == 0 {
			close(all)
		}
	})
	defer s.reader.To(nil)
	for range 3 { // gossip promises nothing; equal transactions stand in one block only
		if err := s.outlets[0].publish(ctx, txs); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-all:
			return nil
		case <-time.After(settleTime):
		}
	}
	return errors.New("derive: transfers do not get through")
}

// published waits until all that the follower has read is published.
func (s *Session) published(ctx context.Context) error {
	want := s.reader.Height()
	for deadline := time.Now().Add(publishWait); time.Now().Before(deadline); {
		var status struct {
			Published uint64 `json:"published"`
		}
		if err := s.clients[0].CallContext(ctx, &status, "seq_status"); err != nil {
			return fmt.Errorf("ask an operator: %w", err)
		}
		if status.Published >= want {
			return nil
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("derive: height %d is not published after %s", want, publishWait)
}

// Derive measures a rollup node that was just started on an empty folder.
func (h *History) Derive(ctx context.Context, p *Process, url string, started time.Time) (*Derived, error) {
	ctx, cancel := context.WithTimeout(ctx, derivationMax)
	defer cancel()
	var c *rpc.Client // once the node answers
	defer func() {
		if c != nil {
			c.Close()
		}
	}()
	d := &Derived{Transfers: h.n}
	for next := 0; next < len(h.last); {
		if err := p.Ended(); err != nil {
			return nil, err
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return nil, fmt.Errorf("derive: not done: %w", err)
		}
		if c == nil {
			client, err := dial(ctx, url)
			if err != nil {
				continue
			}
			c, d.Ready = client, time.Since(started).Seconds()
		}
		var receipt *struct {
			Status hexutil.Uint64 `json:"status"`
		}
		if err := c.CallContext(ctx, &receipt, "eth_getTransactionReceipt", h.last[next]); err != nil || receipt == nil {
			continue
		}
		if receipt.Status != 1 {
			return nil, errors.New("derive: a transfer failed")
		}
		next++
	}
	d.Seconds = time.Since(started).Seconds()
	d.Rate = float64(d.Transfers) / d.Seconds
	if cpu, err := cpuOf(p.PID()); err == nil {
		d.CPU = float64(cpu.Microseconds()) / float64(d.Transfers)
	}
	d.LoadAvg = loadAverage()
	return d, nil
}
