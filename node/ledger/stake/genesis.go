package stake

import (
	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// Founder is an operator of the genesis. Its stake, power x power_unit, is part of the supply and its own.
type Founder struct {
	Address common.Address // owner, and consensus address of Key
	Key     []byte
	Power   uint64
	Node    action.Node
}

// Genesis writes the first records.
func Genesis(st *state.State, p Params, timeMS uint64, parent common.Hash, founders []Founder) error {
	var pots Pots
	members := make([]Member, len(founders))
	for i, f := range founders {
		var stake uint256.Int
		stake.Mul(stake.SetUint64(f.Power), &p.PowerUnit) // below 2^115
		pots.Staked.Add(&pots.Staked, &stake)
		place, err := operators.add(st, f.Address)
		if err != nil {
			return err
		}
		o := Operator{Key: f.Key, Node: f.Node, Tokens: stake, Shares: stake, Place: place}
		st.Set(OperatorKey(f.Address), &o)
		st.Set(DelegationKey(f.Address, f.Address), &Delegation{Shares: stake})
		st.Set(consensusKey(f.Address), &KeyOwner{Owner: f.Address, Since: 1})
		if f.Node.PeerID != "" {
			node, err := action.ParsePeerID(f.Node.PeerID)
			if err != nil {
				return err
			}
			st.Set(nodeKey(node), f.Address)
		}
		members[i] = Member{f.Address, f.Power, f.Address, f.Key}
	}
	set, err := newSet(members)
	if err != nil {
		return err
	}
	h := set.Hash()
	st.Set(SetKey(h), set.Members)
	st.Set(chainKey, &chain{Sets: [4]common.Hash{h, h, h, h}, TimeMS: timeMS, Parent: parent})
	st.Set(tallyKey, &tally{})
	st.Set(openKey, &Open{StartMS: timeMS})
	st.Set(potsKey, &pots)
	return nil
}
