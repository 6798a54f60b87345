package stake

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger/state"
	"github.com/lockstep-network/lockstep/p2p"
)

func nodeSecret(i int) ed25519.PrivateKey {
	seed := sha256.Sum256(fmt.Append(nil, "node", i))
	return ed25519.NewKeyFromSeed(seed[:])
}

// node is where the node with a key is: of a founder the one with its number.
func node(i int) action.Node {
	id, err := p2p.PeerID(nodeSecret(i).Public().(ed25519.PublicKey))
	if err != nil {
		panic(err)
	}
	return action.Node{PeerID: id.String(), Addresses: []string{fmt.Sprintf("/ip4/10.0.0.%d/tcp/1", i)}, Consensus: fmt.Sprintf("10.0.0.%d:2", i)}
}

func nodeProof(i int, owner common.Address) action.NodeProof {
	return action.NodeProof(ed25519.Sign(nodeSecret(i), action.NodeStatement(chainID, owner)))
}

// update is that of an owner which moves to a node.
func update(owner common.Address, i int) *action.OperatorUpdate {
	return &action.OperatorUpdate{Node: node(i), NodeProof: nodeProof(i, owner)}
}

// auditNodes compares who names a node with whose each is.
func (w *world) auditNodes(nodes map[string]common.Address, claims int) {
	w.t.Helper()
	for id, owner := range nodes {
		key, err := action.ParsePeerID(id)
		if err != nil {
			w.t.Fatal(err)
		}
		if has, _, err := state.Load[common.Address](w, nodeKey(key)); err != nil || has != owner {
			w.t.Fatalf("node %s belongs to %s, and %s names it (%v)", id, has, owner, err)
		}
	}
	if claims != len(nodes) {
		w.t.Fatalf("%d nodes belong to somebody, %d are named", claims, len(nodes))
	}
}

// wants runs one action in a block of its own, and its code.
func (w *world) wants(code tx.Code, who common.Address, a action.Action) {
	w.t.Helper()
	if err := w.begin(1, 0, block.System{Votes: w.all()}); err != nil {
		w.t.Fatal(err)
	}
	if err := w.act(who, a); tx.CodeOf(err) != code {
		w.t.Errorf("%T of %s: %v, want %q", a, who, err, code)
	}
	w.end(Income{})
	w.deepAudit()
}

// named is the node that an operator's record names.
func (w *world) named(owner common.Address) string { return w.operator(owner).Node.PeerID }

// A node belongs to one owner at a time: it is free when its owner has moved, has named none, has no shares left or is tombstoned. Who keeps its node
// needs no proof.
func TestANodeBelongsToOneOwner(t *testing.T) {
	w := newWorld(t, testParams(), 30, 30, 20, 20)
	same := node(0)
	same.Consensus = "10.9.9.9:2"
	w.wants("", owner(0), &action.OperatorUpdate{Node: same})
	if o := w.operator(owner(0)); o.Node.Consensus != same.Consensus {
		t.Errorf("the record is %+v", o.Node)
	}

	w.wants(NodeTaken, owner(1), update(owner(1), 0))
	w.wants("", owner(0), update(owner(0), 7)) // it moves
	w.wants("", owner(1), update(owner(1), 0))
	w.wants("", owner(0), new(action.OperatorUpdate)) // and names none
	w.wants("", owner(2), update(owner(2), 7))

	// A delegator's share holds it; with the last one gone whoever proves the node takes it, addresses and all.
	w.wants("", holder(0), &action.Delegate{Operator: owner(1), Amount: uint256.NewInt(5)})
	w.wants("", owner(1), &action.Undelegate{Operator: owner(1), Shares: uint256.NewInt(30_000)})
	w.wants(NodeTaken, owner(3), update(owner(3), 0))
	w.wants("", holder(0), &action.Undelegate{Operator: owner(1), Shares: uint256.NewInt(5)})
	if w.named(owner(1)) == "" {
		t.Error("a member of the set has lost its node before anybody has taken it")
	}
	w.wants("", owner(3), update(owner(3), 0))
	if n := w.operator(owner(1)).Node; n.PeerID != "" || n.Consensus != "" || len(n.Addresses) > 0 {
		t.Errorf("the record that named the node says %+v", n)
	}
	w.wants(NodeTaken, owner(1), update(owner(1), 0))

	// Who is tombstoned keeps its record, but not its node.
	w.wants("", holder(0), w.report(testKey("operator", 2), w.height, 0))
	created := w.create(owner(5), testKey("operator", 5), 3_000)
	created.Node, created.NodeProof = node(7), nodeProof(7, owner(5))
	w.wants("", owner(5), created)
	if w.named(owner(2)) != "" || w.named(owner(5)) != node(7).PeerID {
		t.Errorf("the node is named by %q and %q", w.named(owner(2)), w.named(owner(5)))
	}
	nodes, err := Nodes(w)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, n := range nodes {
		if n.Node.PeerID != "" && seen[n.Node.PeerID] {
			t.Errorf("node %s is listed twice", n.Node.PeerID)
		}
		seen[n.Node.PeerID] = true
	}
}
