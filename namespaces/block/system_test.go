package block

import (
	"bytes"
	"reflect"
	"slices"
	"testing"
	"time"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/internal/golden"
	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/lane"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

func sampleSystem() System {
	return System{
		Votes:  []byte{0xb0},
		Late:   []LateVote{{Operator: 1, Round: 0, Signature: tx.Signature{1}}, {Operator: 3, Round: 2, Signature: tx.Signature{2}}},
		Faults: []Fault{sampleFault()},
	}
}

// sampleFault is a double precommit, for a block and for none, of a clock that is before 1970.
func sampleFault() Fault {
	return signFault(Fault{Step: Precommit, Height: 5, Round: 1, Votes: [2]FaultVote{
		{Seconds: 1<<64 - 7, Nanos: 5},
		{Block: &ConsensusID{Hash: common.Hash{1}, Parts: 300, PartsHash: common.Hash{2}}, Seconds: 1_700_000_000, Nanos: 123_000_000},
	}})
}

func signFault(f Fault) Fault {
	for i := range f.Votes {
		digest := f.Digest("system-test", i)
		sig, err := crypto.Sign(digest[:], crypto.ToECDSAUnsafe(crypto.Keccak256([]byte("faulty"))))
		if err != nil {
			panic(err) // a fixed key
		}
		copy(f.Votes[i].Signature[:], sig)
	}
	return f
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
		"chain id": "system-test", "vote digests": []common.Hash{
			body.System.Faults[0].Digest("system-test", 0), body.System.Faults[0].Digest("system-test", 1),
		},
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
		"many faults":        {Faults: slices.Repeat([]Fault{sampleFault()}, maxFaults+1)},
		"late twice":         {Late: []LateVote{{Operator: 1}, {Operator: 1}}},
		"late out of order":  {Late: []LateVote{{Operator: 2}, {Operator: 1}}},
		"late beyond a set":  {Late: []LateVote{{Operator: 256}}},
		"unknown step":       {Faults: []Fault{{Step: 3, Height: 1}}},
		"fault without step": {Faults: []Fault{{Height: 1}}},
		"fault at genesis":   {Faults: []Fault{{Step: Prevote}}},
		"long second":        {Faults: []Fault{{Step: Prevote, Height: 1, Votes: [2]FaultVote{{Nanos: 1_000_000_000}}}}},
		"block of no parts":  {Faults: []Fault{{Step: Prevote, Height: 1, Votes: [2]FaultVote{{Block: &ConsensusID{}}}}}},
	} {
		if _, err := DecodeSystem(s.Encode()); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	full := System{Votes: make([]byte, 32), Late: make([]LateVote, 256), Faults: make([]Fault, maxFaults)}
	for i := range full.Late {
		full.Late[i] = LateVote{Operator: uint32(i), Round: 1<<32 - 1}
	}
	for i := range full.Faults {
		vote := FaultVote{Block: &ConsensusID{Parts: 1<<32 - 1}, Seconds: 1<<64 - 1, Nanos: 999_999_999}
		full.Faults[i] = Fault{Step: Prevote, Height: 1<<64 - 1, Round: 1<<32 - 1, Votes: [2]FaultVote{vote, vote}}
	}
	if _, err := DecodeSystem(full.Encode()); err != nil {
		t.Errorf("the largest section: %v", err)
	}
}

// The digest is that of CometBFT's own sign bytes, whatever the votes say.
func TestFaultDigestIsCometBFTs(t *testing.T) {
	for _, f := range []Fault{
		sampleFault(),
		{Step: Prevote, Height: 1, Votes: [2]FaultVote{{Seconds: 1}, {Block: &ConsensusID{Parts: 1}}}},
		{Step: Precommit, Height: 1 << 62, Round: 1<<31 - 1, Votes: [2]FaultVote{{Block: &ConsensusID{Hash: common.Hash{31: 1}, Parts: 1<<32 - 1}}, {Nanos: 999_999_999}}},
	} {
		for i, v := range f.Votes {
			vote := cmtproto.Vote{
				Type: cmtproto.SignedMsgType(f.Step), Height: int64(f.Height), Round: int32(f.Round), Timestamp: time.Unix(int64(v.Seconds), int64(v.Nanos)).UTC(),
			}
			if b := v.Block; b != nil {
				vote.BlockID = cmtproto.BlockID{Hash: b.Hash[:], PartSetHeader: cmtproto.PartSetHeader{Total: b.Parts, Hash: b.PartsHash[:]}}
			}
			if want := crypto.Keccak256Hash(cmttypes.VoteSignBytes("system-test", &vote)); f.Digest("system-test", i) != want {
				t.Errorf("vote %d of %+v: another digest than CometBFT's", i, f)
			}
		}
	}
}

// Two votes of one key for different blocks in one place are a proof, and nothing else is.
func TestFaultProves(t *testing.T) {
	good := sampleFault()
	who := crypto.PubkeyToAddress(crypto.ToECDSAUnsafe(crypto.Keccak256([]byte("faulty"))).PublicKey)
	if have, err := good.Operator("system-test"); err != nil || have != who {
		t.Fatalf("proves against %s, want %s (%v)", have, who, err)
	}
	for name, change := range map[string]func(*Fault){
		"another height":   func(f *Fault) { f.Height++ },
		"another round":    func(f *Fault) { f.Round++ },
		"another step":     func(f *Fault) { f.Step = Prevote },
		"another block":    func(f *Fault) { f.Votes[1].Block = &ConsensusID{Parts: 1} },
		"another time":     func(f *Fault) { f.Votes[0].Nanos++ },
		"one vote twice":   func(f *Fault) { f.Votes[1] = f.Votes[0] },
		"two keys":         func(f *Fault) { f.Votes[1].Signature = tx.Signature{1} },
		"a high signature": func(f *Fault) { f.Votes[1].Signature[64] += 27 },
		"the same block, other times": func(f *Fault) {
			f.Votes[0].Block = f.Votes[1].Block
			*f = signFault(*f)
		},
	} {
		f := sampleFault()
		change(&f)
		if have, err := f.Operator("system-test"); err == nil && have == who {
			t.Errorf("%s: it proves", name)
		}
	}
	if have, err := good.Operator("another"); err == nil && have == who {
		t.Error("it proves on another chain")
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
