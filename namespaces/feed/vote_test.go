package feed

import (
	"bytes"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

func signedVote(t testing.TB, height uint64, round uint32) Vote {
	t.Helper()
	key, err := crypto.ToECDSA(crypto.Keccak256([]byte("vote")))
	if err != nil {
		t.Fatal(err)
	}
	header := common.Hash{31: 7}
	digest := cert.ExtensionDigest("chain", height, round, header)
	sig, err := crypto.Sign(digest[:], key)
	if err != nil {
		t.Fatal(err)
	}
	return Vote{height, cert.Vote{Operator: crypto.PubkeyToAddress(key.PublicKey), Round: round, HeaderHash: header, Signature: tx.Signature(sig)}}
}

// A vote survives its encoding, and so does whose it is.
func TestVoteRoundTrip(t *testing.T) {
	for _, v := range []Vote{signedVote(t, 1, 0), signedVote(t, 1<<63-1, maxRound)} {
		raw := v.Encode()
		if len(raw) > MaxVoteSize {
			t.Fatalf("%d bytes, more than the bound of %d", len(raw), MaxVoteSize)
		}
		got, err := DecodeVote(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got != v {
			t.Fatalf("got %+v, want %+v", got, v)
		}
		if err := got.Check("chain", got.Height); err != nil {
			t.Fatal(err)
		}
		if got.Check("other", got.Height) == nil || got.Check("chain", got.Height+1) == nil {
			t.Fatal("a vote counts for another chain or height")
		}
	}
}

func TestVoteRefusesBadInput(t *testing.T) {
	good := signedVote(t, 9, 1)
	wire := func(change func(*voteWire)) []byte {
		w := voteWire{Version, good.Height, good.Round, good.HeaderHash, good.Operator, good.Signature}
		change(&w)
		return encode(&w)
	}
	bad := map[string][]byte{
		"empty":           {},
		"version":         wire(func(w *voteWire) { w.Version = 2 }),
		"height 0":        wire(func(w *voteWire) { w.Height = 0 }),
		"round":           wire(func(w *voteWire) { w.Round = maxRound + 1 }),
		"trailing byte":   append(good.Encode(), 0),
		"too large":       bytes.Repeat([]byte{0xc0}, MaxVoteSize+1),
		"a string":        {0x83, 1, 2, 3},
		"too few fields":  encode(&struct{ A, B uint64 }{1, 2}),
		"short signature": encode(&struct{ A, B, C, D, E, F []byte }{[]byte{1}, []byte{9}, nil, good.HeaderHash[:], good.Operator[:], []byte{1}}),
	}
	for name, raw := range bad {
		if _, err := DecodeVote(raw); err == nil {
			t.Errorf("%s: decoded", name)
		}
	}
	raw := good.Encode()
	for n := range raw {
		if _, err := DecodeVote(raw[:n]); err == nil {
			t.Errorf("decoded after %d of %d bytes", n, len(raw))
		}
	}
}

// Whatever decodes encodes back to the same bytes: a vote has one form.
func FuzzDecodeVote(f *testing.F) {
	f.Add(signedVote(f, 1, 0).Encode())
	f.Add(signedVote(f, 300, 2).Encode())
	f.Add([]byte{0xc0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, err := DecodeVote(raw)
		if err != nil {
			return
		}
		if !bytes.Equal(v.Encode(), raw) {
			t.Fatalf("%x has a second form %x", raw, v.Encode())
		}
		if !bytes.Equal(encode(rlp.RawValue(raw)), raw) {
			t.Fatal("not one RLP value")
		}
	})
}
