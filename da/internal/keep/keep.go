// Package keep writes small files that are read whole: state -> checksum | bytes -> a new file, synced, in place of the old one.
package keep

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// Seal puts the keccak256 of raw before it.
func Seal(raw []byte) []byte { return append(crypto.Keccak256(raw), raw...) }

// Unseal checks what [Seal] made, of at most the given bytes, and returns what was sealed.
func Unseal(raw []byte, most int) ([]byte, error) {
	if len(raw) < common.HashLength || len(raw) > most {
		return nil, fmt.Errorf("%d bytes", len(raw))
	}
	sum, raw := raw[:common.HashLength], raw[common.HashLength:]
	if !bytes.Equal(crypto.Keccak256(raw), sum) {
		return nil, errors.New("checksum differs")
	}
	return raw, nil
}

// Load reads a file that [Save] wrote. The error wraps os.ErrNotExist if there is none.
func Load(path string, most int) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Unseal(raw, most)
}

// Save replaces the file by sealed bytes: it is the old one or the new one after any crash.
func Save(path string, raw []byte) error {
	if err := writeSynced(path+".new", Seal(raw)); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func writeSynced(path string, raw []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.Write(raw); err != nil {
		return errors.Join(err, f.Close())
	}
	return errors.Join(f.Sync(), f.Close())
}

// Trust is a [cert.Trust] as it stands in a file: [chain_id, height, hash, time_ms, [operator...]].
type Trust struct {
	ChainID   string
	Height    uint64
	Hash      common.Hash
	TimeMS    uint64
	Operators []cert.Operator
}

// TrustOf is what a file says of t.
func TrustOf(t cert.Trust) Trust {
	return Trust{t.ChainID, t.Height, t.Hash, t.TimeMS, t.Set.Operators()}
}

// Open returns what the file says.
func (t Trust) Open() (cert.Trust, error) {
	set, err := cert.NewSet(t.Operators)
	if err != nil {
		return cert.Trust{}, fmt.Errorf("read what is trusted at height %d: %w", t.Height, err)
	}
	return cert.Trust{ChainID: t.ChainID, Height: t.Height, Hash: t.Hash, TimeMS: t.TimeMS, Set: set}, nil
}
