package reader

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/batch"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/lane"
)

// Window is how many DA heights a lane may stand before its header, and the first chunk of a batch before the last, and still count
// (specs/06-da-batches.md, "Window"). It bounds what a reader must remember, and read again after a restart.
const Window = 128

// historyBlock is how many shared heights below the tip are remembered by their hashes, at least, to see rivals.
const historyBlock = 8192

// held is a certified block that was not given yet.
type held struct {
	batch.Certified
	headerDA uint64
	linksDA  uint64     // DA height of the oldest links that were known when the header came
	lanes    []heldLane // of the namespaces asked for, ascending
	missing  int

	publisher common.Address // whom the headers and all lanes found so far name; zero if not all the same
	bytes     uint64         // what the header and the lanes found so far count for
}

// credit notes that a part of the block was found in a blob that names a publisher.
func (h *held) credit(publisher common.Address, bytes uint64) {
	h.bytes += bytes
	if publisher != h.publisher {
		h.publisher = common.Address{}
	}
}

type heldLane struct {
	leaf lane.Leaf
	data []byte // nil while missing, or when not kept: then it is read again
	from source // at = 0 while missing
}

// source is where a lane stands: in a blob of a DA height, or in chunks, whose last one completed it at that height.
type source struct {
	at    uint64
	index int // among the blobs of its namespace there
	parts []part
}

type rereadFunc func(ctx context.Context, height uint64, ns namespaces.Namespace) ([]da.Blob, error)

// machine is the reader without its clock and threads: DA heights in, in order; blocks out. A failed take leaves it unfit for use.
type machine struct {
	cfg    Config
	codec  *batch.Codec
	reread rereadFunc
	from   cursor // DA heights below which headers and links are passed over: only lanes are read there

	tip     cert.Trust
	marks   *cert.Marks // noted by their DA heights
	past    history
	queue   []held // ascending, the next to be given first
	resume  cursor // from which headers were passed over because the queue was full; zero if none were
	scanned uint64

	stash   []stashed // lanes whose headers have not come, in DA order
	dropped []dropped // places of lanes that were not kept, in DA order
	chunks  chunks
	bytes   int // of queue, stash and chunks

	unread []namespaces.Namespace // that headers name and that are to be read too

	ignored map[Reason]uint64
}

func newMachine(cfg Config, codec *batch.Codec, after cert.Trust, from cursor, reread rereadFunc) *machine {
	m := &machine{cfg: cfg, codec: codec, reread: reread, from: from, tip: after, marks: new(cert.Marks), ignored: map[Reason]uint64{}}
	m.past.add(after)
	m.chunks.sets = map[common.Hash]*chunkSet{}
	return m
}

func (m *machine) ignore(why Reason) { m.ignored[why]++ }

// take looks at all that stands at a DA height: headers first, so that it does not matter where in the block they are.
func (m *machine) take(ctx context.Context, f fetched) error {
	m.expire(f.height)
	before := m.tip.Height
	for _, b := range f.headers {
		raw, _, err := m.whole(ctx, f.height, namespaces.Headers(), b.Data)
		if err != nil {
			return err
		}
		switch {
		case raw == nil:
		case kindOf(raw) == batch.KindLinks:
			err = m.takeLinks(f.height, raw)
		case f.height >= m.from.headers:
			err = m.takeHeaders(f.height, raw)
		}
		if err != nil {
			return err
		}
	}
	if m.tip.Height > before {
		if err := m.matchEarlier(ctx); err != nil {
			return err
		}
	}
	for i, blobs := range f.lanes {
		for k, b := range blobs {
			raw, parts, err := m.whole(ctx, f.height, m.cfg.Namespaces[i], b.Data)
			if err != nil {
				return err
			}
			if raw != nil {
				m.takeLanes(m.cfg.Namespaces[i], raw, source{f.height, k, parts}, true)
			}
		}
	}
	m.scanned = f.height
	return nil
}

// takeHeaders applies the fork choice to one blob: the only error is a conflict.
func (m *machine) takeHeaders(height uint64, raw []byte) error {
	var fresh []batch.Certified
	p, err := batch.DecodeHeaders(raw)
	switch {
	case err != nil:
	case p.ChainID != m.tip.ChainID:
		m.ignore(OtherChain)
	case p.Certificate.Height <= m.tip.Height:
		return m.takeOld(p)
	case m.resume.headers > 0: // what was passed over comes first, or P(H) would tell of this reader's memory
	case len(m.queue) >= m.cfg.Limits.HeldBlocks:
		m.resume = cursor{headers: height, links: m.oldestLinks(height)}
	default:
		fresh, err = m.extend(p)
	}
	oldest := m.oldestLinks(height)
	for _, c := range fresh {
		m.push(c, p, height, oldest)
	}
	if len(fresh) > 0 {
		m.marks.Raise(m.tip)
	}
	var conflict *cert.ErrConflict
	if err == nil || errors.As(err, &conflict) {
		return err
	}
	m.ignore(reasonOf(err))
	return nil
}

// extend verifies a run on top of the tip, the cheap checks first.
func (m *machine) extend(p batch.PackedHeaders) ([]batch.Certified, error) {
	if err := p.Worth(m.tip, m.marks); err != nil {
		return nil, err
	}
	h, err := m.codec.Open(p)
	if err != nil {
		return nil, err
	}
	return h.Check(m.tip, m.marks)
}

// reasonOf is the one place where errors of a batch become reasons.
func reasonOf(err error) Reason {
	switch {
	case errors.Is(err, batch.ErrKnown):
		return Known
	case errors.Is(err, batch.ErrGap):
		return Gap
	case errors.Is(err, cert.ErrUncertified):
		return Uncertified
	case errors.Is(err, batch.ErrLinks), errors.Is(err, cert.ErrRun):
		return Unlinked
	case errors.Is(err, batch.ErrTable):
		return BadTable
	}
	return Malformed
}

// takeLinks keeps the marks of links: the only error is a conflict.
func (m *machine) takeLinks(height uint64, raw []byte) error {
	if height < m.from.links || m.resume.headers > 0 { // as with headers: in their order
		return nil
	}
	p, err := batch.DecodeLinks(raw)
	if err == nil && p.ChainID != m.tip.ChainID {
		m.ignore(OtherChain)
		return nil
	}
	if err == nil {
		err = p.Worth(m.tip, m.marks)
	}
	var l cert.Links
	if err == nil {
		l, err = m.codec.OpenLinks(p)
	}
	if err == nil {
		err = m.marks.Take(m.tip, l, height)
	}
	var conflict *cert.ErrConflict
	if err == nil || errors.As(err, &conflict) {
		return err
	}
	m.ignore(reasonOf(err))
	return nil
}

// oldestLinks is the lowest DA height of links that must be read to know the marks that are known at a DA height; this one if none are.
func (m *machine) oldestLinks(height uint64) uint64 {
	if oldest, found := m.marks.Oldest(); found {
		return min(oldest, height)
	}
	return height
}

// takeOld looks at a run that ends at or below the tip: nothing new, unless the operators of that height have certified another header.
func (m *machine) takeOld(p batch.PackedHeaders) error {
	c := p.Certificate
	known, set, ok := m.past.at(c.Height)
	switch {
	case !ok || known == c.HeaderHash:
		m.ignore(Known)
		return nil
	case c.Verify(m.tip.ChainID, set) != nil:
		m.ignore(Uncertified)
		return nil
	}
	run := cert.Run{Certificate: c, Next: p.Next} // the certificate alone proves it; the headers are kept if they are there
	if h, err := m.codec.Open(p); err == nil {
		for _, b := range h.Blocks {
			run.Headers = append(run.Headers, b.Header)
		}
	}
	return &cert.ErrConflict{Height: c.Height, Known: known, Run: run}
}

func (m *machine) push(c batch.Certified, p batch.PackedHeaders, height, oldest uint64) {
	h := held{Certified: c, headerDA: height, linksDA: oldest, publisher: p.Publisher, bytes: p.Each()}
	if m.cfg.Whole {
		for _, leaf := range c.Table.Leaves() {
			if _, read := slices.BinarySearchFunc(m.cfg.Namespaces, leaf.Namespace, namespaces.Namespace.Compare); !read {
				m.unread = append(m.unread, leaf.Namespace)
			}
		}
	}
	for _, ns := range m.cfg.Namespaces {
		if leaf, ok := c.Table.Leaf(ns); ok {
			h.lanes = append(h.lanes, heldLane{leaf: leaf})
		}
	}
	h.missing = len(h.lanes)
	h.Table = lane.Table{} // not needed any more, and large
	m.queue = append(m.queue, h)
	m.tip = c.Trust
	m.past.add(c.Trust)
}

// pop gives the next block if it is whole.
func (m *machine) pop(ctx context.Context) (Block, bool, error) {
	if len(m.queue) == 0 || m.queue[0].missing > 0 {
		return Block{}, false, nil
	}
	h := &m.queue[0]
	b := Block{
		Header: h.Header, Hash: h.Hash, Trust: h.Trust, Certificate: h.Certificate, Next: h.Next, DAHeight: h.headerDA,
		Publisher: h.publisher, Bytes: h.bytes,
	}
	for _, l := range h.lanes {
		data := l.data
		if data == nil {
			var err error
			if data, err = m.again(ctx, l.leaf, h.Header.Height, l.from); err != nil {
				return Block{}, false, fmt.Errorf("block %d: %w", h.Header.Height, err)
			}
		}
		b.Lanes = append(b.Lanes, block.Lane{Namespace: l.leaf.Namespace, Data: data})
		b.DAHeight = max(b.DAHeight, l.from.at)
	}
	for _, l := range h.lanes {
		m.bytes -= len(l.data)
	}
	m.queue[0] = held{}
	m.queue = m.queue[1:]
	return b, true, nil
}

// cursor is from where headers and links must be read to find the block after those given.
func (m *machine) cursor() cursor {
	switch {
	case len(m.queue) > 0:
		return cursor{headers: m.queue[0].headerDA, links: m.queue[0].linksDA}
	case m.resume.headers > 0:
		return m.resume
	}
	return cursor{headers: m.scanned + 1, links: m.oldestLinks(m.scanned + 1)}
}

// drained says that all is given and headers were passed over: the reader must go back to them.
func (m *machine) drained() bool { return len(m.queue) == 0 && m.resume.headers > 0 }

// withheld names what the next block lacks.
func (m *machine) withheld() []Missing {
	if len(m.queue) == 0 {
		return nil
	}
	var out []Missing
	for _, l := range m.queue[0].lanes {
		if l.from.at == 0 {
			out = append(out, Missing{m.queue[0].Header.Height, l.leaf.Namespace})
		}
	}
	return out
}

// history remembers the hashes of the newest heights, and the sets that certify them.
type history struct {
	first  uint64 // height of hashes[0]
	hashes []common.Hash
	sets   []cert.Trust // after which height which set certifies
}

func (h *history) add(t cert.Trust) {
	if len(h.hashes) == 0 {
		h.first = t.Height
	}
	h.hashes = append(h.hashes, t.Hash)
	if n := len(h.sets); n == 0 || h.sets[n-1].Set.Hash() != t.Set.Hash() {
		h.sets = append(h.sets, t)
	}
	if len(h.hashes) >= 2*historyBlock {
		h.hashes = slices.Clone(h.hashes[historyBlock:])
		h.first += historyBlock
		for len(h.sets) > 1 && h.sets[1].Height < h.first {
			h.sets = h.sets[1:]
		}
	}
}

// at returns the hash of a height, and the set that certifies it.
func (h *history) at(height uint64) (common.Hash, cert.Set, bool) {
	if height < h.first || height >= h.first+uint64(len(h.hashes)) || height == 0 {
		return common.Hash{}, cert.Set{}, false
	}
	for i := len(h.sets) - 1; i >= 0; i-- {
		if h.sets[i].Height < height {
			return h.hashes[height-h.first], h.sets[i].Set, true
		}
	}
	return common.Hash{}, cert.Set{}, false // the first height remembered: its set is not
}
