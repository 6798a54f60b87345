package contracts

import (
	"bytes"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// An honest committer: header after header, with gaps, in round 0 and 1, over two changes of the set.
func TestCertifiedHeadersAreRecorded(t *testing.T) {
	c := newL1(t, newNetwork(t, "first", 10, 10, 10, 10))
	if tip := c.tip(); tip.Height != 0 || tip.HeaderHash != genesisHash() || tip.OperatorsHash != c.trust.Set.Hash() || tip.TimeMS != genesisTime {
		t.Fatalf("the tip at genesis is %+v", tip)
	}
	run := headers(t, c.trust, 9, "")
	s, receipt := c.submit(run)
	e := event(c, receipt, c.inbox.UnpackCertifiedEvent)
	if e.Height != 9 || e.HeaderHash != run[8].Hash() || !bytes.Equal(e.Batch, s.committed.Encode()) {
		t.Errorf("event %+v", e)
	}
	if got, err := DecodeCommitted(e.Batch); err != nil || got.Hash() != s.committed.Hash() {
		t.Errorf("committed: %+v, %v", got, err)
	}
	tip := c.tip()
	if tip.Height != 9 || tip.HeaderHash != c.trust.Hash || tip.TimeMS != c.trust.TimeMS {
		t.Errorf("the tip is %+v", tip)
	}
	if out, err := c.call(c.inbox.PackRecords(9)); err != nil || common.Hash(out) != Record(run[8].Hash(), s.committed.Hash()) {
		t.Errorf("record %x, %v", out, err)
	}

	// Another round, another quorum.
	one := headers(t, c.trust, 1, "")
	c.do(c.pack(c.submission(one, c.network.certify(t, one[0].Header, 1, 0, 2, 3), nil)))
	c.advance(one, nil)

	// Operators change, and their number; then one stronger than all others takes over.
	for _, next := range []network{equals(t, "second", 13), newNetwork(t, "third", 1<<40, 127, 128, 1)} {
		change := headers(t, c.trust, 3, "")
		change[2].NextOperatorsHash = next.set.Hash()
		s := c.submission(change, c.network.certify(t, change[2].Header, 0, c.network.quorum()...), &next.set)
		c.mustRefuse("a change that is not opened", "WrongOperators", c.pack(submission{s.header, s.certificate, s.operators, nil, s.committed}))
		c.mustRefuse("a change to others", "WrongOperators", c.pack(submission{s.header, s.certificate, s.operators, s.operators, s.committed}))
		changed := event(c, c.do(c.pack(s)), c.inbox.UnpackOperatorsChangedEvent)
		if changed.OperatorsHash != next.set.Hash() || !bytes.Equal(changed.Operators, EncodeSet(next.set)) {
			t.Errorf("event %+v", changed)
		}
		old := c.network
		c.advance(change, &next)
		after := headers(t, c.trust, 2, "")
		byOld := c.submission(after, old.certify(t, after[1].Header, 0, old.quorum()...), nil)
		if name := c.refused(c.pack(byOld)); name == "" {
			t.Error("the old set still certifies")
		}
		c.submit(after)
	}
	if got := c.tip(); got.Height != c.trust.Height || got.HeaderHash != c.trust.Hash || got.OperatorsHash != c.trust.Set.Hash() {
		t.Errorf("the tip is %+v, Go trusts height %d", got, c.trust.Height)
	}
}

// Each adversary brings something that is almost right, and is refused by its name.
func TestAdversaries(t *testing.T) {
	c := newL1(t, newNetwork(t, "first", 10, 10, 10, 10))
	c.submit(headers(t, c.trust, 5, ""))
	others := equals(t, "strangers", 4)
	run := headers(t, c.trust, 4, "")
	h := run[3].Header
	honest := c.network.certify(t, h, 0, 0, 1, 2)
	good := c.submission(run, honest, nil)
	if name := c.refused(c.pack(good)); name != "" {
		t.Fatalf("the honest one is refused: %s", name)
	}
	half := new(big.Int).Rsh(crypto.S256().Params().N, 1)
	for _, a := range []struct {
		who, want string
		spoil     func(*submission, *cert.Certificate)
	}{
		{"forger", "BadSignature", func(_ *submission, k *cert.Certificate) { k.Signatures = others.certify(t, h, 0, 0, 1, 2).Signatures }},
		{"short", "NoQuorum", func(_ *submission, k *cert.Certificate) { *k = c.network.certify(t, h, 0, 1, 3) }},
		{"nobody", "NoQuorum", func(_ *submission, k *cert.Certificate) { *k = c.network.certify(t, h, 0) }},
		{"mixer of rounds", "BadSignature", func(_ *submission, k *cert.Certificate) {
			k.Signatures[2] = c.network.certify(t, h, 1, 2).Signatures[0]
		}},
		{"liar about the round", "BadSignature", func(_ *submission, k *cert.Certificate) { k.Round = 1 }},
		{"malleable S", "BadSignature", func(_ *submission, k *cert.Certificate) {
			s := new(big.Int).SetBytes(k.Signatures[1][32:64])
			s.Sub(crypto.S256().Params().N, s)
			if s.Cmp(half) <= 0 {
				t.Fatal("S was high")
			}
			s.FillBytes(k.Signatures[1][32:64])
			k.Signatures[1][64] ^= 1
		}},
		{"wrong V", "BadSignature", func(_ *submission, k *cert.Certificate) { k.Signatures[0][64] += 27 }},
		{"other V", "BadSignature", func(_ *submission, k *cert.Certificate) { k.Signatures[0][64] ^= 1 }},
		{"no R", "BadSignature", func(_ *submission, k *cert.Certificate) { clear(k.Signatures[0][:32]) }},
		{"one, twice", "BadSignature", func(_ *submission, k *cert.Certificate) { k.Signatures[1] = k.Signatures[0] }},
		{"other order", "BadSignature", func(_ *submission, k *cert.Certificate) { slices.Reverse(k.Signatures) }},
		{"a bit too many", "BadSignature", func(_ *submission, k *cert.Certificate) { k.Bitmap[0] |= 0x10 }},
		{"a bit beyond the set", "MalformedBitmap", func(_ *submission, k *cert.Certificate) { k.Bitmap[0] |= 1 }},
		{"long bitmap", "MalformedBitmap", func(_ *submission, k *cert.Certificate) { k.Bitmap = append(k.Bitmap, 0) }},
		{"no bitmap", "MalformedBitmap", func(_ *submission, k *cert.Certificate) { k.Bitmap = nil }},
		{"surplus signature", "MalformedCertificate", func(_ *submission, k *cert.Certificate) { k.Signatures = append(k.Signatures, k.Signatures[0]) }},
		{"another height", "OtherHeader", func(_ *submission, k *cert.Certificate) { k.Height++ }},
		{"another header", "OtherHeader", func(_ *submission, k *cert.Certificate) { k.HeaderHash[0] ^= 1 }},
		{"another set", "WrongOperators", func(s *submission, _ *cert.Certificate) { s.operators = EncodeSet(others.set) }},
		{"opener of what is not announced", "UnexpectedOperators", func(s *submission, _ *cert.Certificate) { s.next = s.operators }},
		{"late", "WrongRange", func(s *submission, _ *cert.Certificate) { s.committed.First = 5 }},
		{"leaver of a gap", "WrongRange", func(s *submission, _ *cert.Certificate) { s.committed.First = 7 }},
		{"claimer of blobs", "BadPlaces", func(s *submission, _ *cert.Certificate) { s.committed.Kind, s.committed.Places = KindBlobs, nil }},
		{"one without places", "BadPlaces", func(s *submission, _ *cert.Certificate) { s.committed.Places = nil }},
		{"one with too many", "BadPlaces", func(s *submission, _ *cert.Certificate) { s.committed.Places = make([]Place, MaxPlaces+1) }},
		{"unknown kind", "BadPlaces", func(s *submission, _ *cert.Certificate) { s.committed.Kind, s.committed.Places = 4, nil }},
	} {
		s, k := good, honest
		k.Signatures, k.Bitmap = slices.Clone(k.Signatures), bytes.Clone(k.Bitmap)
		s.certificate = nil
		a.spoil(&s, &k)
		s.certificate = k.Encode()
		c.mustRefuse(a.who, a.want, c.pack(s))
	}
}

// Whole headers that a quorum signed, and that have no business here.
func TestHeadersOutOfPlace(t *testing.T) {
	c := newL1(t, newNetwork(t, "first", 10, 10, 10, 10))
	first := headers(t, c.trust, 5, "")
	s, _ := c.submit(first)
	c.mustRefuse("the same again", "Stale", c.pack(s))
	c.mustRefuse("an older one", "Stale", c.pack(c.submission(first[:3], c.network.certify(t, first[2].Header, 0, 0, 1, 2), nil)))
	for _, a := range []struct {
		who, want string
		spoil     func(*made)
	}{
		{"replayed from another chain", "WrongChain", func(m *made) { m.ChainID = "lockstep-tesu" }},
		{"of a chain with a longer name", "WrongChain", func(m *made) { m.ChainID += "x" }},
		{"of a chain with a shorter name", "WrongChain", func(m *made) { m.ChainID = m.ChainID[:5] }},
		{"forked off the tip", "WrongParent", func(m *made) { m.ParentHash[3] ^= 1 }},
		{"older than the tip", "OlderThanTip", func(m *made) { m.TimeMS = c.trust.TimeMS - 1 }},
		{"of another set", "WrongOperators", func(m *made) { m.OperatorsHash[0] ^= 1 }},
	} {
		run := headers(t, c.trust, 1, "")
		a.spoil(&run[0])
		bad := c.submission(run, c.network.certify(t, run[0].Header, 0, 0, 1, 2), nil)
		c.mustRefuse(a.who, a.want, c.pack(bad))
		if goTakes(c.trust, bad) == nil {
			t.Errorf("%s: Go takes it", a.who)
		}
	}
	if got := c.tip(); got.Height != 5 {
		t.Errorf("the tip moved to %d", got.Height)
	}
}

// Every prefix of what is RLP, and every byte changed, is refused by both verifiers.
func TestTruncatedAtEachByte(t *testing.T) {
	c := newL1(t, newNetwork(t, "first", 10, 10, 10, 10))
	next := equals(t, "next", 3)
	run := headers(t, c.trust, 2, "")
	run[1].NextOperatorsHash = next.set.Hash()
	good := c.submission(run, c.network.certify(t, run[1].Header, 1, 0, 2, 3), &next.set)
	if name := c.refused(c.pack(good)); name != "" {
		t.Fatalf("the whole one is refused: %s", name)
	}
	for part, field := range map[string]func(*submission) *[]byte{
		"header":      func(s *submission) *[]byte { return &s.header },
		"certificate": func(s *submission) *[]byte { return &s.certificate },
		"operators":   func(s *submission) *[]byte { return &s.operators },
		"next":        func(s *submission) *[]byte { return &s.next },
	} {
		whole := *field(&good)
		for i := range whole {
			for what, bad := range map[string][]byte{
				"cut":     whole[:i],
				"changed": append(append(bytes.Clone(whole[:i]), whole[i]^1), whole[i+1:]...),
				"longer":  append(append(bytes.Clone(whole[:i]), 0x80), whole[i:]...),
			} {
				s := good
				*field(&s) = bad
				if c.refused(c.pack(s)) == "" {
					t.Errorf("%s %s at byte %d is taken", part, what, i)
				}
				if goTakes(c.trust, s) == nil {
					t.Errorf("%s %s at byte %d: Go takes it", part, what, i)
				}
			}
		}
	}
}

// The chain id stands in headers and digests in its one form, whatever its length.
func TestChainIdsOfAllLengths(t *testing.T) {
	for _, size := range []int{1, 2, 31, 32, 33, 49, 50} {
		n := equals(t, "chain", 4)
		n.chain = strings.Repeat("0123456789", 5)[:size]
		c := newL1(t, n)
		c.submit(headers(t, c.trust, 2, ""))
		for i := range size {
			run := headers(t, c.trust, 1, "")
			id := []byte(n.chain)
			id[i] ^= 1
			run[0].ChainID = string(id)
			c.mustRefuse(run[0].ChainID, "WrongChain", c.pack(c.submission(run, n.certify(t, run[0].Header, 0, 0, 1, 2), nil)))
		}
	}
}
