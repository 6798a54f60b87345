package store

import (
	"errors"
	"fmt"
	"sync"

	"github.com/lockstep-network/lockstep/node/ledger"
)

// spentSet is the pairs that were spent in the window: in memory, because every transaction asks for its pair when it is gossiped, proposed and
// applied, and the answer is nearly always no. A pair takes some 50 bytes: full blocks of single transactions for a whole window, some 200 MiB.
// On disk stand the lists of each height, from which a start reads it.
type spentSet struct {
	mu    sync.RWMutex // guards pairs
	pairs map[ledger.Pair]struct{}
}

func newSpentSet() *spentSet { return &spentSet{pairs: make(map[ledger.Pair]struct{})} }

func (s *spentSet) has(p ledger.Pair) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, there := s.pairs[p]
	return there
}

// move forgets the pairs of the height that leaves the window, and remembers those of the newest.
func (s *spentSet) move(forget, remember []ledger.Pair) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range forget {
		delete(s.pairs, p)
	}
	for _, p := range remember {
		s.pairs[p] = struct{}{}
	}
}

// readSpent fills the set from the lists of the window's heights.
func (s *Store) readSpent() error {
	for h := s.tip.height; h > 0 && h+s.window > s.tip.height; h-- {
		pairs, err := s.spentAt(h)
		if err != nil {
			return err
		}
		s.spent.move(nil, pairs)
	}
	return nil
}

// spentAt reads the pairs that were spent at a height of the window.
func (s *Store) spentAt(height uint64) ([]ledger.Pair, error) {
	raw, err := s.get(heightKey(prefixSpent, height))
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read spent pairs of height %d: %w", height, err)
	}
	if len(raw)%ledger.PairSize != 0 {
		return nil, fmt.Errorf("read spent pairs of height %d: %d bytes", height, len(raw))
	}
	pairs := make([]ledger.Pair, 0, len(raw)/ledger.PairSize)
	for ; len(raw) > 0; raw = raw[ledger.PairSize:] {
		pairs = append(pairs, ledger.DecodePair([ledger.PairSize]byte(raw[:ledger.PairSize])))
	}
	return pairs, nil
}
