package cert

import (
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/block"
)

// ErrRun says that headers do not follow the trusted tip by the rules of a run.
var ErrRun = errors.New("headers do not follow")

// Trust is what a verifier knows for certain: a tip and the set that certifies what follows it. It is a value; [Trust.Advance] returns the next.
type Trust struct {
	ChainID string
	Height  uint64      // the tip's; 0 at genesis
	Hash    common.Hash // the tip's header hash; the genesis hash at genesis
	TimeMS  uint64      // the tip's time
	Set     Set         // certifies Height+1
}

// Run is consecutive headers under one certificate, for the last of them, or a piece of a longer run, with a bare one ([Trust.Along]). Next is the
// set that follows, opened, if the last header announces a change; empty otherwise.
type Run struct {
	Headers     []block.Header
	Certificate Certificate
	Next        []Operator
}

// End is the height of the last header.
func (r Run) End() uint64 { return r.Headers[len(r.Headers)-1].Height }

// Piece says whether the certificate is bare: the last header is a mark.
func (r Run) Piece() bool { return r.Certificate.Bare() }

// ErrConflict says that two certified headers stand at one height: whoever sees them stops, with the evidence kept.
type ErrConflict struct {
	Height uint64
	Known  common.Hash // the hash that was certified before
	Run    Run         // ends in, or leads through, the other one
}

// Error names the height and both hashes.
func (e *ErrConflict) Error() string {
	return fmt.Sprintf("two certified headers at height %d: %s is known, %s contradicts it",
		e.Height, e.Known, e.Run.Certificate.HeaderHash)
}

// Advance verifies a run on top of what is trusted and returns the trust after it (specs/03-certificates.md, "Run"): chain id, heights in
// steps of one, parent hashes, times that never decrease, the set's hash in every header, no change of set before the last header, and
// the certificate of the last one. How many headers a run may have is for the message that carries it. Errors wrap [ErrRun] or
// [ErrUncertified].
func (t Trust) Advance(r Run) (Trust, error) {
	if len(r.Headers) == 0 {
		return t, fmt.Errorf("run without headers: %w", ErrRun)
	}
	next, err := t.chain(r.Headers)
	if err != nil {
		return t, err
	}
	if c := r.Certificate; c.Height != next.Height || c.HeaderHash != next.Hash {
		return t, fmt.Errorf("certificate is for height %d, run ends at %d: %w", c.Height, next.Height, ErrUncertified)
	}
	if err := r.Certificate.Verify(t.ChainID, t.Set); err != nil {
		return t, err
	}
	last := r.Headers[len(r.Headers)-1]
	if last.NextOperatorsHash == last.OperatorsHash {
		return next, nil
	}
	set, err := NewSet(r.Next)
	if err != nil {
		return t, fmt.Errorf("height %d: next operators: %w: %w", last.Height, ErrRun, err)
	}
	if set.Hash() != last.NextOperatorsHash {
		return t, fmt.Errorf("height %d: the operators shown are not the next ones: %w", last.Height, ErrRun)
	}
	next.Set = set
	return next, nil
}

// chain is the trust after headers that follow by the rules of a run, if the last one is certified.
func (t Trust) chain(headers []block.Header) (Trust, error) {
	next := t
	for i, h := range headers {
		if err := next.follows(h); err != nil {
			return t, err
		}
		changes := h.NextOperatorsHash != h.OperatorsHash
		if changes && i < len(headers)-1 {
			return t, fmt.Errorf("height %d changes the operators and must end its run: %w", h.Height, ErrRun)
		}
		next.Height, next.Hash, next.TimeMS = h.Height, h.Hash(), h.TimeMS
	}
	return next, nil
}

func (t Trust) follows(h block.Header) error {
	switch {
	case h.ChainID != t.ChainID:
		return fmt.Errorf("height %d is of chain %q, want %q: %w", h.Height, h.ChainID, t.ChainID, ErrRun)
	case h.Height != t.Height+1:
		return fmt.Errorf("height %d after %d: %w", h.Height, t.Height, ErrRun)
	case h.ParentHash != t.Hash:
		return fmt.Errorf("height %d has parent %s, want %s: %w", h.Height, h.ParentHash, t.Hash, ErrRun)
	case h.TimeMS < t.TimeMS:
		return fmt.Errorf("height %d has time %d, before %d: %w", h.Height, h.TimeMS, t.TimeMS, ErrRun)
	case h.OperatorsHash != t.Set.Hash():
		return fmt.Errorf("height %d names operators %s, want %s: %w", h.Height, h.OperatorsHash, t.Set.Hash(), ErrRun)
	}
	return nil
}
