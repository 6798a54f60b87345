package p2p

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Four operators: what one publishes arrives once at each of the others and never comes back.
func TestFourHostsHearEachOther(t *testing.T) {
	for name, listen := range transports {
		t.Run(name, func(t *testing.T) {
			hosts := operators(t, 4, listen)
			topics := make([]*Topic[string], len(hosts))
			for i, h := range hosts {
				topics[i] = join(t, h, wordTopic())
			}
			for _, topic := range topics {
				meshed(t, topic, 3)
			}
			large := strings.Repeat("x", MaxMessage-1)
			for i, topic := range topics {
				publish(t, topic, fmt.Sprint(i, large)[:MaxMessage])
				publish(t, topic, fmt.Sprint("from ", i))
			}
			for i, topic := range topics {
				var got []string
				for range 6 {
					word := next(t, topic)
					got = append(got, word[:min(len(word), 6)])
				}
				slices.Sort(got)
				var want []string
				for j := range topics {
					if j != i {
						want = append(want, fmt.Sprint(j, large)[:6], fmt.Sprint("from ", j))
					}
				}
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("host %d heard %q, want %q", i, got, want)
				}
			}
			quiet, cancel := context.WithTimeout(t.Context(), 2*heartbeat)
			defer cancel()
			for _, topic := range topics {
				if got, err := topic.Next(quiet); err == nil {
					t.Errorf("a message came twice, or back: %.10q", got.Value)
				}
			}
		})
	}
}

// One of four operators sends what no honest peer can send: it is disconnected and refused; the others hear each other on.
func TestGarbageOnATopicDisconnectsItsSender(t *testing.T) {
	garbage := map[string]func(i int) string{
		"rejected":    func(i int) string { return fmt.Sprint("bad ", i) },
		"undecodable": func(i int) string { return fmt.Sprint("\xff", i) },
		"oversized":   func(i int) string { return strings.Repeat("x", 1025) + fmt.Sprint(i) },
	}
	for name, word := range garbage {
		t.Run(name, func(t *testing.T) {
			hosts := operators(t, 4, transports["tcp"])
			small := wordTopic()
			small.MaxMessage = 1024
			var topics []*Topic[string]
			for _, h := range hosts[:3] {
				topics = append(topics, join(t, h, small))
			}
			villain := join(t, hosts[3], wordTopic())
			meshed(t, villain, 3)
			for i := range 16 {
				publish(t, villain, word(i))
			}
			for _, h := range hosts[:3] {
				eventually(t, "score is down", func() bool { return h.Score(hosts[3].ID()) <= graylistThreshold })
				eventually(t, "the villain is gone", func() bool { return !h.Connected(hosts[3].ID()) })
			}
			if err := hosts[3].Connect(t.Context(), hosts[0].Addrs()[0]); err == nil {
				eventually(t, "the villain is refused", func() bool { return !hosts[0].Connected(hosts[3].ID()) })
			}
			publish(t, topics[0], "still here")
			for _, topic := range topics[1:] {
				if got := next(t, topic); got != "still here" {
					t.Errorf("heard %q", got)
				}
			}
			for _, h := range hosts[:3] {
				for _, other := range hosts[:3] {
					if h != other && (!h.Connected(other.ID()) || h.Score(other.ID()) < 0) {
						t.Errorf("an honest peer lost its connection or its score: %f", h.Score(other.ID()))
					}
				}
			}
		})
	}
}

// Ignored messages are not delivered, not passed on, and cost nothing.
func TestIgnoredMessagesCostNothing(t *testing.T) {
	reg := prometheus.NewRegistry()
	a := node(t, "a", transports["tcp"], withRegistry(reg))
	b := node(t, "b", transports["tcp"], withExplicit(a))
	ta, tb := join(t, a, wordTopic()), join(t, b, wordTopic())
	meshed(t, tb, 1)
	for i := range 20 {
		publish(t, tb, fmt.Sprint("old ", i))
	}
	publish(t, tb, "new")
	if got := next(t, ta); got != "new" {
		t.Errorf("heard %q", got)
	}
	eventually(t, "all were ignored", func() bool { return counter(t, reg, "gossip_messages_total", "words/1", "ignored") == 20 })
	if s := a.Score(b.ID()); s < 0 {
		t.Errorf("score %f", s)
	}
}

// A reader that is behind loses messages, and the loss is counted; whoever reads gets all.
func TestFullQueueDropsAndCounts(t *testing.T) {
	reg := prometheus.NewRegistry()
	a := node(t, "a", transports["tcp"], withRegistry(reg))
	b := node(t, "b", transports["tcp"], withExplicit(a))
	short := wordTopic()
	short.Queue = 2
	ta, tb := join(t, a, short), join(t, b, wordTopic())
	meshed(t, tb, 1)
	for i := range 10 {
		publish(t, tb, fmt.Sprint("word ", i))
	}
	eventually(t, "eight were dropped", func() bool {
		return counter(t, reg, "gossip_dropped_total", "words/1", "deliver") == 8
	})
	next(t, ta)
	next(t, ta)
}

// What Publish and Join refuse, and what waits when the host closes.
func TestTopicErrors(t *testing.T) {
	a := node(t, "a", transports["tcp"])
	if _, err := Join(a, "", wordTopic()); err == nil {
		t.Error("joined a topic without a name")
	}
	for what, change := range map[string]func(*TopicConfig[string]){
		"no decoder":       func(c *TopicConfig[string]) { c.Decode = nil },
		"no validator":     func(c *TopicConfig[string]) { c.Validate = nil },
		"no size":          func(c *TopicConfig[string]) { c.MaxMessage = 0 },
		"too large a size": func(c *TopicConfig[string]) { c.MaxMessage = MaxMessage + 1 },
		"no queue":         func(c *TopicConfig[string]) { c.Queue = 0 },
		"no concurrency":   func(c *TopicConfig[string]) { c.Validators = 0 },
	} {
		cfg := wordTopic()
		change(&cfg)
		if _, err := Join(a, "words/1", cfg); err == nil {
			t.Errorf("joined with %s", what)
		}
	}
	topic := join(t, a, wordTopic())
	if _, err := Join(a, "words/1", wordTopic()); err == nil {
		t.Error("joined twice")
	}
	if err := topic.Publish(t.Context(), bytes.Repeat([]byte{'x'}, MaxMessage+1)); err == nil {
		t.Error("published too large a message")
	}
	if err := topic.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	again := join(t, a, wordTopic())
	waiting := make(chan error, 1)
	go func() {
		_, err := again.Next(t.Context())
		waiting <- err
	}()
	if err := a.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	select {
	case err := <-waiting:
		if !errors.Is(err, ErrClosed) {
			t.Errorf("next: %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Error("Next outlives the host")
	}
	if err := again.Publish(t.Context(), []byte("x")); !errors.Is(err, ErrClosed) {
		t.Errorf("publish: %v", err)
	}
	if _, err := Join(a, "more/1", wordTopic()); !errors.Is(err, ErrClosed) {
		t.Errorf("join: %v", err)
	}
}
