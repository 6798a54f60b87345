package stake

import (
	"encoding/binary"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// Operator is an operator's record.
type Operator struct {
	Key, NextKey    []byte // consensus keys, compressed; NextKey is empty, or acts after the epoch
	Node            action.Node
	Commission      uint64 // hundredths of a percent
	CommissionEpoch uint64 // one above the epoch of its last change; 0: never changed

	Tokens, Shares         uint256.Int // what is bonded with it, and the shares of that
	Accumulator, Remainder uint256.Int // wei x 10^18 for each share since ever; what the last division left
	Bucket                 uint256.Int // wei that delegators have not settled

	Pools       []uint64 // epochs with unbonding stake that can still be slashed, ascending
	Place       uint64   // in the index, from 1; 0: less stake than an operator begins with
	JailedUntil uint64   // 0: not in jail
	Left        bool
	Tombstoned  bool
	Entered     uint64 // one above the newest epoch in which shares came; 0 once the operator has earned for them, or none are left
}

// Delegation is what one holder has bonded with one operator.
type Delegation struct {
	Shares, Accumulator uint256.Int
	Fresh               uint256.Int // of the shares, those that came in the epoch: they earn from the one after it on
	Epoch               uint64
}

// Pool is what left an operator in one epoch and is not paid out.
type Pool struct{ Tokens, Shares uint256.Int }

// KeyOwner says whose a consensus key is, and for which heights.
type KeyOwner struct {
	Owner        common.Address
	Since, Until uint64 // Since: first height with the key in its set, 0: none yet. Until: last one, 0: in use
}

// Member is an operator of a set.
type Member struct {
	Address common.Address // of its consensus key
	Power   uint64
	Owner   common.Address
	Key     []byte
}

// chain is what the ledger knows of the heights around it: after H the sets of H-1, H, H+1 and H+2, H's time and H's parent.
type chain struct {
	Sets   [4]common.Hash
	TimeMS uint64
	Parent common.Hash
}

// tally is what gathers until the epoch ends.
type tally struct {
	Counted uint64    // heights
	Votes   []byte    // bitmap of the newest height with votes
	Earned  []earned  // ascending by owner
	Absent  []absence // ascending by owner
}

type earned struct {
	Owner  common.Address
	Points uint64      // of voters
	Wei    uint256.Int // of proposers and publishers
}

type absence struct {
	Owner     common.Address
	MS        uint64
	Proposers []byte // bitmap over the present set: whose blocks could have brought a vote
}

// Epoch is one that has ended.
type Epoch struct {
	Last  uint64 // height
	EndMS uint64
	Root  common.Hash // of lifetime rewards
}

// Open is the epoch that runs.
type Open struct{ Number, StartMS uint64 }

// Reward is what an address has earned.
type Reward struct {
	Unclaimed, Lifetime uint256.Int
	Place               uint64 // among the earners, who have a leaf under the rewards root; 0: none
}

type offence struct {
	Owner                         common.Address
	Power, Slashed, TimeMS, Epoch uint64
}

// Pots are where the stake's wei are, summed over all records (specs/05-ledger.md, "Supply").
type Pots struct {
	Staked, Unbonding      uint256.Int
	Voters, Publishers, DA uint256.Int // not earned yet
	Earned                 uint256.Int // by operators in this epoch, not shared out
	Buckets                uint256.Int // of delegators
	Rewards                uint256.Int // unclaimed
	Subsidy, Burned        uint256.Int // since genesis
	Paid                   uint64      // last height whose publisher is paid
}

// Sum is all wei that the stake holds, burned ones not counted.
func (p *Pots) Sum() (sum uint256.Int) {
	for _, v := range []*uint256.Int{&p.Staked, &p.Unbonding, &p.Voters, &p.Publishers, &p.DA, &p.Earned, &p.Buckets, &p.Rewards} {
		sum.Add(&sum, v)
	}
	return sum
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// OperatorKey is the key of an operator's record.
func OperatorKey(owner common.Address) state.Key { return state.NewKey(state.Operator, owner[:]) }

// DelegationKey is the key of a holder's delegation.
func DelegationKey(owner, holder common.Address) state.Key {
	return state.NewKey(state.Delegation, owner[:], holder[:])
}

// RewardKey is the key of what an address has earned.
func RewardKey(a common.Address) state.Key { return state.NewKey(state.Reward, a[:]) }

// EpochKey is the key of an epoch that has ended.
func EpochKey(n uint64) state.Key { return state.NewKey(state.Epoch, number(n)) }

// SetKey is the key of a set that the ledger holds, by its operators hash.
func SetKey(hash common.Hash) state.Key { return state.NewKey(state.OperatorSet, hash[:]) }

// ChainKey is the key of the record that names the sets of the heights around.
func ChainKey() state.Key { return chainKey }

// PotsKey is the key of where the stake's wei are.
func PotsKey() state.Key { return potsKey }

// OpenKey is the key of the epoch that runs.
func OpenKey() state.Key { return openKey }

func poolKey(owner common.Address, epoch uint64) state.Key {
	return state.NewKey(state.Pool, owner[:], number(epoch))
}

func unbondingKey(owner common.Address, epoch uint64, holder common.Address) state.Key {
	return state.NewKey(state.Unbonding, owner[:], number(epoch), holder[:])
}

func consensusKey(a common.Address) state.Key { return state.NewKey(state.ConsensusKey, a[:]) }

func nodeKey(k action.NodeKey) state.Key { return state.NewKey(state.NodeOwner, k[:]) }

// AttestationKey is that of what an operator has attested last, by its owner.
func AttestationKey(owner common.Address) state.Key {
	return state.NewKey(state.Attestation, owner[:])
}

// Keys of records of which there is one.
const (
	chainKey    = state.Key(rune(state.Chain))
	tallyKey    = state.Key(rune(state.Tally))
	openKey     = state.Key(rune(state.Epoch))
	potsKey     = state.Key(rune(state.Pots))
	offencesKey = state.Key(rune(state.Offences))
)

// LoadOperator reads an operator; false if the address owns none.
func LoadOperator(r state.Reader, owner common.Address) (Operator, bool, error) {
	return state.Load[Operator](r, OperatorKey(owner))
}

// LoadPots reads where the stake's wei are.
func LoadPots(r state.Reader) (Pots, error) {
	p, _, err := state.Load[Pots](r, potsKey)
	return p, err
}

// LoadOpen reads the epoch that runs.
func LoadOpen(r state.Reader) (Open, error) {
	o, _, err := state.Load[Open](r, openKey)
	return o, err
}

// list is a set of addresses that can be walked: numbered records, and how many there are.
type list state.Kind

const (
	operators = list(state.OperatorIndex)
	earners   = list(state.Earner)
)

// key is that of a place; without one, of how many there are.
func (l list) key(place ...uint64) state.Key {
	if len(place) == 0 {
		return state.NewKey(state.Kind(l))
	}
	return state.NewKey(state.Kind(l), number(place[0]))
}

func (l list) count(r state.Reader) (uint64, error) {
	n, _, err := state.Load[uint64](r, l.key())
	return n, err
}

func (l list) at(r state.Reader, i uint64) (common.Address, error) {
	a, found, err := state.Load[common.Address](r, l.key(i))
	if err == nil && !found {
		err = fmt.Errorf("read place %d of index %d: there is none", i, l)
	}
	return a, err
}

// add puts an address behind the others and returns its place, from 1.
func (l list) add(st *state.State, a common.Address) (uint64, error) {
	n, err := l.count(st)
	if err != nil {
		return 0, err
	}
	st.Set(l.key(n+1), a)
	st.Set(l.key(), n+1)
	return n + 1, nil
}

// remove takes a place away, into which the last one moves; it returns who moved.
func (l list) remove(st *state.State, place uint64) (moved common.Address, err error) {
	n, err := l.count(st)
	if err != nil {
		return moved, err
	}
	if moved, err = l.at(st, n); err != nil {
		return moved, err
	}
	st.Delete(l.key(n))
	if place < n {
		st.Set(l.key(place), moved)
	}
	if n == 1 {
		st.Delete(l.key())
	} else {
		st.Set(l.key(), n-1)
	}
	return moved, nil
}

// all lists the addresses by place.
func (l list) all(r state.Reader) ([]common.Address, error) {
	n, err := l.count(r)
	if err != nil {
		return nil, err
	}
	out := make([]common.Address, 0, n)
	for i := uint64(1); i <= n; i++ {
		a, err := l.at(r, i)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}
