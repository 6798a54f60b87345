package stake

import (
	"encoding/binary"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// Outcome is what a block means for others.
type Outcome struct {
	Ended   bool     // the block ends an epoch
	Set     Set      // of the height two on
	Updates []Update // of CometBFT's validators, ascending by address; empty unless the set changes
}

// Epoch is the number of the one that the block is in, the last of it too.
func (s *Stake) Epoch() uint64 { return s.open.Number }

// Ends says whether the block is the last of its epoch.
func (s *Stake) Ends() bool { return s.b.TimeMS >= s.open.StartMS+s.p.EpochMS }

// Finish ends the work of the block: the epoch, if it is over, and the sets of the heights around.
func (s *Stake) Finish() (Outcome, error) {
	present, err := loadSet(s.st, s.chain.Sets[After])
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Set: present, Ended: s.Ends()}
	if out.Ended {
		if out.Set, err = s.endEpoch(present); err != nil {
			return Outcome{}, err
		}
		out.Updates = difference(present, out.Set)
	}
	next := chain{
		Sets:   [4]common.Hash{s.chain.Sets[Last], s.chain.Sets[Next], s.chain.Sets[After], out.Set.Hash()},
		TimeMS: s.b.TimeMS, Parent: s.b.ParentHash,
	}
	if len(out.Updates) > 0 {
		s.st.Set(setKey(out.Set.Hash()), out.Set.Members)
	}
	if gone := s.chain.Sets[Before]; !slices.Contains(next.Sets[:], gone) {
		s.st.Delete(setKey(gone))
	}
	if next.Sets[Next] != s.chain.Sets[Next] { // other operators propose from the next height on
		for i := range s.tally.Absent {
			s.tally.Absent[i].Proposers = nil
		}
	}
	s.st.Set(chainKey, &next)
	s.st.Set(tallyKey, &s.tally)
	s.st.Set(potsKey, &s.pots)
	return out, nil
}

// endEpoch does what epochs end with, in the order of the specification, and returns the set that is chosen.
func (s *Stake) endEpoch(present Set) (Set, error) {
	if err := s.share(); err != nil {
		return Set{}, err
	}
	owners, err := operators.all(s.st)
	if err != nil {
		return Set{}, err
	}
	if err := s.rotate(owners); err != nil {
		return Set{}, err
	}
	set, err := s.choose(owners, present)
	if err != nil {
		return Set{}, err
	}
	root, err := RewardsRoot(s.st)
	if err != nil {
		return Set{}, err
	}
	s.st.Set(EpochKey(s.open.Number), &Epoch{s.b.Height, s.b.TimeMS, root})
	s.st.Set(openKey, &Open{s.open.Number + 1, s.b.TimeMS})
	return set, nil
}

// RewardsRoot is the root over the lifetime rewards of all addresses (specs/09-operators.md, "Rewards").
func RewardsRoot(r state.Reader) (common.Hash, error) {
	all, err := earners.all(r)
	if err != nil {
		return common.Hash{}, err
	}
	slices.SortFunc(all, common.Address.Cmp)
	leaves := make([]common.Hash, len(all))
	for i, a := range all {
		earned, _, err := state.Load[Reward](r, RewardKey(a))
		if err != nil {
			return common.Hash{}, err
		}
		leaves[i] = rewardLeaf(a, &earned.Lifetime)
	}
	top := common.Hash{}
	if len(leaves) > 0 {
		top = merkle(leaves)
	}
	count := binary.BigEndian.AppendUint64([]byte{2}, uint64(len(leaves)))
	return crypto.Keccak256Hash(count, top[:]), nil
}

func rewardLeaf(a common.Address, lifetime *uint256.Int) common.Hash {
	amount := lifetime.Bytes32()
	return crypto.Keccak256Hash([]byte{0}, a[:], amount[:])
}

// merkle is the root of at least one leaf, split at the largest power of two below the count.
func merkle(leaves []common.Hash) common.Hash {
	if len(leaves) == 1 {
		return leaves[0]
	}
	split := 1
	for split*2 < len(leaves) {
		split *= 2
	}
	left, right := merkle(leaves[:split]), merkle(leaves[split:])
	return crypto.Keccak256Hash([]byte{1}, left[:], right[:])
}
