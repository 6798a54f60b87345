package block

import (
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/lane"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// MaxLanesSize bounds a block's lanes together, in bytes: what it takes on a DA layer, in a follower's stream and in a node's memory. A body bounds
// them all but for bundles, each entry of which repeats the id and all legs: 3 MiB of bundles of sixteen legs would make 100 MiB of lanes.
const MaxLanesSize = 2 * MaxBodySize

// Lane is one namespace's part of a block: the data of its blob.
type Lane struct {
	Namespace namespaces.Namespace
	Data      []byte
}

// Contents is all that follows from a body: the order, the lanes, the roots. It is computed by [Assemble] and by nothing else.
type Contents struct {
	System System
	Txs    []*tx.Tx // in shared order; a transaction's index is its position
	Lanes  []Lane   // ascending by namespace, the ledger's among them; in step with Table's leaves
	Table  lane.Table
	IDs    namespaces.Tree
}

// Assemble orders the body and builds its lanes and roots. It fails if an id stands twice or the lanes grow out of bounds; a body for which it
// fails is invalid.
func Assemble(b Body, rule func(namespaces.Namespace) Rule) (*Contents, error) {
	c := &Contents{System: b.System, Txs: Order(b, rule)}
	ids := make([]common.Hash, len(c.Txs))
	for i, t := range c.Txs {
		ids[i] = t.ID()
	}
	slices.SortFunc(ids, common.Hash.Cmp)
	var err error
	if c.IDs, err = namespaces.NewTree(ids); err != nil {
		return nil, fmt.Errorf("assemble block: a transaction stands twice: %w", err)
	}
	if c.Lanes, err = lanes(b.System, c.Txs); err != nil {
		return nil, fmt.Errorf("assemble block: %w", err)
	}
	leaves := make([]lane.Leaf, len(c.Lanes))
	for i, l := range c.Lanes {
		if leaves[i], err = lane.LeafOf(l.Namespace, l.Data); err != nil {
			return nil, fmt.Errorf("assemble block: %w", err)
		}
	}
	if c.Table, err = lane.NewTable(leaves); err != nil {
		return nil, fmt.Errorf("assemble block: %w", err)
	}
	return c, nil
}

// Lane returns the data of a namespace's lane; nil if the block has none.
func (c *Contents) Lane(ns namespaces.Namespace) []byte {
	for _, l := range c.Lanes {
		if l.Namespace == ns {
			return l.Data
		}
	}
	return nil
}

// lanes sorts the legs of ordered transactions into lanes, with the system section and each transaction's envelope in the ledger's.
func lanes(system System, txs []*tx.Tx) ([]Lane, error) {
	entries := make(map[namespaces.Namespace][]lane.Entry)
	if !system.IsEmpty() {
		entries[namespaces.Ledger()] = []lane.Entry{{Data: system.Encode(), System: true}}
	}
	for i, t := range txs {
		position := uint32(i)
		entries[namespaces.Ledger()] = append(entries[namespaces.Ledger()],
			lane.Entry{Position: position, Data: t.Envelope().Encode(), Envelope: true})
		bundle := lane.BundleOf(t)
		for k, l := range t.Legs() {
			entries[l.Namespace] = append(entries[l.Namespace],
				lane.Entry{Position: position, Leg: uint32(k), Data: l.Data, Bundle: bundle})
		}
	}
	names := make([]namespaces.Namespace, 0, len(entries))
	for ns := range entries {
		names = append(names, ns)
	}
	slices.SortFunc(names, namespaces.Namespace.Compare)
	out := make([]Lane, len(names))
	size := 0
	for i, ns := range names {
		data, err := lane.Encode(entries[ns])
		if err != nil {
			return nil, fmt.Errorf("lane %s: %w", ns, err)
		}
		if size += len(data); size > MaxLanesSize {
			return nil, fmt.Errorf("lanes of more than %d bytes together", MaxLanesSize)
		}
		out[i] = Lane{Namespace: ns, Data: data}
	}
	return out, nil
}
