package pool

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// counters is what the pool tells Prometheus.
type counters struct {
	admitted, included, failed prometheus.Counter
	rejected, left             *prometheus.CounterVec
}

func newCounters(r prometheus.Registerer, p *Pool) counters {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "lockstep_pool_" + name, Help: help})
	}
	vector := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "lockstep_pool_" + name, Help: help}, []string{"code"})
	}
	gauge := func(name, help string, value func(Limits) int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "lockstep_pool_" + name, Help: help},
			func() float64 { return float64(value(p.Size())) })
	}
	c := counters{
		admitted: counter("admitted_total", "Transactions taken into the pool."),
		included: counter("included_total", "Transactions that left the pool into a block."),
		failed:   counter("failures_total", "Failures to read the state or to write the journal."),
		rejected: vector("rejected_total", "Transactions not taken into the pool, by reason."),
		left:     vector("dropped_total", "Transactions that left the pool without a block, by reason."),
	}
	if r != nil {
		r.MustRegister(c.admitted, c.included, c.failed, c.rejected, c.left,
			gauge("transactions", "Transactions in the pool.", func(l Limits) int { return l.Count }),
			gauge("bytes", "Bytes of encoded transactions in the pool.", func(l Limits) int { return l.Bytes }))
	}
	return c
}

func (c counters) added(err error) {
	var reject *tx.Reject
	switch {
	case err == nil:
		c.admitted.Inc()
	case errors.As(err, &reject):
		c.rejected.WithLabelValues(string(reject.Code)).Inc()
	default:
		c.failed.Inc()
	}
}

func (c counters) took(n int) { c.included.Add(float64(n)) }

func (c counters) dropped(code tx.Code) { c.left.WithLabelValues(string(code)).Inc() }

// journal counts a failure to forget: the transaction comes back after a restart, and is found included or expired.
func (c counters) journal(err error) {
	if err != nil {
		c.failed.Inc()
	}
}
