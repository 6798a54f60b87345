package stake

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// Set is an operator set with the owners and keys of its members, in the set's order.
type Set struct {
	cert.Set
	Members []Member
}

func newSet(members []Member) (Set, error) {
	ops := make([]cert.Operator, len(members))
	for i, m := range members {
		ops[i] = cert.Operator{Address: m.Address, Power: m.Power}
	}
	set, err := cert.NewSet(ops)
	if err != nil {
		return Set{}, err
	}
	slices.SortFunc(members, func(a, b Member) int { return cmp.Compare(set.Index(a.Address), set.Index(b.Address)) })
	return Set{set, members}, nil
}

// Which names a set by its height, seen from the ledger after H.
type Which int

// The sets that the ledger after H holds.
const (
	Before Which = iota // of H-1
	Last                // of H
	Next                // of H+1
	After               // of H+2
)

// LoadSet reads one of the sets that the ledger holds.
func LoadSet(r state.Reader, w Which) (Set, error) {
	c, found, err := state.Load[chain](r, chainKey)
	if err != nil {
		return Set{}, err
	}
	if !found {
		return Set{}, fmt.Errorf("read operator set: %s", "the ledger has none")
	}
	return loadSet(r, c.Sets[w])
}

func loadSet(r state.Reader, hash common.Hash) (Set, error) {
	members, found, err := state.Load[[]Member](r, SetKey(hash))
	if err == nil && !found {
		err = fmt.Errorf("read operator set %s: there is none", hash)
	}
	if err != nil {
		return Set{}, err
	}
	return newSet(members)
}

// Hashes are the operators hashes of the next height and of the one after it.
func Hashes(r state.Reader) (next, after common.Hash, err error) {
	c, _, err := state.Load[chain](r, chainKey)
	return c.Sets[Next], c.Sets[After], err
}

// Acting finds the member that an account acts for: the one that it owns, or the one whose consensus key it is, which so acts for its owner
// (specs/09-operators.md, "Actions"); -1 if there is none.
func (s Set) Acting(a common.Address) int {
	if i := s.owner(a); i >= 0 {
		return i
	}
	return s.Index(a)
}

// owner finds a member by its owner; -1 if there is none.
func (s Set) owner(a common.Address) int {
	return slices.IndexFunc(s.Members, func(m Member) bool { return m.Owner == a })
}

// Update is a change of CometBFT's validators. Power 0 takes one away.
type Update struct {
	PublicKey []byte // compressed secp256k1
	Address   common.Address
	Power     uint64
}

// difference lists what makes one set the other, ascending by address.
func difference(from, to Set) []Update {
	var out []Update
	for _, m := range from.Members {
		if to.Index(m.Address) < 0 {
			out = append(out, Update{m.Key, m.Address, 0})
		}
	}
	for _, m := range to.Members {
		if i := from.Index(m.Address); i < 0 || from.Members[i].Power != m.Power {
			out = append(out, Update{m.Key, m.Address, m.Power})
		}
	}
	slices.SortFunc(out, func(a, b Update) int { return a.Address.Cmp(b.Address) })
	return out
}

// power is what an operator's tokens weigh.
func (p *Params) power(tokens *uint256.Int) uint64 {
	var units uint256.Int
	units.Div(tokens, &p.PowerUnit)
	if !units.IsUint64() || units.Uint64() > genesis.MaxPower {
		return genesis.MaxPower
	}
	return units.Uint64()
}

// rotate makes next keys the keys: the old ones sign up to the height after this one.
func (s *Stake) rotate(owners []common.Address) error {
	for _, owner := range owners {
		o, err := s.operator(owner)
		if err != nil {
			return err
		}
		if len(o.NextKey) == 0 {
			continue
		}
		if err := s.retire(o.Key, s.b.Height+1); err != nil {
			return err
		}
		o.Key, o.NextKey = o.NextKey, nil
		s.put(owner, &o)
	}
	return nil
}

// began notes from which height on the keys of a set that acts two heights on are their owners' responsibility.
func (s *Stake) began(set Set) error {
	for _, m := range set.Members {
		k, _, err := LoadKey(s.st, m.Address)
		if err != nil {
			return err
		}
		if k.Since == 0 {
			k.Since = s.b.Height + 2
			s.st.Set(consensusKey(m.Address), &k)
		}
	}
	return nil
}

// retire ends the time in which a key is its owner's responsibility.
func (s *Stake) retire(key []byte, until uint64) error {
	address, err := AddressOf(key)
	if err != nil {
		return err
	}
	k, _, err := state.Load[KeyOwner](s.st, consensusKey(address))
	k.Until = until
	s.st.Set(consensusKey(address), &k)
	return err
}

// standing is the set without those who are tombstoned, if that leaves any.
func (s *Stake) standing(set Set) (Set, error) {
	if !s.fallen {
		return set, nil
	}
	members := make([]Member, 0, len(set.Members))
	for _, m := range set.Members {
		o, err := s.operator(m.Owner)
		if err != nil {
			return Set{}, err
		}
		if !o.Tombstoned {
			members = append(members, m)
		}
	}
	if len(members) == 0 {
		return set, nil
	}
	return newSet(members)
}

// gone lists the owners in the set of this height and not in that of the next, and forgets what they have attested.
func (s *Stake) gone(next Set) (out []common.Address, err error) {
	if s.chain.Sets[Next] == s.chain.Sets[After] {
		return nil, nil
	}
	set, err := loadSet(s.st, s.chain.Sets[Next])
	if err != nil {
		return nil, err
	}
	for _, m := range set.Members {
		if next.owner(m.Owner) < 0 {
			out = append(out, m.Owner)
			s.st.Delete(AttestationKey(m.Owner))
		}
	}
	slices.SortFunc(out, common.Address.Cmp)
	return out, nil
}

// choose is the set that acts two heights on: of those who may, the strongest, with their next keys. If nobody may, the present one stays, and its keys.
func (s *Stake) choose(owners []common.Address, present Set) (Set, error) {
	able := make([]common.Address, 0, len(owners))
	for _, owner := range owners {
		o, err := s.operator(owner)
		if err != nil {
			return Set{}, err
		}
		eligible, err := s.eligible(owner, &o)
		if err != nil {
			return Set{}, err
		}
		if eligible {
			able = append(able, owner)
		}
	}
	if len(able) == 0 {
		return present, nil
	}
	if err := s.rotate(owners); err != nil {
		return Set{}, err
	}
	members := make([]Member, 0, len(able))
	for _, owner := range able {
		o, err := s.operator(owner)
		if err != nil {
			return Set{}, err
		}
		address, err := AddressOf(o.Key)
		if err != nil {
			return Set{}, err
		}
		members = append(members, Member{address, s.p.power(&o.Tokens), owner, o.Key})
	}
	slices.SortFunc(members, func(a, b Member) int {
		return cmp.Or(cmp.Compare(b.Power, a.Power), bytes.Compare(a.Owner[:], b.Owner[:]))
	})
	return newSet(members[:min(len(members), int(s.p.MaxOperators))])
}

// eligible says whether an operator may be chosen.
func (s *Stake) eligible(owner common.Address, o *Operator) (bool, error) {
	if o.Tombstoned || o.Left || o.JailedUntil > 0 || s.p.power(&o.Tokens) == 0 || o.Shares.IsZero() {
		return false, nil
	}
	own, _, err := state.Load[Delegation](s.st, DelegationKey(owner, owner))
	if err != nil {
		return false, err
	}
	worth := partOf(&own.Shares, &o.Tokens, &o.Shares)
	return !worth.Lt(&s.p.MinStake), nil
}

// AddressOf is the consensus address of a compressed key.
func AddressOf(key []byte) (common.Address, error) {
	public, err := crypto.DecompressPubkey(key)
	if err != nil {
		return common.Address{}, fmt.Errorf("consensus key %x: %w", key, err)
	}
	return crypto.PubkeyToAddress(*public), nil
}
