package feed

import (
	"context"
	"errors"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/node/certify"
	"github.com/lockstep-network/lockstep/node/pool"
	"github.com/lockstep-network/lockstep/p2p"
)

// Pool is where gossiped transactions go; a *pool.Pool is one.
type Pool interface {
	Offer(batch [][]byte) (pool.Offered, error)
}

// Collector is where votes and announcements go; a *certify.Collector is one.
type Collector interface {
	Vote(v feed.Vote) error
	Announcement(a feed.Announcement) error
}

// errNothingNew says that a message is well formed and changes nothing here.
var errNothingNew = errors.New("nothing new")

// Judge says what becomes of gossip, by these rules in this order; the first that applies decides. [REJECT] costs whoever passed the message on,
// [IGNORE] drops it and blames nobody, [ACCEPT] passes it on. What depends on this node's state is never a reject: an honest peer may have
// another state.
//
// Every topic:
//
//  1. [REJECT] The message is larger than its topic allows, or does not decode.
//
// txs/1, a batch:
//
//  2. [IGNORE] The peer has used up what is looked at in vain.
//  3. [IGNORE] Each claims a payer, or a namespace, that has no room left in the pool, and would replace or outbid none.
//  4. [REJECT] A transaction of it is malformed, or out of the format's bounds.
//  5. [REJECT] A transaction of it is for another chain.
//  6. Every other fault (expired, unfunded, known, no room, ...) drops the one transaction, before its signature is looked at.
//  7. [REJECT] A transaction that is left is not signed by its payer. If at most one was dropped for each that is left: any is not.
//  8. [IGNORE] More were dropped than that, or none was new in the end.
//  9. [ACCEPT]
//
// votes/1, a vote:
//
//  2. [IGNORE] Its height is certified already, or further ahead of this node than votes are kept.
//  3. [REJECT] The height's header is known here, and the voter is none of its operators.
//  4. [IGNORE] The vote is known, or the operator has used up what is looked at for one height, or may be an operator only later.
//  5. [REJECT] The signature is not the operator's.
//  6. [ACCEPT]
//
// headers/1, an announcement:
//
//  2. [REJECT] It is for another chain.
//  3. [IGNORE] This header is certified here already, or was announced.
//  4. [IGNORE] It is further ahead of this node than its operators are certain.
//  5. [REJECT] Its certificate does not hold by the operators that this node trusts at its height.
//  6. [ACCEPT] Also if it contradicts a header that is certified here: everybody must see it and stop.
type Judge struct {
	pool      Pool
	collector Collector
	budget    *budget
}

// NewJudge makes a judge that gives what is new to the pool and the collector.
func NewJudge(txs Pool, collector Collector) *Judge {
	return &Judge{txs, collector, newBudget()}
}

// Txs is the topic of transactions.
func (j *Judge) Txs() p2p.TopicConfig[[][]byte] {
	return p2p.TopicConfig[[][]byte]{
		Decode: feed.DecodeBatch,
		Validate: func(_ context.Context, from peer.ID, batch [][]byte) p2p.Verdict {
			return verdict(j.batch(from, batch))
		},
		MaxMessage: feed.MaxBatchSize, Queue: 1, Validators: 8,
	}
}

// Votes is the topic of operators' votes that a certificate lacks.
func (j *Judge) Votes() p2p.TopicConfig[feed.Vote] {
	return p2p.TopicConfig[feed.Vote]{
		Decode:     feed.DecodeVote,
		Validate:   func(_ context.Context, _ peer.ID, v feed.Vote) p2p.Verdict { return verdict(j.collector.Vote(v)) },
		MaxMessage: feed.MaxVoteSize, Queue: 1, Validators: 4,
	}
}

// Headers is the topic of certified headers.
func (j *Judge) Headers() p2p.TopicConfig[feed.Announcement] {
	return p2p.TopicConfig[feed.Announcement]{
		Decode: feed.DecodeAnnouncement,
		Validate: func(_ context.Context, _ peer.ID, a feed.Announcement) p2p.Verdict {
			return verdict(j.collector.Announcement(a))
		},
		MaxMessage: feed.MaxAnnouncement, Queue: 1, Validators: 4,
	}
}

// verdict is the one place where an error becomes a verdict.
func verdict(err error) p2p.Verdict {
	switch {
	case err == nil:
		return p2p.Accept
	case errors.Is(err, pool.ErrForbidden), errors.Is(err, certify.ErrInvalid):
		return p2p.Reject
	default:
		return p2p.Ignore
	}
}

// batch applies the rules of txs/1.
func (j *Judge) batch(from peer.ID, batch [][]byte) error {
	if !j.budget.left(from) {
		return errNothingNew
	}
	result, err := j.pool.Offer(batch)
	if err != nil {
		return err
	}
	j.budget.charge(from, result.Vain-pool.VainPerNew*result.New)
	if result.New == 0 || !result.Checked {
		return errNothingNew
	}
	return nil
}

// Drain takes accepted messages off a topic until the context ends: their [Judge] has used them up already.
func Drain[T any](ctx context.Context, topic *p2p.Topic[T]) error {
	for {
		if _, err := topic.Next(ctx); err != nil {
			return err
		}
	}
}
