package gateway

import (
	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what a gateway tells Prometheus.
type metrics struct {
	wrapped     prometheus.Counter
	txs         prometheus.Counter
	raised      prometheus.Counter
	unpublished prometheus.Counter
	refused     *prometheus.CounterVec // by code
	results     *prometheus.CounterVec // by stage
	held        *prometheus.GaugeVec   // by kind
	undecided   prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "lockstep", Subsystem: "gateway", Name: name, Help: help}
	}
	m := &metrics{
		wrapped:     prometheus.NewCounter(prometheus.CounterOpts(opts("wrapped_total", "Raw transactions put into Txs."))),
		txs:         prometheus.NewCounter(prometheus.CounterOpts(opts("txs_total", "Txs signed."))),
		raised:      prometheus.NewCounter(prometheus.CounterOpts(opts("raised_total", "Txs signed anew because the price had passed what they accept."))),
		unpublished: prometheus.NewCounter(prometheus.CounterOpts(opts("publish_failures_total", "Publications that failed and are tried again."))),
		refused:     prometheus.NewCounterVec(prometheus.CounterOpts(opts("refused_total", "Raw transactions refused, by code.")), []string{"code"}),
		results:     prometheus.NewCounterVec(prometheus.CounterOpts(opts("results_total", "Raw transactions with a result.")), []string{"stage"}),
		held:        prometheus.NewGaugeVec(prometheus.GaugeOpts(opts("held", "Raw transactions without a result.")), []string{"kind"}),
		undecided:   prometheus.NewGauge(prometheus.GaugeOpts(opts("undecided_txs", "Txs published and undecided."))),
	}
	for _, c := range []prometheus.Collector{m.wrapped, m.txs, m.raised, m.unpublished, m.refused, m.results, m.held, m.undecided} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// measure shows what is held. Owned by Run.
func (g *Gateway) measure() {
	s := g.Stats()
	g.metrics.held.WithLabelValues("waiting").Set(float64(s.Waiting - s.Gapped))
	g.metrics.held.WithLabelValues("gapped").Set(float64(s.Gapped))
	g.metrics.held.WithLabelValues("sent").Set(float64(s.Transactions - s.Waiting))
	g.metrics.undecided.Set(float64(len(g.carriers)))
}
