package reader

import (
	"context"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/da/batch"
	"github.com/lockstep-network/lockstep/namespaces"
)

// maxChunkIndex bounds, in bytes, what is remembered of unfinished sets of chunks besides their parts. Who wants to push an honest set out
// must write about as much onto the DA layer within the window.
const maxChunkIndex = 16 << 20

// part is where one part of a chunked batch stands.
type part struct {
	at   uint64 // DA height, the newest if it stands there twice; 0 while missing
	hash common.Hash
}

// chunkSet is a batch of which some chunks have come.
type chunkSet struct {
	queued uint64 // DA height by which it stands in chunks.order
	last   uint64 // DA height of the newest chunk
	parts  []part
	data   [][]byte // in step with parts; nil when missing or not kept
	bytes  int      // of data
}

// complete says whether all parts stand within the window that ends at a DA height.
func (s *chunkSet) complete(height uint64) bool {
	for _, p := range s.parts {
		if p.at == 0 || p.at+Window < height {
			return false
		}
	}
	return true
}

func (s *chunkSet) index() int { return 128 + 80*len(s.parts) }

// chunks are the unfinished sets.
type chunks struct {
	sets  map[common.Hash]*chunkSet
	order []common.Hash // by queued
	index int           // bytes
}

// whole returns what a blob is or completes: its own bytes, or those of the batch whose last chunk it is, then with the places of the parts.
// Nothing if the blob is a chunk that completes nothing, or rubbish, which is counted.
func (m *machine) whole(ctx context.Context, height uint64, ns namespaces.Namespace, raw []byte) ([]byte, []part, error) {
	switch kind := kindOf(raw); {
	case kind == 0:
		m.ignore(Malformed)
	case kind == batch.KindChunk:
		return m.chunk(ctx, height, ns, raw)
	case ofHeaders(kind) != (ns == namespaces.Headers()):
		m.ignore(Misplaced)
	default:
		return raw, nil, nil
	}
	return nil, nil, nil
}

// ofHeaders says whether a kind stands under the headers' namespace.
func ofHeaders(k batch.Kind) bool { return k == batch.KindHeaders || k == batch.KindLinks }

// kindOf is the kind of an encoded batch or chunk; 0 for rubbish.
func kindOf(raw []byte) batch.Kind {
	kind, err := batch.Peek(raw)
	if err != nil {
		return 0
	}
	return kind
}

// chunkOf decodes a chunk that stands under a namespace, or says why it is ignored.
func (m *machine) chunkOf(ns namespaces.Namespace, raw []byte) (c batch.Chunk, why Reason) {
	c, err := batch.DecodeChunk(raw)
	switch {
	case err != nil:
		return c, Malformed
	case c.ChainID != m.tip.ChainID:
		return c, OtherChain
	case c.Namespace != ns:
		return c, Misplaced
	}
	return c, ""
}

func (m *machine) chunk(ctx context.Context, height uint64, ns namespaces.Namespace, raw []byte) ([]byte, []part, error) {
	c, why := m.chunkOf(ns, raw)
	if why != "" {
		m.ignore(why)
		return nil, nil, nil
	}
	id := c.ID()
	s := m.chunks.sets[id]
	if s == nil {
		s = m.begin(id, height, c)
	}
	s.parts[c.Index].at, s.last = height, height
	complete := s.complete(height)
	switch {
	case s.data[c.Index] != nil:
	case m.bytes+len(c.Part) <= m.cfg.Limits.HeldBytes:
		s.data[c.Index] = c.Part
		s.bytes += len(c.Part)
		m.bytes += len(c.Part)
	case complete:
		s.data[c.Index] = c.Part // only until it is joined
	}
	if !complete {
		return nil, nil, nil
	}
	m.bytes -= s.bytes
	m.chunks.remove(id)
	if err := m.fill(ctx, ns, s.parts, s.data); err != nil {
		return nil, nil, err
	}
	joined, bad := batch.Join(s.data)
	kind := kindOf(joined)
	if bad != nil || kind == batch.KindChunk || ofHeaders(kind) != (ns == namespaces.Headers()) || kind == 0 {
		m.ignore(Malformed)
		return nil, nil, nil //nolint:nilerr // rubbish is counted, not an error
	}
	return joined, s.parts, nil
}

func (m *machine) begin(id common.Hash, height uint64, c batch.Chunk) *chunkSet {
	s := &chunkSet{queued: height, parts: make([]part, len(c.Hashes)), data: make([][]byte, len(c.Hashes))}
	for i, h := range c.Hashes {
		s.parts[i].hash = h
	}
	m.chunks.sets[id] = s
	m.chunks.order = append(m.chunks.order, id)
	m.chunks.index += s.index()
	for m.chunks.index > maxChunkIndex {
		oldest := m.chunks.order[0]
		m.bytes -= m.chunks.sets[oldest].bytes
		m.chunks.remove(oldest)
		m.ignore(Forgotten)
	}
	return s
}

// fill reads the parts again that were not kept.
func (m *machine) fill(ctx context.Context, ns namespaces.Namespace, parts []part, data [][]byte) error {
	for i := range parts {
		if data[i] != nil {
			continue
		}
		blobs, err := m.reread(ctx, parts[i].at, ns)
		if err != nil {
			return err
		}
		for _, b := range blobs {
			c, err := batch.DecodeChunk(b.Data)
			if err != nil {
				continue
			}
			for k := range parts { // a DA height often has several
				if data[k] == nil && parts[k].hash == c.Hashes[c.Index] {
					data[k] = c.Part
				}
			}
		}
		if data[i] == nil {
			return fmt.Errorf("chunk at DA height %d: %w", parts[i].at, errVanished)
		}
	}
	return nil
}

func (c *chunks) remove(id common.Hash) {
	c.index -= c.sets[id].index()
	delete(c.sets, id)
	if c.order[0] == id {
		c.order = c.order[1:]
		return
	}
	c.order = slices.Delete(c.order, slices.Index(c.order, id), slices.Index(c.order, id)+1)
}

// expire forgets sets whose newest chunk stands more than [Window] before a DA height, and returns the bytes that it let go.
func (c *chunks) expire(height uint64) (bytes int) {
	for len(c.order) > 0 && c.sets[c.order[0]].queued+Window < height {
		id := c.order[0]
		s := c.sets[id]
		if s.last+Window < height {
			bytes += s.bytes
			c.remove(id)
			continue
		}
		s.queued = s.last
		c.order = append(c.order[1:], id)
	}
	return bytes
}
