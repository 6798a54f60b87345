package tx

import (
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces"
)

// Decode reads one transaction from its encoding and keeps raw, which the caller must not change: the legs' data point into it. Every error is a
// [*Reject].
//
// It takes the list apart by hand, because every operator decodes every transaction: go-ethereum's decoder by reflection copies each leg.
func Decode(raw []byte) (*Tx, error) {
	if len(raw) > MaxSize {
		return nil, reject(TxTooLarge, "%d bytes, at most %d", len(raw), MaxSize)
	}
	content, rest, err := rlp.SplitList(raw)
	if err != nil || len(rest) > 0 {
		return nil, reject(Malformed, "not one RLP list")
	}
	version, content, err := rlp.SplitUint64(content)
	if err != nil {
		return nil, reject(Malformed, "version: %v", err)
	}
	if version != Version {
		return nil, reject(WrongVersion, "version %d, this node understands %d", version, Version)
	}
	f, err := decodeFields(&items{rest: content})
	if err != nil {
		return nil, err
	}
	if err := f.validate(); err != nil {
		return nil, err
	}
	return seal(f, raw), nil
}

func decodeFields(in *items) (f Fields, err error) {
	f.ChainID = string(in.string("chain id"))
	in.bytes("payer", f.Payer[:])
	f.Salt, f.Expiry = in.uint64("salt"), in.uint64("expiry")
	legs := in.list("legs")
	if in.err != nil {
		return Fields{}, reject(Malformed, "%v", in.err)
	}
	if f.Legs, err = decodeLegs(legs); err != nil {
		return Fields{}, err
	}
	f.MaxFeePerByte, f.Tip = in.uint64("max fee per byte"), in.uint64("tip")
	f.Auths = decodeAuths(in)
	in.bytes("signature", f.Signature[:])
	if in.end(); in.err != nil {
		return Fields{}, reject(Malformed, "%v", in.err)
	}
	return f, nil
}

// decodeLegs counts the legs before anything is allocated for them.
func decodeLegs(content []byte) ([]Leg, error) {
	n, err := rlp.CountValues(content)
	if err != nil {
		return nil, reject(Malformed, "legs: %v", err)
	}
	if n > MaxLegs {
		return nil, reject(TooManyLegs, "%d legs, at most %d", n, MaxLegs)
	}
	legs := make([]Leg, n)
	in := &items{rest: content}
	for i := range legs {
		leg := &items{rest: in.list("leg"), err: in.err}
		leg.bytes("namespace", legs[i].Namespace[:])
		legs[i].Data = leg.string("data")
		if leg.end(); leg.err != nil {
			return nil, reject(Malformed, "leg %d: %v", i, leg.err)
		}
	}
	return legs, nil
}

// decodeAuths reads the auths; how many there may be, validate says, and the transaction's size bounds what is allocated for them.
func decodeAuths(in *items) []Auth {
	auths := []Auth{}
	list := &items{rest: in.list("auths"), err: in.err}
	for list.err == nil && len(list.rest) > 0 {
		var a Auth
		one := &items{rest: list.list("auth"), err: list.err}
		one.bytes("namespace", a.Namespace[:])
		kind := one.uint64("kind")
		if a.Kind = uint8(kind); kind > 0xff {
			one.fail("kind", errors.New("above 255"))
		}
		a.Epoch, a.LaneSeq = one.uint64("epoch"), one.uint64("lane seq")
		one.bytes("signature", a.Signature[:])
		one.end()
		auths, list.err = append(auths, a), one.err
	}
	in.err = list.err
	return auths
}

// items are the elements of an RLP list, taken off one by one. The first error stays; what is taken after it is empty.
type items struct {
	rest []byte
	err  error
}

func (in *items) fail(what string, err error) {
	if in.err == nil && err != nil {
		in.err, in.rest = fmt.Errorf("%s: %w", what, err), nil
	}
}

// string takes a string, which points into the encoding.
func (in *items) string(what string) (s []byte) {
	if in.err != nil {
		return nil
	}
	s, rest, err := rlp.SplitString(in.rest)
	if in.rest = rest; err != nil {
		in.fail(what, err)
		return nil
	}
	return s[:len(s):len(s)]
}

// bytes takes a string of exactly the length of to.
func (in *items) bytes(what string, to []byte) {
	s := in.string(what)
	if in.err == nil && len(s) != len(to) {
		in.fail(what, fmt.Errorf("%d bytes, want %d", len(s), len(to)))
	}
	copy(to, s)
}

func (in *items) uint64(what string) (v uint64) {
	if in.err != nil {
		return 0
	}
	v, rest, err := rlp.SplitUint64(in.rest)
	in.rest = rest
	in.fail(what, err)
	return v
}

// list takes a list and returns its content.
func (in *items) list(what string) (content []byte) {
	if in.err != nil {
		return nil
	}
	content, rest, err := rlp.SplitList(in.rest)
	in.rest = rest
	in.fail(what, err)
	return content
}

// end says that the list has no more elements.
func (in *items) end() {
	if len(in.rest) > 0 {
		in.fail("end", errors.New("more elements than fields"))
	}
}

// Glance is what an encoded transaction claims, read without looking at what its legs hold.
type Glance struct {
	Payer         common.Address
	Salt          uint64
	Namespace     namespaces.Namespace // the first leg's
	Spans         bool                 // whether the legs are in more than one namespace
	MaxFeePerByte uint64
	Tip           uint64
}

// Look reads a glance, which costs nothing that grows with the transaction. It checks nothing else: what it returns for bytes that [Decode] refuses
// means nothing.
func Look(raw []byte) (g Glance, ok bool) {
	content, _, err := rlp.SplitList(raw)
	if err != nil {
		return Glance{}, false
	}
	if _, content, err = rlp.SplitUint64(content); err != nil {
		return Glance{}, false
	}
	in := &items{rest: content}
	in.string("chain id")
	in.bytes("payer", g.Payer[:])
	g.Salt = in.uint64("salt")
	in.uint64("expiry")
	legs := &items{rest: in.list("legs"), err: in.err}
	for i := 0; i < MaxBundleLegs && len(legs.rest) > 0 && !g.Spans; i++ { // with more legs it spans nothing
		var ns namespaces.Namespace
		leg := &items{rest: legs.list("leg"), err: legs.err}
		leg.bytes("namespace", ns[:])
		if legs.err = leg.err; i == 0 {
			g.Namespace = ns
		}
		g.Spans = ns != g.Namespace
	}
	in.err = legs.err
	g.MaxFeePerByte, g.Tip = in.uint64("max fee per byte"), in.uint64("tip")
	return g, in.err == nil
}
