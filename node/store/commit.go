package store

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/node/ledger"
)

// Block is a decided block with all that follows from it: what Commit writes.
type Block struct {
	Header   block.Header
	Body     []byte          // encoded
	Contents *block.Contents // of the body
	Effects  *ledger.Effects // of the contents on the ledger's head
}

// Commit makes the block after the head durable with one fsync, writes its index and the ledger after it in one batch, and then moves the head.
// The error wraps [ErrCommit] if the block does not follow; nothing is written then. After another error the store must be opened again. The block
// must not be changed afterwards.
func (s *Store) Commit(b Block) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.work.Done()
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	height := b.Header.Height
	if err := s.follows(b); err != nil {
		return fmt.Errorf("commit height %d: %w", height, err)
	}
	at, err := s.files.append(height, b.Header.Encode(), b.Body)
	if err == nil {
		err = s.write(b, at)
	}
	if err != nil {
		return fmt.Errorf("commit height %d: %w", height, err)
	}
	return nil
}

// write takes over a block that is on disk: its index, its ledger, the head. What this writes follows from the block, so that it needs no fsync:
// a start writes it again, by the same function.
func (s *Store) write(b Block, at place) error {
	height, hash := b.Header.Height, b.Header.Hash()
	batch := s.db.NewBatch()
	defer batch.Close()
	w := writer{batch: batch}
	w.set(heightKey(prefixHeader, height), b.Header.Encode())
	w.set(heightKey(prefixPlace, height), at.encode())
	if next := b.Header.NextOperatorsHash; next != b.Header.OperatorsHash {
		w.set(heightKey(prefixChange, height), next[:])
	}
	for i, t := range b.Contents.Txs {
		id := t.ID()
		w.set(key(prefixTx, id[:]...), Location{height, uint32(i)}.encode())
	}
	w.failed(height, b.Effects.Failures)
	w.effects(b.Effects, hash)
	forgotten, err := s.forgetSpent(&w, height)
	if err != nil {
		return err
	}
	if w.err == nil {
		w.err = batch.Commit(pebble.NoSync)
	}
	if w.err != nil {
		return w.err
	}
	s.spent.move(forgotten, b.Effects.Spent)
	s.blocks.add(height, b.Contents, len(b.Body))
	root := b.Effects.Head.Root()
	view := s.view(height)
	s.move(func(t *tip) { t.height, t.hash, t.ledger, t.root, t.view = height, hash, b.Effects.Head, root, view })
	return nil
}

// follows says whether the block stands on the head, and its effects on the ledger there.
func (s *Store) follows(b Block) error {
	at := s.at()
	switch {
	case b.Header.Height != at.height+1:
		return fmt.Errorf("the head is %d: %w", at.height, ErrCommit)
	case b.Header.ParentHash != at.hash:
		return fmt.Errorf("parent %s, the head is %s: %w", b.Header.ParentHash, at.hash, ErrCommit)
	case b.Header.LedgerRoot != at.root:
		return fmt.Errorf("ledger root %s, the ledger is at %s: %w", b.Header.LedgerRoot, at.root, ErrCommit)
	case b.Effects.Parent != at.root || b.Effects.Head.Height != b.Header.Height:
		return fmt.Errorf("effects of height %d on %s: %w", b.Effects.Head.Height, b.Effects.Parent, ErrCommit)
	}
	return nil
}

// writer fills a batch and keeps the first error.
type writer struct {
	batch *pebble.Batch
	err   error
}

func (w *writer) set(k, v []byte) {
	if w.err == nil {
		w.err = w.batch.Set(k, v, nil)
	}
}

func (w *writer) del(k []byte) {
	if w.err == nil {
		w.err = w.batch.Delete(k, nil)
	}
}

func (w *writer) delRange(from, to []byte) {
	if w.err == nil {
		w.err = w.batch.DeleteRange(from, to, nil)
	}
}

// effects writes the ledger after a height, and the head that it belongs to.
func (w *writer) effects(e *ledger.Effects, headHash common.Hash) {
	for _, n := range e.Nodes {
		if len(n.Blob) == 0 {
			w.del(key(prefixNode, n.Path...))
		} else {
			w.set(key(prefixNode, n.Path...), n.Blob)
		}
	}
	for _, r := range e.Records {
		if len(r.Value) == 0 {
			w.del(recordKey(r.Key))
		} else {
			w.set(recordKey(r.Key), r.Value)
		}
	}
	if e.Operators != nil {
		raw, err := rlp.EncodeToBytes(e.Operators.Operators())
		w.err = errors.Join(w.err, err)
		hash := e.Operators.Hash()
		w.set(key(prefixSet, hash[:]...), raw)
	}
	if e.Ended != nil {
		raw, err := rlp.EncodeToBytes(e.Ended.Lifetimes)
		w.err = errors.Join(w.err, err)
		w.set(heightKey(prefixRewards, e.Ended.Number), raw)
		if e.Ended.Number >= RewardsHistory {
			w.del(heightKey(prefixRewards, e.Ended.Number-RewardsHistory))
		}
	}
	h := e.Head
	if h.Height > 0 {
		pairs := make([]byte, 0, len(e.Spent)*ledger.PairSize)
		for _, p := range e.Spent {
			raw := p.Encode()
			pairs = append(pairs, raw[:]...)
		}
		if len(pairs) > 0 {
			w.set(heightKey(prefixSpent, h.Height), pairs)
		}
		w.set(heightKey(prefixDigest, h.Height), h.Digests[len(h.Digests)-1].Bytes())
		fees, err := rlp.EncodeToBytes(&e.Fees)
		w.err = errors.Join(w.err, err)
		w.set(heightKey(prefixFees, h.Height), fees)
		if h.Height > FeeHistory {
			w.del(heightKey(prefixFees, h.Height-FeeHistory))
		}
	}
	raw, err := rlp.EncodeToBytes(&headRecord{h.Height, headHash, h.StateRoot, h.DAHead, h.PublishedHeight})
	w.err = errors.Join(w.err, err)
	w.set(metaKey(metaHead), raw)
}

// forgetSpent deletes, and returns, the spent pairs of the one height that leaves the window when the head moves to height.
func (s *Store) forgetSpent(w *writer, height uint64) ([]ledger.Pair, error) {
	if height <= s.window {
		return nil, nil
	}
	old := height - s.window
	pairs, err := s.spentAt(old)
	if err != nil {
		return nil, err
	}
	w.del(heightKey(prefixSpent, old))
	w.del(heightKey(prefixDigest, old))
	return pairs, nil
}
