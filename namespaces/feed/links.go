package feed

import (
	"fmt"

	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// MaxLinksSize bounds an encoded answer of links, in bytes.
const MaxLinksSize = cert.MaxPiece*(block.MaxHeaderSize+4) + cert.MaxSize + 64

// LinksRequest asks for links downwards: [version, from, to]. They begin at the lowest certificate that covers From, or, if To is not 0 and not above
// it, at the header of that height, a multiple of cert.MarkEvery, and end at the lowest such multiple not below From.
type LinksRequest struct {
	From uint64
	To   uint64
}

type linksRequestWire struct {
	Version uint64
	From    uint64
	To      uint64
}

// Encode returns the canonical RLP.
func (r LinksRequest) Encode() []byte { return encode(&linksRequestWire{Version, r.From, r.To}) }

// DecodeLinksRequest reads a request and refuses height 0, reversed ranges and a beginning that is no mark.
func DecodeLinksRequest(raw []byte) (LinksRequest, error) {
	if len(raw) > MaxRequestSize {
		return LinksRequest{}, fmt.Errorf("decode links request: %d bytes, at most %d", len(raw), MaxRequestSize)
	}
	var w linksRequestWire
	if err := rlp.DecodeBytes(raw, &w); err != nil {
		return LinksRequest{}, fmt.Errorf("decode links request: %w", err)
	}
	switch {
	case w.Version != Version:
		return LinksRequest{}, fmt.Errorf("decode links request: version %d, want %d", w.Version, Version)
	case w.From == 0 || w.To != 0 && (w.To < w.From || w.To%cert.MarkEvery != 0):
		return LinksRequest{}, fmt.Errorf("decode links request: heights %d to %d are no range that ends in a mark", w.From, w.To)
	}
	return LinksRequest{w.From, w.To}, nil
}

type linksWire struct {
	Version     uint64
	Headers     [][]byte
	Certificate []byte
}

// EncodeLinks returns the canonical RLP of an answer: [version, [header...], certificate].
func EncodeLinks(l cert.Links) []byte {
	w := linksWire{Version: Version, Certificate: l.Certificate.Encode()}
	for _, h := range l.Headers {
		w.Headers = append(w.Headers, h.Encode())
	}
	return encode(&w)
}

// DecodeLinks reads an answer. It is well formed; [cert.Marks.Take] verifies it.
func DecodeLinks(raw []byte) (cert.Links, error) {
	if len(raw) > MaxLinksSize {
		return cert.Links{}, fmt.Errorf("decode links: %d bytes, at most %d", len(raw), MaxLinksSize)
	}
	if err := precheckLinks(raw); err != nil {
		return cert.Links{}, fmt.Errorf("decode links: %w", err)
	}
	var w linksWire
	if err := rlp.DecodeBytes(raw, &w); err != nil {
		return cert.Links{}, fmt.Errorf("decode links: %w", err)
	}
	if w.Version != Version {
		return cert.Links{}, fmt.Errorf("decode links: version %d, want %d", w.Version, Version)
	}
	var l cert.Links
	var err error
	if l.Certificate, err = cert.Decode(w.Certificate); err != nil {
		return cert.Links{}, fmt.Errorf("decode links: %w", err)
	}
	for _, raw := range w.Headers {
		h, err := block.DecodeHeader(raw)
		if err != nil {
			return cert.Links{}, fmt.Errorf("decode links: %w", err)
		}
		l.Headers = append(l.Headers, h)
	}
	return l, nil
}

// precheckLinks counts headers before anything is allocated for them.
func precheckLinks(raw []byte) error {
	content, _, err := rlp.SplitList(raw)
	if err != nil {
		return err
	}
	_, _, content, err = rlp.Split(content) // version
	if err != nil {
		return err
	}
	headers, _, err := rlp.SplitList(content)
	if err != nil {
		return err
	}
	if n, err := rlp.CountValues(headers); err != nil || n == 0 || n > cert.MaxPiece {
		return fmt.Errorf("%d headers, want 1 to %d", n, cert.MaxPiece)
	}
	return nil
}
