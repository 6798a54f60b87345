// Package action is the vocabulary of ledger actions: what a leg in the reserved namespace [namespaces.Ledger] says (specs/05-ledger.md,
// "Actions"). The transaction's payer is who acts. Encoding is canonical RLP:
//
//	action = [kind, field...]
//
// An action that decodes is well formed and within bounds; whether it does anything is the ledger's to say.
package action

import (
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/rlp"
)

// Bounds of the format.
const (
	MaxSize     = 4 << 10 // bytes of an encoded action
	MaxMetadata = 256     // bytes
	MaxGateways = 16
	MaxChanges  = 16 // parameters in one vote
	MaxName     = 64 // bytes of a parameter's name
	MaxString   = 128
	MaxAddrs    = 4  // addresses of an operator's node
	MaxRuns     = 64 // publishers' runs of heights in one attestation
)

// Kind says which action it is.
type Kind uint64

// The kinds of actions.
const (
	KindTransfer  Kind = 1
	KindRegister  Kind = 2
	KindUpdate    Kind = 3
	KindHandOver  Kind = 4
	KindExit      Kind = 5
	KindFillTank  Kind = 6
	KindDrainTank Kind = 7
	KindResume    Kind = 8
	KindHeartbeat Kind = 9
	KindReserve   Kind = 10
	KindVote      Kind = 11
	KindDAView    Kind = 12

	KindOperatorCreate Kind = 32
	KindOperatorUpdate Kind = 33
	KindOperatorRotate Kind = 34
	KindOperatorLeave  Kind = 35
	KindUnjail         Kind = 36
	KindDelegate       Kind = 37
	KindUndelegate     Kind = 38
	KindWithdraw       Kind = 39
	KindClaim          Kind = 40
	KindReport         Kind = 41
	KindAttestBatch    Kind = 42
)

// Action is one of the types of this package.
type Action interface {
	// Kind says which one.
	Kind() Kind
	validate() error
}

// make returns an empty action of the kind; nil if there is no such kind.
func (k Kind) make() Action { //nolint:cyclop // one case for each kind
	switch k {
	case KindTransfer:
		return new(Transfer)
	case KindRegister:
		return new(Register)
	case KindUpdate:
		return new(Update)
	case KindHandOver:
		return new(HandOver)
	case KindExit:
		return new(Exit)
	case KindFillTank:
		return new(FillTank)
	case KindDrainTank:
		return new(DrainTank)
	case KindResume:
		return new(Resume)
	case KindHeartbeat:
		return new(Heartbeat)
	case KindReserve:
		return new(Reserve)
	case KindVote:
		return new(Vote)
	case KindDAView:
		return new(DAView)
	case KindOperatorCreate:
		return new(OperatorCreate)
	case KindOperatorUpdate:
		return new(OperatorUpdate)
	case KindOperatorRotate:
		return new(OperatorRotate)
	case KindOperatorLeave:
		return new(OperatorLeave)
	case KindUnjail:
		return new(Unjail)
	case KindDelegate:
		return new(Delegate)
	case KindUndelegate:
		return new(Undelegate)
	case KindWithdraw:
		return new(Withdraw)
	case KindClaim:
		return new(Claim)
	case KindReport:
		return new(Report)
	case KindAttestBatch:
		return new(AttestBatch)
	}
	return nil
}

// Encode returns the canonical RLP of a well-formed action: the data of a leg.
func Encode(a Action) ([]byte, error) {
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("encode action %d: %w", a.Kind(), err)
	}
	fields, err := rlp.EncodeToBytes(a)
	if err != nil {
		return nil, fmt.Errorf("encode action %d: %w", a.Kind(), err)
	}
	content, _, err := rlp.SplitList(fields)
	if err != nil {
		return nil, fmt.Errorf("encode action %d: %w", a.Kind(), err)
	}
	out := list(rlp.AppendUint64(nil, uint64(a.Kind())), content)
	if len(out) > MaxSize {
		return nil, fmt.Errorf("encode action %d: %d bytes, at most %d", a.Kind(), len(out), MaxSize)
	}
	return out, nil
}

// Decode reads an action from a leg's data, within bounds.
func Decode(raw []byte) (Action, error) {
	if len(raw) > MaxSize {
		return nil, fmt.Errorf("decode action: %d bytes, at most %d", len(raw), MaxSize)
	}
	content, rest, err := rlp.SplitList(raw)
	if err != nil || len(rest) > 0 {
		return nil, errors.New("decode action: not one RLP list")
	}
	kind, fields, err := rlp.SplitUint64(content)
	if err != nil {
		return nil, fmt.Errorf("decode action: kind: %w", err)
	}
	a := Kind(kind).make()
	if a == nil {
		return nil, fmt.Errorf("decode action: there is no kind %d", kind)
	}
	if err := rlp.DecodeBytes(list(fields), a); err != nil {
		return nil, fmt.Errorf("decode action %d: %w", kind, err)
	}
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("decode action %d: %w", kind, err)
	}
	return a, nil
}

// Checks is how many signatures an action's data has the ledger check, at least one: what it counts for in a block (specs/10-fees.md, "Size").
func Checks(raw []byte) uint64 {
	content, _, err := rlp.SplitList(raw)
	if err != nil {
		return 1
	}
	kind, _, err := rlp.SplitUint64(content)
	if err == nil && (Kind(kind) == KindOperatorCreate || Kind(kind) == KindReport) {
		return 2
	}
	return 1
}

// list puts encoded items into one RLP list.
func list(items ...[]byte) []byte {
	values := make([]rlp.RawValue, len(items))
	for i := range items {
		values[i] = items[i]
	}
	out, err := rlp.EncodeToBytes(values)
	if err != nil {
		panic(fmt.Sprintf("encode RLP list: %v", err)) // ready encodings always encode
	}
	return out
}

func bounded(what string, size, most int) error {
	if size > most {
		return fmt.Errorf("%s: %d, at most %d", what, size, most)
	}
	return nil
}
