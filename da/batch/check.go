package batch

import (
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/lane"
)

// Why a batch does not extend a tip. Beside them stand cert.ErrUncertified, cert.ErrRun and a *cert.ErrConflict.
var (
	ErrKnown = errors.New("batch brings nothing new")                     // it ends at or below the tip
	ErrGap   = errors.New("batch does not begin at the tip")              // it begins more than one above the tip
	ErrLinks = errors.New("headers of the batch do not link")             // to each other, or to what the certificate names
	ErrTable = errors.New("leaves of the batch are not the header's own") // they do not lead to data_root
)

// Certified is a header that a certificate covers, with its proven lane table and what is trusted after it.
type Certified struct {
	Header      block.Header
	Hash        common.Hash
	Table       lane.Table
	Trust       cert.Trust
	Certificate *cert.Certificate // at the last header of the batch; bare if that is a mark
	Next        []cert.Operator   // the operators that follow, if this header changes them
}

// Worth says cheaply, before the payload is opened, whether p can extend the tip: it is of the chain, begins at or below the next height,
// ends above the tip, and the trusted set has signed its last header, or that is a mark.
func (p PackedHeaders) Worth(tip cert.Trust, marks *cert.Marks) error {
	switch {
	case p.ChainID != tip.ChainID:
		return fmt.Errorf("batch of chain %q, want %q: %w", p.ChainID, tip.ChainID, ErrMalformed)
	case p.Certificate.Height <= tip.Height:
		return fmt.Errorf("batch ends at height %d, tip is %d: %w", p.Certificate.Height, tip.Height, ErrKnown)
	case p.From > tip.Height+1:
		return fmt.Errorf("batch begins at height %d, tip is %d: %w", p.From, tip.Height, ErrGap)
	}
	return marks.Certifies(tip, p.Certificate)
}

// Check verifies h on top of the tip (specs/06-da-batches.md, "What counts") and returns the headers that are new, each with what is
// trusted after it: after a prefix that is known and identical it extends the tip's hash, every table leads to its header's root, and
// [cert.Trust.Advance] or [cert.Trust.Along] accepts the rest. A *cert.ErrConflict says that the trusted set has certified another chain.
func (h Headers) Check(tip cert.Trust, marks *cert.Marks) ([]Certified, error) {
	first := h.Blocks[0].Header.Height
	last := h.Blocks[len(h.Blocks)-1].Header.Height
	switch {
	case last <= tip.Height:
		return nil, fmt.Errorf("batch ends at height %d, tip is %d: %w", last, tip.Height, ErrKnown)
	case first > tip.Height+1:
		return nil, fmt.Errorf("batch begins at height %d, tip is %d: %w", first, tip.Height, ErrGap)
	}
	hashes, err := h.links()
	if err != nil {
		return nil, err
	}
	fresh := h.Blocks[tip.Height+1-first:]
	run := cert.Run{Certificate: h.Certificate, Next: h.Next}
	for _, b := range fresh {
		run.Headers = append(run.Headers, b.Header)
	}
	if fresh[0].Header.ParentHash != tip.Hash && tip.Height > 0 { // at genesis nothing is certified yet: another network's
		if err := marks.Certifies(tip, h.Certificate); err != nil {
			return nil, fmt.Errorf("batch on another header at height %d: %w", tip.Height, err)
		}
		run.Headers = nil
		for _, b := range h.Blocks {
			run.Headers = append(run.Headers, b.Header)
		}
		return nil, &cert.ErrConflict{Height: tip.Height, Known: tip.Hash, Run: run}
	}
	var after cert.Trust
	if run.Piece() {
		after, err = tip.Along(marks, run.Headers)
	} else {
		after, err = tip.Advance(run)
	}
	if err != nil {
		return nil, err
	}
	out := make([]Certified, len(fresh))
	for i, b := range fresh {
		table, err := lane.NewTable(b.Leaves)
		if err != nil || table.Root() != b.Header.DataRoot {
			return nil, fmt.Errorf("height %d: %w", b.Header.Height, ErrTable)
		}
		hash := hashes[uint64(i)+tip.Height+1-first]
		trust := tip // covered by the certificate of the run's last header, and certified by the same set
		trust.Height, trust.Hash, trust.TimeMS = b.Header.Height, hash, b.Header.TimeMS
		out[i] = Certified{Header: b.Header, Hash: hash, Table: table, Trust: trust}
	}
	end := &out[len(out)-1]
	end.Trust, end.Certificate, end.Next = after, &h.Certificate, h.Next
	return out, nil
}

// links checks that each header names the one before it and the certificate the last one.
func (h Headers) links() ([]common.Hash, error) {
	hashes := make([]common.Hash, len(h.Blocks))
	for i := range h.Blocks {
		if i > 0 && h.Blocks[i].Header.ParentHash != hashes[i-1] {
			return nil, fmt.Errorf("height %d: %w", h.Blocks[i].Header.Height, ErrLinks)
		}
		hashes[i] = h.Blocks[i].Header.Hash()
	}
	if hashes[len(hashes)-1] != h.Certificate.HeaderHash {
		return nil, fmt.Errorf("certificate names another header: %w", ErrLinks)
	}
	return hashes, nil
}
