package ethereum

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto/kzg4844"
	"golang.org/x/sync/errgroup"

	"github.com/lockstep-network/lockstep/da"
)

// keptBlobs is how many checked blobs are remembered, 128 KiB each: some heights in flight, and one that is read for many namespaces.
const keptBlobs = 128

// blobStore gets blobs from beacon nodes and gives only those whose commitment makes the versioned hash that the chain names.
type blobStore struct {
	beacons   []*beacon
	retention time.Duration
	log       *slog.Logger
	first     atomic.Int64 // of beacons: who answered last

	mu    sync.Mutex // guards the fields below
	kept  map[common.Hash]*kzg4844.Blob
	order []common.Hash // of kept, the oldest first
}

// versionedHash recomputes the commitment to a blob, which is what makes trust in a beacon node needless.
func versionedHash(b *kzg4844.Blob) (common.Hash, bool) {
	c, err := kzg4844.BlobToCommitment(b)
	if err != nil {
		return common.Hash{}, false
	}
	return kzg4844.CalcBlobHashV1(sha256.New(), &c), true
}

// get returns blobs of a block by their hashes. It asks one beacon node after the other until it has all.
func (s *blobStore) get(ctx context.Context, b *block, hashes []common.Hash) ([]*kzg4844.Blob, error) {
	select {
	case b.fetch <- struct{}{}:
		defer func() { <-b.fetch }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	have := make(map[common.Hash]*kzg4844.Blob, len(hashes))
	s.mu.Lock()
	for _, h := range hashes {
		if k := s.kept[h]; k != nil {
			have[h] = k
		}
	}
	s.mu.Unlock()
	if err := s.fetch(ctx, b, hashes, have); err != nil {
		return nil, err
	}
	out := make([]*kzg4844.Blob, len(hashes))
	for i, h := range hashes {
		out[i] = have[h]
	}
	return out, nil
}

// fetch fills have.
func (s *blobStore) fetch(ctx context.Context, b *block, hashes []common.Hash, have map[common.Hash]*kzg4844.Blob) error {
	first, pruned := int(s.first.Load()), true
	var last error
	for i := range s.beacons {
		var missing []common.Hash
		for _, h := range hashes {
			if have[h] == nil {
				missing = append(missing, h)
			}
		}
		if len(missing) == 0 {
			return nil
		}
		n := (first + i) % len(s.beacons)
		err := s.ask(ctx, s.beacons[n], b, missing, have)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			s.first.Store(int64(n))
			return nil
		}
		pruned = pruned && errors.Is(err, errLacks)
		last = err
		s.log.DebugContext(ctx, "a beacon node did not give all blobs", "block", b.number, "beacon", s.beacons[n].name(), "error", err)
	}
	for _, h := range hashes {
		if have[h] == nil {
			return s.missing(b, pruned, last)
		}
	}
	return nil
}

// missing tells blobs that are pruned from those that may come.
func (s *blobStore) missing(b *block, pruned bool, last error) error {
	switch {
	case last == nil:
		return fmt.Errorf("block %d holds blobs for the inbox, and no beacon node is configured: %w", b.number, da.ErrUnavailable)
	case pruned && time.Since(time.Unix(int64(b.time), 0)) > s.retention:
		return fmt.Errorf("blobs of block %d: %w: %w", b.number, last, da.ErrGone)
	}
	return fmt.Errorf("blobs of block %d: %w: %w", b.number, last, da.ErrUnavailable)
}

// ask fills have with what one beacon node gives of the missing blobs; nil if that is all.
func (s *blobStore) ask(ctx context.Context, e *beacon, b *block, missing []common.Hash, have map[common.Hash]*kzg4844.Blob) error {
	given, err := e.blobs(ctx, b, missing)
	if err != nil {
		return err
	}
	found := make([]bool, len(missing))
	looked := make([]bool, len(given))
	check := func(places []int) {
		var mu sync.Mutex // guards found and have
		var group errgroup.Group
		group.SetLimit(runtime.GOMAXPROCS(0))
		for _, i := range places {
			if looked[i] || given[i] == nil {
				continue
			}
			looked[i] = true
			group.Go(func() error {
				h, ok := versionedHash(given[i])
				mu.Lock()
				defer mu.Unlock()
				for j := range missing {
					if ok && missing[j] == h {
						found[j], have[h] = true, given[i]
					}
				}
				return nil
			})
		}
		_ = group.Wait() // none returns an error
	}
	check(expected(b, missing, len(given)))
	for j := range found {
		if !found[j] && ctx.Err() == nil { // it is not where an honest node has it: look at all that came, once
			all := make([]int, len(given))
			for i := range all {
				all[i] = i
			}
			check(all)
			break
		}
	}
	lacks := 0
	for j, ok := range found {
		if ok {
			s.keep(missing[j], have[missing[j]])
		} else {
			lacks++
		}
	}
	if lacks > 0 {
		return fmt.Errorf("beacon node %s: %d of %d blobs are missing or wrong", e.name(), lacks, len(missing))
	}
	return nil
}

// expected is where in an answer an honest node has the blobs: in the order of the block, only those asked for or all.
func expected(b *block, missing []common.Hash, given int) []int {
	asked := make(map[common.Hash]bool, len(missing))
	for _, h := range missing {
		asked[h] = true
	}
	var only, all []int
	for i, h := range b.blobs {
		if asked[h] {
			only = append(only, len(only))
			all = append(all, i)
		}
	}
	switch given {
	case len(b.blobs):
		return all
	case len(only):
		return only
	}
	return nil
}

func (s *blobStore) keep(h common.Hash, b *kzg4844.Blob) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept[h] != nil {
		return
	}
	s.kept[h] = b
	if s.order = append(s.order, h); len(s.order) > keptBlobs {
		delete(s.kept, s.order[0])
		s.order = s.order[1:]
	}
}
