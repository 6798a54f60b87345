package p2p

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

const (
	// MaxMessage is the largest gossip message, in bytes.
	MaxMessage = 1 << 20
	// rpcSlack is room for the envelope and the control messages that travel with a message.
	rpcSlack = 64 << 10

	// heartbeat is how soon a peer that connects is taken into the mesh. The library's second is too long for a restarted
	// operator; a heartbeat of four peers costs microseconds.
	heartbeat = 250 * time.Millisecond
	perSecond = int(time.Second / heartbeat)

	// SeenTTL is how long a message is remembered: the same bytes on the same topic are delivered at most once in it,
	// and Publish of them does nothing. A batch that is announced again has to differ (or to wait).
	SeenTTL = 30 * time.Second

	// dontWantBytes: of a message of this size and above, peers are told before it is checked that no second copy is wanted. A
	// notice is 60 bytes to each of at most twelve peers.
	dontWantBytes = 4 << 10

	// holdBackLeast and holdBackMost bound how long a message that peers may already have is held back before it is passed on;
	// holdBackPerMiB is what its author's link (1 Gbit/s) needs for three copies of a MiB.
	holdBackLeast  = 10 * time.Millisecond
	holdBackPerMiB = 25 * time.Millisecond
	holdBackMost   = 80 * time.Millisecond

	// outboundQueue bounds the messages that wait for one peer; those above are dropped and counted. Copies are shared, so
	// a slow peer pins at most this many messages.
	outboundQueue = 128
	// validateQueue bounds messages between the wire and the validators, validateTotal those in validators, over all topics.
	validateQueue = 128
	validateTotal = 256
	// waiting bounds the messages of one topic that wait for a validator, or that are held back after it. At 10 ms of holding back, it is what lets
	// thousands of messages a second through; with the validators it bounds what a topic pins to 80 messages or so.
	waiting = 64
)

// Thresholds of gossipsub's score (specs/02-gossip.md, "Scores"). Points of offences count one to one.
const (
	gossipThreshold   = -40
	publishThreshold  = -60
	graylistThreshold = -80
	// explicitBonus makes a mesh that has to choose keep the operators.
	explicitBonus = 10
)

// gossipProtocols are the versions that know IDONTWANT, without which each message would arrive several times.
func gossipProtocols() []protocol.ID {
	return []protocol.ID{pubsub.GossipSubID_v13, pubsub.GossipSubID_v12}
}

// startGossip attaches gossipsub to the host.
//
// Explicit peers are not gossipsub's direct peers: a direct peer gets each message from each of its peers, whatever
// it says it has (at 4 operators 9 copies on the wire where 3 are enough), and is never graylisted. They are protected
// connections and preferred mesh members.
func (h *Host) startGossip() error {
	filter := newTopicFilter(h.prefix)
	ps, err := pubsub.NewGossipSub(h.ctx, watchedHost{Host: h.net, offend: h.Penalize},
		pubsub.WithGossipSubProtocols(gossipProtocols(), pubsub.GossipSubDefaultFeatures),
		pubsub.WithMessageSignaturePolicy(pubsub.StrictNoSign),
		pubsub.WithNoAuthor(),
		pubsub.WithMessageIdFn(messageID),
		pubsub.WithMaxMessageSize(MaxMessage+rpcSlack),
		pubsub.WithSeenMessagesTTL(SeenTTL),
		pubsub.WithPeerOutboundQueueSize(outboundQueue),
		pubsub.WithValidateQueueSize(validateQueue),
		pubsub.WithValidateThrottle(validateTotal),
		pubsub.WithFloodPublish(false),
		pubsub.WithGossipSubParams(gossipParams()),
		pubsub.WithPeerScore(h.scoreParams(), &pubsub.PeerScoreThresholds{
			GossipThreshold:             gossipThreshold,
			PublishThreshold:            publishThreshold,
			GraylistThreshold:           graylistThreshold,
			OpportunisticGraftThreshold: 1,
		}),
		pubsub.WithPeerScoreInspect(h.onScores, time.Second),
		pubsub.WithSubscriptionFilter(filter),
		pubsub.WithRawTracer(&gossipTracer{host: h, filter: filter}),
	)
	if err != nil {
		return fmt.Errorf("start gossip: %w", err)
	}
	h.pubsub = ps
	return nil
}

// messageID is the content hash of a message: sha256 over the topic's length, the topic and the data.
func messageID(m *pb.Message) string {
	topic := m.GetTopic()
	d := sha256.New()
	_, _ = d.Write(binary.BigEndian.AppendUint32(nil, uint32(len(topic))))
	_, _ = d.Write([]byte(topic))
	_, _ = d.Write(m.GetData())
	return string(d.Sum(nil))
}

// gossipParams are the library's, with those that count heartbeats scaled to ours.
func gossipParams() pubsub.GossipSubParams {
	p := pubsub.DefaultGossipSubParams()
	p.HeartbeatInterval = heartbeat
	p.HeartbeatInitialDelay = heartbeat / 5
	p.HistoryGossip = 3 * perSecond // messages of the last 3 s are advertised,
	p.HistoryLength = 5 * perSecond // and can be had for 5 s
	p.OpportunisticGraftTicks = uint64(60 * perSecond)
	p.IDontWantMessageThreshold = dontWantBytes
	p.IDontWantMessageTTL = 3 * perSecond
	p.PruneBackoff = 15 * time.Second
	p.UnsubscribeBackoff = 5 * time.Second
	p.GraftFloodThreshold = 5 * time.Second
	return p
}

// scoreParams weighs offences (P5) far above all else: P4, which also counts peers that forward a message while it is
// being rejected, and P7, which an overloaded but honest peer may gather.
func (h *Host) scoreParams() *pubsub.PeerScoreParams {
	return &pubsub.PeerScoreParams{
		Topics:        make(map[string]*pubsub.TopicScoreParams),
		TopicScoreCap: 10,
		AppSpecificScore: func(p peer.ID) float64 {
			score := -h.conduct.points(p)
			if h.linked.isExplicit(p) {
				score += explicitBonus
			}
			return score
		},
		AppSpecificWeight: 1,
		// Operators of one site, and all of a devnet, share an address: connections per address are bounded elsewhere.
		IPColocationFactorWeight:  0,
		BehaviourPenaltyWeight:    -1,
		BehaviourPenaltyThreshold: 10,
		BehaviourPenaltyDecay:     pubsub.ScoreParameterDecay(time.Minute),
		DecayInterval:             time.Second,
		DecayToZero:               0.01,
		RetainScore:               10 * time.Minute,
		SeenMsgTTL:                SeenTTL,
	}
}

// topicScoreParams rewards whoever brings messages first, a little, and takes more for invalid ones.
func topicScoreParams() *pubsub.TopicScoreParams {
	return &pubsub.TopicScoreParams{
		SkipAtomicValidation:           true,
		TopicWeight:                    1,
		TimeInMeshWeight:               0.01,
		TimeInMeshQuantum:              time.Second,
		TimeInMeshCap:                  300,
		FirstMessageDeliveriesWeight:   0.1,
		FirstMessageDeliveriesDecay:    pubsub.ScoreParameterDecay(5 * time.Minute),
		FirstMessageDeliveriesCap:      50,
		InvalidMessageDeliveriesWeight: -0.5,
		InvalidMessageDeliveriesDecay:  pubsub.ScoreParameterDecay(5 * time.Minute),
	}
}

// onScores keeps the scores for Score and disconnects whom gossipsub has graylisted for reasons of its own.
func (h *Host) onScores(scores map[peer.ID]float64) {
	h.mu.Lock()
	h.scores = scores
	h.mu.Unlock()
	for p, score := range scores {
		if score < graylistThreshold && h.net.Network().Connectedness(p) == network.Connected {
			h.disconnect(p, "gossip score")
		}
	}
}

// topicName is the caller's name of a gossipsub topic.
func (h *Host) topicName(topic string) string {
	return strings.TrimPrefix(topic, h.prefix+"/")
}

// holdBack waits, before a message is passed on, for the notices of peers that have it too. An author sends to all operators at
// once; without the wait each would send it to each other (9 copies among four operators instead of 3), because it has the
// message sooner than the others' notices. It costs a second hop half the longest round trip; the first hop, and this
// node's own reader, nothing. Messages too small for notices are not held back.
func (h *Host) holdBack(ctx context.Context, size int) {
	if size < dontWantBytes {
		return
	}
	var latency time.Duration
	for _, p := range h.linked.explicit() {
		latency = max(latency, h.net.Peerstore().LatencyEWMA(p)/2)
	}
	transfer := holdBackPerMiB * time.Duration(size) / (1 << 20)
	t := time.NewTimer(min(holdBackLeast+transfer+latency, holdBackMost))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
