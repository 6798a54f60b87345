package verify

import (
	"bytes"
	"errors"
	"sync/atomic"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// Opened is a decoded transaction of a batch, whose signatures may not have been checked.
type Opened struct {
	Tx *tx.Tx

	key      common.Hash // its name
	verified bool
}

// Verified says whether its signatures were checked, now or before.
func (o *Opened) Verified() bool { return o.verified }

// Open decodes a batch. The error is the [*tx.Reject] of a transaction that does not decode.
func (c *Checker) Open(batch [][]byte) ([]Opened, error) {
	all, errs := make([]Opened, len(batch)), make([]error, len(batch))
	var failed atomic.Bool
	parallel(len(batch), c.slots, func(i int) {
		if failed.Load() {
			return
		}
		if all[i], errs[i] = c.openOne(batch[i]); errs[i] != nil {
			failed.Store(true)
		}
	})
	return all, errors.Join(errs...)
}

func (c *Checker) openOne(raw []byte) (Opened, error) {
	if len(raw) > tx.MaxSize {
		return Opened{}, tx.NewReject(tx.TxTooLarge, "%d bytes, at most %d", len(raw), tx.MaxSize)
	}
	key := nameOf(raw)
	if t, ok := c.lookup(key); ok {
		c.known.Inc()
		return Opened{Tx: t.Tx, key: key, verified: true}, nil
	}
	t, err := tx.Decode(bytes.Clone(raw)) // raw is a part of something larger, which must not live as long
	return Opened{Tx: t, key: key}, err
}

// VerifyAll checks the signatures of those that are not verified yet, in parallel. The error is the [*tx.Reject] of one that fails; the others
// are then not looked at.
func (c *Checker) VerifyAll(txs []*Opened) error {
	errs := make([]error, len(txs))
	var failed atomic.Bool
	parallel(len(txs), c.slots, func(i int) {
		if txs[i].verified || failed.Load() {
			return
		}
		if _, errs[i] = c.verify(txs[i].key, txs[i].Tx); errs[i] != nil {
			failed.Store(true)
		}
		txs[i].verified = errs[i] == nil
	})
	return errors.Join(errs...)
}
