package remote

import (
	"context"
	"encoding/json"
	"time"

	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/lockstep-network/lockstep/rollups"
)

// retell is after how long the view is told again although nothing moved: an executor that was started again does not know it.
const retell = 2 * time.Second

// driver is what the executor's process is told of; *rollups.Driver is one.
type driver interface {
	Status() rollups.Heads
	Soft() (height uint64, changed <-chan struct{})
	Announced() uint64
}

// Tell tells the executor where the heads are, how many peers there are and what a byte costs, at each move of the heads, until ctx ends. Moves that
// come faster than it listens are told as one.
func (c *Client) Tell(ctx context.Context, d driver, peers func() int, price func() uint64) error {
	failing := false
	for ctx.Err() == nil {
		_, changed := d.Soft()
		err := c.tell(ctx, View{d.Status(), d.Announced(), peers(), price()})
		if err != nil && !failing && ctx.Err() == nil {
			c.log.WarnContext(ctx, "the executor is not told where the heads are; it is tried again", "error", err)
		}
		if failing = err != nil; failing {
			pause(ctx, retryPause)
			continue
		}
		timer := time.NewTimer(retell)
		select {
		case <-ctx.Done():
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
	}
	return ctx.Err()
}

func (c *Client) tell(ctx context.Context, v View) error {
	ctx, cancel := context.WithTimeout(ctx, tellTime)
	defer cancel()
	var ok bool
	return c.call(ctx, &ok, "view", encodeView(v))
}

// Carry publishes what the executor's process wants published, until ctx ends. What is lost on the way is published again by who signed it.
func (c *Client) Carry(ctx context.Context, publish func(ctx context.Context, txs [][]byte) error) error {
	for ctx.Err() == nil {
		txs, err := c.outbox(ctx)
		if err != nil {
			pause(ctx, retryPause) // Tell and Execute say that it does not answer
			continue
		}
		if len(txs) == 0 {
			continue
		}
		if err := publish(ctx, txs); err != nil {
			c.log.WarnContext(ctx, "publishing failed", "txs", len(txs), "error", err)
		}
	}
	return ctx.Err()
}

func (c *Client) outbox(ctx context.Context) ([][]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, outboxWait+tellTime)
	defer cancel()
	var list []hexutil.Bytes
	if err := c.call(ctx, &list, "outbox"); err != nil {
		return nil, err
	}
	txs := make([][]byte, len(list))
	for i, t := range list {
		txs[i] = t
	}
	return txs, nil
}

// remarshal reads JSON that was decoded without its type.
func remarshal(from, into any) error {
	raw, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}
