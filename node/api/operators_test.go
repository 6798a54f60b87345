package api_test

import (
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/proof"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
)

// A proof from the genesis alone leads through every change of the operators, and a certificate counts in the set that signed it.
func TestProofsLeadThroughChangesOfOperators(t *testing.T) {
	leaver := chaintest.Key("operator 0")
	address := crypto.PubkeyToAddress(leaver.PublicKey)
	network := chaintest.New(t, 1, func(g *genesis.Genesis) {
		g.Params.EpochMS = 1_000
		g.Balances = append(g.Balances, genesis.Balance{Address: address, Amount: uint256.NewInt(1_000_000_000)})
		slices.SortFunc(g.Balances, func(a, b genesis.Balance) int { return a.Address.Cmp(b.Address) })
	})
	network.Payers = append(network.Payers, leaver)
	n := newNodeOn(t, network)
	change := func(leave bool, salt uint64) {
		t.Helper()
		data, err := action.Encode(&action.OperatorLeave{Leave: leave})
		if err != nil {
			t.Fatal(err)
		}
		n.block(n.Signed(t, 1, tx.Fields{Salt: salt, Expiry: 500, Legs: []tx.Leg{{Namespace: namespaces.Ledger(), Data: data}}}))
		for range 3 * 1_000 / chaintest.Interval {
			n.block()
		}
	}
	seen := make(map[common.Hash]bool)
	change(true, 1)
	middle := n.Tx(t, 500, chaintest.Leg(chaintest.Alpha, "between"))
	at := n.block(middle)
	change(false, 2)
	late := n.Tx(t, 500, chaintest.Leg(chaintest.Alpha, "late"))
	n.block(late)
	for h := uint64(1); h <= n.store.Head(); h++ {
		n.Certify(t, n.store, h)
		header, err := n.store.Header(h)
		if err != nil {
			t.Fatal(err)
		}
		seen[header.OperatorsHash] = true
	}
	if len(seen) != 2 {
		t.Fatalf("%d sets in the headers, want the genesis's and one without an operator", len(seen))
	}
	for _, one := range []tx.Verified{middle, late} {
		facts := n.verify(must[*proof.Document](t)(n.http.InclusionProof(t.Context(), one.ID())))
		if len(facts.Transactions) != 1 || !facts.Transactions[0].Included {
			t.Errorf("%s is not proven: %+v", one.ID(), facts.Transactions)
		}
	}
	for h, want := range map[uint64]int{1: 4, at: 3, n.store.Head(): 4} {
		c, err := n.http.Certificate(t.Context(), api.HeightOf(h))
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Signers) != want || slices.Contains(c.Signers, address) != (want == 4) || c.Power != uint64(10*want) || c.Total != c.Power {
			t.Errorf("height %d: %d signers with %d of %d power, want %d", h, len(c.Signers), c.Power, c.Total, want)
		}
	}
	if got := followed(t, n); got != n.store.Head() {
		t.Errorf("who subscribes to headers from the first on can verify %d of %d", got, n.store.Head())
	}
}

// followed subscribes to headers from the first on, and verifies them with nothing but the genesis; it returns how far it comes.
func followed(t *testing.T, n *node) uint64 {
	t.Helper()
	trust, err := n.Genesis.Trust()
	if err != nil {
		t.Fatal(err)
	}
	notices := make(chan api.HeaderNotice)
	sub, err := n.dial("ws").Headers(t.Context(), 1, notices)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Unsubscribe()
	var run cert.Run
	for trust.Height < n.store.Head() {
		var notice api.HeaderNotice
		select {
		case notice = <-notices:
		case err := <-sub.Err():
			t.Fatal(err)
		}
		h, err := block.DecodeHeader(notice.Header.Raw)
		if err != nil {
			t.Fatal(err)
		}
		run.Headers = append(run.Headers, h)
		if len(notice.Certificate) == 0 {
			continue
		}
		if run.Certificate, err = cert.Decode(notice.Certificate); err != nil {
			t.Fatal(err)
		}
		run.Next = notice.Next
		if trust, err = trust.Advance(run); err != nil {
			t.Error(err)
			return trust.Height
		}
		run = cert.Run{}
	}
	return trust.Height
}
