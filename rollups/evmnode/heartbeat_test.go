package evmnode

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/lockstep-network/lockstep/rollups"
)

func TestHeartbeatTellsAStandstill(t *testing.T) {
	var out bytes.Buffer
	var heads rollups.Heads
	h := &heartbeat{
		heads: func() rollups.Heads { return heads }, announced: func() uint64 { return 9 }, log: slog.New(slog.NewTextHandler(&out, nil)),
	}
	for _, c := range []struct {
		name   string
		change func()
		want   string
	}{
		{"nothing yet", func() {}, `WARN msg="no new shared block: do the operators or the DA layer answer?" soft=0 firm=0 announced=9`},
		{"soft moves", func() { heads.Soft.Height, heads.Soft.Output.Number = 7, 3 }, `INFO msg="derivation goes on" soft=7 firm=0 final=0 block=3`},
		{"firm moves", func() { heads.Firm.Height = 5 }, `INFO msg="derivation goes on" soft=7 firm=5 final=0 block=3`},
		{"standstill", func() {}, `WARN msg="no new shared block`},
	} {
		out.Reset()
		c.change()
		if h.line(t.Context()); !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: %swant %q", c.name, out.String(), c.want)
		}
	}
}
