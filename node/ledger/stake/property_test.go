package stake

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// chaos is a stream of random blocks and actions, good and bad, from one seed.
type chaos struct {
	*world

	rng     *rand.Rand
	events  int
	codes   map[tx.Code]int
	proven  int // faults with a proof
	keys    int
	absent  map[common.Address]int // blocks that an owner still stays away
	stalled bool
}

func (c *chaos) amount() *uint256.Int { return uint256.NewInt(c.rng.Uint64N(40_000)) }

func (c *chaos) someone() common.Address {
	if c.rng.IntN(2) == 0 {
		return owner(c.rng.IntN(7))
	}
	return holder(c.rng.IntN(5))
}

func (c *chaos) any() (common.Address, action.Action) {
	who, op := c.someone(), owner(c.rng.IntN(7))
	switch c.rng.IntN(24) {
	case 0, 1:
		c.keys++
		a := c.create(op, testKey("fresh", c.keys), c.rng.Uint64N(9_000))
		a.Node, a.NodeProof = c.node(op)
		return op, a
	case 2:
		c.keys++
		return op, c.rotate(op, testKey("fresh", c.keys))
	case 3:
		a := &action.OperatorUpdate{Commission: c.rng.Uint64N(300)}
		a.Node, a.NodeProof = c.node(op)
		return op, a
	case 4:
		return op, &action.OperatorLeave{Leave: c.rng.IntN(3) == 0}
	case 5, 6:
		return op, &action.Unjail{}
	case 7, 8, 9, 10, 11:
		return who, &action.Delegate{Operator: op, Amount: c.amount()}
	case 12, 13, 14, 15:
		_, d, _ := c.tx.s.delegation(op, who)
		a := &action.Undelegate{Operator: op, Shares: &d.Shares}
		if c.rng.IntN(3) > 0 {
			a.Shares = c.amount()
		}
		return who, a
	case 16, 17, 18:
		return who, &action.Withdraw{Operator: op, Epoch: max(c.tx.s.open.Number, 8) - c.rng.Uint64N(8)}
	case 19, 20:
		a := &action.Claim{Operator: op}
		if c.rng.IntN(3) == 0 {
			a.Operator = common.Address{}
		}
		return who, a
	case 21, 22:
		set, err := loadSet(c.tx.st, c.tx.s.chain.Sets[Next])
		if err != nil {
			c.t.Fatal(err)
		}
		m := set.Members[c.rng.IntN(len(set.Members))]
		first := c.tx.s.pots.Paid + 1
		if c.rng.IntN(10) == 0 {
			first++ // a gap
		}
		a := &action.AttestBatch{First: first, Runs: []action.BatchRun{{Last: first + c.rng.Uint64N(3), Publisher: owner(0), Bytes: c.rng.Uint64N(900)}}}
		if c.rng.IntN(3) == 0 {
			a.Runs = append(a.Runs, action.BatchRun{Last: a.Last() + 1 + c.rng.Uint64N(2)}) // nobody's
		}
		return []common.Address{m.Owner, m.Address}[c.rng.IntN(2)], a
	}
	return who, c.evidence()
}

// node is one of few, with a proof that is good most of the time; or none, or the one that the owner has already.
func (c *chaos) node(owner common.Address) (n action.Node, proof action.NodeProof) {
	i := c.rng.IntN(12)
	switch c.rng.IntN(10) {
	case 0:
		return n, proof
	case 1:
		return node(i), nodeProof(i+1, owner)
	case 2, 3:
		o, _, _ := LoadOperator(c.tx.st, owner)
		return o.Node, proof
	}
	return node(i), nodeProof(i, owner)
}

// evidence is rarely good: each good one takes an operator out for ever.
func (c *chaos) evidence() *action.Report {
	k := testKey("stranger", 0)
	if c.rng.IntN(60) == 0 && c.proven < 3 {
		set, err := loadSet(c.tx.st, c.tx.s.chain.Sets[Next])
		if err != nil {
			c.t.Fatal(err)
		}
		if len(set.Members) > 2 {
			k = c.world.keys[set.Members[c.rng.IntN(len(set.Members))].Address]
		}
	}
	r := c.report(k, c.height+1-min(c.rng.Uint64N(40), c.height), uint32(c.rng.IntN(2)))
	switch c.rng.IntN(4) {
	case 0:
		r.HashB = r.HashA
	case 1:
		r.Height++
	}
	return r
}

// votes draws who votes: each owner stays away now and then for a while.
func (c *chaos) votes() []byte {
	if c.height == 0 {
		return nil
	}
	set := c.set(Last)
	bits := make([]byte, (len(set.Members)+7)/8)
	var power uint64
	for i, m := range set.Members {
		if c.absent[m.Owner] > 0 {
			c.absent[m.Owner]--
			continue
		}
		if c.rng.IntN(150) == 0 {
			c.absent[m.Owner] = c.rng.IntN(60)
		}
		bits[i/8] |= 0x80 >> (i % 8)
		power += m.Power
	}
	if !set.Quorum(power) {
		return c.all() // CometBFT has no such commit
	}
	return bits
}

// late gives votes of two heights before for some who are not in the tally.
func (c *chaos) late() (out []block.LateVote) {
	if c.height < 2 {
		return nil
	}
	// The block to come is height+1: two before it stands set Before.
	set := c.set(Before)
	known := block.System{Votes: c.tallied().Votes}
	for i, m := range set.Members {
		if known.Voted(i) || c.rng.IntN(3) > 0 {
			continue
		}
		round := uint32(c.rng.IntN(3))
		digest := cert.ExtensionDigest(chainID, c.height-1, round, c.hashes[c.height-1])
		out = append(out, block.LateVote{Operator: uint32(i), Round: round, Signature: sign(c.t, c.world.keys[m.Address], digest)})
	}
	return out
}

func (w *world) tallied() (t tally) {
	w.decode(w.records[tallyKey], &t)
	return t
}

func (c *chaos) step() {
	ms := []uint64{100, 100, 250, 1_000, 40_000}[min(c.rng.IntN(40), 4)]
	if ms == 40_000 && c.rng.IntN(40) > 0 {
		ms = 300
	}
	sys := block.System{Votes: c.votes(), Late: c.late()}
	if err := c.begin(ms, c.rng.IntN(4), sys); err != nil {
		c.t.Fatal(err)
	}
	c.events++
	for range c.rng.IntN(6) {
		c.events++
		who, a := c.any()
		burned := c.tx.s.pots.Burned
		err := c.act(who, a)
		c.codes[tx.CodeOf(err)]++
		_, isReport := a.(*action.Report)
		if isReport && err == nil {
			c.proven++
		} else if c.tx.s.pots.Burned != burned {
			c.t.Fatalf("%T slashes", a)
		}
	}
	in := Income{Ordering: *uint256.NewInt(c.rng.Uint64N(100)), DA: *uint256.NewInt(c.rng.Uint64N(50))}
	for range c.rng.IntN(3) {
		in.Tips = append(in.Tips, Tip{Amount: *uint256.NewInt(c.rng.Uint64N(30))})
		if c.rng.IntN(2) == 0 {
			in.Tips[len(in.Tips)-1].Owner = holder(7)
		}
	}
	c.end(in)
	if c.rng.IntN(400) == 0 {
		c.stalled = !c.stalled // nothing reaches the DA layer for a while
	}
	if !c.stalled {
		c.published = c.height
	}
	fees := c.balances[holder(9)] // fees come from the treasury again, so that the test does not run dry
	back := c.balances[treasury]
	c.balances[holder(9)], c.balances[treasury] = *fees.Add(&fees, &back), uint256.Int{}
}

func (c *chaos) run(events int) {
	for c.events < events {
		c.step()
		if c.audit(); c.height%50 == 0 {
			c.deepAudit()
		}
	}
	c.deepAudit()
}

func newChaos(t testing.TB, seed uint64) *chaos {
	p := testParams()
	p.SubsidyPerSecond = *uint256.NewInt(777)
	return &chaos{
		world: newWorld(t, p, 30, 30, 20, 20), rng: rand.New(rand.NewPCG(seed, 2)), codes: map[tx.Code]int{}, absent: map[common.Address]int{},
	}
}

// A hundred thousand random events: every wei is somewhere at every block, each pot is the sum of its records, the ledger's sets are those of CometBFT,
// nothing but a proof slashes, and a second run of the same events ends at the same records. LOCKSTEP_STAKE_SEED=<seed> runs one again.
func TestRandomEvents(t *testing.T) {
	seed := rand.Uint64()
	if text := os.Getenv("LOCKSTEP_STAKE_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("LOCKSTEP_STAKE_SEED=%d", seed)
	events, worlds := 10_000, uint64(10)
	if testing.Short() {
		events, worlds = 2_000, 3
	}
	codes := map[tx.Code]int{}
	missing := func() (out []tx.Code) {
		for _, code := range []tx.Code{
			"", ZeroAmount, InsufficientBalance, UnknownOperator, OperatorExists, BelowMinStake, BadCommission, BadNodeProof, NodeTaken, Unchanged, Tombstoned, NotJailed, StillJailed,
			TooManyShares, NothingUnbonding, UnbondingTime, UnbondingUnpublished, NothingToClaim, EvidenceSame, EvidenceForged, EvidenceStranger, WrongRange,
		} {
			if codes[code] == 0 {
				out = append(out, code)
			}
		}
		return out
	}
	// Some outcomes are rare: more worlds, up to a bound, until each has come.
	for i := uint64(0); i < worlds || !testing.Short() && i < 6*worlds && len(missing()) > 0; i++ {
		c := newChaos(t, seed+i)
		c.run(events)
		for code, n := range c.codes {
			codes[code] += n
		}
		if i > 0 {
			continue
		}
		again := newChaos(t, seed)
		again.run(events)
		if !maps.EqualFunc(c.records, again.records, bytes.Equal) || !maps.Equal(c.balances, again.balances) {
			t.Fatal("the same events end elsewhere")
		}
	}
	t.Logf("%v", codes)
	if testing.Short() {
		return
	}
	for _, code := range missing() {
		t.Errorf("no action ended in %q: the test tests less than it says", code)
	}
}

// earned is what an operator's owner has earned since ever, claimed or not.
func (w *world) earned(a common.Address) uint256.Int {
	w.t.Helper()
	r, _, err := LoadReward(w, a)
	if err != nil {
		w.t.Fatal(err)
	}
	d, _, err := LoadDelegation(w, a, a)
	if err != nil {
		w.t.Fatal(err)
	}
	o := w.operator(a)
	owed, err := Owed(w, a, &o, &d)
	if err != nil {
		w.t.Fatal(err)
	}
	return *owed.Add(&owed, &r.Lifetime)
}

// Nothing pays by the block: the same fees and the same subsidy in the same time, with the same operators proposing and voting, pay each of them and the
// treasury the same, whether blocks take 100 ms or 10 s. What differs is what divisions leave: at most 4 wei a block.
func TestPaceChangesNoPayout(t *testing.T) {
	const (
		epochMS, epochs = 200_000, 5
		perSecond       = 1_000_000
	)
	pay := func(ms uint64) (out [5]uint256.Int) {
		p := testParams()
		p.EpochMS, p.DowntimeMS, p.EvidenceMS, p.UnbondingMS = epochMS, 1<<40, epochMS, epochMS
		p.SubsidyPerSecond = *uint256.NewInt(777_000)
		w := newWorld(t, p, 30, 30, 20, 20)
		purse := uint256.NewInt(1 << 50)
		w.balances[holder(9)] = *purse
		w.genesis = w.sum()
		for epoch := range epochs + 1 {
			for i := range int(epochMS / ms) {
				fees := Income{Ordering: *uint256.NewInt(perSecond * ms / 1_000), Tips: []Tip{{Owner: holder(7), Amount: *uint256.NewInt(perSecond * ms / 10_000)}}}
				w.block(ms, i, fees, owner(2)) // who never votes
			}
			now := [5]uint256.Int{w.earned(owner(0)), w.earned(owner(1)), w.earned(owner(2)), w.earned(owner(3)), w.balances[treasury]}
			for i := range out {
				switch epoch {
				case 0: // its first blocks have nobody's votes before them
					out[i] = now[i]
				case epochs:
					out[i].Sub(&now[i], &out[i])
				}
			}
		}
		w.deepAudit()
		return out
	}
	fast, slow := pay(100), pay(10_000)
	const most = 4 * epochs * epochMS / 100
	for i := range fast {
		var apart uint256.Int
		if apart.Sub(&fast[i], &slow[i]); apart.Sign() < 0 {
			apart.Neg(&apart)
		}
		if fast[i].IsZero() || apart.GtUint64(most) {
			t.Errorf("payout %d: %s wei with fast blocks, %s with slow ones, %s apart", i, fast[i].Dec(), slow[i].Dec(), apart.Dec())
		}
	}
	t.Logf("fast %v, slow %v", fast, slow)
}
