package stake

import (
	"encoding/hex"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/internal/golden"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

func wei(n uint64) uint256.Int { return *uint256.NewInt(n) }

// lifetime is all that an address has earned, what its delegation with itself is owed included.
func (w *world) lifetime(a common.Address) uint64 {
	r, _, err := state.Load[Reward](w, RewardKey(a))
	if err != nil {
		w.t.Fatal(err)
	}
	if o, found, _ := LoadOperator(w, a); found {
		d, _, _ := state.Load[Delegation](w, DelegationKey(a, a))
		owed, err := Owed(w, a, &o, &d)
		if err != nil {
			w.t.Fatal(err)
		}
		r.Lifetime.Add(&r.Lifetime, &owed)
	}
	return r.Lifetime.Uint64()
}

// The example of the chapter, and the vector: the third of four operators is absent throughout, the fourth block has the only fees.
func TestGoldenExample(t *testing.T) {
	run := func(late bool) map[string]any {
		p := testParams()
		p.EpochMS, p.DowntimeMS = 12_000, 1<<30
		w := newWorld(t, p, 30, 30, 20, 20)
		members := w.set(Next).Members
		absentee := members[2].Owner
		var out Outcome
		for i := 0; !out.Ended; i++ {
			var in Income
			if i == 3 {
				in = Income{Ordering: wei(8_000), Tips: []Tip{{holder(3), wei(1_000)}}}
			}
			sys := block.System{Votes: w.all(absentee)}
			if late && i >= 2 {
				digest := cert.ExtensionDigest(chainID, w.height-1, 1, w.hashes[w.height-1])
				sys.Late = []block.LateVote{{Operator: 2, Round: 1, Signature: sign(t, w.keys[members[2].Address], digest)}}
			}
			if err := w.begin(1_000, 0, sys); err != nil {
				t.Fatal(err)
			}
			out = w.end(in)
		}
		w.deepAudit()
		if w.height != 12 {
			t.Fatalf("the epoch ends at %d: not ten counted heights", w.height)
		}
		pots := w.pots()
		have := map[string]any{"publishers": pots.Publishers.Dec(), "tip of the namespace's owner": w.lifetime(holder(3))}
		for i, m := range members {
			have["operator "+string(rune('1'+i))] = w.lifetime(m.Owner)
		}
		kept := w.balances[treasury]
		have["treasury"] = kept.Dec()
		ended, found, err := LoadEpoch(w, 0)
		if err != nil || !found || ended.Root != out.Lifetimes.Leaves().Root() {
			t.Fatalf("epoch 0: %+v, %v", ended, err)
		}
		have["rewards root"] = ended.Root
		return have
	}
	absent, late := run(false), run(true)
	if absent["operator 1"] != uint64(1_800+400+100-1) || absent["operator 2"] != uint64(1_800) || absent["operator 4"] != uint64(1_200) || absent["treasury"] != "1800" {
		t.Errorf("not as the chapter says: %v", absent)
	}
	for _, who := range []string{"operator 1", "operator 2", "operator 4"} {
		if absent[who] != late[who] {
			t.Errorf("%s earns %v, and %v when another's votes come late", who, absent[who], late[who])
		}
	}
	w := newWorld(t, testParams(), 30, 30, 20, 20)
	record := func(k state.Key) string { return hex.EncodeToString(w.records[k]) }
	moved := update(owner(0), 0)
	key, err := action.ParsePeerID(moved.Node.PeerID)
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "operators", map[string]any{
		"absent": absent, "late": late, "key digest": action.KeyDigest(chainID, owner(0)),
		"node": map[string]string{
			"chain id": chainID, "owner": owner(0).Hex(), "peer id": moved.Node.PeerID, "key": hex.EncodeToString(key[:]),
			"statement": hex.EncodeToString(action.NodeStatement(chainID, owner(0))), "proof": hex.EncodeToString(moved.NodeProof[:]), "record": record(nodeKey(key)),
		},
		"genesis records": map[string]string{
			"operator": record(OperatorKey(owner(0))), "delegation": record(DelegationKey(owner(0), owner(0))), "chain": record(chainKey), "pots": record(potsKey),
		},
	})
}

// The same fees and the same time: blocks of 100 ms and of 10 s pay the same.
func TestPayoutsDoNotDependOnThePace(t *testing.T) {
	run := func(ms uint64) (out []uint64) {
		p := testParams()
		p.EpochMS, p.SubsidyPerSecond = 100_000, wei(1_000_000)
		p.EvidenceMS, p.UnbondingMS = 1<<20, 1<<20
		w := newWorld(t, p, 10, 10, 10, 10)
		for i := 0; w.timeMS < 1_000_000+400_000; i++ {
			w.block(ms, i, Income{Ordering: wei(ms), DA: wei(0)})
		}
		for i := range 4 {
			out = append(out, w.lifetime(owner(i)))
		}
		return out
	}
	fast, slow := run(100), run(10_000)
	for i := range fast {
		// Proposers' turns differ by a block at an epoch's edge: within one slow block of forty.
		if d := max(fast[i], slow[i]) - min(fast[i], slow[i]); d > slow[i]/20 {
			t.Errorf("operator %d earns %d in fast blocks and %d in slow ones", i, fast[i], slow[i])
		}
	}
	var a, b uint64
	for i := range fast {
		a, b = a+fast[i], b+slow[i]
	}
	if d := max(a, b) - min(a, b); d > a/1_000 {
		t.Errorf("all earn %d in fast blocks and %d in slow ones", a, b)
	}
}

// A proposer that leaves votes out earns less; the others earn the same, and the victim's part goes to the treasury.
func TestNobodyGainsByLeavingVotesOut(t *testing.T) {
	run := func(censor bool) (out [4]uint64, kept uint256.Int) {
		p := testParams()
		p.EpochMS, p.EvidenceMS, p.UnbondingMS = 40_000, 1<<20, 1<<20
		w := newWorld(t, p, 25, 25, 25, 25)
		members := w.set(Next).Members
		for i := range 45 {
			var but []common.Address
			if censor && (i%4 == 0 || i%4 == 1) && i > 0 { // the first proposes these two: else the next would bring the vote late
				but = append(but, members[3].Owner)
			}
			w.block(1_000, i%4/2, Income{Ordering: wei(8_000)}, but...)
		}
		for i, m := range members {
			out[i] = w.lifetime(m.Owner)
		}
		return out, w.balances[treasury]
	}
	fair, fairKept := run(false)
	unfair, unfairKept := run(true)
	if unfair[0] >= fair[0] {
		t.Errorf("the censor earns %d instead of %d", unfair[0], fair[0])
	}
	if unfair[1] != fair[1] || unfair[2] != fair[2] {
		t.Errorf("bystanders earn %v instead of %v", unfair, fair)
	}
	if unfair[3] >= fair[3] || !unfairKept.Gt(&fairKept) {
		t.Errorf("the victim's part does not go to the treasury: %v", unfair)
	}
}

// Joining, leaving, rotating: sets change at epoch ends and act two heights on; the new key is the old owner's.
func TestSetsChangeAtEpochEnds(t *testing.T) {
	w := newWorld(t, testParams(), 30, 30, 20, 20)
	fresh := testKey("fresh", 1)
	begin := func() {
		t.Helper()
		if err := w.begin(100, 0, block.System{Votes: w.all()}); err != nil {
			t.Fatal(err)
		}
	}
	begin()
	for who, a := range map[common.Address]action.Action{
		owner(5): w.create(owner(5), testKey("operator", 5), 40_000),
		owner(0): &action.OperatorLeave{Leave: true},
		owner(1): w.rotate(owner(1), fresh),
	} {
		if err := w.act(who, a); err != nil {
			t.Fatal(err)
		}
	}
	w.end(Income{})
	old := w.set(After)
	out := w.epoch()
	if len(out.Updates) != 4 {
		t.Fatalf("%d updates, want one who leaves, one who joins, and two of a rotation", len(out.Updates))
	}
	if w.set(Next).Hash() != old.Hash() || w.set(After).Hash() == old.Hash() {
		t.Fatal("the set does not change two heights after the epoch's end")
	}
	set := w.set(After)
	if set.owner(owner(0)) >= 0 || set.owner(owner(5)) != 0 || set.Index(addr(fresh)) < 0 || set.Members[set.Index(addr(fresh))].Owner != owner(1) {
		t.Fatalf("the next set is %+v", set.Members)
	}
	end := w.height
	for range 4 {
		w.block(100, 0, Income{Ordering: wei(800)})
		w.audit()
	}
	if _, kept := w.records[SetKey(old.Hash())]; kept {
		t.Error("the old set stays in the ledger")
	}
	// Equivocation of the old key: its fault up to the height where it signed last, nobody's after it.
	oldKey := testKey("operator", 1)
	begin()
	if err := w.act(holder(0), w.report(oldKey, end+2, 0)); tx.CodeOf(err) != EvidenceStranger {
		t.Errorf("the old key at a height of the new one: %v", err)
	}
	if err := w.act(holder(0), w.report(oldKey, end+1, 0)); err != nil {
		t.Errorf("the old key at its last height: %v", err)
	}
	if err := w.act(holder(0), w.report(fresh, w.height, 0)); tx.CodeOf(err) != EvidenceKnown {
		t.Errorf("the same operator again, by its new key: %v", err)
	}
	w.end(Income{})
	if o := w.operator(owner(1)); !o.Tombstoned {
		t.Error("the owner is not tombstoned")
	}
	w.deepAudit()
}

// Slashing reaches what unbonded after the fault, spares what left before it, and costs more when more are at fault together.
func TestSlashing(t *testing.T) {
	w := newWorld(t, testParams(), 10, 50, 20, 20)
	step := func(do func()) {
		t.Helper()
		if err := w.begin(100, 0, block.System{Votes: w.all()}); err != nil {
			t.Fatal(err)
		}
		do()
		w.end(Income{})
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	step(func() {
		must(w.act(holder(0), &action.Delegate{Operator: owner(0), Amount: uint256.NewInt(10_000)}))
		must(w.act(holder(1), &action.Delegate{Operator: owner(0), Amount: uint256.NewInt(10_000)}))
	})
	step(func() { must(w.act(holder(0), &action.Undelegate{Operator: owner(0), Shares: uint256.NewInt(10_000)})) })
	w.epoch()
	last := w.height
	w.block(100, 0, Income{})
	w.block(100, 0, Income{})
	step(func() { must(w.act(holder(1), &action.Undelegate{Operator: owner(0), Shares: uint256.NewInt(10_000)})) })

	// The fault: at the first height for which the first delegator's stake does not vote any more.
	var burned uint256.Int
	step(func() {
		before := w.balances[holder(5)]
		must(w.act(holder(5), w.report(testKey("operator", 0), last+2, 0)))
		got := w.balances[holder(5)]
		got.Sub(&got, &before)
		// 20 of 110 power, half of which unbonds: 50,000 + 3 x 181,818 ppm of 10,000 and of 10,000 wei; a twentieth of that to the reporter.
		if got.Uint64() != 11_908/20 {
			t.Errorf("the reporter gets %s", got.Dec())
		}
		burned = w.tx.s.pots.Burned
	})
	if burned.Uint64() != 11_908-11_908/20 {
		t.Errorf("%s wei are burned", burned.Dec())
	}
	if o := w.operator(owner(0)); o.Tokens.Uint64() != 4_046 {
		t.Errorf("%s tokens are left of 10,000", o.Tokens.Dec())
	}
	for epoch, want := range map[uint64]uint64{0: 10_000, 1: 4_046} {
		pool, _, err := state.Load[Pool](w, poolKey(owner(0), epoch))
		if err != nil || pool.Tokens.Uint64() != want {
			t.Errorf("the pool of epoch %d holds %s, want %d (%v)", epoch, pool.Tokens.Dec(), want, err)
		}
	}
	// A second one of 20 in the window: all of both is gone.
	step(func() { must(w.act(holder(5), w.report(testKey("operator", 2), w.height, 1))) })
	if a, b := w.operator(owner(0)), w.operator(owner(2)); !a.Tokens.IsZero() || !b.Tokens.IsZero() {
		t.Errorf("%s and %s wei are left of two at fault together", a.Tokens.Dec(), b.Tokens.Dec())
	}
	w.deepAudit()
	if out := w.epoch(); out.Set.owner(owner(0)) >= 0 || out.Set.owner(owner(2)) >= 0 {
		t.Error("a tombstoned operator is chosen")
	}
	w.deepAudit()
}

// What consensus itself reports is slashed like a report, without a reporter; what it reports of strangers, or too late, changes nothing.
func TestFaultsOfConsensus(t *testing.T) {
	w := newWorld(t, testParams(), 30, 30, 20, 20)
	w.epoch()
	faults := []block.Fault{
		doubleVote(t, testKey("holder", 3), 1), doubleVote(t, testKey("operator", 3), 1), doubleVote(t, testKey("operator", 3), 2),
	}
	if err := w.begin(100, 0, block.System{Votes: w.all(), Faults: faults}); err != nil {
		t.Fatal(err)
	}
	w.end(Income{})
	if p := w.pots(); p.Burned.Uint64() != 20_000*650/1_000 || !w.operator(owner(3)).Tombstoned {
		t.Errorf("%s wei are burned", p.Burned.Dec())
	}
	w.deepAudit()
}

// Stake that leaves is paid when its time is over and the set without it is published, not before.
func TestWithdrawal(t *testing.T) {
	w := newWorld(t, testParams(), 30, 30, 20, 20)
	try := func(ms uint64, a action.Action) error {
		t.Helper()
		if err := w.begin(ms, 0, block.System{Votes: w.all()}); err != nil {
			t.Fatal(err)
		}
		err := w.act(owner(0), a)
		w.end(Income{})
		return err
	}
	if err := try(100, &action.Undelegate{Operator: owner(0), Shares: uint256.NewInt(5_000)}); err != nil {
		t.Fatal(err)
	}
	withdraw := &action.Withdraw{Operator: owner(0)}
	if err := try(100, withdraw); tx.CodeOf(err) != UnbondingTime {
		t.Errorf("in the epoch: %v", err)
	}
	w.epoch()
	last, end := w.height, w.timeMS
	if err := try(end+19_999-w.timeMS, withdraw); tx.CodeOf(err) != UnbondingTime {
		t.Errorf("a millisecond early: %v", err)
	}
	w.published = last + 1
	if err := try(1, withdraw); tx.CodeOf(err) != UnbondingUnpublished {
		t.Errorf("before the set change is published: %v", err)
	}
	w.published = last + 2
	before := w.balances[owner(0)]
	if err := try(1, withdraw); err != nil {
		t.Fatal(err)
	}
	if got := w.balances[owner(0)]; got.Sub(&got, &before).Uint64() != 5_000 {
		t.Errorf("%s wei are paid", got.Dec())
	}
	if err := try(1, withdraw); tx.CodeOf(err) != NothingUnbonding {
		t.Errorf("twice: %v", err)
	}
	w.deepAudit()
}

// Absence in the blocks of more than two thirds of the others' power leads to jail; one block that brings a vote, in time or late, ends it.
func TestDowntime(t *testing.T) {
	for name, c := range map[string]struct {
		proposers int // who leaves the vote out; the others bring it
		late      bool
		ms        uint64
		jailed    bool
	}{
		"away":                    {4, false, 1_000, true},
		"its votes come late":     {4, true, 1_000, false},
		"one proposer is honest":  {3, false, 1_000, false},
		"one proposer all along":  {1, false, 1_000, false},
		"a halt is no downtime":   {4, false, 3_600_000, true}, // but only after the rotation: see below
		"not long enough an hour": {4, false, 10, false},
	} {
		p := testParams()
		p.EpochMS, p.DowntimeMS = 1<<31, 20_000
		p.EvidenceMS, p.UnbondingMS = 1<<31, 1<<31
		w := newWorld(t, p, 25, 25, 25, 25)
		members := w.set(Next).Members
		victim := members[3]
		for i := range 60 {
			proposer := i % 3 // the victim is away: its turns are others'
			if name == "one proposer all along" {
				proposer = 0
			}
			var but []common.Address
			if c.proposers == 4 || c.proposers == 1 || proposer != 2 {
				but = append(but, victim.Owner)
			}
			sys := block.System{Votes: w.all(but...)}
			if c.late && i >= 2 {
				sys.Late = []block.LateVote{{Operator: 3, Signature: sign(t, w.keys[victim.Address], cert.ExtensionDigest(chainID, w.height-1, 0, w.hashes[w.height-1]))}}
			}
			if err := w.begin(c.ms, proposer, sys); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			w.end(Income{})
			if jailed := w.operator(victim.Owner).JailedUntil > 0; jailed && i < 4 {
				t.Errorf("%s: jailed after %d blocks", name, i)
			}
		}
		if jailed := w.operator(victim.Owner).JailedUntil > 0; jailed != c.jailed {
			t.Errorf("%s: jailed %v", name, jailed)
		}
		if w.pots().Burned != (uint256.Int{}) {
			t.Errorf("%s: downtime costs stake", name)
		}
	}
}

// A publisher is paid when more than two thirds of the power attest the same batch, once, for its part of the heights that wait.
func TestPublisher(t *testing.T) {
	w := newWorld(t, testParams(), 30, 30, 20, 20)
	for range 9 {
		w.block(100, 0, Income{Ordering: wei(800), DA: wei(50)})
	}
	if err := w.begin(100, 0, block.System{Votes: w.all()}); err != nil {
		t.Fatal(err)
	}
	batch := attested(1, 5, owner(3))
	batch.Runs[0].Bytes = 100
	for i, a := range []*action.AttestBatch{batch, attested(1, 5, owner(3)), batch} { // 30 + 20 of 100 agree
		if err := w.act(owner([]int{0, 1, 2}[i]), a); err != nil {
			t.Fatal(err)
		}
	}
	if w.tx.s.pots.Paid != 0 {
		t.Fatal("paid by half of the power")
	}
	if err := w.act(owner(1), batch); err != nil {
		t.Fatal(err)
	}
	if p := w.tx.s.pots; p.Paid != 5 || p.Publishers.Uint64() != 450 || p.DA.Uint64() != 150 {
		t.Fatalf("paid up to %d, %s left for publishers, %s for DA", p.Paid, p.Publishers.Dec(), p.DA.Dec())
	}
	if err := w.act(owner(3), batch); tx.CodeOf(err) != WrongRange {
		t.Errorf("attested again: %v", err)
	}
	w.end(Income{})
	if got := w.lifetime(owner(3)); got != 300 {
		t.Errorf("%d wei are reimbursed", got)
	}
	w.deepAudit()
}

// An attestation may name several publishers. What nobody published, or who is no operator, goes to the treasury: it makes nobody else's part larger.
func TestPublishersInTurn(t *testing.T) {
	w := newWorld(t, testParams(), 30, 30, 20, 20)
	for range 9 {
		w.block(100, 0, Income{Ordering: wei(800), DA: wei(50)})
	}
	if err := w.begin(100, 0, block.System{Votes: w.all()}); err != nil {
		t.Fatal(err)
	}
	before := w.balances[treasury]
	batch := &action.AttestBatch{First: 1, Runs: []action.BatchRun{
		{Last: 2, Publisher: owner(3), Bytes: 10}, {Last: 4, Publisher: holder(0), Bytes: 10}, {Last: 5}, {Last: 9, Publisher: owner(2), Bytes: 20},
	}}
	for i := range 3 {
		if err := w.act(owner(i), batch); err != nil {
			t.Fatal(err)
		}
	}
	if p := w.tx.s.pots; p.Paid != 9 || p.Publishers.Uint64() != 90 || p.DA.Uint64() != 450-30*3 {
		t.Fatalf("paid up to %d, %s left for publishers, %s for DA", p.Paid, p.Publishers.Dec(), p.DA.Dec())
	}
	after := w.balances[treasury]
	if got := new(uint256.Int).Sub(&after, &before); got.Uint64() != 270 { // three of ten heights of 900 wei
		t.Errorf("the treasury has %s wei more", got.Dec())
	}
	if a, b := w.tx.s.earn(owner(3)).Wei.Uint64(), w.tx.s.earn(owner(2)).Wei.Uint64(); a != 180 || b != 360 {
		t.Errorf("the publishers get %d and %d wei", a, b)
	}
	w.end(Income{})
	w.deepAudit()
}

// attested is an attestation of heights that one publisher has published.
func attested(first, last uint64, publisher common.Address) *action.AttestBatch {
	return &action.AttestBatch{First: first, Runs: []action.BatchRun{{Last: last, Publisher: publisher}}}
}
