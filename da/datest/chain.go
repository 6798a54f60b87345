package datest

import (
	"crypto/ecdsa"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/lane"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// ChainID is the network of every test chain.
const ChainID = "lockstep-test"

// Block is a shared block of a test chain with all that belongs to it.
type Block struct {
	Header block.Header
	Lanes  []block.Lane
	Leaves []lane.Leaf
	Next   []cert.Operator // the operators that follow, if the header changes them
}

// Chain is a test chain of certified blocks, the same for the same calls. Height h is Blocks[h-1].
type Chain struct {
	Genesis cert.Trust
	Blocks  []Block

	sets []cert.Set // that certifies Blocks[i]
	next cert.Set
	keys map[common.Address]*ecdsa.PrivateKey
}

// NewChain returns a chain without blocks, with n operators of equal power.
func NewChain(tb testing.TB, n int) *Chain {
	tb.Helper()
	c := &Chain{keys: make(map[common.Address]*ecdsa.PrivateKey)}
	c.next = c.Operators(tb, "first", n)
	c.Genesis = cert.Trust{ChainID: ChainID, Hash: crypto.Keccak256Hash([]byte("genesis")), TimeMS: 1_000, Set: c.next}
	return c
}

// Operators makes a set whose keys the chain knows.
func (c *Chain) Operators(tb testing.TB, name string, n int) cert.Set {
	tb.Helper()
	ops := make([]cert.Operator, 0, n)
	for i := range n {
		key, err := crypto.ToECDSA(crypto.Keccak256(fmt.Appendf(nil, "%s operator %d", name, i)))
		if err != nil {
			tb.Fatal(err)
		}
		a := crypto.PubkeyToAddress(key.PublicKey)
		c.keys[a] = key
		ops = append(ops, cert.Operator{Address: a, Power: 10})
	}
	set, err := cert.NewSet(ops)
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

// Fork returns a chain that shares the first n blocks with c and then goes its own way.
func (c *Chain) Fork(n int) *Chain {
	f := &Chain{Genesis: c.Genesis, keys: c.keys, next: c.Genesis.Set}
	f.Blocks = append(f.Blocks, c.Blocks[:n]...)
	f.sets = append(f.sets, c.sets[:n]...)
	if n < len(c.sets) {
		f.next = c.sets[n]
	} else {
		f.next = c.next
	}
	return f
}

// Add appends a block with these lanes, which must ascend by namespace.
func (c *Chain) Add(tb testing.TB, lanes ...block.Lane) *Block { return c.add(tb, c.next, lanes) }

// Change appends a block after which another set certifies.
func (c *Chain) Change(tb testing.TB, next cert.Set, lanes ...block.Lane) *Block {
	return c.add(tb, next, lanes)
}

func (c *Chain) add(tb testing.TB, next cert.Set, lanes []block.Lane) *Block {
	tb.Helper()
	b := Block{Lanes: lanes}
	for _, l := range lanes {
		leaf, err := lane.LeafOf(l.Namespace, l.Data)
		if err != nil {
			tb.Fatal(err)
		}
		b.Leaves = append(b.Leaves, leaf)
	}
	table, err := lane.NewTable(b.Leaves)
	if err != nil {
		tb.Fatal(err)
	}
	parent, height := c.Genesis.Hash, uint64(len(c.Blocks)+1)
	if height > 1 {
		parent = c.Blocks[height-2].Header.Hash()
	}
	b.Header = block.Header{
		ChainID: ChainID, Height: height, TimeMS: 1_000 + 100*height, ParentHash: parent,
		Proposer: c.next.Operators()[0].Address, DataRoot: table.Root(),
		TxRoot:     crypto.Keccak256Hash(fmt.Appendf(nil, "txs %d", height)),
		LedgerRoot: crypto.Keccak256Hash(fmt.Appendf(nil, "ledger %d", height)), OperatorsHash: c.next.Hash(), NextOperatorsHash: next.Hash(),
	}
	if next.Hash() != c.next.Hash() {
		b.Next = next.Operators()
	}
	c.sets = append(c.sets, c.next)
	c.next = next
	c.Blocks = append(c.Blocks, b)
	return &c.Blocks[height-1]
}

// Grow adds n blocks. Most have lanes under some of the namespaces, of up to size bytes, drawn from rng.
func (c *Chain) Grow(tb testing.TB, rng *rand.Rand, n, size int, ns ...namespaces.Namespace) {
	tb.Helper()
	for range n {
		var lanes []block.Lane
		for _, one := range ns {
			if rng.IntN(3) > 0 {
				lanes = append(lanes, block.Lane{Namespace: one, Data: RandomLane(tb, rng, 1+rng.IntN(size))})
			}
		}
		c.Add(tb, lanes...)
	}
}

// RandomLane returns a lane's data with a few entries of about size bytes together.
func RandomLane(tb testing.TB, rng *rand.Rand, size int) []byte {
	tb.Helper()
	var entries []lane.Entry
	for position := uint32(0); ; position++ {
		n := min(size, 1+rng.IntN(1000))
		data := make([]byte, n)
		for i := range data {
			data[i] = byte(rng.UintN(256))
		}
		entries = append(entries, lane.Entry{Position: position, Data: data})
		if size -= n; size <= 0 {
			break
		}
	}
	raw, err := lane.Encode(entries)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// Certificate returns the certificate of a height by its set's first signers; by all for 0.
func (c *Chain) Certificate(tb testing.TB, height uint64, signers int) cert.Certificate {
	tb.Helper()
	return Sign(tb, c.keys, c.sets[height-1], c.Blocks[height-1].Header, signers)
}

// Sign certifies a header by the set's first signers, by all for 0, with fewer than a quorum too: then the certificate is a false one.
func Sign(tb testing.TB, keys map[common.Address]*ecdsa.PrivateKey, set cert.Set, h block.Header, signers int) cert.Certificate {
	tb.Helper()
	ops := set.Operators()
	if signers == 0 {
		signers = len(ops)
	}
	out := cert.Certificate{Height: h.Height, HeaderHash: h.Hash(), Bitmap: make([]byte, (len(ops)+7)/8)}
	digest := cert.ExtensionDigest(h.ChainID, h.Height, 0, h.Hash())
	for i, o := range ops[:signers] {
		sig, err := crypto.Sign(digest[:], keys[o.Address])
		if err != nil {
			tb.Fatal(err)
		}
		out.Bitmap[i/8] |= 0x80 >> (i % 8)
		out.Signatures = append(out.Signatures, tx.Signature(sig))
	}
	return out
}

// Keys are the operators' keys by address.
func (c *Chain) Keys() map[common.Address]*ecdsa.PrivateKey { return c.keys }

// TrustAt is what is trusted after a height.
func (c *Chain) TrustAt(height uint64) cert.Trust {
	if height == 0 {
		return c.Genesis
	}
	h := c.Blocks[height-1].Header
	t := cert.Trust{ChainID: ChainID, Height: height, Hash: h.Hash(), TimeMS: h.TimeMS, Set: c.next}
	if int(height) < len(c.sets) {
		t.Set = c.sets[height]
	}
	return t
}
