package node

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/lockstep-network/lockstep/node/internal/chaintest"
)

// An operator reads from its log alone whether blocks go on, are certified, and are published.
func TestHeartbeatTellsAStandstill(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	s := n.Open(t, t.TempDir())
	var out bytes.Buffer
	firm := uint64(0)
	h := &heartbeat{
		store: s, peers: func() []peer.ID { return make([]peer.ID, 3) }, published: func() (uint64, uint64) { return firm, firm },
		log: slog.New(slog.NewTextHandler(&out, nil)),
	}
	for _, c := range []struct {
		name   string
		change func()
		want   []string
	}{
		{"nothing yet", func() {}, []string{`WARN msg="no new block`, `INFO msg="publishing goes on"`}},
		{"blocks, certificates, publication", func() { n.Commit(t, s); n.Certify(t, s, 1); firm = 1 }, []string{`INFO msg="blocks go on" height=1`, `firm=1`}},
		{"no certificate", func() { n.Commit(t, s) }, []string{`WARN msg="blocks are not certified" height=2 certified=1`, "INFO"}},
		{"no DA layer", func() { n.Commit(t, s); n.Certify(t, s, 3) }, []string{`INFO msg="blocks go on" height=3 certified=3`, `WARN msg="nothing new is firm`}},
		{"standstill", func() { firm = 3 }, []string{`WARN msg="no new block`, `INFO msg="publishing goes on" published=3 firm=3`}},
	} {
		out.Reset()
		c.change()
		h.line(t.Context())
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != len(c.want) || !strings.Contains(lines[0], c.want[0]) || !strings.Contains(lines[1], c.want[1]) {
			t.Errorf("%s:\n%swant %q", c.name, out.String(), c.want)
		}
	}
}

// An operator that orders without a DA layer is told so with each line; one that follows is not.
func TestHeartbeatTellsWhoOrdersWithoutADALayer(t *testing.T) {
	n := chaintest.New(t, 1, nil)
	s := n.Open(t, t.TempDir())
	for _, orders := range []bool{true, false} {
		var out bytes.Buffer
		h := &heartbeat{
			store: s, peers: func() []peer.ID { return nil }, orders: func() bool { return orders }, log: slog.New(slog.NewTextHandler(&out, nil)),
		}
		h.line(t.Context())
		if got := strings.Count(out.String(), `level=WARN msg="this operator orders, and sees no DA layer: start it with --da URL`); (got == 1) != orders {
			t.Errorf("orders %v:\n%s", orders, out.String())
		}
	}
}
