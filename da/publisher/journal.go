package publisher

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/cert"
)

const (
	journalVersion = 1
	journalName    = "journal"
	maxJournal     = 8 << 20 // bytes: the digests of a batch of some ten thousand blobs
)

// mark is a block up to which something is so, with a reader's cursor where one belongs to it.
type mark struct {
	Trust  cert.Trust
	Cursor []byte
}

// entry is a batch that is being submitted.
type entry struct {
	From, To uint64
	Hash     common.Hash // of the header at To
	Blobs    []digest
	Landed   []uint64 // DA height of each group of blobs; 0 while not known to have landed
}

// digest names a blob, and the group that it is submitted with.
type digest struct {
	Namespace namespaces.Namespace
	Hash      common.Hash // keccak256 of the data
	Group     uint64
}

// journal is the publisher's durable state: one file, replaced whole and synced.
//
//	file    = keccak256(rest) | rest
//	rest    = rlp [version, chain_id, done, firm, da_height, [] | [entry]]
//	mark    = [height, hash, time_ms, [operator...], cursor]
type journal struct {
	dir      string
	chainID  string
	Done     mark   // submitted whole
	Firm     mark   // verified on the DA layer; a reader can begin there
	DAHeight uint64 // where the last batch stands
	Open     *entry
}

type journalWire struct {
	Version  uint64
	ChainID  string
	Done     markWire
	Firm     markWire
	DAHeight uint64
	Open     []entry
}

type markWire struct {
	Height    uint64
	Hash      common.Hash
	TimeMS    uint64
	Operators []cert.Operator
	Cursor    []byte
}

func openJournal(dir string, genesis cert.Trust, log *slog.Logger) (journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return journal{}, fmt.Errorf("open journal: %w", err)
	}
	j := journal{dir: dir, chainID: genesis.ChainID, Done: mark{Trust: genesis}, Firm: mark{Trust: genesis}}
	raw, err := os.ReadFile(filepath.Join(dir, journalName))
	if errors.Is(err, os.ErrNotExist) {
		return j, nil
	}
	if err != nil {
		return j, fmt.Errorf("open journal: %w", err)
	}
	read := j
	if err := read.decode(raw); err != nil {
		log.Warn("the publisher's journal is damaged; beginning with what the DA layer shows", "dir", dir, "error", err)
		return j, nil
	}
	if read.chainID != genesis.ChainID {
		return j, fmt.Errorf("open journal: it is of chain %q, not %q: give the publisher a folder of its own", read.chainID, genesis.ChainID)
	}
	return read, nil
}

func (j *journal) encode() ([]byte, error) {
	w := journalWire{journalVersion, j.chainID, wireOf(j.Done), wireOf(j.Firm), j.DAHeight, nil}
	if j.Open != nil {
		w.Open = []entry{*j.Open}
	}
	raw, err := rlp.EncodeToBytes(&w)
	if err != nil {
		return nil, fmt.Errorf("encode journal: %w", err)
	}
	return append(crypto.Keccak256(raw), raw...), nil
}

func (j *journal) decode(raw []byte) error {
	if len(raw) < common.HashLength || len(raw) > maxJournal {
		return fmt.Errorf("decode journal: %d bytes", len(raw))
	}
	sum, raw := raw[:common.HashLength], raw[common.HashLength:]
	if !bytes.Equal(crypto.Keccak256(raw), sum) {
		return errors.New("decode journal: checksum differs")
	}
	var w journalWire
	if err := rlp.DecodeBytes(raw, &w); err != nil {
		return fmt.Errorf("decode journal: %w", err)
	}
	if w.Version != journalVersion || len(w.Open) > 1 {
		return fmt.Errorf("decode journal: version %d with %d batches", w.Version, len(w.Open))
	}
	j.chainID, j.DAHeight, j.Open = w.ChainID, w.DAHeight, nil
	var err error
	if j.Done, err = w.Done.mark(w.ChainID); err != nil {
		return err
	}
	if j.Firm, err = w.Firm.mark(w.ChainID); err != nil {
		return err
	}
	if len(w.Open) == 1 {
		j.Open = &w.Open[0]
	}
	return nil
}

func wireOf(m mark) markWire {
	return markWire{m.Trust.Height, m.Trust.Hash, m.Trust.TimeMS, m.Trust.Set.Operators(), m.Cursor}
}

func (w markWire) mark(chainID string) (mark, error) {
	set, err := cert.NewSet(w.Operators)
	if err != nil {
		return mark{}, fmt.Errorf("decode journal: %w", err)
	}
	m := mark{Trust: cert.Trust{ChainID: chainID, Height: w.Height, Hash: w.Hash, TimeMS: w.TimeMS, Set: set}}
	if len(w.Cursor) > 0 {
		m.Cursor = w.Cursor
	}
	return m, nil
}

// save replaces the file: it is the old one or the new one after any crash.
func (j *journal) save() error {
	raw, err := j.encode()
	if err != nil {
		return err
	}
	path := filepath.Join(j.dir, journalName)
	if err := writeSynced(path+".new", raw); err != nil {
		return fmt.Errorf("save journal: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("save journal: %w", err)
	}
	d, err := os.Open(j.dir)
	if err != nil {
		return fmt.Errorf("save journal: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("save journal: %w", err)
	}
	return nil
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
