package proof

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/lane"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// ErrInvalid says that a document does not prove what it should. Errors of the parts stand beside it.
var ErrInvalid = errors.New("proof does not hold")

// Facts are what a document proves. Everything in them follows from certified headers.
type Facts struct {
	ChainID      string            `json:"chainId"`
	Headers      []HeaderFact      `json:"headers"` // ascending; gaps where the document leaves heights out
	Transactions []TransactionFact `json:"transactions,omitempty"`
	Lanes        []LaneFact        `json:"lanes,omitempty"`
	Records      []RecordFact      `json:"records,omitempty"`
	Rewards      []RewardFact      `json:"rewards,omitempty"`
}

// HeaderFact is a certified header.
type HeaderFact struct {
	Height uint64       `json:"height"`
	Hash   common.Hash  `json:"hash"`
	TimeMS uint64       `json:"timeMs"`
	Header block.Header `json:"-"`
}

// TransactionFact says that a transaction stands in a block, or does not.
type TransactionFact struct {
	ID       common.Hash    `json:"id"`
	Height   uint64         `json:"height"`
	TimeMS   uint64         `json:"timeMs"`
	Included bool           `json:"included"`
	Payer    common.Address `json:"payer"`              // zero unless included
	Legs     []LegFact      `json:"legs,omitempty"`     // of an included one, in the signed order
	Position *uint32        `json:"position,omitempty"` // its place in the block, if a lane of the document names it
}

// LegFact is one leg of an included transaction.
type LegFact struct {
	Namespace namespaces.Namespace `json:"namespace"`
	Size      int                  `json:"size"`     // bytes
	DataHash  common.Hash          `json:"dataHash"` // keccak256
	InLane    bool                 `json:"inLane"`   // the document holds the lane, and the leg stands in it at the transaction's position
}

// LaneFact is a complete lane, in order; no entries if the block has none under the namespace.
type LaneFact struct {
	Height    uint64               `json:"height"`
	Namespace namespaces.Namespace `json:"namespace"`
	Size      int                  `json:"size"` // bytes of the lane
	Count     int                  `json:"count"`
	Entries   []lane.Entry         `json:"-"`
}

// Verify checks a document against the genesis, which must be valid and is all that is trusted, and returns what is proven. A reader that
// holds only a genesis trusts each set of operators for good; one that was away for longer than stake is bonded should ask for a checkpoint
// as well (specs/03-certificates.md, "What a verifier trusts"). The error wraps [ErrInvalid].
func Verify(g *genesis.Genesis, d *Document) (*Facts, error) {
	v := verifier{facts: &Facts{ChainID: g.ChainID}, headers: make(map[uint64]HeaderFact)}
	if err := v.verify(g, d); err != nil {
		return nil, fmt.Errorf("verify proof document: %w: %w", ErrInvalid, err)
	}
	return v.facts, nil
}

type verifier struct {
	facts   *Facts
	headers map[uint64]HeaderFact
}

func (v *verifier) verify(g *genesis.Genesis, d *Document) error {
	if err := d.validate(); err != nil {
		return err
	}
	trust, err := g.Trust()
	if err != nil {
		return fmt.Errorf("genesis: %w", err)
	}
	if d.ChainID != g.ChainID || d.GenesisHash != trust.Hash {
		return fmt.Errorf("the document is of chain %q with genesis %s, the genesis given is of %q, %s", d.ChainID, d.GenesisHash, g.ChainID, trust.Hash)
	}
	for i, r := range d.Runs {
		if trust, err = v.run(trust, r); err != nil {
			return fmt.Errorf("run %d: %w", i, err)
		}
	}
	for i, l := range d.Lanes {
		if err := v.lane(l); err != nil {
			return fmt.Errorf("lane %d: %w", i, err)
		}
	}
	for i, t := range d.Transactions {
		if err := v.transaction(t); err != nil {
			return fmt.Errorf("transaction %d: %w", i, err)
		}
	}
	for i, r := range d.Records {
		if err := v.record(r); err != nil {
			return fmt.Errorf("record %d: %w", i, err)
		}
	}
	for i, r := range d.Rewards {
		if err := v.reward(r); err != nil {
			return fmt.Errorf("reward %d: %w", i, err)
		}
	}
	return nil
}

// run verifies one run. Where it does not begin at the next height, the headers between are left out: the operators that certify it are still
// the trusted ones, because a change of operators ends a run that the document must show, and the header names their hash.
func (v *verifier) run(trust cert.Trust, r Run) (cert.Trust, error) {
	run := cert.Run{Next: r.Next}
	for i, raw := range r.Headers {
		h, err := block.DecodeHeader(raw)
		if err != nil {
			return trust, fmt.Errorf("header %d: %w", i, err)
		}
		run.Headers = append(run.Headers, h)
	}
	if len(run.Headers) == 0 {
		return trust, errors.New("no headers")
	}
	var err error
	if run.Certificate, err = cert.Decode(r.Certificate); err != nil {
		return trust, err
	}
	first, last := run.Headers[0], run.Headers[len(run.Headers)-1]
	if len(r.Next) > 0 && last.NextOperatorsHash == last.OperatorsHash {
		return trust, fmt.Errorf("height %d opens operators that it does not announce", last.Height)
	}
	if first.Height > trust.Height+1 {
		trust.Height, trust.Hash = first.Height-1, first.ParentHash
	}
	next, err := trust.Advance(run)
	if err != nil {
		return trust, err
	}
	for _, h := range run.Headers {
		fact := HeaderFact{Height: h.Height, Hash: h.Hash(), TimeMS: h.TimeMS, Header: h}
		v.headers[h.Height] = fact
		v.facts.Headers = append(v.facts.Headers, fact)
	}
	return next, nil
}

func (v *verifier) lane(l Lane) error {
	h, ok := v.headers[l.Height]
	if !ok {
		return fmt.Errorf("no certified header of height %d is shown", l.Height)
	}
	if _, shown := v.entries(l.Height, l.Namespace); shown {
		return fmt.Errorf("lane %s of height %d stands twice in the document", l.Namespace, l.Height)
	}
	if err := l.lane().Verify(h.Header.DataRoot); err != nil {
		return fmt.Errorf("height %d: %w", l.Height, err)
	}
	fact := LaneFact{Height: l.Height, Namespace: l.Namespace, Size: len(l.Data)}
	if len(l.Data) > 0 {
		entries, err := lane.Decode(l.Data)
		if err != nil {
			return fmt.Errorf("height %d: %w", l.Height, err)
		}
		fact.Entries, fact.Count = entries, len(entries)
	}
	v.facts.Lanes = append(v.facts.Lanes, fact)
	return nil
}

func (v *verifier) transaction(p Transaction) error {
	h, ok := v.headers[p.Height]
	if !ok {
		return fmt.Errorf("no certified header of height %d is shown", p.Height)
	}
	if slices.ContainsFunc(v.facts.Transactions, func(f TransactionFact) bool { return f.Height == p.Height && f.ID == p.ID }) {
		return fmt.Errorf("transaction %s stands twice in the document", p.ID)
	}
	present, err := p.Membership.Verify(h.Header.TxRoot, p.ID)
	if err != nil {
		return fmt.Errorf("height %d: %w", p.Height, err)
	}
	if present != (len(p.Raw) > 0) {
		return fmt.Errorf("height %d: the proof says present=%t, the transaction is shown=%t", p.Height, present, len(p.Raw) > 0)
	}
	fact := TransactionFact{ID: p.ID, Height: p.Height, TimeMS: h.TimeMS, Included: present}
	if present {
		if err := v.included(&fact, p.Raw); err != nil {
			return err
		}
	}
	v.facts.Transactions = append(v.facts.Transactions, fact)
	return nil
}

// included checks the transaction itself, and that the lanes of the document hold its legs.
func (v *verifier) included(fact *TransactionFact, raw []byte) error {
	t, err := tx.Decode(raw)
	if err != nil {
		return err
	}
	if t.ID() != fact.ID {
		return fmt.Errorf("the transaction shown is %s, not %s", t.ID(), fact.ID)
	}
	if _, err := t.Verify(); err != nil {
		return err
	}
	if t.ChainID() != v.facts.ChainID || t.Expiry() < fact.Height {
		return fmt.Errorf("transaction of chain %q that expires at %d cannot stand at height %d", t.ChainID(), t.Expiry(), fact.Height)
	}
	fact.Payer = t.Payer()
	for _, l := range t.Legs() {
		fact.Legs = append(fact.Legs, LegFact{Namespace: l.Namespace, Size: len(l.Data), DataHash: crypto.Keccak256Hash(l.Data)})
	}
	if fact.Position = v.position(t, fact.Height); fact.Position == nil {
		return nil
	}
	for i, l := range t.Legs() {
		entries, shown := v.entries(fact.Height, l.Namespace)
		if !shown {
			continue
		}
		if !stands(entries, *fact.Position, uint32(i), l.Data) {
			return fmt.Errorf("leg %d is not in the lane of %s at position %d", i, l.Namespace, *fact.Position)
		}
		fact.Legs[i].InLane = true
	}
	return nil
}

// position finds the transaction in the lanes of its block: by its envelope in the ledger's lane, or by its id in an entry of a bundle.
func (v *verifier) position(t *tx.Tx, height uint64) *uint32 {
	for _, l := range v.facts.Lanes {
		if l.Height != height {
			continue
		}
		for _, e := range l.Entries {
			if e.Bundle != nil && e.Bundle.ID == t.ID() {
				return &e.Position
			}
			if e.Envelope && l.Namespace == namespaces.Ledger() {
				envelope, err := tx.DecodeEnvelope(e.Data)
				if err == nil && envelope.ID(t.ChainID()) == t.ID() {
					return &e.Position
				}
			}
		}
	}
	return nil
}

func (v *verifier) entries(height uint64, ns namespaces.Namespace) (entries []lane.Entry, shown bool) {
	for _, l := range v.facts.Lanes {
		if l.Height == height && l.Namespace == ns {
			return l.Entries, true
		}
	}
	return nil, false
}

func stands(entries []lane.Entry, position, leg uint32, data []byte) bool {
	for _, e := range entries {
		if e.Position == position && e.Leg == leg && !e.Envelope && !e.System {
			return bytes.Equal(e.Data, data)
		}
	}
	return false
}
