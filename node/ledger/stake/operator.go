package stake

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// Reasons for which an action fails (specs/09-operators.md, "Actions").
const (
	ZeroAmount           tx.Code = "zero_amount"
	InsufficientBalance  tx.Code = "insufficient_balance"
	Overflow             tx.Code = "overflow"
	UnknownOperator      tx.Code = "unknown_operator"
	OperatorExists       tx.Code = "operator_exists"
	KeyTaken             tx.Code = "key_taken"
	BadKey               tx.Code = "bad_key"
	BadKeyProof          tx.Code = "bad_key_proof"
	BadNodeProof         tx.Code = "bad_node_proof"
	NodeTaken            tx.Code = "node_taken"
	BelowMinStake        tx.Code = "below_min_stake"
	BadCommission        tx.Code = "bad_commission"
	Unchanged            tx.Code = "unchanged"
	Worthless            tx.Code = "operator_worthless"
	Tombstoned           tx.Code = "tombstoned"
	NotJailed            tx.Code = "not_jailed"
	StillJailed          tx.Code = "still_jailed"
	TooManyShares        tx.Code = "too_many_shares"
	NothingUnbonding     tx.Code = "nothing_unbonding"
	UnbondingTime        tx.Code = "unbonding_time"
	UnbondingUnpublished tx.Code = "unbonding_unpublished"
	NothingToClaim       tx.Code = "nothing_to_claim"
	EvidenceSame         tx.Code = "evidence_same"
	EvidenceForged       tx.Code = "evidence_forged"
	EvidenceStranger     tx.Code = "evidence_stranger"
	EvidenceOld          tx.Code = "evidence_old"
	EvidenceFuture       tx.Code = "evidence_future"
	EvidenceKnown        tx.Code = "evidence_known"
	NotInSet             tx.Code = "not_in_set"
	WrongRange           tx.Code = "wrong_range"
)

// fullCommission is in hundredths of a percent.
const fullCommission = 10_000

// rejectUnless is the error, if there is one, or else a rejection.
func rejectUnless(err error, code tx.Code, format string, args ...any) error {
	if err != nil {
		return err
	}
	return tx.NewReject(code, format, args...)
}

// Act runs one action of the payer: known is false if the action is none of the stake's. After an
// error the caller takes the records' writes back; what is gathered beside them is as before.
func (s *Stake) Act(payer common.Address, a action.Action) (known bool, err error) {
	pots := s.pots
	if known, err = s.act(payer, a); err != nil {
		s.pots = pots
	}
	return known, err
}

func (s *Stake) act(payer common.Address, a action.Action) (known bool, err error) {
	switch a := a.(type) {
	case *action.OperatorCreate:
		return true, s.create(payer, a)
	case *action.OperatorUpdate:
		return true, s.asOwner(payer, func(o *Operator) error { return s.describe(payer, o, a) })
	case *action.OperatorRotate:
		return true, s.asOwner(payer, func(o *Operator) error { return s.nextKey(payer, o, a) })
	case *action.OperatorLeave:
		return true, s.asOwner(payer, func(o *Operator) error { return leave(o, a.Leave) })
	case *action.Unjail:
		return true, s.asOwner(payer, func(o *Operator) error { return s.unjail(payer, o) })
	case *action.Delegate:
		return true, s.delegate(payer, a)
	case *action.Undelegate:
		return true, s.undelegate(payer, a)
	case *action.Withdraw:
		return true, s.withdraw(payer, a)
	case *action.Claim:
		return true, s.claim(payer, a)
	case *action.Report:
		return true, s.report(payer, a)
	case *action.AttestBatch:
		return true, s.attest(payer, a)
	}
	return false, nil
}

// asOwner runs what only the owner of a living operator may do.
func (s *Stake) asOwner(payer common.Address, do func(*Operator) error) error {
	o, found, err := LoadOperator(s.st, payer)
	if err != nil || !found {
		return rejectUnless(err, UnknownOperator, "%s owns no operator", payer)
	}
	if o.Tombstoned {
		return tx.NewReject(Tombstoned, "%s is tombstoned", payer)
	}
	if err := do(&o); err != nil {
		return err
	}
	s.put(payer, &o)
	return nil
}

func (s *Stake) create(payer common.Address, a *action.OperatorCreate) error {
	if _, found, err := LoadOperator(s.st, payer); err != nil || found {
		return rejectUnless(err, OperatorExists, "%s owns an operator", payer)
	}
	if a.Amount.Lt(&s.p.MinStake) {
		return tx.NewReject(BelowMinStake, "%s wei, an operator begins with %s", a.Amount.Dec(), s.p.MinStake.Dec())
	}
	if a.Commission > fullCommission {
		return tx.NewReject(BadCommission, "%d is above %d", a.Commission, fullCommission)
	}
	if err := s.takeKey(payer, a.Key[:], a.Proof); err != nil {
		return err
	}
	o := &Operator{Key: a.Key[:], Commission: a.Commission}
	if err := s.takeNode(payer, o, a.Node, a.NodeProof); err != nil {
		return err
	}
	return s.bond(payer, o, payer, new(Delegation), a.Amount)
}

// describe changes what an operator says of itself, its commission within bounds.
func (s *Stake) describe(owner common.Address, o *Operator, p *action.OperatorUpdate) error {
	if p.Commission != o.Commission {
		step := max(p.Commission, o.Commission) - min(p.Commission, o.Commission)
		if p.Commission > fullCommission || step > s.p.CommissionStep {
			return tx.NewReject(BadCommission, "from %d to %d, at most %d at once", o.Commission, p.Commission, s.p.CommissionStep)
		}
		if o.CommissionEpoch == s.open.Number+1 {
			return tx.NewReject(BadCommission, "changed in epoch %d already", s.open.Number)
		}
		o.CommissionEpoch = s.open.Number + 1
	}
	o.Commission = p.Commission
	return s.takeNode(owner, o, p.Node, p.NodeProof)
}

// takeNode writes what an operator says of its node. One that it has not named before is its own by the node key's proof, and nobody else's.
func (s *Stake) takeNode(owner common.Address, o *Operator, n action.Node, proof action.NodeProof) error {
	before := o.Node.PeerID
	o.Node = n
	if n.PeerID == before {
		return nil
	}
	if before != "" {
		key, err := action.ParsePeerID(before)
		if err != nil {
			return fmt.Errorf("give up the node of %s: %w", owner, err)
		}
		s.st.Delete(nodeKey(key))
	}
	if n.PeerID == "" {
		return nil
	}
	key, err := action.ParsePeerID(n.PeerID)
	if err != nil || !key.Signed(s.b.ChainID, owner, proof) {
		return tx.NewReject(BadNodeProof, "the proof is not the signature of node %.60q for %s", n.PeerID, owner)
	}
	if err := s.freeNode(key); err != nil {
		return err
	}
	s.st.Set(nodeKey(key), owner)
	return nil
}

// freeNode takes a node out of the record that names it, if that is of an operator that is over.
func (s *Stake) freeNode(key action.NodeKey) error {
	owner, found, err := state.Load[common.Address](s.st, nodeKey(key))
	if err != nil || !found {
		return err
	}
	o, err := s.operator(owner)
	if err != nil {
		return err
	}
	if !o.Tombstoned && !o.Shares.IsZero() {
		return tx.NewReject(NodeTaken, "the node is that of %s", owner)
	}
	o.Node = action.Node{Name: o.Node.Name}
	s.put(owner, &o)
	return nil
}

// takeKey makes a consensus key the owner's, for ever.
func (s *Stake) takeKey(owner common.Address, key []byte, proof tx.Signature) error {
	address, err := AddressOf(key)
	if err != nil {
		return tx.NewReject(BadKey, "%s", err)
	}
	signer, err := tx.Recover(action.KeyDigest(s.b.ChainID, owner), proof)
	if err != nil || signer != address {
		return tx.NewReject(BadKeyProof, "the proof is not the signature of %s", address)
	}
	if k, found, err := state.Load[KeyOwner](s.st, consensusKey(address)); err != nil || found {
		return rejectUnless(err, KeyTaken, "%s belongs to %s", address, k.Owner)
	}
	s.st.Set(consensusKey(address), &KeyOwner{Owner: owner})
	return nil
}

// nextKey is the key that acts after the epoch; one that was to act and has not is given up.
func (s *Stake) nextKey(owner common.Address, o *Operator, a *action.OperatorRotate) error {
	if err := s.takeKey(owner, a.Key[:], a.Proof); err != nil {
		return err
	}
	if len(o.NextKey) > 0 && !bytes.Equal(o.NextKey, a.Key[:]) {
		if err := s.retire(o.NextKey, s.b.Height); err != nil {
			return fmt.Errorf("give up the next key: %w", err)
		}
	}
	o.NextKey = a.Key[:]
	return nil
}

func leave(o *Operator, leaves bool) error {
	if o.Left == leaves {
		return tx.NewReject(Unchanged, "the operator has done that already")
	}
	o.Left = leaves
	return nil
}

func (s *Stake) unjail(owner common.Address, o *Operator) error {
	switch {
	case o.JailedUntil == 0:
		return tx.NewReject(NotJailed, "%s is not in jail", owner)
	case s.b.TimeMS < o.JailedUntil:
		return tx.NewReject(StillJailed, "until %d, it is %d", o.JailedUntil, s.b.TimeMS)
	}
	o.JailedUntil = 0
	return nil
}

// NodeOf is an operator's owner with where its node is.
type NodeOf struct {
	Owner  common.Address
	Node   action.Node
	Member bool // of one of the sets around the newest height
}

// maxCandidates bounds who may link beside the members of sets.
const maxCandidates = 2 * cert.MaxOperators

// Nodes lists who orders and who may come to: the members of the sets around the newest height, and of the operators in the index that are not
// tombstoned those with the most stake. A node has to follow before it can order, and who left may come back.
func Nodes(r state.Reader) (out []NodeOf, err error) {
	seen := make(map[common.Address]bool)
	add := func(owner common.Address, member bool) error {
		o, found, err := LoadOperator(r, owner)
		if err == nil && found && !seen[owner] && (member || !o.Tombstoned) {
			seen[owner] = true
			out = append(out, NodeOf{owner, o.Node, member})
		}
		return err
	}
	for w := Before; w <= After; w++ {
		set, err := LoadSet(r, w)
		if err != nil {
			return nil, err
		}
		for _, m := range set.Members {
			if err := add(m.Owner, true); err != nil {
				return nil, err
			}
		}
	}
	members := len(out)
	owners, err := operators.all(r)
	if err != nil {
		return nil, err
	}
	tokens := make(map[common.Address]uint256.Int)
	for _, owner := range owners {
		o, _, err := LoadOperator(r, owner)
		if err != nil {
			return nil, err
		}
		tokens[owner] = o.Tokens
	}
	slices.SortFunc(owners, func(a, b common.Address) int {
		x, y := tokens[a], tokens[b]
		return cmp.Or(y.Cmp(&x), a.Cmp(b))
	})
	for i := 0; i < len(owners) && len(out) < members+maxCandidates; i++ {
		if err := add(owners[i], false); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// LoadKey reads whose a consensus key is, and for which heights; false if it was never anybody's.
func LoadKey(r state.Reader, key common.Address) (KeyOwner, bool, error) {
	return state.Load[KeyOwner](r, consensusKey(key))
}
