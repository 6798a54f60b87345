package store

import "github.com/cockroachdb/pebble/v2/vfs"

// On puts the store on another file system, in segments of so many bytes.
func (c Config) On(fs vfs.FS, segment uint64) Config {
	c.fs, c.segment = fs, segment
	return c
}
