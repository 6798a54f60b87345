package block

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/lockstep-network/lockstep/internal/golden"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/lane"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

func sampleSystem() System {
	return System{
		Votes:  []byte{0xb0},
		Late:   []LateVote{{Operator: 1, Round: 0, Signature: tx.Signature{1}}, {Operator: 3, Round: 2, Signature: tx.Signature{2}}},
		Faults: []Fault{{Kind: DuplicateVote, Operator: common.Address{7}, Height: 5, TimeMS: 1_700_000_000_123}},
	}
}

// The section stands in the body and, as its first entry, in the ledger's lane; an empty one makes no lane.
func TestGoldenSystem(t *testing.T) {
	body := Body{System: sampleSystem(), Batches: []Batch{{Author: common.Address{2}}}}
	c, err := Assemble(body, func(namespaces.Namespace) Rule { return ByTip })
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "system", map[string]any{
		"system": hexutil.Bytes(body.System.Encode()), "body": hexutil.Bytes(body.Encode()),
		"ledger lane": hexutil.Bytes(c.Lane(namespaces.Ledger())), "empty": hexutil.Bytes(System{}.Encode()),
	})
	back, err := DecodeBody(body.Encode(), 10, tx.Decode)
	if err != nil || !reflect.DeepEqual(back.System, body.System) {
		t.Fatalf("a section does not survive its body: %+v, %v", back.System, err)
	}
	entries, err := lane.Decode(c.Lane(namespaces.Ledger()))
	if err != nil || len(entries) != 1 || !entries[0].System {
		t.Fatalf("the ledger's lane is %+v, %v", entries, err)
	}
	if from, err := DecodeSystem(entries[0].Data); err != nil || !reflect.DeepEqual(from, body.System) {
		t.Fatalf("the lane's section is %+v, %v", from, err)
	}
	empty, err := Assemble(Body{}, func(namespaces.Namespace) Rule { return ByTip })
	if err != nil || len(empty.Lanes) != 0 {
		t.Fatalf("an empty body has %d lanes, %v", len(empty.Lanes), err)
	}
}

func TestMalformedSystem(t *testing.T) {
	raw := sampleSystem().Encode()
	for i := range raw {
		if _, err := DecodeSystem(raw[:i]); err == nil {
			t.Errorf("the first %d of %d bytes are taken for a section", i, len(raw))
		}
	}
	for name, s := range map[string]System{
		"long bitmap":        {Votes: make([]byte, 33)},
		"many late votes":    {Late: make([]LateVote, 257)},
		"many faults":        {Faults: make([]Fault, 129)},
		"late twice":         {Late: []LateVote{{Operator: 1}, {Operator: 1}}},
		"late out of order":  {Late: []LateVote{{Operator: 2}, {Operator: 1}}},
		"late beyond a set":  {Late: []LateVote{{Operator: 256}}},
		"unknown fault":      {Faults: []Fault{{Kind: 3}}},
		"fault without kind": {Faults: []Fault{{}}},
	} {
		if _, err := DecodeSystem(s.Encode()); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	full := System{Votes: make([]byte, 32), Late: make([]LateVote, 256), Faults: make([]Fault, 128)}
	for i := range full.Late {
		full.Late[i] = LateVote{Operator: uint32(i), Round: 1<<32 - 1}
	}
	for i := range full.Faults {
		full.Faults[i] = Fault{Kind: DuplicateVote, Height: 1<<64 - 1, TimeMS: 1<<64 - 1}
	}
	if _, err := DecodeSystem(full.Encode()); err != nil {
		t.Errorf("the largest section: %v", err)
	}
}

func TestVoted(t *testing.T) {
	s := System{Votes: []byte{0x80, 0x01}}
	for i, want := range map[int]bool{0: true, 1: false, 7: false, 14: false, 15: true, 16: false, 300: false} {
		if s.Voted(i) != want {
			t.Errorf("operator %d: %v", i, !want)
		}
	}
}

func FuzzDecodeSystem(f *testing.F) {
	f.Add(sampleSystem().Encode())
	f.Add(System{}.Encode())
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := DecodeSystem(raw)
		if err == nil && !bytes.Equal(s.Encode(), raw) {
			t.Fatalf("%x has the encoding %x", raw, s.Encode())
		}
	})
}
