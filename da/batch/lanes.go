package batch

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/lane"
)

// Lanes is the lanes of one namespace at ascending heights; heights without a lane are left out.
type Lanes struct {
	ChainID   string
	Publisher common.Address // as in [Headers]
	Namespace namespaces.Namespace
	Lanes     []LaneAt
}

// LaneAt is the data of a lane and the height of its shared block.
type LaneAt struct {
	Height uint64
	Data   []byte
}

// PackedLanes is a [Lanes] whose payload is still packed.
type PackedLanes struct {
	ChainID   string
	Publisher common.Address
	Namespace namespaces.Namespace
	Heights   []uint64 // ascending
	Lengths   []uint32 // of the lanes, in step with Heights
	codec     uint64
	rawLength uint64
	payload   []byte
	size      int // bytes of the encoding
}

// EncodeLanes writes l.
func (c *Codec) EncodeLanes(l Lanes) ([]byte, error) {
	if len(l.Lanes) == 0 || len(l.Lanes) > cert.MaxPiece {
		return nil, fmt.Errorf("encode lanes: %d heights, want 1 to %d", len(l.Lanes), cert.MaxPiece)
	}
	var raw []byte
	var before uint64
	for _, one := range l.Lanes {
		if one.Height <= before || len(one.Data) == 0 || len(one.Data) > lane.MaxSize {
			return nil, fmt.Errorf("encode lanes: lane of %d bytes at height %d after %d", len(one.Data), one.Height, before)
		}
		before = one.Height
		raw = append(raw, one.Data...)
	}
	if len(raw) > MaxRaw {
		return nil, fmt.Errorf("encode lanes: %d bytes, at most %d", len(raw), MaxRaw)
	}
	codec, payload := c.pack(raw)
	out := encode(KindLanes, l.ChainID, func(buf rlp.EncoderBuffer) {
		buf.WriteBytes(l.Publisher[:])
		buf.WriteBytes(l.Namespace[:])
		index := buf.List()
		before := uint64(0)
		for _, one := range l.Lanes {
			item := buf.List()
			buf.WriteUint64(one.Height - before)
			buf.WriteUint64(uint64(len(one.Data)))
			buf.ListEnd(item)
			before = one.Height
		}
		buf.ListEnd(index)
		buf.WriteUint64(codec)
		buf.WriteBytes(payload)
	})
	if len(out) > MaxSize {
		return nil, fmt.Errorf("encode lanes: %d bytes, at most %d", len(out), MaxSize)
	}
	return out, nil
}

// DecodeLanes reads all but the payload, which points into raw.
func DecodeLanes(raw []byte) (PackedLanes, error) {
	k, chainID, content, err := split(raw)
	if err != nil {
		return PackedLanes{}, fmt.Errorf("decode lanes: %w", err)
	}
	if k != KindLanes {
		return PackedLanes{}, fmt.Errorf("decode lanes: kind %d: %w", k, ErrMalformed)
	}
	f := fields{rest: content}
	p := PackedLanes{ChainID: chainID, Publisher: f.address(), size: len(raw)}
	ns, index := f.bytes(), fields{rest: f.list(cert.MaxPiece)}
	p.codec, p.payload = f.uint(), f.bytes()
	if err := f.end("lanes"); err != nil {
		return PackedLanes{}, err
	}
	if len(ns) != namespaces.Size {
		return PackedLanes{}, fmt.Errorf("decode lanes: namespace of %d bytes: %w", len(ns), ErrMalformed)
	}
	p.Namespace = namespaces.Namespace(ns)
	var height uint64
	for len(index.rest) > 0 {
		one := fields{rest: index.list(2)}
		delta, length := one.uint(), one.uint()
		if index.err != nil {
			return PackedLanes{}, index.end("lanes")
		}
		if err := one.end("lanes"); err != nil {
			return PackedLanes{}, err
		}
		if delta == 0 || height+delta < height || length == 0 || length > lane.MaxSize {
			return PackedLanes{}, fmt.Errorf("decode lanes: %d bytes at height %d+%d: %w", length, height, delta, ErrMalformed)
		}
		height += delta
		p.rawLength += length
		p.Heights, p.Lengths = append(p.Heights, height), append(p.Lengths, uint32(length))
	}
	return p, checkRaw(p.codec, p.rawLength, p.payload)
}

// LaneFrame bounds what is counted for a lane beyond its length: more than what stands around the only lane of a blob, in bytes.
const LaneFrame = 128

// Count is what the lane at a place of p.Lengths counts for, in bytes (specs/06-da-batches.md, "Who published").
func (p PackedLanes) Count(i int) uint64 {
	length := uint64(p.Lengths[i])
	return min(uint64(p.size)*length/p.rawLength, length+LaneFrame)
}

// Size is the bytes that p holds on to.
func (p PackedLanes) Size() int { return len(p.payload) + 12*len(p.Heights) }

// Unpack reads the payload: the data of each height, in step with p.Heights.
func (c *Codec) Unpack(p PackedLanes) ([][]byte, error) {
	raw, err := c.unpack(p.codec, p.rawLength, p.payload)
	if err != nil {
		return nil, fmt.Errorf("unpack lanes: %w", err)
	}
	out := make([][]byte, len(p.Lengths))
	for i, n := range p.Lengths {
		out[i], raw = raw[:n:n], raw[n:]
	}
	return out, nil
}
