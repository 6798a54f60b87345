package store

import (
	"container/list"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strconv"
	"sync"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// Location is where a transaction stands.
type Location struct {
	Height   uint64
	Position uint32 // in shared order
}

// bounds says whether the block of a height is there: the error wraps [ErrClosed], [ErrNotYet] or [ErrPruned].
func (s *Store) bounds(height uint64) error {
	s.mu.RLock()
	at, closed := s.tip, s.closed
	s.mu.RUnlock()
	switch {
	case closed:
		return ErrClosed
	case height > at.height:
		return fmt.Errorf("height %d, the head is %d: %w", height, at.height, ErrNotYet)
	case height < at.floor:
		return fmt.Errorf("height %d, the lowest is %d: %w", height, at.floor, ErrPruned)
	}
	return nil
}

// value reads what stands at a height under the prefix. A height that is pruned meanwhile is [ErrPruned] too.
func (s *Store) value(prefix byte, height uint64) ([]byte, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.work.Done()
	if err := s.bounds(height); err != nil {
		return nil, err
	}
	raw, err := s.get(heightKey(prefix, height))
	if errors.Is(err, ErrNotFound) {
		if gone := s.bounds(height); gone != nil {
			return nil, gone
		}
	}
	return raw, err
}

// Header reads the header of a height.
func (s *Store) Header(height uint64) (block.Header, error) {
	raw, err := s.value(prefixHeader, height)
	if err != nil {
		return block.Header{}, fmt.Errorf("read header: %w", err)
	}
	return block.DecodeHeader(raw)
}

// Body reads the encoded body of a height.
func (s *Store) Body(height uint64) ([]byte, error) {
	raw, err := s.value(prefixPlace, height)
	if err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	at, err := decodePlace(raw)
	if err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	body, err := s.files.read(at, height)
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.Join(s.bounds(height), err) // pruned meanwhile
	}
	if err != nil {
		return nil, fmt.Errorf("read body of height %d: %w", height, err)
	}
	return body, nil
}

// Cached returns the contents of a height if they are in memory, else nil. The caller must not change them.
func (s *Store) Cached(height uint64) *block.Contents { return s.blocks.get(height) }

// Contents reads and assembles the body of a height; the newest and the last used ones are kept in memory, and callers that ask for the same one
// at once share the work. The caller must not change them.
func (s *Store) Contents(height uint64) (*block.Contents, error) {
	if err := s.bounds(height); err != nil {
		return nil, fmt.Errorf("read contents: %w", err)
	}
	if c := s.blocks.get(height); c != nil {
		return c, nil
	}
	v, err, _ := s.load.Do(strconv.FormatUint(height, 10), func() (any, error) {
		if c := s.blocks.get(height); c != nil {
			return c, nil
		}
		raw, err := s.Body(height)
		if err != nil {
			return nil, err
		}
		c, err := s.assemble(raw)
		if err != nil {
			return nil, err
		}
		s.blocks.add(height, c, len(raw))
		return c, nil
	})
	if err != nil {
		return nil, fmt.Errorf("read contents of height %d: %w", height, err)
	}
	return v.(*block.Contents), nil //nolint:errcheck,forcetypeassert // the function above returns nothing else
}

func (s *Store) assemble(raw []byte) (*block.Contents, error) {
	body, err := block.DecodeBody(raw, math.MaxInt, tx.Decode)
	if err != nil {
		return nil, err
	}
	return block.Assemble(body, block.AsListed)
}

// Tx finds an included transaction; [ErrNotFound] if there is none. Locations outlive pruning.
func (s *Store) Tx(id common.Hash) (Location, error) {
	if err := s.enter(); err != nil {
		return Location{}, err
	}
	defer s.work.Done()
	var l Location
	err := s.read(key(prefixTx, id[:]...), func(raw []byte) (err error) {
		l, err = decodeLocation(raw)
		return err
	})
	if err != nil {
		return Location{}, fmt.Errorf("find transaction %s: %w", id, err)
	}
	if l.Height > s.at().height { // written, and not the head yet: its block cannot be read
		return Location{}, fmt.Errorf("find transaction %s: %w", id, ErrNotFound)
	}
	return l, nil
}

// blockCacheLRU keeps assembled blocks, the last used ones up to so many bytes.
type blockCacheLRU struct {
	limit int // bytes

	mu    sync.Mutex // guards what follows
	bytes int
	order list.List // of *cachedBlock, the last used first
	index map[uint64]*list.Element
}

type cachedBlock struct {
	height   uint64
	contents *block.Contents
	bytes    int
}

func newBlockCache(limit int) *blockCacheLRU {
	return &blockCacheLRU{limit: limit, index: make(map[uint64]*list.Element)}
}

func (c *blockCacheLRU) get(height uint64) *block.Contents {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.index[height]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*cachedBlock).contents //nolint:errcheck,forcetypeassert // the list holds nothing else
}

// add keeps a block whose encoded body has so many bytes; in memory it takes twice that (encodings, and their legs), its lanes, and some for an
// empty one.
func (c *blockCacheLRU) add(height uint64, contents *block.Contents, body int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.index[height] != nil {
		return
	}
	entry := &cachedBlock{height, contents, 2*body + 4<<10}
	for i := range contents.Lanes {
		entry.bytes += len(contents.Lanes[i].Data)
	}
	c.index[height] = c.order.PushFront(entry)
	c.bytes += entry.bytes
	for c.bytes > c.limit && c.order.Len() > 1 {
		oldest := c.order.Remove(c.order.Back()).(*cachedBlock) //nolint:errcheck,forcetypeassert // the list holds nothing else
		delete(c.index, oldest.height)
		c.bytes -= oldest.bytes
	}
}
