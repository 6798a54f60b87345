// Package batch holds the formats in which shared blocks stand on a DA layer: headers with their certificate, and links, under
// [namespaces.Headers], lanes under their own namespaces, and chunks of either when one blob is too small.
//
//	header, leaves, lanes -> Headers, Lanes -> bytes (-> Chunks) -> DA -> bytes -> Headers, Lanes -> Headers.Check -> certified blocks
//
// Nothing that comes out of a decoder is trusted; it is well formed and within bounds. Grammar (specs/06-da-batches.md), in canonical RLP:
//
//	headers = [version, 1, chain_id, publisher, from, certificate, [operator...], codec, raw_length, payload]
//	          payload holds [[header, [leaf...]]...]              leaf = [namespace, length, commitment]
//	lanes   = [version, 2, chain_id, publisher, namespace, [[height_delta, length]...], codec, payload]
//	          payload holds the lanes' data, one behind the other
//	links   = [version, 4, chain_id, from, certificate, codec, raw_length, payload]
//	          payload holds [header...]
//	chunk   = [version, 3, chain_id, namespace, index, [keccak256(part)...], part]
//	          the parts, one behind the other, are one headers or lanes
package batch

import (
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/klauspost/compress/zstd"

	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// Version is the only version of batches that this code understands.
const Version = 1

// Kind says what a blob is.
type Kind uint64

// The kinds of blobs.
const (
	KindHeaders Kind = 1
	KindLanes   Kind = 2
	KindChunk   Kind = 3
	KindLinks   Kind = 4
)

// Bounds of the formats, in bytes.
const (
	// MaxSize bounds an encoded headers or lanes: a lane of lane.MaxSize that does not compress, with room for what is around it.
	MaxSize = 20 << 20
	// MaxRaw bounds a payload before compression: what a reader may have to hold to look at one blob.
	MaxRaw = 32 << 20
	// MaxRatio bounds how much a payload may grow beyond FreeRaw when it is decompressed, so that a blob of a few bytes costs its reader little.
	// What compresses better is stored as it is.
	MaxRatio = 64
	FreeRaw  = 64 << 10
)

// Codecs of a payload.
const (
	stored = 0
	zipped = 1 // one zstd frame
)

// ErrMalformed says that bytes are no batch: of another kind, version or form, or beyond a bound.
var ErrMalformed = errors.New("malformed batch")

// Codec compresses and decompresses payloads. It is safe for concurrent use and holds some memory: make one for a process or a reader.
type Codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

// NewCodec returns a codec.
func NewCodec() (*Codec, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false),
		zstd.WithEncoderLevel(zstd.SpeedBetterCompression))
	if err != nil {
		return nil, fmt.Errorf("make batch codec: %w", err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(MaxRaw), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		return nil, fmt.Errorf("make batch codec: %w", err)
	}
	return &Codec{enc, dec}, nil
}

// pack compresses a payload, or leaves it when that is smaller or the ratio would be refused.
func (c *Codec) pack(raw []byte) (codec uint64, payload []byte) {
	z := c.enc.EncodeAll(raw, nil)
	if len(z) >= len(raw) || len(raw) > ratioBound(len(z)) {
		return stored, raw
	}
	return zipped, z
}

func ratioBound(payload int) int { return FreeRaw + MaxRatio*payload }

// checkRaw checks the claimed length of a payload before anything is allocated for it.
func checkRaw(codec, rawLength uint64, payload []byte) error {
	switch {
	case rawLength == 0 || rawLength > MaxRaw:
		return fmt.Errorf("payload of %d bytes before compression, at most %d: %w", rawLength, MaxRaw, ErrMalformed)
	case codec == stored && rawLength != uint64(len(payload)):
		return fmt.Errorf("stored payload of %d bytes claims %d: %w", len(payload), rawLength, ErrMalformed)
	case codec == zipped && rawLength > uint64(ratioBound(len(payload))):
		return fmt.Errorf("payload of %d bytes claims %d, beyond the ratio: %w", len(payload), rawLength, ErrMalformed)
	case codec != stored && codec != zipped:
		return fmt.Errorf("codec %d is not known: %w", codec, ErrMalformed)
	}
	return nil
}

// unpack gives back what [Codec.pack] took. checkRaw must have passed.
func (c *Codec) unpack(codec, rawLength uint64, payload []byte) ([]byte, error) {
	if codec == stored {
		return payload, nil
	}
	raw, err := c.dec.DecodeAll(payload, make([]byte, 0, rawLength))
	if err != nil {
		return nil, fmt.Errorf("decompress payload: %w: %w", err, ErrMalformed)
	}
	if uint64(len(raw)) != rawLength {
		return nil, fmt.Errorf("payload has %d bytes, claims %d: %w", len(raw), rawLength, ErrMalformed)
	}
	return raw, nil
}

// Peek tells the kind of a blob, so that the right decoder is called. It allocates nothing.
func Peek(raw []byte) (Kind, error) {
	k, _, _, err := split(raw)
	return k, err
}

// split reads what all kinds begin with, and returns the fields behind it.
func split(raw []byte) (k Kind, chainID string, fields []byte, err error) {
	if len(raw) > MaxSize {
		return 0, "", nil, fmt.Errorf("%d bytes, at most %d: %w", len(raw), MaxSize, ErrMalformed)
	}
	content, rest, err := rlp.SplitList(raw)
	if err != nil || len(rest) > 0 {
		return 0, "", nil, fmt.Errorf("not one RLP list: %w", ErrMalformed)
	}
	version, content, err := rlp.SplitUint64(content)
	if err != nil || version != Version {
		return 0, "", nil, fmt.Errorf("version %d, want %d: %w", version, Version, ErrMalformed)
	}
	kind, content, err := rlp.SplitUint64(content)
	if err != nil || kind < uint64(KindHeaders) || kind > uint64(KindLinks) {
		return 0, "", nil, fmt.Errorf("kind %d: %w", kind, ErrMalformed)
	}
	id, content, err := rlp.SplitString(content)
	if err != nil || len(id) == 0 || len(id) > tx.MaxChainID {
		return 0, "", nil, fmt.Errorf("chain id of %d bytes: %w", len(id), ErrMalformed)
	}
	return Kind(kind), string(id), content, nil
}

// fields reads a list's items one by one; after the first error it reads nothing more.
type fields struct {
	rest []byte
	err  error
}

func (f *fields) uint() (v uint64) {
	if f.err == nil {
		v, f.rest, f.err = rlp.SplitUint64(f.rest)
	}
	return v
}

func (f *fields) bytes() (b []byte) {
	if f.err == nil {
		b, f.rest, f.err = rlp.SplitString(f.rest)
	}
	return b
}

func (f *fields) address() common.Address {
	b := f.bytes()
	if f.err == nil && len(b) != common.AddressLength {
		f.err = fmt.Errorf("address of %d bytes", len(b))
	}
	return common.BytesToAddress(b)
}

// list returns the content of a list of at most limit items.
func (f *fields) list(limit int) (content []byte) {
	if f.err != nil {
		return nil
	}
	if content, f.rest, f.err = rlp.SplitList(f.rest); f.err != nil {
		return nil
	}
	n, err := rlp.CountValues(content)
	if err != nil || n > limit {
		f.err = fmt.Errorf("list of %d items, at most %d", n, limit)
	}
	return content
}

// end says whether the list was well formed and is used up.
func (f *fields) end(what string) error {
	if f.err == nil && len(f.rest) > 0 {
		f.err = errors.New("surplus fields")
	}
	if f.err != nil {
		return fmt.Errorf("decode %s: %w: %w", what, f.err, ErrMalformed)
	}
	return nil
}

// encode writes a list with what all kinds begin with.
func encode(k Kind, chainID string, write func(rlp.EncoderBuffer)) []byte {
	buf := rlp.NewEncoderBuffer(nil)
	list := buf.List()
	buf.WriteUint64(Version)
	buf.WriteUint64(uint64(k))
	buf.WriteBytes([]byte(chainID))
	write(buf)
	buf.ListEnd(list)
	return buf.AppendToBytes(nil)
}
