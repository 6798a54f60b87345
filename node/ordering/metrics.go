package ordering

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/lockstep-network/lockstep/node/store"
)

// metrics are what an operator watches of ordering.
type metrics struct {
	height   prometheus.Gauge
	txs      prometheus.Counter
	bytes    prometheus.Counter
	rejected prometheus.Counter
	prepare  prometheus.Histogram
	process  prometheus.Histogram
	finalize prometheus.Histogram
	commit   prometheus.Histogram
}

func newMetrics(r prometheus.Registerer) metrics {
	f := promauto.With(r)
	name := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "lockstep", Subsystem: "ordering", Name: name, Help: help}
	}
	seconds := func(n, help string) prometheus.Histogram {
		o := name(n, help)
		return f.NewHistogram(prometheus.HistogramOpts{
			Namespace: o.Namespace, Subsystem: o.Subsystem, Name: o.Name, Help: o.Help, Buckets: prometheus.ExponentialBuckets(0.0005, 2, 12),
		})
	}
	return metrics{
		height:   f.NewGauge(prometheus.GaugeOpts(name("height", "Last committed height."))),
		txs:      f.NewCounter(prometheus.CounterOpts(name("txs_total", "Transactions committed."))),
		bytes:    f.NewCounter(prometheus.CounterOpts(name("body_bytes_total", "Bytes of committed bodies."))),
		rejected: f.NewCounter(prometheus.CounterOpts(name("proposals_rejected_total", "Proposals of others that were invalid."))),
		prepare:  seconds("prepare_seconds", "Time to build a proposal, waits not counted."),
		process:  seconds("process_seconds", "Time to judge a valid proposal."),
		finalize: seconds("finalize_seconds", "Time to compute a decided block's effects."),
		commit:   seconds("commit_seconds", "Time to write a block, fsync included."),
	}
}

func (m metrics) committed(b store.Block, took time.Duration) {
	m.height.Set(float64(b.Header.Height))
	m.txs.Add(float64(len(b.Contents.Txs)))
	m.bytes.Add(float64(len(b.Body)))
	m.commit.Observe(took.Seconds())
}
