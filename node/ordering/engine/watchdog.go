package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cometbft/cometbft/consensus/types"
)

// What a watchdog may report. CometBFT catches a panic in its consensus routine, writes one line and lets the process
// live on without consensus; none of these heals by waiting, so the process should end, loudly.
var (
	// ErrConsensusFailed: the consensus routine has ended, after an error or panic of the application or of CometBFT.
	ErrConsensusFailed = errors.New("consensus has failed")
	// ErrSignerFailed: signatures cannot be made durable, so none are made.
	ErrSignerFailed = errors.New("the signer has stopped")
	// ErrStalled: the consensus routine does not come back from a call, or its timer is dead.
	ErrStalled = errors.New("consensus hangs")
)

// sampleInterval is how often the watchdog looks. It counts looks, not time: a process that was suspended has not
// hung.
const sampleInterval = time.Second

// Watchdog waits until consensus on this node has failed and says how, or until ctx ends (then nil). It does not
// fire while too few operators are up: a node that waits for votes, for a block's parts or for a peer to sync from
// can do nothing else, however long. What must move by itself are the steps that a timer ends, and whatever call the
// consensus routine is in.
func (e *Engine) Watchdog(ctx context.Context) error {
	ticker := time.NewTicker(sampleInterval)
	defer ticker.Stop()
	watch := watch{
		patience: int(e.config.StallTimeout / sampleInterval),
		slack:    e.roundSlack,
	}
	probe := e.probe()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-e.stopping:
			return nil
		case <-e.dead:
			select {
			case <-e.stopping:
				return nil
			default:
				return fmt.Errorf("%w at height %d: see the line CONSENSUS FAILURE in the log", ErrConsensusFailed, e.height()+1)
			}
		case <-e.signer.Failed():
			return fmt.Errorf("%w: %w", ErrSignerFailed, e.signer.Failure())
		case <-ticker.C:
		}
		s := sample{syncing: e.node.ConsensusReactor().WaitSync(), height: e.height()}
		select {
		case s.round = <-probe:
			probe = e.probe()
		default: // the consensus routine still holds its lock
		}
		if err := watch.observe(s); err != nil {
			return err
		}
	}
}

func (e *Engine) height() uint64 { return uint64(e.node.BlockStore().Height()) }

// probe asks for the round's state. It answers at once unless the consensus routine is inside a call.
func (e *Engine) probe() <-chan *position {
	out := make(chan *position, 1)
	go func() {
		rs := e.state.GetRoundState()
		out <- &position{height: rs.Height, round: rs.Round, step: rs.Step, due: due(rs)}
	}()
	return out
}

// due says whether the step must end without any message from a peer.
func due(rs *types.RoundState) bool {
	switch rs.Step {
	case types.RoundStepPrevote:
		return rs.Votes != nil && rs.Votes.Prevotes(rs.Round).HasTwoThirdsAny()
	case types.RoundStepPrecommit:
		return rs.Votes != nil && rs.Votes.Precommits(rs.Round).HasTwoThirdsAny()
	case types.RoundStepCommit:
		return false // waits for the parts of a block
	default:
		return true // a timer ends it
	}
}

// roundSlack is the number of samples that the longest timer of a round may take.
func (e *Engine) roundSlack(round int32) int {
	c := e.node.Config().Consensus
	longest := max(c.Propose(round), c.Prevote(round), c.Precommit(round), c.TimeoutCommit)
	return int(longest/sampleInterval) + 1
}

// position is where a consensus routine stands.
type position struct {
	height int64
	round  int32
	step   types.RoundStepType
	due    bool
}

// sample is what one look shows.
type sample struct {
	syncing bool      // catching up block by block, consensus not started
	height  uint64    // last block in the store
	round   *position // nil: the routine is inside a call
}

// watch judges a sequence of samples. It has no clock.
type watch struct {
	patience int
	slack    func(round int32) int

	inCall, inStep int       // samples in a row without an answer; at one place that is due to end
	seenPlace      *position // nil: none since the last sync
}

func (w *watch) observe(s sample) error {
	if s.syncing {
		w.inCall, w.inStep, w.seenPlace = 0, 0, nil
		return nil
	}
	if s.round == nil {
		w.inCall++
		if w.inCall > w.patience {
			return fmt.Errorf("%w: a call at height %d has not returned for %d s", ErrStalled, s.height+1, w.inCall)
		}
		return nil
	}
	w.inCall = 0
	if w.seenPlace == nil || *s.round != *w.seenPlace || !s.round.due {
		w.seenPlace, w.inStep = s.round, 0
		return nil
	}
	w.inStep++
	if w.inStep > w.patience+w.slack(s.round.round) {
		return fmt.Errorf("%w: height %d round %d is in %s for %d s, which a timer should have ended",
			ErrStalled, s.round.height, s.round.round, s.round.step, w.inStep)
	}
	return nil
}
