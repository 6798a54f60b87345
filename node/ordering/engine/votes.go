package engine

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"
	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// ErrNoCommit says that the store holds no extended commit for a height: not decided yet, or pruned.
var ErrNoCommit = errors.New("no commit stored")

// HeightVote is one operator's signed extension with its height. It is what the operator claims: Check it.
type HeightVote struct {
	Height uint64
	cert.Vote
}

// ExtendedCommit returns the extensions in the commit that this node stored for a height, in the order of the operator
// set; the header hash of each is the voter's own claim. The signers differ from node to node, and a faulty operator's
// junk extension takes its place in the quorum, so they may be too few for a certificate: see LateVotes.
func (e *Engine) ExtendedCommit(height uint64) ([]cert.Vote, error) {
	commit := e.node.BlockStore().LoadBlockExtendedCommit(int64(height))
	if commit == nil {
		return nil, fmt.Errorf("read votes of height %d: %w", height, ErrNoCommit)
	}
	var out []cert.Vote
	for _, s := range commit.ExtendedSignatures {
		if s.BlockIDFlag != types.BlockIDFlagCommit {
			continue
		}
		if vote, ok := certVote(s.ValidatorAddress, commit.Round, s.Extension, s.ExtensionSignature); ok {
			out = append(out, vote)
		}
	}
	return out, nil
}

// Heights returns the first and the last height in CometBFT's block store; 0, 0 before the first block.
func (e *Engine) Heights() (base, last uint64) {
	store := e.node.BlockStore()
	return uint64(store.Base()), uint64(store.Height())
}

// LateVotes delivers every extension that consensus accepts, as it comes: those of the commit, of rounds that failed,
// and those that arrive after the commit was stored. The channel is bounded; when nobody reads it, votes are dropped
// and counted by DroppedVotes, and consensus goes on. It closes with Stop.
func (e *Engine) LateVotes() <-chan HeightVote { return e.votes.out }

// DroppedVotes is how many votes LateVotes could not deliver, at least.
func (e *Engine) DroppedVotes() uint64 { return e.votes.dropped.Load() }

func certVote(address []byte, round int32, extension, signature []byte) (cert.Vote, bool) {
	vote := cert.Vote{Operator: common.BytesToAddress(address), Round: uint32(round)}
	if round < 0 || len(extension) != len(vote.HeaderHash) || len(signature) != len(vote.Signature) {
		return cert.Vote{}, false
	}
	copy(vote.HeaderHash[:], extension)
	copy(vote.Signature[:], signature)
	return vote, true
}

// voteBuffer holds the votes of some hundred heights of a large operator set.
const voteBuffer = 8192

// voteFeed pumps vote events into a bounded channel. CometBFT ends the subscription of whoever is too slow, so the pump
// never blocks.
type voteFeed struct {
	out     chan HeightVote
	recent  *Recent // or nil
	dropped atomic.Uint64
}

func newVoteFeed(ctx context.Context, bus *types.EventBus, recent *Recent, stopping <-chan struct{}) (*voteFeed, error) {
	f := &voteFeed{out: make(chan HeightVote, voteBuffer), recent: recent}
	sub, err := f.subscribe(ctx, bus)
	if err != nil {
		return nil, err
	}
	go f.pump(bus, sub, stopping)
	return f, nil
}

func (f *voteFeed) subscribe(ctx context.Context, bus *types.EventBus) (types.Subscription, error) {
	sub, err := bus.Subscribe(ctx, "lockstep-certificates", types.EventQueryVote, voteBuffer)
	if err != nil {
		return nil, fmt.Errorf("subscribe to votes: %w", err)
	}
	return sub, nil
}

func (f *voteFeed) pump(bus *types.EventBus, sub types.Subscription, stopping <-chan struct{}) {
	defer close(f.out)
	for {
		select {
		case <-stopping:
			return
		case msg := <-sub.Out():
			if event, ok := msg.Data().(types.EventDataVote); ok {
				f.deliver(event.Vote)
			}
		case <-sub.Canceled():
			f.dropped.Add(1)
			var err error
			if sub, err = f.subscribe(context.Background(), bus); err != nil {
				return // the event bus has stopped
			}
		}
	}
}

func (f *voteFeed) deliver(v *types.Vote) {
	if v.Type != cmtproto.PrecommitType || v.BlockID.IsZero() {
		return
	}
	signed, ok := certVote(v.ValidatorAddress, v.Round, v.Extension, v.ExtensionSignature)
	if !ok {
		return
	}
	vote := HeightVote{Height: uint64(v.Height), Vote: signed}
	if f.recent != nil {
		f.recent.add(vote)
	}
	select {
	case f.out <- vote:
	default:
		f.dropped.Add(1)
	}
}
