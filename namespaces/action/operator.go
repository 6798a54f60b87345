package action

import (
	"fmt"
	"math"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// Key is a compressed secp256k1 point.
type Key [33]byte

// KeyDigest is what a consensus key signs to become an owner's (specs/09-operators.md, "Operator").
func KeyDigest(chainID string, owner common.Address) common.Hash {
	return crypto.Keccak256Hash([]byte("lockstep/key"), []byte(chainID), owner[:])
}

// Node is how an operator's node is found, and what it is called.
type Node struct {
	PeerID    string   // empty, or as [ParsePeerID] reads it
	Addresses []string // libp2p multiaddresses
	Consensus string   // host:port of its CometBFT link
	Name      string
}

// OperatorCreate makes the payer the owner of a new operator, with a first stake of its own (specs/09-operators.md, as all that follows).
type OperatorCreate struct {
	Key        Key
	Proof      tx.Signature // the key's, that it is its owner's to use
	Node       Node
	NodeProof  NodeProof // the node key's, for the payer
	Commission uint64    // hundredths of a percent
	Amount     *uint256.Int
}

// OperatorUpdate replaces what an operator says of itself.
type OperatorUpdate struct {
	Node       Node
	NodeProof  NodeProof // looked at if the node is another than before
	Commission uint64
}

// OperatorRotate changes the consensus key.
type OperatorRotate struct {
	Key   Key
	Proof tx.Signature
}

// OperatorLeave leaves the set at the epoch's end, or takes that back.
type OperatorLeave struct{ Leave bool }

// Unjail ends a jail whose time is over.
type Unjail struct{}

// Delegate bonds the payer's wei with an operator: its own, if the payer is its owner.
type Delegate struct {
	Operator common.Address // its owner, as in all actions
	Amount   *uint256.Int
}

// Undelegate takes shares out of an operator's stake.
type Undelegate struct {
	Operator common.Address
	Shares   *uint256.Int
}

// Withdraw pays out what was undelegated in an epoch.
type Withdraw struct {
	Operator common.Address
	Epoch    uint64
}

// Claim pays rewards out.
type Claim struct{ Operator common.Address }

// Report shows two extension signatures of one key for one height and round.
type Report struct {
	Height, Round uint64
	HashA         common.Hash
	SignatureA    tx.Signature
	HashB         common.Hash
	SignatureB    tx.Signature
}

// AttestBatch says that consecutive heights are readable on the DA layer, and who published them.
type AttestBatch struct {
	First uint64
	Runs  []BatchRun // 1 to MaxRuns, ascending
}

// BatchRun is heights, from the one after the run before, that one publisher has published.
type BatchRun struct {
	Last      uint64
	Publisher common.Address // an operator's owner; who is none, the zero address too, is paid nothing
	Bytes     uint64         // what they count for
}

// Kind implements [Action].
func (*OperatorCreate) Kind() Kind { return KindOperatorCreate }

// Kind implements [Action].
func (*OperatorUpdate) Kind() Kind { return KindOperatorUpdate }

// Kind implements [Action].
func (*OperatorRotate) Kind() Kind { return KindOperatorRotate }

// Kind implements [Action].
func (*OperatorLeave) Kind() Kind { return KindOperatorLeave }

// Kind implements [Action].
func (*Unjail) Kind() Kind { return KindUnjail }

// Kind implements [Action].
func (*Delegate) Kind() Kind { return KindDelegate }

// Kind implements [Action].
func (*Undelegate) Kind() Kind { return KindUndelegate }

// Kind implements [Action].
func (*Withdraw) Kind() Kind { return KindWithdraw }

// Kind implements [Action].
func (*Claim) Kind() Kind { return KindClaim }

// Kind implements [Action].
func (*Report) Kind() Kind { return KindReport }

// Kind implements [Action].
func (*AttestBatch) Kind() Kind { return KindAttestBatch }

func (a *OperatorCreate) validate() error {
	if err := a.Node.validate(); err != nil {
		return err
	}
	return amount(a.Amount)
}

func (a *OperatorUpdate) validate() error { return a.Node.validate() }
func (*OperatorRotate) validate() error   { return nil }
func (*OperatorLeave) validate() error    { return nil }
func (*Unjail) validate() error           { return nil }
func (a *Delegate) validate() error       { return amount(a.Amount) }
func (a *Undelegate) validate() error     { return amount(a.Shares) }
func (*Withdraw) validate() error         { return nil }
func (*Claim) validate() error            { return nil }
func (*Report) validate() error           { return nil }

func (a *AttestBatch) validate() error {
	if len(a.Runs) == 0 || len(a.Runs) > MaxRuns {
		return fmt.Errorf("%d runs, want 1 to %d", len(a.Runs), MaxRuns)
	}
	for i, next := 0, a.First; i < len(a.Runs); i++ {
		r := a.Runs[i]
		if r.Last < next || r.Last == math.MaxUint64 {
			return fmt.Errorf("run %d ends at height %d, begins at %d", i, r.Last, next)
		}
		if i > 0 && a.Runs[i-1].Publisher == r.Publisher {
			return fmt.Errorf("runs %d and %d have one publisher", i-1, i)
		}
		next = r.Last + 1
	}
	return nil
}

// Last is the last height that a speaks of.
func (a *AttestBatch) Last() uint64 { return a.Runs[len(a.Runs)-1].Last }

func (n *Node) validate() error {
	if err := bounded("addresses", len(n.Addresses), MaxAddrs); err != nil {
		return err
	}
	for _, s := range append([]string{n.PeerID, n.Consensus, n.Name}, n.Addresses...) {
		if err := bounded(fmt.Sprintf("bytes of %.20q", s), len(s), MaxString); err != nil {
			return err
		}
	}
	return nil
}
