package bench

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// ticksPerSecond is the unit of /proc/PID/stat's times: 100 on every Linux that Go runs on.
const ticksPerSecond = 100

// parseStat reads user and system time from a line of /proc/PID/stat.
func parseStat(line string) (time.Duration, error) {
	at := strings.LastIndexByte(line, ')') // the command's name before may hold anything
	f := strings.Fields(line[at+1:])
	if at < 0 || len(f) < 13 {
		return 0, fmt.Errorf("read processor time: %q", line)
	}
	var ticks uint64
	for _, s := range f[11:13] {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read processor time: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / ticksPerSecond, nil
}

// parseDev sums up the bytes received by all interfaces in /proc/net/dev.
func parseDev(text string) (uint64, error) {
	var sum uint64
	for line := range strings.Lines(text) {
		_, rest, ok := strings.Cut(line, ":")
		f := strings.Fields(rest)
		if !ok || len(f) < 9 {
			continue
		}
		n, err := strconv.ParseUint(f[0], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read interfaces: %w", err)
		}
		sum += n
	}
	return sum, nil
}

// Usage is what a run took.
type Usage struct {
	Operators float64   `json:"operatorCores"`  // processor cores, of all operators together
	Load      float64   `json:"loadCores"`      // of this process: senders and follower
	RSS       []float64 `json:"operatorRssMax"` // MiB, each operator's maximum
	Wire      float64   `json:"wireMBps"`       // MB/s over the interfaces, of everything on the machine
	LoadAvg   float64   `json:"loadAverage"`    // the machine's, at the end
}

// meter measures the usage of a stretch of time.
type meter struct {
	pids  []int
	began time.Time
	cpu   time.Duration
	own   time.Duration
	wire  uint64
	rss   []float64
	stop  context.CancelFunc
	done  chan struct{}
}

// startMeter begins a measurement; what the system does not tell stays 0.
func startMeter(ctx context.Context, pids []int) *meter {
	m := &meter{pids: pids, began: time.Now(), rss: make([]float64, len(pids)), done: make(chan struct{})}
	m.cpu, m.own = m.times()
	m.wire, _ = wireBytes()
	ctx, m.stop = context.WithCancel(ctx)
	go m.watch(ctx)
	return m
}

func (m *meter) times() (operators, own time.Duration) {
	for _, pid := range m.pids {
		t, _ := cpuOf(pid)
		operators += t
	}
	own, _ = cpuOf(os.Getpid())
	return operators, own
}

func (m *meter) watch(ctx context.Context) {
	defer close(m.done)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		for i, pid := range m.pids {
			rss, _ := rssOf(pid)
			m.rss[i] = max(m.rss[i], float64(rss)/(1<<20))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// end ends the measurement.
func (m *meter) end() Usage {
	m.stop()
	<-m.done
	took := time.Since(m.began).Seconds()
	operators, own := m.times()
	wire, _ := wireBytes()
	return Usage{
		Operators: (operators - m.cpu).Seconds() / took, Load: (own - m.own).Seconds() / took, RSS: m.rss,
		Wire: float64(wire-m.wire) / 1e6 / took, LoadAvg: loadAverage(),
	}
}
