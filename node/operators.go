package node

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/node/keys"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
	"github.com/lockstep-network/lockstep/node/ordering/engine"
	"github.com/lockstep-network/lockstep/node/store"
)

// operators tells who operates now, from the ledger: who links for consensus, and who is an explicit peer. Its methods may be called by several
// goroutines.
type operators struct {
	store *store.Store
	known map[common.Address]genesis.Operator // of the genesis: where they are reached, until the ledger says otherwise
	log   *slog.Logger

	mu   sync.Mutex
	last []stake.NodeOf // under mu
}

func newOperators(st *store.Store, log *slog.Logger) *operators {
	o := &operators{store: st, known: make(map[common.Address]genesis.Operator), log: log}
	for _, g := range st.Genesis().Operators {
		o.known[g.Address] = g
	}
	return o
}

// nodes reads the operators' nodes. What cannot be read leaves the list as it was.
func (o *operators) nodes() []stake.NodeOf {
	nodes, err := stake.Nodes(o.store.Ledger().View)
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil {
		o.log.WarnContext(context.Background(), "the operators cannot be read: links stay as they are", "error", err)
		return o.last
	}
	for i, n := range nodes {
		g, ok := o.known[n.Owner]
		if !ok || g.PeerID != n.Node.PeerID {
			continue
		}
		if n.Node.Consensus == "" {
			nodes[i].Node.Consensus = g.Consensus
		}
		if len(n.Node.Addresses) == 0 {
			nodes[i].Node.Addresses = g.Addresses
		}
	}
	o.last = nodes
	return nodes
}

// links lists the operators' ends of consensus links.
func (o *operators) links() []engine.Link {
	nodes := o.nodes()
	out := make([]engine.Link, 0, len(nodes))
	for _, n := range nodes {
		if id, err := consensusID(n.Node.PeerID); err == nil { // an operator may name no node
			out = append(out, engine.Link{ConsensusID: id, Address: n.Node.Consensus})
		}
	}
	return out
}

// peers lists the addresses, with peer ids, of those who order: they stay connected to each other. Who may come to order is no explicit peer yet,
// so nobody makes all operators dial addresses of its choice without being one of them.
func (o *operators) peers() []string {
	var out []string
	for _, n := range o.nodes() {
		for _, a := range n.Node.Addresses {
			if n.Member && n.Node.PeerID != "" {
				out = append(out, a+"/p2p/"+n.Node.PeerID)
			}
		}
	}
	return out
}

// warn tells an operator at its start what will keep it from ordering: it may not have joined yet.
func (o *operators) warn(ctx context.Context, c Config, ring *keyring) error {
	parent := o.store.Ledger()
	owner, found, err := ring.owner(parent)
	if err != nil {
		return fmt.Errorf("read this operator's record: %w", err)
	}
	if !found {
		o.log.WarnContext(ctx, "this key is no operator's: the node follows, and orders nothing until an operator with this key is in the set", "key", c.Operator.Address())
		return nil
	}
	if c.DA.URL == "" && ring.orders() {
		o.log.WarnContext(ctx, withoutLayer, "operator", owner)
	}
	record, _, err := stake.LoadOperator(parent.View, owner)
	if err == nil && record.Node.PeerID != c.Node.PeerID().String() {
		o.log.WarnContext(ctx, "the operator's record names another node: others will not link to this one",
			"operator", owner, "record", record.Node.PeerID, "node", c.Node.PeerID())
	}
	return err
}

// consensusID is the id that links know a node by.
func consensusID(peerID string) (string, error) {
	id, err := peer.Decode(peerID)
	if err != nil {
		return "", err
	}
	return keys.ConsensusIDOf(id)
}
