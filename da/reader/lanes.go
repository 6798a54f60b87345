package reader

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lockstep-network/lockstep/da/batch"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/lane"
)

// errVanished says that the DA layer shows another content at a height than before: a reorganisation. The reader begins anew.
var errVanished = errors.New("what was read from the DA layer before is not there any more")

// stashed is a blob of lanes whose headers have not come yet, still packed.
type stashed struct {
	packed batch.PackedLanes
	from   source
}

// takeLanes gives the lanes of one encoded blob to the headers that wait for them, and, if keep is set, keeps the blob while headers may
// come that want more of it.
func (m *machine) takeLanes(ns namespaces.Namespace, raw []byte, from source, keep bool) {
	p, err := batch.DecodeLanes(raw)
	switch {
	case err != nil:
		m.ignore(Malformed)
	case p.ChainID != m.tip.ChainID:
		m.ignore(OtherChain)
	case p.Namespace != ns:
		m.ignore(Misplaced)
	default:
		wanted := m.match(p, from)
		early := p.Heights[len(p.Heights)-1] > m.tip.Height && m.resume.headers == 0
		if early && keep {
			m.keep(p, from)
		}
		if !wanted && !early {
			m.ignore(Unwanted)
		}
	}
}

// match gives lanes to the headers that lack them, and says whether any did.
func (m *machine) match(p batch.PackedLanes, from source) (wanted bool) {
	var data [][]byte
	for i, height := range p.Heights {
		l, h := m.lacks(p.Namespace, height)
		if l == nil || l.leaf.Length != p.Lengths[i] {
			continue
		}
		wanted = true
		if data == nil {
			var err error
			if data, err = m.codec.Unpack(p); err != nil {
				m.ignore(Malformed)
				return true
			}
		}
		if !m.matches(l.leaf, height, data[i]) {
			m.ignore(Mismatch)
			continue
		}
		l.from = from
		h.missing--
		h.credit(p.Publisher, p.Count(i))
		if m.bytes+len(data[i]) <= m.cfg.Limits.HeldBytes || h == &m.queue[0] {
			l.data = bytes.Clone(data[i]) // not the whole payload for one lane of it
			m.bytes += len(data[i])
		}
	}
	return wanted
}

// matches says whether data is the lane that the leaf names. Where equal bytes with an equal leaf are at hand, their commitment was computed before.
func (m *machine) matches(leaf lane.Leaf, height uint64, data []byte) bool {
	if m.cfg.Known != nil {
		if c := m.cfg.Known(height); c != nil {
			if known, found := c.Table.Leaf(leaf.Namespace); found && known == leaf && bytes.Equal(c.Lane(leaf.Namespace), data) {
				return true
			}
		}
	}
	return leaf.Matches(data)
}

// lacks returns the lane of a height under a namespace if it is committed to and missing, and the block that waits for it.
func (m *machine) lacks(ns namespaces.Namespace, height uint64) (*heldLane, *held) {
	if len(m.queue) == 0 || height < m.queue[0].Header.Height || height > m.tip.Height {
		return nil, nil
	}
	h := &m.queue[height-m.queue[0].Header.Height]
	for i := range h.lanes {
		if l := &h.lanes[i]; l.leaf.Namespace == ns && l.from.at == 0 {
			return l, h
		}
	}
	return nil, nil
}

// dropped is where lanes stand that could not be kept: in one set of chunks, or in plain blobs of a DA height, from the first of them to the last, between
// which no set of chunks is complete.
type dropped struct {
	ns   namespaces.Namespace
	from source
	last int // index
}

// before says whether what was dropped begins before what was kept: both are in the order of DA heights, then namespaces, then blobs.
func (d dropped) before(s stashed) bool { return d.compare(d.from.index, s) < 0 }

// endsAfter says whether the last of what was dropped comes after what was kept.
func (d dropped) endsAfter(s stashed) bool { return d.compare(d.last, s) > 0 }

func (d dropped) compare(index int, s stashed) int {
	return cmp.Or(cmp.Compare(d.from.at, s.from.at), d.ns.Compare(s.packed.Namespace), cmp.Compare(index, s.from.index))
}

// keep stashes a blob, or, when there is no room, remembers where it stands.
func (m *machine) keep(p batch.PackedLanes, from source) {
	if m.bytes+p.Size() <= m.cfg.Limits.HeldBytes {
		m.bytes += p.Size()
		m.stash = append(m.stash, stashed{p, from})
		return
	}
	if n := m.lastDropped(p.Namespace, from); n >= 0 {
		m.dropped[n].last = from.index
		return
	}
	m.dropped = append(m.dropped, dropped{p.Namespace, from, from.index})
}

// lastDropped finds the plain blobs that one at a source continues; -1 if there are none, or lanes in chunks came after them.
func (m *machine) lastDropped(ns namespaces.Namespace, from source) int {
	n := len(m.dropped) - 1
	if from.parts != nil || n < 0 || m.dropped[n].ns != ns || m.dropped[n].from.at != from.at || m.dropped[n].from.parts != nil {
		return -1
	}
	for i := len(m.stash) - 1; i >= 0 && !m.dropped[n].endsAfter(m.stash[i]); i-- {
		if m.stash[i].from.parts != nil {
			return -1
		}
	}
	return n
}

// matchEarlier gives the lanes that came before their headers to those headers, in DA order: of two copies the first counts, kept or not. Namespaces do
// not compete.
func (m *machine) matchEarlier(ctx context.Context) error {
	rest, next := m.stash[:0], 0
	for _, s := range m.stash {
		for ; next < len(m.dropped) && m.dropped[next].before(s); next++ {
			if err := m.matchDropped(ctx, m.dropped[next]); err != nil {
				return err
			}
		}
		m.match(s.packed, s.from)
		if s.packed.Heights[len(s.packed.Heights)-1] > m.tip.Height {
			rest = append(rest, s)
		} else {
			m.bytes -= s.packed.Size()
		}
	}
	clear(m.stash[len(rest):])
	m.stash = rest
	for _, d := range m.dropped[next:] {
		if err := m.matchDropped(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// matchDropped reads again what was not kept, if a header lacks a lane that may be there.
func (m *machine) matchDropped(ctx context.Context, d dropped) error {
	if !m.lackAny(d.ns) {
		return nil
	}
	raws, err := m.raws(ctx, d.ns, d.from)
	if err != nil {
		return err
	}
	if d.from.parts == nil {
		raws = raws[min(d.from.index, len(raws)):min(d.last+1, len(raws))]
	}
	for _, raw := range raws {
		if k, err := batch.Peek(raw); err == nil && k == batch.KindLanes {
			m.takeLanes(d.ns, raw, d.from, false)
		}
	}
	return nil
}

// raws reads again the encoded batches that stand at a source, and maybe others.
func (m *machine) raws(ctx context.Context, ns namespaces.Namespace, from source) (raws [][]byte, err error) {
	if from.parts != nil {
		parts := make([][]byte, len(from.parts))
		if err := m.fill(ctx, ns, from.parts, parts); err != nil {
			return nil, err
		}
		raw, err := batch.Join(parts)
		return [][]byte{raw}, err
	}
	blobs, err := m.reread(ctx, from.at, ns)
	for _, b := range blobs {
		raws = append(raws, b.Data)
	}
	return raws, err
}

func (m *machine) lackAny(ns namespaces.Namespace) bool {
	return slices.ContainsFunc(m.queue, func(h held) bool {
		return slices.ContainsFunc(h.lanes, func(l heldLane) bool { return l.leaf.Namespace == ns && l.from.at == 0 })
	})
}

// again reads a lane that was found before and not kept.
func (m *machine) again(ctx context.Context, leaf lane.Leaf, height uint64, from source) ([]byte, error) {
	raws, err := m.raws(ctx, leaf.Namespace, from)
	if err != nil {
		return nil, err
	}
	for _, raw := range raws {
		p, err := batch.DecodeLanes(raw)
		if err != nil {
			continue
		}
		i := slices.Index(p.Heights, height)
		if i < 0 || p.Lengths[i] != leaf.Length {
			continue
		}
		data, err := m.codec.Unpack(p)
		if err == nil && leaf.Matches(data[i]) {
			return data[i], nil
		}
	}
	return nil, fmt.Errorf("lane %s at DA height %d: %w", leaf.Namespace, from.at, errVanished)
}

// expire forgets what stands more than [Window] before a DA height.
func (m *machine) expire(height uint64) {
	n := 0
	for n < len(m.stash) && m.stash[n].from.at+Window < height {
		m.bytes -= m.stash[n].packed.Size()
		m.ignore(Unwanted)
		n++
	}
	m.stash = slices.Delete(m.stash, 0, n)
	n = 0
	for n < len(m.dropped) && m.dropped[n].from.at+Window < height {
		n++
	}
	m.dropped = slices.Delete(m.dropped, 0, n)
	m.bytes -= m.chunks.expire(height)
}
