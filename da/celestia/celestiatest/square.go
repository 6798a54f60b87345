package celestiatest

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/celestiaorg/go-square/v3"
	"github.com/celestiaorg/go-square/v3/inclusion"
	"github.com/celestiaorg/go-square/v3/share"
	squaretx "github.com/celestiaorg/go-square/v3/tx"
	"github.com/celestiaorg/nmt"
)

const subtreeRootThreshold = 64

// tx is a PayForBlobs transaction.
type tx struct {
	blobs   []*share.Blob
	height  uint64 // of the block that holds it; 0: none yet
	evicted bool
}

// size is what the transaction has in bytes, about as celestia-app encodes it.
func (t *tx) size() int {
	size := 330 // signature, account, fee
	for _, b := range t.blobs {
		size += b.DataLen() + 29 + 32 + 12 + 29 + 12 // what stands in the message, and before the data
	}
	return size
}

// block is a square of shares.
type block struct {
	hash   [32]byte
	square square.Square
}

// placed is a blob and where it stands.
type placed struct {
	*share.Blob
	index int // of its first share in the extended square, as celestia-node counts
	share int // of its first share in the square
	count int // of its shares
}

// build lays out what fits as every Celestia validator does, and says what did not fit.
func build(pool []*tx, maxSquare int) (*block, []*tx, error) {
	builder, err := square.NewBuilder(maxSquare, subtreeRootThreshold)
	if err != nil {
		return nil, nil, err
	}
	var left []*tx
	for i, t := range pool {
		inner := bytes.Repeat([]byte{byte(i + 1)}, 300+100*len(t.blobs)) // go-square looks at the blobs alone
		if !builder.AppendBlobTx(&squaretx.BlobTx{Tx: inner, Blobs: t.blobs}) {
			left = append(left, t)
		}
	}
	s, err := builder.Export()
	if err != nil {
		return nil, nil, err
	}
	return &block{square: s}, left, nil
}

// under gives the blobs of a namespace in the order of their shares.
func (b *block) under(ns share.Namespace) ([]placed, error) {
	r := share.GetShareRangeForNamespace(b.square, ns)
	side := b.square.Size()
	var out []placed
	for at := r.Start; at < r.End; {
		if b.square[at].IsPadding() {
			at++
			continue
		}
		count := share.SparseSharesNeeded(b.square[at].SequenceLen(), b.square[at].ContainsSigner())
		blobs, err := share.ParseBlobs(b.square[at : at+count])
		if err != nil || len(blobs) != 1 {
			return nil, fmt.Errorf("parse %d shares from share %d on: %d blobs, %w", count, at, len(blobs), err)
		}
		out = append(out, placed{blobs[0], at/side*2*side + at%side, at, count})
		at += count
	}
	return out, nil
}

// proof is how the shares of a blob lie in the rows of the square, as namespaced Merkle proofs. celestia-node proves against the rows of the extended
// square, whose other half is erasure code; for who passes a proof on, both look alike.
func (b *block) proof(p placed) (json.RawMessage, error) {
	var rows []*nmt.Proof
	for side, from := b.square.Size(), p.share; from < p.share+p.count; {
		row := from / side
		to := min((row+1)*side, p.share+p.count)
		tree := nmt.New(sha256.New(), nmt.NamespaceIDSize(share.NamespaceSize), nmt.IgnoreMaxNamespace(true))
		for _, s := range b.square[row*side : (row+1)*side] {
			if err := tree.Push(append(s.Namespace().Bytes(), s.ToBytes()...)); err != nil {
				return nil, err
			}
		}
		one, err := tree.ProveRange(from-row*side, to-row*side)
		if err != nil {
			return nil, err
		}
		rows = append(rows, &one)
		from = to
	}
	return json.Marshal(rows)
}

// commitment is go-square's, over RFC 6962's root.
func commitment(b *share.Blob) ([]byte, error) {
	return inclusion.CreateCommitment(b, merkleRoot, subtreeRootThreshold)
}

func merkleRoot(leaves [][]byte) []byte {
	switch len(leaves) {
	case 0:
		h := sha256.Sum256(nil)
		return h[:]
	case 1:
		h := sha256.Sum256(append([]byte{0}, leaves[0]...))
		return h[:]
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	h := sha256.Sum256(append(append([]byte{1}, merkleRoot(leaves[:k])...), merkleRoot(leaves[k:])...))
	return h[:]
}
