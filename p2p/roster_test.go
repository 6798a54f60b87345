package p2p

import (
	"slices"
	"sync"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"
)

// list is a roster that a test changes.
type list struct {
	mu    sync.Mutex
	addrs []string // under mu
}

func (l *list) set(addrs ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.addrs = addrs
}

func (l *list) get() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.addrs)
}

// Peers come on the roster and go, and move to other addresses; rubbish on it does no harm, and neither does the host itself.
func TestExplicitPeersFollowTheRoster(t *testing.T) {
	first, second, fixed := node(t, "first", transports["tcp"]), node(t, "second", transports["tcp"]), node(t, "fixed", transports["tcp"])
	roster := new(list)
	roster.set(append(first.Addrs(), "/ip4/127.0.0.1/tcp/1", "rubbish", "", "/ip4/127.0.0.1/tcp/1/p2p/x")...)
	h := node(t, "host", transports["tcp"], withExplicit(fixed), withBootstrap(second), func(c *Config) { c.Roster = roster.get })
	are := func(what string, want ...*Host) {
		t.Helper()
		eventually(t, what, func() bool {
			ids := make([]peer.ID, 0, len(want))
			for _, w := range want {
				if !h.Connected(w.ID()) || !h.net.ConnManager().IsProtected(w.ID(), explicitTag) {
					return false
				}
				ids = append(ids, w.ID())
			}
			have := h.linked.explicit()
			slices.Sort(have)
			slices.Sort(ids)
			return slices.Equal(have, ids)
		})
	}
	are("the first is on the roster", first, fixed)
	if h.linked.isExplicit(second.ID()) || h.linked.get(second.ID()) == nil {
		t.Error("a bootstrap peer is explicit, or not kept")
	}
	roster.set(slices.Concat(second.Addrs(), h.Addrs())...)
	are("the second has taken the place of the first", second, fixed)
	if h.net.ConnManager().IsProtected(first.ID(), explicitTag) || h.linked.get(first.ID()) != nil {
		t.Error("who left is still explicit")
	}
	roster.set()
	are("the roster is empty", fixed)
	if l := h.linked.get(second.ID()); l == nil || l.explicit {
		t.Error("a bootstrap peer that left the roster is no bootstrap peer any more")
	}

	address := first.Addrs()[0]
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	roster.set(address) // where nobody listens
	eventually(t, "the first is gone", func() bool { return !h.Connected(first.ID()) && h.linked.isExplicit(first.ID()) })
	moved := node(t, "first", transports["tcp"])
	if moved.Addrs()[0] == address {
		t.Skip("the system has given the same port again")
	}
	roster.set(moved.Addrs()...)
	are("the first is found where it is now", moved, fixed)
}
