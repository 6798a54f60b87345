package evm

import (
	"cmp"
	"container/heap"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
)

// deriver applies the entries of one shared block to an execution, by the rules of the
// package documentation. It belongs to one goroutine.
type deriver struct {
	x        *execution
	deferred map[common.Address]*queue
	skips    []Skip
}

// derive executes entries on x and returns those it skipped, in the order of the entries.
func derive(x *execution, entries []*entry) []Skip {
	d := &deriver{x: x, deferred: map[common.Address]*queue{}}
	for i, e := range entries {
		if e.tx == nil {
			d.skip(i, e, e.reason, e.text)
			continue
		}
		if d.try(i, e) {
			d.retry(e.sender)
		}
	}
	for _, q := range d.deferred { // in any order: sorted below
		for _, w := range *q {
			d.skip(w.index, w.entry, NonceTooHigh, "no transaction before it brought its sender's nonce up to it")
		}
	}
	slices.SortFunc(d.skips, func(a, b Skip) int { return cmp.Compare(a.Entry, b.Entry) })
	return d.skips
}

// try executes an entry, and reports whether it became a transaction of the block. One
// whose nonce is too high is deferred, any other failure is final.
func (d *deriver) try(index int, e *entry) bool {
	err := d.x.apply(e.tx)
	if err == nil {
		return true
	}
	reason := reasonOf(err)
	if reason != NonceTooHigh {
		d.skip(index, e, reason, err.Error())
		return false
	}
	q := d.deferred[e.sender]
	if q == nil {
		q = new(queue)
		d.deferred[e.sender] = q
	}
	heap.Push(q, waiting{index: index, entry: e})
	return false
}

// retry executes the deferred entries of sender whose turn has come, lowest nonce first
// and among equals in the order of the entries, until the next is still too high.
func (d *deriver) retry(sender common.Address) {
	q := d.deferred[sender]
	if q == nil {
		return
	}
	for q.Len() > 0 && (*q)[0].entry.tx.Nonce() <= d.x.state.GetNonce(sender) {
		w := heap.Pop(q).(waiting) //nolint:errcheck,forcetypeassert // the heap holds nothing else
		d.try(w.index, w.entry)    // its nonce is not too high, so it is not deferred again
	}
}

// skip records a skipped entry.
func (d *deriver) skip(index int, e *entry, reason Reason, text string) {
	d.skips = append(d.skips, Skip{
		Number: d.x.header.Number.Uint64(),
		Entry:  uint64(index),
		Hash:   e.hash,
		Reason: reason,
		Text:   clip(text),
	})
}

// waiting is an entry whose nonce is still too high.
type waiting struct {
	index int
	entry *entry
}

// queue is a sender's waiting entries, a heap by (nonce, index).
type queue []waiting

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q queue) Less(i, j int) bool {
	a, b := q[i], q[j]
	return cmp.Or(cmp.Compare(a.entry.tx.Nonce(), b.entry.tx.Nonce()), cmp.Compare(a.index, b.index)) < 0
}
func (q *queue) Push(w any) { *q = append(*q, w.(waiting)) } //nolint:errcheck,forcetypeassert // the heap holds nothing else
func (q *queue) Pop() any {
	last := len(*q) - 1
	w := (*q)[last]
	*q = (*q)[:last]
	return w
}

// replay executes a stored block's transactions again. All must succeed: they did before.
func replay(x *execution, txs types.Transactions) error {
	for _, tx := range txs {
		if err := x.apply(tx); err != nil {
			return err
		}
	}
	return nil
}
