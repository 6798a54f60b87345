// Package forced is the forced way in (specs/12-forced.md): the item that anybody writes to the DA layer, and the rules by which derivation inserts
// items, whether or not operators include them.
//
//	DA blob -> Item -> due at a DA height (Rule) -> taken from a Place on (Take) -> first entries of an input, or a fallback block
//
// Pure: DA heights go in, places come out.
package forced

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// Version is the only item version that this code understands.
const Version = 1

const (
	// MaxData bounds an item's data in bytes: as on the contract of an L1 (specs/11-l1.md, "Inbox").
	MaxData = 65_536
	// MaxSize bounds an encoded item in bytes: the data, the longest chain id, and the rest.
	MaxSize = MaxData + 128
)

// Item is a rollup's raw transaction that stands on the DA layer:
//
//	item = [version, chain_id, namespace, data]
type Item struct {
	ChainID   string
	Namespace namespaces.Namespace
	Data      []byte
}

type itemWire struct {
	Version   uint64
	ChainID   string
	Namespace namespaces.Namespace
	Data      []byte
}

// Validate checks every bound.
func (i Item) Validate() error {
	if i.ChainID == "" || len(i.ChainID) > tx.MaxChainID {
		return fmt.Errorf("chain id of %d bytes, want 1 to %d", len(i.ChainID), tx.MaxChainID)
	}
	if len(i.Data) == 0 || len(i.Data) > MaxData {
		return fmt.Errorf("data of %d bytes, want 1 to %d", len(i.Data), MaxData)
	}
	return i.Namespace.ValidateForRollup()
}

// Encode returns the canonical encoding of a valid item.
func (i Item) Encode() ([]byte, error) {
	if err := i.Validate(); err != nil {
		return nil, fmt.Errorf("encode forced item: %w", err)
	}
	raw, err := rlp.EncodeToBytes(&itemWire{Version, i.ChainID, i.Namespace, i.Data})
	if err != nil {
		return nil, fmt.Errorf("encode forced item: %w", err)
	}
	return raw, nil
}

// Decode reads an item.
func Decode(raw []byte) (Item, error) {
	if len(raw) > MaxSize {
		return Item{}, fmt.Errorf("decode forced item: %d bytes, at most %d", len(raw), MaxSize)
	}
	var w itemWire
	if err := rlp.DecodeBytes(raw, &w); err != nil {
		return Item{}, fmt.Errorf("decode forced item: %w", err)
	}
	if w.Version != Version {
		return Item{}, fmt.Errorf("decode forced item: version %d, want %d", w.Version, Version)
	}
	item := Item{w.ChainID, w.Namespace, w.Data}
	if err := item.Validate(); err != nil {
		return Item{}, fmt.Errorf("decode forced item: %w", err)
	}
	return item, nil
}

var errOther = errors.New("no item of this rollup")

// Data returns the data of an item of a rollup, or nil of anything else. Of what is another's, the first fields are read and nothing is copied.
func Data(raw []byte, chainID string, ns namespaces.Namespace) []byte {
	if err := of(raw, chainID, ns); err != nil {
		return nil
	}
	item, err := Decode(raw)
	if err != nil {
		return nil
	}
	return item.Data
}

// of looks at the fields before the data.
func of(raw []byte, chainID string, ns namespaces.Namespace) error {
	if len(raw) > MaxSize {
		return errOther
	}
	fields, _, err := rlp.SplitList(raw)
	if err != nil {
		return errOther
	}
	version, fields, err := rlp.SplitUint64(fields)
	if err != nil || version != Version {
		return errOther
	}
	chain, fields, err := rlp.SplitString(fields)
	if err != nil || string(chain) != chainID {
		return errOther
	}
	name, _, err := rlp.SplitString(fields)
	if err != nil || !bytes.Equal(name, ns[:]) {
		return errOther
	}
	return nil
}
