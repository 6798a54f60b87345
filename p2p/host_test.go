package p2p

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
	"testing"

	ds "github.com/ipfs/go-datastore"
	"github.com/prometheus/client_golang/prometheus"
)

// What New refuses, with the field in the message.
func TestConfigErrors(t *testing.T) {
	id, err := PeerID(key("x").Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*Config){
		"node key":          func(c *Config) { c.Key = c.Key[:32] },
		"protocol prefix":   func(c *Config) { c.Prefix = "lockstep" },
		"listen address":    func(c *Config) { c.Listen = []string{"127.0.0.1:9000"} },
		"announced address": func(c *Config) { c.Announce = []string{"/ip4/300.0.0.1/tcp/1"} },
		"bootstrap peer":    func(c *Config) { c.Bootstrap = []string{"/ip4/127.0.0.1/tcp/1"} },
		"explicit peer":     func(c *Config) { c.Explicit = []string{"/ip4/127.0.0.1/tcp/1/p2p/x"} },
		"connections":       func(c *Config) { c.Limits.LowConnections = c.Limits.HighConnections + 1 },
		"per address":       func(c *Config) { c.Limits.MaxConnectionsPerIP = 0 },
		"streams":           func(c *Config) { c.Limits.MaxStreams = 17 },
		"memory":            func(c *Config) { c.Limits.MaxMemoryPerPeer = 1 << 20 },
	} {
		cfg := Config{Key: key("a"), Listen: []string{transports["tcp"]}, Explicit: []string{"/ip4/127.0.0.1/tcp/1/p2p/" + id.String()}, Prefix: prefix, Limits: DefaultLimits()}
		if err := cfg.Validate(); err != nil {
			t.Fatalf("a good config: %v", err)
		}
		change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(what, "per ")) {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := New(t.Context(), cfg); err == nil {
			t.Errorf("%s: started", what)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	good := Config{Key: key("a"), Prefix: prefix, Limits: DefaultLimits()}
	if _, err := New(ended, good); !errors.Is(err, context.Canceled) {
		t.Errorf("started after the context's end: %v", err)
	}
	good.Registerer = prometheus.NewRegistry()
	node(t, "first", transports["tcp"], func(c *Config) { c.Registerer = good.Registerer })
	if _, err := New(t.Context(), good); err == nil {
		t.Error("two hosts in one registry")
	}
	taken := node(t, "taken", transports["tcp"])
	address, _, _ := strings.Cut(taken.Addrs()[0], "/p2p/")
	if _, err = New(t.Context(), Config{Key: key("b"), Listen: []string{transports["quic"], address}, Prefix: prefix, Limits: DefaultLimits()}); err == nil || !strings.Contains(err.Error(), address) {
		t.Errorf("listened on a port that is taken: %v", err)
	}
}

// Everybody knows one bootstrap peer and nobody else: all find all others, also those that come later, and the bootstrap peer
// may then go.
func TestDiscoveryFromOneBootstrapPeer(t *testing.T) {
	for name, listen := range transports {
		t.Run(name, func(t *testing.T) {
			first := node(t, "first", listen)
			hosts := []*Host{first}
			for i := range 3 {
				hosts = append(hosts, node(t, fmt.Sprint("later", i), listen, withBootstrap(first)))
			}
			for _, h := range hosts {
				eventually(t, "everybody knows everybody", func() bool { return len(h.Peers()) == 3 })
			}
			follower := node(t, "follower", listen, withBootstrap(first))
			eventually(t, "the follower finds the others", func() bool { return len(follower.Peers()) == 4 })
			if err := first.Close(); err != nil {
				t.Fatal(err)
			}
			topics := []*Topic[string]{join(t, hosts[1], wordTopic()), join(t, follower, wordTopic())}
			meshed(t, topics[0], 1)
			publish(t, topics[0], "without the first")
			if got := next(t, topics[1]); got != "without the first" {
				t.Errorf("heard %q", got)
			}
		})
	}
}

// An explicit peer that is banned comes back by itself when its points have decayed below the bound.
func TestBannedExplicitPeerComesBack(t *testing.T) {
	a := node(t, "a", transports["tcp"])
	b := node(t, "b", transports["tcp"], withExplicit(a))
	eventually(t, "connected", func() bool { return a.Connected(b.ID()) })
	for range 2 {
		a.Penalize(b.ID(), OffenceInvalid, "a test")
	}
	eventually(t, "disconnected", func() bool { return !a.Connected(b.ID()) })
	a.conduct.mu.Lock()
	a.conduct.peers[b.ID()].points = releasePoints - 1
	a.conduct.mu.Unlock()
	eventually(t, "connected again", func() bool { return a.Connected(b.ID()) })
	a.Penalize(a.ID(), OffenceInvalid, "oneself")
	if s := a.Score(a.ID()); s != 0 {
		t.Errorf("a host blames itself: %f", s)
	}
}

// Provider records are bounded: a new key is refused when the store is full, known keys and freed room are not.
func TestProviderStoreIsBounded(t *testing.T) {
	s := &boundedStore{MapDatastore: ds.NewMapDatastore(), limit: 2}
	put := func(key string) error { return s.Put(t.Context(), ds.NewKey(key), nil) }
	for _, key := range []string{"a", "b", "a"} {
		if err := put(key); err != nil {
			t.Fatalf("put %s: %v", key, err)
		}
	}
	if err := put("c"); !errors.Is(err, errStoreFull) {
		t.Errorf("put a third: %v", err)
	}
	for range 2 {
		if err := s.Delete(t.Context(), ds.NewKey("a")); err != nil {
			t.Fatal(err)
		}
	}
	b, err := s.Batch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.Put(t.Context(), ds.NewKey("c"), nil), b.Put(t.Context(), ds.NewKey("d"), nil)); err != nil {
		t.Fatal(err)
	}
	if err := b.Commit(t.Context()); !errors.Is(err, errStoreFull) {
		t.Errorf("a batch above the limit: %v", err)
	}
}
