package cert

import (
	"bytes"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/cometbft/cometbft/crypto/secp256k1eth"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/internal/golden"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

const chainID = "lockstep-test"

type network struct {
	keys []*ecdsa.PrivateKey // in the set's order
	set  Set
}

func newNetwork(t testing.TB, name string, powers ...uint64) network {
	t.Helper()
	keys := make(map[common.Address]*ecdsa.PrivateKey)
	var ops []Operator
	for i, p := range powers {
		key, err := crypto.ToECDSA(crypto.Keccak256(fmt.Appendf(nil, "%s operator %d", name, i)))
		if err != nil {
			t.Fatal(err)
		}
		a := crypto.PubkeyToAddress(key.PublicKey)
		keys[a] = key
		ops = append(ops, Operator{a, p})
	}
	set, err := NewSet(ops)
	if err != nil {
		t.Fatal(err)
	}
	n := network{set: set}
	for _, o := range set.Operators() {
		n.keys = append(n.keys, keys[o.Address])
	}
	return n
}

func (n network) vote(t testing.TB, i int, height uint64, round uint32, hash common.Hash) Vote {
	t.Helper()
	digest := ExtensionDigest(chainID, height, round, hash)
	sig, err := crypto.Sign(digest[:], n.keys[i])
	if err != nil {
		t.Fatal(err)
	}
	return Vote{crypto.PubkeyToAddress(n.keys[i].PublicKey), round, hash, tx.Signature(sig)}
}

func (n network) certify(t testing.TB, h block.Header, round uint32, signers ...int) Certificate {
	t.Helper()
	var votes []Vote
	for _, i := range signers {
		votes = append(votes, n.vote(t, i, h.Height, round, h.Hash()))
	}
	c, err := Assemble(n.set, h.Height, h.Hash(), votes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (n network) trust() Trust {
	return Trust{ChainID: chainID, Hash: common.Hash{0xee}, Set: n.set}
}

// headers builds a chain of count headers on the trust.
func headers(on Trust, count int) []block.Header {
	out := make([]block.Header, count)
	parent, height := on.Hash, on.Height
	for i := range out {
		height++
		out[i] = block.Header{
			ChainID: chainID, Height: height, TimeMS: on.TimeMS + uint64(i), ParentHash: parent,
			OperatorsHash: on.Set.Hash(), NextOperatorsHash: on.Set.Hash(),
		}
		parent = out[i].Hash()
	}
	return out
}

func TestGoldenCertificate(t *testing.T) {
	n := newNetwork(t, "golden", 10, 10, 10, 10)
	h := headers(n.trust(), 1)[0]
	digests := make(map[string]common.Hash)
	for _, round := range []uint32{0, 1} {
		digests[fmt.Sprintf("round %d", round)] = ExtensionDigest(chainID, 1, round, h.Hash())
	}
	golden.Check(t, "certificate", map[string]any{
		"chain id": chainID, "header": hexutil.Bytes(h.Encode()), "header hash": h.Hash(),
		"operators": n.set.Operators(), "operators hash": n.set.Hash(), "digests": digests,
		"certificate of operators 0, 2, 3 in round 1": hexutil.Bytes(n.certify(t, h, 1, 0, 2, 3).Encode()),
	})
}

// The digest is what CometBFT lets a validator sign for an extension that is the header hash.
func TestDigestIsCometBFTs(t *testing.T) {
	key := secp256k1eth.GenPrivKeySecp256k1Eth([]byte("a validator"))
	hash := crypto.Keccak256Hash([]byte("header"))
	for _, round := range []uint32{0, 1, 77} {
		vote := &cmtproto.Vote{Type: cmtproto.PrecommitType, Height: 300, Round: int32(round), Extension: hash[:]}
		sig, err := key.Sign(cmttypes.VoteExtensionSignBytes(chainID, vote))
		if err != nil {
			t.Fatal(err)
		}
		v := Vote{common.BytesToAddress(key.PubKey().Address()), round, hash, tx.Signature(sig)}
		if err := v.Check(chainID, 300); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
	}
}

func TestSetRules(t *testing.T) {
	a, b := common.Address{1}, common.Address{2}
	s, err := NewSet([]Operator{{b, 1}, {a, 1}, {common.Address{3}, 2}})
	if err != nil {
		t.Fatal(err)
	}
	if s.Index(common.Address{3}) != 0 || s.Index(a) != 1 || s.Index(b) != 2 || s.Index(common.Address{9}) != -1 {
		t.Error("want power descending, then address ascending")
	}
	if s.Quorum(2) || !s.Quorum(3) || (Set{}).Quorum(0) {
		t.Error("want more than two thirds")
	}
	for name, ops := range map[string][]Operator{
		"none": nil, "twice": {{a, 1}, {a, 2}}, "no power": {{a, 0}}, "too much power": {{a, MaxPower}, {b, 1}}, "too much power of one": {{a, MaxPower + 1}},
		"too many": make([]Operator, MaxOperators+1),
	} {
		if _, err := NewSet(ops); err == nil {
			t.Errorf("%s: taken for a set", name)
		}
	}
}

func TestAssemble(t *testing.T) {
	n := newNetwork(t, "assemble", 1, 1, 1, 1)
	h := headers(n.trust(), 1)[0]
	good := func(i int, round uint32) Vote { return n.vote(t, i, 1, round, h.Hash()) }
	stranger := newNetwork(t, "strangers", 1).vote(t, 0, 1, 0, h.Hash())
	junk := n.vote(t, 3, 1, 0, common.Hash{0xbb})
	for name, c := range map[string]struct {
		votes []Vote
		ok    bool
	}{
		"all":                     {[]Vote{good(0, 0), good(1, 0), good(2, 0), good(3, 0)}, true},
		"three of four":           {[]Vote{good(0, 0), good(1, 0), good(2, 0)}, true},
		"one signs junk":          {[]Vote{junk, good(0, 0), good(1, 0), good(2, 0)}, true},
		"two of four":             {[]Vote{good(0, 0), good(1, 0)}, false},
		"one vote three times":    {[]Vote{good(0, 0), good(0, 0), good(0, 0)}, false},
		"rounds do not add up":    {[]Vote{good(0, 0), good(1, 0), good(2, 1), good(3, 1)}, false},
		"a quorum in round 1":     {[]Vote{good(0, 0), good(1, 1), good(2, 1), good(3, 1)}, true},
		"a stranger":              {[]Vote{stranger, good(0, 0), good(1, 0)}, false},
		"junk is no third":        {[]Vote{junk, good(0, 0), good(1, 0)}, false},
		"an operator's two votes": {[]Vote{junk, good(3, 0), good(0, 0), good(1, 0)}, true},
	} {
		got, err := Assemble(n.set, 1, h.Hash(), c.votes)
		if c.ok != (err == nil) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if c.ok {
			if err := got.Verify(chainID, n.set); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if back, err := Decode(got.Encode()); err != nil || !bytes.Equal(back.Encode(), got.Encode()) {
				t.Errorf("%s does not survive its encoding: %v", name, err)
			}
		} else if !errors.Is(err, ErrUncertified) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestForgedCertificates(t *testing.T) {
	n := newNetwork(t, "forge", 1, 1, 1, 1)
	h := headers(n.trust(), 1)[0]
	for name, forge := range map[string]func(*Certificate){
		"two signatures":       func(c *Certificate) { c.Bitmap = []byte{0xc0}; c.Signatures = c.Signatures[:2] },
		"one, twice":           func(c *Certificate) { c.Signatures[1] = c.Signatures[0] },
		"other order":          func(c *Certificate) { slices.Reverse(c.Signatures) },
		"a bit too many":       func(c *Certificate) { c.Bitmap[0] |= 0x10 },
		"a bit beyond the set": func(c *Certificate) { c.Bitmap[0] |= 1 },
		"long bitmap":          func(c *Certificate) { c.Bitmap = append(c.Bitmap, 0) },
		"no bitmap":            func(c *Certificate) { c.Bitmap = nil },
		"surplus signature":    func(c *Certificate) { c.Signatures = append(c.Signatures, c.Signatures[0]) },
		"another height":       func(c *Certificate) { c.Height++ },
		"another round":        func(c *Certificate) { c.Round++ },
		"another header":       func(c *Certificate) { c.HeaderHash[0] ^= 1 },
		"a flipped bit":        func(c *Certificate) { c.Signatures[0][5] ^= 1 },
	} {
		c := n.certify(t, h, 0, 0, 1, 2)
		c.Signatures = slices.Clone(c.Signatures)
		forge(&c)
		if err := c.Verify(chainID, n.set); !errors.Is(err, ErrUncertified) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := n.certify(t, h, 0, 0, 1, 2).Verify("another-chain", n.set); !errors.Is(err, ErrUncertified) {
		t.Errorf("another chain: %v", err)
	}
}

// A run is taken with one certificate; a run with anything out of place is not.
func TestAdvance(t *testing.T) {
	n := newNetwork(t, "run", 1, 1, 1, 1)
	trust := n.trust()
	trust.TimeMS = 1_000
	run := func(hs []block.Header) Run {
		return Run{Headers: hs, Certificate: n.certify(t, hs[len(hs)-1], 0, 0, 1, 2)}
	}
	next, err := trust.Advance(run(headers(trust, 5)))
	if err != nil || next.Height != 5 {
		t.Fatalf("height %d, %v", next.Height, err)
	}
	if next, err = next.Advance(run(headers(next, 1))); err != nil || next.Height != 6 {
		t.Fatalf("height %d, %v", next.Height, err)
	}
	for name, spoil := range map[string]func([]block.Header) []block.Header{
		"none":             func([]block.Header) []block.Header { return nil },
		"a gap":            func(hs []block.Header) []block.Header { return append(hs[:1:1], hs[2:]...) },
		"not from the tip": func(hs []block.Header) []block.Header { return hs[1:] },
		"another chain":    func(hs []block.Header) []block.Header { hs[0].ChainID = "x"; return hs },
		"another parent":   func(hs []block.Header) []block.Header { hs[0].ParentHash[0] ^= 1; return hs },
		"an older time":    func(hs []block.Header) []block.Header { hs[0].TimeMS = 999; return hs },
		"another set":      func(hs []block.Header) []block.Header { hs[0].OperatorsHash[0] ^= 1; return hs },
		"a change inside":  func(hs []block.Header) []block.Header { hs[0].NextOperatorsHash[0] ^= 1; return hs },
	} {
		hs := spoil(headers(trust, 3))
		var r Run
		if len(hs) > 0 {
			r = run(hs)
		}
		if after, err := trust.Advance(r); !errors.Is(err, ErrRun) || after.Height != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := run(headers(trust, 3))
	r.Headers = r.Headers[:2]
	if _, err := trust.Advance(r); !errors.Is(err, ErrUncertified) {
		t.Errorf("a certificate of a later header: %v", err)
	}
}

// The old set certifies the header that announces the new one; from then on only the new one's word counts.
func TestAdvanceOverAChangeOfOperators(t *testing.T) {
	old, fresh := newNetwork(t, "old", 1, 1, 1, 1), newNetwork(t, "fresh", 5, 1, 1)
	trust := old.trust()
	hs := headers(trust, 3)
	hs[2].NextOperatorsHash = fresh.set.Hash()
	change := Run{Headers: hs, Certificate: old.certify(t, hs[2], 0, 0, 1, 2), Next: fresh.set.Operators()}
	for name, ops := range map[string][]Operator{"not opened": nil, "another set": old.set.Operators()} {
		bad := change
		bad.Next = ops
		if _, err := trust.Advance(bad); !errors.Is(err, ErrRun) {
			t.Errorf("%s: %v", name, err)
		}
	}
	next, err := trust.Advance(change)
	if err != nil {
		t.Fatal(err)
	}
	after := headers(next, 1)
	if _, err := next.Advance(Run{Headers: after, Certificate: old.certify(t, after[0], 0, 0, 1, 2)}); !errors.Is(err, ErrUncertified) {
		t.Errorf("the old set still certifies: %v", err)
	}
	if _, err := next.Advance(Run{Headers: after, Certificate: fresh.certify(t, after[0], 0, 0, 1)}); err != nil {
		t.Errorf("the new set does not certify: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	n := newNetwork(f, "fuzz", 1, 1, 1, 1)
	f.Add(n.certify(f, headers(n.trust(), 1)[0], 0, 0, 1, 3).Encode())
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := Decode(raw)
		if err != nil {
			return
		}
		if !bytes.Equal(c.Encode(), raw) {
			t.Fatal("two encodings of one certificate")
		}
		_ = c.Verify(chainID, n.set) // must not panic
	})
}
