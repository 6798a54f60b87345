package ledger_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/ledgertest"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// everything is what all addresses, tanks and deposits hold.
func everything(tb testing.TB, s *ledgertest.Memory) uint256.Int {
	tb.Helper()
	sum := supply(tb, s)
	for k := range s.Records {
		switch k.Kind() {
		case state.Tank:
			v, err := ledger.Tank(s, namespaces.Namespace(k.ID()))
			if err != nil {
				tb.Fatal(err)
			}
			sum.Add(&sum, &v)
		case state.Namespace:
			n, err := ledger.NamespaceOf(s, namespaces.Namespace(k.ID()))
			if err != nil {
				tb.Fatal(err)
			}
			sum.Add(&sum, n.Deposit)
		default: // holds nothing, or is counted as a balance
		}
	}
	return sum
}

// bare are the records that a failing action changes, beside those that its block changes without it: what its fee touches.
func bare(k state.Key, from common.Address) bool {
	switch k.Kind() { //nolint:exhaustive // no other
	case state.Market, state.Lane, state.Pots, state.Tally:
		return true
	}
	return k == ledger.AccountKey(from) || k == ledger.AccountKey(ledger.Treasury())
}

// keepsItsFeeAlone applies one action to a block of its own; if it fails, the block does what an empty one does, and takes the fee.
func (c *chaos) keepsItsFeeAlone() {
	c.t.Helper()
	who, a := c.deed()
	b := c.next(nil)
	b.TimeMS = c.time + 1
	empty, err := ledger.Apply(c.rules, c.s.Parent(), b)
	if err != nil {
		c.t.Fatal(err)
	}
	b.Txs = []*tx.Tx{c.tx(who, act(c.t, a))}
	e, err := ledger.Apply(c.rules, c.s.Parent(), b)
	if tx.CodeOf(err) != "" {
		return // cannot pay
	}
	if err != nil {
		c.t.Fatal(err)
	}
	open, err := stake.LoadOpen(c.s)
	if err != nil {
		c.t.Fatal(err)
	}
	if params, err := ledger.ParamsOf(c.s); err != nil || len(e.Failures) == 0 || b.TimeMS >= open.StartMS+params.EpochMS {
		return // what ends an epoch shares the fee out
	}
	without := make(map[state.Key][]byte)
	for _, r := range empty.Records {
		without[r.Key] = r.Value
	}
	for _, r := range e.Records {
		if was, there := without[r.Key]; !bare(r.Key, who) && (!there || !bytes.Equal(was, r.Value)) {
			c.t.Fatalf("height %d: %T fails with %s and changes record %x", c.s.Head.Height+1, a, e.Failures[0].Code, string(r.Key))
		}
	}
}

// run makes blocks until so many actions have stood in them, and counts how they ended.
func (c *chaos) run(most int, done map[action.Kind]int, codes map[tx.Code]int) {
	c.t.Helper()
	total, err := c.s.Audit()
	if err != nil {
		c.t.Fatal(err)
	}
	for count := 0; count < most; {
		if c.rng.IntN(4) == 0 {
			c.keepsItsFeeAlone()
		}
		b := c.next(c.traffic())
		e, err := ledger.Apply(c.rules, c.s.Parent(), b)
		if err != nil {
			c.t.Fatal(err)
		}
		c.s.Write(e)
		c.time, c.blocks = b.TimeMS, append(c.blocks, b)
		count += tally(b, e, done, codes)
		if c.s.Head.Height%20 == 0 || count >= most {
			if now, err := c.s.Audit(); err != nil || now != total {
				c.t.Fatalf("height %d: %s wei, the genesis gave %s (%v)", c.s.Head.Height, now.Dec(), total.Dec(), err)
			}
		}
		if now := everything(c.t, c.s); now != total {
			c.t.Fatalf("height %d: the totals say %s wei, the genesis gave %s", c.s.Head.Height, now.Dec(), total.Dec())
		}
	}
}

// tally counts a block's actions: by code those that failed, by kind the others.
func tally(b ledger.Block, e *ledger.Effects, done map[action.Kind]int, codes map[tx.Code]int) (count int) {
	failed := make(map[uint32]tx.Code)
	for _, f := range e.Failures {
		failed[f.Position] = f.Code
	}
	for i, t := range b.Txs {
		if t.Legs()[0].Namespace != namespaces.Ledger() {
			continue
		}
		count++
		if code := failed[uint32(i)]; code != "" {
			codes[code]++
			continue
		}
		if a, err := action.Decode(t.Legs()[0].Data); err == nil {
			done[a.Kind()]++
		}
	}
	return count
}

// replay applies the world's blocks to the genesis again, on another machine: maps walk in another order there.
func (c *chaos) replay() {
	c.t.Helper()
	again := newState(c.t, c.g)
	for _, b := range c.blocks {
		e, err := ledger.Apply(c.rules, again.Parent(), b)
		if err != nil {
			c.t.Fatal(err)
		}
		again.Write(e)
	}
	if again.Head.Root() != c.s.Head.Root() || !maps.EqualFunc(again.Records, c.s.Records, bytes.Equal) {
		c.t.Fatal("the same blocks lead elsewhere")
	}
}

// kinds are all kinds of actions.
func kinds() (out []action.Kind) {
	for k := action.KindTransfer; k <= action.KindAttestBatch; k++ {
		if k <= action.KindDAView || k >= action.KindOperatorCreate {
			out = append(out, k)
		}
	}
	return out
}

// refusals are the codes with which actions fail. Not there: an [ledger.Overflow] of an account or a tank, for the supply stays below 2^256, and operators that
// are worthless, who are tombstoned before.
func refusals() []tx.Code {
	return []tx.Code{
		ledger.ZeroAmount, ledger.InsufficientBalance, ledger.UnknownNamespace, ledger.NamespaceTaken, ledger.NamespaceReserved, ledger.NotOwner, ledger.BadHeight,
		ledger.NotOwned, ledger.LaneOpen, ledger.NotSilent, ledger.NotOperator, ledger.UnknownParameter, ledger.ParameterRange, ledger.NamespaceExited,
		ledger.ReservationsFull, stake.Overflow,
		stake.UnknownOperator, stake.OperatorExists, stake.KeyTaken, stake.BadKey, stake.BadKeyProof, stake.BadNodeProof, stake.NodeTaken, stake.BelowMinStake, stake.BadCommission, stake.Unchanged,
		stake.Tombstoned, stake.NotJailed, stake.StillJailed, stake.TooManyShares, stake.NothingUnbonding, stake.UnbondingTime, stake.UnbondingUnpublished,
		stake.NothingToClaim, stake.EvidenceSame, stake.EvidenceForged, stake.EvidenceStranger, stake.EvidenceOld, stake.EvidenceFuture, stake.EvidenceKnown,
		stake.NotInSet, stake.WrongRange,
	}
}

// missing lists what no block has brought.
func missing(done map[action.Kind]int, codes map[tx.Code]int) (out []string) {
	for _, k := range kinds() {
		if done[k] == 0 {
			out = append(out, fmt.Sprint("success of kind ", k))
		}
	}
	for _, code := range refusals() {
		if codes[code] == 0 {
			out = append(out, string(code))
		}
	}
	return out
}

// seeded draws the seed of a test with random actions, or takes the one that is given.
func seeded(t *testing.T) uint64 {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("LOCKSTEP_LEDGER_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("LOCKSTEP_LEDGER_SEED=%d", seed)
	return seed
}

// A hundred thousand random actions of every kind, in worlds of their own, with votes that are missing or late, faults and epochs: every wei is
// somewhere at every block, by the totals and by all records; what fails changes nothing but its fee; a replay ends at the same root; the trie is that of the
// records; and every kind of action and every code has come. LOCKSTEP_LEDGER_SEED=<seed> runs one again.
func TestRandomActions(t *testing.T) {
	seed := seeded(t)
	actions, worlds := 10_000, uint64(10)
	if testing.Short() {
		actions, worlds = 2_000, 2
	}
	done, codes := make(map[action.Kind]int), make(map[tx.Code]int)
	// Some outcomes are rare: more worlds, up to a bound, until each has come.
	for i := uint64(0); i < worlds || !testing.Short() && i < 4*worlds && len(missing(done, codes)) > 0; i++ {
		c := newChaos(t, seed+i)
		c.run(actions, done, codes)
		checkTrie(t, c.s)
		if i%5 == 0 {
			c.replay()
		}
	}
	t.Logf("done %v, failed %v", done, codes)
	if testing.Short() {
		return
	}
	for _, what := range missing(done, codes) {
		t.Errorf("never came: %s", what)
	}
}
