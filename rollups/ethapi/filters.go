package ethapi

import (
	"context"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/rollups/evm"
)

// pendingBehind is how many pending transactions a filter or subscription may be behind; it misses what comes beyond.
const pendingBehind = 1024

// maxHashes bounds the block hashes of one answer; what is left comes with the next.
const maxHashes = 10_000

// filter is what a client asks for changes from time to time.
type filter struct {
	mu    sync.Mutex
	poll  func(ctx context.Context) (any, error) // guarded by mu
	logs  *criteria                              // of a log filter
	close func()
	used  time.Time // guarded by filters.mu
}

// filters are those of all clients. A filter is forgotten when it was not asked for some time.
type filters struct {
	b *backend

	mu   sync.Mutex
	byID map[rpc.ID]*filter // guarded by mu
}

func newFilters(b *backend) *filters { return &filters{b: b, byID: make(map[rpc.ID]*filter)} }

// add keeps a filter, if there is room when the forgotten ones are gone.
func (f *filters) add(made *filter) (rpc.ID, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	for id, old := range f.byID {
		if now.Sub(old.used) > f.b.Limits.FilterLife {
			f.remove(id)
		}
	}
	if len(f.byID) >= f.b.Limits.Filters {
		made.close()
		f.b.metrics.refused.WithLabelValues("filters").Inc()
		return "", exceeded("too many filters, at most %d: use a subscription, or uninstall filters", f.b.Limits.Filters)
	}
	id := rpc.NewID()
	made.used = now
	f.byID[id] = made
	f.b.metrics.filters.Set(float64(len(f.byID)))
	return id, nil
}

// get finds a filter and keeps it alive.
func (f *filters) get(id rpc.ID) (*filter, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	found := f.byID[id]
	if found == nil {
		return nil, errNoFilter
	}
	now := time.Now()
	if now.Sub(found.used) > f.b.Limits.FilterLife {
		f.remove(id)
		return nil, errNoFilter
	}
	found.used = now
	return found, nil
}

// remove forgets a filter. The caller holds mu.
func (f *filters) remove(id rpc.ID) bool {
	old := f.byID[id]
	if old == nil {
		return false
	}
	old.close()
	delete(f.byID, id)
	f.b.metrics.filters.Set(float64(len(f.byID)))
	return true
}

func (f *filters) drop(id rpc.ID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.remove(id)
}

// close forgets all filters.
func (f *filters) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id := range f.byID {
		f.remove(id)
	}
}

// filtersAPI makes filters and asks them.
type filtersAPI struct{ f *filters }

// NewFilter is eth_newFilter: logs of blocks after now. Block numbers in the criteria bound them further.
func (a *filtersAPI) NewFilter(c criteria) (rpc.ID, error) {
	b := a.f.b
	if err := c.live(b.Limits); err != nil {
		return "", err
	}
	cursor, tail := b.Chain.NewCursor(b.latest()), &logTail{b: b, wanted: c}
	poll := func(ctx context.Context) (any, error) {
		logs, size := []*types.Log{}, 0
		err := drain(ctx, cursor, func(e evm.Event) (bool, error) {
			some, err := tail.take(e)
			logs, size = append(logs, some...), size+sizeOf(some)
			return len(logs) < b.Limits.Logs && size < b.Limits.Response, err
		})
		return logs, err
	}
	return a.f.add(&filter{poll: poll, logs: &c, close: func() {}})
}

// NewBlockFilter is eth_newBlockFilter: hashes of blocks after now.
func (a *filtersAPI) NewBlockFilter() (rpc.ID, error) {
	b := a.f.b
	cursor := b.Chain.NewCursor(b.latest())
	poll := func(ctx context.Context) (any, error) {
		hashes := []common.Hash{}
		err := drain(ctx, cursor, func(e evm.Event) (bool, error) {
			hash, err := b.newHash(e)
			if hash != nil {
				hashes = append(hashes, *hash)
			}
			return len(hashes) < maxHashes, err
		})
		return hashes, err
	}
	return a.f.add(&filter{poll: poll, close: func() {}})
}

// drain hands on the events of a cursor that are there already, until take wants no more or the time is up; the rest waits for the next time.
func drain(ctx context.Context, cursor *evm.Cursor, take func(evm.Event) (more bool, err error)) error {
	now, cancel := context.WithCancel(ctx)
	cancel() // Next does not wait
	for more := true; more && ctx.Err() == nil; {
		event, err := cursor.Next(now)
		if err != nil {
			if now.Err() != nil && err == now.Err() { //nolint:errorlint // Next returns it as it is
				return nil
			}
			return err
		}
		if more, err = take(event); err != nil {
			return err
		}
	}
	return nil
}

// NewPendingTransactionFilter is eth_newPendingTransactionFilter: hashes of transactions that this node's gateway accepts after now, or
// transactions if full is set.
func (a *filtersAPI) NewPendingTransactionFilter(full *bool) (rpc.ID, error) {
	b := a.f.b
	hashes, cancel := b.accepted()
	poll := func(context.Context) (any, error) {
		out := []any{}
		for range pendingBehind {
			select {
			case hash, ok := <-hashes:
				if !ok {
					return out, nil
				}
				if tx := b.announce(hash, full); tx != nil {
					out = append(out, tx)
				}
			default:
				return out, nil
			}
		}
		return out, nil
	}
	return a.f.add(&filter{poll: poll, close: cancel})
}

// accepted returns the hashes that the gateway accepts from now on; never any on a read-only node.
func (b *backend) accepted() (hashes <-chan common.Hash, cancel func()) {
	if b.Gateway == nil {
		return nil, func() {}
	}
	return b.Gateway.Subscribe(pendingBehind)
}

// announce is how an accepted transaction is told of: its hash or, if full is set, all of it unless it is gone again.
func (b *backend) announce(hash common.Hash, full *bool) any {
	if full == nil || !*full {
		return hash
	}
	tx, at, err := b.find(hash)
	if err != nil {
		return nil
	}
	return b.encodeTx(tx, at)
}

// GetFilterChanges is eth_getFilterChanges. A filter that fails is gone: the client begins a new one.
func (a *filtersAPI) GetFilterChanges(ctx context.Context, id rpc.ID) (any, error) {
	found, err := a.f.get(id)
	if err != nil {
		return nil, err
	}
	own, done, err := a.f.b.work(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	found.mu.Lock()
	defer found.mu.Unlock()
	changes, err := found.poll(own)
	if err != nil {
		a.f.drop(id)
		return nil, err
	}
	return changes, nil
}

// GetFilterLogs is eth_getFilterLogs: what eth_getLogs answers for the criteria.
func (a *filtersAPI) GetFilterLogs(ctx context.Context, id rpc.ID) ([]*types.Log, error) {
	found, err := a.f.get(id)
	if err != nil {
		return nil, err
	}
	if found.logs == nil {
		return nil, errNoFilter
	}
	return a.f.b.search(ctx, *found.logs)
}

// UninstallFilter is eth_uninstallFilter.
func (a *filtersAPI) UninstallFilter(id rpc.ID) bool { return a.f.drop(id) }
