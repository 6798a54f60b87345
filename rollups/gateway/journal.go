package gateway

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/rollups/internal/kv"
)

// The keys of the journal; seq rises with acceptance, so a journal is read back in the order in which it was written.
//
//	"p" | seq (8) -> [version, leg, raw]                  a raw transaction in no Tx
//	"t" | seq (8) -> [version, wrapped_at, [leg...], tx]  a Tx that is published and undecided, with what its legs are, in their order
//	leg = [seen, hash, sender, nonce, [price, price]]     seen: unix milliseconds, 0 for a leg with a result
//
// What a [Parser] has said stands in the journal: what was acknowledged is not judged again.
const (
	journalVersion = 1
	waitingKey     = 'p'
	carrierKey     = 't'
)

type legWire struct {
	Seen   uint64
	Hash   common.Hash
	Sender Sender
	Nonce  uint64
	Price  Price
}

type waitingWire struct {
	Version uint64
	Leg     legWire
	Raw     []byte
}

type carrierWire struct {
	Version   uint64
	WrappedAt uint64
	Legs      []legWire
	Tx        []byte
}

func wireOf(it *item) legWire {
	return legWire{uint64(it.seen), it.Hash, it.Sender, it.Nonce, it.Price}
}

func (w legWire) item(raw []byte, seq uint64, k *carrier) *item {
	return &item{
		Parsed: Parsed{Hash: w.Hash, Sender: w.Sender, Nonce: w.Nonce, Price: w.Price},
		raw:    raw, seq: seq, seen: int64(w.Seen), carrier: k,
	}
}

// journal is the durable form of the pool. One goroutine writes.
type journal struct{ db *pebble.DB }

func openJournal(fs vfs.FS, dir string, log *slog.Logger) (*journal, error) {
	db, err := kv.Open(fs, dir, log)
	if err != nil {
		return nil, fmt.Errorf("gateway journal: %w", err)
	}
	return &journal{db}, nil
}

// load reads all records in their order.
func (j *journal) load(waiting func(seq uint64, w waitingWire) error, carriers func(seq uint64, w carrierWire) error) (err error) {
	it, err := j.db.NewIter(nil)
	if err != nil {
		return fmt.Errorf("read journal: %w", err)
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for ok := it.First(); ok; ok = it.Next() {
		key := it.Key()
		if len(key) != 9 {
			return fmt.Errorf("read journal: key %x", key)
		}
		raw, err := it.ValueAndErr()
		if err != nil {
			return fmt.Errorf("read journal: %w", err)
		}
		seq := binary.BigEndian.Uint64(key[1:])
		switch key[0] {
		case waitingKey:
			var w waitingWire
			if err = rlp.DecodeBytes(raw, &w); err == nil {
				err = versioned(w.Version, func() error { return waiting(seq, w) })
			}
		case carrierKey:
			var w carrierWire
			if err = rlp.DecodeBytes(raw, &w); err == nil {
				err = versioned(w.Version, func() error { return carriers(seq, w) })
			}
		default:
			err = errors.New("unknown kind")
		}
		if err != nil {
			return fmt.Errorf("read journal: record %x: %w", key, err)
		}
	}
	return nil
}

func versioned(version uint64, f func() error) error {
	if version != journalVersion {
		return fmt.Errorf("version %d, this program writes %d", version, journalVersion)
	}
	return f()
}

// changes is one atomic change of the journal.
type changes struct {
	batch *pebble.Batch
	err   error
	sync  bool // something was added that somebody may be told of
}

func (j *journal) begin() *changes { return &changes{batch: j.db.NewBatch()} }

func (c *changes) putWaiting(it *item) {
	c.put(waitingKey, it.seq, &waitingWire{journalVersion, wireOf(it), it.raw})
}

func (c *changes) putCarrier(k *carrier) {
	w := &carrierWire{Version: journalVersion, WrappedAt: k.wrappedAt, Legs: make([]legWire, len(k.items)), Tx: k.tx.Raw()}
	for i, it := range k.items {
		if it != nil {
			w.Legs[i] = wireOf(it)
		}
	}
	c.put(carrierKey, k.seq, w)
}

func (c *changes) dropWaiting(it *item)   { c.drop(waitingKey, it.seq) }
func (c *changes) dropCarrier(k *carrier) { c.drop(carrierKey, k.seq) }

func (c *changes) put(kind byte, seq uint64, value any) {
	raw, err := rlp.EncodeToBytes(value)
	if err == nil {
		err = c.batch.Set(journalKey(kind, seq), raw, nil)
	}
	c.err, c.sync = errors.Join(c.err, err), true
}

func (c *changes) drop(kind byte, seq uint64) {
	c.err = errors.Join(c.err, c.batch.Delete(journalKey(kind, seq), nil))
}

// commit makes the changes durable. Removals alone need not be: a transaction that is found again has its result again.
func (c *changes) commit() error {
	defer c.batch.Close()
	if c.err == nil && c.batch.Count() > 0 {
		how := pebble.NoSync
		if c.sync {
			how = pebble.Sync
		}
		c.err = c.batch.Commit(how)
	}
	if c.err != nil {
		return fmt.Errorf("write journal: %w", c.err)
	}
	return nil
}

func (j *journal) close() error {
	if err := j.db.Close(); err != nil {
		return fmt.Errorf("close journal: %w", err)
	}
	return nil
}

func journalKey(kind byte, seq uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{kind}, seq)
}
