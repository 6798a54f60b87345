package engine

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/cometbft/cometbft/crypto/secp256k1eth"
	"github.com/cometbft/cometbft/libs/tempfile"
	"github.com/ethereum/go-ethereum/common/hexutil"
)

// extensionVersion is the first field of the extension's file.
const extensionVersion = 1

// extensionRecord is the last vote extension that was signed. One is enough: what lies before it is refused.
type extensionRecord struct {
	Version   int           `json:"version"`
	ChainID   string        `json:"chain_id"`
	Height    int64         `json:"height"` // 0: none yet
	Round     int32         `json:"round"`
	Extension hexutil.Bytes `json:"extension"`
	Signature hexutil.Bytes `json:"signature"`
}

// compare orders two records by height, then round.
func (r extensionRecord) compare(o extensionRecord) int {
	return cmp.Or(cmp.Compare(r.Height, o.Height), cmp.Compare(r.Round, o.Round))
}

// save replaces the file atomically and syncs it; the caller syncs the folder.
func (r extensionRecord) save(path string) error {
	file := r
	file.Version = extensionVersion
	text, err := json.Marshal(file)
	if err != nil {
		return fmt.Errorf("encode extension: %w", err)
	}
	return tempfile.WriteFileAtomic(path, text, 0o600)
}

func loadExtension(path string) (extensionRecord, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return extensionRecord{}, err
	}
	var r extensionRecord
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return extensionRecord{}, fmt.Errorf("read %s: %w", path, err)
	}
	if err := r.validate(); err != nil {
		return extensionRecord{}, fmt.Errorf("read %s: %w", path, err)
	}
	return r, nil
}

func (r extensionRecord) validate() error {
	switch {
	case r.Version != extensionVersion:
		return fmt.Errorf("version %d, want %d", r.Version, extensionVersion)
	case r.Height < 0 || r.Round < 0:
		return errors.New("a negative height or round")
	case r.Height > 0 && len(r.Signature) != secp256k1eth.SignatureSize:
		return fmt.Errorf("signature of %d bytes, want %d", len(r.Signature), secp256k1eth.SignatureSize)
	}
	return nil
}
