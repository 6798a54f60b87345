package stake

import (
	"errors"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// A section that is not true makes the block invalid.
func TestFalseSystemSections(t *testing.T) {
	w := newWorld(t, testParams(), 30, 30, 20, 20)
	if err := w.begin(1, 0, block.System{Votes: []byte{0xf0}}); !errors.Is(err, ErrSystem) {
		t.Errorf("votes in the first block: %v", err)
	}
	w = newWorld(t, testParams(), 30, 30, 20, 20)
	for range 3 {
		w.block(100, 0, Income{}, w.set(Next).Members[2].Owner)
	}
	members := w.set(Before).Members
	late := func(place uint32, member int, height uint64, hash common.Hash) []block.LateVote {
		return []block.LateVote{{Operator: place, Signature: sign(t, w.keys[members[member].Address], cert.ExtensionDigest(chainID, height, 0, hash))}}
	}
	at, hash := w.height-1, w.hashes[w.height-1]
	for name, sys := range map[string]block.System{
		"no votes":            {},
		"long bitmap":         {Votes: []byte{0xf0, 0}},
		"surplus bit":         {Votes: []byte{0xf8}},
		"late, voted in time": {Votes: []byte{0xf0}, Late: late(0, 0, at, hash)},
		"late, another's":     {Votes: []byte{0xf0}, Late: late(2, 0, at, hash)},
		"late, other header":  {Votes: []byte{0xf0}, Late: late(2, 2, at, common.Hash{9})},
		"late, other height":  {Votes: []byte{0xf0}, Late: late(2, 2, at+1, hash)},
		"late, beyond":        {Votes: []byte{0xf0}, Late: late(4, 2, at, hash)},
		"late, junk":          {Votes: []byte{0xf0}, Late: []block.LateVote{{Operator: 2}}},
		"fault, no proof":     {Votes: []byte{0xf0}, Faults: []block.Fault{{Step: block.Prevote, Height: 1}}},
		"fault, forged":       {Votes: []byte{0xf0}, Faults: []block.Fault{forgedFault(t)}},
	} {
		height, ms := w.height, w.timeMS
		if err := w.begin(100, 0, sys); !errors.Is(err, ErrSystem) {
			t.Errorf("%s: %v", name, err)
		}
		w.height, w.timeMS, w.hashes = height, ms, w.hashes[:height+1]
	}
	if err := w.begin(100, 0, block.System{Votes: []byte{0xf0}, Late: late(2, 2, at, hash)}); err != nil {
		t.Errorf("a true one: %v", err)
	}
}

// forgedFault has one vote of an operator and one of somebody else.
func forgedFault(t testing.TB) block.Fault {
	t.Helper()
	f, other := doubleVote(t, testKey("operator", 0), 1), doubleVote(t, testKey("stranger", 0), 1)
	f.Votes[1].Signature = other.Votes[1].Signature
	return f
}

// Every action with every bad input: a code, no state change.
func TestBadInput(t *testing.T) {
	w := newWorld(t, testParams(), 30, 30, 20, 20)
	w.epoch()
	most := uint256.Int{1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1}
	stranger := testKey("stranger", 0)
	forged := w.report(testKey("operator", 0), 1, 0)
	forged.SignatureB = sign(t, stranger, cert.ExtensionDigest(chainID, 1, 0, forged.HashB))
	otherRound := w.report(testKey("operator", 0), 1, 0)
	otherRound.Round = 1
	same := w.report(testKey("operator", 0), 1, 0)
	same.HashB, same.SignatureB = same.HashA, same.SignatureA
	badKey, badProof, taken := w.create(owner(5), stranger, 3_000), w.create(owner(5), stranger, 3_000), w.create(owner(5), testKey("operator", 0), 3_000)
	badKey.Key = action.Key{}
	badProof.Proof = w.create(owner(6), stranger, 0).Proof
	greedy := w.create(owner(5), stranger, 3_000)
	greedy.Commission = 10_001
	noNode, noProof, takenNode := w.create(owner(5), stranger, 3_000), w.create(owner(5), stranger, 3_000), w.create(owner(5), stranger, 3_000)
	noNode.Node.PeerID, noNode.NodeProof = "16Uiu2HAm1Gd1KvzLrUJrCVJPUdbbTKgCxwUkHZc7wbTRyPTUK1qV", nodeProof(5, owner(5))
	noProof.Node, noProof.NodeProof = node(5), nodeProof(5, owner(6))
	takenNode.Node, takenNode.NodeProof = node(0), nodeProof(0, owner(5))
	rich := w.create(owner(5), stranger, 0)
	rich.Amount = &most
	for name, c := range map[string]struct {
		payer common.Address
		a     action.Action
		code  tx.Code
	}{
		"create twice":            {owner(0), w.create(owner(0), stranger, 3_000), OperatorExists},
		"create with too little":  {owner(5), w.create(owner(5), stranger, 1_999), BelowMinStake},
		"create with nothing":     {owner(5), w.create(owner(5), stranger, 0), BelowMinStake},
		"create beyond means":     {owner(5), w.create(owner(5), stranger, 1_000_001), InsufficientBalance},
		"create with everything":  {owner(5), rich, InsufficientBalance},
		"create, bad key":         {owner(5), badKey, BadKey},
		"create, another's proof": {owner(5), badProof, BadKeyProof},
		"create, key in use":      {owner(5), taken, KeyTaken},
		"create, commission":      {owner(5), greedy, BadCommission},
		"create, no node":         {owner(5), noNode, BadNodeProof},
		"create, node of another": {owner(5), noProof, BadNodeProof},
		"create, node in use":     {owner(5), takenNode, NodeTaken},
		"update, no proof":        {owner(0), &action.OperatorUpdate{Node: node(5)}, BadNodeProof},
		"update, member's node":   {owner(0), &action.OperatorUpdate{Node: node(1)}, BadNodeProof},
		"update, another's proof": {owner(0), &action.OperatorUpdate{Node: node(5), NodeProof: nodeProof(5, owner(1))}, BadNodeProof},
		"update, node in use":     {owner(0), update(owner(0), 1), NodeTaken},
		"update of a stranger":    {holder(0), &action.OperatorUpdate{}, UnknownOperator},
		"update, big step":        {owner(0), &action.OperatorUpdate{Commission: 101}, BadCommission},
		"rotate of a stranger":    {holder(0), w.rotate(holder(0), stranger), UnknownOperator},
		"rotate to the same key":  {owner(0), w.rotate(owner(0), testKey("operator", 0)), KeyTaken},
		"rotate to another's":     {owner(0), w.rotate(owner(0), testKey("operator", 1)), KeyTaken},
		"rotate, wrong proof":     {owner(0), w.rotate(owner(1), stranger), BadKeyProof},
		"stay":                    {owner(0), &action.OperatorLeave{}, Unchanged},
		"leave of a stranger":     {holder(0), &action.OperatorLeave{Leave: true}, UnknownOperator},
		"unjail":                  {owner(0), &action.Unjail{}, NotJailed},
		"delegate nothing":        {holder(0), &action.Delegate{Operator: owner(0), Amount: new(uint256.Int)}, ZeroAmount},
		"delegate to nobody":      {holder(0), &action.Delegate{Operator: holder(1), Amount: uint256.NewInt(1)}, UnknownOperator},
		"delegate everything":     {holder(0), &action.Delegate{Operator: owner(0), Amount: &most}, InsufficientBalance},
		"undelegate nothing":      {owner(0), &action.Undelegate{Operator: owner(0), Shares: new(uint256.Int)}, ZeroAmount},
		"undelegate too much":     {owner(0), &action.Undelegate{Operator: owner(0), Shares: uint256.NewInt(30_001)}, TooManyShares},
		"undelegate everything":   {owner(0), &action.Undelegate{Operator: owner(0), Shares: &most}, TooManyShares},
		"undelegate another's":    {holder(0), &action.Undelegate{Operator: owner(0), Shares: uint256.NewInt(1)}, TooManyShares},
		"undelegate of nobody":    {holder(0), &action.Undelegate{Operator: holder(1), Shares: uint256.NewInt(1)}, UnknownOperator},
		"withdraw nothing":        {owner(0), &action.Withdraw{Operator: owner(0)}, NothingUnbonding},
		"withdraw of the future":  {owner(0), &action.Withdraw{Operator: owner(0), Epoch: 1<<64 - 1}, NothingUnbonding},
		"claim nothing":           {holder(0), &action.Claim{}, NothingToClaim},
		"claim without stake":     {holder(0), &action.Claim{Operator: owner(0)}, NothingToClaim},
		"claim from nobody":       {holder(0), &action.Claim{Operator: holder(1)}, UnknownOperator},
		"evidence, same hash":     {holder(0), same, EvidenceSame},
		"evidence, forged":        {holder(0), forged, EvidenceForged},
		"evidence, other round":   {holder(0), otherRound, EvidenceForged},
		"evidence, no signature":  {holder(0), &action.Report{Height: 1, HashB: common.Hash{1}}, EvidenceForged},
		"evidence, stranger":      {holder(0), w.report(stranger, 1, 0), EvidenceStranger},
		"evidence, future":        {holder(0), w.report(testKey("operator", 0), w.height+2, 0), EvidenceFuture},
		"evidence, far future":    {holder(0), w.report(testKey("operator", 0), 1<<64-1, 0), EvidenceFuture},
		"attest of a stranger":    {holder(0), attested(1, 1, owner(0)), NotInSet},
		"attest of a gap":         {owner(0), attested(2, 2, owner(0)), WrongRange},
		"attest of the future":    {owner(0), attested(1, w.height+1, owner(0)), WrongRange},
	} {
		height, ms := w.height, w.timeMS
		if err := w.begin(1, 0, block.System{Votes: w.all()}); err != nil {
			t.Fatal(err)
		}
		pots := w.tx.s.pots
		err := w.act(c.payer, c.a)
		if code := tx.CodeOf(err); code != c.code {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
		if changes, err := w.tx.st.Changes(); err != nil || len(changes) > 0 || w.tx.s.pots != pots {
			t.Errorf("%s: it changes %d records (%v)", name, len(changes), err)
		}
		w.height, w.timeMS, w.hashes, w.tx.old = height, ms, w.hashes[:height+1], nil
	}
}

// Old evidence: punished while its epoch is younger than the evidence period, then never.
func TestOldEvidence(t *testing.T) {
	for extra, want := range map[uint64]tx.Code{0: EvidenceOld, 1: ""} {
		w := newWorld(t, testParams(), 30, 30, 20, 20)
		w.epoch()
		if err := w.begin(w.p.EvidenceMS-extra, 0, block.System{Votes: w.all()}); err != nil {
			t.Fatal(err)
		}
		if err := w.act(holder(0), w.report(testKey("operator", 0), 1, 0)); tx.CodeOf(err) != want {
			t.Errorf("%d ms before its end: %v, want %q", extra, err, want)
		}
	}
}
