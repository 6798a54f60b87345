package bench

import (
	"math"
	"time"
)

// Schedule says when each of N transactions is due: evenly, Rate a second from Start on. It is a value.
type Schedule struct {
	Start time.Time
	Rate  float64 // per second, above 0
	N     int
}

// NewSchedule plans a run of a length.
func NewSchedule(start time.Time, rate float64, length time.Duration) Schedule {
	return Schedule{Start: start, Rate: rate, N: max(1, int(math.Round(rate*length.Seconds())))}
}

// Due is when transaction i is due, since Start.
func (s Schedule) Due(i int) time.Duration {
	return time.Duration(float64(i) / s.Rate * float64(time.Second))
}

// Until is how many transactions are due at a time: those before it are to be sent.
func (s Schedule) Until(now time.Time) int {
	elapsed := now.Sub(s.Start)
	if elapsed < 0 {
		return 0
	}
	n := min(float64(s.N), elapsed.Seconds()*s.Rate+1)
	for n > 0 && s.Due(int(n)-1) > elapsed { // rounding
		n--
	}
	return int(n)
}

// Length is how long the load lasts.
func (s Schedule) Length() time.Duration { return s.Due(s.N) }
