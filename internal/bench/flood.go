package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"golang.org/x/sync/errgroup"
)

// floodFactor is how many times the capacity the flood offers.
const floodFactor = 10

// flood measures a lane within its share while another lane is flooded: the rates and delays of its results are those of the quiet one.
type flood struct {
	signed

	other *signed // the flood
}

func (s *Session) newFlood() (load, error) {
	if len(s.network.Lanes) < 2 {
		return nil, errors.New("benchmark: a flood needs a network with two rollups")
	}
	return &flood{signed: signed{session: s, run: rand.Uint64()}}, nil
}

func (l *flood) prepare(ctx context.Context, plan Schedule) (err error) {
	s := l.session
	if l.raws, err = s.sign(ctx, l.run, plan.N, target{lane: 1, factor: 2}); err != nil {
		return err
	}
	l.other = &signed{session: s, run: rand.Uint64()}
	l.other.raws, err = s.sign(ctx, l.other.run, int(l.rate()*plan.Length().Seconds()), target{lane: 0, factor: 1_000})
	return err
}

// rate is the flood's, in transactions a second, at ten blocks a second.
func (l *flood) rate() float64 {
	return 10 * floodFactor * float64(l.session.network.Genesis.Params.MaxSignatures)
}

func (l *flood) send(ctx context.Context, plan Schedule, accepted *Tally) error {
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error { return l.signed.send(ctx, plan, accepted) })
	work.Go(func() error {
		all := Schedule{Start: plan.Start, Rate: l.rate(), N: len(l.other.raws)}
		return l.other.send(ctx, all, NewTally(all))
	})
	if err := work.Wait(); err != nil {
		return fmt.Errorf("flood: %w", err)
	}
	return nil
}
