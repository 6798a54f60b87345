package ordering

import (
	"math/rand/v2"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
)

// A namespace's lane is empty from its exit height on, and followers need not know that height: a proposer leaves legs out, alone or in a bundle, an
// operator takes no block with one, and each header proves to whoever asks that the namespace has no lane (specs/05-ledger.md, "Exit").
func TestNoLegFromTheExitHeightOn(t *testing.T) {
	const exit = 4
	gone, stays := testNamespace(0), testNamespace(2)
	g := testGenesis(t, nil)
	g.Namespaces[0].Owner = crypto.PubkeyToAddress(testKey(t, "payer", 0).PublicKey)
	s := &single{genesis: g, store: newMemory(t, g), pool: &bag{rng: rand.New(rand.NewPCG(1, 1))}}
	s.app = newApp(t, g, s.store, s.pool, &signatures{verified: map[string]*tx.Tx{}})

	leaving, err := action.Encode(&action.Exit{Namespace: gone, Height: exit})
	if err != nil {
		t.Fatal(err)
	}
	for height := uint64(1); height <= exit+2; height++ {
		alone := sign(t, 1, tx.Fields{Salt: 2 * height, Expiry: height, Legs: []tx.Leg{{Namespace: gone, Data: []byte{1}}}})
		bundle := sign(t, 1, tx.Fields{Salt: 2*height + 1, Expiry: height, Legs: []tx.Leg{{Namespace: stays, Data: []byte{2}}, {Namespace: gone, Data: []byte{3}}}})
		txs := []*tx.Tx{alone, bundle}
		if height == 1 {
			txs = append(txs, sign(t, 0, tx.Fields{Salt: 1, Expiry: 1, Legs: []tx.Leg{{Namespace: namespaces.Ledger(), Data: leaving}}}))
		}
		p, err := s.app.parent()
		if err != nil {
			t.Fatal(err)
		}
		at := slot{height, g.TimeMS, g.Operators[0].Address, new(past)}
		if height > 1 {
			at.past.votes = []byte{0xf0}
		}
		c, refused, err := propose(s.app.rules, p, at, block.System{Votes: at.past.votes}, txs)
		if err != nil {
			t.Fatal(err)
		}
		wanted := 0 // refused
		if height >= exit {
			wanted = len(txs)
		}
		for _, r := range refused {
			if tx.CodeOf(r.why) != ledger.NamespaceExited {
				t.Errorf("height %d: left out because %v", height, r.why)
			}
		}
		if len(refused) != wanted {
			t.Errorf("height %d: %d transactions are left out, want %d", height, len(refused), wanted)
		}
		for name, listed := range map[string][]*tx.Tx{"a leg": {alone}, "a bundle": {bundle}} {
			forged := block.Body{System: block.System{Votes: at.past.votes}, Batches: []block.Batch{{Author: at.proposer, Txs: listed}}}
			contents, err := block.Assemble(forged, block.AsListed)
			if err != nil {
				t.Fatal(err)
			}
			h := makeHeader(s.app.rules.ChainID(), p, at, contents.Table.Root(), contents.IDs.Root())
			if _, err := judge(s.app.rules, p, at, [][]byte{h.Encode(), forged.Encode()}, s.app.config.Begin()); (err == nil) != (height < exit) {
				t.Errorf("height %d: a block with %s: %v", height, name, err)
			}
		}
		absence, err := c.contents.Table.Prove(gone)
		if err != nil {
			t.Fatal(err)
		}
		if absent := absence.VerifyAbsent(c.header.DataRoot, gone) == nil; absent != (height >= exit) {
			t.Errorf("height %d: the header proves an empty lane: %t", height, absent)
		}
		s.commit(t, c)
	}
}

// commit has the application execute a block and write it.
func (s *single) commit(t *testing.T, c *candidate) {
	t.Helper()
	if _, err := s.app.FinalizeBlock(t.Context(), &abci.RequestFinalizeBlock{
		Txs: [][]byte{c.raw, c.body}, Height: int64(c.header.Height), Time: time.UnixMilli(int64(c.header.TimeMS)), ProposerAddress: c.header.Proposer[:],
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.app.Commit(t.Context(), &abci.RequestCommit{}); err != nil {
		t.Fatal(err)
	}
}
