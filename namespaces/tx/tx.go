// Package tx holds the transaction: what is gossiped, ordered and paid for. A Tx has one or more legs, each the opaque data of one rollup; all
// of them stand in the same shared block or none does. A Tx that spans namespaces is a bundle.
//
// Trust changes the type: bytes -> [Tx] (well formed and within bounds, see [Decode]) -> [Verified] (its signature is its payer's, see
// [Tx.Verify]). What depends on state (expiry, balance, spent salts, known namespaces) is the ledger's to say.
//
// Encoding is canonical RLP (specs/01-formats.md, "Tx"):
//
//	tx        = [version, chain_id, payer, salt, expiry, legs, max_fee_per_byte, tip, auths, signature]
//	leg       = [namespace(10), data]
//	auth      = [namespace(10), kind, epoch, lane_seq, signature(65)]
//	version   = 1        signature = R(32) S(32) V(1), low S, V in {0,1}, over the id
package tx

import (
	"errors"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces"
)

// Version is the only transaction version that this code understands.
const Version = 1

// Bounds of the format (specs/01-formats.md, "Bounds"). Parameters of a network may be tighter, never wider.
const (
	MaxSize       = 512 << 10 // bytes of an encoded Tx: eight of them fill an ordinary body, so one Tx never is the block
	MaxLegData    = 128 << 10 // bytes in one leg: Ethereum's own limit on a pooled transaction
	MaxLegs       = 1024      // legs when all are in one namespace: a gateway pays one signature for many wallets
	MaxBundleLegs = 16        // legs when they span namespaces: each entry repeats the whole list, so its square is what counts
	MaxAuths      = MaxBundleLegs
	MaxChainID    = 50 // bytes; CometBFT's own limit
	SignatureSize = 65
)

// Weights of the fee rule, in bytes: what a Tx takes on a DA layer beyond its data (specs/05-ledger.md, "Weight").
const (
	baseWeight       = 200 // envelope and signature in the ledger's lane
	authWeight       = 96  // an auth in the envelope
	legWeight        = 12  // an entry's own fields in a lane
	bundleWeight     = 36  // more for each entry of a bundle: the id, and the list of legs
	bundleLegsWeight = 45  // and for each leg in that list: namespace and hash
)

// WeightOf is the weight of a transaction of so many legs and bytes of their data, without auths: what it takes in lanes and so on a DA layer.
func WeightOf(legs, bytes uint64, spans bool) uint64 {
	return baseWeight + WeightOfVolume(Volume{Legs: legs, Bytes: bytes}, legs, spans)
}

// WeightOfVolume is the part of a transaction's weight that one of its namespaces causes, given the legs that it has in all; the rest is the base.
func WeightOfVolume(v Volume, legs uint64, spans bool) uint64 {
	w := v.Legs*legWeight + v.Bytes
	if spans {
		w += v.Legs * (bundleWeight + legs*bundleLegsWeight)
	}
	return w
}

// Signature is R | S | V with low S and V in {0,1}.
type Signature [SignatureSize]byte

// Leg is data for one rollup, opaque to the sequencer.
type Leg struct {
	Namespace namespaces.Namespace
	Data      []byte
}

// Auth is somebody else's consent to a leg of the transaction: a gateway's for a gated lane, an owner's for an owned one.
type Auth struct {
	Namespace namespaces.Namespace
	Kind      uint8
	Epoch     uint64 // of an owned lane; else 0
	LaneSeq   uint64 // in the epoch; else 0
	Signature Signature
}

// The kinds of auths (specs/05-ledger.md, "Consent"). Other kinds are well formed, and no namespace takes them.
const (
	AuthGateway = 1 // a gateway lets the legs into its gated lane; the payer pays
	AuthTank    = 2 // the same, and the namespace's tank pays for them
	AuthOwner   = 3 // an owned lane's key puts the legs at this place
)

// Fields are the contents of a Tx, as they are signed and encoded.
type Fields struct {
	ChainID       string         // 1 to MaxChainID bytes
	Payer         common.Address // who signs and pays
	Salt          uint64         // (payer, salt) is spent once within the expiry window
	Expiry        uint64         // last height that may include it
	Legs          []Leg
	MaxFeePerByte uint64 // wei per byte of weight the payer accepts at most
	Tip           uint64 // wei per byte of weight on top; orders within a namespace
	Auths         []Auth
	Signature     Signature
}

// Tx is a well-formed transaction. It is immutable and holds its own encoding.
type Tx struct {
	fields   Fields
	raw      []byte
	id       common.Hash
	legsHash common.Hash
	weight   uint64
	consents []common.Address // who signed each auth; nil before Verify
}

// wire is the RLP shape of a Tx.
type wire struct {
	Version       uint64
	ChainID       string
	Payer         common.Address
	Salt          uint64
	Expiry        uint64
	Legs          []Leg
	MaxFeePerByte uint64
	Tip           uint64
	Auths         []Auth
	Signature     Signature
}

// New encodes the fields, signed or not yet, into a transaction. The caller must not change the slices afterwards. Every error is a [*Reject].
func New(f Fields) (*Tx, error) {
	if err := f.validate(); err != nil {
		return nil, err
	}
	raw, err := rlp.EncodeToBytes(&wire{Version, f.ChainID, f.Payer, f.Salt, f.Expiry, f.Legs, f.MaxFeePerByte, f.Tip, f.Auths, f.Signature})
	if err != nil {
		return nil, reject(Malformed, "encode RLP: %v", err)
	}
	if len(raw) > MaxSize {
		return nil, reject(TxTooLarge, "%d bytes, at most %d", len(raw), MaxSize)
	}
	return seal(f, raw), nil
}

func seal(f Fields, raw []byte) *Tx {
	legs := LegsHash(f.Legs)
	return &Tx{fields: f, raw: raw, id: f.idFrom(legs), legsHash: legs, weight: f.weight()}
}

func (f *Fields) validate() error {
	switch {
	case f.ChainID == "" || len(f.ChainID) > MaxChainID:
		return reject(Malformed, "chain id of %d bytes, want 1 to %d", len(f.ChainID), MaxChainID)
	case len(f.Legs) == 0:
		return reject(NoLegs, "a transaction needs at least one leg")
	case len(f.Legs) > MaxLegs:
		return reject(TooManyLegs, "%d legs, at most %d", len(f.Legs), MaxLegs)
	case len(f.Legs) > MaxBundleLegs && f.spans():
		return reject(TooManyLegs, "%d legs over several namespaces, at most %d", len(f.Legs), MaxBundleLegs)
	case len(f.Auths) > MaxAuths:
		return reject(Malformed, "%d auths, at most %d", len(f.Auths), MaxAuths)
	}
	for i, l := range f.Legs {
		if len(l.Data) == 0 {
			return reject(Malformed, "leg %d is empty", i)
		}
		if len(l.Data) > MaxLegData {
			return reject(LegTooLarge, "leg %d has %d bytes, at most %d", i, len(l.Data), MaxLegData)
		}
	}
	return nil
}

func (f *Fields) spans() bool {
	return slices.ContainsFunc(f.Legs, func(l Leg) bool { return l.Namespace != f.Legs[0].Namespace })
}

func (f *Fields) weight() uint64 {
	var bytes uint64
	for _, l := range f.Legs {
		bytes += uint64(len(l.Data))
	}
	return WeightOf(uint64(len(f.Legs)), bytes, f.spans()) + authWeight*uint64(len(f.Auths))
}

// ID is the EIP-712 signing hash: all fields but auths and signature.
func (t *Tx) ID() common.Hash { return t.id }

// Raw is the canonical encoding. The caller must not change it.
func (t *Tx) Raw() []byte { return t.raw }

// Fields returns the contents. The slices are shared: the caller must not change them.
func (t *Tx) Fields() Fields { return t.fields }

// ChainID names the network that the transaction is for.
func (t *Tx) ChainID() string { return t.fields.ChainID }

// Payer is who pays; whether it signed is known only of a [Verified].
func (t *Tx) Payer() common.Address { return t.fields.Payer }

// Salt makes the payer's transactions differ; (payer, salt) is spent once within the window.
func (t *Tx) Salt() uint64 { return t.fields.Salt }

// Expiry is the last height that may include the transaction.
func (t *Tx) Expiry() uint64 { return t.fields.Expiry }

// Legs are the legs in the signed order. The caller must not change them.
func (t *Tx) Legs() []Leg { return t.fields.Legs }

// MaxFeePerByte is the most wei per byte of weight that the payer accepts.
func (t *Tx) MaxFeePerByte() uint64 { return t.fields.MaxFeePerByte }

// Tip is what the payer adds, in wei per byte of weight.
func (t *Tx) Tip() uint64 { return t.fields.Tip }

// AuthOf returns the auth for a namespace; nil if there is none.
func (t *Tx) AuthOf(ns namespaces.Namespace) *Auth {
	for i := range t.fields.Auths {
		if t.fields.Auths[i].Namespace == ns {
			return &t.fields.Auths[i]
		}
	}
	return nil
}

// Signatures counts what a check of the transaction recovers: its own signature and those of its auths.
func (t *Tx) Signatures() int { return 1 + len(t.fields.Auths) }

// Auths are others' consents.
func (t *Tx) Auths() []Auth { return t.fields.Auths }

// Weight is what the transaction is charged for, in bytes: data plus fixed overheads (specs/05-ledger.md, "Weight").
func (t *Tx) Weight() uint64 { return t.weight }

// Spans says whether the legs are in more than one namespace: whether it is a bundle.
func (t *Tx) Spans() bool { return t.fields.spans() }

// Namespace is the first leg's; the only one unless the transaction spans namespaces.
func (t *Tx) Namespace() namespaces.Namespace { return t.fields.Legs[0].Namespace }

// Namespaces lists the namespaces of the legs, each once, ascending.
func (t *Tx) Namespaces() []namespaces.Namespace {
	var list []namespaces.Namespace
	for _, l := range t.fields.Legs {
		if len(list) == 0 || list[len(list)-1] != l.Namespace {
			list = append(list, l.Namespace)
		}
	}
	slices.SortFunc(list, namespaces.Namespace.Compare)
	return slices.Compact(list)
}

// Code is the stable, machine-readable reason of a rejection; it stands in RPC errors and in status answers.
type Code string

// Reasons that need no state. The ledger adds its own (see node/ledger).
const (
	Malformed    Code = "malformed"
	WrongVersion Code = "wrong_version"
	WrongChain   Code = "wrong_chain_id"
	TxTooLarge   Code = "tx_too_large"
	LegTooLarge  Code = "leg_too_large"
	TooManyLegs  Code = "too_many_legs"
	NoLegs       Code = "no_legs"
	BadSignature Code = "bad_signature"
)

// Reject is why a transaction is not taken.
type Reject struct {
	Code   Code
	Detail string
}

// NewReject builds a rejection with a formatted detail.
func NewReject(code Code, format string, args ...any) *Reject {
	return &Reject{Code: code, Detail: fmt.Sprintf(format, args...)}
}

func reject(code Code, format string, args ...any) error { return NewReject(code, format, args...) }

// Error returns "code: detail".
func (r *Reject) Error() string { return string(r.Code) + ": " + r.Detail }

// CodeOf returns the code of the [*Reject] inside err, or "" if there is none.
func CodeOf(err error) Code {
	var r *Reject
	if errors.As(err, &r) {
		return r.Code
	}
	return ""
}
