package tx

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"
)

// reflected is Decode's fields by go-ethereum's own decoder; what it refuses is malformed.
func reflected(raw []byte) (Fields, bool) {
	var w wire
	if err := rlp.DecodeBytes(raw, &w); err != nil || w.Version != Version {
		return Fields{}, false
	}
	f := Fields{w.ChainID, w.Payer, w.Salt, w.Expiry, w.Legs, w.MaxFeePerByte, w.Tip, w.Auths, w.Signature}
	return f, len(raw) <= MaxSize && f.validate() == nil
}

func checkAgainstReflection(t *testing.T, raw []byte) {
	t.Helper()
	want, ok := reflected(raw)
	got, err := Decode(raw)
	if (err == nil) != ok {
		t.Fatalf("%x: error %v, by reflection it is valid: %v", raw, err, ok)
	}
	if ok && !reflect.DeepEqual(got.Fields(), want) {
		t.Fatalf("%x: %+v, by reflection %+v", raw, got.Fields(), want)
	}
	if !ok {
		return
	}
	whole := Glance{want.Payer, want.Salt, got.Namespace(), got.Spans(), want.MaxFeePerByte, want.Tip}
	if glance, looked := Look(raw); !looked || glance != whole {
		t.Fatalf("%x: a look says %+v, %v; by reflection %+v", raw, glance, looked, whole)
	}
}

// TestDecodeIsReflections changes, drops and adds every byte of every sample.
func TestDecodeIsReflections(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for name, v := range samples(t) {
		raw := v.Raw()
		checkAgainstReflection(t, raw)
		for i := range min(len(raw), 600) {
			for _, b := range []byte{0, 1, 0x7f, 0x80, 0x81, 0xb7, 0xb8, 0xc0, 0xc1, 0xf7, 0xf8, 0xff, byte(r.Uint32())} {
				bad := append([]byte{}, raw...)
				bad[i] = b
				checkAgainstReflection(t, bad)
			}
			checkAgainstReflection(t, append(append([]byte{}, raw[:i]...), raw[i+1:]...))
			checkAgainstReflection(t, append(append(append([]byte{}, raw[:i]...), byte(r.Uint32())), raw[i:]...))
			checkAgainstReflection(t, raw[:i])
		}
		t.Log(name)
	}
}

func FuzzDecodeIsReflections(f *testing.F) {
	for _, v := range samples(f) {
		f.Add(v.Raw())
	}
	f.Fuzz(checkAgainstReflection)
}

func TestLegsHashIsLegHashes(t *testing.T) {
	for _, v := range samples(t) {
		var words []byte
		for _, l := range v.Legs() {
			h := LegHash(l.Namespace, crypto.Keccak256Hash(l.Data))
			words = append(words, h[:]...)
		}
		if got, want := LegsHash(v.Legs()), crypto.Keccak256Hash(words); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got, want := LegsHash(nil), crypto.Keccak256Hash(); got != want {
		t.Errorf("of no legs: %s, want %s", got, want)
	}
}

// BenchmarkDecodeLegs is a gateway's transaction of 1,000 legs.
func BenchmarkDecodeLegs(b *testing.B) {
	legs := make([]Leg, 1000)
	for i := range legs {
		legs[i].Namespace[0], legs[i].Data = 1, make([]byte, 250)
	}
	t, err := New(Fields{ChainID: "chain", Payer: common.Address{1}, Expiry: 1, Legs: legs})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(t.Raw())))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(t.Raw()); err != nil {
			b.Fatal(err)
		}
	}
}
