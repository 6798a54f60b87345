// Package ethereum is the driver of [da.Layer] on Ethereum: blobs under namespaces stand in containers, which are transactions to an inbox
// address that carry EIP-4844 blobs or, when those are dear, calldata.
//
//	Submit: blobs -> container -> blobs with cell proofs (a worker's) -> account -> transaction, resent and bumped -> receipt
//	Read:   block -> transactions to the inbox -> blobs of any beacon node, checked -> directory -> the frames of one namespace
//
// A DA height is the number of an L1 block. The execution node is trusted for which transactions stand in it, beacon nodes for nothing:
// what they give must make the versioned hashes that the transactions name. Anybody may send to the inbox; what is not a container is passed over.
// Formats and rules: specs/13-da-layers.md.
package ethereum

import (
	"context"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto/kzg4844"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/namespaces"
)

// Layer is a [da.Layer] on an Ethereum chain.
type Layer struct {
	cfg   Config
	node  *node
	chain *chain
	blobs *blobStore
	*sender
}

var (
	_ da.Layer   = (*Layer)(nil)
	_ da.Seeker  = (*Layer)(nil)
	_ da.Linker  = (*Layer)(nil)
	_ da.Measure = (*Layer)(nil)
)

// Open returns a layer. It does not connect: a node that does not answer makes the calls fail with [da.ErrUnavailable].
func Open(cfg Config) (*Layer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	n, err := dialNode(cfg.RPC, cfg.Timing.Request)
	if err != nil {
		return nil, err
	}
	store := &blobStore{retention: cfg.Retention, log: cfg.Log, kept: make(map[common.Hash]*kzg4844.Blob)}
	for _, raw := range cfg.Beacons {
		b, err := newBeacon(raw, cfg.Timing.Request)
		if err != nil {
			return nil, err
		}
		store.beacons = append(store.beacons, b)
	}
	return &Layer{cfg: cfg, node: n, chain: newChain(n, cfg.Inbox), blobs: store, sender: newSender(cfg, n)}, nil
}

// Close lets go of the connections. Transactions that were sent stay sent.
func (l *Layer) Close() error {
	l.node.rpc.Close()
	return nil
}

// Head implements [da.Layer]. It tells no price: what a wei of the L1 is worth in the sequencer's ledger is not the layer's to say.
func (l *Layer) Head(ctx context.Context) (da.Head, error) {
	head, final, err := l.chain.refresh(ctx)
	if err != nil {
		return da.Head{}, fmt.Errorf("ask the L1 for its head: %w", err)
	}
	return da.Head{Height: uint64(head.Number), Final: final, Hash: head.Hash}, nil
}

// Seek implements [da.Seeker]. It finds containers, whatever their namespaces: to look inside costs as much as to read.
func (l *Layer) Seek(ctx context.Context, from uint64, _ []namespaces.Namespace) (uint64, error) {
	h, err := l.chain.seek(ctx, max(from, 1))
	if err != nil {
		return 0, fmt.Errorf("seek L1 blocks from %d: %w", from, err)
	}
	return h, nil
}

// Read implements [da.Layer].
func (l *Layer) Read(ctx context.Context, height uint64, ns namespaces.Namespace) ([]da.Blob, error) {
	if height == 0 {
		return nil, fmt.Errorf("read DA height 0: heights begin at 1: %w", da.ErrInvalid)
	}
	b, err := l.chain.at(ctx, height)
	if err != nil {
		return nil, fmt.Errorf("read DA height %d: %w", height, err)
	}
	var out []da.Blob
	for _, tx := range b.txs {
		datas, err := l.take(ctx, b, tx, ns)
		if err != nil {
			return nil, fmt.Errorf("read DA height %d: %w", height, err)
		}
		for _, data := range datas {
			out = append(out, da.Blob{Namespace: ns, Data: data})
		}
	}
	return out, nil
}

// Time implements [da.Layer]: the block's own.
func (l *Layer) Time(ctx context.Context, height uint64) (uint64, error) {
	if height == 0 {
		return 0, fmt.Errorf("time of DA height 0: heights begin at 1: %w", da.ErrInvalid)
	}
	b, err := l.chain.at(ctx, height)
	if err != nil {
		return 0, fmt.Errorf("time of DA height %d: %w", height, err)
	}
	return b.time * 1000, nil
}

// take reads the frames of a namespace out of one transaction: none if that is no container, or the frame is malformed.
func (l *Layer) take(ctx context.Context, b *block, tx inboxTx, ns namespaces.Namespace) (datas [][]byte, err error) {
	if len(tx.blobs) == 0 {
		for _, f := range tx.frames {
			if f.ns == ns {
				datas = append(datas, append([]byte(nil), tx.calldata[f.from:f.to]...))
			}
		}
		return datas, nil
	}
	first, err := l.blobs.get(ctx, b, tx.blobs[:1])
	if err != nil {
		return nil, err
	}
	frames, err := blobDirectory(first[0], len(tx.blobs))
	if err != nil {
		return nil, nil //nolint:nilerr // somebody's rubbish
	}
	needed := make([]common.Hash, 0, len(tx.blobs))
	places := make([]int, 0, len(tx.blobs))
	wanted := make([]bool, len(tx.blobs))
	for _, f := range frames {
		from, to := f.span()
		for i := from; f.ns == ns && i < to; i++ {
			if !wanted[i] {
				wanted[i], needed, places = true, append(needed, tx.blobs[i]), append(places, i)
			}
		}
	}
	if len(needed) == 0 {
		return nil, nil
	}
	got, err := l.blobs.get(ctx, b, needed)
	if err != nil {
		return nil, err
	}
	blobs := make([]*kzg4844.Blob, len(tx.blobs))
	for i, at := range places {
		blobs[at] = got[i]
	}
	for _, f := range frames {
		if f.ns != ns {
			continue
		}
		if data, err := f.cut(blobs); err == nil {
			datas = append(datas, data)
		}
	}
	return datas, nil
}

// Units implements [da.Measure]: a transaction pays for whole blobs.
func (l *Layer) Units() da.Units {
	return da.Units{Size: blobBytes, Most: maxBlobs, Frame: prefixBytes, PerBlob: entryBytes}
}

// Link implements [da.Linker].
func (l *Layer) Link(ctx context.Context, height uint64) (da.Link, error) {
	if height == 0 {
		return da.Link{}, fmt.Errorf("link of DA height 0: heights begin at 1: %w", da.ErrInvalid)
	}
	b, err := l.chain.at(ctx, height)
	if err != nil {
		return da.Link{}, fmt.Errorf("link of DA height %d: %w", height, err)
	}
	return da.Link{Hash: b.hash, Parent: b.parent}, nil
}
