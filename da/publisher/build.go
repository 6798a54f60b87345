package publisher

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/batch"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// errNothing says that there is nothing to publish yet.
var errNothing = errors.New("nothing to publish yet")

// maxGroupBlobs bounds the blobs of one submission.
const maxGroupBlobs = 1024

// pending is the blocks collected for the next batch.
type pending struct {
	from   uint64 // height of blocks[0]
	blocks []*block.Contents
	bytes  int         // of headers, at their largest, and lanes
	since  time.Time   // when the first of them was seen
	seen   []time.Time // when each was, in step with blocks
}

func (p *pending) reset() { *p = pending{} }

func (p *pending) add(height uint64, c *block.Contents, now time.Time) {
	if len(p.blocks) == 0 {
		p.from, p.since = height, now
	}
	p.blocks, p.seen = append(p.blocks, c), append(p.seen, now)
	p.bytes += sizeOf(c)
}

func sizeOf(c *block.Contents) int {
	n := block.MaxHeaderSize + 48*len(c.Lanes)
	for _, l := range c.Lanes {
		n += len(l.Data)
	}
	return n
}

// drop forgets the blocks up to a height.
func (p *pending) drop(upTo uint64) {
	for len(p.blocks) > 0 && p.from <= upTo {
		p.bytes -= sizeOf(p.blocks[0])
		p.blocks[0] = nil
		p.blocks, p.seen, p.from = p.blocks[1:], p.seen[1:], p.from+1
	}
	if len(p.blocks) == 0 {
		p.reset()
	} else {
		p.since = p.seen[0]
	}
}

// built is a batch, ready to be sent.
type built struct {
	from   uint64
	after  cert.Trust
	groups [][]da.Blob // each is one submission; lanes before headers
}

func (b built) entry() *entry {
	e := &entry{From: b.from, To: b.after.Height, Hash: b.after.Hash, Landed: make([]uint64, len(b.groups))}
	for i, g := range b.groups {
		for _, blob := range g {
			e.Blobs = append(e.Blobs, digest{blob.Namespace, crypto.Keccak256Hash(blob.Data), uint64(i)})
		}
	}
	return e
}

// next collects what is certified and builds a batch once that is old or large enough; errNothing until then.
func (p *Publisher) next(ctx context.Context) (built, error) {
	from := p.journal.Done.Height + 1
	if len(p.pending.blocks) > 0 && p.pending.from != from {
		p.pending.reset()
	}
	certified := p.cfg.Source.Certified()
	for h := from + uint64(len(p.pending.blocks)); h <= certified && !p.full(); h++ {
		if err := ctx.Err(); err != nil {
			return built{}, err
		}
		if err := p.collect(h); err != nil {
			return built{}, err
		}
	}
	if len(p.pending.blocks) == 0 {
		return built{}, errNothing
	}
	age := time.Since(p.pending.since)
	if age < p.cfg.MaxAge && !p.full() || !p.mine(ctx, from) {
		return built{}, errNothing
	}
	b, err := p.build(ctx, from, from+uint64(len(p.pending.blocks))-1)
	if err == nil {
		p.learn(b)
	}
	return b, err
}

// learn adapts what is enough to how the batch was compressed, so that the next one fills a submission and a little more, which is left for the one after.
func (p *Publisher) learn(b built) {
	m, ok := p.cfg.Layer.(da.Measure)
	if !ok {
		return
	}
	raw, size := 0, 0
	for _, c := range p.pending.blocks[:b.after.Height+1-b.from] {
		raw += sizeOf(c)
	}
	for _, g := range b.groups {
		for _, blob := range g {
			size += len(blob.Data)
		}
	}
	u := m.Units()
	target := min(u.Size*u.Most, p.submit)
	p.enough = min(raw*target/max(size, 1)*17/16, batch.MaxRaw/2)
}

func (p *Publisher) full() bool {
	return p.pending.bytes >= p.enough || len(p.pending.blocks) >= cert.MaxPiece
}

func (p *Publisher) collect(height uint64) error {
	c, err := p.cfg.Source.Contents(height)
	if err != nil {
		return fmt.Errorf("read block %d: %w", height, err)
	}
	p.pending.add(height, c, time.Now())
	return nil
}

// build makes the batch of the longest run, or piece of one, that ends at or below to and fits into one submission, and, on a layer that charges for whole
// units, fills them; of the shortest there is, if none fits. Before a piece the layer must show the links to it.
func (p *Publisher) build(ctx context.Context, from, to uint64) (built, error) {
	b, size, err := p.attempt(ctx, from, to)
	if err != nil {
		return built{}, err
	}
	limit := p.limit(b, size)
	if size <= limit {
		return b, nil
	}
	// The longest that fits is looked for between the longest that did and the shortest that did not, at where it is if all blocks are alike.
	fits, found, fitted := built{after: cert.Trust{Height: from - 1}}, false, 0
	for range maxAttempts {
		low, high := fits.after.Height, b.after.Height
		if high <= low+1 || found && filled(fitted, limit) {
			break
		}
		guess := low + uint64(float64(high-low)*float64(limit-fitted)/float64(size-fitted))
		next, n, err := p.attempt(ctx, from, min(max(guess, low+1), high-1))
		if err != nil {
			return built{}, err
		}
		if end := next.after.Height; end <= low || end >= high { // no certificate or mark stands between
			break
		}
		if n <= limit {
			fits, found, fitted = next, true, n
		} else {
			b, size = next, n
		}
	}
	if found {
		return fits, nil
	}
	return b, nil // in several submissions
}

// maxAttempts bounds how often a batch is encoded to find the one that fits best.
const maxAttempts = 8

// filled says whether so many bytes are enough of what could be sent: 97 %.
func filled(size, limit int) bool { return 100*size >= 97*limit }

// attempt makes the batch of the run, or piece of one, that ends at or below to.
func (p *Publisher) attempt(ctx context.Context, from, to uint64) (b built, size int, err error) {
	run, err := p.run(from, to)
	if err != nil {
		return built{}, 0, err
	}
	if run.Piece() {
		if err := p.link(ctx, run); err != nil {
			return built{}, 0, err
		}
	}
	return p.encode(run)
}

// limit is how many bytes a batch should have that came out at a size: as many as a submission takes, and no more than fill whole units, if it is more than one
// and does not fill its last one nearly.
func (p *Publisher) limit(b built, size int) int {
	m, ok := p.cfg.Layer.(da.Measure)
	if !ok {
		return p.submit
	}
	u := m.Units()
	around := u.Frame
	for _, g := range b.groups {
		around += u.PerBlob * len(g)
	}
	units := min((size+around)/u.Size, u.Most)
	whole := (units+1)*u.Size - around
	if units == 0 || units < u.Most && filled(size, whole) {
		return p.submit
	}
	return min(units*u.Size-around, p.submit)
}

// run reads a run, or a piece of one, with the operators that follow it, and the contents of all its blocks.
func (p *Publisher) run(from, to uint64) (cert.Run, error) {
	run, err := p.cfg.Source.Piece(from, to)
	if err != nil {
		return run, fmt.Errorf("read run from height %d: %w", from, err)
	}
	if len(run.Headers) == 0 {
		return run, fmt.Errorf("read run from height %d: it is empty", from)
	}
	for h := from + uint64(len(p.pending.blocks)); h < from+uint64(len(run.Headers)); h++ {
		if err := p.collect(h); err != nil {
			return run, err
		}
	}
	if last := run.Headers[len(run.Headers)-1]; last.NextOperatorsHash != last.OperatorsHash {
		set, err := p.cfg.Sets(last.NextOperatorsHash)
		if err != nil {
			return run, fmt.Errorf("open the operators after height %d: %w", last.Height, err)
		}
		run.Next = set.Operators()
	}
	return run, nil
}

// encode makes the blobs of a run, verifies them as a reader would, and groups them into submissions. size is that of all blobs together.
func (p *Publisher) encode(run cert.Run) (b built, size int, err error) {
	chainID, self := p.cfg.Genesis.ChainID, p.cfg.Self()
	headers := batch.Headers{ChainID: chainID, Publisher: self, Certificate: run.Certificate, Next: run.Next}
	lanes := make(map[namespaces.Namespace]*batch.Lanes)
	var names []namespaces.Namespace
	for i, h := range run.Headers {
		c := p.pending.blocks[i]
		headers.Blocks = append(headers.Blocks, batch.HeaderLanes{Header: h, Leaves: c.Table.Leaves()})
		for _, l := range c.Lanes {
			if lanes[l.Namespace] == nil {
				lanes[l.Namespace] = &batch.Lanes{ChainID: chainID, Publisher: self, Namespace: l.Namespace}
				names = append(names, l.Namespace)
			}
			lanes[l.Namespace].Lanes = append(lanes[l.Namespace].Lanes, batch.LaneAt{Height: h.Height, Data: l.Data})
		}
	}
	slices.SortFunc(names, namespaces.Namespace.Compare)
	var blobs []da.Blob
	for _, ns := range names {
		raws, err := p.encodeLanes(*lanes[ns])
		if err != nil {
			return built{}, 0, err
		}
		for _, raw := range raws {
			blobs = append(blobs, da.Blob{Namespace: ns, Data: raw})
		}
	}
	raw, err := p.codec.EncodeHeaders(headers)
	if err != nil {
		return built{}, 0, err
	}
	blobs = append(blobs, da.Blob{Namespace: namespaces.Headers(), Data: raw})
	b = built{from: run.Headers[0].Height}
	if b.after, err = p.verify(blobs, run); err != nil {
		return built{}, 0, fmt.Errorf("verify batch before it is sent: %w", err)
	}
	for _, blob := range blobs {
		size += len(blob.Data)
	}
	b.groups, err = group(chainID, blobs, p.submit)
	return b, size, err
}

// encodeLanes makes one blob of a namespace's lanes, or, if that goes beyond the format's bounds, two of its halves.
func (p *Publisher) encodeLanes(l batch.Lanes) ([][]byte, error) {
	size := 0
	for _, one := range l.Lanes {
		size += len(one.Data)
	}
	if size <= batch.MaxSize-(64<<10) || len(l.Lanes) == 1 {
		raw, err := p.codec.EncodeLanes(l)
		return [][]byte{raw}, err
	}
	var out [][]byte
	half := len(l.Lanes) / 2
	for _, part := range [][]batch.LaneAt{l.Lanes[:half], l.Lanes[half:]} {
		raws, err := p.encodeLanes(batch.Lanes{ChainID: l.ChainID, Publisher: l.Publisher, Namespace: l.Namespace, Lanes: part})
		if err != nil {
			return nil, err
		}
		out = append(out, raws...)
	}
	return out, nil
}

// verify decodes the blobs as a reader does and returns what is trusted after them: every leaf must find its lane.
func (p *Publisher) verify(blobs []da.Blob, run cert.Run) (cert.Trust, error) {
	type place struct {
		height uint64
		ns     namespaces.Namespace
	}
	found := make(map[place][]byte)
	for _, b := range blobs[:len(blobs)-1] {
		packed, err := batch.DecodeLanes(b.Data)
		if err != nil {
			return cert.Trust{}, err
		}
		data, err := p.codec.Unpack(packed)
		if err != nil {
			return cert.Trust{}, err
		}
		for i, h := range packed.Heights {
			found[place{h, packed.Namespace}] = data[i]
		}
	}
	packed, err := batch.DecodeHeaders(blobs[len(blobs)-1].Data)
	if err != nil {
		return cert.Trust{}, err
	}
	headers, err := p.codec.Open(packed)
	if err != nil {
		return cert.Trust{}, err
	}
	certified, err := headers.Check(p.journal.Done, p.marks)
	if err != nil {
		return cert.Trust{}, err
	}
	for _, c := range certified {
		for _, leaf := range c.Table.Leaves() {
			if !leaf.Matches(found[place{c.Header.Height, leaf.Namespace}]) {
				return cert.Trust{}, fmt.Errorf("height %d: the lane %s is not the one of its leaf", c.Header.Height, leaf.Namespace)
			}
		}
	}
	last := certified[len(certified)-1]
	if last.Hash != run.Certificate.HeaderHash {
		return cert.Trust{}, errors.New("the batch ends in another header than its run")
	}
	return last.Trust, nil
}

// group spreads blobs over submissions of at most limit bytes, in order, and cuts those that are larger into chunks.
func group(chainID string, blobs []da.Blob, limit int) ([][]da.Blob, error) {
	var groups [][]da.Blob
	var current []da.Blob
	size := 0
	put := func(b da.Blob) {
		if len(current) > 0 && (size+len(b.Data) > limit || len(current) == maxGroupBlobs) {
			groups, current, size = append(groups, current), nil, 0
		}
		current = append(current, b)
		size += len(b.Data)
	}
	for _, b := range blobs {
		if len(b.Data) <= limit {
			put(b)
			continue
		}
		chunks, err := batch.Chunks(chainID, b.Namespace, b.Data, limit)
		if err != nil {
			return nil, err
		}
		for _, c := range chunks {
			put(da.Blob{Namespace: b.Namespace, Data: c})
		}
	}
	return append(groups, current), nil
}

// rebuild makes the batch of the journal again and checks that it is the same, bit for bit.
func (p *Publisher) rebuild(e entry) (built, error) {
	if e.From != p.journal.Done.Height+1 {
		return built{}, fmt.Errorf("batch begins at height %d, the cursor is %d", e.From, p.journal.Done.Height)
	}
	p.pending.reset()
	p.marks = p.cfg.Back.Marks()
	run, err := p.run(e.From, e.To)
	if err != nil {
		return built{}, err
	}
	b, _, err := p.encode(run)
	if err != nil {
		return built{}, err
	}
	again := b.entry()
	if again.Hash != e.Hash || again.To != e.To || len(e.Landed) != len(b.groups) || !slices.Equal(again.Blobs, e.Blobs) {
		return built{}, errors.New("it comes out differently")
	}
	return b, nil
}

// hashesOf lists the digests of blobs under a namespace.
func hashesOf(blobs []da.Blob, ns namespaces.Namespace) map[common.Hash]bool {
	out := make(map[common.Hash]bool)
	for _, b := range blobs {
		if b.Namespace == ns {
			out[crypto.Keccak256Hash(b.Data)] = true
		}
	}
	return out
}
