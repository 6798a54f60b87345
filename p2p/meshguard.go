package p2p

import (
	"fmt"
	"strings"
	"sync"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

// watchedHost is the host as gossipsub sees it: each of its incoming streams is watched for bytes that are not gossip.
// Gossipsub itself only resets such a stream, and the peer may open the next one.
type watchedHost struct {
	host.Host
	offend func(peer.ID, Offence, string)
}

// SetStreamHandler registers gossipsub's handler and judges why it returned.
func (w watchedHost) SetStreamHandler(id protocol.ID, handle network.StreamHandler) {
	w.Host.SetStreamHandler(id, func(s network.Stream) {
		ws := &watchedStream{Stream: s}
		handle(ws)
		// The handler gives up a stream that could still be read only for what it has read: a length above the limit, too
		// large a control message, or bytes that are no protobuf. (Or because the host closes, when nobody is charged.)
		if !ws.ended && !s.Conn().IsClosed() {
			w.offend(s.Conn().RemotePeer(), OffenceMalformed, "gossip stream")
		}
	})
}

// watchedStream remembers whether the stream itself ended. It is read by one goroutine, gossipsub's handler.
type watchedStream struct {
	network.Stream
	ended bool
}

// Read notes the stream's own end.
func (s *watchedStream) Read(b []byte) (int, error) {
	n, err := s.Stream.Read(b)
	if err != nil {
		s.ended = true
	}
	return n, err //nolint:wrapcheck // a reader's error is passed on as it is
}

const (
	// maxTopicName bounds a topic's name, in bytes.
	maxTopicName = 64
	// maxTopicsPerPeer bounds the topics of this network that a peer may be in: a handful exists.
	maxTopicsPerPeer = 32
)

// topicFilter bounds what gossipsub remembers of the topics that a peer says it is in.
type topicFilter struct {
	prefix string
	mu     sync.Mutex
	// peers is guarded by mu.
	peers map[peer.ID]map[string]struct{}
}

func newTopicFilter(prefix string) *topicFilter {
	return &topicFilter{prefix: prefix + "/", peers: make(map[peer.ID]map[string]struct{})}
}

// CanSubscribe says whether a topic is one of this network.
func (f *topicFilter) CanSubscribe(topic string) bool {
	return strings.HasPrefix(topic, f.prefix) && len(topic) <= len(f.prefix)+maxTopicName
}

// FilterIncomingSubscriptions keeps the topics of this network and refuses a peer's thirty-third.
func (f *topicFilter) FilterIncomingSubscriptions(from peer.ID, subs []*pb.RPC_SubOpts) ([]*pb.RPC_SubOpts, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	known := f.peers[from]
	if known == nil {
		known = make(map[string]struct{})
		f.peers[from] = known
	}
	kept := make([]*pb.RPC_SubOpts, 0, min(len(subs), maxTopicsPerPeer))
	for _, s := range subs {
		topic := s.GetTopicid()
		if !f.CanSubscribe(topic) {
			continue
		}
		if !s.GetSubscribe() {
			delete(known, topic)
		} else if _, ok := known[topic]; !ok {
			if len(known) >= maxTopicsPerPeer {
				return nil, fmt.Errorf("peer %s: %w", from, pubsub.ErrTooManySubscriptions)
			}
			known[topic] = struct{}{}
		}
		kept = append(kept, s)
	}
	return kept, nil
}

// forget drops what is known of a peer that has gone.
func (f *topicFilter) forget(p peer.ID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.peers, p)
}
