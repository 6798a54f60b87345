package api_test

import (
	"crypto/ecdsa"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/proof"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/api/client"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/state"
	"github.com/lockstep-network/lockstep/node/store"
)

// economy is a network with short epochs whose operators have money and sign: payer 0 is an ordinary one, those from 1 on are the operators.
type economy struct {
	*node
	salt uint64
}

func newEconomy(t *testing.T) *economy {
	t.Helper()
	network := chaintest.New(t, 1, func(g *genesis.Genesis) {
		g.Params.EpochMS, g.Params.LeastLeaf = 1_000, 1
		for _, o := range g.Operators {
			g.Balances = append(g.Balances, genesis.Balance{Address: o.Address, Amount: uint256.NewInt(1_000_000_000_000)})
		}
		slices.SortFunc(g.Balances, func(a, b genesis.Balance) int { return a.Address.Cmp(b.Address) })
	})
	network.Payers = append(network.Payers, network.Keys...)
	return &economy{node: newNodeOn(t, network), salt: 1_000}
}

func (e *economy) operator(i int) common.Address { return crypto.PubkeyToAddress(e.Keys[i].PublicKey) }

// does is a transaction of a payer with one action.
func (e *economy) does(payer int, tip uint64, leg tx.Leg) tx.Verified {
	e.t.Helper()
	e.salt++
	return e.Signed(e.t, payer, tx.Fields{Salt: e.salt, Expiry: e.store.Head() + 50, Tip: tip, Legs: []tx.Leg{leg}})
}

// block commits a block in which no action fails, with its certificate.
func (e *economy) block(txs ...tx.Verified) {
	e.t.Helper()
	h := e.node.block(txs...)
	e.Certify(e.t, e.store, h)
	for _, one := range txs {
		got := must[*api.Transaction](e.t)(e.http.Transaction(e.t.Context(), one.ID()))
		if len(got.Failures) > 0 {
			e.t.Fatalf("height %d: %+v", h, got.Failures)
		}
	}
}

// epoch goes on with empty blocks until an epoch has ended, and returns which.
func (e *economy) epoch() uint64 {
	e.t.Helper()
	now := must[*api.Supply](e.t)(e.http.Supply(e.t.Context())).Epoch
	for {
		e.block()
		if must[*api.Supply](e.t)(e.http.Supply(e.t.Context())).Epoch > now {
			return now
		}
	}
}

func (e *economy) rewards(a common.Address, options api.RewardOptions) *api.Rewards {
	e.t.Helper()
	return must[*api.Rewards](e.t)(e.http.Rewards(e.t.Context(), a, options))
}

// Fees and tips come in, an epoch ends: operators are owed what stands behind their stake, a namespace's owner has its tips, a claim raises the
// balance by what was owed less the fee, and lifetime rewards are proven under the epoch's root to whoever holds the genesis alone.
func TestRewardsAreToldAndProven(t *testing.T) {
	e := newEconomy(t)
	owner, first := e.Payer(0), e.operator(0)
	ns := namespaces.Namespace{0: 9, 9: 9}
	e.block(e.does(0, 0, actionLeg(t, &action.Register{Namespace: ns, Owner: owner, Metadata: []byte("mine"), Lane: action.Lane{Order: block.ByTip}})))
	if r := e.rewards(first, api.RewardOptions{}); len(r.Roots) != 0 || r.Leaf != nil || !r.Owed.IsZero() || len(r.Delegations) != 1 || !r.Delegations[0].Shares.Eq(r.Delegations[0].Tokens) {
		t.Errorf("before any fee: %+v", r)
	}
	e.block(e.does(0, 1_000, tx.Leg{Namespace: ns, Data: []byte("tipped")}))
	tips := e.rewards(owner, api.RewardOptions{})
	if tips.Lifetime.IsZero() || !tips.Lifetime.Eq(tips.Unclaimed) || len(tips.Delegations) != 0 {
		t.Errorf("the owner's tips: %+v", tips)
	}
	ended := e.epoch()
	r := e.rewards(first, api.RewardOptions{})
	if r.Owed.IsZero() || !r.Owed.Eq(r.Delegations[0].Owed) || len(r.Roots) != 1 || r.Roots[0].Epoch != ended || r.Epoch != ended+1 {
		t.Fatalf("after the epoch: %+v", r)
	}

	before := e.balance(first)
	claim := e.does(1, 0, actionLeg(t, &action.Claim{Operator: first}))
	fee := must[*api.Fee](t)(e.http.EstimateFee(t.Context(), api.FeeArgs{Legs: []int{len(claim.Legs()[0].Data)}, Namespaces: []namespaces.Namespace{namespaces.Ledger()}}))
	e.block(claim)
	want := new(uint256.Int).Add(before, r.Owed)
	if got := e.balance(first); !got.Eq(want.Sub(want, fee.Fee)) {
		t.Errorf("a claim of %s for a fee of %s makes %s of %s", r.Owed, fee.Fee, got, before)
	}
	if again := e.rewards(first, api.RewardOptions{}); !again.Owed.IsZero() || !again.Lifetime.Eq(r.Owed) || !again.Unclaimed.IsZero() {
		t.Errorf("after the claim: %+v", again)
	}

	for name, a := range map[string]common.Address{"owner": owner, "stranger": {1}} {
		var got *api.Rewards
		d, _, err := answer(e.node, func() (*proof.Document, []state.Key, error) {
			var err error
			if got, err = e.http.Rewards(t.Context(), a, api.RewardOptions{Proof: true, Epoch: &ended}); err != nil {
				return nil, nil, err
			}
			return got.Proof, nil, nil
		})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		facts := e.verify(d)
		if a == owner && (len(facts.Rewards) != 1 || !facts.Rewards[0].Lifetime.Eq(tips.Lifetime) || facts.Rewards[0].Height != r.Roots[0].Height) {
			t.Errorf("%s: proven %+v, want %s", name, facts.Rewards, tips.Lifetime)
		}
		if a != owner && (got.Leaf != nil || len(facts.Rewards) != 0) {
			t.Errorf("%s: %+v", name, got.Leaf)
		}
		if a == owner {
			tampered(t, e.Genesis, d)
			forgedRewards(t, e.Genesis, d)
		}
	}
}

func (e *economy) balance(a common.Address) *uint256.Int {
	e.t.Helper()
	return must[*api.Account](e.t)(e.http.Account(e.t.Context(), a)).Balance
}

// forgedRewards changes each part of what is shown under a rewards root: the document must be refused.
func forgedRewards(t *testing.T, g *genesis.Genesis, d *proof.Document) {
	t.Helper()
	raw := must[[]byte](t)(d.Encode())
	for name, change := range map[string]func(*proof.Document, *proof.Reward){
		"epoch":       func(_ *proof.Document, r *proof.Reward) { r.Epoch++ },
		"address":     func(_ *proof.Document, r *proof.Reward) { r.Address[0] ^= 1 },
		"lifetime":    func(_ *proof.Document, r *proof.Reward) { r.Lifetime.AddUint64(r.Lifetime, 1) },
		"no lifetime": func(_ *proof.Document, r *proof.Reward) { r.Lifetime = nil },
		"count":       func(_ *proof.Document, r *proof.Reward) { r.Count++ },
		"index":       func(_ *proof.Document, r *proof.Reward) { r.Index++ },
		"siblings":    func(_ *proof.Document, r *proof.Reward) { r.Siblings = append(r.Siblings, common.Hash{}) },
		"no records":  func(d *proof.Document, _ *proof.Reward) { d.Records = nil },
		"too many":    func(d *proof.Document, _ *proof.Reward) { d.Rewards = slices.Repeat(d.Rewards, 65) },
	} {
		changed := must[*proof.Document](t)(proof.Decode(raw))
		change(changed, &changed.Rewards[0])
		if _, err := proof.Verify(g, changed); err == nil {
			t.Errorf("a document with another %s is taken", name)
		}
	}
}

// The leaves of an epoch stay for a while, and what is gone or has not been says so.
func TestRewardsOfEpochs(t *testing.T) {
	e := newEconomy(t)
	e.block(e.does(0, 0, chaintest.Leg(chaintest.Alpha, "fees")))
	ended := e.epoch()
	e.block(e.does(1, 0, actionLeg(t, &action.Claim{Operator: e.operator(0)})))
	second := e.epoch()
	first := e.operator(0)
	if r := e.rewards(first, api.RewardOptions{Epoch: &ended}); r.Leaf != nil {
		t.Errorf("epoch %d, before anything was settled: %+v", ended, r.Leaf)
	}
	settled := e.rewards(first, api.RewardOptions{Epoch: &second})
	if settled.Leaf == nil || !settled.Leaf.Lifetime.Eq(settled.Lifetime) || settled.Leaf.Epoch != second {
		t.Errorf("epoch %d: %+v", second, settled.Leaf)
	}
	root, err := settled.Leaf.Root()
	if err != nil || root != settled.Roots[0].Root {
		t.Errorf("the leaf leads to %s (%v), want %s", root, err, settled.Roots[0].Root)
	}
	open := settled.Epoch
	if _, err := e.http.Rewards(t.Context(), first, api.RewardOptions{Epoch: &open}); client.Code(err) != api.NotYet {
		t.Errorf("an open epoch: %v", err)
	}
	for range store.RewardsHistory {
		e.epoch()
	}
	if _, err := e.http.Rewards(t.Context(), first, api.RewardOptions{Epoch: &second}); client.Code(err) != api.Pruned {
		t.Errorf("an old epoch: %v", err)
	}
	if r := e.rewards(first, api.RewardOptions{}); len(r.Roots) != 8 || r.Leaf == nil {
		t.Errorf("the last epochs: %+v", r)
	}
	if _, err := e.http.Rewards(t.Context(), first, api.RewardOptions{Operators: make([]common.Address, 257)}); client.Code(err) != api.BadArgument {
		t.Errorf("too many operators: %v", err)
	}
}

// Operators are told with what is bonded with them, in the set and beside it, and proven.
func TestOperatorsAreToldAndProven(t *testing.T) {
	e := newEconomy(t)
	ctx := t.Context()
	delegate := &action.Delegate{Operator: e.operator(1), Amount: uint256.NewInt(7)}
	e.block(e.does(0, 0, actionLeg(t, delegate)), e.does(1, 0, actionLeg(t, &action.OperatorLeave{Leave: true})))
	now := must[*api.Operators](t)(e.http.Operators(ctx))
	if len(now.Operators) != 4 || len(now.Others) != 0 || now.Hash != now.NextHash || now.Operators[0].Power != 10 {
		t.Fatalf("%+v", now)
	}
	e.epoch()
	e.block()
	got := must[*api.Operators](t)(e.http.Operators(ctx))
	if len(got.Operators) != 3 || len(got.Others) != 1 || got.Others[0].Owner != e.operator(0) || !got.Others[0].Leaving || got.Others[0].Power != 0 || got.Total != 30 {
		t.Fatalf("after one has left: %+v", got)
	}
	unit := e.Genesis.Params.PowerUnit
	for _, o := range got.Operators {
		want := new(uint256.Int).Mul(uint256.NewInt(10), uint256.NewInt(unit))
		own := want.Clone()
		if o.Owner == e.operator(1) {
			want.AddUint64(want, 7)
		}
		if !o.Tokens.Eq(want) || !o.Shares.Eq(want) || !o.OwnTokens.Eq(own) || o.NextPower != 10 || crypto.PubkeyToAddress(*must[*ecdsa.PublicKey](t)(crypto.DecompressPubkey(o.Key))) != o.Address {
			t.Errorf("%+v, want %s bonded", o, want)
		}
	}
	one := must[*api.Operators](t)(e.http.Operators(ctx, e.operator(1)))
	if len(one.Operators) != 1 || one.Operators[0].Owner != e.operator(1) || one.Total != 30 {
		t.Errorf("one alone: %+v", one)
	}
	if none := must[*api.Operators](t)(e.http.Operators(ctx, common.Address{1})); len(none.Operators)+len(none.Others) != 0 {
		t.Errorf("a stranger: %+v", none)
	}
	for name, ask := range map[string]func() (*proof.Document, error){
		"all": func() (*proof.Document, error) { a, err := e.http.ProvenOperators(ctx); return documentOf(a, err) },
		"one": func() (*proof.Document, error) {
			a, err := e.http.ProvenOperators(ctx, e.operator(2))
			return documentOf(a, err)
		},
		"parameters": func() (*proof.Document, error) {
			a, err := e.http.ProvenParameters(ctx)
			if err != nil {
				return nil, err
			}
			return a.Proof, nil
		},
		"supply": func() (*proof.Document, error) {
			a, err := e.http.ProvenSupply(ctx)
			if err != nil {
				return nil, err
			}
			return a.Proof, nil
		},
	} {
		want := map[string]int{"all": 2 + 2*4, "one": 2 + 2, "parameters": 2, "supply": 3}[name]
		d, _, err := answer(e.node, func() (*proof.Document, []state.Key, error) { d, err := ask(); return d, nil, err })
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if facts := e.verify(d); len(facts.Records) < want || len(facts.Records) > want+1 {
			t.Errorf("%s: %d records are proven, want %d", name, len(facts.Records), want)
		}
	}
}

func documentOf(a *api.Operators, err error) (*proof.Document, error) {
	if err != nil {
		return nil, err
	}
	return a.Proof, nil
}

// What has come in, what is held and what is to be paid add up to the genesis.
func TestSupplyAddsUp(t *testing.T) {
	e := newEconomy(t)
	e.block(e.does(0, 5, chaintest.Leg(chaintest.Alpha, "fees")))
	e.epoch()
	s := must[*api.Supply](t)(e.http.Supply(t.Context()))
	sum := new(uint256.Int)
	for _, part := range []*uint256.Int{s.Held, s.Treasury, s.Staked, s.Unbonding, s.Voters, s.Publishers, s.DA, s.Earned, s.Owed, s.Unclaimed} {
		sum.Add(sum, part)
	}
	if !sum.Eq(s.Total) || !s.Total.Eq(s.Genesis) || s.Treasury.IsZero() || s.Owed.IsZero() || s.Epoch != 1 {
		t.Errorf("%s, of %+v", sum, s)
	}
	held := new(uint256.Int)
	for _, b := range e.Genesis.Balances {
		held.Add(held, e.balance(b.Address))
	}
	if !held.Eq(s.Held) {
		t.Errorf("accounts hold %s, %s are told", held, s.Held)
	}
}

// Votes are told as proposals until enough have voted, then as what is scheduled, then as what is in force.
func TestParametersAreTold(t *testing.T) {
	e := newEconomy(t)
	at := e.store.Head() + 6
	vote := actionLeg(t, &action.Vote{Changes: []action.Change{{Name: "damping", Value: uint256.NewInt(9)}}, Height: at})
	ask := func() *api.Parameters { t.Helper(); return must[*api.Parameters](t)(e.http.Parameters(t.Context())) }
	e.block(e.does(1, 0, vote), e.does(2, 0, vote))
	p := ask()
	if len(p.Proposals) != 1 || p.Proposals[0].Power != 20 || p.Total != 40 || len(p.Proposals[0].Voters) != 2 || p.Proposals[0].Height != at ||
		p.Proposals[0].Changes.Changes[0].Name != "damping" || p.Proposals[0].Changes.Changes[0].Value.Uint64() != 9 || len(p.Scheduled) != 0 {
		t.Fatalf("two of four: %+v", p)
	}
	e.block(e.does(3, 0, vote))
	if p = ask(); len(p.Proposals) != 0 || len(p.Scheduled) != 1 || p.Scheduled[0].Height != at || p.Parameters.Damping == 9 {
		t.Fatalf("three of four: %+v", p)
	}
	for e.store.Head()+1 < at {
		e.block()
	}
	if p = ask(); len(p.Scheduled) != 0 || p.Parameters.Damping != 9 {
		t.Fatalf("at its height: %+v", p)
	}
}

// What a namespace has reserved is told, for the epoch that is open and the one after it.
func TestReservationsAreTold(t *testing.T) {
	e := newEconomy(t)
	ns := namespaces.Namespace{0: 9, 9: 9}
	e.block(e.does(0, 0, actionLeg(t, &action.Register{Namespace: ns, Owner: e.Payer(0), Lane: action.Lane{Order: block.ByTip}})))
	e.block(e.does(0, 0, actionLeg(t, &action.Reserve{Namespace: ns, Bytes: 3})))
	ask := func() api.Reserved {
		t.Helper()
		return must[*api.Namespace](t)(e.http.Namespace(t.Context(), ns)).Reserved
	}
	for _, want := range []api.Reserved{{Epoch: 0, Next: 3}, {Epoch: 1, Now: 3}, {Epoch: 2}} {
		if got := ask(); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		e.epoch()
	}
	if len(ledger.NamespaceKeys(ns)) != 5 {
		t.Error("the reservation is not proven")
	}
}
