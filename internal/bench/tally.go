package bench

import (
	"math"
	"slices"
	"sync"
	"time"
)

// Tally notes when each transaction of a schedule reached a stage. It is safe for concurrent use.
type Tally struct {
	schedule Schedule

	mu         sync.Mutex      // guards what follows
	at         []time.Duration // since the schedule's start; 0: not yet
	seen       int
	duplicates int
	refused    map[string]int // reasons
}

// NewTally makes an empty tally of a schedule.
func NewTally(s Schedule) *Tally {
	return &Tally{schedule: s, at: make([]time.Duration, s.N), refused: make(map[string]int)}
}

// Seen notes that a transaction reached the stage. Numbers outside the schedule are passed over.
func (t *Tally) Seen(i int, now time.Time) {
	if i < 0 || i >= len(t.at) {
		return
	}
	since := max(now.Sub(t.schedule.Start), 1)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.at[i] != 0 {
		t.duplicates++
		return
	}
	t.at[i] = since
	t.seen++
}

// Refused notes why a transaction will not reach the stage.
func (t *Tally) Refused(reason string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refused[reason]++
}

// Count is how many reached the stage, and how often one was seen again.
func (t *Tally) Count() (seen, duplicates int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.seen, t.duplicates
}

// Within counts those that reached the stage at or after one time since the start, and before another.
func (t *Tally) Within(from, to time.Duration) (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, at := range t.at {
		if at != 0 && at >= from && at < to {
			n++
		}
	}
	return n
}

// Latency is what the transactions that reached the stage took, from when they were due.
func (t *Tally) Latency() Latency {
	t.mu.Lock()
	list := make([]time.Duration, 0, t.seen)
	for i, at := range t.at {
		if at != 0 {
			list = append(list, max(at-t.schedule.Due(i), 0))
		}
	}
	t.mu.Unlock()
	return latencyOf(list)
}

// Among is how many transactions were due at such times, how many of them never reached the stage, and what the others took.
func (t *Tally) Among(when func(due time.Duration) bool) (sent, lost int, took Latency) {
	t.mu.Lock()
	var list []time.Duration
	for i, at := range t.at {
		due := t.schedule.Due(i)
		switch {
		case !when(due):
			continue
		case at == 0:
			lost++
		default:
			list = append(list, max(at-due, 0))
		}
		sent++
	}
	t.mu.Unlock()
	return sent, lost, latencyOf(list)
}

// Latency sums up latencies, in milliseconds.
type Latency struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50Ms"`
	P99   float64 `json:"p99Ms"`
	Max   float64 `json:"maxMs"`
}

func latencyOf(list []time.Duration) Latency {
	slices.Sort(list)
	if len(list) == 0 {
		return Latency{}
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return Latency{len(list), ms(quantile(list, 0.50)), ms(quantile(list, 0.99)), ms(list[len(list)-1])}
}

// quantile is the nearest-rank quantile of an ascending, non-empty list.
func quantile(sorted []time.Duration, q float64) time.Duration {
	rank := int(math.Ceil(q * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}
