package p2p

import (
	"errors"
	"strings"
	"testing"
)

// outlet opens the test's topic for publishing only.
func outlet(t testing.TB, h *Host) *Outlet {
	t.Helper()
	o, err := OpenOutlet(h, "words/1")
	if err != nil {
		t.Fatalf("open outlet: %v", err)
	}
	return o
}

// A gateway is in no topic: what it publishes reaches all that are, and nothing of theirs comes to it.
func TestOutletReachesTheTopicAndHearsNothing(t *testing.T) {
	for name, listen := range transports {
		t.Run(name, func(t *testing.T) {
			hosts := operators(t, 2, listen)
			a, b := join(t, hosts[0], wordTopic()), join(t, hosts[1], wordTopic())
			meshed(t, a, 1)
			meshed(t, b, 1)
			gateway := node(t, "gateway", listen, withBootstrap(hosts[0]))
			o := outlet(t, gateway)
			eventually(t, "somebody takes a word", func() bool { return o.Publish(t.Context(), []byte("first")) == nil })
			for _, topic := range []*Topic[string]{a, b} {
				if got := next(t, topic); got != "first" {
					t.Errorf("%q came, want %q", got, "first")
				}
			}
			if err := o.Publish(t.Context(), []byte("second")); err != nil {
				t.Fatal(err)
			}
			publish(t, a, "third")
			for range 2 {
				if got := next(t, b); got != "second" && got != "third" {
					t.Errorf("%q came", got)
				}
			}
			for _, h := range hosts {
				for _, in := range h.pubsub.ListPeers(prefix + "/words/1") {
					if in == gateway.ID() {
						t.Error("the gateway is in the topic")
					}
				}
			}
		})
	}
}

func TestOutletRefusals(t *testing.T) {
	h := node(t, "alone", transports["tcp"])
	for _, name := range []string{"", strings.Repeat("x", maxTopicName+1)} {
		if _, err := OpenOutlet(h, name); err == nil {
			t.Errorf("a name of %d bytes was taken", len(name))
		}
	}
	o := outlet(t, h)
	if _, err := OpenOutlet(h, "words/1"); err == nil {
		t.Error("a second outlet to a topic was opened")
	}
	if _, err := Join(h, "words/1", wordTopic()); err == nil {
		t.Error("a topic with an outlet was joined")
	}
	if err := o.Publish(t.Context(), []byte("hello")); !errors.Is(err, ErrNobody) {
		t.Errorf("nobody is there: %v", err)
	}
	if err := o.Publish(t.Context(), make([]byte, MaxMessage+1)); err == nil || errors.Is(err, ErrNobody) {
		t.Errorf("a message above the bound: %v", err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := o.Publish(t.Context(), []byte("hello")); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed host: %v", err)
	}
}
