package ethapi

import (
	"errors"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/lockstep-network/lockstep/rollups/evm"
)

// maxTold is how many logs a filter or subscription remembers to take back. A rollback below them ends it: a silent gap would be worse.
const maxTold = 16_384

var errForgotten = errors.New("the chain was rolled back further than this filter or subscription remembers: begin a new one")

// logTail turns the events of a cursor into logs: new ones, and those that a rollback dropped. One goroutine at a time.
type logTail struct {
	b      *backend
	wanted criteria
	told   []*types.Log // in the order of the chain, shared with it
	lost   uint64       // newest block of which told has lost a log
}

// take returns the logs of an event.
func (t *logTail) take(e evm.Event) ([]*types.Log, error) {
	if e.Rewound {
		return t.rewind(e.Number)
	}
	if !t.wanted.within(e.Number) {
		return nil, nil
	}
	logs, err := t.b.blockLogs(e.Number, &t.wanted)
	if errors.Is(err, evm.ErrNotFound) {
		return nil, nil // dropped since; the next event says so
	}
	if err != nil {
		return nil, err
	}
	t.told = append(t.told, logs...)
	if over := len(t.told) - maxTold; over > 0 {
		t.lost = t.told[over-1].BlockNumber
		t.told = append(t.told[:0:0], t.told[over:]...)
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
		if last.BlockNumber <= number {
			break
		}
		gone := *last
		gone.Removed = true
		logs = append(logs, &gone)
		t.told = t.told[:len(t.told)-1]
	}
	return logs, nil
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
