package certify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// ErrFrozen says that this node has seen two certified headers at one height before, and will not certify anything until people have looked.
var ErrFrozen = errors.New("frozen by two certified headers at one height")

// evidenceFile is in the folder for evidence; while it is there, the node stays frozen.
const evidenceFile = "conflict.json"

// rival is a certificate that contradicts a committed header.
type rival struct {
	height      uint64
	known       common.Hash // the committed header's
	certificate cert.Certificate
	header      *block.Header // nil if only signatures over its hash were seen
}

// evidence is the file: all that another needs to see the conflict, given the genesis.
type evidence struct {
	Version          int           `json:"version"`
	ChainID          string        `json:"chainId"`
	Height           uint64        `json:"height"`
	Known            hexutil.Bytes `json:"known"`                      // header, RLP
	KnownCertificate hexutil.Bytes `json:"knownCertificate,omitempty"` // RLP, if this height has its own
	RivalHash        common.Hash   `json:"rivalHash"`
	Rival            hexutil.Bytes `json:"rival,omitempty"` // header, RLP, if it was seen
	RivalCertificate hexutil.Bytes `json:"rivalCertificate"`
}

// freeze writes the evidence down, and only then says so.
func (c *Collector) freeze(ctx context.Context, r rival) error {
	header, err := c.chain.Header(r.height)
	if err != nil {
		return fmt.Errorf("keep evidence: read header %d: %w", r.height, err)
	}
	e := evidence{
		Version: 1, ChainID: c.cfg.ChainID, Height: r.height, Known: header.Encode(),
		RivalHash: r.certificate.HeaderHash, RivalCertificate: r.certificate.Encode(),
	}
	if known, err := c.store.Certificate(r.height); err == nil {
		e.KnownCertificate = known.Encode()
	}
	conflict := &cert.ErrConflict{Height: r.height, Known: r.known, Run: cert.Run{Certificate: r.certificate}}
	if r.header != nil {
		e.Rival, conflict.Run.Headers = r.header.Encode(), []block.Header{*r.header}
	}
	path, err := e.save(c.cfg.Evidence)
	if err != nil {
		return errors.Join(conflict, fmt.Errorf("keep evidence: %w", err))
	}
	c.log.ErrorContext(ctx, "two certified headers at one height: this node certifies nothing more", "height", r.height, "evidence", path)
	return conflict
}

// save writes the file atomically and durably, and never over one that is there: the first conflict is what froze the node.
func (e evidence) save(dir string) (path string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	text, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return "", err
	}
	f, err := os.CreateTemp(dir, evidenceFile+".*")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // renamed away, unless something failed
	if _, err := f.Write(append(text, '\n')); err != nil {
		return "", errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return "", err
	}
	path = filepath.Join(dir, evidenceFile)
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	return path, syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func lookForEvidence(dir string) error {
	path := filepath.Join(dir, evidenceFile)
	switch _, err := os.Stat(path); {
	case err == nil:
		return fmt.Errorf("%w: look at %s, find out with the other operators which history stands, and move the file away to go on", ErrFrozen, path)
	case errors.Is(err, os.ErrNotExist):
		return nil
	default:
		return err
	}
}
