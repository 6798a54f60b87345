package ethereum

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/rpc"
	"golang.org/x/sync/errgroup"

	"github.com/lockstep-network/lockstep/da"
)

// Bounds of what is read ahead and kept of the chain.
const (
	blocksPerBatch  = 16
	batchesInFlight = 4
	keptBlocks      = 4096     // what they hold for the inbox
	keptCalldata    = 32 << 20 // bytes of calldata containers in them
)

// block is what an L1 block holds for the inbox.
type block struct {
	number, time uint64
	hash, parent common.Hash
	txs          []inboxTx     // in their order
	blobs        []common.Hash // versioned hashes of all the block's blobs, in their order
	fetch        chan struct{} // one token: who holds it fetches the block's blobs
}

// inboxTx is a transaction that may be a container: data or blobs.
type inboxTx struct {
	calldata []byte
	frames   []frame // of calldata
	blobs    []common.Hash
}

func (b *block) calldata() (n int) {
	for _, tx := range b.txs {
		n += len(tx.calldata)
	}
	return n
}

// header is what all blocks have in their short form.
type header struct {
	Number        hexutil.Uint64 `json:"number"`
	Hash          common.Hash    `json:"hash"`
	ParentHash    common.Hash    `json:"parentHash"`
	Timestamp     hexutil.Uint64 `json:"timestamp"`
	BaseFeePerGas *hexutil.Big   `json:"baseFeePerGas"`
}

type fullBlock struct {
	header
	Transactions []struct {
		To    *common.Address `json:"to"`
		Input json.RawMessage `json:"input"`
		Blobs []common.Hash   `json:"blobVersionedHashes"`
	} `json:"transactions"`
}

// chain reads the execution node's blocks and keeps what stands in them for the inbox.
type chain struct {
	node  *node
	inbox common.Address

	mu       sync.Mutex // guards the fields below
	head     header
	final    uint64
	era      uint64            // grows when kept blocks were dropped because of a reorganisation
	kept     map[uint64]*block // canonical, as far as head tells
	order    []uint64          // of kept, the oldest entry first
	calldata int               // bytes in kept
}

func newChain(n *node, inbox common.Address) *chain {
	return &chain{node: n, inbox: inbox, kept: make(map[uint64]*block)}
}

// refresh looks at the head. Blocks above final are forgotten unless the new head stands on the one known before.
func (c *chain) refresh(ctx context.Context) (head header, final uint64, err error) {
	var latest, finalized *header
	elems := []rpc.BatchElem{
		{Method: "eth_getBlockByNumber", Args: []any{"latest", false}, Result: &latest},
		{Method: "eth_getBlockByNumber", Args: []any{"finalized", false}, Result: &finalized},
	}
	if err := c.node.batch(ctx, elems); err != nil {
		return header{}, 0, err
	}
	if err := elems[0].Error; err != nil {
		return header{}, 0, unavailable(err)
	}
	if latest == nil {
		return header{}, 0, fmt.Errorf("the node knows no latest block: %w", da.ErrUnavailable)
	}
	if elems[1].Error == nil && finalized != nil { // before the first epoch ends nodes have no finalized block
		final = uint64(finalized.Number)
	}
	linked, err := c.linked(ctx, *latest)
	if err != nil {
		return header{}, 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !linked {
		c.drop()
	}
	c.head = *latest
	c.final = max(c.final, min(final, uint64(latest.Number)))
	return c.head, min(c.final, uint64(latest.Number)), nil
}

// linked says whether a new head stands on the one known before. A few blocks between are looked at.
func (c *chain) linked(ctx context.Context, latest header) (bool, error) {
	c.mu.Lock()
	known := c.head
	c.mu.Unlock()
	switch {
	case latest.Hash == known.Hash, latest.ParentHash == known.Hash:
		return true, nil
	case known.Hash == common.Hash{}, latest.Number <= known.Number+1, latest.Number > known.Number+blocksPerBatch:
		return false, nil
	}
	between := make([]*header, latest.Number-known.Number-1)
	elems := make([]rpc.BatchElem, len(between))
	for i := range elems {
		elems[i] = rpc.BatchElem{Method: "eth_getBlockByNumber", Args: []any{known.Number + hexutil.Uint64(i) + 1, false}, Result: &between[i]}
	}
	if err := c.node.batch(ctx, elems); err != nil {
		return false, err
	}
	parent := known.Hash
	for i, b := range between {
		if elems[i].Error != nil || b == nil || b.ParentHash != parent {
			return false, nil
		}
		parent = b.Hash
	}
	return latest.ParentHash == parent, nil
}

// drop forgets what may have been reorganised. The lock is held.
func (c *chain) drop() {
	c.era++
	order := c.order[:0]
	for _, n := range c.order {
		if n <= c.final {
			order = append(order, n)
			continue
		}
		c.calldata -= c.kept[n].calldata()
		delete(c.kept, n)
	}
	c.order = order
}

// at returns a block that is at or below the head.
func (c *chain) at(ctx context.Context, height uint64) (*block, error) {
	head, _, err := c.refresh(ctx)
	if err != nil {
		return nil, err
	}
	if height > uint64(head.Number) {
		return nil, fmt.Errorf("L1 block %d, the head is %d: %w", height, head.Number, da.ErrNotYet)
	}
	blocks, err := c.blocks(ctx, height, height)
	if err != nil {
		return nil, err
	}
	return blocks[0], nil
}

// seek returns the lowest height from one on whose block holds something for the inbox, or the one above the head.
func (c *chain) seek(ctx context.Context, from uint64) (uint64, error) {
	head, _, err := c.refresh(ctx)
	if err != nil {
		return 0, err
	}
	top := uint64(head.Number)
	for from <= top {
		to := min(top, from+blocksPerBatch*batchesInFlight-1)
		blocks, err := c.blocks(ctx, from, to)
		if err != nil {
			return 0, err
		}
		for _, b := range blocks {
			if len(b.txs) > 0 {
				return b.number, nil
			}
		}
		from = to + 1
	}
	return top + 1, nil
}

// blocks returns a range of blocks, from memory or from the node in batches, several at once.
func (c *chain) blocks(ctx context.Context, from, to uint64) ([]*block, error) {
	out := make([]*block, to-from+1)
	var missing []uint64
	c.mu.Lock()
	era := c.era
	for i := range out {
		n := from + uint64(i)
		if out[i] = c.kept[n]; out[i] == nil {
			missing = append(missing, n)
		}
	}
	c.mu.Unlock()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(batchesInFlight)
	for len(missing) > 0 {
		part := missing[:min(len(missing), blocksPerBatch)]
		missing = missing[len(part):]
		group.Go(func() error {
			blocks, err := c.load(ctx, part)
			for _, b := range blocks {
				out[b.number-from] = b
				c.keep(b, era)
			}
			return err
		})
	}
	return out, group.Wait()
}

// load reads blocks from the node.
func (c *chain) load(ctx context.Context, numbers []uint64) ([]*block, error) {
	full := make([]*fullBlock, len(numbers))
	elems := make([]rpc.BatchElem, len(numbers))
	for i, n := range numbers {
		elems[i] = rpc.BatchElem{Method: "eth_getBlockByNumber", Args: []any{hexutil.Uint64(n), true}, Result: &full[i]}
	}
	if err := c.node.batch(ctx, elems); err != nil {
		return nil, err
	}
	blocks := make([]*block, len(numbers))
	for i, f := range full {
		switch {
		case elems[i].Error != nil:
			return nil, fmt.Errorf("read L1 block %d: %w", numbers[i], unavailable(elems[i].Error))
		case f == nil || uint64(f.Number) != numbers[i]:
			return nil, fmt.Errorf("read L1 block %d: the node does not have it: %w", numbers[i], da.ErrUnavailable)
		}
		blocks[i] = c.inspect(f)
	}
	return blocks, nil
}

// unavailable makes a refusal that is none of the layer's errors one.
func unavailable(err error) error {
	if refused(err) && !errors.Is(err, da.ErrGone) {
		return fmt.Errorf("%w: %w", err, da.ErrUnavailable)
	}
	return err
}

// inspect picks what may be a container. What is not one by its calldata's directory is passed over here.
func (c *chain) inspect(f *fullBlock) *block {
	b := &block{number: uint64(f.Number), time: uint64(f.Timestamp), hash: f.Hash, parent: f.ParentHash, fetch: make(chan struct{}, 1)}
	for _, tx := range f.Transactions {
		b.blobs = append(b.blobs, tx.Blobs...)
		if tx.To == nil || *tx.To != c.inbox {
			continue
		}
		if len(tx.Blobs) > 0 {
			if len(tx.Blobs) <= maxBlobs {
				b.txs = append(b.txs, inboxTx{blobs: tx.Blobs})
			}
			continue
		}
		var data hexutil.Bytes
		if len(tx.Input) > 2*maxCalldata+4 || json.Unmarshal(tx.Input, &data) != nil {
			continue
		}
		if frames, err := calldataDirectory(data); err == nil {
			b.txs = append(b.txs, inboxTx{calldata: data, frames: frames})
		}
	}
	return b
}

// keep remembers a block that was read in an era, unless that is over.
func (c *chain) keep(b *block, era uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if era != c.era || c.kept[b.number] != nil {
		return
	}
	c.kept[b.number] = b
	c.order = append(c.order, b.number)
	c.calldata += b.calldata()
	for len(c.order) > keptBlocks || c.calldata > keptCalldata && len(c.order) > 1 {
		c.calldata -= c.kept[c.order[0]].calldata()
		delete(c.kept, c.order[0])
		c.order = c.order[1:]
	}
}
