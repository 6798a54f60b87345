package store

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// Operators opens the operator set with the hash: that of the genesis, or one that the ledger has chosen since. The error wraps [ErrNotFound] if
// there is none.
func (s *Store) Operators(hash common.Hash) (cert.Set, error) {
	if err := s.enter(); err != nil {
		return cert.Set{}, err
	}
	defer s.work.Done()
	raw, err := s.get(key(prefixSet, hash[:]...))
	if err != nil {
		return cert.Set{}, fmt.Errorf("read operator set %s: %w", hash, err)
	}
	var operators []cert.Operator
	if err := rlp.DecodeBytes(raw, &operators); err != nil {
		return cert.Set{}, fmt.Errorf("decode operator set %s: %w", hash, err)
	}
	set, err := cert.NewSet(operators)
	if err == nil && set.Hash() != hash {
		err = fmt.Errorf("it has the hash %s", set.Hash())
	}
	if err != nil {
		return cert.Set{}, fmt.Errorf("read operator set %s: %w", hash, err)
	}
	return set, nil
}
