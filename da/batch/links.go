package batch

import (
	"fmt"

	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// PackedLinks is a [cert.Links] whose payload is still packed: enough to tell cheaply whether it is worth more.
type PackedLinks struct {
	ChainID     string
	From        uint64 // height of the first header; the last one's is the certificate's
	Certificate cert.Certificate
	codec       uint64
	rawLength   uint64
	payload     []byte
}

// EncodeLinks writes links. It does not check that they are right: see [cert.Marks.Take].
func (c *Codec) EncodeLinks(chainID string, l cert.Links) ([]byte, error) {
	if len(l.Headers) == 0 || len(l.Headers) > cert.MaxPiece {
		return nil, fmt.Errorf("encode links: %d headers, want 1 to %d", len(l.Headers), cert.MaxPiece)
	}
	buf := rlp.NewEncoderBuffer(nil)
	all := buf.List()
	for _, h := range l.Headers {
		buf.WriteBytes(h.Encode())
	}
	buf.ListEnd(all)
	raw := buf.AppendToBytes(nil)
	codec, payload := c.pack(raw)
	return encode(KindLinks, chainID, func(buf rlp.EncoderBuffer) {
		buf.WriteUint64(l.Headers[0].Height)
		buf.WriteBytes(l.Certificate.Encode())
		buf.WriteUint64(codec)
		buf.WriteUint64(uint64(len(raw)))
		buf.WriteBytes(payload)
	}), nil
}

// DecodeLinks reads all but the payload, which points into raw.
func DecodeLinks(raw []byte) (PackedLinks, error) {
	k, chainID, content, err := split(raw)
	if err != nil {
		return PackedLinks{}, fmt.Errorf("decode links: %w", err)
	}
	if k != KindLinks {
		return PackedLinks{}, fmt.Errorf("decode links: kind %d: %w", k, ErrMalformed)
	}
	f := fields{rest: content}
	p := PackedLinks{ChainID: chainID, From: f.uint()}
	certificate := f.bytes()
	p.codec, p.rawLength, p.payload = f.uint(), f.uint(), f.bytes()
	if err := f.end("links"); err != nil {
		return PackedLinks{}, err
	}
	if p.Certificate, err = decodeEnd(certificate, p.From); err != nil {
		return PackedLinks{}, fmt.Errorf("decode links: %w", err)
	}
	if p.rawLength > cert.MaxPiece*(block.MaxHeaderSize+8) {
		return PackedLinks{}, fmt.Errorf("decode links: %d bytes of headers: %w", p.rawLength, ErrMalformed)
	}
	return p, checkRaw(p.codec, p.rawLength, p.payload)
}

// Worth says cheaply, before the payload is opened, whether p can give marks above the tip.
func (p PackedLinks) Worth(tip cert.Trust, marks *cert.Marks) error {
	switch {
	case p.ChainID != tip.ChainID:
		return fmt.Errorf("links of chain %q, want %q: %w", p.ChainID, tip.ChainID, ErrMalformed)
	case p.Certificate.Height <= tip.Height:
		return fmt.Errorf("links end at height %d, tip is %d: %w", p.Certificate.Height, tip.Height, ErrKnown)
	}
	return marks.Certifies(tip, p.Certificate)
}

// OpenLinks reads the payload. The links have as many headers as p claims.
func (c *Codec) OpenLinks(p PackedLinks) (cert.Links, error) {
	raw, err := c.unpack(p.codec, p.rawLength, p.payload)
	if err != nil {
		return cert.Links{}, fmt.Errorf("open links: %w", err)
	}
	count := p.Certificate.Height - p.From + 1
	all := fields{rest: raw}
	items := fields{rest: all.list(int(count))}
	l := cert.Links{Certificate: p.Certificate}
	for all.err == nil && items.err == nil && len(items.rest) > 0 {
		header := items.bytes()
		if items.err != nil {
			break
		}
		h, err := block.DecodeHeader(header)
		if err != nil {
			return cert.Links{}, fmt.Errorf("open links: %w: %w", err, ErrMalformed)
		}
		l.Headers = append(l.Headers, h)
	}
	if items.err != nil {
		return cert.Links{}, items.end("links")
	}
	if err := all.end("links"); err != nil {
		return cert.Links{}, err
	}
	if uint64(len(l.Headers)) != count {
		return cert.Links{}, fmt.Errorf("open links: %d headers, want %d: %w", len(l.Headers), count, ErrMalformed)
	}
	return l, nil
}
