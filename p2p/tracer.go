package p2p

import (
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

// gossipTracer counts what gossipsub does and charges peers for what it rejects. It is called on gossipsub's goroutines and
// never waits.
type gossipTracer struct {
	host   *Host
	filter *topicFilter
}

func (t *gossipTracer) count(msg *pubsub.Message, outcome string) {
	t.host.metrics.gossip.WithLabelValues(t.host.topicName(msg.GetTopic()), outcome).Inc()
}

// RejectMessage is called for each message that is not passed on.
func (t *gossipTracer) RejectMessage(msg *pubsub.Message, reason string) {
	switch reason {
	case pubsub.RejectValidationIgnored:
		t.count(msg, "ignored")
	case pubsub.RejectValidationQueueFull, pubsub.RejectValidationThrottled:
		t.count(msg, "throttled")
		t.host.metrics.dropped.WithLabelValues(t.host.topicName(msg.GetTopic()), "validate").Inc()
	case pubsub.RejectValidationFailed, pubsub.RejectUnexpectedSignature, pubsub.RejectUnexpectedAuthInfo:
		t.count(msg, "rejected")
		t.host.Penalize(msg.ReceivedFrom, OffenceRejected, "gossip "+t.host.topicName(msg.GetTopic())+": "+reason)
	default: // graylisted sources and our own messages that come back
		t.count(msg, "refused")
	}
}

// DeliverMessage is called for each message that was accepted, our own included.
func (t *gossipTracer) DeliverMessage(msg *pubsub.Message) {
	if msg.ReceivedFrom != t.host.self {
		t.count(msg, "accepted")
	}
}

// DuplicateMessage is called for each further copy of a message.
func (t *gossipTracer) DuplicateMessage(msg *pubsub.Message) { t.count(msg, "duplicate") }

// DropRPC is called when the queue to a peer is full.
func (t *gossipTracer) DropRPC(rpc *pubsub.RPC, _ peer.ID) {
	for _, m := range rpc.GetPublish() {
		t.host.metrics.dropped.WithLabelValues(t.host.topicName(m.GetTopic()), "send").Inc()
	}
}

// RecvRPC counts bytes of topics that we are in; a peer's own inventions get no label.
func (t *gossipTracer) RecvRPC(rpc *pubsub.RPC) { t.bytes(rpc, "in") }

// SendRPCCompleted counts bytes that went out.
func (t *gossipTracer) SendRPCCompleted(rpc *pubsub.RPC, _ peer.ID, _ time.Duration) {
	t.bytes(rpc, "out")
}

func (t *gossipTracer) bytes(rpc *pubsub.RPC, direction string) {
	for _, m := range rpc.GetPublish() {
		name := t.host.topicName(m.GetTopic())
		if !t.host.joined(name) {
			name = "unknown"
		}
		t.host.metrics.gossipBytes.WithLabelValues(name, direction).Add(float64(len(m.GetData())))
	}
}

// OnClosedOutboundStream is called when gossip with a peer has ended.
func (t *gossipTracer) OnClosedOutboundStream(p peer.ID) {
	t.filter.forget(p)
	t.host.meshes.removePeer(p)
	t.host.onGossipLost(p)
}

// Graft is called when a peer comes into the mesh of a topic.
func (t *gossipTracer) Graft(p peer.ID, topic string) { t.host.meshes.add(topic, p) }

// Prune is called when a peer leaves the mesh of a topic.
func (t *gossipTracer) Prune(p peer.ID, topic string) { t.host.meshes.remove(topic, p) }

// Leave is called when we leave a topic.
func (t *gossipTracer) Leave(topic string) { t.host.meshes.leave(topic) }

// OnNewOutboundStream does nothing.
func (t *gossipTracer) OnNewOutboundStream(peer.ID, protocol.ID) {}

// Join does nothing.
func (t *gossipTracer) Join(string) {}

// ValidateMessage does nothing.
func (t *gossipTracer) ValidateMessage(*pubsub.Message) {}

// UndeliverableMessage does nothing: topics are relayed, and Topic counts what its own queue drops.
func (t *gossipTracer) UndeliverableMessage(*pubsub.Message) {}

// ThrottlePeer does nothing.
func (t *gossipTracer) ThrottlePeer(peer.ID) {}

// SendRPC does nothing: SendRPCCompleted counts.
func (t *gossipTracer) SendRPC(*pubsub.RPC, peer.ID) {}
