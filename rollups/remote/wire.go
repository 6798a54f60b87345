package remote

import (
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/forced"
	"github.com/lockstep-network/lockstep/rollups"
)

// Version is the protocol's.
const Version = 2

// Bounds of both sides.
const (
	// maxEntries bounds what one input's entries count together, in bytes: they were in one body, or forced.
	maxEntries = block.MaxBodySize + forced.MaxInputBytes
	// maxRequest bounds a request, in bytes: the entries in hexadecimal digits, and for each, of which a leg of 13 bytes is the smallest, five
	// bytes of JSON.
	maxRequest = 24 << 20
	// maxAnswer bounds an answer, in bytes: a list of Txs to publish, which fits a gossip message, in hexadecimal digits.
	maxAnswer = 8 << 20
	// maxWaiting is how many lists of Txs wait for the driver to take them.
	maxWaiting = 16

	// executeTime is for an execution or a rollback. Either goes on when its time is over, and is then asked for again.
	executeTime = 2 * time.Minute
	// tellTime is for everything that is answered from memory.
	tellTime = 10 * time.Second
	// outboxWait is how long the server waits for Txs before it answers that there are none.
	outboxWait = 5 * time.Second
)

// Codes of errors.
const (
	codeFailed   = -38300 // the executor's own error; data holds its severity
	codeIdentity = -38301 // another rollup, or another version
	codeStep     = -38302 // the input does not stand on the executor's head; data holds that head
	codeRequest  = -32602 // outside the grammar or the bounds
)

// Identity says which rollup of which network both sides serve.
type Identity struct {
	ChainID   string               // the sequencer's
	Genesis   common.Hash          // hash of the sequencer's genesis document
	Namespace namespaces.Namespace // the rollup's
}

// hash = keccak256(rlp([version, chain_id, genesis_hash, namespace])): each request begins with it.
func (i Identity) hash() common.Hash {
	raw, err := rlp.EncodeToBytes([]any{uint64(Version), i.ChainID, i.Genesis, i.Namespace[:]})
	if err != nil {
		panic(err) // strings and numbers encode
	}
	return crypto.Keccak256Hash(raw)
}

// View is what the driver knows beside the executor's blocks.
type View struct {
	rollups.Heads
	Announced  uint64 // newest shared height known to exist
	Peers      int    // connected
	FeePerByte uint64 // what a byte costs in the rollup's namespace, wei; 0 while the driver does not know
}

// helloJSON is an Identity with the version, as the handshake carries it.
type helloJSON struct {
	Version   hexutil.Uint64       `json:"version"`
	ChainID   string               `json:"chainId"`
	Genesis   common.Hash          `json:"genesis"`
	Namespace namespaces.Namespace `json:"namespace"`
}

func (i Identity) hello() helloJSON { return helloJSON{Version, i.ChainID, i.Genesis, i.Namespace} }

// differs says what is not the same, nil if nothing.
func (h helloJSON) differs(mine helloJSON) error {
	switch {
	case h.Version != mine.Version:
		return fmt.Errorf("version %d of the protocol, here it is %d", h.Version, mine.Version)
	case h.ChainID != mine.ChainID || h.Genesis != mine.Genesis:
		return fmt.Errorf("network %q with genesis %s, here it is %q with %s", h.ChainID, h.Genesis, mine.ChainID, mine.Genesis)
	case h.Namespace != mine.Namespace:
		return fmt.Errorf("namespace %s, here it is %s", h.Namespace, mine.Namespace)
	}
	return nil
}

type outputJSON struct {
	Height    hexutil.Uint64 `json:"height"`
	Fallback  hexutil.Uint64 `json:"fallback"`
	Number    hexutil.Uint64 `json:"number"`
	BlockHash common.Hash    `json:"blockHash"`
	StateRoot common.Hash    `json:"stateRoot"`
}

func encodeOutput(o rollups.Output) outputJSON {
	return outputJSON{hexutil.Uint64(o.Height), hexutil.Uint64(o.Fallback), hexutil.Uint64(o.Number), o.BlockHash, o.StateRoot}
}

func (o outputJSON) decode() rollups.Output {
	return rollups.Output{Height: uint64(o.Height), Fallback: uint64(o.Fallback), Number: uint64(o.Number), BlockHash: o.BlockHash, StateRoot: o.StateRoot}
}

type inputJSON struct {
	Height   hexutil.Uint64  `json:"height"`
	Hash     common.Hash     `json:"hash"`
	TimeMS   hexutil.Uint64  `json:"timeMs"`
	Entries  []hexutil.Bytes `json:"entries"`
	Forced   hexutil.Uint64  `json:"forced"`
	Fallback hexutil.Uint64  `json:"fallback"`
}

func encodeInput(in rollups.Input) inputJSON {
	entries := make([]hexutil.Bytes, len(in.Entries))
	for i, e := range in.Entries {
		entries[i] = e
	}
	return inputJSON{hexutil.Uint64(in.Height), in.Hash, hexutil.Uint64(in.TimeMS), entries, hexutil.Uint64(in.Forced), hexutil.Uint64(in.Fallback)}
}

// decode returns the input if it keeps the bounds.
func (in inputJSON) decode() (rollups.Input, error) {
	out := rollups.Input{
		Height: uint64(in.Height), Hash: in.Hash, TimeMS: uint64(in.TimeMS), Entries: make([][]byte, len(in.Entries)), Fallback: uint64(in.Fallback),
	}
	if in.Forced > hexutil.Uint64(len(in.Entries)) || in.Fallback > 0 && in.Forced != hexutil.Uint64(len(in.Entries)) {
		return rollups.Input{}, fmt.Errorf("%d of %d entries are forced", in.Forced, len(in.Entries))
	}
	out.Forced = int(in.Forced)
	size := 0
	for i, e := range in.Entries {
		out.Entries[i] = e
		size += len(e)
	}
	switch {
	case out.Height == 0:
		return rollups.Input{}, errors.New("shared height 0 is the genesis")
	case len(out.Entries) == 0:
		return rollups.Input{}, errors.New("no entries")
	case size > maxEntries:
		return rollups.Input{}, fmt.Errorf("entries of %d bytes, at most %d", size, maxEntries)
	}
	return out, nil
}

type headJSON struct {
	Height hexutil.Uint64 `json:"height"`
	Hash   common.Hash    `json:"hash"`
	Output outputJSON     `json:"output"`
}

type viewJSON struct {
	Soft      headJSON       `json:"soft"`
	Firm      headJSON       `json:"firm"`
	Final     headJSON       `json:"final"`
	Announced hexutil.Uint64 `json:"announced"`
	Peers     hexutil.Uint64 `json:"peers"`
	Fee       hexutil.Uint64 `json:"feePerByte"`
}

func encodeView(v View) viewJSON {
	head := func(h rollups.Head) headJSON {
		return headJSON{hexutil.Uint64(h.Height), h.Hash, encodeOutput(h.Output)}
	}
	return viewJSON{
		head(v.Soft), head(v.Firm), head(v.Final), hexutil.Uint64(v.Announced), hexutil.Uint64(max(v.Peers, 0)), hexutil.Uint64(v.FeePerByte),
	}
}

// decode returns the view if its heads are in order.
func (v viewJSON) decode() (View, error) {
	head := func(h headJSON) rollups.Head {
		return rollups.Head{Height: uint64(h.Height), Hash: h.Hash, Output: h.Output.decode()}
	}
	out := View{
		rollups.Heads{Soft: head(v.Soft), Firm: head(v.Firm), Final: head(v.Final)}, uint64(v.Announced), int(min(v.Peers, 1<<20)), uint64(v.Fee),
	}
	if out.Final.Height > out.Firm.Height || out.Firm.Height > out.Soft.Height {
		return View{}, fmt.Errorf("heads %d, %d and %d do not ascend", out.Final.Height, out.Firm.Height, out.Soft.Height)
	}
	return out, nil
}

// wireError is an error with what the other side needs to react to it.
type wireError struct {
	code int
	text string
	data errorJSON
}

type errorJSON struct {
	Severity string      `json:"severity,omitempty"` // temporary, reset or critical
	Head     *outputJSON `json:"head,omitempty"`     // the executor's
}

// Error implements rpc.Error.
func (e *wireError) Error() string { return e.text }

// ErrorCode implements rpc.Error.
func (e *wireError) ErrorCode() int { return e.code }

// ErrorData implements rpc.DataError.
func (e *wireError) ErrorData() any { return e.data }

func malformed(err error) error { return &wireError{code: codeRequest, text: err.Error()} }
