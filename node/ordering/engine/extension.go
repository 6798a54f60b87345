package engine

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cometbft/cometbft/crypto/secp256k1eth"
	"github.com/cometbft/cometbft/libs/tempfile"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
)

// extensionVersion is the first field of a record.
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

// extensionLog keeps the record in a file of two slots that are written in turn, in place: one data sync, where replacing
// the file takes two passes through the file system's journal, in the middle of every round. A write that a crash tears
// leaves the other slot, which holds the record before it, and a slot that fails its checksum.
//
//	file = slot slot        slot(4096) = keccak256(length record) | length(4, big endian) | record(JSON) | zeros
type extensionLog struct {
	file vfs.File
	last extensionRecord
	next int64 // slot that does not hold last
}

const (
	slotSize   = 4096
	slotHeader = 32 + 4
)

// createExtensions makes the file, with an empty record; the caller syncs the folder.
func createExtensions(path string) error {
	slot, err := encodeSlot(extensionRecord{})
	if err != nil {
		return err
	}
	return tempfile.WriteFileAtomic(path, append(slot, make([]byte, slotSize)...), 0o600)
}

// openExtensions reads the newest whole record.
func openExtensions(path string) (*extensionLog, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(text) != 2*slotSize {
		return nil, fmt.Errorf("read %s: %d bytes, want %d", path, len(text), 2*slotSize)
	}
	first, errFirst := decodeSlot(text[:slotSize])
	second, errSecond := decodeSlot(text[slotSize:])
	if errFirst != nil && errSecond != nil {
		return nil, fmt.Errorf("read %s: %w", path, errors.Join(errFirst, errSecond))
	}
	l := &extensionLog{last: first, next: 1}
	if errFirst != nil || (errSecond == nil && second.compare(first) > 0) {
		l.last, l.next = second, 0
	}
	if l.file, err = vfs.Default.OpenReadWrite(path, vfs.WriteCategoryUnspecified); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return l, nil
}

// put makes the record the last one; it is on disk when put returns.
func (l *extensionLog) put(r extensionRecord) error {
	slot, err := encodeSlot(r)
	if err != nil {
		return err
	}
	if _, err := l.file.WriteAt(slot, l.next*slotSize); err != nil {
		return fmt.Errorf("write extension: %w", err)
	}
	if err := l.file.SyncData(); err != nil {
		return fmt.Errorf("sync extension: %w", err)
	}
	l.last, l.next = r, 1-l.next
	return nil
}

func encodeSlot(r extensionRecord) ([]byte, error) {
	record := r
	record.Version = extensionVersion
	text, err := json.Marshal(record)
	if err != nil {
		return nil, fmt.Errorf("encode extension: %w", err)
	}
	if len(text) > slotSize-slotHeader {
		return nil, fmt.Errorf("encode extension: %d bytes, at most %d", len(text), slotSize-slotHeader)
	}
	slot := make([]byte, slotSize)
	binary.BigEndian.PutUint32(slot[32:], uint32(len(text)))
	copy(slot[slotHeader:], text)
	copy(slot, crypto.Keccak256(slot[32:slotHeader+len(text)]))
	return slot, nil
}

func decodeSlot(slot []byte) (extensionRecord, error) {
	size := binary.BigEndian.Uint32(slot[32:])
	if size > slotSize-slotHeader || !bytes.Equal(slot[:32], crypto.Keccak256(slot[32:slotHeader+size])) {
		return extensionRecord{}, errors.New("a slot is empty or torn")
	}
	var r extensionRecord
	d := json.NewDecoder(bytes.NewReader(slot[slotHeader : slotHeader+size]))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return extensionRecord{}, fmt.Errorf("decode extension: %w", err)
	}
	if err := r.validate(); err != nil {
		return extensionRecord{}, fmt.Errorf("decode extension: %w", err)
	}
	return r, nil
}
