package p2p

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/prometheus/client_golang/prometheus"
)

const prefix = "/lockstep/test"

// transports are the two that every network test runs on.
var transports = map[string]string{
	"quic": "/ip4/127.0.0.1/udp/0/quic-v1",
	"tcp":  "/ip4/127.0.0.1/tcp/0",
}

// TestMain lets the restart test run this binary again as a node of its own, which can then be killed.
func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		runChild()
		return
	}
	os.Exit(m.Run())
}

// key is the node key of a name: the same in every run, so that peer ids, and orders by them, are the same too.
func key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

// node starts a host on one address and closes it at the end of the test.
func node(t testing.TB, name, listen string, change ...func(*Config)) *Host {
	t.Helper()
	cfg := Config{Key: key(name), Listen: []string{listen}, Prefix: prefix, Limits: DefaultLimits()}
	for _, f := range change {
		f(&cfg)
	}
	h, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Errorf("close %s: %v", name, err)
		}
	})
	return h
}

// withBootstrap enters the network at another host; withExplicit keeps a connection to it.
func withBootstrap(h *Host) func(*Config) {
	return func(c *Config) { c.Bootstrap = append(c.Bootstrap, h.Addrs()...) }
}

func withExplicit(h *Host) func(*Config) {
	return func(c *Config) { c.Explicit = append(c.Explicit, h.Addrs()...) }
}

func withRegistry(r *prometheus.Registry) func(*Config) {
	return func(c *Config) { c.Registerer = r }
}

// operators starts n hosts, each with those before it as explicit peers.
func operators(t testing.TB, n int, listen string) []*Host {
	t.Helper()
	hosts := make([]*Host, n)
	for i := range hosts {
		change := make([]func(*Config), 0, i)
		for _, h := range hosts[:i] {
			change = append(change, withExplicit(h))
		}
		hosts[i] = node(t, "operator"+string(rune('a'+i)), listen, change...)
	}
	return hosts
}

// eventually waits until a condition holds; the deadline only ends a test that has failed.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("still waiting: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// word is the test's message: text that must not begin with "bad" (reject) or "old" (ignore), nor be no text (decode error).
func decodeWord(data []byte) (string, error) {
	if bytes.IndexByte(data, 0xff) >= 0 {
		return "", errors.New("no text")
	}
	return string(data), nil
}

func judgeWord(_ context.Context, _ peer.ID, word string) Verdict {
	switch {
	case strings.HasPrefix(word, "bad"):
		return Reject
	case strings.HasPrefix(word, "old"):
		return Ignore
	default:
		return Accept
	}
}

func wordTopic() TopicConfig[string] {
	return TopicConfig[string]{Decode: decodeWord, Validate: judgeWord, MaxMessage: MaxMessage, Queue: 64, Validators: 64}
}

// join enters the test's topic.
func join(t testing.TB, h *Host, cfg TopicConfig[string]) *Topic[string] {
	t.Helper()
	topic, err := Join(h, "words/1", cfg)
	if err != nil {
		t.Fatalf("join: %v", err)
	}
	return topic
}

// next returns the next message of a topic.
func next(t testing.TB, topic *Topic[string]) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	got, err := topic.Next(ctx)
	if err != nil {
		t.Fatalf("next: %v", err)
	}
	return got.Value
}

// publish sends a word.
func publish(t testing.TB, topic *Topic[string], word string) {
	t.Helper()
	if err := topic.Publish(t.Context(), []byte(word)); err != nil {
		t.Fatalf("publish: %v", err)
	}
}

// counter sums a metric over the series that have all given label values.
func counter(t testing.TB, reg *prometheus.Registry, name string, values ...string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatalf("gather: %v", err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() != "lockstep_p2p_"+name {
			continue
		}
	series:
		for _, m := range f.GetMetric() {
			has := make(map[string]bool)
			for _, l := range m.GetLabel() {
				has[l.GetValue()] = true
			}
			for _, v := range values {
				if !has[v] {
					continue series
				}
			}
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return sum
}

// meshed waits until a topic's messages go to n peers at once.
func meshed(t testing.TB, topic *Topic[string], n int) {
	t.Helper()
	eventually(t, "the mesh is complete", func() bool {
		size, _ := topic.host.meshes.size(topic.full())
		return size == n
	})
}
