package certify

import "github.com/prometheus/client_golang/prometheus"

// Where a certificate comes from, as a metric's label.
const (
	fromVotes  = "votes"
	fromGossip = "announcement"
)

// metrics is what the collector tells Prometheus.
type metrics struct {
	stored    *prometheus.CounterVec
	shared    prometheus.Counter
	announced prometheus.Counter
}

func newMetrics(r prometheus.Registerer, c *Collector) metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "lockstep_certify_" + name, Help: help})
	}
	m := metrics{
		stored: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "lockstep_certify_certificates_total", Help: "Certificates stored, by where they came from.",
		}, []string{"source"}),
		shared:    counter("votes_shared_total", "Own votes gossiped because a height stayed uncertified."),
		announced: counter("announced_total", "Certified headers announced."),
	}
	if r == nil {
		return m
	}
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "lockstep_certify_" + name, Help: help}, value)
	}
	r.MustRegister(m.stored, m.shared, m.announced,
		gauge("certified_height", "Newest height that certificates cover.", func() float64 { return float64(c.store.Certified()) }),
		gauge("uncertified_heights", "Committed heights that no certificate covers.", func() float64 {
			return float64(max(c.chain.Head(), c.store.Certified()) - c.store.Certified())
		}),
		gauge("frozen", "1 after two certified headers were seen at one height.", func() float64 {
			if c.contradiction() != nil {
				return 1
			}
			return 0
		}))
	return m
}
