package ordering

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/lane"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
)

// parent is what a block stands on.
type parent struct {
	hash   common.Hash // of the header before; the genesis hash at height 1
	ledger ledger.Parent

	operators, next common.Hash // of the sets of this height and of the one after it
}

// slot is what consensus fixes of a block.
type slot struct {
	height   uint64
	timeMS   uint64
	proposer common.Address
	past     *past // nil where consensus has decided already: the body says it
}

// candidate is a block whose transactions are verified, may stand together on the parent, and follow from its body. Only
// propose and judge make one.
type candidate struct {
	header   block.Header
	raw      []byte // the encoded header
	body     []byte // the encoded body
	contents *block.Contents
}

// makeHeader is the one function that makes a header; the result depends on nothing but its arguments.
func makeHeader(chainID string, p parent, s slot, data lane.Root, txs common.Hash) block.Header {
	head := p.ledger.Head
	return block.Header{
		ChainID: chainID, Height: s.height, TimeMS: s.timeMS, ParentHash: p.hash, Proposer: s.proposer,
		DataRoot: data, TxRoot: txs, LedgerRoot: head.Root(),
		OperatorsHash: p.operators, NextOperatorsHash: p.next,
		DAHead: head.DAHead, PublishedHeight: head.PublishedHeight,
	}
}

// bodyOverhead is what a body's encoding adds to its transactions and system section at most: three list heads, version, author.
const bodyOverhead = 64

// refusal is a transaction that is left out of a proposal.
type refusal struct {
	tx  *tx.Tx
	why error
}

// propose builds a block from verified transactions in the order of preference. What may not stand on the parent is left
// out and given back with the reason. An error means that the state could not be read.
func propose(r ledger.Rules, p parent, s slot, system block.System, txs []*tx.Tx) (*candidate, []refusal, error) {
	order := ledger.OrderIn(p.ledger.View)
	var waiting []refusal
	for {
		taken, refused, err := pick(r, p, s, block.Order(bodyOf(s, system, txs), order))
		if err != nil {
			return nil, nil, err
		}
		body := bodyOf(s, system, taken)
		contents, err := block.Assemble(body, block.AsListed)
		if err == nil {
			header := makeHeader(r.ChainID(), p, s, contents.Table.Root(), contents.IDs.Root())
			return &candidate{header, header.Encode(), body.Encode(), contents}, append(refused, waiting...), nil
		}
		// A lane is bounded beyond what the body's bound implies: bundles repeat their legs in each of their lanes. Half of
		// the transactions, the less preferred, wait for the next block.
		if len(txs) == 0 {
			return nil, nil, fmt.Errorf("build an empty block: %w", err)
		}
		for _, t := range txs[len(txs)/2:] {
			waiting = append(waiting, refusal{t, err})
		}
		txs = txs[:len(txs)/2]
	}
}

// bodyOf is the body of a proposal with these transactions.
func bodyOf(s slot, system block.System, txs []*tx.Tx) block.Body {
	return block.Body{System: system, Batches: []block.Batch{{Author: s.proposer, Txs: txs}}}
}

// pick takes of transactions in shared order those that may stand on the parent together.
func pick(r ledger.Rules, p parent, s slot, txs []*tx.Tx) (taken []*tx.Tx, refused []refusal, err error) {
	pass := r.Begin(p.ledger.View, s.height)
	taken = make([]*tx.Tx, 0, len(txs))
	for _, t := range txs {
		err := pass.Add(t)
		switch {
		case err == nil:
			taken = append(taken, t)
		case tx.CodeOf(err) != "":
			refused = append(refused, refusal{t, err})
		default:
			return nil, nil, err
		}
	}
	return taken, refused, nil
}

// Check is the check of one body's signatures; *verify.Proposal is one. Decode is called for every transaction of the body,
// then Verify once.
type Check interface {
	// Decode reads a transaction, or returns the remembered one with this very encoding.
	Decode(raw []byte) (*tx.Tx, error)
	// Verify checks the signatures of all that were not remembered as verified.
	Verify() error
}

// errInvalid marks a block that no honest operator proposes; it wraps the reason.
var errInvalid = errors.New("invalid block")

// judge says whether the two consensus transactions are the block for the slot on the parent: it rebuilds everything
// from the body and takes nothing from the header but to compare. The verdict is a pure function of its arguments and
// the parent state; it does not depend on what this node has seen. An error that is not errInvalid means that the state
// could not be read.
func judge(r ledger.Rules, p parent, s slot, txs [][]byte, check Check) (*candidate, error) {
	header, body, err := split(r, txs)
	if err != nil {
		return nil, err
	}
	if err := claims(r, p, s, header); err != nil { // before the costly part
		return nil, err
	}
	decoded, err := block.DecodeBody(body, int(r.Params().MaxSignatures), check.Decode)
	if err != nil {
		return nil, invalid("%w", err)
	}
	if len(decoded.Batches) != 1 || decoded.Batches[0].Author != s.proposer {
		return nil, invalid("want one batch, by the proposer %s", s.proposer)
	}
	if err := r.CheckBody(len(body), len(decoded.Batches[0].Txs)); err != nil {
		return nil, invalid("%w", err)
	}
	if err := checkSystem(r, p, s, decoded.System); errors.Is(err, stake.ErrSystem) {
		return nil, invalid("%w", err)
	} else if err != nil {
		return nil, err
	}
	listed, signatures := decoded.Batches[0].Txs, 0
	for _, t := range listed {
		signatures += t.Signatures()
	}
	if most := r.Params().MaxSignatures; uint64(signatures) > most {
		return nil, invalid("body of %d signatures, at most %d", signatures, most)
	}
	if err := check.Verify(); err != nil {
		return nil, invalid("%w", err)
	}
	pass := r.Begin(p.ledger.View, s.height)
	for i, t := range listed {
		err := pass.Add(t)
		if err != nil && tx.CodeOf(err) == "" {
			return nil, err
		}
		if err != nil {
			return nil, invalid("transaction %d (%s): %w", i, t.ID(), err)
		}
	}
	if !slices.Equal(listed, block.Order(decoded, ledger.OrderIn(p.ledger.View))) {
		return nil, invalid("the body does not list its transactions in shared order")
	}
	contents, err := block.Assemble(decoded, block.AsListed)
	if err != nil {
		return nil, invalid("%w", err)
	}
	if want := makeHeader(r.ChainID(), p, s, contents.Table.Root(), contents.IDs.Root()); header != want {
		return nil, invalid("the header differs from the body's in %s", difference(header, want))
	}
	return &candidate{header, txs[0], body, contents}, nil
}

// split takes the two consensus transactions apart, within bounds.
func split(r ledger.Rules, txs [][]byte) (block.Header, []byte, error) {
	if len(txs) != 2 {
		return block.Header{}, nil, invalid("%d consensus transactions, want header and body", len(txs))
	}
	if most := max(int(r.Params().MaxBodyBytes), block.MaxSystemSize+bodyOverhead); len(txs[1]) > most {
		return block.Header{}, nil, invalid("body of %d bytes, at most %d", len(txs[1]), most)
	}
	header, err := block.DecodeHeader(txs[0])
	if err != nil {
		return block.Header{}, nil, invalid("%w", err)
	}
	if !bytes.Equal(header.Encode(), txs[0]) {
		return block.Header{}, nil, invalid("the header is not in its canonical encoding")
	}
	return header, txs[1], nil
}

// claims compares what the header says beside the roots of its contents.
func claims(r ledger.Rules, p parent, s slot, header block.Header) error {
	if want := makeHeader(r.ChainID(), p, s, header.DataRoot, header.TxRoot); header != want {
		return invalid("the header has the wrong %s", difference(header, want))
	}
	return nil
}

// difference names the first field in which two headers differ.
func difference(have, want block.Header) string {
	for _, f := range []struct {
		name       string
		have, want any
	}{
		{"chain id", have.ChainID, want.ChainID},
		{"height", have.Height, want.Height},
		{"parent hash", have.ParentHash, want.ParentHash},
		{"time", have.TimeMS, want.TimeMS},
		{"proposer", have.Proposer, want.Proposer},
		{"ledger root", have.LedgerRoot, want.LedgerRoot},
		{"operators hash", have.OperatorsHash, want.OperatorsHash},
		{"next operators hash", have.NextOperatorsHash, want.NextOperatorsHash},
		{"DA head", have.DAHead, want.DAHead},
		{"published height", have.PublishedHeight, want.PublishedHeight},
		{"data root", have.DataRoot, want.DataRoot},
		{"tx root", have.TxRoot, want.TxRoot},
	} {
		if f.have != f.want {
			return fmt.Sprintf("%s: %v, want %v", f.name, f.have, f.want)
		}
	}
	return "nothing"
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %w", errInvalid, fmt.Errorf(format, args...))
}
