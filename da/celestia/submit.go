package celestia

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lockstep-network/lockstep/da"
)

// Bounds of a PayForBlobs transaction.
const (
	txOverhead   = 1 << 10 // bytes of a transaction beside its blobs: signature, fee, account
	blobOverhead = 256     // bytes of a transaction for each blob: namespace, commitment, length, version, in two places
	leastTx      = 64 << 10

	proving = 4 // proofs asked for at once
)

// Submit implements [da.Layer]: one PayForBlobs transaction. Celestia lays a block's blobs out by namespace, and those of one namespace by the order of
// the transactions and then by their order within: so blobs stay in their order under each namespace, which is all that Read shows.
func (l *Layer) Submit(ctx context.Context, blobs []da.Blob) (uint64, error) {
	if err := da.Validate(blobs); err != nil {
		return 0, err
	}
	size, lengths := 0, make([]int, 0, len(blobs))
	for _, b := range blobs {
		size, lengths = size+len(b.Data), append(lengths, len(b.Data))
	}
	if limit := l.room(len(blobs)); size > limit {
		return 0, fmt.Errorf("submit %d bytes: %w", size, da.ErrTooLarge{Limit: max(limit, 1)})
	}
	items, err := encode(blobs)
	if err != nil {
		return 0, err
	}
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
	case <-ctx.Done():
		return 0, fmt.Errorf("submit to Celestia: %w", ctx.Err())
	}
	patient, cancel := context.WithTimeout(ctx, l.cfg.Timing.Patience)
	defer cancel()
	height, err := l.pay(patient, items, GasFor(lengths...))
	if err == nil {
		err = l.included(patient, height, items)
	}
	switch {
	case err == nil:
		return height, nil
	case ctx.Err() != nil:
		return 0, fmt.Errorf("submit to Celestia: %w", ctx.Err())
	case errors.Is(err, errTooLarge):
		return 0, l.tooLarge(err, size, len(blobs))
	}
	return 0, fmt.Errorf("submit to Celestia: %w", err)
}

// room is how many bytes of data a submission of n blobs may have.
func (l *Layer) room(n int) int { return int(l.maxTx.Load()) - txOverhead - n*blobOverhead }

// tooLarge learns the network's limit from its refusal, and says what fits.
func (l *Layer) tooLarge(err error, size, n int) error {
	var r *refusedError
	if errors.As(err, &r) && r.most >= leastTx && int64(r.most) < l.maxTx.Load() {
		l.maxTx.Store(int64(r.most))
	}
	limit := l.room(n)
	if limit >= size { // it does not say
		limit = size / 2
	}
	return fmt.Errorf("submit %d bytes to Celestia: %w: %w", size, err, da.ErrTooLarge{Limit: max(limit, 1)})
}

// pay submits until the price is high enough. Errors but those that wrap [da.ErrUnavailable], or that the context ended, mean that nothing was included.
func (l *Layer) pay(ctx context.Context, items []blob, gas uint64) (uint64, error) {
	for range mostRaises {
		price := l.prices.offer()
		utia := cost(gas, price)
		if err := l.spent.reserve(utia); err != nil {
			return 0, err
		}
		height, err := tell[uint64](ctx, l.nodes[0], smallAnswer, "blob.Submit", items, configOf(price))
		l.spent.settle(utia, err == nil || errors.Is(err, da.ErrUnavailable))
		var r *refusedError
		switch {
		case err == nil && height > 0:
			return height, nil
		case err == nil:
			return 0, fmt.Errorf("blob.Submit: the answer is height 0: %w", da.ErrUnavailable)
		case errors.Is(err, ErrFunds):
			has, _ := l.Balance(ctx) // 0 if the node does not tell
			return 0, fmt.Errorf("pay %d utia for %d gas out of %d: %w", utia, gas, has, err)
		case errors.Is(err, errSlow) || errors.Is(ctx.Err(), context.DeadlineExceeded):
			l.prices.raise(price, 0) // for the next attempt: others may have offered more
			return 0, err
		case !errors.As(err, &r) || !errors.Is(err, da.ErrFeeTooLow):
			return 0, err
		case !l.prices.raise(price, r.least(price)):
			return 0, fmt.Errorf("%w: %w", err, ErrFeeLimit)
		}
		l.cfg.Log.InfoContext(ctx, "the DA layer refuses the gas price, offering more", "micro_utia", price, "next", l.prices.offer())
	}
	return 0, fmt.Errorf("the price was raised %d times: %w", mostRaises, ErrFeeLimit)
}

// included waits until the node proves each blob in the block.
func (l *Layer) included(ctx context.Context, height uint64, items []blob) error {
	for {
		head, err := l.Head(ctx)
		if err == nil && head.Height >= height {
			break
		}
		if err := l.pause(ctx, err); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(proving)
	for i, b := range items {
		if i > 0 && bytes.Equal(b.Namespace, items[i-1].Namespace) && bytes.Equal(b.Commitment, items[i-1].Commitment) {
			continue
		}
		group.Go(func() error { return l.proven(ctx, height, b) })
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("verify the inclusion at height %d: %w", height, err)
	}
	return nil
}

// proven waits until the node proves a blob under the commitment that was computed here.
func (l *Layer) proven(ctx context.Context, height uint64, b blob) error {
	for {
		proof, err := ask[json.RawMessage](ctx, l.nodes[0], proofAnswer, "blob.GetProof", height, b.Namespace, b.Commitment)
		var ok bool
		if err == nil {
			ok, err = ask[bool](ctx, l.nodes[0], smallAnswer, "blob.Included", height, b.Namespace, proof, b.Commitment)
		}
		switch {
		case err == nil && ok:
			return nil
		case err == nil, errors.Is(err, errNotFound):
			return fmt.Errorf("the block does not hold a blob with commitment %x: %w", b.Commitment, da.ErrUnavailable)
		}
		if err := l.pause(ctx, err); err != nil {
			return err
		}
	}
}

// pause waits before another look. When time is up, or another look would be in vain, it is an error that says that the outcome is unknown.
func (l *Layer) pause(ctx context.Context, cause error) error {
	if errors.Is(cause, ErrToken) {
		return cause
	}
	select {
	case <-ctx.Done():
		return fmt.Errorf("%w: the last look: %v: %w", ctx.Err(), orNotYet(cause), da.ErrUnavailable) //nolint:errorlint // what is not yet may come
	case <-time.After(l.cfg.Timing.Poll):
		return nil
	}
}

func orNotYet(err error) error {
	if err == nil {
		return errors.New("the node is not that far")
	}
	return err
}
