package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/namespaces/feed"
	"github.com/lockstep-network/lockstep/p2p"
)

// Config says how load is made.
type Config struct {
	Length   time.Duration // of each run's load
	Size     int           // bytes of a payload
	Linger   time.Duration // how long a sender collects before it sends
	Gateways int           // sending hosts
	Interval time.Duration // of the network's blocks

	SweepTime time.Duration // after which a sweep begins no more runs; the overload's is one more
}

// Times that bound a run.
const (
	settleTime = 10 * time.Second // after the load, for what is under way
	quietTime  = 3 * time.Second  // without anything new: nothing more will come
	drainTime  = 20 * time.Second // for the operators' pools to become empty between two runs
	readyTime  = 30 * time.Second // for the first transactions to get through
)

// expiryAhead is how many heights a transaction may wait: bounded, so that what an overload leaves behind goes away by itself.
const expiryAhead = 400

// outlet is one sending host.
type outlet struct {
	host  *p2p.Host
	topic *p2p.Outlet
}

// publish gossips encoded transactions, in messages within bounds.
func (o outlet) publish(ctx context.Context, txs [][]byte) error {
	for _, message := range feed.EncodeBatches(rand.Uint64(), txs) {
		if err := o.topic.Publish(ctx, message); err != nil {
			return err
		}
	}
	return nil
}

// Session is a follower and senders on a running network.
type Session struct {
	config  Config
	network *Network
	reader  *Reader
	outlets []outlet
	clients []*rpc.Client // one for each operator
	failed  chan error    // the follower's end
	stop    context.CancelFunc
}

// Open connects to a network and waits until transactions get through. Close ends it.
func Open(ctx context.Context, n *Network, c Config) (s *Session, err error) {
	if err := n.Validate(); err != nil {
		return nil, err
	}
	s = &Session{config: c, network: n, failed: make(chan error, 1)}
	following, stop := context.WithCancel(ctx)
	s.stop = stop
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.reader, err = OpenReader(ctx, n); err != nil {
		return s, err
	}
	go func() { s.failed <- s.reader.Run(following) }()
	for range c.Gateways {
		host, err := newHost(ctx, n.Genesis)
		if err != nil {
			return s, fmt.Errorf("open sender: %w", err)
		}
		topic, err := p2p.OpenOutlet(host, feed.TxsTopic)
		s.outlets = append(s.outlets, outlet{host, topic})
		if err != nil {
			return s, err
		}
	}
	for _, o := range n.Operators {
		client, err := dial(ctx, o.RPC)
		if err != nil {
			return s, err
		}
		s.clients = append(s.clients, client)
	}
	return s, s.ready(ctx)
}

func dial(ctx context.Context, url string) (*rpc.Client, error) {
	c, err := rpc.DialContext(ctx, strings.Replace(url, "http://", "ws://", 1))
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", url, err)
	}
	return c, nil
}

// Close disconnects.
func (s *Session) Close() (err error) {
	s.stop()
	for _, c := range s.clients {
		c.Close()
	}
	for _, o := range s.outlets {
		err = errors.Join(err, o.host.Close())
	}
	if s.reader != nil {
		err = errors.Join(err, s.reader.Close())
	}
	return err
}

// ready sends little until the follower reads all of it: then every host is connected, and gossip knows its peers.
func (s *Session) ready(ctx context.Context) error {
	deadline := time.Now().Add(readyTime)
	for time.Now().Before(deadline) {
		if err := pause(ctx, 300*time.Millisecond); err != nil {
			return err
		}
		if s.reader.Height() == 0 {
			continue
		}
		r, err := s.run(ctx, s.newLegs(), 100, time.Second)
		if err != nil {
			return err
		}
		if r.Lost == 0 {
			return nil
		}
	}
	return errors.New("benchmark: no transaction gets through: see the operators' logs")
}

// load is one way of sending.
type load interface {
	// prepare makes what has to be there before the run.
	prepare(ctx context.Context, s Schedule) error
	// send sends transactions of the schedule as they are due, and notes what is known of them at once.
	send(ctx context.Context, s Schedule, accepted *Tally) error
	// match tells which transaction of the schedule an entry is.
	match(data []byte) (int, bool)
}

// Result is what one run measured.
type Result struct {
	Mode      string  `json:"mode"`
	Offered   float64 `json:"offered"`   // per second
	Committed float64 `json:"committed"` // per second: read by the follower, while the load lasted
	Sent      int     `json:"sent"`
	Lost      int     `json:"lost"`       // never read: refused, dropped or expired
	Twice     int     `json:"duplicates"` // read again: never, if operators are right
	Interval  float64 `json:"blockIntervalMs"`

	Accepted *Latency       `json:"accepted,omitempty"` // journaled answers; nil where senders get none
	Ordered  Latency        `json:"ordered"`            // certified, proven and read by the follower
	Executed *Latency       `json:"executed,omitempty"` // in a rollup block that the rollup's node announced
	Refusals map[string]int `json:"refusals,omitempty"`
	Usage    Usage          `json:"usage"`
	Flooded  *Flooded       `json:"flooded,omitempty"`
}

// warmth is what of a run's beginning is left out of the rate of what was committed: until then nothing can be.
func warmth(s Schedule) time.Duration { return min(time.Second, s.Length()/4) }

// run makes one run and waits for what it brought under way.
func (s *Session) run(ctx context.Context, l load, rate float64, length time.Duration) (*Result, error) {
	plan := NewSchedule(time.Time{}, rate, length)
	if err := l.prepare(ctx, plan); err != nil {
		return nil, err
	}
	plan.Start = time.Now().Add(100 * time.Millisecond)
	accepted, ordered := NewTally(plan), NewTally(plan)
	s.reader.To(func(data []byte, now time.Time) {
		if i, ok := l.match(data); ok {
			ordered.Seen(i, now)
		}
	})
	defer s.reader.To(nil)
	stages, err := stagesOf(ctx, l, plan)
	if err != nil {
		return nil, err
	}
	m := startMeter(ctx, s.network.pids())
	from := s.reader.Height()
	err = l.send(ctx, plan, accepted)
	end := max(time.Since(plan.Start), plan.Length())
	heights := s.reader.Height() - from
	usage := m.end()
	if err != nil {
		return nil, err
	}
	s.settle(ctx, plan, append(stages.tallies(), ordered))
	stages.close()
	r := s.result(plan, accepted, ordered, stages, heights, end, usage)
	if f, ok := l.(*flood); ok {
		if r.Flooded, err = f.report(ctx, ordered); err != nil {
			return nil, err
		}
	}
	return r, s.alive(ctx)
}

// alive tells why the follower or the run has ended.
func (s *Session) alive(ctx context.Context) error {
	select {
	case err := <-s.failed:
		return fmt.Errorf("benchmark: the follower ended: %w", err)
	default:
		return ctx.Err()
	}
}

// settle waits until all has come, or nothing comes any more.
func (s *Session) settle(ctx context.Context, plan Schedule, list []*Tally) {
	deadline, last, since := time.Now().Add(settleTime), -1, time.Now()
	for time.Now().Before(deadline) && pause(ctx, 20*time.Millisecond) == nil {
		sum := 0
		for _, t := range list {
			n, _ := t.Count()
			sum += n
		}
		if sum == len(list)*plan.N {
			return
		}
		if sum != last {
			last, since = sum, time.Now()
		}
		if time.Since(since) > quietTime {
			return
		}
	}
}

func (s *Session) result(plan Schedule, accepted, ordered *Tally, st stages, heights uint64, end time.Duration, usage Usage) *Result {
	warm := warmth(plan)
	seen, twice := ordered.Count()
	r := &Result{
		Offered: plan.Rate, Committed: float64(ordered.Within(warm, plan.Length())) / (plan.Length() - warm).Seconds(),
		Sent: plan.N, Lost: plan.N - seen, Twice: twice, Ordered: ordered.Latency(), Refusals: accepted.refused, Usage: usage,
	}
	if heights > 0 {
		r.Interval = float64(end.Milliseconds()) / float64(heights)
	}
	if n, _ := accepted.Count(); n > 0 {
		l := accepted.Latency()
		r.Accepted = &l
	}
	if st.executed != nil {
		l := st.executed.Latency()
		r.Executed = &l
	}
	return r
}

// drain waits until the operators' pools are empty, so that one run does not pay for another.
func (s *Session) drain(ctx context.Context) error {
	deadline := time.Now().Add(drainTime)
	for time.Now().Before(deadline) {
		waiting := 0
		for _, c := range s.clients {
			var status struct {
				Pool struct {
					Count int `json:"count"`
				} `json:"pool"`
			}
			if err := c.CallContext(ctx, &status, "seq_status"); err != nil {
				return fmt.Errorf("ask an operator: %w", err)
			}
			waiting += status.Pool.Count
		}
		if waiting == 0 {
			return nil
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return nil // the next run's figures tell
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
