package tx

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces"
)

// Envelope is a transaction without its data: the legs are replaced by EIP-712's one hash of their array and by the legs and bytes in each
// namespace. It can be checked and charged like the whole, at a size that does not grow with the legs (specs/01-formats.md, "Envelope"):
//
//	envelope = [version, payer, salt, expiry, legs_hash, [[namespace, legs, bytes]...], max_fee_per_byte, tip, auths, signature]
//
// chain_id is left out: an envelope stands in a lane of a header that names it.
type Envelope struct {
	Payer         common.Address
	Salt          uint64
	Expiry        uint64
	LegsHash      common.Hash
	Volumes       []Volume // ascending by namespace, 1 to MaxBundleLegs
	MaxFeePerByte uint64
	Tip           uint64
	Auths         []Auth
	Signature     Signature
}

// Volume is what one transaction puts into one namespace.
type Volume struct {
	Namespace namespaces.Namespace
	Legs      uint64
	Bytes     uint64
}

// envelopeWire is the RLP shape: the version, then the fields of Envelope in their order.
type envelopeWire struct {
	Version       uint64
	Payer         common.Address
	Salt          uint64
	Expiry        uint64
	LegsHash      common.Hash
	Volumes       []Volume
	MaxFeePerByte uint64
	Tip           uint64
	Auths         []Auth
	Signature     Signature
}

// maxEnvelopeSize bounds an encoded envelope: sixteen volumes and sixteen auths of under 100 bytes each, and the fixed fields.
const maxEnvelopeSize = 4 << 10

// Envelope returns the transaction without its data.
func (t *Tx) Envelope() Envelope {
	f := &t.fields
	e := Envelope{
		Payer: f.Payer, Salt: f.Salt, Expiry: f.Expiry, LegsHash: t.legsHash, MaxFeePerByte: f.MaxFeePerByte, Tip: f.Tip,
		Auths: f.Auths, Signature: f.Signature,
	}
	for _, ns := range t.Namespaces() {
		v := Volume{Namespace: ns}
		for _, l := range f.Legs {
			if l.Namespace == ns {
				v.Legs++
				v.Bytes += uint64(len(l.Data))
			}
		}
		e.Volumes = append(e.Volumes, v)
	}
	return e
}

// Encode returns the canonical RLP.
func (e Envelope) Encode() []byte {
	raw, err := rlp.EncodeToBytes(&envelopeWire{
		Version, e.Payer, e.Salt, e.Expiry, e.LegsHash, e.Volumes, e.MaxFeePerByte, e.Tip, e.Auths, e.Signature,
	})
	if err != nil {
		panic(fmt.Sprintf("encode envelope: %v", err)) // a struct of integers, arrays and bounded lists always encodes
	}
	return raw
}

// DecodeEnvelope reads an envelope from its encoding.
func DecodeEnvelope(raw []byte) (Envelope, error) {
	if len(raw) > maxEnvelopeSize {
		return Envelope{}, fmt.Errorf("decode envelope: %d bytes, at most %d", len(raw), maxEnvelopeSize)
	}
	var w envelopeWire
	if err := rlp.DecodeBytes(raw, &w); err != nil {
		return Envelope{}, fmt.Errorf("decode envelope: %w", err)
	}
	if w.Version != Version {
		return Envelope{}, fmt.Errorf("decode envelope: version %d, want %d", w.Version, Version)
	}
	if n := len(w.Volumes); n == 0 || n > MaxBundleLegs {
		return Envelope{}, fmt.Errorf("decode envelope: %d volumes, want 1 to %d", n, MaxBundleLegs)
	}
	for i := range w.Volumes {
		if i > 0 && w.Volumes[i-1].Namespace.Compare(w.Volumes[i].Namespace) >= 0 {
			return Envelope{}, fmt.Errorf("decode envelope: volume %d is not above the one before it", i)
		}
		if v := w.Volumes[i]; v.Legs == 0 || v.Legs > MaxLegs || v.Bytes > MaxSize {
			return Envelope{}, fmt.Errorf("decode envelope: volume %d of %d legs and %d bytes", i, v.Legs, v.Bytes)
		}
	}
	if len(w.Auths) > MaxAuths {
		return Envelope{}, fmt.Errorf("decode envelope: %d auths, at most %d", len(w.Auths), MaxAuths)
	}
	return Envelope{w.Payer, w.Salt, w.Expiry, w.LegsHash, w.Volumes, w.MaxFeePerByte, w.Tip, w.Auths, w.Signature}, nil
}

// ID is the id of the transaction that the envelope stands for.
func (e Envelope) ID(chainID string) common.Hash {
	f := Fields{ChainID: chainID, Payer: e.Payer, Salt: e.Salt, Expiry: e.Expiry, MaxFeePerByte: e.MaxFeePerByte, Tip: e.Tip}
	return f.idFrom(e.LegsHash)
}

// Weight is the weight of the transaction that the envelope stands for, in bytes.
func (e Envelope) Weight() uint64 {
	var legs, bytes uint64
	for _, v := range e.Volumes {
		legs, bytes = legs+v.Legs, bytes+v.Bytes
	}
	return WeightOf(legs, bytes, len(e.Volumes) > 1) + authWeight*uint64(len(e.Auths))
}
