package contracts

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/crypto/kzg4844"

	"github.com/lockstep-network/lockstep/namespaces"
)

const gasFile = "gas.txt"

// gasRun is how many headers a measured run has: what some seconds bring.
const gasRun = 24

// TestGoldenGas measures whole transactions, calldata and the base fee of 21,000 gas included, and compares with gas.txt.
func TestGoldenGas(t *testing.T) {
	if testing.Short() {
		t.Skip("blobs take seconds")
	}
	sizes, blob := []int{4, 16, 64}, emptyBlob(t)
	var names []string
	used := make(map[string][]uint64)
	for _, n := range sizes {
		measureGas(t, n, blob, func(name string, receipt *types.Receipt) {
			if _, known := used[name]; !known {
				names = append(names, name)
			}
			used[name] = append(used[name], receipt.GasUsed)
		})
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "%-58s", "gas of a whole transaction, by number of operators")
	for _, n := range sizes {
		fmt.Fprintf(&text, "%12d", n)
	}
	for _, name := range names {
		fmt.Fprintf(&text, "\n%-58s", name)
		for _, gas := range used[name] {
			fmt.Fprintf(&text, "%12d", gas)
		}
	}
	fmt.Fprintln(&text)
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		if err := os.WriteFile(gasFile, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(gasFile)
	if err != nil {
		t.Fatal(err)
	}
	if text.String() != string(want) {
		t.Errorf("%s has changed: if that is meant, run with -update\nhave\n%s\nwant\n%s", gasFile, text.String(), want)
	}
}

func measureGas(t *testing.T, operators int, blob sidecarOf, note func(string, *types.Receipt)) {
	t.Helper()
	c := newL1(t, equals(t, "gas", operators))
	note("deploy", c.deployed)
	commit := func(kind Kind, next *network, sidecar *types.BlobTxSidecar) ([]made, submission, *types.Receipt) {
		t.Helper()
		run := headers(t, c.trust, gasRun, "")
		last := &run[gasRun-1]
		s := submission{}
		k := c.network.quorum()
		if next != nil {
			last.NextOperatorsHash = next.set.Hash()
			s = c.submission(run, c.network.certify(t, last.Header, 0, k...), &next.set)
		} else {
			s = c.submission(run, c.network.certify(t, last.Header, 0, k...), nil)
		}
		if s.committed.Kind = kind; kind != KindCelestia {
			s.committed.Places = nil
		}
		receipt := c.transact(&c.address, c.pack(s), sidecar)
		c.advance(run, next)
		return run, s, receipt
	}
	_, _, receipt := commit(KindNone, nil, nil)
	note("submit, the first, which opens the set", receipt)
	_, _, receipt = commit(KindNone, nil, nil)
	note("submit, no places", receipt)
	run, s, receipt := commit(KindCelestia, nil, nil)
	note("submit, one place on Celestia", receipt)
	_, _, receipt = commit(KindBlobs, nil, blob(1))
	note("submit with one blob", receipt)
	_, _, receipt = commit(KindBlobs, nil, blob(6))
	note("submit with six blobs", receipt)
	next := equals(t, "next", operators)
	_, _, receipt = commit(KindNone, &next, nil)
	note("submit, rotation to as many operators", receipt)

	m := run[gasRun-4]
	last := run[gasRun-1].Height
	links := ShowByLinks(encodings(run[gasRun-4:]), last, s.committed.Hash())
	tree, err := namespaces.NewTree(m.ids)
	if err != nil {
		t.Fatal(err)
	}
	membership, _ := tree.Prove(m.ids[0])
	note("verifyTx, recorded three headers above", c.do(c.inbox.PackVerifyTx(links, m.ids[0], MembershipOf(membership))))
	note(fmt.Sprintf("settle, %d headers", gasRun), c.do(c.inbox.PackSettle(encodings(run), s.committed.Hash())))
	path := ShowByRoot(m.Encode(), last, hashes(run), gasRun-4)
	note("verifyTx, settled", c.do(c.inbox.PackVerifyTx(path, m.ids[0], MembershipOf(membership))))
	ns := name(10)
	leaf, _ := m.table.Leaf(ns)
	proof, err := m.table.Prove(ns)
	if err != nil {
		t.Fatal(err)
	}
	note("verifyLane, settled",
		c.do(c.inbox.PackVerifyLane(path, ns, new256(uint64(leaf.Length)), leaf.Commitment, LaneProofOf(proof))))
	note("enqueue, 200 bytes, the first of a namespace", c.do(c.inbox.PackEnqueue(name(1), noise(200))))
	note("enqueue, 200 bytes", c.do(c.inbox.PackEnqueue(name(1), noise(200))))
	note("enqueue, 10,000 bytes", c.do(c.inbox.PackEnqueue(name(1), noise(10_000))))
	one, other := common.Hash{1}, common.Hash{2}
	a, b := c.network.sign(t, operators-1, 9, 0, one), c.network.sign(t, operators-1, 9, 0, other)
	note("reportEquivocation, of the last operator", c.do(c.inbox.PackReportEquivocation(
		EncodeSet(c.network.set), new256(uint64(operators-1)), 9, 0, one, a[:], other, b[:])))
}

// noise has few zeros, as compressed or signed bytes do.
func noise(n int) []byte {
	return []byte(strings.Repeat(string(crypto.Keccak256([]byte("noise"))), n/32+1))[:n]
}

// sidecarOf makes a sidecar of n blobs.
type sidecarOf func(n int) *types.BlobTxSidecar

// emptyBlob computes what goes with one blob, once.
func emptyBlob(t testing.TB) sidecarOf {
	t.Helper()
	var blob kzg4844.Blob
	commitment, err := kzg4844.BlobToCommitment(&blob)
	if err != nil {
		t.Fatal(err)
	}
	proofs, err := kzg4844.ComputeCellProofs(&blob)
	if err != nil {
		t.Fatal(err)
	}
	return func(n int) *types.BlobTxSidecar {
		sidecar := &types.BlobTxSidecar{Version: types.BlobSidecarVersion1}
		for range n {
			sidecar.Blobs = append(sidecar.Blobs, blob)
			sidecar.Commitments = append(sidecar.Commitments, commitment)
			sidecar.Proofs = append(sidecar.Proofs, proofs...)
		}
		return sidecar
	}
}
