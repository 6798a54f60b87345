package api

import (
	"context"
	"errors"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/proof"
	"github.com/lockstep-network/lockstep/node/store"
)

// Bounds of proofs in one answer.
const (
	maxLaneHeights   = 256 // heights whose lanes one answer holds
	maxAbsentHeights = 64  // heights for which one answer proves a transaction absent: each block is assembled
	maxChanges       = 512 // of operators that one answer leads through
)

// run is the headers from a height with the certificate that covers them, and the operators that follow, if they change.
func (s *Service) run(from, to uint64) (cert.Run, error) {
	r, err := s.store.Run(from, to)
	if errors.Is(err, store.ErrLong) {
		return r, fail(NotProvable, "the certificate that covers height %d is more than %d headers away: follow the feed, or read the DA layer", from, store.MaxRun)
	}
	if err != nil {
		return r, err
	}
	r.Next, err = s.following(r)
	return r, err
}

// following are the operators that follow a run, if its last header changes them.
func (s *Service) following(r cert.Run) ([]cert.Operator, error) {
	last := r.Headers[len(r.Headers)-1]
	if last.NextOperatorsHash == last.OperatorsHash {
		return nil, nil
	}
	set, err := s.store.Operators(last.NextOperatorsHash)
	return set.Operators(), err
}

// addRuns adds the runs that cover a range of certified heights, and before them the headers since genesis that change the operators.
func (s *Service) addRuns(d *proof.Document, from, to uint64) error {
	if err := s.addChanges(d, from); err != nil {
		return err
	}
	for from <= to {
		r, err := s.run(from, to)
		if err != nil {
			return err
		}
		d.AddRun(r)
		from += uint64(len(r.Headers))
	}
	return nil
}

// addChanges adds each header below a height that changes the operators, with the certificate of those who leave it to the others.
func (s *Service) addChanges(d *proof.Document, below uint64) error {
	if s.store.Floor() > 1 { // changes may have been pruned
		h, err := s.store.Header(s.store.Floor())
		if err != nil {
			return err
		}
		if h.OperatorsHash != s.first.Hash() {
			return fail(NotProvable, "the operators have changed since genesis, in blocks that this node does not keep: ask one that keeps all")
		}
	}
	for n, from := 0, uint64(1); ; n++ {
		change, err := s.store.NextChange(from)
		if err != nil || change == 0 || change >= below {
			return err
		}
		if n == maxChanges {
			return fail(NotProvable, "the operators have changed more than %d times since genesis: follow the feed, or read the DA layer", maxChanges)
		}
		r, err := s.run(change, change)
		if err != nil {
			return err
		}
		d.AddRun(r)
		from = change + 1
	}
}

// addLanes adds lanes of one block, and returns their bytes.
func (s *Service) addLanes(ctx context.Context, d *proof.Document, height uint64, wanted []namespaces.Namespace) (size int, err error) {
	lanes, err := s.lanes.Lanes(ctx, height, wanted)
	if err != nil {
		return 0, err
	}
	for _, l := range lanes {
		d.AddLane(height, l)
		size += len(l.Data)
	}
	return size, nil
}

// certifiedRange checks a range of heights. to is nil for as far as one answer goes.
func (s *Service) certifiedRange(from uint64, to *uint64, most uint64) (last uint64, err error) {
	certified := s.store.Certified()
	switch {
	case from == 0:
		return 0, fail(BadRange, "heights begin at 1")
	case to != nil && *to < from:
		return 0, fail(BadRange, "heights %d to %d are no range", from, *to)
	case to != nil && *to-from >= most:
		return 0, fail(BadRange, "%d heights, at most %d at once", *to-from+1, most)
	case from > certified || to != nil && *to > certified:
		e := fail(NotYet, "heights to %d are certified", certified)
		e.Data.Height = certified
		return 0, e
	case to != nil:
		return *to, nil
	}
	return min(certified, from+most-1), nil
}

// GetInclusionProof returns a document that proves, with the genesis alone, that a transaction stands in a certified block. With lanes it also
// proves at which position: ask for the ledger's lane, or, for a bundle, for any of its own.
func (s *Service) GetInclusionProof(ctx context.Context, id common.Hash, options *InclusionOptions) (*proof.Document, error) {
	at, err := s.store.Tx(id)
	if err != nil {
		return nil, s.coded(ctx, err)
	}
	if _, err := s.certifiedRange(at.Height, &at.Height, 1); err != nil {
		return nil, err
	}
	d := proof.New(s.genesis.ChainID, s.hash)
	if err := s.addRuns(d, at.Height, at.Height); err != nil {
		return nil, s.coded(ctx, err)
	}
	contents, err := s.lanes.Contents(ctx, at.Height)
	if err != nil {
		return nil, s.coded(ctx, err)
	}
	membership, _ := contents.IDs.Prove(id)
	d.AddPresent(at.Height, contents.Txs[at.Position], membership)
	if options == nil || len(options.Lanes) == 0 {
		return d, nil
	}
	if len(options.Lanes) > MaxLanesProven {
		return nil, fail(BadArgument, "%d lanes, at most %d", len(options.Lanes), MaxLanesProven)
	}
	size, err := s.addLanes(ctx, d, at.Height, options.Lanes)
	if err != nil {
		return nil, s.coded(ctx, err)
	}
	if size > s.proofBytes && len(options.Lanes) > 1 {
		return nil, fail(TooLarge, "the lanes take %d bytes, at most %d at once: ask for them one by one", size, s.proofBytes)
	}
	return d, nil
}

// GetAbsenceProof returns a document that proves that none of the blocks of a range of certified heights holds a transaction: for one that has
// expired, say, over the heights in which it could have stood.
func (s *Service) GetAbsenceProof(ctx context.Context, id common.Hash, from, to uint64) (*proof.Document, error) {
	last, err := s.certifiedRange(from, &to, maxAbsentHeights)
	if err != nil {
		return nil, err
	}
	if at, err := s.store.Tx(id); err == nil && at.Height >= from && at.Height <= last {
		return nil, fail(BadArgument, "the transaction stands at height %d", at.Height)
	} else if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, s.coded(ctx, err)
	}
	d := proof.New(s.genesis.ChainID, s.hash)
	if err := s.addRuns(d, from, last); err != nil {
		return nil, s.coded(ctx, err)
	}
	for h := from; h <= last; h++ {
		contents, err := s.lanes.Contents(ctx, h)
		if err != nil {
			return nil, s.coded(ctx, err)
		}
		membership, _ := contents.IDs.Prove(id)
		d.AddAbsent(h, id, membership)
	}
	return d, nil
}

// GetLane returns a document that proves all that the blocks of a range of certified heights hold under a namespace, in order. Without to it goes as
// far as one answer does; Next says where to go on.
func (s *Service) GetLane(ctx context.Context, ns namespaces.Namespace, from uint64, to *uint64) (*Lanes, error) {
	last, err := s.certifiedRange(from, to, maxLaneHeights)
	if err != nil {
		return nil, err
	}
	d := proof.New(s.genesis.ChainID, s.hash)
	next, size := from, 0
	for ; next <= last && size < s.proofBytes; next++ {
		n, err := s.addLanes(ctx, d, next, []namespaces.Namespace{ns})
		if err != nil {
			return nil, s.coded(ctx, err)
		}
		if size += n; size > s.proofBytes && next > from {
			d.Lanes = d.Lanes[:len(d.Lanes)-1]
			break
		}
	}
	if err := s.addRuns(d, from, next-1); err != nil {
		return nil, s.coded(ctx, err)
	}
	return &Lanes{Document: d, Next: next}, nil
}
