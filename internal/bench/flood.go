package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/lockstep-network/lockstep/node/ledger/fee"
)

const (
	// floodFactor is how many times the capacity the flood offers.
	floodFactor = 10
	// spellTime is about how long lulls and floods take turns.
	spellTime = 5 * time.Second
	// afterTime is what a lull's beginning is left out of what is compared: until then blocks hold what the flood has left in pools.
	afterTime = 2 * time.Second
)

// flood measures a lane within its share, B, while another lane, A, is flooded in every other spell of the run. B and A have senders of their own.
// The rates and delays of its results are B's.
type flood struct {
	signed

	other *signed // the flood
	size  uint64  // of its transactions, bytes of capacity
	rate  float64 // of them, per second
	spell time.Duration
	began []uint64 // height at the beginning of each spell, and at the end of the last
	usage []Usage  // of each spell
}

func (s *Session) newFlood() (load, error) {
	if len(s.network.Lanes) < 2 || len(s.outlets) < 2 {
		return nil, errors.New("benchmark: a flood needs a network with two rollups, and two sending hosts")
	}
	return &flood{signed: signed{session: s, run: rand.Uint64(), outlets: s.outlets[:1]}}, nil
}

// prepare signs everything. A transaction of the flood weighs what a block has for each signature, so that the flood is ten times the capacity in
// bytes and in signatures.
func (l *flood) prepare(ctx context.Context, plan Schedule) (err error) {
	s := l.session
	rounds := max(1, int(plan.Length()/(2*spellTime)))
	l.spell = plan.Length() / time.Duration(2*rounds)
	if l.raws, err = s.sign(ctx, l.run, plan.N, target{lane: 1, factor: 2, size: s.config.Size}); err != nil {
		return err
	}
	size, err := s.sizeFor(s.network.Genesis.Params.Capacity / s.network.Genesis.Params.MaxSignatures)
	if err != nil {
		return err
	}
	l.other = &signed{session: s, run: rand.Uint64(), outlets: s.outlets[1:]}
	flooding := target{lane: 0, factor: 1_000_000, size: size}
	if l.size, err = s.blockSize(flooding); err != nil {
		return err
	}
	l.rate = floodFactor * float64(s.network.Genesis.Params.Capacity) / float64(l.size) / s.config.Interval.Seconds()
	l.other.raws, err = s.sign(ctx, l.other.run, rounds*l.perSpell(), flooding)
	return err
}

// perSpell is how many transactions a flood has.
func (l *flood) perSpell() int { return int(l.rate * l.spell.Seconds()) }

// sizeFor is the bytes of a payload with which a transaction weighs so much, or a run's own if that is more.
func (s *Session) sizeFor(weight uint64) (int, error) {
	v, err := s.signOne(0, 0, 0, target{size: s.config.Size})
	if err != nil {
		return 0, err
	}
	return s.config.Size + int(max(weight, v.Weight())-v.Weight()), nil
}

// blockSize is what a transaction takes of a block.
func (s *Session) blockSize(to target) (uint64, error) {
	v, err := s.signOne(0, 0, 0, to)
	if err != nil {
		return 0, err
	}
	return fee.ParamsOf(s.network.Genesis.Params).SizeOf(v.Tx), nil
}

func (l *flood) send(ctx context.Context, plan Schedule, accepted *Tally) error {
	quiet := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { quiet <- l.signed.send(ctx, plan, accepted) }()
	err := l.floods(ctx, plan)
	if err != nil {
		cancel()
	}
	return errors.Join(err, <-quiet)
}

// floods goes through the spells: a lull, a flood, and so on.
func (l *flood) floods(ctx context.Context, plan Schedule) error {
	s, count := l.session, int(plan.Length()/l.spell)
	if err := pause(ctx, time.Until(plan.Start)); err != nil {
		return err
	}
	for i := range count {
		l.began = append(l.began, s.reader.Height())
		m := startMeter(ctx, s.network.pids())
		start := plan.Start.Add(time.Duration(i) * l.spell)
		if i%2 == 1 {
			all := Schedule{Start: start, Rate: l.rate, N: l.perSpell()}
			part := &signed{session: s, outlets: l.other.outlets, raws: l.other.raws[i/2*all.N:][:all.N]}
			if err := part.send(ctx, all, NewTally(all)); err != nil {
				return fmt.Errorf("flood: %w", err)
			}
		}
		if err := pause(ctx, time.Until(start.Add(l.spell))); err != nil {
			return err
		}
		l.usage = append(l.usage, m.end())
	}
	l.began = append(l.began, s.reader.Height())
	return nil
}

// Flooded is what a flood in lane A did to lane B, as lulls and floods took turns.
type Flooded struct {
	Capacity uint64  `json:"capacity"` // bytes of a block
	Share    uint64  `json:"share"`    // of each lane, bytes per block
	Offered  float64 `json:"offered"`  // in floods to A, by size, in capacities of the blocks that came
	Used     float64 `json:"used"`     // of the capacity, in floods
	Lull     Spells  `json:"lull"`
	Flood    Spells  `json:"flood"`
	Ratio    float64 `json:"p99Ratio"` // B's p99 in floods by that in lulls
}

// Spells is what was seen in all lulls, or in all floods.
type Spells struct {
	Sent     int     `json:"sent"` // B's; after a flood those of two seconds count as neither's
	Lost     int     `json:"lost"`
	Ordered  Latency `json:"ordered"` // B's
	Interval float64 `json:"blockIntervalMs"`
	CPU      float64 `json:"operatorCores"`
	Load     float64 `json:"loadCores"` // of senders and follower
	Lane     Range   `json:"lanePrice"` // B's, wei per byte, of every block
	Global   Range   `json:"globalPrice"`
	Other    Range   `json:"otherLanePrice"` // A's
}

// Range is the least and the most.
type Range struct{ Least, Most uint64 }

func (r *Range) add(v uint64) {
	if r.Least == 0 || v < r.Least {
		r.Least = v
	}
	r.Most = max(r.Most, v)
}

// String is one number if there is one.
func (r Range) String() string {
	if r.Least == r.Most {
		return fmt.Sprint(r.Least)
	}
	return fmt.Sprintf("%d to %d", r.Least, r.Most)
}

// report puts together what the run has shown, and what the ledger says of its blocks.
func (l *flood) report(ctx context.Context, ordered *Tally) (*Flooded, error) {
	p := l.session.network.Genesis.Params
	out := &Flooded{Capacity: p.Capacity, Share: p.LaneShare}
	for kind, into := range []*Spells{&out.Lull, &out.Flood} {
		into.Sent, into.Lost, into.Ordered = ordered.Among(func(due time.Duration) bool {
			spell := int(due / l.spell)
			return spell%2 == kind && (spell == 0 || kind == 1 || due%l.spell >= afterTime)
		})
		blocks, n := uint64(0), 0.0
		for i := kind; i < len(l.usage); i += 2 {
			blocks += l.began[i+1] - l.began[i]
			into.CPU, into.Load, n = into.CPU+l.usage[i].Operators, into.Load+l.usage[i].Load, n+1
		}
		into.CPU, into.Load = into.CPU/n, into.Load/n
		into.Interval = n * float64(l.spell.Milliseconds()) / float64(max(blocks, 1))
		if kind == 1 {
			out.Offered = float64(len(l.other.raws)) * float64(l.size) / float64(max(blocks, 1)) / float64(p.Capacity)
		}
	}
	if out.Lull.Ordered.P99 > 0 {
		out.Ratio = out.Flood.Ordered.P99 / out.Lull.Ordered.P99
	}
	return out, l.prices(ctx, out)
}

// prices reads what the ledger says of each block.
func (l *flood) prices(ctx context.Context, out *Flooded) error {
	var history [2]struct {
		Oldest uint64    `json:"oldestHeight"`
		Lane   []uint64  `json:"lanePrice"`
		Global []uint64  `json:"globalPrice"`
		Used   []float64 `json:"usedRatio"`
	}
	first, last := l.began[0], l.began[len(l.began)-1]
	for i := range history {
		if err := l.session.clients[0].CallContext(ctx, &history[i], "seq_feeHistory", l.session.network.Lanes[i], last-first, last); err != nil {
			return fmt.Errorf("read prices: %w", err)
		}
	}
	floods := 0
	for i := range history[1].Used {
		height := history[1].Oldest + uint64(i)
		spell := 0
		for spell+2 < len(l.began) && height > l.began[spell+1] {
			spell++
		}
		into := []*Spells{&out.Lull, &out.Flood}[spell%2]
		into.Lane.add(history[1].Lane[i])
		into.Global.add(history[1].Global[i])
		into.Other.add(history[0].Lane[i])
		if spell%2 == 1 {
			out.Used, floods = out.Used+history[1].Used[i], floods+1
		}
	}
	out.Used /= float64(max(floods, 1))
	return nil
}

// String tells it in three lines.
func (f *Flooded) String() string {
	line := func(name string, s Spells) string {
		return fmt.Sprintf("  %s: B sent %d, lost %d, ordered %s, lane price %s, global %s; A's lane price %s; interval %.0f ms, cpu %.2f (load %.2f)",
			name, s.Sent, s.Lost, s.Ordered, s.Lane, s.Global, s.Other, s.Interval, s.CPU, s.Load)
	}
	return fmt.Sprintf("  capacity %d bytes a block, share %d; A is offered %.1f capacities in floods, blocks are %.0f %% full; B's p99 is %.2f times that of lulls\n%s\n%s",
		f.Capacity, f.Share, f.Offered, 100*f.Used, f.Ratio, line("lulls ", f.Lull), line("floods", f.Flood))
}
