package store

import (
	"errors"
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// keepViews is for how many blocks a view stays readable: seconds, where a call takes milliseconds. The disk keeps what they have replaced so long.
const keepViews = 32

// errMoved says that a view is too old.
var errMoved = errors.New("the ledger has moved on")

// ledgerView reads the ledger after one height, whatever is committed meanwhile, for as long as keepViews blocks.
type ledgerView struct {
	height uint64
	spent  *spentSet

	mu   sync.RWMutex     // guards what follows; held for each read
	from *pebble.Snapshot // nil: let go
	gone error            // why
}

// view makes the view of what is on disk now. It is kept until it is one of too many; the caller holds commitMu, or nobody else is there yet.
func (s *Store) view(height uint64) *ledgerView {
	v := &ledgerView{height: height, spent: s.spent, from: s.db.NewSnapshot()}
	s.views = append(s.views, v)
	if len(s.views) > keepViews {
		s.views[0].release(errMoved)
		s.views = append(s.views[:0], s.views[1:]...)
	}
	return v
}

// release lets go of what the view has kept on disk. Reads end in the error.
func (v *ledgerView) release(why error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.from.Close(); err != nil {
		why = errors.Join(why, err)
	}
	v.from, v.gone = nil, why
}

// get reads a value; nil if there is none.
func (v *ledgerView) get(k []byte) (out []byte, err error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if v.from == nil {
		return nil, fmt.Errorf("read the ledger after height %d: %w", v.height, v.gone)
	}
	raw, closer, err := v.from.Get(k)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the ledger after height %d: %w", v.height, err)
	}
	out = append(make([]byte, 0, len(raw)), raw...)
	return out, closer.Close()
}

// Record implements [state.Reader].
func (v *ledgerView) Record(k state.Key) ([]byte, error) { return v.get(recordKey(k)) }

// Spent implements [ledger.View]. It is of the newest height.
func (v *ledgerView) Spent(payer common.Address, salt uint64) (bool, error) {
	return v.spent.has(ledger.Pair{Payer: payer, Salt: salt}), nil
}

// Node implements [state.Nodes].
func (v *ledgerView) Node(path []byte, hash common.Hash) ([]byte, error) {
	blob, err := v.get(key(prefixNode, path...))
	if err != nil {
		return nil, err
	}
	if have := crypto.Keccak256Hash(blob); have != hash {
		return nil, fmt.Errorf("ledger node %x is %s, want %s: the state is damaged", path, have, hash)
	}
	return blob, nil
}
