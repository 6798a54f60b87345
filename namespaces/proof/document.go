// Package proof holds the proof document: all that a third party needs, beside the genesis, to know that a header is certified, that a
// transaction stands in its block or does not, and what a rollup's lane holds, complete and in order. It is what `seq_getInclusionProof` and
// its sisters answer, what `lockstep verify` reads from a file, and [Verify] is the one way to believe it (specs/08-rpc.md, "Proof document").
//
//	bytes -> Decode -> Document (well formed) -> Verify(genesis, document) -> Facts (true if more than 2/3 of the operators are honest)
//
// A document makes no claim that is not proven by what it holds: it has no field of its own for a position, a time or a status. Those are
// read off in [Facts].
package proof

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/namespaces/lane"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// Version is the only version of the document that this code understands.
const Version = 1

// Bounds of a document. They are wider than what a node answers at once, so that a reader can join documents.
const (
	MaxSize         = 64 << 20           // bytes of JSON: one lane at its largest in hexadecimal digits, and as much again
	MaxHeaders      = 18 * cert.MaxPiece // in all runs together, or in one: the longest run that a node reads, and as many as an answer asks for
	MaxTransactions = cert.MaxPiece      // as many as heights for which a node proves a transaction absent at once
	MaxLanes        = 4 * cert.MaxPiece
)

// Document is the JSON form. Headers, certificates and transactions stand in it as their canonical encodings, in hexadecimal digits, so that
// what is hashed and signed is what is shown.
type Document struct {
	Version      int           `json:"version"`
	ChainID      string        `json:"chainId"`
	GenesisHash  common.Hash   `json:"genesisHash"` // the network it speaks of; the reader's own genesis decides
	Runs         []Run         `json:"runs"`        // ascending; every change of operators since genesis is the end of one
	Transactions []Transaction `json:"transactions,omitempty"`
	Lanes        []Lane        `json:"lanes,omitempty"`
	Records      []Record      `json:"records,omitempty"`
	Rewards      []Reward      `json:"rewards,omitempty"`
}

// Run is consecutive headers and the certificate of the last one.
type Run struct {
	Headers     []hexutil.Bytes `json:"headers"`
	Certificate hexutil.Bytes   `json:"certificate"`
	Next        []cert.Operator `json:"next,omitempty"` // the operators that follow, if the last header changes them
}

// Transaction shows that a transaction stands in the block of a height, or, without Raw, that it does not.
type Transaction struct {
	Height     uint64                `json:"height"`
	ID         common.Hash           `json:"id"`
	Raw        hexutil.Bytes         `json:"raw,omitempty"`
	Membership namespaces.Membership `json:"membership"`
}

// Lane shows all that the block of a height holds under a namespace, or, without Data, that it holds nothing.
type Lane struct {
	Height    uint64               `json:"height"`
	Namespace namespaces.Namespace `json:"namespace"`
	Data      hexutil.Bytes        `json:"data,omitempty"`
	Proof     LaneProof            `json:"proof"`
}

// LaneProof is a [lane.Proof] in hexadecimal digits.
type LaneProof struct {
	Start    uint64          `json:"start"`
	End      uint64          `json:"end"`
	Nodes    []hexutil.Bytes `json:"nodes"`
	LeafHash hexutil.Bytes   `json:"leafHash,omitempty"`
}

// New returns a document without content for the network.
func New(chainID string, genesisHash common.Hash) *Document {
	return &Document{Version: Version, ChainID: chainID, GenesisHash: genesisHash}
}

// AddRun appends a run. Runs must ascend, and no change of operators may be left out.
func (d *Document) AddRun(r cert.Run) {
	run := Run{Certificate: r.Certificate.Encode(), Next: r.Next}
	for _, h := range r.Headers {
		run.Headers = append(run.Headers, h.Encode())
	}
	d.Runs = append(d.Runs, run)
}

// AddPresent appends the proof that t stands in the block of a height.
func (d *Document) AddPresent(height uint64, t *tx.Tx, m namespaces.Membership) {
	d.Transactions = append(d.Transactions, Transaction{Height: height, ID: t.ID(), Raw: t.Raw(), Membership: m})
}

// AddAbsent appends the proof that the transaction with the id does not stand in the block of a height.
func (d *Document) AddAbsent(height uint64, id common.Hash, m namespaces.Membership) {
	d.Transactions = append(d.Transactions, Transaction{Height: height, ID: id, Membership: m})
}

// AddLane appends a lane of the block of a height, or its absence.
func (d *Document) AddLane(height uint64, l feed.Lane) {
	p := LaneProof{Start: l.Proof.Start, End: l.Proof.End, Nodes: []hexutil.Bytes{}, LeafHash: l.Proof.LeafHash}
	for _, n := range l.Proof.Nodes {
		p.Nodes = append(p.Nodes, n)
	}
	d.Lanes = append(d.Lanes, Lane{Height: height, Namespace: l.Namespace, Data: l.Data, Proof: p})
}

// Encode returns the JSON form, indented, with a line end.
func (d *Document) Encode() ([]byte, error) {
	raw, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode proof document: %w", err)
	}
	return append(raw, '\n'), nil
}

// Decode reads a document within its bounds. It is well formed, not verified. Unknown fields are errors: what nobody checks must not be shown
// as proven.
func Decode(raw []byte) (*Document, error) {
	if len(raw) > MaxSize {
		return nil, fmt.Errorf("decode proof document: %d bytes, at most %d", len(raw), MaxSize)
	}
	var d Document
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return nil, fmt.Errorf("decode proof document: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("decode proof document: something follows the document")
	}
	if err := d.validate(); err != nil {
		return nil, fmt.Errorf("decode proof document: %w", err)
	}
	return &d, nil
}

// validate checks the counts, so that verifying costs no more than the bounds say.
func (d *Document) validate() error {
	switch {
	case d.Version != Version:
		return fmt.Errorf("version %d, want %d", d.Version, Version)
	case len(d.Runs) == 0:
		return errors.New("no runs: nothing is certified")
	case len(d.Transactions) > MaxTransactions:
		return fmt.Errorf("%d transactions, at most %d", len(d.Transactions), MaxTransactions)
	case len(d.Lanes) > MaxLanes:
		return fmt.Errorf("%d lanes, at most %d", len(d.Lanes), MaxLanes)
	}
	if len(d.Records) > MaxRecords {
		return fmt.Errorf("%d records, at most %d", len(d.Records), MaxRecords)
	}
	if len(d.Rewards) > MaxRecords {
		return fmt.Errorf("%d rewards, at most %d", len(d.Rewards), MaxRecords)
	}
	for i, r := range d.Records {
		if err := r.validate(); err != nil {
			return fmt.Errorf("record %d: %w", i, err)
		}
	}
	headers := 0
	for _, r := range d.Runs {
		headers += len(r.Headers)
	}
	if headers > MaxHeaders {
		return fmt.Errorf("%d headers, at most %d", headers, MaxHeaders)
	}
	return nil
}

func (l Lane) lane() feed.Lane {
	p := lane.Proof{Start: l.Proof.Start, End: l.Proof.End, LeafHash: l.Proof.LeafHash}
	for _, n := range l.Proof.Nodes {
		p.Nodes = append(p.Nodes, n)
	}
	return feed.Lane{Namespace: l.Namespace, Data: l.Data, Proof: p}
}
