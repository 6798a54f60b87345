package ledger_test

import (
	"bytes"
	"crypto/ecdsa"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// refusal is an action that does nothing.
type refusal struct {
	code tx.Code
	from common.Address
	a    action.Action
}

var (
	left  = namespaces.Namespace{0: 2} // has left
	quiet = namespaces.Namespace{0: 4} // its owner is silent
	poor  = common.Address{0xaa}       // can pay a fee and no deposit
	nine  = namespaces.Namespace{0: 9} // nobody's
)

// signed is a signature of a digest.
func signed(tb testing.TB, key *ecdsa.PrivateKey, digest common.Hash) tx.Signature {
	tb.Helper()
	raw, err := crypto.Sign(digest[:], key)
	if err != nil {
		tb.Fatal(err)
	}
	return tx.Signature(raw)
}

// shown is a report of two signatures of a key for one height.
func shown(tb testing.TB, key *ecdsa.PrivateKey, height uint64) *action.Report {
	tb.Helper()
	r := &action.Report{Height: height, HashA: common.Hash{1}, HashB: common.Hash{2}}
	r.SignatureA = signed(tb, key, cert.ExtensionDigest("ledger-test", height, 0, r.HashA))
	r.SignatureB = signed(tb, key, cert.ExtensionDigest("ledger-test", height, 0, r.HashB))
	return r
}

// crooked is a world in which everything can be done wrong: a namespace of each policy, one that has left, one that is silent, an operator in jail, one that leaves, one
// that is tombstoned, stake that unbonds and may not go yet, reservations.
func crooked(t *testing.T) *world {
	t.Helper()
	w := worldWith(t, func(p *genesis.Params) { p.EvidenceMS, p.UnbondingMS, p.DowntimeMS = 60_000, 60_000, 1_000 })
	op := func(i int) common.Address { return address(w.ops[i]) }
	w.must(payer(0), &action.Register{Namespace: beta, Owner: payer(0), Lane: open()})
	w.must(payer(0), &action.FillTank{Namespace: beta, Amount: uint256.NewInt(50)})
	for _, ns := range []namespaces.Namespace{quiet, left} {
		w.must(payer(0), &action.Register{Namespace: ns, Owner: payer(0), Lane: action.Lane{Order: block.ByTip, Policy: action.Owned, Key: payer(1)}})
	}
	w.must(payer(0), &action.Exit{Namespace: left})
	w.must(payer(1), &action.Delegate{Operator: op(0), Amount: uint256.NewInt(100)})
	w.must(payer(1), &action.Undelegate{Operator: op(0), Shares: uint256.NewInt(40)})
	for w.s.Head.Height < 125 { // two epochs: the first one's evidence is old then
		w.block()
	}
	w.must(payer(1), &action.Undelegate{Operator: op(0), Shares: uint256.NewInt(10)})
	node, proof := provenNode(t, 1, op(0))
	w.must(op(0), &action.OperatorUpdate{Commission: 1, Node: node, NodeProof: proof})
	w.must(op(2), &action.OperatorLeave{Leave: true})
	w.mute = op(1)
	for range 8 {
		w.block()
	}
	w.mute = common.Address{}
	if o, _, err := stake.LoadOperator(w.s, op(1)); err != nil || o.JailedUntil == 0 {
		t.Fatalf("not in jail: %+v (%v)", o, err)
	}
	w.must(payer(4), shown(t, w.ops[3], w.s.Head.Height)) // who is rich then
	w.off[3] = true
	w.must(payer(0), &action.Register{Namespace: gamma, Owner: payer(0), Lane: action.Lane{Order: block.ByTip, Policy: action.Owned, Key: payer(1)}})
	w.must(payer(5), &action.Transfer{To: poor, Amount: uint256.NewInt(10_000)})
	return w
}

// namespaceRefusals are the rows of accounts and namespaces.
func namespaceRefusals() map[string]refusal {
	one, much, all := uint256.NewInt(1), uint256.NewInt(rich), new(uint256.Int).SetAllOne()
	return map[string]refusal{
		"transfer of nothing":          {ledger.ZeroAmount, payer(0), &action.Transfer{To: payer(1), Amount: new(uint256.Int)}},
		"transfer of more than held":   {ledger.InsufficientBalance, payer(0), &action.Transfer{To: payer(1), Amount: much}},
		"transfer of everything":       {ledger.InsufficientBalance, payer(0), &action.Transfer{To: payer(0), Amount: all}},
		"register twice":               {ledger.NamespaceTaken, payer(1), &action.Register{Namespace: beta, Owner: payer(1), Lane: open()}},
		"register genesis's":           {ledger.NamespaceTaken, payer(1), &action.Register{Namespace: alpha, Owner: payer(1), Lane: open()}},
		"register what has left":       {ledger.NamespaceTaken, payer(1), &action.Register{Namespace: left, Owner: payer(1), Lane: open()}},
		"register ours":                {ledger.NamespaceReserved, payer(1), &action.Register{Namespace: namespaces.Ledger(), Owner: payer(1), Lane: open()}},
		"register Celestia's":          {ledger.NamespaceReserved, payer(1), &action.Register{Namespace: namespaces.Namespace{9: 3}, Owner: payer(1), Lane: open()}},
		"register without the deposit": {ledger.InsufficientBalance, poor, &action.Register{Namespace: namespaces.Namespace{0: 3}, Lane: open()}},
		"update another's":             {ledger.NotOwner, payer(1), &action.Update{Namespace: beta, Lane: open()}},
		"update nobody's":              {ledger.NotOwner, payer(1), &action.Update{Namespace: alpha, Lane: open()}},
		"update unknown":               {ledger.UnknownNamespace, payer(0), &action.Update{Namespace: nine, Lane: open()}},
		"update what leaves":           {ledger.NamespaceExited, payer(0), &action.Update{Namespace: left, Lane: open()}},
		"hand over another's":          {ledger.NotOwner, payer(1), &action.HandOver{Namespace: beta, Owner: payer(1)}},
		"hand over unknown":            {ledger.UnknownNamespace, payer(1), &action.HandOver{Namespace: nine, Owner: payer(1)}},
		"exit another's":               {ledger.NotOwner, payer(1), &action.Exit{Namespace: beta}},
		"exit unknown":                 {ledger.UnknownNamespace, payer(1), &action.Exit{Namespace: nine}},
		"exit twice":                   {ledger.NamespaceExited, payer(0), &action.Exit{Namespace: left}},
		"exit before":                  {ledger.BadHeight, payer(0), &action.Exit{Namespace: beta, Height: 1}},
		"exit much later":              {ledger.BadHeight, payer(0), &action.Exit{Namespace: beta, Height: 1 << 60}},
		"fill with nothing":            {ledger.ZeroAmount, payer(0), &action.FillTank{Namespace: beta, Amount: new(uint256.Int)}},
		"fill with more than held":     {ledger.InsufficientBalance, payer(0), &action.FillTank{Namespace: beta, Amount: much}},
		"fill unknown":                 {ledger.UnknownNamespace, payer(0), &action.FillTank{Namespace: nine, Amount: one}},
		"drain nothing":                {ledger.ZeroAmount, payer(0), &action.DrainTank{Namespace: beta, Amount: new(uint256.Int)}},
		"drain more than is there":     {ledger.InsufficientBalance, payer(0), &action.DrainTank{Namespace: beta, Amount: uint256.NewInt(51)}},
		"drain another's":              {ledger.NotOwner, payer(1), &action.DrainTank{Namespace: beta, Amount: one}},
		"drain unknown":                {ledger.UnknownNamespace, payer(1), &action.DrainTank{Namespace: nine, Amount: one}},
		"heartbeat in an open lane":    {ledger.NotOwned, payer(0), &action.Heartbeat{Namespace: beta}},
		"heartbeat of a stranger":      {ledger.NotOwner, payer(2), &action.Heartbeat{Namespace: gamma}},
		"heartbeat in unknown":         {ledger.UnknownNamespace, payer(2), &action.Heartbeat{Namespace: nine}},
		"resume of a stranger":         {ledger.NotOwner, payer(2), &action.Resume{Namespace: gamma}},
		"resume of an open lane":       {ledger.NotOwned, payer(0), &action.Resume{Namespace: beta}},
		"heartbeat that is late":       {ledger.LaneOpen, payer(0), &action.Heartbeat{Namespace: quiet}},
		"resume of what is heard":      {ledger.NotSilent, payer(0), &action.Resume{Namespace: gamma}},
		"resume of unknown":            {ledger.UnknownNamespace, payer(0), &action.Resume{Namespace: nine}},
		"reserve nothing":              {ledger.ZeroAmount, payer(0), &action.Reserve{Namespace: beta}},
		"reserve for another's":        {ledger.NotOwner, payer(1), &action.Reserve{Namespace: beta, Bytes: 1}},
		"reserve for unknown":          {ledger.UnknownNamespace, payer(0), &action.Reserve{Namespace: nine, Bytes: 1}},
		"reserve for what leaves":      {ledger.NamespaceExited, payer(0), &action.Reserve{Namespace: left, Bytes: 1}},
		"reserve more than there is":   {ledger.ReservationsFull, payer(0), &action.Reserve{Namespace: beta, Bytes: 1<<64 - 1}},
		"reserve beyond means":         {ledger.InsufficientBalance, payer(0), &action.Reserve{Namespace: beta, Bytes: 1 << 20}},
	}
}

// wordRefusals are the rows of what operators say.
func wordRefusals(w *world) map[string]refusal {
	all := new(uint256.Int).SetAllOne()
	vote := func(height uint64, name string, value uint64) *action.Vote {
		return &action.Vote{Height: height, Changes: []action.Change{{Name: name, Value: uint256.NewInt(value)}}}
	}
	attest := func(first, last uint64) *action.AttestBatch {
		return &action.AttestBatch{First: first, Runs: []action.BatchRun{{Last: last}}}
	}
	op, next := address(w.ops[0]), w.s.Head.Height+1
	return map[string]refusal{
		"vote of a stranger":          {ledger.NotOperator, payer(0), vote(1_000, "lanePrice", 4)},
		"vote for the past":           {ledger.BadHeight, op, vote(1, "lanePrice", 4)},
		"vote for the far future":     {ledger.BadHeight, op, vote(1<<60, "lanePrice", 4)},
		"vote for no parameter":       {ledger.UnknownParameter, op, vote(1_000, "fee", 4)},
		"vote for what is fixed":      {ledger.UnknownParameter, op, vote(1_000, "expiryWindow", 4)},
		"vote out of range":           {ledger.ParameterRange, op, vote(1_000, "epochMs", 1)},
		"vote beyond 64 bits":         {ledger.ParameterRange, op, &action.Vote{Height: 1_000, Changes: []action.Change{{Name: "lanePrice", Value: all}}}},
		"vote for version 0":          {ledger.ParameterRange, op, vote(1_000, "protocolVersion", 0)},
		"vote of one that is gone":    {ledger.NotOperator, address(w.ops[3]), vote(1_000, "lanePrice", 4)},
		"view of a stranger":          {ledger.NotOperator, payer(0), &action.DAView{}},
		"view of what is to come":     {ledger.BadHeight, op, &action.DAView{PublishedHeight: next}},
		"view beyond all":             {ledger.BadHeight, op, &action.DAView{PublishedHeight: 1<<64 - 1}},
		"attestation of a stranger":   {stake.NotInSet, payer(0), attest(1, 1)},
		"attestation of a gap":        {stake.WrongRange, op, attest(2, 2)},
		"attestation of what is paid": {stake.WrongRange, op, attest(0, 1)},
		"attestation of this block":   {stake.WrongRange, op, attest(1, next)},
	}
}

// stakeRefusals are the rows of operators and their stake.
func stakeRefusals(t *testing.T, w *world) map[string]refusal {
	t.Helper()
	one, all := uint256.NewInt(1), new(uint256.Int).SetAllOne()
	fresh, unit := testKey("fresh"), new(uint256.Int).SetUint64(w.rules.Params().PowerUnit)
	op := func(i int) common.Address { return address(w.ops[i]) }
	create := func(key, signer *ecdsa.PrivateKey, who common.Address, amount *uint256.Int) *action.OperatorCreate {
		return &action.OperatorCreate{
			Key: action.Key(crypto.CompressPubkey(&key.PublicKey)), Proof: signed(t, signer, action.KeyDigest("ledger-test", who)), Amount: amount,
		}
	}
	rotate := func(key, signer *ecdsa.PrivateKey, who common.Address) *action.OperatorRotate {
		c := create(key, signer, who, one)
		return &action.OperatorRotate{Key: c.Key, Proof: c.Proof}
	}
	whale := common.Address{0xee}
	noKey, greedy := create(fresh, fresh, whale, unit), create(fresh, fresh, whale, unit)
	noKey.Key, greedy.Commission = action.Key{}, 10_001
	unproven, namesake := create(fresh, fresh, whale, unit), create(fresh, fresh, whale, unit)
	unproven.Node, unproven.NodeProof = provenNode(t, 2, payer(0))
	namesake.Node, namesake.NodeProof = provenNode(t, 1, whale)
	same, forged := shown(t, w.ops[0], 100), shown(t, w.ops[0], 100)
	same.HashB, same.SignatureB = same.HashA, same.SignatureA
	forged.SignatureB = shown(t, fresh, 100).SignatureB
	return map[string]refusal{
		"create twice":               {stake.OperatorExists, op(0), create(fresh, fresh, op(0), unit)},
		"create with nothing":        {stake.BelowMinStake, payer(0), create(fresh, fresh, payer(0), new(uint256.Int))},
		"create with too little":     {stake.BelowMinStake, payer(0), create(fresh, fresh, payer(0), one)},
		"create beyond means":        {stake.InsufficientBalance, payer(0), create(fresh, fresh, payer(0), unit)},
		"create with all there is":   {stake.InsufficientBalance, whale, create(fresh, fresh, whale, all)},
		"create with more than fits": {stake.Overflow, whale, create(fresh, fresh, whale, new(uint256.Int).Lsh(one, 127))},
		"create without a key":       {stake.BadKey, whale, noKey},
		"create with a false proof":  {stake.BadKeyProof, whale, create(fresh, w.ops[0], whale, unit)},
		"create for another":         {stake.BadKeyProof, whale, create(fresh, fresh, payer(0), unit)},
		"create with a key in use":   {stake.KeyTaken, whale, create(w.ops[0], w.ops[0], whale, unit)},
		"create with another's node": {stake.BadNodeProof, whale, unproven},
		"create with a node in use":  {stake.NodeTaken, whale, namesake},
		"create, commission":         {stake.BadCommission, whale, greedy},
		"create when tombstoned":     {stake.OperatorExists, op(3), create(fresh, fresh, op(3), unit)},
		"describe a stranger":        {stake.UnknownOperator, payer(0), &action.OperatorUpdate{}},
		"describe twice in an epoch": {stake.BadCommission, op(0), &action.OperatorUpdate{Commission: 2}},
		"describe without a proof":   {stake.BadNodeProof, op(1), &action.OperatorUpdate{Node: unproven.Node}},
		"commission, too far":        {stake.BadCommission, op(1), &action.OperatorUpdate{Commission: 101}},
		"commission above all":       {stake.BadCommission, op(1), &action.OperatorUpdate{Commission: 1<<64 - 1}},
		"describe when tombstoned":   {stake.Tombstoned, op(3), &action.OperatorUpdate{}},
		"rotate a stranger's":        {stake.UnknownOperator, payer(0), rotate(fresh, fresh, payer(0))},
		"rotate to the same":         {stake.KeyTaken, op(0), rotate(w.ops[0], w.ops[0], op(0))},
		"rotate to another's":        {stake.KeyTaken, op(0), rotate(w.ops[1], w.ops[1], op(0))},
		"rotate with a false proof":  {stake.BadKeyProof, op(0), rotate(fresh, fresh, op(1))},
		"rotate to no key":           {stake.BadKey, op(0), &action.OperatorRotate{}},
		"rotate when tombstoned":     {stake.Tombstoned, op(3), rotate(fresh, fresh, op(3))},
		"leave twice":                {stake.Unchanged, op(2), &action.OperatorLeave{Leave: true}},
		"stay without leaving":       {stake.Unchanged, op(0), &action.OperatorLeave{}},
		"leave of a stranger":        {stake.UnknownOperator, payer(0), &action.OperatorLeave{Leave: true}},
		"stay when tombstoned":       {stake.Tombstoned, op(3), &action.OperatorLeave{}},
		"unjail a free one":          {stake.NotJailed, op(0), &action.Unjail{}},
		"unjail before the time":     {stake.StillJailed, op(1), &action.Unjail{}},
		"unjail a stranger":          {stake.UnknownOperator, payer(0), &action.Unjail{}},
		"unjail when tombstoned":     {stake.Tombstoned, op(3), &action.Unjail{}},
		"bond nothing":               {stake.ZeroAmount, payer(1), &action.Delegate{Operator: op(0), Amount: new(uint256.Int)}},
		"bond beyond means":          {stake.InsufficientBalance, payer(1), &action.Delegate{Operator: op(0), Amount: uint256.NewInt(rich)}},
		"bond all there is":          {stake.InsufficientBalance, whale, &action.Delegate{Operator: op(0), Amount: all}},
		"bond more than fits":        {stake.Overflow, whale, &action.Delegate{Operator: op(0), Amount: new(uint256.Int).Lsh(one, 127)}},
		"bond with nobody":           {stake.UnknownOperator, payer(1), &action.Delegate{Operator: payer(2), Amount: one}},
		"bond with a tombstone":      {stake.Tombstoned, payer(1), &action.Delegate{Operator: op(3), Amount: one}},
		"unbond nothing":             {stake.ZeroAmount, payer(1), &action.Undelegate{Operator: op(0), Shares: new(uint256.Int)}},
		"unbond more than is bonded": {stake.TooManyShares, payer(1), &action.Undelegate{Operator: op(0), Shares: uint256.NewInt(51)}},
		"unbond all there is":        {stake.TooManyShares, payer(1), &action.Undelegate{Operator: op(0), Shares: all}},
		"unbond another's":           {stake.TooManyShares, payer(2), &action.Undelegate{Operator: op(0), Shares: one}},
		"unbond from nobody":         {stake.UnknownOperator, payer(1), &action.Undelegate{Operator: payer(2), Shares: one}},
		"withdraw what is not there": {stake.NothingUnbonding, payer(2), &action.Withdraw{Operator: op(0)}},
		"withdraw of the far future": {stake.NothingUnbonding, payer(1), &action.Withdraw{Operator: op(0), Epoch: 1<<64 - 1}},
		"withdraw from nobody":       {stake.NothingUnbonding, payer(1), &action.Withdraw{Operator: payer(2)}},
		"withdraw before the time":   {stake.UnbondingTime, payer(1), &action.Withdraw{Operator: op(0), Epoch: 2}},
		"withdraw what is not on DA": {stake.UnbondingUnpublished, payer(1), &action.Withdraw{Operator: op(0)}},
		"claim nothing":              {stake.NothingToClaim, payer(2), &action.Claim{}},
		"claim without stake":        {stake.NothingToClaim, payer(2), &action.Claim{Operator: op(0)}},
		"claim from nobody":          {stake.UnknownOperator, payer(2), &action.Claim{Operator: payer(3)}},
		"evidence of one hash":       {stake.EvidenceSame, payer(2), same},
		"evidence of two keys":       {stake.EvidenceForged, payer(2), forged},
		"evidence without a key":     {stake.EvidenceForged, payer(2), &action.Report{Height: 1, HashB: common.Hash{1}}},
		"evidence about a stranger":  {stake.EvidenceStranger, payer(2), shown(t, fresh, 100)},
		"evidence that is old":       {stake.EvidenceOld, payer(2), shown(t, w.ops[0], 1)},
		"evidence of the future":     {stake.EvidenceFuture, payer(2), shown(t, w.ops[0], 1<<64-1)},
		"evidence that is repeated":  {stake.EvidenceKnown, payer(2), shown(t, w.ops[3], w.s.Head.Height-8)},
	}
}

// Every action with every kind of bad input: a code, the fee, and nothing but what an empty block changes. A kind of action without rows fails, and so does a code.
func TestBadActions(t *testing.T) {
	w := crooked(t)
	empty, err := w.try()
	if err != nil {
		t.Fatal(err)
	}
	without := make(map[state.Key][]byte)
	for _, r := range empty.Records {
		without[r.Key] = r.Value
	}
	tried, codes := make(map[action.Kind]int), make(map[tx.Code]int)
	for _, rows := range []map[string]refusal{namespaceRefusals(), wordRefusals(w), stakeRefusals(t, w)} {
		for name, c := range rows {
			one := w.tx(c.from, act(t, c.a))
			held, fee := w.s.Balance(c.from), feeOf(one)
			if c.from == poor { // all but the deposit
				one = unsigned(t, poor, 1, w.s.Head.Height+100, (held.Uint64()-500)/one.Weight()-3, act(t, c.a))
				fee = feeOf(one)
			}
			tried[c.a.Kind()]++
			codes[c.code]++
			e, err := w.try(one)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if len(e.Failures) != 1 || e.Failures[0].Code != c.code {
				t.Errorf("%s: %+v, want %s", name, e.Failures, c.code)
				continue
			}
			w.keeps(name, c.from, *held.Sub(&held, &fee), e, without)
		}
	}
	for _, k := range kinds() {
		if tried[k] == 0 {
			t.Errorf("nobody has done kind %d wrong", k)
		}
	}
	for _, code := range refusals() {
		if codes[code] == 0 {
			t.Errorf("nothing fails with %s", code)
		}
	}
	w.invalid("no action", ledger.BadAction, w.tx(payer(0), tx.Leg{Namespace: namespaces.Ledger(), Data: []byte{1}}))
	w.invalid("an unknown kind", ledger.BadAction, w.tx(payer(0), tx.Leg{Namespace: namespaces.Ledger(), Data: []byte{0xc1, 0x1f}}))
}

// keeps says that a block whose one action has failed changes what one without it changes, and the fee's records.
func (w *world) keeps(name string, from common.Address, want uint256.Int, e *ledger.Effects, without map[state.Key][]byte) {
	w.tb.Helper()
	paid := false
	for _, r := range e.Records {
		if was, there := without[r.Key]; !bare(r.Key, from) && (!there || !bytes.Equal(was, r.Value)) {
			w.tb.Errorf("%s: record %x changed", name, string(r.Key))
		}
		if r.Key == ledger.AccountKey(from) {
			after := state.New(w.s)
			after.SetRaw(r.Key, r.Value)
			now, err := ledger.Balance(after, from)
			paid = err == nil && now == want
		}
	}
	if !paid {
		w.tb.Errorf("%s: the payer does not hold %s wei then: more than its fee is taken, or less", name, want.Dec())
	}
}

// A transfer to oneself moves nothing, however much it is.
func TestTransferToOneself(t *testing.T) {
	w := newWorld(t)
	whale := common.Address{0xee}
	amount := w.s.Balance(whale)
	w.must(whale, &action.Transfer{To: payer(3), Amount: amount.SubUint64(&amount, 1_000_000)})
	if code := w.does(payer(3), &action.Transfer{To: payer(3), Amount: uint256.NewInt(1)}); code != "" {
		t.Errorf("a transfer to oneself: %s", code)
	}
}
