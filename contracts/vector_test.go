package contracts

import (
	"bytes"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/lockstep-network/lockstep/internal/golden"
	"github.com/lockstep-network/lockstep/namespaces"
)

// step is a submission in the vectors.
type step struct {
	Header      hexutil.Bytes `json:"header"`
	Certificate hexutil.Bytes `json:"certificate"`
	Operators   hexutil.Bytes `json:"operators"`
	Next        hexutil.Bytes `json:"next"`
	Batch       hexutil.Bytes `json:"batch"`
	BatchHash   common.Hash   `json:"batchHash"`
	HeaderHash  common.Hash   `json:"headerHash"`
	Record      common.Hash   `json:"record"`
	Calldata    hexutil.Bytes `json:"calldata"`
}

// TestVectorL1 writes what a committer encodes, as specs/vectors/l1.json, and runs the contract over it: two runs, the second of which changes
// the operators; the path of a header under the root; a transaction and a lane below it; the inbox.
func TestVectorL1(t *testing.T) {
	c := newL1(t, newNetwork(t, "golden", 10, 10, 10, 10))
	next := newNetwork(t, "golden next", 300, 20, 1)
	var steps []step
	take := func(run []made, s submission) {
		t.Helper()
		calldata := c.pack(s)
		c.do(calldata)
		steps = append(steps, step{
			s.header, s.certificate, s.operators, s.next, s.committed.Encode(), s.committed.Hash(), s.committed.HeaderHash,
			Record(s.committed.HeaderHash, s.committed.Hash()), calldata,
		})
		if out, err := c.call(c.inbox.PackRecords(s.committed.Last)); err != nil || common.Hash(out) != steps[len(steps)-1].Record {
			t.Errorf("record of height %d: %x, %v", s.committed.Last, out, err)
		}
	}
	one := headers(t, c.trust, 1, "")
	s := c.submission(one, c.network.certify(t, one[0].Header, 0, 0, 1, 2), nil)
	s.committed.Kind, s.committed.Places = KindNone, nil
	take(one, s)
	c.advance(one, nil)

	run := headers(t, c.trust, 6, "")
	run[5].NextOperatorsHash = next.set.Hash()
	s = c.submission(run, c.network.certify(t, run[5].Header, 1, 0, 2, 3), &next.set)
	take(run, s)
	c.advance(run, &next)

	c.do(c.inbox.PackSettle(encodings(run), s.committed.Hash()))
	const at = 3
	shown := ShowByRoot(run[at].Encode(), 7, hashes(run), at)
	ns := name(20)
	tree, err := namespaces.NewTree(run[at-1].ids)
	if err != nil {
		t.Fatal(err)
	}
	membership, _ := tree.Prove(run[at-1].ids[2])
	shownTx := ShowByRoot(run[at-1].Encode(), 7, hashes(run), at-1)
	if ok, err := c.present(shownTx, run[at-1].ids[2], membership); !ok || err != nil {
		t.Errorf("the transaction of the vector: %t, %v", ok, err)
	}
	laneProof, err := run[at].table.Prove(ns)
	if err != nil {
		t.Fatal(err)
	}
	leaf, _ := run[at].table.Leaf(ns)
	c.do(c.inbox.PackVerifyLane(shown, ns, new256(uint64(leaf.Length)), leaf.Commitment, LaneProofOf(laneProof)))
	sender := common.Address{0xaa}
	golden.Check(t, "l1", map[string]any{
		"chain id": testChain, "genesis hash": genesisHash(), "genesis time": uint64(genesisTime), "first operators hash": equalsHash(t),
		"submissions":               steps,
		"headers of the second run": hexBytes(encodings(run)), "root of the second run": HeadersRoot(hashes(run)),
		"path of its fourth header": namespaces.NewList(hashes(run)).Path(at),
		"a lane of its fourth header": map[string]any{
			"namespace": ns, "length": leaf.Length, "commitment": leaf.Commitment, "nodes": hexutil.Bytes(bytes.Join(laneProof.Nodes, nil)),
			"start": laneProof.Start, "end": laneProof.End,
		},
		"a transaction of its third header": map[string]any{"id": run[at-1].ids[2], "membership": membership},
		"batches": map[string]hexutil.Bytes{
			"blobs":    Committed{2, 9, common.Hash{1}, common.Hash{2}, KindBlobs, []Place{{0, common.Hash{1, 3}}, {0, common.Hash{1, 4}}}}.Encode(),
			"ethereum": Committed{2, 9, common.Hash{1}, common.Hash{2}, KindEthereum, []Place{{5, common.Hash{1, 3}}, {6, common.Hash{1, 4}}}}.Encode(),
		},
		"inbox": map[string]any{
			"namespace": ns, "sender": sender, "block": 7, "data": hexutil.Bytes("a way out"),
			"hash after the first":  QueueHash(common.Hash{}, ns, 0, 7, sender, []byte("a way out")),
			"hash after the second": QueueHash(QueueHash(common.Hash{}, ns, 0, 7, sender, []byte("a way out")), ns, 1, 7, sender, []byte("a way out")),
		},
	})
}

func equalsHash(t *testing.T) common.Hash { return newNetwork(t, "golden", 10, 10, 10, 10).set.Hash() }

func hexBytes(in [][]byte) (out []hexutil.Bytes) {
	for _, b := range in {
		out = append(out, b)
	}
	return out
}

// FuzzDecodeCommitted: what decodes encodes to the same bytes.
func FuzzDecodeCommitted(f *testing.F) {
	for _, c := range []Committed{
		{First: 1, Last: 1},
		{First: 2, Last: 9, Kind: KindBlobs, Places: []Place{{0, common.Hash{1}}}},
		{First: 2, Last: 9, Kind: KindCelestia, Places: []Place{{1, common.Hash{1}}, {1 << 60, common.Hash{2}}}},
		{First: 3, Last: 2},
		{First: 2, Last: 9, Kind: KindEthereum},
		{First: 2, Last: 9, Kind: 4},
	} {
		f.Add(c.Encode())
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := DecodeCommitted(raw)
		if err == nil && !bytes.Equal(c.Encode(), raw) {
			t.Fatalf("%x is %+v, which is %x", raw, c, c.Encode())
		}
	})
}

// Every prefix of an encoded batch is refused.
func TestDecodeCommittedTruncated(t *testing.T) {
	whole := Committed{2, 9, common.Hash{1}, common.Hash{2}, KindCelestia, []Place{{5, common.Hash{3}}}}.Encode()
	for i := range whole {
		if _, err := DecodeCommitted(whole[:i]); err == nil {
			t.Errorf("%d bytes decode", i)
		}
	}
}
