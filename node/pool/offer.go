package pool

import (
	"errors"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/pool/verify"
)

// VainPerNew is how many transactions a peer may have looked at in vain for each new one that it brings: so many looks at the state cost less than the
// one signature check that somebody pays for.
const VainPerNew = 8

// checkedPerNew is how many of a batch's dropped transactions are checked for each one that is left, so that the batch may be passed on: a flood that
// a full pool drops must not cost many times the signatures that blocks have room for.
const checkedPerNew = 1

// ErrForbidden says that an offered batch holds what no honest peer passes on.
var ErrForbidden = errors.New("forbidden")

// Offered is what became of a batch.
type Offered struct {
	New     int  // transactions taken in
	Vain    int  // looked at for nothing: all that were dropped but those that are in the pool as they are
	Checked bool // each signature was looked at: without that, a batch must not be passed on
}

// Offer takes in what is new of a gossiped batch (specs/02-gossip.md, "txs/1"). What the state says about the payer that is *claimed* comes
// first, and costs microseconds; a signature, which costs tens of them, is checked only if the transaction could then be taken in, and always
// before it is. The transactions that were dropped are checked too if the batch is to be passed on: what depends on this node's state must not
// make it pass on a bad signature, for which others would blame it. An error is [ErrForbidden].
//
// A batch of payers, or in namespaces, that have as much in the pool as they may is dropped before it is decoded: a flood costs a few look-ups.
func (p *Pool) Offer(batch [][]byte) (result Offered, err error) {
	if p.crowded(batch) {
		return Offered{Vain: len(batch)}, nil
	}
	all, err := p.checker.Open(batch)
	if err != nil {
		return Offered{}, fmt.Errorf("%w: %w", ErrForbidden, err)
	}
	var fit, unchecked []*verify.Opened
	var entries []*entry
	s := p.screen()
	for i := range all {
		e, err := s.look(all[i].Tx)
		switch {
		case err == nil:
			fit, entries = append(fit, &all[i]), append(entries, e)
			continue
		case tx.CodeOf(err) == tx.WrongChain:
			return Offered{}, fmt.Errorf("%w: %w", ErrForbidden, err)
		case !all[i].Verified():
			unchecked = append(unchecked, &all[i])
			result.Vain++
		case tx.CodeOf(err) != ledger.Duplicate:
			result.Vain++
		}
		p.counts.added(err)
	}
	result.Checked = len(unchecked) <= checkedPerNew*len(fit)
	if len(fit) == 0 {
		return result, nil
	}
	look := fit
	if result.Checked {
		look = slices.Concat(fit, unchecked)
	}
	if err := p.checker.VerifyAll(look); err != nil {
		return Offered{}, fmt.Errorf("%w: %w", ErrForbidden, err)
	}
	for _, e := range entries {
		err := p.enter(e, s.balances[e.pair.Payer], s.height)
		p.counts.added(err)
		if err == nil {
			result.New++
		} else {
			result.Vain++
		}
	}
	return result, nil
}

// crowded says whether there is no room for any transaction of a batch, by what they claim, and none would replace another.
func (p *Pool) crowded(batch [][]byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	codes := make([]tx.Code, len(batch))
	for i, raw := range batch {
		claim, ok := tx.Look(raw)
		if !ok || p.byPair[ledger.Pair{Payer: claim.Payer, Salt: claim.Salt}] != nil {
			return false
		}
		size := Limits{len(raw), 1, int(p.fees.LeastSize(uint64(len(raw))))}
		payer := p.payers[claim.Payer]
		switch {
		case payer != nil && payer.held.plus(size).exceeds(p.config.PerPayer):
			codes[i] = PayerFull
		case p.closed(claim, size):
			codes[i] = NamespaceFull
		default:
			return false
		}
	}
	for _, code := range codes {
		p.counts.added(tx.NewReject(code, "dropped undecoded"))
	}
	return len(batch) > 0
}

// closed says whether the queue that a transaction would come into is full of what the transaction does not outbid. mu is held.
func (p *Pool) closed(claim tx.Glance, size Limits) bool {
	key := queueKey{own: true, namespace: claim.Namespace}
	if claim.Spans {
		key = queueKey{}
	}
	q := p.queues[key]
	if q == nil || !q.held.plus(size).exceeds(p.config.PerNamespace) || q.waiting.Len() > 0 {
		return false
	}
	last, there := q.tree.Max()
	return there && !q.outbid(last, claim.Tip)
}

// screen begins to say which transactions of a batch would be taken in, if their signatures are good.
func (p *Pool) screen() *screening {
	s := &screening{
		pool: p, height: p.Height(), balances: make(map[common.Address]uint256.Int), sums: make(map[common.Address]uint256.Int),
		pairs: make(map[ledger.Pair]*tx.Tx), queued: make(map[queueKey]Limits),
	}
	view := p.chain.Ledger().View
	s.pass, s.order = p.config.Rules.Begin(view, s.height+1), ledger.OrderIn(view)
	return s
}

// screening is what is known of a batch so far. A payer's transactions are counted together, and a namespace's: one that can pay for one of a
// thousand, or has room for one, has one signature checked, not a thousand.
type screening struct {
	pool     *Pool
	height   uint64
	pass     *ledger.Pass // of the next block
	order    func(namespaces.Namespace) block.Rule
	balances map[common.Address]uint256.Int
	sums     map[common.Address]uint256.Int // fees of those that would be taken in
	pairs    map[ledger.Pair]*tx.Tx         // likewise
	queued   map[queueKey]Limits            // likewise
}

// look makes the entry of a transaction that it lets pass. An error is a [*tx.Reject], or another one if the state could not be read.
func (s *screening) look(t *tx.Tx) (*entry, error) {
	p := s.pool
	fee, err := s.pass.Check(t)
	if err != nil {
		return nil, err
	}
	probe := newEntry(t)
	sum := s.sums[probe.pair.Payer]
	if before := s.pairs[probe.pair]; before != nil {
		if t.Tip() < replacementTip(before.Tip()) {
			return nil, tx.NewReject(ReplacementUnderpriced, "the batch has another one with the same payer and salt")
		}
		beforeFee, err := s.pass.Check(before)
		if err != nil {
			return nil, err
		}
		sum.Sub(&sum, &beforeFee)
	}
	probe.fee.Add(&fee, &sum)
	balance, err := s.balance(probe.pair.Payer)
	if err != nil {
		return nil, err
	}
	key := keyOf(t)
	p.mu.Lock()
	old, victims, err := p.fits(probe, balance)
	queued := s.queued[key].plus(probe.size())
	if old != nil && old.queue.key == key {
		queued = queued.minus(old.size())
	}
	all := queued
	if q := p.queues[key]; q != nil {
		all = all.plus(q.held)
	}
	if err == nil && victims == nil && all.exceeds(p.config.PerNamespace) {
		err = p.namespaceFull(all)
	}
	p.mu.Unlock()
	if err != nil {
		return nil, err
	}
	s.sums[probe.pair.Payer], s.pairs[probe.pair], s.queued[key] = probe.fee, t, queued
	e := newEntry(t)
	e.fee, e.order = fee, s.order(key.namespace)
	return e, nil
}

// balance reads a payer's balance once for the whole batch.
func (s *screening) balance(payer common.Address) (uint256.Int, error) {
	if b, ok := s.balances[payer]; ok {
		return b, nil
	}
	b, err := ledger.Balance(s.pool.chain.Ledger().View, payer)
	if err != nil {
		return b, fmt.Errorf("read balance: %w", err)
	}
	s.balances[payer] = b
	return b, nil
}
