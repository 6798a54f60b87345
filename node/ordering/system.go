package ordering

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
)

// past is what consensus says with a proposal of the heights before: what the body's system section must say too
// (specs/09-operators.md, "System section").
type past struct {
	votes  []byte
	faults []block.Fault
}

// pastOf is what CometBFT hands over: in a round's proposal, or to who makes one.
func pastOf(height int64, flags []cmtproto.BlockIDFlag, misbehavior []abci.Misbehavior) *past {
	p := new(past)
	if height > 1 {
		p.votes = make([]byte, (len(flags)+7)/8)
		for i, f := range flags {
			if f == cmtproto.BlockIDFlagCommit {
				p.votes[i/8] |= 0x80 >> (i % 8)
			}
		}
	}
	for _, m := range misbehavior {
		p.faults = append(p.faults, block.Fault{
			Kind: block.FaultKind(m.Type), Operator: common.BytesToAddress(m.Validator.Address),
			Height: uint64(m.Height), TimeMS: milliseconds(m.Time),
		})
	}
	return p
}

// milliseconds of a time since 1970; zero before it.
func milliseconds(t time.Time) uint64 { return uint64(max(t.UnixMilli(), 0)) }

func flagsOf(c abci.CommitInfo) []cmtproto.BlockIDFlag {
	out := make([]cmtproto.BlockIDFlag, len(c.Votes))
	for i, v := range c.Votes {
		out[i] = v.BlockIdFlag
	}
	return out
}

func extendedFlagsOf(c abci.ExtendedCommitInfo) []cmtproto.BlockIDFlag {
	out := make([]cmtproto.BlockIDFlag, len(c.Votes))
	for i, v := range c.Votes {
		out[i] = v.BlockIdFlag
	}
	return out
}

// agrees says whether a section says what consensus says.
func (p *past) agrees(s block.System) error {
	switch {
	case !bytes.Equal(p.votes, s.Votes):
		return fmt.Errorf("votes %x, consensus has %x", s.Votes, p.votes)
	case !slices.Equal(p.faults, s.Faults):
		return fmt.Errorf("%d faults, consensus has %d, or others", len(s.Faults), len(p.faults))
	}
	return nil
}

// section is the system section of a proposal: what consensus says, and what of the late votes is true.
func section(r ledger.Rules, p parent, s slot, late []cert.Vote) (block.System, error) {
	system := block.System{Votes: s.past.votes, Faults: s.past.faults}
	awaited, header, err := stake.Awaited(p.ledger.View)
	if err != nil {
		return block.System{}, fmt.Errorf("read who has not voted: %w", err)
	}
	for _, v := range late {
		i, missing := awaited[v.Operator]
		if !missing || v.HeaderHash != header || v.Check(r.ChainID(), s.height-2) != nil {
			continue
		}
		delete(awaited, v.Operator)
		system.Late = append(system.Late, block.LateVote{Operator: i, Round: v.Round, Signature: v.Signature})
	}
	slices.SortFunc(system.Late, func(a, b block.LateVote) int { return cmp.Compare(a.Operator, b.Operator) })
	return system, nil
}

// checkSystem says whether a section can stand on the parent.
func checkSystem(r ledger.Rules, p parent, s slot, system block.System) error {
	return ledger.CheckSystem(r, p.ledger, ledger.Block{TimeMS: s.timeMS, Proposer: s.proposer, ParentHash: p.hash, System: system})
}
