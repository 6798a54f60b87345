// Package kv opens the small Pebble stores of a rollup node: the heads record and the gateway's journal.
package kv

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// A small store: a few MB of live data, written in little batches.
const (
	cacheBytes    = 8 << 20
	memTableBytes = 4 << 20
	openFiles     = 64
)

// Open opens or creates the store in dir of fs, the disk if nil; a new folder is durable when it returns.
func Open(fs vfs.FS, dir string, log *slog.Logger) (*pebble.DB, error) {
	if fs == nil {
		fs = vfs.Default
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("open store: %w", err)
		}
		if err := SyncDir(filepath.Dir(dir)); err != nil {
			return nil, fmt.Errorf("open store: %w", err)
		}
	}
	db, err := pebble.Open(dir, &pebble.Options{
		FS:                 fs,
		CacheSize:          cacheBytes,
		MemTableSize:       memTableBytes,
		MaxOpenFiles:       openFiles,
		FormatMajorVersion: pebble.FormatNewest,
		Logger:             logger{log.With("store", dir)},
	})
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	return db, nil
}

// SyncDir makes the names in a folder durable.
func SyncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}

// WriteFile writes a small file so that a crash leaves the old one, none, or the new one whole.
func WriteFile(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	if closed := tmp.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
		return fmt.Errorf("write %s: %w", path, err)
	}
	return SyncDir(filepath.Dir(path))
}

// logger passes on Pebble's errors; its news is of no interest for stores of this size.
type logger struct{ log *slog.Logger }

func (l logger) Infof(string, ...any) {}

func (l logger) Errorf(format string, args ...any) {
	l.log.ErrorContext(context.Background(), "store", "error", fmt.Sprintf(format, args...))
}

// Fatalf is called when the disk fails under a write: nothing after it could be durable.
func (l logger) Fatalf(format string, args ...any) {
	panic(fmt.Sprintf("store: "+format, args...))
}
