package rollups

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/rollups/internal/kv"
)

// evidenceFile stands in a driver's folder from a critical error until somebody removes it.
const evidenceFile = "evidence.json"

// evidence is what is kept of a critical error: all that a third party needs to check it, with nothing but the genesis.
type evidence struct {
	Error   string       `json:"error"`
	ChainID string       `json:"chainId"`
	Height  uint64       `json:"height"`
	Known   *runEvidence `json:"known,omitempty"`
	Other   *runEvidence `json:"other,omitempty"`
	Input   *Input       `json:"input,omitempty"`
	Outputs []Output     `json:"outputs,omitempty"` // the one before, the one now
}

// runEvidence is a run in its canonical encodings.
type runEvidence struct {
	Hash        common.Hash     `json:"hash"` // of the last header
	Headers     []hexutil.Bytes `json:"headers"`
	Certificate hexutil.Bytes   `json:"certificate,omitempty"` // missing: the run's end was not read yet; the error says where it stands
	Next        []cert.Operator `json:"next,omitempty"`
}

// halt writes the evidence of a critical error and returns what Run ends with. Evidence that is there already is not touched.
func (d *Driver) halt(cause error) error {
	path := filepath.Join(d.cfg.Dir, evidenceFile)
	halted := &HaltedError{File: path, Cause: cause}
	if _, err := os.Stat(path); err == nil {
		return halted
	}
	e := evidence{Error: cause.Error(), ChainID: d.cfg.Genesis.ChainID}
	var conflict *cert.ErrConflict
	var diverged *DivergedError
	switch {
	case errors.As(cause, &conflict):
		e.Height, e.Other = conflict.Height, evidenceOf(&conflict.Run)
		if run, found, err := d.store.whole(conflict.Height); err == nil && found {
			e.Known = evidenceOf(run)
		}
	case errors.As(cause, &diverged):
		e.Height, e.Input, e.Outputs = diverged.Input.Height, &diverged.Input, []Output{diverged.Known, diverged.Now}
	}
	raw, err := json.MarshalIndent(&e, "", "  ")
	if err == nil {
		err = kv.WriteFile(path, append(raw, '\n'))
	}
	if err != nil {
		return errors.Join(halted, fmt.Errorf("keep evidence: %w", err))
	}
	return halted
}

// haltedBefore returns a [*HaltedError] if there is evidence that nobody has removed.
func haltedBefore(dir string) error {
	path := filepath.Join(dir, evidenceFile)
	switch _, err := os.Stat(path); {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("look for evidence: %w", err)
	}
	return &HaltedError{File: path}
}

func evidenceOf(r *cert.Run) *runEvidence {
	e := &runEvidence{Hash: r.Certificate.HeaderHash, Next: r.Next}
	if len(r.Certificate.Signatures) > 0 {
		e.Certificate = r.Certificate.Encode()
	}
	for _, h := range r.Headers {
		e.Headers = append(e.Headers, h.Encode())
	}
	return e
}
