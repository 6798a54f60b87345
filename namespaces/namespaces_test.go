package namespaces

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/celestiaorg/go-square/v3/share"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/internal/golden"
)

func TestNamespaceText(t *testing.T) {
	n, err := Parse("0xaa01")
	if err != nil || n != (Namespace{8: 0xaa, 9: 1}) {
		t.Fatalf("%s, %v", n, err)
	}
	var m Namespace
	if err := m.UnmarshalText([]byte(n.String())); err != nil || m != n {
		t.Fatalf("%s does not survive its text: %v", n, err)
	}
	if id := n.Share().ID(); Namespace(id[len(id)-Size:]) != n || n.Share().Version() != share.NamespaceVersionZero {
		t.Fatalf("%s is %s on Celestia", n, n.Share())
	}
	for _, bad := range []string{"", "0x", "0xzz", "0x0102030405060708090a0b", "one"} {
		if _, err := Parse(bad); err == nil {
			t.Errorf("%q is taken for a namespace", bad)
		}
	}
}

// People may leave out zeros; programs write all digits, or have made a mistake.
func TestNamespaceInDocumentsIsWhole(t *testing.T) {
	whole := Namespace{8: 0xaa, 9: 1}
	for text, ok := range map[string]bool{
		whole.String(): true, "0x0000000000000000AA01": true,
		"0xaa01": false, "0xaa": false, "": false, "0x": false, whole.String()[2:]: false, whole.String() + "00": false, "0x00000000000000000zz1": false,
	} {
		var n Namespace
		if err := n.UnmarshalText([]byte(text)); (err == nil) != ok || ok && n != whole {
			t.Errorf("%q: %s, %v", text, n, err)
		}
	}
}

func TestReservedNamespaces(t *testing.T) {
	for name, n := range map[string]Namespace{
		"ledger": Ledger(), "headers": Headers(), "zero": {}, "Celestia's transactions": {9: 1}, "Celestia's last reserved": {9: 0xff},
	} {
		if err := n.ValidateForRollup(); !errors.Is(err, ErrReserved) {
			t.Errorf("%s can be registered: %v", name, err)
		}
	}
	if err := (Namespace{8: 1}).ValidateForRollup(); err != nil {
		t.Errorf("an ordinary namespace cannot be registered: %v", err)
	}
}

func values(n int) []common.Hash {
	out := make([]common.Hash, n)
	for i := range out {
		out[i] = crypto.Keccak256Hash(binary.BigEndian.AppendUint64(nil, uint64(i)))
	}
	slices.SortFunc(out, common.Hash.Cmp)
	return out
}

func TestGoldenTree(t *testing.T) {
	roots := make(map[int]common.Hash)
	for _, n := range []int{0, 1, 2, 3, 4, 5, 7, 8, 100} {
		tree, err := NewTree(values(n))
		if err != nil {
			t.Fatal(err)
		}
		roots[n] = tree.Root()
	}
	golden.Check(t, "tree", map[string]any{"value i": "keccak256(i as 8 bytes, big endian)", "root by count": roots})
}

// Each value of a tree is proven present, each other one absent, and no proof serves for anything else.
func TestTreeProofs(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 6, 8, 33} {
		all := values(n + 8)
		var in []common.Hash
		for i, v := range all { // n of them, spread: gaps before, between and behind
			if i%2 == 1 && len(in) < n || len(all)-i <= n-len(in) {
				in = append(in, v)
			}
		}
		tree, err := NewTree(in)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range all {
			proof, present := tree.Prove(v)
			if present != slices.Contains(in, v) {
				t.Fatalf("%d values: wrong answer on %s", n, v)
			}
			if got, err := proof.Verify(tree.Root(), v); err != nil || got != present {
				t.Fatalf("%d values: %v, %v; want %v", n, got, err, present)
			}
			for _, other := range all {
				if got, err := proof.Verify(tree.Root(), other); err == nil && got != slices.Contains(in, other) {
					t.Fatalf("%d values: the proof of %s misleads on %s", n, v, other)
				}
			}
			if _, err := proof.Verify(common.Hash{1}, v); !errors.Is(err, ErrProof) {
				t.Fatalf("a foreign root is taken: %v", err)
			}
		}
	}
}

// A proof with anything changed proves nothing else: seeded tampering.
func TestTreeProofTampering(t *testing.T) {
	seed := uint64(20_261_122)
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	in := values(50)
	tree, err := NewTree(in)
	if err != nil {
		t.Fatal(err)
	}
	stranger := crypto.Keccak256Hash([]byte("stranger"))
	for range 2_000 {
		v := in[rng.IntN(len(in))]
		proof, _ := tree.Prove(v)
		p := &proof.Paths[0]
		p.Siblings = slices.Clone(p.Siblings)
		switch rng.IntN(5) {
		case 0:
			p.Siblings[rng.IntN(len(p.Siblings))][rng.IntN(32)] ^= 1
		case 1:
			p.Value = stranger
		case 2:
			p.Index ^= 1 << rng.IntN(63)
		case 3:
			proof.Count++
		case 4:
			p.Siblings = p.Siblings[1:]
		}
		if got, err := proof.Verify(tree.Root(), p.Value); err == nil && got {
			t.Fatalf("a changed proof is taken: %+v", proof)
		}
	}
	if _, err := NewTree([]common.Hash{{2}, {1}}); err == nil {
		t.Error("descending values make a tree")
	}
	if _, err := NewTree([]common.Hash{{1}, {1}}); err == nil {
		t.Error("a value stands twice in a tree")
	}
}

func FuzzUnmarshalText(f *testing.F) {
	f.Add("0xaa01")
	f.Fuzz(func(t *testing.T, text string) {
		var n, m Namespace
		if n.UnmarshalText([]byte(text)) != nil {
			return
		}
		if err := m.UnmarshalText([]byte(n.String())); err != nil || m != n {
			t.Fatalf("%q does not survive its text: %v", text, err)
		}
	})
}
