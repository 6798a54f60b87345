package node

import (
	"crypto/ed25519"
	"crypto/sha256"
	"log/slog"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/node/keys"
	"github.com/lockstep-network/lockstep/node/ordering/engine"
	"github.com/lockstep-network/lockstep/p2p"
)

// peerOf is the peer id of a node with a name, and the id of its consensus links.
func peerOf(t *testing.T, name string) (peerID, consensus string) {
	t.Helper()
	seed := sha256.Sum256([]byte(name))
	id, err := p2p.PeerID(ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	if consensus, err = keys.ConsensusIDOf(id); err != nil {
		t.Fatal(err)
	}
	return id.String(), consensus
}

// A newcomer links for consensus as soon as its operator stands in the ledger, and is an explicit peer once it is in a set; who leaves is no explicit
// peer any more, and keeps its links while it has stake. An operator that moves is found where its record says.
func TestPeersAndLinksFollowTheLedger(t *testing.T) {
	const stakeWei = 2_000_000_000_000_000_000
	first := chaintest.Key("operator 0")
	n := chaintest.New(t, 1, func(g *genesis.Genesis) {
		g.Params.EpochMS = 1000
		for i := range g.Operators {
			g.Operators[i].PeerID, _ = peerOf(t, g.Operators[i].Name)
			g.Operators[i].Addresses, g.Operators[i].Consensus = []string{"/ip4/10.0.0.1/tcp/1"}, "10.0.0.1:2"
		}
		g.Balances = append(g.Balances, genesis.Balance{Address: crypto.PubkeyToAddress(first.PublicKey), Amount: uint256.NewInt(1 << 60)})
		slices.SortFunc(g.Balances, func(a, b genesis.Balance) int { return a.Address.Cmp(b.Address) })
	})
	n.Payers = append(n.Payers, first)
	s := n.Open(t, t.TempDir())
	o := newOperators(s, slog.New(slog.DiscardHandler))
	salt := uint64(0)
	act := func(payer int, a action.Action) {
		t.Helper()
		data, err := action.Encode(a)
		if err != nil {
			t.Fatal(err)
		}
		salt++
		n.Commit(t, s, n.Signed(t, payer, tx.Fields{Salt: salt, Expiry: s.Head() + 5, Legs: []tx.Leg{{Namespace: namespaces.Ledger(), Data: data}}}))
	}
	newcomer, newcomerLink := peerOf(t, "newcomer")
	leaver, leaverLink := peerOf(t, "operator-0")
	check := func(when string, explicit []string, links ...engine.Link) {
		t.Helper()
		peers := o.peers()
		for _, p := range []string{"/ip4/10.0.0.5/tcp/1/p2p/" + newcomer, "/ip4/10.0.0.1/tcp/1/p2p/" + leaver, "/ip4/10.0.0.9/tcp/1/p2p/" + leaver} {
			if slices.Contains(peers, p) != slices.Contains(explicit, p) {
				t.Errorf("%s: explicit peers are %q, want %q of these", when, peers, explicit)
			}
		}
		for _, l := range links {
			if !slices.Contains(o.links(), l) {
				t.Errorf("%s: links are %v, want %v among them", when, o.links(), l)
			}
		}
	}
	endEpoch := func() {
		t.Helper()
		for range 2*1000/chaintest.Interval + 4 {
			n.Commit(t, s)
		}
	}
	check("at genesis", []string{"/ip4/10.0.0.1/tcp/1/p2p/" + leaver}, engine.Link{ConsensusID: leaverLink, Address: "10.0.0.1:2"})

	key := chaintest.Key("newcomer")
	proof, err := crypto.Sign(action.KeyDigest(n.Genesis.ChainID, n.Payer(0)).Bytes(), key)
	if err != nil {
		t.Fatal(err)
	}
	seed := sha256.Sum256([]byte("newcomer"))
	act(0, &action.OperatorCreate{
		NodeProof: action.NodeProof(ed25519.Sign(ed25519.NewKeyFromSeed(seed[:]), action.NodeStatement(n.Genesis.ChainID, n.Payer(0)))),
		Key:       action.Key(crypto.CompressPubkey(&key.PublicKey)), Proof: tx.Signature(proof), Amount: uint256.NewInt(stakeWei),
		Node: action.Node{PeerID: newcomer, Addresses: []string{"/ip4/10.0.0.5/tcp/1"}, Consensus: "10.0.0.5:2", Name: "newcomer"},
	})
	there := engine.Link{ConsensusID: newcomerLink, Address: "10.0.0.5:2"}
	check("created", []string{"/ip4/10.0.0.1/tcp/1/p2p/" + leaver}, there)
	act(1, &action.OperatorUpdate{Node: action.Node{PeerID: leaver, Addresses: []string{"/ip4/10.0.0.9/tcp/1"}}})
	check("moved", []string{"/ip4/10.0.0.9/tcp/1/p2p/" + leaver}, there, engine.Link{ConsensusID: leaverLink, Address: "10.0.0.1:2"})
	endEpoch()
	check("joined", []string{"/ip4/10.0.0.5/tcp/1/p2p/" + newcomer, "/ip4/10.0.0.9/tcp/1/p2p/" + leaver}, there)
	act(1, &action.OperatorLeave{Leave: true})
	endEpoch()
	check("left", []string{"/ip4/10.0.0.5/tcp/1/p2p/" + newcomer}, there, engine.Link{ConsensusID: leaverLink, Address: "10.0.0.1:2"})
}

// A member of the set that names another member's node in its own record moves nobody's links: without that node's key the record stays as it was.
func TestAMembersRecordMovesNoMember(t *testing.T) {
	thief, victim := chaintest.Key("operator 0"), chaintest.Key("operator 1")
	if a, b := crypto.PubkeyToAddress(thief.PublicKey), crypto.PubkeyToAddress(victim.PublicKey); a.Cmp(b) > 0 {
		thief, victim = victim, thief // of equal power the lower address stands first in the sets
	}
	n := chaintest.New(t, 0, func(g *genesis.Genesis) {
		for i := range g.Operators {
			g.Operators[i].PeerID, _ = peerOf(t, g.Operators[i].Name)
			g.Operators[i].Consensus = g.Operators[i].Name + ":2"
		}
		g.Balances = append(g.Balances, genesis.Balance{Address: crypto.PubkeyToAddress(thief.PublicKey), Amount: uint256.NewInt(1 << 60)})
	})
	n.Payers = append(n.Payers, thief)
	i := slices.IndexFunc(n.Genesis.Operators, func(o genesis.Operator) bool { return o.Address == crypto.PubkeyToAddress(victim.PublicKey) })
	theirs, link := peerOf(t, n.Genesis.Operators[i].Name)
	s := n.Open(t, t.TempDir())
	data, err := action.Encode(&action.OperatorUpdate{Node: action.Node{PeerID: theirs, Addresses: []string{"/ip4/203.0.113.9/tcp/1"}, Consensus: "203.0.113.9:2"}})
	if err != nil {
		t.Fatal(err)
	}
	n.Commit(t, s, n.Signed(t, 0, tx.Fields{Salt: 1, Expiry: 5, Legs: []tx.Leg{{Namespace: namespaces.Ledger(), Data: data}}}))
	at := make(map[string][]string)
	for _, l := range newOperators(s, slog.New(slog.DiscardHandler)).links() {
		at[l.ConsensusID] = append(at[l.ConsensusID], l.Address)
	}
	if want := []string{n.Genesis.Operators[i].Consensus}; len(at) != 4 || !slices.Equal(at[link], want) {
		t.Errorf("of %d nodes the member's is dialled at %q, want %q", len(at), at[link], want)
	}
}
