package ethapi

import (
	"errors"
	"sync"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/lru"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/lockstep-network/lockstep/rollups/evm"
)

// Bounds of what is remembered to be taken back. A rollback beyond them ends filters and subscriptions: a silent gap would be worse.
const (
	toldBlocks  = 16_384    // blocks with logs that one follower was told of: as far as the chain can be rolled back
	keptBytes   = 128 << 20 // bytes of the logs of such blocks, of all followers together
	logOverhead = 512       // bytes of a log beside its data, in memory or as JSON, at least
)

var errForgotten = errors.New("the chain was rolled back further than this filter or subscription remembers: begin a new one")

// told is a block of which a follower was told logs.
type told struct {
	number uint64
	hash   common.Hash
}

// logTail turns the events of a cursor into logs: new ones, and those that a rollback dropped. One goroutine at a time.
type logTail struct {
	b      *backend
	wanted criteria
	told   []told // in the order of the chain
	lost   uint64 // newest block that told has lost
}

// take returns the logs of an event.
func (t *logTail) take(e evm.Event) ([]*types.Log, error) {
	if e.Rewound {
		return t.rewind(e.Number)
	}
	if !t.wanted.within(e.Number) {
		return nil, nil
	}
	all, logs, err := t.b.blockLogs(e.Number, &t.wanted)
	if errors.Is(err, evm.ErrNotFound) {
		return nil, nil // dropped since; the next event says so
	}
	if err != nil || len(logs) == 0 {
		return nil, err
	}
	t.b.kept.add(all)
	t.told = append(t.told, told{e.Number, logs[0].BlockHash})
	if over := len(t.told) - toldBlocks; over > 0 {
		t.lost = t.told[over-1].number
		t.told = t.told[over:]
	}
	return logs, nil
}

// rewind takes back what was told of blocks above number, newest first.
func (t *logTail) rewind(number uint64) ([]*types.Log, error) {
	if number < t.lost {
		return nil, errForgotten
	}
	var logs []*types.Log
	for len(t.told) > 0 {
		last := t.told[len(t.told)-1]
		if last.number <= number {
			break
		}
		held, ok := t.b.kept.get(last.hash)
		if !ok {
			return nil, errForgotten
		}
		for i := len(held) - 1; i >= 0; i-- {
			if t.wanted.match(held[i]) {
				gone := *held[i]
				gone.Removed = true
				logs = append(logs, &gone)
			}
		}
		t.told = t.told[:len(t.told)-1]
	}
	return logs, nil
}

// keptLogs are the logs of the blocks that followers were told of last. The chain forgets what a rollback drops; here it is still known.
type keptLogs struct {
	most int // bytes

	mu    sync.Mutex
	bytes int                                     // guarded by mu
	byID  lru.BasicLRU[common.Hash, []*types.Log] // guarded by mu; all logs of a block, by its hash
}

func newKeptLogs(most int) *keptLogs {
	return &keptLogs{most: most, byID: lru.NewBasicLRU[common.Hash, []*types.Log](most)}
}

func (k *keptLogs) add(logs []*types.Log) {
	if len(logs) == 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.byID.Get(logs[0].BlockHash); ok {
		return
	}
	k.byID.Add(logs[0].BlockHash, logs)
	for k.bytes += sizeOf(logs); k.bytes > k.most; {
		_, gone, _ := k.byID.RemoveOldest()
		k.bytes -= sizeOf(gone)
	}
}

func (k *keptLogs) get(hash common.Hash) ([]*types.Log, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.byID.Peek(hash)
}

// sizeOf estimates what logs take, in bytes.
func sizeOf(logs []*types.Log) int {
	size := 0
	for _, log := range logs {
		size += logOverhead + len(log.Data)
	}
	return size
}

// newHead reads the block of an event: a new one, or the one that is gone back to. Nil if it was dropped since.
func (b *backend) newHead(e evm.Event) (*types.Header, error) {
	header, err := b.Chain.HeaderByNumber(e.Number)
	return absent(header, err)
}

// newHash is the hash of a new block; nil for a rollback, and for a block dropped since.
func (b *backend) newHash(e evm.Event) (*common.Hash, error) {
	if e.Rewound {
		return nil, nil //nolint:nilnil // nothing new
	}
	header, err := b.newHead(e)
	if header == nil {
		return nil, err
	}
	return ref(header.Hash()), nil
}
