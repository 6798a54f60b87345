package reader_test

import "testing"

// TestFromIsWhereReadingBegins: a network that began late on a layer that has pruned what was before is read from its beginning; nothing below is asked for,
// neither at first nor after a restart.
func TestFromIsWhereReadingBegins(t *testing.T) {
	w := newWorld(t, 31)
	w.empty(40)
	cfg := w.config()
	cfg.From = w.layer.Height() + 1
	cfg.Layer = pruned{w.layer, cfg.From}
	w.grow(6)
	w.post(w.all(1, 3)...)
	w.post(w.all(4, 6)...)
	r := w.open(cfg)
	blocks := w.take(r, 1, 3)
	w.take(r, 4, 6)
	again := cfg
	again.After, again.Cursor = blocks[2].Trust, blocks[2].Cursor
	w.take(w.open(again), 4, 6)
}
