package ethapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/rollups/evm"
)

const (
	maxTopics    = 4 // positions of a log's topics: the EVM's LOG4
	searchAgain  = 3 // times that a search begins anew when a rollback crosses it
	checkedEvery = 64
)

// criteria select logs. In JSON address is one or a list, a topic one, a list or null for any.
type criteria struct {
	BlockHash *common.Hash
	From, To  *rpc.BlockNumber
	Addresses []common.Address
	Topics    [][]common.Hash // by position; empty for any
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *criteria) UnmarshalJSON(data []byte) error {
	var raw struct {
		BlockHash *common.Hash      `json:"blockHash"`
		From      *rpc.BlockNumber  `json:"fromBlock"`
		To        *rpc.BlockNumber  `json:"toBlock"`
		Address   json.RawMessage   `json:"address"`
		Topics    []json.RawMessage `json:"topics"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	if raw.BlockHash != nil && (raw.From != nil || raw.To != nil) {
		return errors.New("cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other")
	}
	if len(raw.Topics) > maxTopics {
		return fmt.Errorf("too many topics: %d positions, a log has %d", len(raw.Topics), maxTopics)
	}
	c.BlockHash, c.From, c.To = raw.BlockHash, raw.From, raw.To
	var err error
	if c.Addresses, err = oneOrMany[common.Address](raw.Address); err != nil {
		return fmt.Errorf("invalid address: %w", err)
	}
	for i, position := range raw.Topics {
		topics, err := oneOrMany[common.Hash](position)
		if err != nil {
			return fmt.Errorf("invalid topic %d: %w", i, err)
		}
		c.Topics = append(c.Topics, topics)
	}
	return nil
}

// oneOrMany reads a value, a list of values, or null for any. Null within a list means any, too.
func oneOrMany[T any](data json.RawMessage) ([]T, error) {
	if len(data) == 0 || string(data) == "null" {
		return nil, nil
	}
	if data[0] != '[' {
		var one T
		err := json.Unmarshal(data, &one)
		return []T{one}, err
	}
	var many []*T
	if err := json.Unmarshal(data, &many); err != nil {
		return nil, err
	}
	out := make([]T, 0, len(many))
	for _, v := range many {
		if v == nil {
			return nil, nil
		}
		out = append(out, *v)
	}
	return out, nil
}

// validate holds the criteria against the limits.
func (c *criteria) validate(l Limits) error {
	if len(c.Addresses) > l.LogAddresses {
		return exceeded("too many addresses: %d, at most %d", len(c.Addresses), l.LogAddresses)
	}
	for _, topics := range c.Topics {
		if len(topics) > l.LogAddresses {
			return exceeded("too many topics of one position: %d, at most %d", len(topics), l.LogAddresses)
		}
	}
	return nil
}

// live holds criteria for logs to come against the limits.
func (c *criteria) live(l Limits) error {
	if c.BlockHash != nil {
		return invalid("blockHash names a block that is there: use eth_getLogs")
	}
	return c.validate(l)
}

// within says whether blocks of this number are wanted. Tags bound nothing: what comes is after them.
func (c *criteria) within(number uint64) bool {
	return (c.From == nil || *c.From < 0 || number >= uint64(*c.From)) && (c.To == nil || *c.To < 0 || number <= uint64(*c.To))
}

// mayMatch tests a block's bloom: false means that no log of it matches.
func (c *criteria) mayMatch(bloom types.Bloom) bool {
	if len(c.Addresses) > 0 && !slices.ContainsFunc(c.Addresses, func(a common.Address) bool { return bloom.Test(a[:]) }) {
		return false
	}
	for _, topics := range c.Topics {
		if len(topics) > 0 && !slices.ContainsFunc(topics, func(t common.Hash) bool { return bloom.Test(t[:]) }) {
			return false
		}
	}
	return true
}

func (c *criteria) match(log *types.Log) bool {
	if len(c.Addresses) > 0 && !slices.Contains(c.Addresses, log.Address) {
		return false
	}
	if len(c.Topics) > len(log.Topics) {
		return false
	}
	for i, topics := range c.Topics {
		if len(topics) > 0 && !slices.Contains(topics, log.Topics[i]) {
			return false
		}
	}
	return true
}

// logsAPI searches logs.
type logsAPI struct{ b *backend }

// GetLogs is eth_getLogs.
func (a *logsAPI) GetLogs(ctx context.Context, c criteria) ([]*types.Log, error) {
	return a.b.search(ctx, c)
}

// search finds logs in the range of the criteria, latest alone if it names none. All of them are of one chain: a search that a rollback crosses
// begins anew.
func (b *backend) search(ctx context.Context, c criteria) ([]*types.Log, error) {
	if err := c.validate(b.Limits); err != nil {
		return nil, err
	}
	began := time.Now()
	own, done, err := b.work(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	defer func() { b.metrics.work.WithLabelValues("logs").Observe(time.Since(began).Seconds()) }()
	for range searchAgain {
		logs, err := b.scan(own, c)
		if !errors.Is(err, evm.ErrNotFound) {
			return logs, err
		}
	}
	return nil, errNoHeader
}

// scan searches once. evm.ErrNotFound says that a rollback came between.
func (b *backend) scan(ctx context.Context, c criteria) ([]*types.Log, error) {
	from, to, err := b.span(c)
	if err != nil || from > to {
		return []*types.Log{}, err
	}
	tip, err := b.Chain.HeaderByNumber(to)
	if err != nil {
		return nil, err
	}
	out, size := []*types.Log{}, 0
	for n := from; n <= to; n++ {
		if (n-from)%checkedEvery == 0 && ctx.Err() != nil {
			return nil, b.stopped(ctx)
		}
		_, logs, err := b.blockLogs(n, &c)
		if err != nil {
			return nil, err
		}
		out, size = append(out, logs...), size+sizeOf(logs)
		switch {
		case len(out) > b.Limits.Logs:
			return nil, exceeded("query returned more than %d results: ask for fewer blocks than %d to %d", b.Limits.Logs, from, n)
		case size > b.Limits.Response:
			return nil, exceeded("query returned more than %d bytes: ask for fewer blocks than %d to %d", b.Limits.Response, from, n)
		}
	}
	if _, err := b.Chain.NumberOf(tip.Hash()); err != nil {
		return nil, err
	}
	return out, nil
}

// span is the blocks of the criteria; empty (from above to) if they lie above the head.
func (b *backend) span(c criteria) (from, to uint64, err error) {
	if c.BlockHash != nil {
		number, err := b.Chain.NumberOf(*c.BlockHash)
		if errors.Is(err, evm.ErrNotFound) {
			err = errNoBlock
		}
		return number, number, err
	}
	from, to = b.latest(), b.latest()
	if c.From != nil {
		if from, err = b.number(*c.From); err != nil {
			return 0, 0, err
		}
	}
	if c.To != nil {
		if to, err = b.number(*c.To); err != nil {
			return 0, 0, err
		}
		if c.From != nil && *c.From >= 0 && *c.To >= 0 && from > to {
			return 0, 0, invalid("invalid block range params")
		}
	}
	if to = min(to, b.latest()); from <= to && to-from >= b.Limits.LogBlocks {
		return 0, 0, exceeded("block range too large: %d blocks, at most %d", to-from+1, b.Limits.LogBlocks)
	}
	return from, to, nil
}

// blockLogs reads a block's logs, unless its bloom says that none matches, and those that do.
func (b *backend) blockLogs(number uint64, c *criteria) (all, logs []*types.Log, err error) {
	header, err := b.Chain.HeaderByNumber(number)
	if err != nil || !c.mayMatch(header.Bloom) {
		return nil, nil, err
	}
	if all, err = b.Chain.LogsByNumber(number); err != nil {
		return nil, nil, err
	}
	for _, log := range all {
		if c.match(log) {
			logs = append(logs, log)
		}
	}
	return all, logs, nil
}
