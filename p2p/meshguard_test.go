package p2p

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"
)

// envelope is a gossip message on the wire, behind its length.
func envelope(t testing.TB, m *pb.Message) []byte {
	t.Helper()
	rpc, err := proto.Marshal(&pb.RPC{Publish: []*pb.Message{m}})
	if err != nil {
		t.Fatal(err)
	}
	return append(head(nil, len(rpc)), rpc...)
}

// bare is a libp2p host without gossip, which would open streams of its own.
func bare(t testing.TB, name string) host.Host {
	t.Helper()
	cfg := Config{Key: key(name), Prefix: prefix, Limits: DefaultLimits()}
	p, err := cfg.parse()
	if err != nil {
		t.Fatal(err)
	}
	h, err := newLibp2p(cfg, p, gate{newConduct()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

// Bytes on gossip's own streams that are not gossip, or not ours, cost their sender its connection; others gossip on.
func TestGarbageOnGossipStreams(t *testing.T) {
	topic := prefix + "/words/1"
	for what, garbage := range map[string]func(i int) []byte{
		"a length above the limit": func(int) []byte { return []byte{0xff, 0xff, 0xff, 0x7f} },
		"no protobuf":              func(int) []byte { return append([]byte{8}, bytes.Repeat([]byte{0xff}, 8)...) },
		"a signed message": func(i int) []byte {
			return envelope(t, &pb.Message{Topic: &topic, Data: fmt.Append(nil, i), Signature: []byte("me")})
		},
		"a message with an author": func(i int) []byte {
			return envelope(t, &pb.Message{Topic: &topic, Data: fmt.Append(nil, i), From: []byte("me"), Seqno: []byte("1")})
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			reg := prometheus.NewRegistry()
			a := node(t, "a", transports["tcp"], withRegistry(reg))
			b := node(t, "b", transports["tcp"], withExplicit(a))
			villain := bare(t, "villain")
			ta, tb := join(t, a, wordTopic()), join(t, b, wordTopic())
			meshed(t, tb, 1)
			if err := villain.Connect(t.Context(), peer.AddrInfo{ID: a.ID(), Addrs: a.net.Addrs()}); err != nil {
				t.Fatal(err)
			}
			for i := range 5 {
				s, err := villain.NewStream(t.Context(), a.ID(), gossipProtocols()...)
				if err != nil {
					break // refused already
				}
				_, _ = s.Write(garbage(i))
				// A stream replaces the one before: the next one has to wait until this one was read.
				eventually(t, "the garbage was read", func() bool {
					return counter(t, reg, "offences_total") > float64(i) || !a.Connected(villain.ID())
				})
			}
			eventually(t, "the villain is gone", func() bool { return !a.Connected(villain.ID()) })
			publish(t, tb, "still here")
			if got := next(t, ta); got != "still here" {
				t.Errorf("heard %q", got)
			}
			if s := a.Score(b.ID()); s < 0 {
				t.Errorf("an honest peer has score %f", s)
			}
		})
	}
}

// A peer may be in topics of this network only, and in a few: what is remembered of it is bounded, and forgotten with it.
func TestSubscriptionsAreBounded(t *testing.T) {
	f, p := newTopicFilter(prefix), peer.ID("p")
	sub := func(topic string, in bool) []*pb.RPC_SubOpts {
		return []*pb.RPC_SubOpts{{Topicid: &topic, Subscribe: &in}}
	}
	for _, foreign := range []string{"", "words/1", prefix, "/other" + prefix + "/words/1", prefix + "/" + string(make([]byte, maxTopicName+1))} {
		if kept, err := f.FilterIncomingSubscriptions(p, sub(foreign, true)); err != nil || len(kept) != 0 {
			t.Errorf("%.40q was kept, %v", foreign, err)
		}
	}
	for range 2 { // the same topics again are no more topics
		for i := range maxTopicsPerPeer {
			if kept, err := f.FilterIncomingSubscriptions(p, sub(fmt.Sprint(prefix, "/", i), true)); err != nil || len(kept) != 1 {
				t.Fatalf("topic %d: %v", i, err)
			}
		}
	}
	if _, err := f.FilterIncomingSubscriptions(p, sub(prefix+"/more", true)); !errors.Is(err, pubsub.ErrTooManySubscriptions) {
		t.Errorf("one more: %v", err)
	}
	if _, err := f.FilterIncomingSubscriptions(p, sub(prefix+"/0", false)); err != nil {
		t.Errorf("leave: %v", err)
	}
	if _, err := f.FilterIncomingSubscriptions(p, sub(prefix+"/more", true)); err != nil {
		t.Errorf("one more after leaving: %v", err)
	}
	f.forget(p)
	if len(f.peers) != 0 {
		t.Error("a peer that has gone is remembered")
	}
}
