package ordering

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

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
	votes   []byte
	accused []accused // of double votes, in the order in which consensus lists them
}

// accused is an operator with the height at which it has voted twice.
type accused struct {
	operator common.Address // of its consensus key
	height   uint64
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
		if m.Type == abci.MisbehaviorType_DUPLICATE_VOTE { // of attacks on CometBFT's light clients the ledger knows nothing
			p.accused = append(p.accused, accused{common.BytesToAddress(m.Validator.Address), uint64(m.Height)})
		}
	}
	return p
}

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
func (p *past) agrees(chainID string, s block.System) error {
	switch {
	case !bytes.Equal(p.votes, s.Votes):
		return fmt.Errorf("votes %x, consensus has %x", s.Votes, p.votes)
	case len(p.accused) != len(s.Faults):
		return fmt.Errorf("%d faults, consensus has %d", len(s.Faults), len(p.accused))
	}
	for i, want := range p.accused {
		operator, err := s.Faults[i].Operator(chainID)
		if err != nil || want != (accused{operator, s.Faults[i].Height}) {
			return fmt.Errorf("fault %d is no proof against %s at height %d", i, want.operator, want.height)
		}
	}
	return nil
}

// proofs finds the two votes of each that consensus accuses. One without a proof is left out; such a proposal is not accepted.
func (p *past) proofs(chainID string, known []block.Fault) (out []block.Fault) {
	found := make(map[accused][]block.Fault)
	for i := range known {
		if operator, err := known[i].Operator(chainID); err == nil {
			a := accused{operator, known[i].Height}
			found[a] = append(found[a], known[i])
		}
	}
	for _, a := range p.accused {
		if proofs := found[a]; len(proofs) > 0 {
			out, found[a] = append(out, proofs[0]), proofs[1:]
		}
	}
	return out
}

// section is the system section of a proposal: what consensus says, with the proofs that this node has, and what of the late votes is true.
func section(r ledger.Rules, p parent, s slot, late []cert.Vote, faults []block.Fault) (block.System, error) {
	system := block.System{Votes: s.past.votes, Faults: s.past.proofs(r.ChainID(), faults)}
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
