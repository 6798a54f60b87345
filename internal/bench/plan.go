package bench

import (
	"context"
	"fmt"
	"io"
	"time"
)

// The modes of sending.
const (
	Legs   = "legs"   // many legs under one signature, gossiped
	Signed = "signed" // a signature each, gossiped
	Flood  = "flood"  // signed, in one lane within its share, while another is flooded with ten times the capacity
	RPC    = "rpc"    // a signature each, sent to operators' RPC
	Wallet = "wallet" // EVM transfers, sent to a rollup node's RPC
)

// Plan is the runs of one mode.
type Plan struct {
	Mode  string
	Rates []float64 // runs at these rates
	Sweep float64   // then look for the knee from this rate on, and run at twice the knee; 0: not
}

// Report is all runs of a benchmark.
type Report struct {
	Runs  []*Result          `json:"runs"`
	Knees map[string]Summary `json:"knees,omitempty"`

	Derived *Derived `json:"derived,omitempty"`
}

// Summary is what a sweep found.
type Summary struct {
	Knee      float64 `json:"knee"`      // highest offered rate that was sustained, per second
	Peak      float64 `json:"peak"`      // highest committed rate of the runs up to the knee, per second
	Overload  float64 `json:"overload"`  // committed rate when twice the knee was offered, per second
	Sustained float64 `json:"sustained"` // Overload / Peak
	RSS       float64 `json:"rssMax"`    // MiB, the largest operator's in the overload
}

// load makes the load of a mode.
func (s *Session) load(mode string) (load, error) {
	switch mode {
	case Legs:
		return s.newLegs(), nil
	case Signed:
		return s.newSigned(), nil
	case Flood:
		return s.newFlood()
	case RPC:
		return s.newCalled(), nil
	case Wallet:
		return s.newWallet()
	}
	return nil, fmt.Errorf("benchmark: unknown mode %q", mode)
}

// Execute makes the runs of the plans, one after the other, and prints each as it ends.
func (s *Session) Execute(ctx context.Context, plans []Plan, out io.Writer) (*Report, error) {
	report := &Report{Knees: make(map[string]Summary)}
	for _, p := range plans {
		try := func(rate float64) (*Result, error) {
			l, err := s.load(p.Mode)
			if err != nil {
				return nil, err
			}
			r, err := s.run(ctx, l, rate, s.config.Length)
			if err != nil {
				return nil, fmt.Errorf("%s at %.0f/s: %w", p.Mode, rate, err)
			}
			r.Mode = p.Mode
			report.Runs = append(report.Runs, r)
			fmt.Fprintln(out, r)
			return r, s.drain(ctx)
		}
		for _, rate := range p.Rates {
			if _, err := try(rate); err != nil {
				return report, err
			}
		}
		if p.Sweep == 0 {
			continue
		}
		summary, err := s.knee(p, try)
		if err != nil {
			return report, err
		}
		report.Knees[p.Mode] = summary
		fmt.Fprintf(out, "%s: knee %.0f/s, peak %.0f/s; offered twice the knee, %.0f/s are committed (%.0f %% of the peak), largest operator %.0f MiB\n",
			p.Mode, summary.Knee, summary.Peak, summary.Overload, 100*summary.Sustained, summary.RSS)
	}
	return report, nil
}

func (s *Session) knee(p Plan, try func(float64) (*Result, error)) (Summary, error) {
	peak := 0.0
	until := time.Now().Add(s.config.SweepTime)
	at, err := sweep(p.Sweep, func() bool { return time.Now().Before(until) }, func(rate float64) (*Result, error) {
		r, err := try(rate)
		if err == nil {
			peak = max(peak, r.Committed)
		}
		return r, err
	})
	if err != nil || at == nil {
		return Summary{Peak: peak}, err
	}
	over, err := try(2 * at.Offered)
	if err != nil {
		return Summary{}, err
	}
	sum := Summary{Knee: at.Offered, Peak: peak, Overload: over.Committed, Sustained: over.Committed / peak}
	for _, rss := range over.Usage.RSS {
		sum.RSS = max(sum.RSS, rss)
	}
	return sum, nil
}
