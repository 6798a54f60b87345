package store

import (
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// On puts the store on another file system.
func (c Config) On(fs vfs.FS) Config {
	c.fs = fs
	return c
}

// With changes the database's options.
func (c Config) With(prepare func(*pebble.Options)) Config {
	c.prepare = prepare
	return c
}

// Options are the database's options.
func Options(c Config) *pebble.Options {
	return options(c, nil, slog.Default())
}
