package stake

import (
	"crypto/ecdsa"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

const chainID = "stake-test"

var treasury = common.Address{0: 0x77}

// world is a chain of blocks with nothing in them but the stake's work: its records, balances, and what CometBFT would have as validators.
type world struct {
	t          testing.TB
	p          Params
	records    map[state.Key][]byte
	balances   map[common.Address]uint256.Int
	genesis    uint256.Int // all wei of the genesis
	height     uint64
	timeMS     uint64
	published  uint64
	daPrice    uint64
	hashes     []common.Hash                        // of headers, by height
	validators []map[common.Address]uint64          // by height: CometBFT's own, from updates with its H+2 rule
	keys       map[common.Address]*ecdsa.PrivateKey // by consensus address

	tx struct { // one block at work
		st  *state.State
		s   *Stake
		old map[common.Address]uint256.Int
	}
}

func testKey(name string, i int) *ecdsa.PrivateKey {
	k, err := crypto.ToECDSA(crypto.Keccak256(fmt.Append(nil, name, i)))
	if err != nil {
		panic(err)
	}
	return k
}

func addr(k *ecdsa.PrivateKey) common.Address { return crypto.PubkeyToAddress(k.PublicKey) }

func owner(i int) common.Address { return addr(testKey("operator", i)) }

func holder(i int) common.Address { return addr(testKey("holder", i)) }

func testParams() Params {
	p := genesis.DefaultParams()
	p.EpochMS, p.MaxOperators, p.PowerUnit, p.MinPower = 5_000, 4, 1_000, 2
	p.UnbondingMS, p.EvidenceMS, p.CorrelationMS = 20_000, 15_000, 30_000
	p.DowntimeMS, p.JailMS, p.LeastLeaf = 4_000, 6_000, 1
	return ParamsOf(p)
}

// newWorld has founders of the powers, and ten holders and all owners with a million wei each.
func newWorld(t testing.TB, p Params, powers ...uint64) *world {
	t.Helper()
	if err := p.Params.Validate(); err != nil {
		t.Fatal(err)
	}
	w := &world{
		t: t, p: p, records: map[state.Key][]byte{}, balances: map[common.Address]uint256.Int{}, timeMS: 1_000_000, hashes: []common.Hash{{1}},
		keys: map[common.Address]*ecdsa.PrivateKey{}, daPrice: 3,
	}
	var founders []Founder
	validators := map[common.Address]uint64{}
	for i, power := range powers {
		k := testKey("operator", i)
		w.keys[addr(k)] = k
		founders = append(founders, Founder{Address: addr(k), Key: crypto.CompressPubkey(&k.PublicKey), Power: power, Node: node(i)})
		validators[addr(k)] = power
	}
	st := state.New(w)
	if err := Genesis(st, p, w.timeMS, w.hashes[0], founders); err != nil {
		t.Fatal(err)
	}
	w.keep(st)
	for i := range 10 {
		w.balances[owner(i)], w.balances[holder(i)] = *uint256.NewInt(1_000_000), *uint256.NewInt(1_000_000)
	}
	w.validators = []map[common.Address]uint64{validators, validators, validators} // heights 0, 1, 2
	w.genesis = w.sum()
	return w
}

func (w *world) Record(k state.Key) ([]byte, error) { return w.records[k], nil }

func (w *world) Balance(a common.Address) (uint256.Int, error) { return w.balances[a], nil }

func (w *world) SetBalance(a common.Address, v *uint256.Int) {
	if _, there := w.tx.old[a]; !there && w.tx.old != nil {
		w.tx.old[a] = w.balances[a]
	}
	w.balances[a] = *v
}

func (w *world) keep(st *state.State) {
	changes, err := st.Changes()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range changes {
		if len(c.Value) == 0 {
			delete(w.records, c.Key)
		} else {
			w.records[c.Key] = c.Value
		}
	}
}

// set is that of a height near the present one, as the ledger says.
func (w *world) set(which Which) Set {
	s, err := LoadSet(w, which)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) pots() Pots {
	p, err := LoadPots(w)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) operator(a common.Address) Operator {
	o, found, err := LoadOperator(w, a)
	if err != nil || !found {
		w.t.Fatalf("operator %s: %v, %v", a, found, err)
	}
	return o
}

// sum is all wei, wherever they are.
func (w *world) sum() (sum uint256.Int) {
	for _, b := range w.balances {
		sum.Add(&sum, &b)
	}
	pots := w.pots()
	held := pots.Sum()
	sum.Add(&sum, &held)
	return *sum.Add(&sum, &pots.Burned)
}

// begin starts a block after so many milliseconds, proposed by a member of its set; late votes and faults may be given.
func (w *world) begin(ms uint64, proposer int, sys block.System) error {
	w.t.Helper()
	w.height, w.timeMS = w.height+1, w.timeMS+ms
	set := w.set(Next)
	w.hashes = append(w.hashes, crypto.Keccak256Hash(number(w.height)))
	w.tx.st, w.tx.old = state.New(w), map[common.Address]uint256.Int{}
	var err error
	w.tx.s, err = Begin(w.tx.st, w.p, w, Block{
		ChainID: chainID, Height: w.height, TimeMS: w.timeMS, Proposer: set.Members[proposer%len(set.Members)].Address,
		ParentHash: w.hashes[w.height-1], Treasury: treasury, Published: w.published, DAPrice: w.daPrice,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return w.tx.s.System(sys)
}

// act runs an action as the ledger does: on a snapshot.
func (w *world) act(payer common.Address, a action.Action) error {
	w.t.Helper()
	at := w.tx.st.Snapshot()
	balances := w.tx.old
	w.tx.old = map[common.Address]uint256.Int{}
	known, err := w.tx.s.Act(payer, a)
	if !known {
		w.t.Fatalf("%T is not known", a)
	}
	if err != nil {
		if tx.CodeOf(err) == "" {
			w.t.Fatal(err)
		}
		w.tx.st.Revert(at)
		for a, b := range w.tx.old {
			w.balances[a] = b
		}
	}
	w.tx.old = balances
	return err
}

// end collects the income, which the rich pay, and finishes the block.
func (w *world) end(in Income) Outcome {
	w.t.Helper()
	total := in.Ordering
	total.Add(&total, &in.DA)
	for _, t := range in.Tips {
		total.Add(&total, &t.Amount)
	}
	payer := w.balances[holder(9)]
	if payer.Lt(&total) {
		w.t.Fatalf("the test has no money for fees of %s", total.Dec())
	}
	w.balances[holder(9)] = *payer.Sub(&payer, &total)
	if err := w.tx.s.Collect(in); err != nil {
		w.t.Fatal(err)
	}
	out, err := w.tx.s.Finish()
	if err != nil {
		w.t.Fatal(err)
	}
	w.keep(w.tx.st)
	w.tx.old = nil
	// CometBFT: what FinalizeBlock of H returns acts at H+2.
	next := map[common.Address]uint64{}
	for a, p := range w.validators[len(w.validators)-1] {
		next[a] = p
	}
	for _, u := range out.Updates {
		if _, there := next[u.Address]; u.Power == 0 && !there {
			w.t.Fatalf("height %d removes %s, who is no validator", w.height, u.Address)
		}
		if u.Power == 0 {
			delete(next, u.Address)
		} else {
			next[u.Address] = u.Power
		}
	}
	w.validators = append(w.validators, next)
	return out
}

// all is the bitmap of everybody but those.
func (w *world) all(but ...common.Address) []byte {
	if w.height == 0 {
		return nil
	}
	set := w.set(Last)
	votes := make([]byte, (len(set.Members)+7)/8)
	for i, m := range set.Members {
		absent := false
		for _, b := range but {
			absent = absent || b == m.Owner
		}
		if !absent {
			votes[i/8] |= 0x80 >> (i % 8)
		}
	}
	return votes
}

// block is a whole block with everybody's vote but those.
func (w *world) block(ms uint64, proposer int, in Income, but ...common.Address) Outcome {
	w.t.Helper()
	if err := w.begin(ms, proposer, block.System{Votes: w.all(but...)}); err != nil {
		w.t.Fatal(err)
	}
	return w.end(in)
}

// epoch makes blocks until the epoch has ended.
func (w *world) epoch() Outcome {
	w.t.Helper()
	for i := range 1_000 {
		if out := w.block(1_000, i, Income{}); out.Ended {
			return out
		}
	}
	w.t.Fatal("the epoch does not end")
	return Outcome{}
}

func sign(t testing.TB, k *ecdsa.PrivateKey, digest common.Hash) (s tx.Signature) {
	t.Helper()
	raw, err := crypto.Sign(digest[:], k)
	if err != nil {
		t.Fatal(err)
	}
	copy(s[:], raw)
	return s
}

func (w *world) report(k *ecdsa.PrivateKey, height uint64, round uint32) *action.Report {
	a := &action.Report{Height: height, Round: uint64(round), HashA: common.Hash{1}, HashB: common.Hash{2}}
	a.SignatureA = sign(w.t, k, cert.ExtensionDigest(chainID, height, round, a.HashA))
	a.SignatureB = sign(w.t, k, cert.ExtensionDigest(chainID, height, round, a.HashB))
	return a
}

// doubleVote is a proof that the key has signed two prevotes in round 0 of a height.
func doubleVote(t testing.TB, k *ecdsa.PrivateKey, height uint64) block.Fault {
	t.Helper()
	f := block.Fault{Step: block.Prevote, Height: height, Votes: [2]block.FaultVote{{}, {Block: &block.ConsensusID{Parts: 1}}}}
	for i := range f.Votes {
		f.Votes[i].Signature = sign(t, k, f.Digest(chainID, i))
	}
	return f
}

func (w *world) create(owner common.Address, k *ecdsa.PrivateKey, amount uint64) *action.OperatorCreate {
	w.keys[addr(k)] = k
	return &action.OperatorCreate{
		Key: action.Key(crypto.CompressPubkey(&k.PublicKey)), Proof: sign(w.t, k, action.KeyDigest(chainID, owner)), Amount: uint256.NewInt(amount),
	}
}

func (w *world) rotate(owner common.Address, k *ecdsa.PrivateKey) *action.OperatorRotate {
	c := w.create(owner, k, 0)
	return &action.OperatorRotate{Key: c.Key, Proof: c.Proof}
}

// audit adds every record up and compares it with the pots, the ledger's sets with CometBFT's.
func (w *world) audit() {
	w.t.Helper()
	pots := w.pots()
	supply, have := w.genesis, w.sum()
	supply.Add(&supply, &pots.Subsidy)
	if supply != have {
		w.t.Fatalf("height %d: %s wei, want %s", w.height, have.Dec(), supply.Dec())
	}
	for i, which := range []Which{Last, Next, After} {
		set, want := w.set(which), w.validators[int(w.height)+i]
		if len(set.Members) != len(want) {
			w.t.Fatalf("height %d: set %d has %d members, CometBFT %d", w.height, i, len(set.Members), len(want))
		}
		for _, m := range set.Members {
			if want[m.Address] != m.Power {
				w.t.Fatalf("height %d: CometBFT has another power of %s", w.height, m.Address)
			}
		}
	}
}

func (w *world) deepAudit() {
	w.t.Helper()
	w.audit()
	var tokens, unbonding, buckets, rewards, gathered uint256.Int
	shares, unbondingShares := map[common.Address]uint256.Int{}, map[string]uint256.Int{}
	var leaves []uint64
	nodes, claims := map[string]common.Address{}, 0
	places, entries, noted := 0, map[state.Key]Entry{}, map[state.Key]Entry{}
	for k, v := range w.records { // any order: sums
		id := k.ID()
		switch k.Kind() { //nolint:exhaustive // those that hold wei
		case state.Operator:
			var o Operator
			w.decode(v, &o)
			tokens.Add(&tokens, &o.Tokens)
			buckets.Add(&buckets, &o.Bucket)
			if o.Place > 0 {
				places++
			}
			if id := o.Node.PeerID; id != "" {
				if other, named := nodes[id]; named {
					w.t.Fatalf("node %s is named by %s and %x", id, other, k.ID())
				}
				nodes[id] = common.BytesToAddress(k.ID())
			}
			if (o.Place > 0) == o.Tokens.Lt(&w.p.MinStake) {
				w.t.Fatalf("place %d with %s tokens", o.Place, o.Tokens.Dec())
			}
		case state.NodeOwner:
			claims++
		case state.Delegation:
			var d Delegation
			w.decode(v, &d)
			a := common.BytesToAddress(id[:20])
			sum := shares[a]
			shares[a] = *sum.Add(&sum, &d.Shares)
			if !d.Fresh.IsZero() {
				e := entries[EntryKey(a, d.Epoch)]
				e.Shares.Add(&e.Shares, &d.Fresh)
				e.Holders++
				entries[EntryKey(a, d.Epoch)] = e
			}
		case state.Pool:
			var p Pool
			w.decode(v, &p)
			unbonding.Add(&unbonding, &p.Tokens)
			sum := unbondingShares[string(id)]
			unbondingShares[string(id)] = *sum.Sub(&sum, &p.Shares)
		case state.Unbonding:
			var u uint256.Int
			w.decode(v, &u)
			sum := unbondingShares[string(id[:28])]
			unbondingShares[string(id[:28])] = *sum.Add(&sum, &u)
		case state.Reward:
			var r Reward
			w.decode(v, &r)
			rewards.Add(&rewards, &r.Unclaimed)
			leaves = append(leaves, r.Place)
		case state.Entry:
			var e Entry
			w.decode(v, &e)
			noted[k] = e
		case state.Tally:
			var t tally
			w.decode(v, &t)
			for _, e := range t.Earned {
				gathered.Add(&gathered, &e.Wei)
			}
		}
	}
	w.auditNodes(nodes, claims)
	p := w.pots()
	for name, c := range map[string][2]uint256.Int{
		"staked": {tokens, p.Staked}, "unbonding": {unbonding, p.Unbonding}, "buckets": {buckets, p.Buckets}, "rewards": {rewards, p.Rewards},
		"earned": {gathered, p.Earned},
	} {
		if c[0] != c[1] {
			w.t.Fatalf("height %d: %s are %s, the pots say %s", w.height, name, c[0].Dec(), c[1].Dec())
		}
	}
	for k, e := range noted {
		open := binary.BigEndian.Uint64(k.ID()[common.AddressLength:]) == w.opened().Number
		if e.Holders != entries[k].Holders || open && e.Shares != entries[k].Shares {
			w.t.Fatalf("entry %x of %s shares and %d holders, the delegations say %+v", string(k), e.Shares.Dec(), e.Holders, entries[k])
		}
	}
	if len(noted) != len(entries) {
		w.t.Fatalf("%d entries, the delegations say %d", len(noted), len(entries))
	}
	for a, sum := range shares {
		if w.operator(a).Shares != sum {
			w.t.Fatalf("shares of %s do not add up", a)
		}
	}
	for id, sum := range unbondingShares {
		if !sum.IsZero() {
			w.t.Fatalf("shares of pool %x do not add up", id)
		}
	}
	if n, err := operators.count(w); err != nil || int(n) != places {
		w.t.Fatalf("%d in the index, %d have a place", n, places)
	}
	slices.Sort(leaves)
	leaves = slices.DeleteFunc(leaves, func(place uint64) bool { return place == 0 })
	for i, place := range leaves {
		if place != uint64(i+1) {
			w.t.Fatalf("place %d among the earners is %d", i+1, place)
		}
	}
	if n, err := earners.count(w); err != nil || int(n) != len(leaves) {
		w.t.Fatalf("%d earners, %d have a place", n, len(leaves))
	}
}

func (w *world) opened() Open {
	o, err := LoadOpen(w)
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

func (w *world) decode(raw []byte, into any) {
	w.t.Helper()
	if err := rlp.DecodeBytes(raw, into); err != nil {
		w.t.Fatal(err)
	}
}
