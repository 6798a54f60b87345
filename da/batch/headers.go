package batch

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/lane"
)

// HeaderLanes is a header with the leaves of its lane table.
type HeaderLanes struct {
	Header block.Header
	Leaves []lane.Leaf // ascending by namespace
}

// Headers is a run of consecutive headers under one certificate, for the last of them, or a piece of a longer run, whose certificate is bare:
// then the last header must be a mark. Next is the set that follows, opened, if the last
// header announces a change.
type Headers struct {
	ChainID     string
	Publisher   common.Address // owner of the operator that publishes it; zero: nobody. Anyone can name anyone
	Blocks      []HeaderLanes
	Certificate cert.Certificate
	Next        []cert.Operator
}

// PackedHeaders is a [Headers] whose payload is still packed: enough to tell cheaply whether it is worth more.
type PackedHeaders struct {
	ChainID     string
	Publisher   common.Address
	From        uint64 // height of the first header; the last one's is the certificate's
	Certificate cert.Certificate
	Next        []cert.Operator
	codec       uint64
	rawLength   uint64
	payload     []byte
	size        int // bytes of the encoding
}

// EncodeHeaders writes h. It does not check that h is right: see [Headers.Check].
func (c *Codec) EncodeHeaders(h Headers) ([]byte, error) {
	if len(h.Blocks) == 0 || len(h.Blocks) > cert.MaxPiece {
		return nil, fmt.Errorf("encode headers: run of %d, want 1 to %d", len(h.Blocks), cert.MaxPiece)
	}
	buf := rlp.NewEncoderBuffer(nil)
	all := buf.List()
	for i := range h.Blocks {
		one := buf.List()
		buf.WriteBytes(h.Blocks[i].Header.Encode())
		leaves := buf.List()
		for _, l := range h.Blocks[i].Leaves {
			writeLeaf(buf, l)
		}
		buf.ListEnd(leaves)
		buf.ListEnd(one)
	}
	buf.ListEnd(all)
	raw := buf.AppendToBytes(nil)
	if len(raw) > MaxRaw {
		return nil, fmt.Errorf("encode headers: %d bytes, at most %d", len(raw), MaxRaw)
	}
	next, err := rlp.EncodeToBytes(h.Next)
	if err != nil {
		return nil, fmt.Errorf("encode headers: next operators: %w", err)
	}
	codec, payload := c.pack(raw)
	out := encode(KindHeaders, h.ChainID, func(buf rlp.EncoderBuffer) {
		buf.WriteBytes(h.Publisher[:])
		buf.WriteUint64(h.Blocks[0].Header.Height)
		buf.WriteBytes(h.Certificate.Encode())
		_, _ = buf.Write(next) // an EncoderBuffer takes everything
		buf.WriteUint64(codec)
		buf.WriteUint64(uint64(len(raw)))
		buf.WriteBytes(payload)
	})
	if len(out) > MaxSize {
		return nil, fmt.Errorf("encode headers: %d bytes, at most %d", len(out), MaxSize)
	}
	return out, nil
}

func writeLeaf(buf rlp.EncoderBuffer, l lane.Leaf) {
	list := buf.List()
	buf.WriteBytes(l.Namespace[:])
	buf.WriteUint64(uint64(l.Length))
	buf.WriteBytes(l.Commitment[:])
	buf.ListEnd(list)
}

// DecodeHeaders reads all but the payload, which points into raw.
func DecodeHeaders(raw []byte) (PackedHeaders, error) {
	k, chainID, content, err := split(raw)
	if err != nil {
		return PackedHeaders{}, fmt.Errorf("decode headers: %w", err)
	}
	if k != KindHeaders {
		return PackedHeaders{}, fmt.Errorf("decode headers: kind %d: %w", k, ErrMalformed)
	}
	f := fields{rest: content}
	p := PackedHeaders{ChainID: chainID, Publisher: f.address(), From: f.uint(), size: len(raw)}
	certificate := f.bytes()
	p.Next = operators(f.list(cert.MaxOperators), &f)
	p.codec, p.rawLength, p.payload = f.uint(), f.uint(), f.bytes()
	if err := f.end("headers"); err != nil {
		return PackedHeaders{}, err
	}
	if p.Certificate, err = decodeEnd(certificate, p.From); err != nil {
		return PackedHeaders{}, fmt.Errorf("decode headers: %w", err)
	}
	if p.Certificate.Bare() && (len(p.Next) > 0 || p.Certificate.Height%cert.MarkEvery != 0) {
		return PackedHeaders{}, fmt.Errorf("decode headers: height %d without a certificate cannot be the last: %w", p.Certificate.Height, ErrMalformed)
	}
	return p, checkRaw(p.codec, p.rawLength, p.payload)
}

// decodeEnd reads the certificate of the last header.
func decodeEnd(raw []byte, from uint64) (cert.Certificate, error) {
	c, err := cert.Decode(raw)
	if err != nil {
		return c, fmt.Errorf("%w: %w", err, ErrMalformed)
	}
	if from == 0 || c.Height < from || c.Height-from >= cert.MaxPiece {
		return c, fmt.Errorf("heights %d to %d are no run: %w", from, c.Height, ErrMalformed)
	}
	return c, nil
}

// Each is what each header of p counts for, in bytes (specs/06-da-batches.md, "Who published").
func (p PackedHeaders) Each() uint64 {
	padded := len(p.payload) - min(len(p.payload), int(p.rawLength))
	return uint64(p.size-padded) / (p.Certificate.Height - p.From + 1)
}

func operators(list []byte, f *fields) []cert.Operator {
	var out []cert.Operator
	for items := (fields{rest: list}); f.err == nil && len(items.rest) > 0; {
		o := fields{rest: items.list(2)}
		address, power := o.bytes(), o.uint()
		if f.err = items.err; f.err == nil {
			f.err = o.err
		}
		if f.err == nil && (len(address) != common.AddressLength || len(o.rest) > 0) {
			f.err = fmt.Errorf("operator with an address of %d bytes", len(address))
		}
		out = append(out, cert.Operator{Address: common.BytesToAddress(address), Power: power})
	}
	return out
}

// Open reads the payload. The run has as many headers as p claims, of the heights that it claims.
func (c *Codec) Open(p PackedHeaders) (Headers, error) {
	raw, err := c.unpack(p.codec, p.rawLength, p.payload)
	if err != nil {
		return Headers{}, fmt.Errorf("open headers: %w", err)
	}
	count := p.Certificate.Height - p.From + 1
	all := fields{rest: raw}
	items := fields{rest: all.list(int(count))}
	h := Headers{ChainID: p.ChainID, Publisher: p.Publisher, Certificate: p.Certificate, Next: p.Next}
	for all.err == nil && items.err == nil && len(items.rest) > 0 {
		one := fields{rest: items.list(2)}
		header, leaves := one.bytes(), fields{rest: one.list(lane.MaxLanes)}
		if err := one.end("header with leaves"); err != nil {
			return Headers{}, err
		}
		var b HeaderLanes
		if b.Header, err = block.DecodeHeader(header); err != nil {
			return Headers{}, fmt.Errorf("open headers: %w: %w", err, ErrMalformed)
		}
		if b.Header.Height != p.From+uint64(len(h.Blocks)) || b.Header.ChainID != p.ChainID {
			return Headers{}, fmt.Errorf("open headers: height %d of %q at place %d: %w", b.Header.Height, b.Header.ChainID, len(h.Blocks), ErrMalformed)
		}
		for len(leaves.rest) > 0 {
			l, err := readLeaf(&leaves)
			if err != nil {
				return Headers{}, err
			}
			b.Leaves = append(b.Leaves, l)
		}
		h.Blocks = append(h.Blocks, b)
	}
	if items.err != nil {
		return Headers{}, items.end("headers")
	}
	if err := all.end("headers"); err != nil {
		return Headers{}, err
	}
	if uint64(len(h.Blocks)) != count {
		return Headers{}, fmt.Errorf("open headers: %d, want %d: %w", len(h.Blocks), count, ErrMalformed)
	}
	return h, nil
}

func readLeaf(f *fields) (lane.Leaf, error) {
	one := fields{rest: f.list(3)}
	ns, length, commitment := one.bytes(), one.uint(), one.bytes()
	if f.err != nil {
		return lane.Leaf{}, f.end("leaf")
	}
	if err := one.end("leaf"); err != nil {
		return lane.Leaf{}, err
	}
	if len(ns) != namespaces.Size || len(commitment) != common.HashLength || length == 0 || length > lane.MaxSize {
		return lane.Leaf{}, fmt.Errorf("decode leaf: lane of %d bytes: %w", length, ErrMalformed)
	}
	return lane.Leaf{Namespace: namespaces.Namespace(ns), Length: uint32(length), Commitment: common.Hash(commitment)}, nil
}
