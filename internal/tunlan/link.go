package tunlan

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// queuePackets bounds what is under way on one link: 30 MB of full packets, or 50 ms of delay at 4.8 Gbit/s.
const queuePackets = 20_000

// Weather is what one direction between two hosts does to packets.
type Weather struct {
	Delay  time.Duration // one way, 0 or more
	Jitter time.Duration // added or taken, evenly; at most Delay
	Loss   float64       // share of packets lost, in [0, 1]
}

// Validate names the field that is out of bounds.
func (w Weather) Validate() error {
	switch {
	case w.Delay < 0:
		return fmt.Errorf("delay %v is negative", w.Delay)
	case w.Jitter < 0 || w.Jitter > w.Delay:
		return fmt.Errorf("jitter %v is not in [0, delay %v]", w.Jitter, w.Delay)
	case !(w.Loss >= 0 && w.Loss <= 1): // so written that NaN is refused
		return fmt.Errorf("loss %v is not in [0, 1]", w.Loss)
	}
	return nil
}

// packet is one IP packet under way.
type packet struct {
	due  time.Time
	data []byte
}

// link is one direction between two hosts: a queue that delivers in order, each packet when it is due.
type link struct {
	queue   chan packet
	deliver func([]byte) error
	dropped *atomic.Int64 // shared by all links of a LAN

	mu      sync.Mutex
	weather Weather    // under mu
	cut     bool       // under mu
	chance  *rand.Rand // under mu
}

func newLink(w Weather, chance *rand.Rand, dropped *atomic.Int64, deliver func([]byte) error) *link {
	return &link{queue: make(chan packet, queuePackets), deliver: deliver, dropped: dropped, weather: w, chance: chance}
}

// send takes one packet, and copies it; it never waits: what a full queue, a cut or chance takes is counted as dropped.
func (l *link) send(now time.Time, data []byte) {
	due, lost := l.fate(now)
	if !lost {
		select {
		case l.queue <- packet{due: due, data: append([]byte(nil), data...)}:
			return
		default:
		}
	}
	l.dropped.Add(1)
}

func (l *link) fate(now time.Time) (due time.Time, lost bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut || (l.weather.Loss > 0 && l.chance.Float64() < l.weather.Loss) {
		return time.Time{}, true
	}
	delay := l.weather.Delay
	if j := l.weather.Jitter; j > 0 {
		delay += time.Duration(l.chance.Int64N(int64(2*j)+1)) - j
	}
	return now.Add(delay), false
}

// run delivers until stop is closed. A packet that the far host refuses (its device is down, say) is dropped, as on a wire.
func (l *link) run(stop <-chan struct{}) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-stop:
			return
		case p := <-l.queue:
			if wait := time.Until(p.due); wait > 0 {
				timer.Reset(wait)
				select {
				case <-stop:
					return
				case <-timer.C:
				}
			}
			if err := l.deliver(p.data); err != nil {
				l.dropped.Add(1)
			}
		}
	}
}

func (l *link) set(w Weather) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.weather = w
}

func (l *link) setCut(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = cut
}

var errHost = errors.New("no such host")
