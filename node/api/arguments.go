package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/common/math"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// Height is an argument: a number, its text in decimal or hexadecimal digits, "latest" (the newest block) or "certified" (the newest block that
// is certified).
type Height struct {
	Number uint64
	Tag    string // "latest", "certified" or empty
}

// HeightOf is a height by its number.
func HeightOf(n uint64) Height { return Height{Number: n} }

// Latest and Certified are the tags.
const (
	Latest    = "latest"
	Certified = "certified"
)

// MarshalJSON writes the tag or the number.
func (h Height) MarshalJSON() ([]byte, error) {
	if h.Tag != "" {
		return json.Marshal(h.Tag)
	}
	return json.Marshal(h.Number)
}

// UnmarshalJSON reads all forms.
func (h *Height) UnmarshalJSON(raw []byte) error {
	text := strings.Trim(string(raw), `"`)
	if text == Latest || text == Certified {
		*h = Height{Tag: text}
		return nil
	}
	var n math.HexOrDecimal64
	if err := n.UnmarshalJSON(raw); err != nil || text == "" || text == "null" {
		return fmt.Errorf("height %s: want a number, %q or %q", raw, Latest, Certified)
	}
	*h = HeightOf(uint64(n))
	return nil
}

// BundleArgs is a transaction as an object, as a wallet signs it by EIP-712 (eth_signTypedData_v4). Numbers may be JSON numbers or texts in decimal
// or hexadecimal digits: a salt may be larger than a JavaScript number holds.
type BundleArgs struct {
	ChainID       string              `json:"chainId"`
	Payer         common.Address      `json:"payer"`
	Salt          math.HexOrDecimal64 `json:"salt"`
	Expiry        math.HexOrDecimal64 `json:"expiry"`
	Legs          []LegArgs           `json:"legs"`
	MaxFeePerByte math.HexOrDecimal64 `json:"maxFeePerByte"`
	Tip           math.HexOrDecimal64 `json:"tip"`
	Signature     hexutil.Bytes       `json:"signature"` // R, S, V; V may be 27 or 28 as wallets write it
}

// LegArgs is one leg of [BundleArgs].
type LegArgs struct {
	Namespace namespaces.Namespace `json:"namespace"`
	Data      hexutil.Bytes        `json:"data"`
}

// ArgsOf is the object of a transaction.
func ArgsOf(t *tx.Tx) BundleArgs {
	f := t.Fields()
	args := BundleArgs{
		ChainID: f.ChainID, Payer: f.Payer, Salt: math.HexOrDecimal64(f.Salt), Expiry: math.HexOrDecimal64(f.Expiry),
		MaxFeePerByte: math.HexOrDecimal64(f.MaxFeePerByte), Tip: math.HexOrDecimal64(f.Tip), Signature: f.Signature[:],
	}
	for _, l := range f.Legs {
		args.Legs = append(args.Legs, LegArgs{l.Namespace, l.Data})
	}
	return args
}

// Tx is the transaction that the object stands for; the signature is not verified. Every error is a [*tx.Reject].
func (a BundleArgs) Tx() (*tx.Tx, error) {
	f := tx.Fields{
		ChainID: a.ChainID, Payer: a.Payer, Salt: uint64(a.Salt), Expiry: uint64(a.Expiry),
		MaxFeePerByte: uint64(a.MaxFeePerByte), Tip: uint64(a.Tip),
	}
	if len(a.Legs) > tx.MaxLegs {
		return nil, tx.NewReject(tx.TooManyLegs, "%d legs, at most %d", len(a.Legs), tx.MaxLegs)
	}
	for _, l := range a.Legs {
		f.Legs = append(f.Legs, tx.Leg{Namespace: l.Namespace, Data: l.Data})
	}
	if len(a.Signature) != tx.SignatureSize {
		return nil, tx.NewReject(tx.BadSignature, "%d bytes, want %d", len(a.Signature), tx.SignatureSize)
	}
	f.Signature = tx.Signature(a.Signature)
	if v := f.Signature[tx.SignatureSize-1]; v == 27 || v == 28 {
		f.Signature[tx.SignatureSize-1] = v - 27
	}
	return tx.New(f)
}

// parseBundle reads a bundle as an object or as hexadecimal digits of its encoding.
func parseBundle(raw json.RawMessage) (*tx.Tx, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) > 0 && raw[0] == '"' {
		var encoded hexutil.Bytes
		if err := json.Unmarshal(raw, &encoded); err != nil {
			return nil, fail(BadArgument, "bundle: %v", err)
		}
		return tx.Decode(encoded)
	}
	var args BundleArgs
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&args); err != nil {
		return nil, fail(BadArgument, "bundle: %v", err)
	}
	return args.Tx()
}

// InclusionOptions is the optional second argument of seq_getInclusionProof.
type InclusionOptions struct {
	Lanes []namespaces.Namespace `json:"lanes"` // lanes of the block to prove as well, at most MaxLanesProven
}

// MaxLanesProven bounds the lanes of one inclusion proof: all that a bundle touches, and the ledger's.
const MaxLanesProven = tx.MaxBundleLegs + 1

// RecordOptions is the optional last argument of methods that answer from the ledger's records.
type RecordOptions struct {
	Proof bool `json:"proof"` // wait for the block that commits to the answer, and prove it
}

// OperatorOptions is the optional argument of seq_getOperators.
type OperatorOptions struct {
	Proof bool            `json:"proof"`           // as in [RecordOptions]
	Owner *common.Address `json:"owner,omitempty"` // this operator alone, whether it is in the set or not
}

// RewardOptions is the optional last argument of seq_getRewards.
type RewardOptions struct {
	Proof     bool             `json:"proof"`               // as in [RecordOptions]
	Epoch     *uint64          `json:"epoch,omitempty"`     // whose leaf is shown; the last one's without
	Operators []common.Address `json:"operators,omitempty"` // whose delegations are looked for; without, those of the first 256
}

// FeeArgs is the argument of seq_estimateFee: a weight, or the sizes of the legs, and where they go.
type FeeArgs struct {
	Namespaces []namespaces.Namespace `json:"namespaces,omitempty"` // of the legs; without, prices are those of a lane within its share

	Weight math.HexOrDecimal64 `json:"weight"` // bytes
	Legs   []int               `json:"legs"`   // bytes of each leg's data, instead of weight
	Bundle bool                `json:"bundle"` // the legs are in more than one namespace
	Tip    math.HexOrDecimal64 `json:"tip"`    // wei per byte of weight
}

func (a FeeArgs) weight() (uint64, error) {
	if len(a.Legs) == 0 {
		if a.Weight == 0 || a.Weight > 2*tx.MaxSize {
			return 0, fmt.Errorf("weight %d, want 1 to %d", a.Weight, 2*tx.MaxSize)
		}
		return uint64(a.Weight), nil
	}
	if a.Weight != 0 {
		return 0, errors.New("want either a weight or legs")
	}
	if most := a.mostLegs(); len(a.Legs) > most {
		return 0, fmt.Errorf("%d legs, at most %d", len(a.Legs), most)
	}
	var total uint64
	for i, size := range a.Legs {
		if size < 1 || size > tx.MaxLegData {
			return 0, fmt.Errorf("leg %d has %d bytes, want 1 to %d", i, size, tx.MaxLegData)
		}
		total += uint64(size)
	}
	return tx.WeightOf(uint64(len(a.Legs)), total, a.Bundle), nil
}

func (a FeeArgs) mostLegs() int {
	if a.Bundle {
		return tx.MaxBundleLegs
	}
	return tx.MaxLegs
}
