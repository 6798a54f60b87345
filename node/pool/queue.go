package pool

import (
	"cmp"

	"github.com/google/btree"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// queueKey names a queue: a namespace's, or the one of all transactions that span namespaces.
type queueKey struct {
	own       bool // false: spanning, and Namespace is zero
	namespace namespaces.Namespace
}

func keyOf(t *tx.Tx) queueKey {
	if t.Spans() {
		return queueKey{}
	}
	return queueKey{own: true, namespace: t.Namespace()}
}

func (k queueKey) compare(o queueKey) int {
	if k.own != o.own {
		if o.own {
			return -1
		}
		return 1
	}
	return k.namespace.Compare(o.namespace)
}

// queue holds transactions in the order in which they should be taken: by tip, or by arrival where the proposer's order is the block's. Those that
// accept less than the price wait beside it, in the order in which a falling price brings them back.
type queue struct {
	key     queueKey
	byTip   bool
	bySeq   bool                  // an owned lane: by the owner's lane_seq
	tree    *btree.BTreeG[*entry] // those that accept the price
	byPrice *btree.BTreeG[*entry] // the same, the one that accepts least at the end
	waiting *btree.BTreeG[*entry] // those that do not
	held    Limits                // by both
	served  uint64                // cost of what blocks took from here beside what is reserved, on a scale common to all queues

	reserved uint64 // bytes of capacity that the namespace has reserved of the next block
}

// degree of the tree: nodes of 63 pointers, half a kilobyte.
const degree = 32

func newQueue(key queueKey, rule block.Rule, served uint64) *queue {
	q := &queue{key: key, byTip: !key.own || rule == block.ByTip, bySeq: key.own && rule == block.BySeq, served: served}
	q.tree, q.byPrice, q.waiting = btree.NewG(degree, q.before), btree.NewG(degree, dearer), btree.NewG(degree, dearer)
	return q
}

// insert puts an entry where it belongs.
func (q *queue) insert(e *entry) {
	if e.waits {
		q.waiting.ReplaceOrInsert(e)
		return
	}
	q.tree.ReplaceOrInsert(e)
	q.byPrice.ReplaceOrInsert(e)
}

// delete takes an entry from where it is.
func (q *queue) delete(e *entry) {
	if e.waits {
		q.waiting.Delete(e)
		return
	}
	q.tree.Delete(e)
	q.byPrice.Delete(e)
}

// dearer orders by what is accepted, the most first.
func dearer(a, b *entry) bool {
	if a.tx.MaxFeePerByte() != b.tx.MaxFeePerByte() {
		return a.tx.MaxFeePerByte() > b.tx.MaxFeePerByte()
	}
	return a.seq < b.seq
}

func (q *queue) before(a, b *entry) bool {
	if q.byTip && a.tx.Tip() != b.tx.Tip() {
		return a.tx.Tip() > b.tx.Tip()
	}
	if q.bySeq {
		if x, y := laneSeq(a.tx), laneSeq(b.tx); x != y {
			return x < y
		}
	}
	return a.seq < b.seq
}

// outbid says whether one of the queue gives way to a newcomer with the tip: it waits for its price, or offers less by a tenth.
func (q *queue) outbid(e *entry, tip uint64) bool {
	return e.waits || q.byTip && replacementTip(e.tx.Tip()) <= tip
}

// laneSeq is the place that an owned lane's owner gave to a transaction.
func laneSeq(t *tx.Tx) uint64 {
	if a := t.AuthOf(t.Namespace()); a != nil {
		return a.LaneSeq
	}
	return 0
}

// maxVictims bounds the work of making room for one transaction.
const maxVictims = 64

// victims finds what would have to leave from the end of the queue to free so much, first those that wait for the price: nothing that is
// acknowledged, not keep, and only what may fall by the test. nil if that cannot be had.
func (q *queue) victims(need Limits, keep *entry, may func(*entry) bool) []*entry {
	var out []*entry
	var freed Limits
	visited := 0
	visit := func(e *entry) bool {
		visited++
		if visited > maxVictims || !may(e) {
			return false
		}
		if !e.own && e != keep {
			out = append(out, e)
			freed = freed.plus(e.size())
		}
		return need.exceeds(freed)
	}
	q.waiting.Descend(visit)
	if need.exceeds(freed) {
		q.tree.Descend(visit)
	}
	if need.exceeds(freed) {
		return nil
	}
	return out
}

// walk reads a queue from its front in small portions, so that Take can go from queue to queue.
type walk struct {
	queue  *queue
	served uint64 // with what this Take took
	next   []*entry
	last   *entry
}

const portion = 32

// head is the next entry; nil at the end.
func (w *walk) head() *entry {
	if len(w.next) > 0 {
		return w.next[0]
	}
	fill := func(e *entry) bool {
		if e != w.last {
			w.next = append(w.next, e)
		}
		return len(w.next) < portion
	}
	if w.last == nil {
		w.queue.tree.Ascend(fill)
	} else {
		w.queue.tree.AscendGreaterOrEqual(w.last, fill)
	}
	if len(w.next) == 0 {
		return nil
	}
	return w.next[0]
}

func (w *walk) advance() {
	w.last = w.next[0]
	w.next = w.next[1:]
}

// walks is a heap: the least served queue first.
type walks []*walk

func (h walks) Len() int { return len(h) }
func (h walks) Less(i, j int) bool {
	if c := cmp.Compare(h[i].served, h[j].served); c != 0 {
		return c < 0
	}
	return h[i].queue.key.compare(h[j].queue.key) < 0
}
func (h walks) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push implements [heap.Interface].
func (h *walks) Push(x any) { *h = append(*h, x.(*walk)) } //nolint:errcheck,forcetypeassert // heap gives back what it got

// Pop implements [heap.Interface].
func (h *walks) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
