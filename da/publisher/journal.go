package publisher

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/da/internal/keep"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/cert"
)

const (
	journalVersion = 2
	journalName    = "journal"
	maxJournal     = 8 << 20 // bytes: the digests of a batch of some ten thousand blobs
)

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

// journal is the publisher's durable state: one file, sealed by [keep.Save].
//
//	journal = rlp [version, done, da_height, [] | [entry]]
type journal struct {
	dir      string
	Done     cert.Trust // submitted whole
	DAHeight uint64     // where the last batch stands
	Open     *entry
}

type journalWire struct {
	Version  uint64
	Done     keep.Trust
	DAHeight uint64
	Open     []entry
}

func openJournal(dir string, genesis cert.Trust, log *slog.Logger) (journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return journal{}, fmt.Errorf("open journal: %w", err)
	}
	j := journal{dir: dir, Done: genesis}
	raw, err := keep.Load(filepath.Join(dir, journalName), maxJournal)
	if errors.Is(err, os.ErrNotExist) {
		return j, nil
	}
	read := j
	if err == nil {
		err = read.decode(raw)
	}
	if err != nil {
		log.Warn("the publisher's journal is damaged; beginning with what the DA layer shows", "dir", dir, "error", err)
		return j, nil
	}
	if read.Done.ChainID != genesis.ChainID {
		return j, fmt.Errorf("open journal: it is of chain %q, not %q: give the publisher a folder of its own", read.Done.ChainID, genesis.ChainID)
	}
	return read, nil
}

func (j *journal) encode() ([]byte, error) {
	w := journalWire{journalVersion, keep.TrustOf(j.Done), j.DAHeight, nil}
	if j.Open != nil {
		w.Open = []entry{*j.Open}
	}
	raw, err := rlp.EncodeToBytes(&w)
	if err != nil {
		return nil, fmt.Errorf("encode journal: %w", err)
	}
	return raw, nil
}

func (j *journal) decode(raw []byte) error {
	var w journalWire
	if err := rlp.DecodeBytes(raw, &w); err != nil {
		return fmt.Errorf("decode journal: %w", err)
	}
	if w.Version != journalVersion || len(w.Open) > 1 {
		return fmt.Errorf("decode journal: version %d with %d batches", w.Version, len(w.Open))
	}
	done, err := w.Done.Open()
	if err != nil {
		return fmt.Errorf("decode journal: %w", err)
	}
	j.Done, j.DAHeight, j.Open = done, w.DAHeight, nil
	if len(w.Open) == 1 {
		j.Open = &w.Open[0]
	}
	return nil
}

// save replaces the file: it is the old one or the new one after any crash.
func (j *journal) save() error {
	raw, err := j.encode()
	if err != nil {
		return err
	}
	if err := keep.Save(filepath.Join(j.dir, journalName), raw); err != nil {
		return fmt.Errorf("save journal: %w", err)
	}
	return nil
}
