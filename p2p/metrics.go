package p2p

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics counts what happens at the wire. Labels are the caller's topic and protocol names, never a peer's words.
type metrics struct {
	peers         prometheus.GaugeFunc
	dials         *prometheus.CounterVec // outcome
	stale         prometheus.Counter
	offences      *prometheus.CounterVec // offence
	disconnects   prometheus.Counter
	gossip        *prometheus.CounterVec // topic, outcome
	gossipBytes   *prometheus.CounterVec // topic, direction
	dropped       *prometheus.CounterVec // topic, where
	requests      *prometheus.CounterVec // protocol, side, outcome
	responseBytes *prometheus.CounterVec // protocol, side
}

func newMetrics(reg prometheus.Registerer, peers func() float64) (*metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "lockstep", Subsystem: "p2p", Name: name, Help: help}, labels)
	}
	m := &metrics{
		peers: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: "lockstep", Subsystem: "p2p", Name: "peers", Help: "Connected peers.",
		}, peers),
		dials: counter("dials_total", "Dials of explicit, bootstrap and discovered peers.", "outcome"),
		stale: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "lockstep", Subsystem: "p2p", Name: "stale_connections_total", Help: "Connections closed because nobody answered on them.",
		}),
		offences: counter("offences_total", "Offences of peers.", "offence"),
		disconnects: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "lockstep", Subsystem: "p2p", Name: "disconnects_total", Help: "Disconnections of peers because of their conduct.",
		}),
		gossip:        counter("gossip_messages_total", "Gossip messages received, by outcome.", "topic", "outcome"),
		gossipBytes:   counter("gossip_bytes_total", "Payload bytes of gossip on the wire, copies included.", "topic", "direction"),
		dropped:       counter("gossip_dropped_total", "Gossip messages dropped at a full queue.", "topic", "queue"),
		requests:      counter("requests_total", "Requests, by side and outcome.", "protocol", "side", "outcome"),
		responseBytes: counter("response_bytes_total", "Payload bytes of responses.", "protocol", "side"),
	}
	for _, c := range []prometheus.Collector{m.peers, m.dials, m.stale, m.offences, m.disconnects, m.gossip, m.gossipBytes, m.dropped, m.requests, m.responseBytes} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics (one host per registry): %w", err)
		}
	}
	return m, nil
}
