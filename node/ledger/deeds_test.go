package ledger_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
	"github.com/lockstep-network/lockstep/p2p"
)

// deed is a random action of somebody who may do it, or not.
func (c *chaos) deed() (common.Address, action.Action) {
	switch c.rng.IntN(5) {
	case 0:
		return c.someone(), c.money()
	case 1:
		return c.someone(), c.estate()
	case 2:
		return c.word()
	case 3:
		return c.office()
	default:
		return c.investment()
	}
}

func (c *chaos) someone() common.Address {
	if c.rng.IntN(2) == 0 {
		return owner(c.rng.IntN(chaosOwners))
	}
	return payer(c.rng.IntN(chaosPayers))
}

func (c *chaos) amount() *uint256.Int {
	if c.rng.IntN(10) == 0 {
		return new(uint256.Int)
	}
	return uint256.NewInt(c.rng.Uint64N(1 << (1 + c.rng.IntN(32))))
}

func (c *chaos) money() action.Action {
	switch c.rng.IntN(3) {
	case 0:
		return &action.FillTank{Namespace: c.namespace(), Amount: c.amount()}
	case 1:
		return &action.DrainTank{Namespace: c.namespace(), Amount: c.amount()}
	}
	return &action.Transfer{To: c.someone(), Amount: c.amount()}
}

// estate is what is done with namespaces. Lanes are of every policy; the gateway, and the key, is the first owner.
func (c *chaos) estate() action.Action {
	ns, lane := c.namespace(), action.Lane{Order: block.ByTip}
	switch c.rng.IntN(3) {
	case 0:
		lane = action.Lane{Order: block.ByProposer, Policy: action.Gated, Gateways: []common.Address{owner(0)}, Quota: c.rng.Uint64N(3) * 400}
	case 1:
		lane = action.Lane{Order: block.ByTip, Policy: action.Owned, Key: owner(0)}
	}
	switch c.rng.IntN(16) {
	case 0, 1, 2:
		if c.rng.IntN(8) == 0 {
			ns = namespaces.Ledger()
		}
		return &action.Register{Namespace: ns, Owner: c.someone(), Lane: lane}
	case 3, 4:
		return &action.Update{Namespace: ns, Lane: lane}
	case 5:
		return &action.HandOver{Namespace: ns, Owner: c.someone()}
	case 6:
		if c.rng.IntN(12) > 0 { // what has left never comes back
			return &action.Exit{Namespace: ns, Height: 1}
		}
		return &action.Exit{Namespace: ns, Height: c.rng.Uint64N(2) * (c.s.Head.Height + c.rng.Uint64N(10))}
	case 7, 8, 9, 10, 11:
		return &action.Resume{Namespace: ns}
	case 12:
		return &action.Heartbeat{Namespace: ns}
	}
	return &action.Reserve{Namespace: ns, Bytes: c.rng.Uint64N(1 << c.rng.IntN(23))}
}

// word is what operators say in their office: views, votes, attestations.
func (c *chaos) word() (common.Address, action.Action) {
	who, height := owner(c.rng.IntN(chaosOwners)), c.s.Head.Height
	switch c.rng.IntN(3) {
	case 0:
		if c.rng.IntN(200) == 0 {
			c.stall = !c.stall
		}
		if !c.stall {
			c.known = height
		}
		published := c.known
		if c.rng.IntN(30) == 0 {
			published = height + 1
		}
		return who, &action.DAView{DAHeight: height + c.rng.Uint64N(5), PublishedHeight: published, Price: c.rng.Uint64N(4)}
	case 1:
		return who, c.vote(height)
	}
	pots, err := stake.LoadPots(c.s)
	if err != nil {
		c.t.Fatal(err)
	}
	first := pots.Paid + 1 - min(c.rng.Uint64N(8)/7, pots.Paid)
	return who, &action.AttestBatch{First: first, Runs: []action.BatchRun{
		{Last: first + c.rng.Uint64N(3), Publisher: owner(c.rng.IntN(4) * c.rng.IntN(3)), Bytes: c.rng.Uint64N(900)},
	}}
}

// vote is one of few, so that equal ones meet.
func (c *chaos) vote(height uint64) *action.Vote {
	changes := []action.Change{
		{Name: "namespaceDeposit", Value: uint256.NewInt(deposit * (1 + height/50%3))},
		{Name: "epochMs", Value: uint256.NewInt(4_000 + 1_000*(height/70%4))},
		{Name: "slashBase", Value: uint256.NewInt(2_000_000)},
		{Name: "nothing", Value: new(uint256.Int)},
		{Name: "maxBodyBytes", Value: uint256.NewInt(1)},
	}
	at := height/8*8 + 16
	if c.rng.IntN(20) == 0 {
		at = height
	}
	i := 0
	if c.rng.IntN(8) == 0 {
		i = 2 + c.rng.IntN(3)
	} else if c.rng.IntN(4) == 0 {
		i = 1
	}
	return &action.Vote{Height: at, Changes: changes[i : i+1]}
}

// office is what owners do with their operators.
func (c *chaos) office() (common.Address, action.Action) {
	who := owner(c.rng.IntN(chaosOwners))
	if c.rng.IntN(12) == 0 {
		who = payer(0)
	}
	switch c.rng.IntN(8) {
	case 0, 1:
		key, proof := c.key(who)
		a := &action.OperatorCreate{Key: key, Proof: proof, Commission: c.rng.Uint64N(10_200), Amount: uint256.NewInt(c.rng.Uint64N(9_000))}
		a.Node, a.NodeProof = c.node(who)
		return who, a
	case 2:
		key, proof := c.key(who)
		return who, &action.OperatorRotate{Key: key, Proof: proof}
	case 3:
		a := &action.OperatorUpdate{Commission: c.rng.Uint64N(150)}
		a.Node, a.NodeProof = c.node(who)
		return who, a
	case 4:
		return who, &action.OperatorLeave{Leave: c.rng.IntN(3) == 0}
	}
	return who, &action.Unjail{}
}

// key is a new consensus key with its proof, or, seldom, another's, none, or with another's proof.
func (c *chaos) key(who common.Address) (out action.Key, proof [65]byte) {
	k := chaosKey("consensus", c.fresh)
	switch c.rng.IntN(12) {
	case 0:
		k = c.keys[owner(0)]
	case 1:
		return action.Key{}, proof
	case 2:
		who = common.Address{1}
	}
	c.fresh++
	c.keys[address(k)] = k
	return action.Key(crypto.CompressPubkey(&k.PublicKey)), c.sign(k, action.KeyDigest(c.g.ChainID, who))
}

// node is one of few with its proof, or none, or, seldom, with another's proof.
func (c *chaos) node(who common.Address) (n action.Node, proof action.NodeProof) {
	if c.rng.IntN(3) == 0 {
		return n, proof
	}
	if c.rng.IntN(8) == 0 {
		who = common.Address{1}
	}
	return provenNode(c.t, byte(c.rng.IntN(6)), who)
}

// provenNode is a node with its key's proof for an owner.
func provenNode(tb testing.TB, i byte, owner common.Address) (action.Node, action.NodeProof) {
	tb.Helper()
	seed := sha256.Sum256([]byte{i})
	key := ed25519.NewKeyFromSeed(seed[:])
	id, err := p2p.PeerID(key.Public().(ed25519.PublicKey))
	if err != nil {
		tb.Fatal(err)
	}
	return action.Node{PeerID: id.String()}, action.NodeProof(ed25519.Sign(key, action.NodeStatement("ledger-test", owner)))
}

// investment is what holders do, and what anybody may report.
func (c *chaos) investment() (common.Address, action.Action) {
	who, op := c.someone(), owner(c.rng.IntN(chaosOwners))
	switch c.rng.IntN(10) {
	case 0, 1:
		if c.rng.IntN(30) == 0 {
			return common.Address{whale}, &action.Delegate{Operator: op, Amount: new(uint256.Int).Lsh(uint256.NewInt(1), 127)}
		}
		return who, &action.Delegate{Operator: op, Amount: uint256.NewInt(c.rng.Uint64N(9_000))}
	case 2, 3:
		shares := uint256.NewInt(c.rng.Uint64N(9_000) * c.rng.Uint64N(5) / 4)
		if d, found, err := stake.LoadDelegation(c.s, op, who); err == nil && found && c.rng.IntN(3) == 0 {
			shares = &d.Shares
		}
		return who, &action.Undelegate{Operator: op, Shares: shares}
	case 4, 5, 6:
		open, err := stake.LoadOpen(c.s)
		if err != nil {
			c.t.Fatal(err)
		}
		return who, &action.Withdraw{Operator: op, Epoch: max(open.Number, 8) - c.rng.Uint64N(8)}
	case 7, 8:
		if c.rng.IntN(3) == 0 {
			op = common.Address{}
		}
		return who, &action.Claim{Operator: op}
	}
	return who, c.report()
}

// report is rarely good: each good one takes an operator out for ever.
func (c *chaos) report() *action.Report {
	k, height := testKey("nobody"), c.s.Head.Height+1-min(c.rng.Uint64N(40), c.s.Head.Height)
	set := c.set(stake.Next)
	switch c.rng.IntN(60) {
	case 0:
		if len(set.Members) > 2 && c.proven < 3 {
			k = c.keys[set.Members[c.rng.IntN(len(set.Members))].Address]
			c.proven++
		}
	case 1, 2:
		k, height = c.keys[owner(c.rng.IntN(4))], 1 // old, once the evidence period is over
		if c.s.Head.Height < 150 {
			k = testKey("nobody")
		}
	case 3:
		k, height = c.keys[owner(0)], height+60
	}
	r := &action.Report{Height: height, HashA: common.Hash{1}, HashB: common.Hash{2}}
	r.SignatureA = c.sign(k, cert.ExtensionDigest(c.g.ChainID, height, 0, r.HashA))
	r.SignatureB = c.sign(k, cert.ExtensionDigest(c.g.ChainID, height, 0, r.HashB))
	switch c.rng.IntN(6) {
	case 0:
		r.HashB = r.HashA
	case 1:
		r.Round++
	}
	return r
}
