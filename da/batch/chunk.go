package batch

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces"
)

// MaxChunks bounds the chunks of one batch: with them a batch of [MaxSize] goes through blobs of 96 KiB.
const MaxChunks = 256

// Chunk is one part of an encoded headers or lanes that is too large for a blob. It names all parts by their hashes, so that a forged part
// is a part of something else, and never in the way of a true one.
type Chunk struct {
	ChainID   string
	Namespace namespaces.Namespace
	Index     int
	Hashes    []common.Hash // keccak256 of each part
	Part      []byte
}

// ID names what the chunk is a part of.
func (c Chunk) ID() common.Hash {
	parts := make([][]byte, 0, len(c.Hashes)+1)
	parts = append(parts, c.Namespace[:])
	for i := range c.Hashes {
		parts = append(parts, c.Hashes[i][:])
	}
	return crypto.Keccak256Hash(parts...)
}

// ChunkOverhead is more than what a chunk of n is longer than its part, in bytes.
func ChunkOverhead(n int) int { return 160 + n*33 }

// Chunks cuts an encoded batch into encoded chunks of at most limit bytes each. It fails if that takes more than [MaxChunks].
func Chunks(chainID string, ns namespaces.Namespace, raw []byte, limit int) ([][]byte, error) {
	n := 1
	for n <= MaxChunks && n*(limit-ChunkOverhead(n)) < len(raw) {
		n++
	}
	if n > MaxChunks || limit <= ChunkOverhead(n) {
		return nil, fmt.Errorf("cut batch of %d bytes into blobs of %d: it does not fit into %d chunks", len(raw), limit, MaxChunks)
	}
	size := (len(raw) + n - 1) / n
	c := Chunk{ChainID: chainID, Namespace: ns}
	for at := 0; at < len(raw); at += size {
		c.Hashes = append(c.Hashes, crypto.Keccak256Hash(raw[at:min(at+size, len(raw))]))
	}
	out := make([][]byte, len(c.Hashes))
	for i := range out {
		c.Index, c.Part = i, raw[i*size:min((i+1)*size, len(raw))]
		out[i] = c.Encode()
	}
	return out, nil
}

// Encode returns the canonical RLP.
func (c Chunk) Encode() []byte {
	return encode(KindChunk, c.ChainID, func(buf rlp.EncoderBuffer) {
		buf.WriteBytes(c.Namespace[:])
		buf.WriteUint64(uint64(c.Index))
		list := buf.List()
		for i := range c.Hashes {
			buf.WriteBytes(c.Hashes[i][:])
		}
		buf.ListEnd(list)
		buf.WriteBytes(c.Part)
	})
}

// DecodeChunk reads a chunk, whose part points into raw and is the one that its index names.
func DecodeChunk(raw []byte) (Chunk, error) {
	k, chainID, content, err := split(raw)
	if err != nil {
		return Chunk{}, fmt.Errorf("decode chunk: %w", err)
	}
	if k != KindChunk {
		return Chunk{}, fmt.Errorf("decode chunk: kind %d: %w", k, ErrMalformed)
	}
	f := fields{rest: content}
	ns, index, list := f.bytes(), f.uint(), fields{rest: nil}
	list.rest = f.list(MaxChunks)
	c := Chunk{ChainID: chainID, Part: f.bytes()}
	if err := f.end("chunk"); err != nil {
		return Chunk{}, err
	}
	for len(list.rest) > 0 {
		h := list.bytes()
		if list.err != nil || len(h) != common.HashLength {
			return Chunk{}, fmt.Errorf("decode chunk: hash of %d bytes: %w", len(h), ErrMalformed)
		}
		c.Hashes = append(c.Hashes, common.Hash(h))
	}
	if len(ns) != namespaces.Size || index >= uint64(len(c.Hashes)) {
		return Chunk{}, fmt.Errorf("decode chunk: %d of %d in a namespace of %d bytes: %w", index, len(c.Hashes), len(ns), ErrMalformed)
	}
	c.Namespace, c.Index = namespaces.Namespace(ns), int(index)
	if len(c.Part) == 0 || crypto.Keccak256Hash(c.Part) != c.Hashes[index] {
		return Chunk{}, fmt.Errorf("decode chunk: part %d is not the one it names: %w", index, ErrMalformed)
	}
	return c, nil
}

// Join puts the parts of chunks together. It fails when they are more than [MaxSize] together.
func Join(parts [][]byte) ([]byte, error) {
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	if size > MaxSize {
		return nil, fmt.Errorf("join chunks: %d bytes, at most %d: %w", size, MaxSize, ErrMalformed)
	}
	out := make([]byte, 0, size)
	for _, p := range parts {
		out = append(out, p...)
	}
	return out, nil
}
