package celestiatest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"time"

	"github.com/celestiaorg/go-square/v3/share"
)

// rights that methods ask for, as a celestia-node's.
func rights(method string) string {
	if method == "blob.Submit" {
		return "write"
	}
	return "read"
}

// call answers a request; an error's text is what the node says. The lock is not held.
func (n *Node) call(method string, params []json.RawMessage) (any, error) {
	switch method {
	case "header.LocalHead", "header.NetworkHead":
		return n.header(0)
	case "header.GetByHeight":
		var height uint64
		if err := take(params, &height); err != nil {
			return nil, err
		}
		return n.header(height)
	case "state.Balance":
		n.mu.Lock()
		defer n.mu.Unlock()
		return map[string]string{"denom": "utia", "amount": strconv.FormatUint(n.ledger.Balance, 10)}, nil
	case "blob.Submit":
		return n.submit(params)
	case "blob.GetAll":
		return n.getAll(params)
	case "blob.GetProof":
		return n.getProof(params)
	case "blob.Included":
		return n.included(params)
	}
	return nil, fmt.Errorf("method '%s' not found", method)
}

func take(params []json.RawMessage, into ...any) error {
	if len(params) != len(into) {
		return fmt.Errorf("wrong param count (method '%d'): %d != %d", len(into), len(params), len(into))
	}
	for i, p := range params {
		if err := json.Unmarshal(p, into[i]); err != nil {
			return fmt.Errorf("unmarshaling params: %w", err)
		}
	}
	return nil
}

// at gives a block, or says as a celestia-node does that it has none.
func (n *Node) at(height uint64) (*block, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch head := uint64(len(n.blocks)); {
	case height == 0:
		return nil, errors.New("height is equal to 0")
	case height > head:
		return nil, fmt.Errorf("header: given height is from the future: networkHeight: %d, requestedHeight: %d", head, height)
	case height <= n.pruned:
		return nil, fmt.Errorf("requested header (%d) is below Tail (%d)", height, n.pruned+1)
	}
	return n.blocks[height-1], nil
}

// blockTime is six seconds after the block before.
func blockTime(height uint64) time.Time {
	return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(height) * 6 * time.Second)
}

func (n *Node) header(height uint64) (any, error) {
	if height == 0 {
		height = n.Head()
	}
	b, err := n.at(height)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"header": map[string]any{"chain_id": "celestiatest", "height": strconv.FormatUint(height, 10), "time": blockTime(height)},
		"commit": map[string]any{"height": height, "block_id": map[string]any{"hash": fmt.Sprintf("%X", b.hash)}},
		"dah":    map[string]any{"row_roots": []string{}, "column_roots": []string{}},
	}, nil
}

// wireBlob is a blob as the JSON-RPC has it.
type wireBlob struct {
	Namespace    []byte  `json:"namespace"`
	Data         []byte  `json:"data"`
	ShareVersion uint32  `json:"share_version"`
	Commitment   []byte  `json:"commitment"`
	Signer       []byte  `json:"signer,omitempty"`
	Index        float64 `json:"index"`
}

func (w wireBlob) share() (*share.Blob, error) {
	ns, err := share.NewNamespaceFromBytes(w.Namespace)
	if err != nil {
		return nil, fmt.Errorf("invalid namespace: %w", err)
	}
	if err := ns.ValidateForBlob(); err != nil {
		return nil, fmt.Errorf("not allowed namespace %s were used to build the blob", ns.String())
	}
	if w.ShareVersion != 0 || w.Signer != nil {
		return nil, fmt.Errorf("unsupported share version %d", w.ShareVersion)
	}
	b, err := share.NewV0Blob(ns, w.Data)
	if err != nil {
		return nil, err
	}
	if c, err := commitment(b); err != nil || !bytes.Equal(c, w.Commitment) {
		return nil, errors.New("blob: mismatched commitment")
	}
	return b, nil
}

func (n *Node) submit(params []json.RawMessage) (any, error) {
	var blobs []wireBlob
	var options struct {
		GasPrice    json.Number `json:"gas_price"`
		GasPriceSet bool        `json:"is_gas_price_set"`
		MaxGasPrice json.Number `json:"max_gas_price"`
	}
	if err := take(params, &blobs, &options); err != nil {
		return nil, err
	}
	if len(blobs) == 0 {
		return nil, errors.New("no blobs provided: no blobs provided")
	}
	t := new(tx)
	gas := uint64(75_000) // celestia-app, x/blob: a fixed cost, 8 for each byte of a share, 10 for each of 70 bytes in the transaction
	for _, w := range blobs {
		b, err := w.share()
		if err != nil {
			return nil, err
		}
		t.blobs = append(t.blobs, b)
		gas += uint64(share.SparseSharesNeeded(uint32(len(w.Data)), false))*512*8 + 700
	}
	if size := t.size(); size > n.cfg.MaxTx {
		return nil, fmt.Errorf("Tx too large. Max size is %d, but got %d", n.cfg.MaxTx, size) //nolint:staticcheck // CometBFT's words
	}
	if _, left, err := build([]*tx{t}, n.cfg.MaxSquare); err != nil || len(left) > 0 {
		return nil, errors.New("the blobs do not fit into a square: total blob size too large")
	}
	price, err := millionths(options.GasPrice)
	if err != nil || !options.GasPriceSet {
		return nil, errors.New("state: estimated gas price exceeds max gas price in tx config")
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.charge(gas, price); err != nil {
		return nil, err
	}
	return n.await(t)
}

// charge takes the fee. The lock is held.
func (n *Node) charge(gas, price uint64) error {
	fee, least := utia(gas, price), utia(gas, n.ledger.GasPrice)
	if fee < least {
		return fmt.Errorf("failed to submit blobs due to insufficient gas price in txconfig: insufficient minimum gas price for this node; "+
			"got: %dutia, required: %dutia (min gas price: 0.%06dutia/gas): insufficient fee", fee, least, n.ledger.GasPrice)
	}
	if fee > n.ledger.Balance {
		return fmt.Errorf("spendable balance %dutia is smaller than %dutia: insufficient funds", n.ledger.Balance, fee)
	}
	n.ledger.Balance -= fee
	n.spent += fee
	return nil
}

// await puts a transaction into the mempool and waits for its block. The lock is held.
func (n *Node) await(t *tx) (any, error) {
	n.pool = append(n.pool, t)
	if !n.held {
		n.mine()
	}
	for t.height == 0 && !t.evicted {
		n.changed.Wait()
	}
	if t.evicted {
		return nil, errors.New("tx was evicted from the mempool")
	}
	return t.height, nil
}

func (n *Node) getAll(params []json.RawMessage) (any, error) {
	var height uint64
	var names [][]byte
	if err := take(params, &height, &names); err != nil {
		return nil, err
	}
	b, err := n.at(height)
	if err != nil {
		return nil, err
	}
	var out []wireBlob // null if there are none, as a celestia-node's
	for _, name := range names {
		ns, err := share.NewNamespaceFromBytes(name)
		if err != nil {
			return nil, fmt.Errorf("invalid namespace: %w", err)
		}
		all, err := b.under(ns)
		if err != nil {
			return nil, err
		}
		for _, p := range all {
			c, err := commitment(p.Blob)
			if err != nil {
				return nil, err
			}
			out = append(out, wireBlob{name, p.Data(), uint32(p.ShareVersion()), c, p.Signer(), float64(p.index)})
		}
	}
	return out, nil
}

// find looks a blob up by its commitment.
func (n *Node) find(height uint64, name, wanted []byte) (*block, placed, error) {
	b, err := n.at(height)
	if err != nil {
		return nil, placed{}, err
	}
	ns, err := share.NewNamespaceFromBytes(name)
	if err != nil {
		return nil, placed{}, fmt.Errorf("invalid namespace: %w", err)
	}
	all, err := b.under(ns)
	if err != nil {
		return nil, placed{}, err
	}
	for _, p := range all {
		if c, err := commitment(p.Blob); err == nil && bytes.Equal(c, wanted) {
			return b, p, nil
		}
	}
	return nil, placed{}, errors.New("blob: not found")
}

func (n *Node) getProof(params []json.RawMessage) (any, error) {
	var height uint64
	var name, wanted []byte
	if err := take(params, &height, &name, &wanted); err != nil {
		return nil, err
	}
	b, p, err := n.find(height, name, wanted)
	if err != nil {
		return nil, err
	}
	return b.proof(p)
}

func (n *Node) included(params []json.RawMessage) (any, error) {
	var height uint64
	var name, wanted []byte
	var proof json.RawMessage
	if err := take(params, &height, &name, &proof, &wanted); err != nil {
		return nil, err
	}
	b, p, err := n.find(height, name, wanted)
	if err != nil {
		return false, nil //nolint:nilerr // as a celestia-node: it is not included
	}
	right, err := b.proof(p)
	if err != nil {
		return nil, err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, proof); err != nil || !slices.Equal(compact.Bytes(), right) {
		return nil, errors.New("blob: invalid proof")
	}
	return true, nil
}

// millionths of a utia from a price in utia.
func millionths(price json.Number) (uint64, error) {
	f, err := price.Float64()
	if err != nil || f < 0 {
		return 0, fmt.Errorf("gas price %q", price)
	}
	return uint64(f*1e6 + 0.5), nil
}

func utia(gas, price uint64) uint64 {
	hi, lo := bits.Mul64(gas, price)
	q, r := bits.Div64(hi, lo, 1_000_000)
	if r > 0 {
		q++
	}
	return q
}
