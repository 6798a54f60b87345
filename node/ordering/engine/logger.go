package engine

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"

	"github.com/cometbft/cometbft/libs/log"
)

// levelTrace is CometBFT's debug level: a line per message, below everything of ours.
const levelTrace = slog.LevelDebug - 4

// logger writes CometBFT's lines to slog, a level lower: its info is a node's debug, since it says several lines per
// block. Errors stay errors, but for those of links, which are an operator's being down.
type logger struct {
	out   *slog.Logger
	links bool
}

var _ log.Logger = logger{}

func (l logger) Debug(msg string, kv ...any) { l.log(levelTrace, msg, kv) }
func (l logger) Info(msg string, kv ...any)  { l.log(slog.LevelDebug, msg, kv) }
func (l logger) Warn(msg string, kv ...any)  { l.log(slog.LevelWarn, msg, kv) }

func (l logger) Error(msg string, kv ...any) {
	if l.links || harmless(msg) {
		l.log(slog.LevelDebug, msg, kv)
		return
	}
	l.log(slog.LevelError, msg, kv)
}

// harmless errors are what a healthy node says: block sync notes that it was not needed, and stops what has stopped.
func harmless(msg string) bool { return msg == "SendTimeout" || msg == "Error stopping pool" }

func (l logger) log(level slog.Level, msg string, kv []any) {
	if !l.out.Enabled(context.Background(), level) {
		return // rendering hashes of every message costs more than writing none of them
	}
	l.out.Log(context.Background(), level, msg, readable(kv)...) //nolint:sloglint // the messages are CometBFT's
}

// readable turns byte slices, which slog writes as they are, into text: hashes, addresses, keys.
func readable(kv []any) []any {
	out := make([]any, len(kv))
	for i, v := range kv {
		out[i] = v
		if r := reflect.ValueOf(v); r.Kind() != reflect.Slice || r.Type().Elem().Kind() != reflect.Uint8 {
			continue
		}
		if s, ok := v.(fmt.Stringer); ok {
			out[i] = s.String()
		} else {
			out[i] = fmt.Sprintf("%X", v)
		}
	}
	return out
}

// With implements log.Logger.
func (l logger) With(kv ...any) log.Logger {
	for i := 0; i+1 < len(kv); i += 2 {
		if kv[i] == "module" && kv[i+1] == "p2p" {
			l.links = true
		}
	}
	l.out = l.out.With(readable(kv)...)
	return l
}
