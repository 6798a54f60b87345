package rollups

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/forced"
	"github.com/lockstep-network/lockstep/rollups/internal/kv"
)

const (
	storeVersion = 3

	// maxUnsynced bounds the moves of heads that a crash may take back: that many shared blocks are fetched and verified again, none is
	// executed again. A move that executed something is always synced.
	maxUnsynced = 64

	// keptWithoutFinality is how many heights of history are kept where the DA layer never makes anything final (SourceP2P): about an hour of
	// 250 ms blocks, to compare announcements with.
	keptWithoutFinality = 16_384

	// pruneStep is how many heights are pruned at once: a range deletion costs every later read a little.
	pruneStep = 256
)

// The keys of the heads store:
//
//	"r"              -> the record
//	"s" | set hash   -> [[address, power]...]
//	"b" | height (8) -> history, for heights from the final head up
//	"c" | height (8) -> the run that ends at the height, for the same heights
const (
	recordKey = 'r'
	setKey    = 's'
	pastKey   = 'b'
	runKey    = 'c'
)

// ErrForeign says that a folder holds another rollup's heads.
var ErrForeign = errors.New("the folder holds the heads of another rollup or network")

// record is the durable state of derivation.
type record struct {
	Heads
	SoftTrust cert.Trust // verified up to here on the way of soft; at most the soft head, lower while that is inside a run
	FirmTrust cert.Trust // likewise of firm
	Cursor    []byte     // the DA reader's, at FirmTrust

	Settled       cert.Trust // an end of a run whose copy on the DA layer is final
	SettledCursor []byte     // the DA reader's, at Settled
}

// past is what is remembered of a shared height above the final head.
type past struct {
	Hash     common.Hash // of the header
	Output   Output      // the newest rollup block after it
	DAHeight uint64      // where it and all before it had become readable; 0 until it is firm
	Parent   common.Hash // the rollup block before its own
	TimeMS   uint64      // as in Head, as the next one
	Forced   forced.Place
}

func pastOf(h Head, parent common.Hash, daHeight uint64) past {
	return past{h.Hash, h.Output, daHeight, parent, h.TimeMS, h.Forced}
}

func (p *past) head(height uint64) Head {
	return Head{height, p.Hash, p.Output, p.TimeMS, p.Forced, p.DAHeight}
}

type recordWire struct {
	Version           uint64
	Namespace         namespaces.Namespace
	Genesis           common.Hash
	Soft, Firm, Final Head
	SoftTrust         trustWire
	FirmTrust         trustWire
	Cursor            []byte
	Settled           trustWire
	SettledCursor     []byte
}

type trustWire struct {
	Height uint64
	Hash   common.Hash
	TimeMS uint64
	Set    common.Hash
}

type runWire struct {
	Headers     [][]byte
	Certificate []byte
	Next        []cert.Operator
}

// store keeps the record and the history. One goroutine writes; reads may come from any.
type store struct {
	db        *pebble.DB
	chainID   string
	genesis   common.Hash
	namespace namespaces.Namespace
	softOnly  bool                 // nothing will ever be final: keep a window only
	unsynced  int                  // owned by the writer; writes since the last sync
	pruned    uint64               // owned by the writer; history below it is gone
	sets      map[common.Hash]bool // owned by the writer; sets known to be stored
}

// openStore opens the folder and reads the record; at the genesis if there is none. initial gives the executor's genesis then.
func openStore(cfg Config, initial func() (Output, error)) (*store, record, error) {
	dir, genesis := filepath.Join(cfg.Dir, "heads"), cfg.Genesis
	db, err := kv.Open(cfg.fs, dir, cfg.Log)
	if err != nil {
		return nil, record{}, fmt.Errorf("heads: %w", err)
	}
	s := &store{
		db: db, chainID: genesis.ChainID, genesis: genesis.Hash, namespace: cfg.Namespace,
		softOnly: cfg.Source == SourceP2P, sets: make(map[common.Hash]bool),
	}
	rec, err := s.load()
	if errors.Is(err, pebble.ErrNotFound) {
		head := Head{Hash: genesis.Hash}
		if head.Output, err = initial(); err == nil {
			rec = record{Heads: Heads{head, head, head}, SoftTrust: genesis, FirmTrust: genesis, Settled: genesis}
			err = s.write(rec, nil, nil, true)
		}
	}
	if err != nil {
		return nil, record{}, errors.Join(fmt.Errorf("heads in %s: %w", dir, err), db.Close())
	}
	return s, rec, nil
}

func (s *store) load() (record, error) {
	var w recordWire
	if err := s.get([]byte{recordKey}, &w); err != nil {
		return record{}, err
	}
	switch {
	case w.Version != storeVersion:
		return record{}, fmt.Errorf("version %d, this program writes %d: remove the folder and derive again", w.Version, storeVersion)
	case w.Genesis != s.genesis || w.Namespace != s.namespace:
		return record{}, fmt.Errorf("%w: namespace %s, genesis %s", ErrForeign, w.Namespace, w.Genesis)
	}
	rec := record{Heads: Heads{w.Soft, w.Firm, w.Final}}
	if len(w.Cursor) > 0 { // RLP knows no nil
		rec.Cursor = w.Cursor
	}
	if len(w.SettledCursor) > 0 {
		rec.SettledCursor = w.SettledCursor
	}
	var err error
	if rec.SoftTrust, err = s.trust(w.SoftTrust); err != nil {
		return record{}, err
	}
	if rec.FirmTrust, err = s.trust(w.FirmTrust); err != nil {
		return record{}, err
	}
	rec.Settled, err = s.trust(w.Settled)
	s.pruned = w.Final.Height
	return rec, err
}

func (s *store) trust(w trustWire) (cert.Trust, error) {
	var ops []cert.Operator
	if err := s.get(append([]byte{setKey}, w.Set[:]...), &ops); err != nil {
		return cert.Trust{}, fmt.Errorf("operator set %s: %w", w.Set, err)
	}
	set, err := cert.NewSet(ops)
	if err != nil {
		return cert.Trust{}, fmt.Errorf("operator set %s: %w", w.Set, err)
	}
	s.sets[w.Set] = true
	return cert.Trust{ChainID: s.chainID, Height: w.Height, Hash: w.Hash, TimeMS: w.TimeMS, Set: set}, nil
}

// write makes one move: the record, what is remembered of a height, and the run that proves it if it is new. All or nothing of it is
// there after a crash; all of it if synced, or once maxUnsynced writes have followed.
func (s *store) write(rec record, h *memory, run *cert.Run, sync bool) error {
	b := s.db.NewBatch()
	defer b.Close()
	w := recordWire{
		Version: storeVersion, Namespace: s.namespace, Genesis: s.genesis, Soft: rec.Soft, Firm: rec.Firm, Final: rec.Final,
		SoftTrust: trustOf(rec.SoftTrust), FirmTrust: trustOf(rec.FirmTrust), Cursor: rec.Cursor,
		Settled: trustOf(rec.Settled), SettledCursor: rec.SettledCursor,
	}
	err := put(b, []byte{recordKey}, &w)
	for _, set := range []cert.Set{rec.SoftTrust.Set, rec.FirmTrust.Set, rec.Settled.Set} {
		if hash := set.Hash(); err == nil && !s.sets[hash] {
			err = put(b, append([]byte{setKey}, hash[:]...), set.Operators())
		}
	}
	if err == nil && h != nil {
		err = put(b, heightKey(pastKey, h.height), &h.past)
	}
	if err == nil && run != nil {
		err = put(b, heightKey(runKey, run.Certificate.Height), wireOf(run))
	}
	pruned := s.prunable(rec)
	if err == nil && pruned > s.pruned {
		err = errors.Join(
			b.DeleteRange(heightKey(pastKey, 0), heightKey(pastKey, pruned), nil),
			b.DeleteRange(heightKey(runKey, 0), heightKey(runKey, pruned), nil))
	}
	if err != nil {
		return fmt.Errorf("heads record: %w", err)
	}
	how := pebble.NoSync
	if sync = sync || s.unsynced+1 >= maxUnsynced; sync {
		how = pebble.Sync
	}
	if err := b.Commit(how); err != nil {
		return fmt.Errorf("write heads record: %w", err)
	}
	s.unsynced++
	if sync {
		s.unsynced = 0
	}
	s.sets[rec.SoftTrust.Set.Hash()], s.sets[rec.FirmTrust.Set.Hash()], s.sets[rec.Settled.Set.Hash()] = true, true, true
	s.pruned = max(s.pruned, pruned)
	return nil
}

// prunable returns the height below which history is not needed, moving in steps.
func (s *store) prunable(rec record) uint64 {
	keep := rec.Final.Height
	if s.softOnly && rec.Soft.Height > keptWithoutFinality {
		keep = rec.Soft.Height - keptWithoutFinality
	}
	if keep < s.pruned+pruneStep {
		return s.pruned
	}
	return keep
}

// memory is a height with what is to be remembered of it.
type memory struct {
	height uint64
	past   past
}

// past returns what is remembered of a height; false if nothing is.
func (s *store) past(height uint64) (past, bool, error) {
	var p past
	err := s.get(heightKey(pastKey, height), &p)
	if errors.Is(err, pebble.ErrNotFound) {
		return past{}, false, nil
	}
	if err != nil {
		return past{}, false, fmt.Errorf("history of height %d: %w", height, err)
	}
	return p, true, nil
}

// proof returns the run that proves the header of a height; false if none is remembered.
func (s *store) proof(height uint64) (*cert.Run, bool, error) {
	run, found, err := s.runFrom(height)
	if err != nil {
		return nil, false, fmt.Errorf("run of height %d: %w", height, err)
	}
	return run, found && run.Headers[0].Height <= height, nil
}

// whole returns the run that proves the header of a height up to its certificate: the pieces of a long one are joined, as far as they are known.
func (s *store) whole(height uint64) (*cert.Run, bool, error) {
	run, found, err := s.proof(height)
	for found && err == nil && run.Piece() {
		next, more, err := s.runFrom(run.End() + 1)
		if err != nil || !more || next.Headers[0].Height > run.End()+1 {
			return run, true, err
		}
		run.Headers = append(run.Headers, next.Headers[run.End()+1-next.Headers[0].Height:]...)
		run.Certificate, run.Next = next.Certificate, next.Next
	}
	return run, found, err
}

// runFrom returns the first run that ends at a height or above.
func (s *store) runFrom(height uint64) (run *cert.Run, found bool, err error) {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: heightKey(runKey, height), UpperBound: []byte{runKey + 1}})
	if err != nil {
		return nil, false, err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	if !it.First() {
		return nil, false, nil
	}
	raw, err := it.ValueAndErr()
	if err != nil {
		return nil, false, err
	}
	var w runWire
	if err := rlp.DecodeBytes(raw, &w); err != nil {
		return nil, false, err
	}
	r := &cert.Run{Next: w.Next}
	for _, raw := range w.Headers {
		h, err := block.DecodeHeader(raw)
		if err != nil {
			return nil, false, err
		}
		r.Headers = append(r.Headers, h)
	}
	if r.Certificate, err = cert.Decode(w.Certificate); err != nil {
		return nil, false, err
	}
	return r, len(r.Headers) > 0, nil
}

// close syncs what was not yet and releases the folder.
func (s *store) close() error {
	err := s.db.LogData(nil, pebble.Sync)
	if err = errors.Join(err, s.db.Close()); err != nil {
		return fmt.Errorf("close heads: %w", err)
	}
	return nil
}

func (s *store) get(key []byte, value any) error {
	raw, closer, err := s.db.Get(key)
	if err != nil {
		return err
	}
	defer closer.Close()
	return rlp.DecodeBytes(raw, value)
}

func put(b *pebble.Batch, key []byte, value any) error {
	raw, err := rlp.EncodeToBytes(value)
	if err != nil {
		return err
	}
	return b.Set(key, raw, nil)
}

func heightKey(kind byte, height uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{kind}, height)
}

func trustOf(t cert.Trust) trustWire { return trustWire{t.Height, t.Hash, t.TimeMS, t.Set.Hash()} }

func wireOf(r *cert.Run) *runWire {
	w := &runWire{Certificate: r.Certificate.Encode(), Next: r.Next}
	for _, h := range r.Headers {
		w.Headers = append(w.Headers, h.Encode())
	}
	return w
}
