package engine

import (
	"errors"
	"testing"
	"time"

	"github.com/cometbft/cometbft/crypto/secp256k1eth"
	"github.com/cometbft/cometbft/evidence"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"
	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/block"
)

// What CometBFT takes as evidence is a proof for whoever reads our block, whatever the two votes are for and whatever the voter's clock says.
func TestEvidenceProvesToOutsiders(t *testing.T) {
	key := secp256k1eth.GenPrivKey()
	set := types.NewValidatorSet([]*types.Validator{types.NewValidator(key.PubKey(), 10)})
	id := func(b byte) types.BlockID {
		return types.BlockID{Hash: common.Hash{b}.Bytes(), PartSetHeader: types.PartSetHeader{Total: 1 + uint32(b), Hash: common.Hash{b, 1}.Bytes()}}
	}
	for name, c := range map[string]struct {
		step     cmtproto.SignedMsgType
		round    int32
		one, two types.BlockID
		at       time.Time
	}{
		"two blocks":          {cmtproto.PrecommitType, 0, id(1), id(2), time.Unix(1_700_000_000, 123)},
		"a block and none":    {cmtproto.PrevoteType, 3, types.BlockID{}, id(200), time.Unix(0, 0)},
		"a clock before 1970": {cmtproto.PrevoteType, 1<<31 - 1, id(1), id(2), time.Date(3, 1, 1, 0, 0, 0, 5, time.UTC)},
	} {
		vote := func(b types.BlockID, at time.Time) *types.Vote {
			v := &types.Vote{
				Type: c.step, Height: 7, Round: c.round, BlockID: b, Timestamp: at.UTC(), ValidatorAddress: key.PubKey().Address(),
			}
			var err error
			if v.Signature, err = key.Sign(types.VoteSignBytes("evidence-test", v.ToProto())); err != nil {
				t.Fatal(err)
			}
			return v
		}
		e, err := types.NewDuplicateVoteEvidence(vote(c.one, c.at), vote(c.two, c.at.Add(time.Second)), time.Now(), set)
		if err != nil {
			t.Fatal(err)
		}
		f := faultOf(e)
		who, err := f.Operator("evidence-test")
		if err != nil || who != common.BytesToAddress(key.PubKey().Address()) || f.Height != 7 {
			t.Errorf("%s: proves against %s at height %d (%v)", name, who, f.Height, err)
		}
	}
	if faults := new(Evidence).Faults(); faults != nil {
		t.Errorf("before the engine runs: %v", faults)
	}
}

// Whatever CometBFT carries of evidence in a block stands in a body's section: the smallest pieces, and as many of one pair of signatures as its index, which nobody signs, allows.
func TestABlockHasRoomForAllEvidence(t *testing.T) {
	key := secp256k1eth.GenPrivKey()
	set := types.NewValidatorSet([]*types.Validator{types.NewValidator(key.PubKey(), 1)})
	vote := func(b types.BlockID) *types.Vote {
		v := &types.Vote{Type: cmtproto.PrevoteType, Height: 1, BlockID: b, Timestamp: time.Unix(0, 0).UTC(), ValidatorAddress: key.PubKey().Address()}
		var err error
		if v.Signature, err = key.Sign(types.VoteSignBytes("evidence-test", v.ToProto())); err != nil {
			t.Fatal(err)
		}
		return v
	}
	none, some := vote(types.BlockID{}), vote(types.BlockID{Hash: common.Hash{1}.Bytes(), PartSetHeader: types.PartSetHeader{Total: 1, Hash: common.Hash{2}.Bytes()}})
	var list cmtproto.EvidenceList
	var faults []block.Fault
	seen := make(map[string]bool)
	for i := 0; ; i++ {
		other := *some
		other.ValidatorIndex = int32(i)
		e, err := types.NewDuplicateVoteEvidence(none, &other, time.Unix(0, 0).UTC(), set)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(e.ValidateBasic(), evidence.VerifyDuplicateVote(e, "evidence-test", set)); err != nil {
			t.Fatalf("CometBFT does not take it: %v", err)
		}
		pb, err := types.EvidenceToProto(e)
		if err != nil {
			t.Fatal(err)
		}
		if list.Evidence = append(list.Evidence, *pb); list.Size() > maxEvidenceBytes {
			break
		}
		seen[string(e.Hash())] = true
		faults = append(faults, faultOf(e))
	}
	t.Logf("%d pieces in %d bytes, of %d hashes", len(faults), maxEvidenceBytes, len(seen))
	if len(seen) != len(faults) || len(faults) < 206 {
		t.Fatal("the pieces are not distinct, or few")
	}
	if _, err := block.DecodeSystem(block.System{Votes: []byte{0x80}, Faults: faults}.Encode()); err != nil {
		t.Fatal(err)
	}
}
