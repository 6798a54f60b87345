package lane

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/internal/golden"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

var (
	rollupA = namespaces.Namespace{0: 0xaa, 9: 1}
	rollupB = namespaces.Namespace{0: 0xbb, 9: 2}
)

func sampleBundle(data string) *Bundle {
	return &Bundle{ID: common.Hash{1}, Legs: []BundleLeg{
		{rollupA, crypto.Keccak256Hash([]byte(data))}, {rollupB, crypto.Keccak256Hash([]byte("the other"))},
	}}
}

func sampleEntries() map[string][]Entry {
	return map[string][]Entry{
		"one":             {{Position: 3, Leg: 1, Data: []byte("data")}},
		"two of one tx":   {{Data: []byte("first")}, {Leg: 1, Data: []byte("second")}, {Position: 9, Data: []byte{0}}},
		"bundle":          {{Position: 1, Data: []byte("half"), Bundle: sampleBundle("half")}, {Position: 200, Data: []byte("plain")}},
		"envelope, legs":  {{Data: []byte("e0"), Envelope: true}, {Data: []byte("leg 0")}, {Leg: 1, Data: []byte("leg 1")}, {Position: 1, Data: []byte("e1"), Envelope: true}},
		"system alone":    {{Data: []byte("s"), System: true}},
		"system first":    {{Data: []byte("s"), System: true}, {Data: []byte("e0"), Envelope: true}, {Data: []byte("leg 0")}},
		"envelopes":       {{Data: []byte("e0"), Envelope: true}, {Position: 1, Data: []byte("e1"), Envelope: true}},
		"largest numbers": {{Position: 1<<32 - 1, Leg: tx.MaxLegs - 1, Data: []byte("x")}},
	}
}

func TestGoldenLane(t *testing.T) {
	type vector struct {
		Lane       hexutil.Bytes `json:"lane"`
		Commitment common.Hash   `json:"commitment"`
	}
	vectors := make(map[string]vector)
	for name, entries := range sampleEntries() {
		raw, err := Encode(entries)
		if err != nil {
			t.Fatal(name, err)
		}
		leaf, err := LeafOf(rollupA, raw)
		if err != nil {
			t.Fatal(name, err)
		}
		vectors[name] = vector{raw, leaf.Commitment}
		back, err := Decode(raw)
		if err != nil {
			t.Fatal(name, err)
		}
		if again, err := Encode(back); err != nil || !bytes.Equal(again, raw) {
			t.Errorf("%s does not survive its encoding: %v", name, err)
		}
		for i := range raw {
			if _, err := Decode(raw[:i]); err == nil {
				t.Errorf("%s: the first %d of %d bytes are taken for a lane", name, i, len(raw))
			}
		}
	}
	table := sampleTable(t, rollupA, rollupB)
	root := table.Root()
	golden.Check(t, "lane", map[string]any{
		"namespace": rollupA.String(), "lanes": vectors,
		"table of 'lane of <namespace>' in 0xaa..01 and 0xbb..02": hexutil.Bytes(root[:]),
	})
}

func TestBadLanes(t *testing.T) {
	list := func(items ...any) []byte {
		raw, err := rlp.EncodeToBytes(items)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	entry := func(fields ...any) []any { return fields }
	b := sampleBundle("half")
	for name, raw := range map[string][]byte{
		"empty":                      {},
		"no entries":                 list(uint(1)),
		"version 2":                  list(uint(2), entry(uint(0), uint(0), uint(0), "x")),
		"unknown flags":              list(uint(1), entry(uint(0), uint(0), uint(8), "x")),
		"system behind":              list(uint(1), entry(uint(0), uint(0), uint(0), "x"), entry(uint(0), uint(0), uint(4), "x")),
		"system twice":               list(uint(1), entry(uint(0), uint(0), uint(4), "x"), entry(uint(0), uint(0), uint(4), "x")),
		"system at a position":       list(uint(1), entry(uint(1), uint(0), uint(4), "x")),
		"system of a leg":            list(uint(1), entry(uint(0), uint(1), uint(4), "x")),
		"empty data":                 list(uint(1), entry(uint(0), uint(0), uint(0), "")),
		"same place twice":           list(uint(1), entry(uint(1), uint(0), uint(0), "x"), entry(uint(0), uint(0), uint(0), "x")),
		"two envelopes of one tx":    list(uint(1), entry(uint(1), uint(0), uint(2), "x"), entry(uint(0), uint(0), uint(2), "x")),
		"envelope behind its leg":    list(uint(1), entry(uint(1), uint(0), uint(0), "x"), entry(uint(0), uint(0), uint(2), "x")),
		"leg out of range":           list(uint(1), entry(uint(0), uint(tx.MaxLegs), uint(0), "x")),
		"position out of range":      list(uint(1), entry(uint(1)<<32, uint(0), uint(0), "x")),
		"position overflows":         list(uint(1), entry(uint(1)<<32-1, uint(0), uint(0), "x"), entry(uint(1), uint(0), uint(0), "x")),
		"surplus field":              list(uint(1), entry(uint(0), uint(0), uint(0), "x", uint(1))),
		"bundle without legs":        list(uint(1), entry(uint(0), uint(0), uint(1), "x")),
		"bundle of another data":     list(uint(1), entry(uint(0), uint(0), uint(1), "other", b.ID, b.Legs)),
		"bundle leg out of range":    list(uint(1), entry(uint(0), uint(2), uint(1), "half", b.ID, b.Legs)),
		"bundle in one namespace":    list(uint(1), entry(uint(0), uint(0), uint(1), "half", b.ID, []BundleLeg{b.Legs[0], b.Legs[0]})),
		"bundle of one leg":          list(uint(1), entry(uint(0), uint(0), uint(1), "half", b.ID, b.Legs[:1])),
		"bundle of 17 legs":          list(uint(1), entry(uint(0), uint(0), uint(1), "half", b.ID, append(make([]BundleLeg, 15), b.Legs...))),
		"envelope with a leg number": list(uint(1), entry(uint(0), uint(1), uint(2), "x")),
		"trailing byte":              append(list(uint(1), entry(uint(0), uint(0), uint(0), "x")), 0),
	} {
		if _, err := Decode(raw); err == nil {
			t.Errorf("%s: taken for a lane", name)
		}
	}
}

func sampleTable(t testing.TB, names ...namespaces.Namespace) Table {
	t.Helper()
	leaves := make([]Leaf, len(names))
	for i, ns := range names {
		var err error
		if leaves[i], err = LeafOf(ns, []byte("lane of "+ns.String())); err != nil {
			t.Fatal(err)
		}
	}
	table, err := NewTable(leaves)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// In a table of any size each lane is proven present and complete, each other namespace absent, and nothing else is.
func TestTableProofs(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 7, 64} {
		var names []namespaces.Namespace
		for i := range n {
			names = append(names, namespaces.Namespace{0: 1, 8: byte(2 * i), 9: 9})
		}
		table := sampleTable(t, names...)
		root := table.Root()
		for i := range 2*n + 2 {
			ns := namespaces.Namespace{0: 1, 8: byte(i), 9: 9}
			proof, err := table.Prove(ns)
			if err != nil {
				t.Fatal(err)
			}
			data := []byte("lane of " + ns.String())
			_, listed := table.Leaf(ns)
			present, absent := proof.VerifyPresent(root, ns, data), proof.VerifyAbsent(root, ns)
			if listed != (present == nil) || listed == (absent == nil) {
				t.Fatalf("%d lanes, %s listed %v: present %v, absent %v", n, ns, listed, present, absent)
			}
			if err := proof.VerifyPresent(root, ns, append(data, 1)); !errors.Is(err, ErrNotProven) {
				t.Fatalf("another lane is proven: %v", err)
			}
		}
	}
	if _, err := NewTable([]Leaf{{Namespace: rollupB}, {Namespace: rollupA}}); err == nil {
		t.Error("descending lanes make a table")
	}
}

// Absence cannot be shown of a namespace that has a lane, whatever is done to honest proofs: seeded tampering.
func TestAbsenceProofTampering(t *testing.T) {
	seed := uint64(7)
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	var names []namespaces.Namespace
	for i := range 20 {
		names = append(names, namespaces.Namespace{0: 1, 9: byte(3 * i)})
	}
	table := sampleTable(t, names...)
	root := table.Root()
	for range 5_000 {
		from := namespaces.Namespace{0: 1, 9: byte(rng.IntN(64))}
		proof, err := table.Prove(from)
		if err != nil {
			t.Fatal(err)
		}
		switch rng.IntN(4) {
		case 0:
			proof.Start, proof.End = uint64(rng.IntN(21)), uint64(rng.IntN(21))
		case 1:
			proof.LeafHash = nil
		case 2:
			if len(proof.Nodes) > 0 {
				proof.Nodes = proof.Nodes[rng.IntN(len(proof.Nodes)):]
			}
		case 3:
			proof.LeafHash = bytes.Repeat([]byte{byte(rng.IntN(256))}, RootSize)
		}
		for _, ns := range names {
			if proof.VerifyAbsent(root, ns) == nil {
				t.Fatalf("the lane of %s is proven absent by %+v", ns, proof)
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, entries := range sampleEntries() {
		raw, err := Encode(entries)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		entries, err := Decode(raw)
		if err != nil {
			return
		}
		again, err := Encode(entries)
		if err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("two encodings of one lane: %v", err)
		}
	})
}

func FuzzProof(f *testing.F) {
	table := sampleTable(f, rollupA, rollupB)
	proof, err := table.Prove(rollupA)
	if err != nil {
		f.Fatal(err)
	}
	raw, err := rlp.EncodeToBytes(&proof)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	root := table.Root()
	f.Fuzz(func(t *testing.T, raw []byte) {
		var p Proof
		if p.DecodeRLP(rlp.NewStream(bytes.NewReader(raw), uint64(len(raw)))) != nil {
			return
		}
		if again, err := rlp.EncodeToBytes(&p); err != nil || !bytes.HasPrefix(raw, again) {
			t.Fatalf("%x is decoded and encoded to %x, %v", raw, again, err)
		}
		if p.VerifyAbsent(root, rollupA) == nil || p.VerifyPresent(root, rollupA, []byte("forged")) == nil {
			t.Fatal("a forged proof is taken")
		}
	})
}

func BenchmarkLeafOf(b *testing.B) {
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := LeafOf(rollupA, data); err != nil {
			b.Fatal(err)
		}
	}
}
