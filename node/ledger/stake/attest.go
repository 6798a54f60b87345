package stake

import (
	"math"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// Agreement adds up the power behind what the members of a set have said last, as they say it: one more word costs no walk over the others.
type Agreement[T comparable] struct {
	said   map[common.Address]T
	behind map[T]uint64
}

// Say notes what a member says instead of what it has said before, and returns the power behind that.
func (a *Agreement[T]) Say(member common.Address, power uint64, what T) uint64 {
	if a.said == nil {
		a.said, a.behind = make(map[common.Address]T), make(map[T]uint64)
	}
	a.Withdraw(member, power)
	a.said[member] = what
	a.behind[what] += power
	return a.behind[what]
}

// Withdraw forgets what a member has said.
func (a *Agreement[T]) Withdraw(member common.Address, power uint64) {
	if before, there := a.said[member]; there {
		a.behind[before] -= power
		delete(a.said, member)
	}
}

// Said is what a member has said last.
func (a *Agreement[T]) Said(member common.Address) (what T, there bool) {
	what, there = a.said[member]
	return what, there
}

// attestations is what a block's attestations are counted with: read with the first of them.
type attestations struct {
	set    Set                    // of this height
	acting map[common.Address]int // the member that an account acts for
	agreed Agreement[common.Hash]
}

// attestations reads the set and what its members have attested, once in a block.
func (s *Stake) attestations() (*attestations, error) {
	if s.attested != nil {
		return s.attested, nil
	}
	set, err := loadSet(s.st, s.chain.Sets[Next])
	if err != nil {
		return nil, err
	}
	a := &attestations{set: set, acting: make(map[common.Address]int)}
	for i, m := range set.Members {
		a.acting[m.Address] = i
	}
	for i, m := range set.Members { // an owner acts for its own member first
		a.acting[m.Owner] = i
		said, found, err := state.Load[common.Hash](s.st, AttestationKey(m.Owner))
		if err != nil {
			return nil, err
		}
		if found {
			a.agreed.Say(m.Owner, m.Power, said)
		}
	}
	s.attested = a
	return a, nil
}

// attest notes that an operator has read a batch on the DA layer, and pays its publisher once enough have.
func (s *Stake) attest(payer common.Address, a *action.AttestBatch) error {
	all, err := s.attestations()
	if err != nil {
		return err
	}
	i, acts := all.acting[payer]
	if !acts {
		return tx.NewReject(NotInSet, "%s acts for no operator of this height's set", payer)
	}
	if a.First != s.pots.Paid+1 || a.Last() >= s.b.Height {
		return tx.NewReject(WrongRange, "heights %d to %d at height %d, %d is paid", a.First, a.Last(), s.b.Height, s.pots.Paid)
	}
	mine, err := Attestation(a)
	if err != nil {
		return err
	}
	m := all.set.Members[i]
	s.st.Set(AttestationKey(m.Owner), mine)
	if !all.set.Quorum(all.agreed.Say(m.Owner, m.Power, mine)) { // from here on nothing is refused
		return nil
	}
	for _, r := range a.Runs {
		if err := s.payPublisher(r); err != nil {
			return err
		}
	}
	return nil
}

// Attestation is what the ledger keeps of an attestation: the keccak256 of its encoding.
func Attestation(a *action.AttestBatch) (common.Hash, error) {
	raw, err := action.Encode(a)
	if err != nil {
		return common.Hash{}, err
	}
	return crypto.Keccak256Hash(raw), nil
}

// Payable is what an attestation moves out of the pots, in wei, if enough agree to it at a height, whoever gets it: of the publishers' pot the share of its
// heights, of the DA pot what its bytes cost at the price. Runs that are no operator's are reimbursed nothing, which only the ledger knows: they have no bytes.
func Payable(pots Pots, a *action.AttestBatch, height, daPrice uint64) (sum uint256.Int) {
	var bytes uint64
	for _, r := range a.Runs {
		bytes += min(r.Bytes, math.MaxUint64-bytes)
	}
	sum = fraction(uint256.NewInt(bytes), daPrice, 1)
	if sum.Gt(&pots.DA) {
		sum = pots.DA
	}
	share := fraction(&pots.Publishers, a.Last()-pots.Paid, height-pots.Paid)
	return *sum.Add(&sum, &share)
}

// payPublisher pays for the heights after the last one paid. The part of heights that are no operator's goes to the treasury.
func (s *Stake) payPublisher(r action.BatchRun) error {
	amount := fraction(&s.pots.Publishers, r.Last-s.pots.Paid, s.b.Height-s.pots.Paid)
	s.pots.Publishers.Sub(&s.pots.Publishers, &amount)
	s.pots.Paid = r.Last
	_, found, err := LoadOperator(s.st, r.Publisher)
	if err != nil {
		return err
	}
	if !found {
		return s.treasury(&amount)
	}
	cost := fraction(uint256.NewInt(r.Bytes), s.b.DAPrice, 1)
	if cost.Gt(&s.pots.DA) {
		cost = s.pots.DA
	}
	s.pots.DA.Sub(&s.pots.DA, &cost)
	if err := s.reward(r.Publisher, &cost); err != nil {
		return err
	}
	return s.gather(r.Publisher, &amount)
}
