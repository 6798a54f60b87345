package ethereum

import (
	"context"
	"fmt"
	"runtime"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/crypto/kzg4844"
	"golang.org/x/sync/errgroup"
)

// payload is a container, ready to be sent in either way.
type payload struct {
	digest    common.Hash // of the container
	container []byte
	sidecar   *types.BlobTxSidecar // nil until it is needed
	hashes    []common.Hash
}

func newPayload(container []byte) *payload {
	return &payload{digest: crypto.Keccak256Hash(container), container: container}
}

// prover computes sidecars. It is what costs most of a submission, a fifth of a second of one core for each blob, so few go at once, and they go
// before an account is taken: while one submission waits for its block, the next is computed.
type prover struct {
	turns chan struct{} // as many as sidecars may be computed at once
}

func newProver() *prover { return &prover{turns: make(chan struct{}, 2)} }

// prove fills in the sidecar, of version 1: 128 cell proofs for each blob.
func (p *prover) prove(ctx context.Context, load *payload) error {
	if load.sidecar != nil {
		return nil
	}
	select {
	case p.turns <- struct{}{}:
		defer func() { <-p.turns }()
	case <-ctx.Done():
		return ctx.Err()
	}
	sidecar, err := proveBlobs(ctx, packAll(load.container))
	if err != nil {
		return fmt.Errorf("compute the proofs of %d blobs: %w", blobsFor(len(load.container)), err)
	}
	load.sidecar, load.hashes = sidecar, sidecar.BlobHashes()
	return nil
}

func proveBlobs(ctx context.Context, blobs []*kzg4844.Blob) (*types.BlobTxSidecar, error) {
	commitments := make([]kzg4844.Commitment, len(blobs))
	cells := make([][]kzg4844.Proof, len(blobs))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, b := range blobs {
		group.Go(func() (err error) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if commitments[i], err = kzg4844.BlobToCommitment(b); err != nil {
				return err
			}
			cells[i], err = kzg4844.ComputeCellProofs(b)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	values := make([]kzg4844.Blob, len(blobs))
	var proofs []kzg4844.Proof
	for i, b := range blobs {
		values[i] = *b
		proofs = append(proofs, cells[i]...)
	}
	return types.NewBlobTxSidecar(types.BlobSidecarVersion1, values, commitments, proofs), nil
}
