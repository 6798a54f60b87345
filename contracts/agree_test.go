package contracts

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// agreeing are contracts of networks of several sizes, each with a header already.
func agreeing(t testing.TB) (chains []*l1) {
	t.Helper()
	for _, n := range []network{
		newNetwork(t, "one", 7), newNetwork(t, "four", 10, 10, 10, 10), newNetwork(t, "nine", 1<<40, 1<<39, 1<<39, 300, 256, 255, 128, 127, 1),
		equals(t, "sixteen", 16),
	} {
		c := newL1(t, n)
		c.submit(headers(t, c.trust, 3, ""))
		chains = append(chains, c)
	}
	return chains
}

// agree asks both verifiers about a random submission and returns the contract's verdict.
func agree(t *testing.T, chains []*l1, seed uint64, splice []byte) string {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 3))
	c := chains[random.IntN(len(chains))]
	c.t = t
	s := c.random(random, splice)
	goErr, name := goTakes(c.trust, s), c.refused(c.pack(s))
	if (goErr == nil) != (name == "") {
		t.Errorf("seed %d: Go says %v, the contract %q\n%x\n%x\n%x\n%x", seed, goErr, name, s.header, s.certificate, s.operators, s.next)
	}
	return name
}

// FuzzVerifiersAgree: whatever is submitted, the contract takes it exactly if Go's verifier does.
func FuzzVerifiersAgree(f *testing.F) {
	chains := agreeing(f)
	for seed := range uint64(20) {
		f.Add(seed, []byte{})
	}
	f.Add(uint64(1), []byte("\xf9\x01\x29\x01\x8dlockstep-test"))
	f.Fuzz(func(t *testing.T, seed uint64, splice []byte) { agree(t, chains, seed, splice) })
}

// The same over a thousand seeds, and that they reach every verdict that a submission can get.
func TestVerifiersAgreeOnEveryVerdict(t *testing.T) {
	chains := agreeing(t)
	verdicts := make(map[string]int)
	for seed := range uint64(1000) {
		verdicts[agree(t, chains, seed, nil)]++
	}
	t.Log(verdicts)
	if verdicts[""] < 100 {
		t.Errorf("only %d of 1000 were taken", verdicts[""])
	}
	for _, name := range []string{
		"MalformedHeader", "WrongChain", "Stale", "WrongParent", "OlderThanTip", "WrongOperators", "MalformedCertificate", "OtherHeader",
		"MalformedBitmap", "BadSignature", "NoQuorum", "MalformedSet",
	} {
		if verdicts[name] == 0 {
			t.Errorf("no submission was refused with %s", name)
		}
	}
}

// random is a submission with a few things wrong, or none.
func (c *l1) random(r *rand.Rand, splice []byte) submission {
	c.t.Helper()
	run := headers(c.t, c.trust, 1+r.IntN(3), fmt.Sprint(r.IntN(10)))
	last := &run[len(run)-1]
	s := submission{operators: EncodeSet(c.trust.Set)}
	if r.IntN(3) == 0 {
		s.next = randomSet(r)
		last.NextOperatorsHash = crypto.Keccak256Hash(s.next)
	}
	for range r.IntN(3) / 2 {
		spoilHeader(r, last)
	}
	n := len(c.network.keys)
	signers := c.network.quorum()
	if r.IntN(3) == 0 {
		signers = slices.Sorted(slices.Values(r.Perm(n)[:r.IntN(n+1)]))
	}
	round := uint32(0)
	if r.IntN(2) == 0 {
		round = r.Uint32() >> r.IntN(32)
	}
	k := c.network.certify(c.t, last.Header, round, signers...)
	for range r.IntN(3) / 2 {
		spoilCertificate(r, &k)
	}
	s.header, s.certificate = last.Encode(), k.Encode()
	for range r.IntN(3) / 2 {
		field := []*[]byte{&s.header, &s.certificate, &s.operators, &s.next}[r.IntN(4)]
		spoilBytes(r, field, splice)
	}
	s.committed = Committed{First: c.trust.Height + 1, Root: common.Hash{1}, Kind: KindNone}
	return s
}

// randomSet is an encoded set, most often a good one.
func randomSet(r *rand.Rand) []byte {
	var ops []cert.Operator
	for i := range 1 + r.IntN(20) {
		ops = append(ops, cert.Operator{Address: common.Address{byte(r.IntN(256)), byte(i)}, Power: 1 + r.Uint64()>>(5+r.IntN(59))})
	}
	set, err := cert.NewSet(ops)
	if err == nil {
		ops = slices.Clone(set.Operators())
	}
	switch i := r.IntN(len(ops)); r.IntN(12) {
	case 0:
		ops[i].Power = 0
	case 1:
		ops[i].Address = ops[0].Address
	case 2:
		ops[0], ops[i] = ops[i], ops[0]
	case 3:
		ops[0].Power = cert.MaxPower + 1
	case 4:
		ops = nil
	case 5:
		ops = nil
		for i := range 257 {
			ops = append(ops, cert.Operator{Address: common.Address{byte(i >> 8), byte(i)}, Power: 1})
		}
		ops = ops[:256+r.IntN(2)]
	}
	raw, err := rlp.EncodeToBytes(ops)
	if err != nil {
		panic(err)
	}
	return raw
}

func spoilHeader(r *rand.Rand, m *made) {
	switch r.IntN(8) {
	case 0:
		m.ChainID = []string{"x", "", "lockstep-tesT", "\x80", testChain + "1", string(bytes.Repeat([]byte("a"), 50))}[r.IntN(6)]
	case 1:
		m.Height += r.Uint64N(5) - 2
	case 2:
		m.Height = r.Uint64() >> r.IntN(64)
	case 3:
		m.TimeMS = r.Uint64() >> r.IntN(64)
	case 4:
		m.ParentHash[r.IntN(32)] ^= 1
	case 5:
		m.OperatorsHash[r.IntN(32)] ^= 1
	case 6:
		m.NextOperatorsHash[r.IntN(32)] ^= 1
	case 7:
		m.DAHead, m.PublishedHeight = r.Uint64()>>r.IntN(64), r.Uint64()>>r.IntN(64)
	}
}

func spoilCertificate(r *rand.Rand, k *cert.Certificate) {
	bit := byte(1) << r.IntN(8)
	switch r.IntN(7) {
	case 0:
		k.Height ^= uint64(bit)
	case 1:
		k.Round ^= uint32(bit)
	case 2:
		k.HeaderHash[r.IntN(32)] ^= bit
	case 3:
		k.Bitmap[r.IntN(len(k.Bitmap))] ^= bit
	case 4:
		k.Bitmap = append(k.Bitmap, 0)
	case 5:
		if n := len(k.Signatures); n > 0 {
			k.Signatures[r.IntN(n)][r.IntN(65)] ^= bit
		}
	case 6:
		if n := len(k.Signatures); n > 0 {
			k.Signatures = append(k.Signatures, k.Signatures[r.IntN(n)])
		}
	}
}

func spoilBytes(r *rand.Rand, field *[]byte, splice []byte) {
	b := bytes.Clone(*field)
	i := r.IntN(len(b) + 1)
	switch r.IntN(5) {
	case 0:
		b = b[:i]
	case 1:
		b = append(b[:i:i], append([]byte{byte(r.Uint32())}, b[i:]...)...)
	case 2:
		if i < len(b) {
			b[i] = byte(r.Uint32())
		}
	case 3:
		if i < len(b) {
			b = append(b[:i:i], b[i+1:]...)
		}
	case 4:
		copy(b[i:], splice)
	}
	*field = b
}
