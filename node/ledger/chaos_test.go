package ledger_test

import (
	"crypto/ecdsa"
	"math/rand/v2"
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
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/ledgertest"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
)

const (
	chaosOwners = 8 // four of the genesis, four who may come
	chaosPayers = 4
	whale       = 0xee
)

// chaos is one world in which everything happens: random blocks with actions of every kind, votes that are missing or late, faults, epochs.
type chaos struct {
	t      testing.TB
	g      *genesis.Genesis
	rules  ledger.Rules
	s      *ledgertest.Memory
	rng    *rand.Rand
	time   uint64
	salt   uint64
	fresh  int // consensus keys that were made
	proven int // operators that are gone for good
	keys   map[common.Address]*ecdsa.PrivateKey
	absent map[common.Address]int // blocks for which an operator stays away
	known  uint64                 // height that operators say is published
	stall  bool                   // it does not move
	blocks []ledger.Block         // all, for a replay
	params genesis.Params
	header func() common.Hash // that of the newest block; nil: there are no headers
}

func owner(i int) common.Address { return address(chaosKey("owner", i)) }

func chaosKey(name string, i int) *ecdsa.PrivateKey {
	return testKey(name + string(rune('a'+i%26)) + string(rune('a'+i/26)))
}

func newChaos(t testing.TB, seed uint64) *chaos {
	t.Helper()
	c := &chaos{t: t, rng: rand.New(rand.NewPCG(seed, 3)), keys: map[common.Address]*ecdsa.PrivateKey{}, absent: map[common.Address]int{}}
	g := &genesis.Genesis{Version: genesis.Version, ChainID: "ledger-test", Params: genesis.DefaultParams()}
	p := &g.Params
	p.LanePrice, p.GlobalPrice, p.DAPrice, p.ReservePrice, p.NamespaceDeposit, p.SilenceMS, p.ExpiryWindow = 1, 1, 1, 1, deposit, 4_000, 64
	p.EpochMS, p.MaxOperators, p.PowerUnit, p.MinPower, p.UnbondingMS, p.EvidenceMS, p.CorrelationMS = 5_000, 4, 1_000, 2, 20_000, 15_000, 30_000
	p.DowntimeMS, p.JailMS, p.SubsidyPerSecond, p.LeastLeaf = 4_000, 6_000, 777, 500_000
	give := func(a common.Address, v *uint256.Int) {
		g.Balances = append(g.Balances, genesis.Balance{Address: a, Amount: v})
	}
	for i := range chaosOwners {
		k := chaosKey("owner", i)
		c.keys[address(k)] = k
		give(address(k), uint256.NewInt(rich))
		if i < 4 {
			g.Operators = append(g.Operators, genesis.Operator{Address: address(k), PublicKey: crypto.CompressPubkey(&k.PublicKey), Power: 20 + uint64(i)})
		}
	}
	for i := range chaosPayers {
		give(payer(i), uint256.NewInt(rich))
	}
	give(common.Address{whale}, new(uint256.Int).Lsh(uint256.NewInt(1), 200))
	slices.SortFunc(g.Balances, func(a, b genesis.Balance) int { return a.Address.Cmp(b.Address) })
	g.Namespaces = []genesis.Namespace{{Namespace: alpha, Order: block.ByTip}}
	if err := g.Validate(); err != nil {
		t.Fatal(err)
	}
	c.g, c.rules, c.s, c.params = g, ledger.NewRules(g), newState(t, g), g.Params
	return c
}

func (c *chaos) set(w stake.Which) stake.Set {
	s, err := stake.LoadSet(c.s, w)
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

// system draws who has voted, in time or late, and now and then a fault that consensus has seen.
func (c *chaos) system() (s block.System) {
	if c.s.Head.Height == 0 {
		return s
	}
	set := c.set(stake.Last)
	s.Votes = make([]byte, (len(set.Members)+7)/8)
	var power uint64
	for i, m := range set.Members {
		if c.absent[m.Owner] > 0 {
			c.absent[m.Owner]--
			continue
		}
		if c.rng.IntN(150) == 0 {
			c.absent[m.Owner] = c.rng.IntN(60)
		}
		s.Votes[i/8] |= 0x80 >> (i % 8)
		power += m.Power
	}
	if !set.Quorum(power) { // no such commit
		all, err := ledgertest.System(c.s.Parent())
		if err != nil {
			c.t.Fatal(err)
		}
		s.Votes = all.Votes
	}
	if c.s.Head.Height >= 2 {
		s.Late = c.late()
	}
	if m := set.Members[c.rng.IntN(len(set.Members))]; c.rng.IntN(500) == 0 && c.proven < 4 && len(set.Members) > 2 {
		s.Faults = append(s.Faults, c.double(c.keys[m.Address]), c.double(testKey("nobody")))
		c.proven++
	}
	return s
}

func (c *chaos) late() (out []block.LateVote) {
	awaited, header, err := stake.Awaited(c.s)
	if err != nil {
		c.t.Fatal(err)
	}
	for who, place := range awaited { // any order: sorted below
		out = append(out, block.LateVote{Operator: place, Signature: c.sign(c.keys[who], cert.ExtensionDigest(c.g.ChainID, c.s.Head.Height-1, 0, header))})
	}
	slices.SortFunc(out, func(a, b block.LateVote) int { return int(a.Operator) - int(b.Operator) })
	return slices.DeleteFunc(out, func(block.LateVote) bool { return c.rng.IntN(3) > 0 })
}

func (c *chaos) double(k *ecdsa.PrivateKey) block.Fault {
	f := block.Fault{Step: block.Precommit, Height: c.s.Head.Height, Votes: [2]block.FaultVote{{}, {Block: &block.ConsensusID{Parts: 1}}}}
	for i := range f.Votes {
		f.Votes[i].Signature = c.sign(k, f.Digest(c.g.ChainID, i))
	}
	return f
}

func (c *chaos) sign(k *ecdsa.PrivateKey, digest common.Hash) tx.Signature {
	raw, err := crypto.Sign(digest[:], k)
	if err != nil {
		c.t.Fatal(err)
	}
	return tx.Signature(raw)
}

// next is a block after some time, of whoever's turn it is.
func (c *chaos) next(txs []*tx.Tx) ledger.Block {
	set := c.set(stake.Next)
	ms := []uint64{100, 250, 250, 600, 1_000}[c.rng.IntN(5)]
	if c.rng.IntN(400) == 0 {
		ms = 40_000
	}
	hash := crypto.Keccak256Hash([]byte("header"), c.s.Head.Root().Bytes())
	if c.header != nil {
		hash = c.header()
	}
	return ledger.Block{
		TimeMS: c.time + ms, Proposer: set.Members[c.rng.IntN(len(set.Members))].Address, ParentHash: hash, System: c.system(), Txs: txs,
	}
}

// traffic draws transactions that may stand together: actions, and legs in lanes of every policy.
func (c *chaos) traffic() (txs []*tx.Tx) {
	pass := c.rules.Begin(c.s, c.s.Head.Height+1)
	for range c.rng.IntN(60) {
		var one *tx.Tx
		if c.rng.IntN(5) == 0 {
			one = c.leg()
		} else {
			who, a := c.deed()
			one = c.tx(who, act(c.t, a))
		}
		switch err := pass.Add(one); {
		case err == nil:
			txs = append(txs, one)
		case tx.CodeOf(err) == "":
			c.t.Fatal(err)
		}
	}
	return txs
}

func (c *chaos) tx(from common.Address, legs ...tx.Leg) *tx.Tx {
	c.salt++
	one, err := tx.New(tx.Fields{
		ChainID: c.g.ChainID, Payer: from, Salt: c.salt, Expiry: c.s.Head.Height + 10, Tip: c.rng.Uint64N(3), MaxFeePerByte: 1 << 20, Legs: legs,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return one
}

// leg is a transaction in a lane, with the consent that the lane asks for, or not.
func (c *chaos) leg() *tx.Tx {
	ns := c.namespace()
	one := c.tx(payer(c.rng.IntN(chaosPayers)), leg(ns, 20+c.rng.IntN(200)))
	n, err := ledger.NamespaceOf(c.s, ns)
	if err != nil {
		c.t.Fatal(err)
	}
	if n == nil || n.Lane.Policy == action.Open || c.rng.IntN(4) == 0 {
		return one
	}
	auth := tx.Auth{Namespace: ns, Kind: tx.AuthTank}
	if c.rng.IntN(3) == 0 {
		auth.Kind = tx.AuthGateway
	}
	if n.Lane.Policy == action.Owned {
		lane, err := ledger.LaneOf(c.s, ns)
		if err != nil {
			c.t.Fatal(err)
		}
		auth.Kind, auth.Epoch, auth.LaneSeq = tx.AuthOwner, lane.Epoch, lane.Next
	}
	if auth, err = tx.SignAuth(auth, one.ID(), c.keys[owner(0)]); err != nil { // whose key stands in all lanes
		c.t.Fatal(err)
	}
	if one, err = one.WithAuths(auth); err != nil {
		c.t.Fatal(err)
	}
	return one
}

func (c *chaos) namespace() namespaces.Namespace {
	return namespaces.Namespace{0: 1, 9: byte(c.rng.IntN(16))}
}
