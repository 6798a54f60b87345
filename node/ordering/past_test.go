package ordering

import (
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
)

// past draws what consensus says of the height before: who of its set voted, and now and then a fault, after which an operator is never chosen again.
func (s *schedule) past(o *operator) *past {
	if len(s.chain) == 0 {
		return new(past)
	}
	set, err := stake.LoadSet(o.store.Ledger().View, stake.Last)
	if err != nil {
		s.fatalf("%v", err)
	}
	p := everybody(2, len(set.Members))
	if s.chance(2) {
		i := s.rng.IntN(len(set.Members))
		p.votes[i/8] &^= 0x80 >> (i % 8)
	}
	if s.chance(2) {
		p.accused = []accused{{s.genesis.Operators[s.rng.IntN(3)].Address, uint64(len(s.chain))}}
		s.doubles = append(s.doubles, doubleVote(s.t, p.accused[0]))
	}
	return p
}

// doubleVote is a proof against an operator of the test's genesis.
func doubleVote(t testing.TB, a accused) block.Fault {
	t.Helper()
	for i := range testOperators {
		key := testKey(t, "operator", i)
		if crypto.PubkeyToAddress(key.PublicKey) != a.operator {
			continue
		}
		f := block.Fault{Step: block.Prevote, Height: a.height, Votes: [2]block.FaultVote{{}, {Block: &block.ConsensusID{Parts: 1}}}}
		for vote := range f.Votes {
			digest := f.Digest("lockstep-test", vote)
			raw, err := crypto.Sign(digest[:], key)
			if err != nil {
				t.Fatal(err)
			}
			f.Votes[vote].Signature = tx.Signature(raw)
		}
		return f
	}
	t.Fatalf("%s is no operator", a.operator)
	return block.Fault{}
}

// everybody is a commit with all votes.
func everybody(height uint64, operators int) *past {
	flags := make([]cmtproto.BlockIDFlag, operators)
	for i := range flags {
		flags[i] = cmtproto.BlockIDFlagCommit
	}
	return pastOf(int64(height), flags, nil)
}

// commit and misbehavior are the past as CometBFT says it.
func (p *past) commit(operators int) (out abci.CommitInfo) {
	said := block.System{Votes: p.votes}
	for i := range operators {
		flag := cmtproto.BlockIDFlagAbsent
		if said.Voted(i) {
			flag = cmtproto.BlockIDFlagCommit
		}
		out.Votes = append(out.Votes, abci.VoteInfo{BlockIdFlag: flag})
	}
	return out
}

func (p *past) extended(operators int) (out abci.ExtendedCommitInfo) {
	for _, v := range p.commit(operators).Votes {
		out.Votes = append(out.Votes, abci.ExtendedVoteInfo{BlockIdFlag: v.BlockIdFlag})
	}
	return out
}

func (p *past) misbehavior() (out []abci.Misbehavior) {
	for _, a := range p.accused {
		out = append(out, abci.Misbehavior{
			Type: abci.MisbehaviorType_DUPLICATE_VOTE, Validator: abci.Validator{Address: a.operator[:]}, Height: int64(a.height),
		})
	}
	return append(out, abci.Misbehavior{Type: abci.MisbehaviorType_LIGHT_CLIENT_ATTACK, Height: 1}) // nobody's business
}
