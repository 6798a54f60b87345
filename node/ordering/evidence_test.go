package ordering

import (
	"slices"
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
)

// An operator shows consensus that it has signed nil and hundreds of blocks, or hundreds of pieces of one pair of signatures: proposals stand, although the section is larger than
// the network's bodies, and cost what one fault costs.
func TestFloodsOfEvidenceStopNobody(t *testing.T) {
	const height = 2
	at := func(s *single, p *past) *abci.RequestProcessProposal {
		return &abci.RequestProcessProposal{
			Height: height, Time: slot{timeMS: s.genesis.TimeMS + 100}.time(), ProposerAddress: s.genesis.Operators[1].Address[:],
			ProposedLastCommit: p.commit(testOperators), Misbehavior: p.misbehavior(),
		}
	}
	after := func(name string, faults []block.Fault) (burned uint64, records int) {
		t.Helper()
		s := newSingle(t, nil)
		s.pool.txs = []*tx.Tx{sign(t, 0, tx.Fields{Salt: 1, Expiry: 4, Legs: []tx.Leg{{Namespace: testNamespace(0), Data: make([]byte, 50)}}})}
		txs := s.prepare(t, 1<<20)
		if err := s.finalize(t, 1, txs); err != nil {
			t.Fatal(err)
		}
		if _, err := s.app.Commit(t.Context(), &abci.RequestCommit{}); err != nil {
			t.Fatal(err)
		}
		p := everybody(height, testOperators)
		for range faults {
			p.accused = append(p.accused, accused{s.genesis.Operators[0].Address, 1})
		}
		s.app.config.Faults = func() []block.Fault { return faults }
		req := at(s, p)
		made, err := s.app.PrepareProposal(t.Context(), &abci.RequestPrepareProposal{
			MaxTxBytes: 1 << 20, Height: height, Time: req.Time, ProposerAddress: req.ProposerAddress, LocalLastCommit: p.extended(testOperators), Misbehavior: req.Misbehavior,
		})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		req.Txs = made.Txs
		judges := newApp(t, s.genesis, s.store, s.pool, &signatures{verified: map[string]*tx.Tx{}})
		if res, err := judges.ProcessProposal(t.Context(), req); err != nil || !res.IsAccepted() {
			t.Fatalf("%s: an honest proposal of %d bytes is refused (%v)", name, len(made.Txs[1]), err)
		}
		req.Misbehavior = slices.Concat(req.Misbehavior[1:], req.Misbehavior[len(req.Misbehavior)-1:])
		if res, err := judges.ProcessProposal(t.Context(), req); err != nil || res.IsAccepted() {
			t.Fatalf("%s: a proposal with a fault too many is accepted (%v)", name, err)
		}
		if _, err := s.app.FinalizeBlock(t.Context(), &abci.RequestFinalizeBlock{
			Txs: made.Txs, Height: height, Time: req.Time, ProposerAddress: req.ProposerAddress,
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.app.Commit(t.Context(), &abci.RequestCommit{}); err != nil {
			t.Fatal(err)
		}
		effects := s.store.blocks[1].Effects
		if o, _, err := stake.LoadOperator(s.store, s.genesis.Operators[0].Address); err != nil || !o.Tombstoned {
			t.Fatalf("%s: %+v (%v)", name, o, err)
		}
		pots, err := stake.LoadPots(s.store)
		if err != nil {
			t.Fatal(err)
		}
		return pots.Burned.Uint64(), len(effects.Records)
	}
	first := newSingle(t, nil).genesis.Operators[0].Address
	one := doubleVote(t, accused{first, 1})
	var blocks, copies []block.Fault
	for i := range 250 {
		f := one
		f.Votes[1] = block.FaultVote{Block: &block.ConsensusID{Parts: uint32(i + 1)}}
		digest := f.Digest("lockstep-test", 1)
		raw, err := crypto.Sign(digest[:], testKey(t, "operator", 0))
		if err != nil {
			t.Fatal(err)
		}
		f.Votes[1].Signature = tx.Signature(raw)
		blocks, copies = append(blocks, f), append(copies, one)
	}
	burned, records := after("one", []block.Fault{one})
	if burned == 0 {
		t.Fatal("a fault costs nothing")
	}
	for name, faults := range map[string][]block.Fault{"many blocks": blocks, "copies": copies} {
		if b, r := after(name, faults); b != burned || r != records {
			t.Errorf("%s: %d wei burned and %d records changed; one fault burns %d and changes %d", name, b, r, burned, records)
		}
	}
}
