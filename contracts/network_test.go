package contracts

import (
	"crypto/ecdsa"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/lane"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

const (
	testChain   = "lockstep-test"
	genesisTime = 1_000_000
)

func genesisHash() common.Hash { return crypto.Keccak256Hash([]byte("the genesis")) }

// network is a set of operators with their keys, in the set's order.
type network struct {
	chain string
	keys  []*ecdsa.PrivateKey
	set   cert.Set
}

func newNetwork(t testing.TB, name string, powers ...uint64) network {
	t.Helper()
	keys := make(map[common.Address]*ecdsa.PrivateKey)
	var ops []cert.Operator
	for i, p := range powers {
		key, err := crypto.ToECDSA(crypto.Keccak256(fmt.Appendf(nil, "%s operator %d", name, i)))
		if err != nil {
			t.Fatal(err)
		}
		a := crypto.PubkeyToAddress(key.PublicKey)
		keys[a] = key
		ops = append(ops, cert.Operator{Address: a, Power: p})
	}
	set, err := cert.NewSet(ops)
	if err != nil {
		t.Fatal(err)
	}
	n := network{chain: testChain, set: set}
	for _, o := range set.Operators() {
		n.keys = append(n.keys, keys[o.Address])
	}
	return n
}

// equals is a network of n operators of one power.
func equals(t testing.TB, name string, n int) network {
	t.Helper()
	powers := make([]uint64, n)
	for i := range powers {
		powers[i] = 10
	}
	return newNetwork(t, name, powers...)
}

func (n network) sign(t testing.TB, i int, height uint64, round uint32, hash common.Hash) tx.Signature {
	t.Helper()
	digest := cert.ExtensionDigest(n.chain, height, round, hash)
	sig, err := crypto.Sign(digest[:], n.keys[i])
	if err != nil {
		t.Fatal(err)
	}
	return tx.Signature(sig)
}

// certify makes a certificate by the signers given, whatever their power.
func (n network) certify(t testing.TB, h block.Header, round uint32, signers ...int) cert.Certificate {
	t.Helper()
	c := cert.Certificate{Height: h.Height, Round: round, HeaderHash: h.Hash(), Bitmap: make([]byte, (len(n.keys)+7)/8)}
	for _, i := range signers {
		c.Bitmap[i/8] |= 0x80 >> (i % 8)
		c.Signatures = append(c.Signatures, n.sign(t, i, h.Height, round, h.Hash()))
	}
	return c
}

// quorum are the fewest operators, from the strongest down, that hold more than two thirds.
func (n network) quorum() (signers []int) {
	var power uint64
	for i, o := range n.set.Operators() {
		if n.set.Quorum(power) {
			break
		}
		power += o.Power
		signers = append(signers, i)
	}
	return signers
}

func (n network) trust() cert.Trust {
	return cert.Trust{ChainID: n.chain, Hash: genesisHash(), TimeMS: genesisTime, Set: n.set}
}

// made is a header with what it commits to.
type made struct {
	block.Header
	table lane.Table
	ids   []common.Hash
	lanes map[namespaces.Namespace][]byte
}

// headers builds a chain on the trust; block h has h%7 lanes and h%5 transactions; salt makes another chain of it.
func headers(t testing.TB, on cert.Trust, count int, salt string) []made {
	t.Helper()
	out := make([]made, count)
	parent, height, ms := on.Hash, on.Height, on.TimeMS
	for i := range out {
		height, ms = height+1, ms+250
		out[i] = contents(t, height, salt)
		out[i].Header.ChainID, out[i].Header.Height, out[i].Header.TimeMS, out[i].Header.ParentHash = on.ChainID, height, ms, parent
		out[i].Header.LedgerRoot = crypto.Keccak256Hash([]byte(salt), parent[:])
		out[i].Header.OperatorsHash, out[i].Header.NextOperatorsHash = on.Set.Hash(), on.Set.Hash()
		out[i].Header.PublishedHeight = height / 2
		parent = out[i].Hash()
	}
	return out
}

func contents(t testing.TB, height uint64, salt string) made {
	t.Helper()
	m := made{lanes: make(map[namespaces.Namespace][]byte)}
	var leaves []lane.Leaf
	for i := range height % 7 {
		ns := name(10 * (i + 1))
		m.lanes[ns] = fmt.Appendf(nil, "lane %d of height %d %s", i, height, salt)
		leaf, err := lane.LeafOf(ns, m.lanes[ns])
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, leaf)
	}
	for i := range height % 5 {
		var id common.Hash
		binary.BigEndian.PutUint64(id[:], i+1)
		binary.BigEndian.PutUint64(id[8:], height)
		m.ids = append(m.ids, id)
	}
	var err error
	if m.table, err = lane.NewTable(leaves); err != nil {
		t.Fatal(err)
	}
	tree, err := namespaces.NewTree(m.ids)
	if err != nil {
		t.Fatal(err)
	}
	m.Header.DataRoot, m.Header.TxRoot = m.table.Root(), tree.Root()
	return m
}

// name is a rollup's namespace.
func name(i uint64) (ns namespaces.Namespace) {
	ns[0] = 1
	binary.BigEndian.PutUint64(ns[2:], i)
	return ns
}

func encodings(ms []made) (raw [][]byte) {
	for _, m := range ms {
		raw = append(raw, m.Encode())
	}
	return raw
}

func hashes(ms []made) (out []common.Hash) {
	for _, m := range ms {
		out = append(out, m.Hash())
	}
	return out
}
