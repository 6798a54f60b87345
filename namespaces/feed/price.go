package feed

import (
	"fmt"

	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces"
)

// PriceProtocol is how a price is asked for: one [PriceRequest], answered by one [Price].
const PriceProtocol = "price/1"

// MaxPriceSize bounds a message of [PriceProtocol], in bytes.
const MaxPriceSize = 64

// PriceRequest asks what a byte costs in a namespace, registered or not: [version, namespace].
type PriceRequest struct{ Namespace namespaces.Namespace }

// Price is what a node says that a byte costs: [version, height, fee per byte]. Nothing proves it. A payer is charged by the ledger's price, whatever it
// was told, and bounds by itself what it signs.
type Price struct {
	Height     uint64 // the newest block; the price is that of the next one
	FeePerByte uint64 // wei: lane price + global price + DA price
}

type priceRequestWire struct {
	Version   uint64
	Namespace namespaces.Namespace
}

type priceWire struct{ Version, Height, FeePerByte uint64 }

// Encode returns the canonical RLP.
func (r PriceRequest) Encode() []byte { return encode(&priceRequestWire{Version, r.Namespace}) }

// DecodePriceRequest reads a request.
func DecodePriceRequest(raw []byte) (PriceRequest, error) {
	var w priceRequestWire
	if err := decodePrice(raw, &w); err != nil {
		return PriceRequest{}, fmt.Errorf("decode price request: %w", err)
	}
	if w.Version != Version {
		return PriceRequest{}, fmt.Errorf("decode price request: version %d, want %d", w.Version, Version)
	}
	return PriceRequest{w.Namespace}, nil
}

// Encode returns the canonical RLP.
func (p Price) Encode() []byte { return encode(&priceWire{Version, p.Height, p.FeePerByte}) }

// DecodePrice reads an answer.
func DecodePrice(raw []byte) (Price, error) {
	var w priceWire
	if err := decodePrice(raw, &w); err != nil {
		return Price{}, fmt.Errorf("decode price: %w", err)
	}
	if w.Version != Version {
		return Price{}, fmt.Errorf("decode price: version %d, want %d", w.Version, Version)
	}
	return Price{w.Height, w.FeePerByte}, nil
}

func decodePrice(raw []byte, into any) error {
	if len(raw) > MaxPriceSize {
		return fmt.Errorf("%d bytes, at most %d", len(raw), MaxPriceSize)
	}
	return rlp.DecodeBytes(raw, into)
}
