package engine

import (
	"sync/atomic"

	"github.com/cometbft/cometbft/evidence"
	"github.com/cometbft/cometbft/types"
	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/block"
)

// Evidence shows the double votes that consensus knows of: what a proposer proves of its block's misbehaviour. It is made before the engine, which
// fills it. The zero value knows none. It may be used by several goroutines.
type Evidence struct {
	pool atomic.Pointer[evidence.Pool]
}

// Faults are the double votes that CometBFT has verified and no block has yet, in the order in which it puts them into blocks.
func (e *Evidence) Faults() (out []block.Fault) {
	pool := e.pool.Load()
	if pool == nil {
		return nil
	}
	pending, _ := pool.PendingEvidence(maxEvidenceBytes)
	for _, p := range pending {
		if double, ok := p.(*types.DuplicateVoteEvidence); ok {
			out = append(out, faultOf(double))
		}
	}
	return out
}

// faultOf is CometBFT's evidence as our blocks carry it. What CometBFT has verified is in bounds.
func faultOf(e *types.DuplicateVoteEvidence) block.Fault {
	return block.Fault{
		Step: block.Step(e.VoteA.Type), Height: uint64(e.VoteA.Height), Round: uint32(e.VoteA.Round),
		Votes: [2]block.FaultVote{faultVote(e.VoteA), faultVote(e.VoteB)},
	}
}

func faultVote(v *types.Vote) block.FaultVote {
	out := block.FaultVote{Seconds: uint64(v.Timestamp.Unix()), Nanos: uint32(v.Timestamp.Nanosecond())}
	copy(out.Signature[:], v.Signature)
	if !v.BlockID.IsZero() {
		out.Block = &block.ConsensusID{
			Hash: common.BytesToHash(v.BlockID.Hash), Parts: v.BlockID.PartSetHeader.Total, PartsHash: common.BytesToHash(v.BlockID.PartSetHeader.Hash),
		}
	}
	return out
}
