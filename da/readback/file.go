package readback

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/da/internal/keep"
	"github.com/lockstep-network/lockstep/namespaces"
)

const (
	fileVersion = 2
	fileName    = "firm"
	maxFile     = 64 << 20 // bytes
)

// The file, sealed by [keep.Save]:
//
//	file = rlp [version, trust, cursor, da_final, first, [[publisher, [bytes...]]...], [namespace...]]
//
// The first list is who published the heights from first up to that of trust, the second is the namespaces whose lanes were read.
type fileWire struct {
	Version uint64
	Trust   keep.Trust
	Cursor  []byte
	Seen    uint64
	First   uint64
	Runs    []runWire
	Read    []namespaces.Namespace
}

type runWire struct {
	Publisher common.Address
	Bytes     []uint64
}

// load takes up what the file says, if there is one.
func (f *Follower) load() error {
	if err := os.MkdirAll(f.cfg.Dir, 0o700); err != nil {
		return err
	}
	path := filepath.Join(f.cfg.Dir, fileName)
	raw, err := keep.Load(path, maxFile)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	var w fileWire
	if err == nil {
		w, err = decodeFile(raw)
	}
	if err != nil {
		f.cfg.Log.Warn("what was read back of the DA layer is not known any more; reading it from the beginning", "file", path, "error", err)
		return nil
	}
	trust, err := w.Trust.Open()
	if err != nil {
		return err
	}
	if trust.ChainID != f.cfg.Genesis.ChainID {
		return fmt.Errorf("%s is of chain %q, not %q: give this network a folder of its own", path, trust.ChainID, f.cfg.Genesis.ChainID)
	}
	f.final, f.seen = mark{trust: trust}, w.Seen
	if len(w.Cursor) > 0 {
		f.final.cursor = w.Cursor
	}
	f.from, f.tip, f.tally = f.final, Tip{Trust: trust}, w.tally()
	for _, ns := range w.Read {
		f.remember(ns)
	}
	return nil
}

func decodeFile(raw []byte) (fileWire, error) {
	var w fileWire
	if err := rlp.DecodeBytes(raw, &w); err != nil {
		return w, fmt.Errorf("decode: %w", err)
	}
	if w.Version != fileVersion {
		return w, fmt.Errorf("decode: version %d, want %d", w.Version, fileVersion)
	}
	_, err := w.Trust.Open()
	return w, err
}

func (w *fileWire) tally() tally {
	t := tally{first: w.First}
	for _, r := range w.Runs {
		for _, n := range r.Bytes {
			t.items = append(t.items, item{r.Publisher, n})
		}
	}
	return t
}

// pause is how long to wait between two writes: longer when there is more to write.
func (f *Follower) pause() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cfg.Limits.Save * time.Duration(1+len(f.tally.items)/(1<<12))
}

// save writes the file. A failure costs time at the next start, and nothing else.
func (f *Follower) save() {
	f.mu.Lock()
	w := fileWire{Version: fileVersion, Trust: keep.TrustOf(f.final.trust), Cursor: f.final.cursor, Seen: f.seen, First: f.tally.first, Read: f.read}
	if f.reader != nil {
		f.seen = max(f.seen, f.reader.Status().Head.Final)
		w.Seen = f.seen
	}
	for i, one := range f.tally.items {
		if f.tally.first+uint64(i) > f.final.trust.Height {
			break // read again after a restart
		}
		if n := len(w.Runs); n == 0 || w.Runs[n-1].Publisher != one.publisher {
			w.Runs = append(w.Runs, runWire{Publisher: one.publisher})
		}
		last := &w.Runs[len(w.Runs)-1]
		last.Bytes = append(last.Bytes, one.bytes)
	}
	f.mu.Unlock()
	raw, err := rlp.EncodeToBytes(&w)
	if err == nil {
		err = keep.Save(filepath.Join(f.cfg.Dir, fileName), raw)
	}
	if err != nil {
		f.cfg.Log.Warn("what was read back of the DA layer is not kept; the next start reads it again", "error", err)
	}
}
