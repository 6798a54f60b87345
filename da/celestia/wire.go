package celestia

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/lane"
)

// blob is a blob as a celestia-node's JSON-RPC has it; bytes are base64.
type blob struct {
	Namespace    []byte `json:"namespace"` // 29 bytes
	Data         []byte `json:"data"`
	ShareVersion uint32 `json:"share_version"`
	Commitment   []byte `json:"commitment"`
	Index        int    `json:"index"` // of its first share; -1 while it is nowhere
}

// config is what a node is told about the transaction. The offer is also the limit, for nodes that estimate a price of their own.
type config struct {
	GasPrice    json.Number `json:"gas_price"`
	GasPriceSet bool        `json:"is_gas_price_set"`
	MaxGasPrice json.Number `json:"max_gas_price"`
}

// configOf offers a gas price in millionths of a utia.
func configOf(price uint64) config {
	utia := json.Number(fmt.Sprintf("%d.%06d", price/micro, price%micro))
	return config{GasPrice: utia, GasPriceSet: true, MaxGasPrice: utia}
}

// Commitment is the share commitment under which Celestia proves a blob: go-square's, for a version-0 blob of the data.
func Commitment(b da.Blob) (common.Hash, error) {
	leaf, err := lane.LeafOf(b.Namespace, b.Data) // a lane is such a blob, and this is the fast way to the same hash
	if err != nil {
		return common.Hash{}, fmt.Errorf("share commitment: %w", err)
	}
	return leaf.Commitment, nil
}

// encode gives blobs their form for the node.
func encode(blobs []da.Blob) ([]blob, error) {
	out := make([]blob, 0, len(blobs))
	for i, b := range blobs {
		c, err := Commitment(b)
		if err != nil {
			return nil, fmt.Errorf("submit to DA: blob %d: %w: %w", i, err, da.ErrInvalid)
		}
		out = append(out, blob{Namespace: b.Namespace.Share().Bytes(), Data: b.Data, Commitment: c[:], Index: -1})
	}
	return out, nil
}

// decode checks what a node says stands under a namespace. What is no blob of ours by its form is passed over (specs/13-da-layers.md).
func decode(answered []blob, ns namespaces.Namespace) ([]da.Blob, error) {
	out := make([]da.Blob, 0, len(answered))
	name := ns.Share().Bytes()
	for i, b := range answered {
		if !bytes.Equal(b.Namespace, name) {
			return nil, fmt.Errorf("blob %d of the answer is of another namespace than %s: %w", i, ns, da.ErrUnavailable)
		}
		if b.ShareVersion != 0 || len(b.Data) > lane.MaxSize {
			continue
		}
		one := da.Blob{Namespace: ns, Data: b.Data}
		if c, err := Commitment(one); err != nil || !bytes.Equal(c[:], b.Commitment) {
			return nil, fmt.Errorf("blob %d of the answer does not make the commitment that is told with it: %w", i, da.ErrUnavailable)
		}
		out = append(out, one)
	}
	return out, nil
}

// header is what a driver needs of a Celestia header.
type header struct {
	Header struct {
		Height number    `json:"height"`
		Time   time.Time `json:"time"`
	} `json:"header"`
	Commit struct {
		BlockID struct {
			Hash string `json:"hash"`
		} `json:"block_id"`
	} `json:"commit"`
}

func (h header) hash() (common.Hash, error) {
	raw, err := hex.DecodeString(h.Commit.BlockID.Hash)
	if err != nil || len(raw) != common.HashLength || h.Header.Height == 0 {
		return common.Hash{}, fmt.Errorf("the header has no height, or no hash of %d bytes: %w", common.HashLength, da.ErrUnavailable)
	}
	return common.Hash(raw), nil
}

// number is an unsigned integer that may stand in quotes.
type number uint64

// UnmarshalJSON takes both forms.
func (n *number) UnmarshalJSON(raw []byte) error {
	v, err := strconv.ParseUint(string(bytes.Trim(raw, `"`)), 10, 64)
	if err != nil {
		return fmt.Errorf("number: %w", err)
	}
	*n = number(v)
	return nil
}

// balance of the node's account.
type balance struct {
	Amount number `json:"amount"`
	Denom  string `json:"denom"`
}
