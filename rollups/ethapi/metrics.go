package ethapi

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what a server tells Prometheus.
type metrics struct {
	connections   prometheus.Gauge
	subscriptions prometheus.Gauge
	filters       prometheus.Gauge
	refused       *prometheus.CounterVec // by limit
	work          *prometheus.HistogramVec
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "lockstep", Subsystem: "ethapi", Name: name, Help: help}
	}
	m := &metrics{
		connections:   prometheus.NewGauge(prometheus.GaugeOpts(opts("connections", "Connections open."))),
		subscriptions: prometheus.NewGauge(prometheus.GaugeOpts(opts("subscriptions", "Subscriptions open."))),
		filters:       prometheus.NewGauge(prometheus.GaugeOpts(opts("filters", "Filters kept."))),
		refused:       prometheus.NewCounterVec(prometheus.CounterOpts(opts("refused_total", "What was refused at a limit, by limit.")), []string{"limit"}),
		work: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "lockstep", Subsystem: "ethapi", Name: "work_seconds", Help: "Time of heavy methods, waiting included.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 4, 8),
		}, []string{"method"}),
	}
	for _, c := range []prometheus.Collector{m.connections, m.subscriptions, m.filters, m.refused, m.work} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics of RPC: %w", err)
		}
	}
	return m, nil
}
