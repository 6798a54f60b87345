package tx

import (
	"bytes"
	"crypto/ecdsa"
	"math"
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/ethereum/go-ethereum/signer/core/apitypes"

	"github.com/lockstep-network/lockstep/internal/golden"
	"github.com/lockstep-network/lockstep/namespaces"
)

var (
	rollupA = namespaces.Namespace{0: 0xaa, 9: 1}
	rollupB = namespaces.Namespace{0: 0xbb, 9: 2}
)

func testKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := crypto.ToECDSA(crypto.Keccak256([]byte("a key for tests only")))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// samples are one transaction of each shape.
func samples(t testing.TB) map[string]Verified {
	t.Helper()
	many := make([]Leg, 40)
	for i := range many {
		many[i] = Leg{rollupB, []byte{byte(i), 1}}
	}
	auth, err := SignAuth(Auth{Namespace: rollupA, Kind: AuthOwner, Epoch: 2, LaneSeq: 77}, common.Hash{1}, testKey(t))
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]Fields{
		"one leg":         {Salt: 1, Expiry: 100, Legs: []Leg{{rollupA, []byte("hello")}}, MaxFeePerByte: 1e9},
		"bundle":          {Salt: math.MaxUint64, Expiry: 7, Legs: []Leg{{rollupB, []byte{0}}, {rollupA, []byte{0x7f}}}, MaxFeePerByte: 5, Tip: 3},
		"many legs":       {Expiry: 1, Legs: many},
		"with an auth":    {Salt: 2, Expiry: 9, Legs: []Leg{{rollupA, []byte{1}}}, Auths: []Auth{auth}},
		"largest numbers": {Salt: math.MaxUint64, Expiry: math.MaxUint64, Legs: []Leg{{rollupA, []byte{1}}}, MaxFeePerByte: math.MaxUint64, Tip: math.MaxUint64},
	}
	out := make(map[string]Verified, len(fields))
	for name, f := range fields {
		f.ChainID = "lockstep-test"
		v, err := Sign(f, testKey(t))
		if err != nil {
			t.Fatal(name, err)
		}
		out[name] = v
	}
	return out
}

func TestGoldenTx(t *testing.T) {
	type vector struct {
		Raw        hexutil.Bytes  `json:"raw"`
		ID         common.Hash    `json:"id"`
		Payer      common.Address `json:"payer"`
		Weight     uint64         `json:"weight"`
		Envelope   hexutil.Bytes  `json:"envelope"`
		Namespaces []string       `json:"namespaces"`
	}
	vectors := make(map[string]vector)
	for name, v := range samples(t) {
		var list []string
		for _, ns := range v.Namespaces() {
			list = append(list, ns.String())
		}
		vectors[name] = vector{v.Raw(), v.ID(), v.Payer(), v.Weight(), v.Envelope().Encode(), list}
	}
	golden.Check(t, "tx", vectors)
}

// What is encoded is read back as the same transaction, and its envelope has the same id and weight.
func TestRoundTrip(t *testing.T) {
	for name, v := range samples(t) {
		d, err := Decode(v.Raw())
		if err != nil {
			t.Fatal(name, err)
		}
		if d.ID() != v.ID() || d.Weight() != v.Weight() {
			t.Errorf("%s: id or weight changed", name)
		}
		if _, err := d.Verify(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		e, err := DecodeEnvelope(v.Envelope().Encode())
		if err != nil {
			t.Fatal(name, err)
		}
		if e.ID("lockstep-test") != v.ID() || e.Weight() != v.Weight() {
			t.Errorf("%s: the envelope stands for another transaction", name)
		}
		if signer, err := Recover(e.ID("lockstep-test"), e.Signature); err != nil || signer != v.Payer() {
			t.Errorf("%s: the envelope's signature is not the payer's", name)
		}
	}
}

// go-ethereum's own EIP-712 code, which wallets agree with, gives the same id.
func TestIDIsWhatWalletsSign(t *testing.T) {
	for name, v := range samples(t) {
		f := v.Fields()
		legs := make([]any, len(f.Legs))
		for i, l := range f.Legs {
			legs[i] = map[string]any{"namespace": hexutil.Encode(l.Namespace[:]), "data": hexutil.Encode(l.Data)}
		}
		data := apitypes.TypedData{
			Types: apitypes.Types{
				"EIP712Domain": {{Name: "name", Type: "string"}, {Name: "version", Type: "string"}},
				"Leg":          {{Name: "namespace", Type: "bytes10"}, {Name: "data", Type: "bytes"}},
				"Tx": {
					{Name: "chainId", Type: "string"},
					{Name: "payer", Type: "address"},
					{Name: "salt", Type: "uint64"},
					{Name: "expiry", Type: "uint64"},
					{Name: "legs", Type: "Leg[]"},
					{Name: "maxFeePerByte", Type: "uint64"},
					{Name: "tip", Type: "uint64"},
				},
			},
			PrimaryType: "Tx",
			Domain:      apitypes.TypedDataDomain{Name: DomainName, Version: DomainVersion},
			Message: apitypes.TypedDataMessage{
				"chainId": f.ChainID, "payer": f.Payer.Hex(), "legs": legs,
				"salt": hexutil.EncodeUint64(f.Salt), "expiry": hexutil.EncodeUint64(f.Expiry),
				"maxFeePerByte": hexutil.EncodeUint64(f.MaxFeePerByte), "tip": hexutil.EncodeUint64(f.Tip),
			},
		}
		hash, _, err := apitypes.TypedDataAndHash(data)
		if err != nil {
			t.Fatal(name, err)
		}
		if !bytes.Equal(hash, v.ID().Bytes()) {
			t.Errorf("%s: wallets sign %x, the id is %s", name, hash, v.ID())
		}
	}
}

func TestBadInput(t *testing.T) {
	good := samples(t)["one leg"].Fields()
	encode := func(version uint64, f Fields) []byte {
		raw, err := rlp.EncodeToBytes(&wire{version, f.ChainID, f.Payer, f.Salt, f.Expiry, f.Legs, f.MaxFeePerByte, f.Tip, f.Auths, f.Signature})
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	with := func(change func(*Fields)) []byte {
		f := good
		change(&f)
		return encode(Version, f)
	}
	legs := func(n int, ns func(int) namespaces.Namespace, size int) []Leg {
		out := make([]Leg, n)
		for i := range out {
			out[i] = Leg{ns(i), make([]byte, size)}
		}
		return out
	}
	one := func(int) namespaces.Namespace { return rollupA }
	two := func(i int) namespaces.Namespace { return []namespaces.Namespace{rollupA, rollupB}[i%2] }
	raw := encode(Version, good)
	for name, c := range map[string]struct {
		raw  []byte
		code Code
	}{
		"empty":                   {nil, Malformed},
		"not a list":              {[]byte{0x80}, Malformed},
		"rubbish":                 {[]byte("rubbish"), Malformed},
		"trailing byte":           {append(bytes.Clone(raw), 0), Malformed},
		"version 0":               {encode(0, good), WrongVersion},
		"version 2":               {encode(2, good), WrongVersion},
		"no chain id":             {with(func(f *Fields) { f.ChainID = "" }), Malformed},
		"long chain id":           {with(func(f *Fields) { f.ChainID = string(make([]byte, 51)) }), Malformed},
		"no legs":                 {with(func(f *Fields) { f.Legs = nil }), NoLegs},
		"empty leg":               {with(func(f *Fields) { f.Legs = []Leg{{rollupA, nil}} }), Malformed},
		"leg too large":           {with(func(f *Fields) { f.Legs = legs(1, one, MaxLegData+1) }), LegTooLarge},
		"tx too large":            {with(func(f *Fields) { f.Legs = legs(5, one, MaxLegData) }), TxTooLarge},
		"too many legs":           {with(func(f *Fields) { f.Legs = legs(MaxLegs+1, one, 1) }), TooManyLegs},
		"too many legs, spanning": {with(func(f *Fields) { f.Legs = legs(MaxBundleLegs+1, two, 1) }), TooManyLegs},
		"too many auths":          {with(func(f *Fields) { f.Auths = make([]Auth, MaxAuths+1) }), Malformed},
	} {
		if _, err := Decode(c.raw); CodeOf(err) != c.code {
			t.Errorf("%s: %v, want code %q", name, err, c.code)
		}
	}
	for i := range raw {
		if _, err := Decode(raw[:i]); err == nil {
			t.Errorf("the first %d of %d bytes are taken for a transaction", i, len(raw))
		}
	}
}

func TestBadSignature(t *testing.T) {
	good := samples(t)["one leg"].Fields()
	highS := good.Signature
	n := crypto.S256().Params().N
	s := new(big.Int).SetBytes(highS[32:64])
	s.Sub(n, s).FillBytes(highS[32:64])
	highS[64] ^= 1
	for name, change := range map[string]func(*Fields){
		"none":          func(f *Fields) { f.Signature = Signature{} },
		"high S":        func(f *Fields) { f.Signature = highS },
		"V of 27":       func(f *Fields) { f.Signature[64] += 27 },
		"another payer": func(f *Fields) { f.Payer[0] ^= 1 },
		"another salt":  func(f *Fields) { f.Salt++ },
		"another leg":   func(f *Fields) { f.Legs = []Leg{{rollupB, good.Legs[0].Data}} },
	} {
		f := good
		change(&f)
		tx, err := New(f)
		if err != nil {
			t.Fatal(name, err)
		}
		if _, err := tx.Verify(); CodeOf(err) != BadSignature {
			t.Errorf("%s: %v, want %q", name, err, BadSignature)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, v := range samples(f) {
		f.Add(v.Raw())
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := Decode(raw)
		if err != nil {
			if CodeOf(err) == "" {
				t.Fatalf("an error without a code: %v", err)
			}
			return
		}
		again, err := New(d.Fields())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(again.Raw(), raw) {
			t.Fatal("two encodings of one transaction")
		}
		if e := d.Envelope(); e.ID(d.ChainID()) != d.ID() || e.Weight() != d.Weight() {
			t.Fatal("the envelope stands for another transaction")
		}
	})
}

func FuzzDecodeEnvelope(f *testing.F) {
	for _, v := range samples(f) {
		f.Add(v.Envelope().Encode())
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := DecodeEnvelope(raw)
		if err == nil && !bytes.Equal(e.Encode(), raw) {
			t.Fatal("two encodings of one envelope")
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	raw := samples(b)["one leg"].Raw()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	v := samples(b)["one leg"]
	for b.Loop() {
		if _, err := v.Tx.Verify(); err != nil {
			b.Fatal(err)
		}
	}
}
