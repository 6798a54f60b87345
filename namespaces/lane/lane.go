// Package lane holds one rollup's part of a shared block, and the table of all lanes of a block that the header commits to.
//
// A lane is one go-square version-0 blob under the rollup's namespace (specs/04-lanes.md, "Lane"), whose data is canonical RLP:
//
//	lane   = [version, entry...]                                        at least one entry
//	entry  = [position_delta, leg, flags, data]                         flags = 0
//	       | [position_delta, leg, flags, data, id, [[namespace, keccak256(data)]...]]   flags = bundle
//	       | [position_delta, 0, flags, envelope]                       flags = envelope, in the ledger's lane only
//	       | [0, 0, flags, system]                                      flags = system, first in the ledger's lane only
//
// position_delta is the distance from the entry before (from 0 for the first) to the transaction's place in the block; leg is the leg's
// place in the transaction. Entries ascend by position, then envelope before legs, then leg. An entry of a bundle names the other legs, so that half of it is seen to be half.
package lane

import (
	"errors"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// Version is the only lane version that this code understands.
const Version = 1

// MaxSize bounds a lane's data in bytes: a block's largest body and half as much for entries' own fields, within what one frame of a stream holds.
const MaxSize = 12 << 20

const (
	flagBundle   = 1
	flagEnvelope = 2
	flagSystem   = 4
)

// Entry is one leg in a lane, or one envelope in the ledger's lane.
type Entry struct {
	Position uint32 // the transaction's place in the shared block
	Leg      uint32 // the leg's place in the transaction
	Data     []byte // the leg's data; for an envelope its encoding
	Bundle   *Bundle
	Envelope bool
	System   bool // the block's system section: of no transaction
}

// Bundle names a transaction that spans namespaces and all its legs.
type Bundle struct {
	ID   common.Hash
	Legs []BundleLeg
}

// BundleLeg is one leg of a bundle: where it stands and what it is.
type BundleLeg struct {
	Namespace namespaces.Namespace
	DataHash  common.Hash
}

// BundleOf names all legs of a transaction; nil unless it spans namespaces.
func BundleOf(t *tx.Tx) *Bundle {
	if !t.Spans() {
		return nil
	}
	b := &Bundle{ID: t.ID()}
	for _, l := range t.Legs() {
		b.Legs = append(b.Legs, BundleLeg{l.Namespace, crypto.Keccak256Hash(l.Data)})
	}
	return b
}

// Encode writes the entries as a lane's data. Entries must ascend and be at least one.
func Encode(entries []Entry) ([]byte, error) {
	size := 16
	for i := range entries {
		size += len(entries[i].Data) + 16
	}
	buf := rlp.NewEncoderBuffer(nil)
	list := buf.List()
	buf.WriteUint64(Version)
	if len(entries) == 0 {
		return nil, errors.New("encode lane: no entries")
	}
	var position uint32
	for i := range entries {
		e := &entries[i]
		if i > 0 && !ascends(entries[i-1], *e) {
			return nil, fmt.Errorf("encode lane: entry %d does not ascend", i)
		}
		if err := e.encode(buf, position); err != nil {
			return nil, fmt.Errorf("encode lane: entry %d: %w", i, err)
		}
		position = e.Position
	}
	buf.ListEnd(list)
	out := buf.AppendToBytes(make([]byte, 0, size))
	if len(out) > MaxSize {
		return nil, fmt.Errorf("encode lane: %d bytes, at most %d", len(out), MaxSize)
	}
	return out, nil
}

func (e *Entry) encode(buf rlp.EncoderBuffer, before uint32) error {
	if err := e.validate(); err != nil {
		return err
	}
	list := buf.List()
	buf.WriteUint64(uint64(e.Position - before))
	buf.WriteUint64(uint64(e.Leg))
	buf.WriteUint64(e.flags())
	buf.WriteBytes(e.Data)
	if b := e.Bundle; b != nil {
		buf.WriteBytes(b.ID[:])
		legs := buf.List()
		for _, l := range b.Legs {
			leg := buf.List()
			buf.WriteBytes(l.Namespace[:])
			buf.WriteBytes(l.DataHash[:])
			buf.ListEnd(leg)
		}
		buf.ListEnd(legs)
	}
	buf.ListEnd(list)
	return nil
}

func (e *Entry) flags() uint64 {
	switch {
	case e.System:
		return flagSystem
	case e.Envelope:
		return flagEnvelope
	case e.Bundle != nil:
		return flagBundle
	}
	return 0
}

func (e *Entry) validate() error {
	if len(e.Data) == 0 {
		return errors.New("no data")
	}
	if e.System && (e.Position != 0 || e.Leg != 0 || e.Bundle != nil || e.Envelope) {
		return errors.New("a system section stands for no transaction")
	}
	if e.Envelope && (e.Leg != 0 || e.Bundle != nil) {
		return errors.New("an envelope stands for no leg and no bundle")
	}
	if b := e.Bundle; b != nil {
		if len(b.Legs) < 2 || len(b.Legs) > tx.MaxBundleLegs {
			return fmt.Errorf("bundle of %d legs, want 2 to %d", len(b.Legs), tx.MaxBundleLegs)
		}
		if int(e.Leg) >= len(b.Legs) {
			return fmt.Errorf("leg %d of a bundle of %d", e.Leg, len(b.Legs))
		}
		if b.Legs[e.Leg].DataHash != crypto.Keccak256Hash(e.Data) {
			return fmt.Errorf("leg %d is not the data that its bundle names", e.Leg)
		}
		first := b.Legs[0].Namespace
		if !slices.ContainsFunc(b.Legs, func(l BundleLeg) bool { return l.Namespace != first }) {
			return errors.New("a bundle must span namespaces")
		}
	}
	return nil
}

// ascends orders entries: the system section, then by position, an envelope before the legs of its transaction, legs by their number.
func ascends(a, b Entry) bool {
	switch {
	case a.System || b.System:
		return a.System && !b.System
	case a.Position != b.Position:
		return a.Position < b.Position
	case a.Envelope || b.Envelope:
		return a.Envelope && !b.Envelope
	}
	return a.Leg < b.Leg
}

// Decode reads a lane's data. The entries' data point into raw.
func Decode(raw []byte) ([]Entry, error) {
	if len(raw) > MaxSize {
		return nil, fmt.Errorf("decode lane: %d bytes, at most %d", len(raw), MaxSize)
	}
	content, rest, err := rlp.SplitList(raw)
	if err != nil || len(rest) > 0 {
		return nil, errors.New("decode lane: not one RLP list")
	}
	version, content, err := rlp.SplitUint64(content)
	if err != nil {
		return nil, fmt.Errorf("decode lane: version: %w", err)
	}
	if version != Version {
		return nil, fmt.Errorf("decode lane: version %d, want %d", version, Version)
	}
	if len(content) == 0 {
		return nil, errors.New("decode lane: no entries")
	}
	var entries []Entry
	var position uint32
	for len(content) > 0 {
		var e Entry
		if content, err = e.decode(content, position); err != nil {
			return nil, fmt.Errorf("decode lane: entry %d: %w", len(entries), err)
		}
		if len(entries) > 0 && !ascends(entries[len(entries)-1], e) {
			return nil, fmt.Errorf("decode lane: entry %d does not ascend", len(entries))
		}
		position = e.Position
		entries = append(entries, e)
	}
	return entries, nil
}

// decode reads one entry by hand, because a lane holds tens of thousands and their data should not be copied.
func (e *Entry) decode(in []byte, before uint32) (rest []byte, err error) {
	item, rest, err := rlp.SplitList(in)
	if err != nil {
		return nil, err
	}
	var delta, leg, flags uint64
	if delta, item, err = rlp.SplitUint64(item); err != nil {
		return nil, fmt.Errorf("position: %w", err)
	}
	if leg, item, err = rlp.SplitUint64(item); err != nil {
		return nil, fmt.Errorf("leg: %w", err)
	}
	if flags, item, err = rlp.SplitUint64(item); err != nil {
		return nil, fmt.Errorf("flags: %w", err)
	}
	if e.Data, item, err = rlp.SplitString(item); err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	if delta > 1<<32-1-uint64(before) || leg >= tx.MaxLegs {
		return nil, fmt.Errorf("position delta %d or leg %d out of range", delta, leg)
	}
	e.Position, e.Leg = before+uint32(delta), uint32(leg)
	switch flags {
	case 0:
	case flagEnvelope:
		e.Envelope = true
	case flagSystem:
		e.System = true
	case flagBundle:
		e.Bundle = new(Bundle)
		if item, err = e.Bundle.decode(item); err != nil {
			return nil, fmt.Errorf("bundle: %w", err)
		}
	default:
		return nil, fmt.Errorf("unknown flags %d", flags)
	}
	if len(item) > 0 {
		return nil, errors.New("surplus fields")
	}
	return rest, e.validate()
}

func (b *Bundle) decode(in []byte) (rest []byte, err error) {
	id, rest, err := rlp.SplitString(in)
	if err != nil || len(id) != common.HashLength {
		return nil, errors.New("id is not 32 bytes")
	}
	b.ID = common.Hash(id)
	legs, rest, err := rlp.SplitList(rest)
	if err != nil {
		return nil, err
	}
	if n, err := rlp.CountValues(legs); err != nil || n > tx.MaxBundleLegs {
		return nil, fmt.Errorf("%d legs, at most %d", n, tx.MaxBundleLegs)
	}
	for len(legs) > 0 {
		_, _, after, err := rlp.Split(legs)
		if err != nil {
			return nil, err
		}
		var l BundleLeg
		if err := rlp.DecodeBytes(legs[:len(legs)-len(after)], &l); err != nil {
			return nil, err
		}
		b.Legs, legs = append(b.Legs, l), after
	}
	return rest, nil
}
