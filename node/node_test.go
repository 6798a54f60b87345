package node

import (
	"strings"
	"testing"

	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/node/ordering/engine"
)

// An operator that has blocks and has lost what it signed must not start: it could sign twice.
func TestLostSigningStateIsRefused(t *testing.T) {
	network := chaintest.New(t, 1, nil)
	st := network.Open(t, t.TempDir())
	network.Commit(t, st)
	c := Config{Home: t.TempDir(), Genesis: network.Genesis}
	if _, _, err := c.engine(t.Context(), st, new(engine.Recent), nil); err == nil || !strings.Contains(err.Error(), "what this operator has signed") {
		t.Errorf("error %v", err)
	}
}
