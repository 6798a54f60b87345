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
	header      *block.Header     // nil if only signatures over its hash were seen
	own         *cert.Certificate // of the committed header, if it came at the same moment and is not stored
}

// evidence is the file: all that another needs to see the conflict, given the genesis. The known header is proven by the certificate of the
// last header above it; or, while none is here, by nothing but the commit.
type evidence struct {
	Version          int             `json:"version"`
	ChainID          string          `json:"chainId"`
	Height           uint64          `json:"height"`
	Known            hexutil.Bytes   `json:"known"`                      // header, RLP
	KnownAbove       []hexutil.Bytes `json:"knownAbove,omitempty"`       // headers, RLP, from the next one up to the one that the certificate is for
	KnownCertificate hexutil.Bytes   `json:"knownCertificate,omitempty"` // RLP, of the last of them, or of the known one if there are none
	RivalHash        common.Hash     `json:"rivalHash"`
	Rival            hexutil.Bytes   `json:"rival,omitempty"` // header, RLP, if it was seen
	RivalCertificate hexutil.Bytes   `json:"rivalCertificate"`
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
	switch known, err := c.store.Run(r.height, r.height); {
	case err == nil:
		for _, above := range known.Headers[1:] {
			e.KnownAbove = append(e.KnownAbove, above.Encode())
		}
		e.KnownCertificate = known.Certificate.Encode()
	case r.own != nil:
		e.KnownCertificate = r.own.Encode()
	default:
		c.log.WarnContext(ctx, "evidence has no certificate of the committed header", "height", r.height, "error", err)
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
