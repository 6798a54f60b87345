package engine

import (
	"errors"
	"fmt"
	"testing"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/node/keys"
)

// rotating is a keyring whose second key signs from a height on; nobody signs beyond the height after the head.
type rotating struct {
	old, next    *keys.Operator
	switchAt     uint64
	head         uint64
	stillUnknown bool // the next key's file has not been opened
}

func (r *rotating) Next() *keys.Operator {
	if k, err := r.At(r.head + 1); err == nil {
		return k
	}
	return r.old
}

func (r *rotating) At(height uint64) (*keys.Operator, error) {
	switch {
	case height != r.head+1, height >= r.switchAt && r.stillUnknown:
		return nil, ErrNoKey
	case height >= r.switchAt:
		return r.next, nil
	}
	return r.old, nil
}

func signerOf(t *testing.T, vote *cmtproto.Vote) common.Address {
	t.Helper()
	public, err := crypto.SigToPub(digestByHand(testChain, uint64(vote.Height), vote.Round, common.BytesToHash(vote.Extension)), vote.ExtensionSignature)
	if err != nil {
		t.Fatal(err)
	}
	return crypto.PubkeyToAddress(*public)
}

// TestSignerRotates: each height is signed with its key, before and after restarts, and consensus learns of the switch. What the old key signed is
// remembered, and it signs nothing above its last height.
func TestSignerRotates(t *testing.T) {
	for _, reopen := range []bool{false, true} {
		t.Run(fmt.Sprintf("reopen %v", reopen), func(t *testing.T) {
			dir := t.TempDir()
			ring := &rotating{old: keys.NewOperator(testKey(t, 1)), next: keys.NewOperator(testKey(t, 2)), switchAt: 4}
			open := func(fresh bool) *Signer {
				s, err := OpenSigner(dir, ring, fresh)
				if err != nil {
					t.Fatal(err)
				}
				return s
			}
			s := open(true)
			for height := int64(1); height <= 6; height++ {
				ring.head = uint64(height) - 1
				if reopen {
					s = open(false)
				}
				want := ring.old.Address()
				if height >= 4 {
					want = ring.next.Address()
				}
				if height > 1 && !reopen && s.stale() != (height == 4) {
					t.Errorf("height %d: stale is %v", height, s.stale())
				}
				if public, err := s.GetPubKey(); err != nil || common.BytesToAddress(public.Address()) != want || s.stale() {
					t.Errorf("height %d: consensus goes by %v (%v), want %s", height, public, err, want)
				}
				vote := precommit(height, 1, 1, 1)
				if err := s.SignVote(testChain, vote); err != nil || signerOf(t, vote) != want {
					t.Fatalf("height %d: signed by another key than %s (%v)", height, want, err)
				}
				p := proposal(height, 2, 1)
				if err := s.SignProposal(testChain, p); err != nil {
					t.Fatal(err)
				}
				public, _ := s.GetPubKey()
				if !public.VerifySignature(types.ProposalSignBytes(testChain, p), p.Signature) {
					t.Errorf("height %d: the proposal is another key's", height)
				}
				for name, bad := range map[string]*cmtproto.Vote{"the round before": precommit(height, 0, 2, 2), "the height before": precommit(height-1, 9, 2, 2)} {
					if err := s.SignVote(testChain, bad); !errors.Is(err, ErrConflict) || bad.Signature != nil {
						t.Errorf("height %d, %s: %v", height, name, err)
					}
				}
				above := precommit(height+1, 0, 1, 1)
				if err := s.SignVote(testChain, above); !errors.Is(err, ErrNoKey) || above.Signature != nil {
					t.Errorf("signed for height %d, whose key is not known yet: %v", height+1, err)
				}
			}
		})
	}
}

// TestSignerWaitsForItsNextKey: while the key that is due is not there nothing is signed, and consensus is told once it has come.
func TestSignerWaitsForItsNextKey(t *testing.T) {
	ring := &rotating{old: keys.NewOperator(testKey(t, 1)), next: keys.NewOperator(testKey(t, 2)), switchAt: 4, head: 3, stillUnknown: true}
	s, err := OpenSigner(t.TempDir(), ring, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.GetPubKey(); err != nil {
		t.Fatal(err)
	}
	vote, p := precommit(4, 0, 1, 1), proposal(4, 0, 1)
	if err := s.SignVote(testChain, vote); !errors.Is(err, ErrNoKey) || vote.Signature != nil {
		t.Errorf("voted without the key: %v", err)
	}
	if err := s.SignProposal(testChain, p); !errors.Is(err, ErrNoKey) || p.Signature != nil {
		t.Errorf("proposed without the key: %v", err)
	}
	if s.Failure() != nil || s.stale() {
		t.Errorf("failure %v, stale %v", s.Failure(), s.stale())
	}
	ring.stillUnknown = false
	if !s.stale() {
		t.Error("the key has come, and consensus is not told")
	}
	if err := s.SignVote(testChain, vote); err != nil || signerOf(t, vote) != ring.next.Address() {
		t.Errorf("signed by another key (%v)", err)
	}
}
