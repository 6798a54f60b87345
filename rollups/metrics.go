package rollups

import (
	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what a driver tells Prometheus.
type metrics struct {
	height    *prometheus.GaugeVec // by head
	number    *prometheus.GaugeVec // by head
	announced prometheus.Gauge
	blocks    *prometheus.CounterVec // by way
	entries   prometheus.Counter
	broken    prometheus.Counter
	errors    *prometheus.CounterVec // by severity
	left      *prometheus.CounterVec // peers, by fault
	execute   prometheus.Histogram
	ahead     *prometheus.GaugeVec // blocks in the lookahead, by way
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "lockstep", Subsystem: "rollup", Name: name, Help: help}, labels)
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "lockstep", Subsystem: "rollup", Name: name, Help: help}, labels)
	}
	height := gauge("head_height", "Shared height of a head.", "head")
	number := gauge("head_number", "Rollup block number of a head.", "head")
	announced := gauge("announced_height", "Newest shared height that is proven to exist.")
	blocks := counter("blocks_total", "Shared blocks taken, by the way they came.", "way")
	entries := counter("entries_total", "Entries handed to the executor.")
	broken := counter("broken_lanes_total", "Certified lanes that could not be read and count as empty.")
	errs := counter("errors_total", "Errors of derivation, by severity.", "severity")
	left := counter("peers_left_total", "Streams given up, by the peer's fault.", "fault")
	ahead := gauge("lookahead_blocks", "Blocks verified and not yet executed, by the way they came.", "way")
	execute := prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: "lockstep", Subsystem: "rollup", Name: "take_seconds", Help: "Time to execute and record one shared block.",
		Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
	})
	for _, c := range []prometheus.Collector{height, number, announced, blocks, entries, broken, errs, left, ahead, execute} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return &metrics{
		height: height, number: number, announced: announced.WithLabelValues(), blocks: blocks, entries: entries.WithLabelValues(),
		broken: broken.WithLabelValues(), errors: errs, left: left, execute: execute, ahead: ahead,
	}, nil
}

// moved shows the heads.
func (m *metrics) moved(h Heads) {
	for _, x := range []struct {
		name string
		head Head
	}{{"soft", h.Soft}, {"firm", h.Firm}, {"final", h.Final}} {
		m.height.WithLabelValues(x.name).Set(float64(x.head.Height))
		m.number.WithLabelValues(x.name).Set(float64(x.head.Output.Number))
	}
}
