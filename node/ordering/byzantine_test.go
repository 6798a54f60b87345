package ordering

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
)

// adversary is a proposer that may do anything. What it knows is what an honest one knows.
type adversary struct {
	t     testing.TB
	rng   *rand.Rand
	rules ledger.Rules
	p     parent
	s     slot
	txs   []*tx.Tx // all there are
	old   [][]byte // a block decided before, if any
	poor  common.Address
}

// honest is what an honest proposer would make of the transactions, in random order.
func (a *adversary) honest() *candidate {
	txs := slices.Clone(a.txs)
	a.rng.Shuffle(len(txs), func(i, k int) { txs[i], txs[k] = txs[k], txs[i] })
	room, kept := int(a.rules.Params().MaxBodyBytes)-bodyOverhead, txs[:0]
	for _, t := range txs {
		if len(t.Raw()) <= room && len(kept) < int(a.rules.Params().MaxSignatures) {
			room, kept = room-len(t.Raw()), append(kept, t)
		}
	}
	c, _, err := propose(a.rules, a.p, a.s, a.system(), kept)
	if err != nil {
		a.t.Fatal(err)
	}
	return c
}

// system is what consensus says, and no more.
func (a *adversary) system() block.System {
	s := block.System{Votes: a.s.past.votes}
	for _, accused := range a.s.past.accused {
		s.Faults = append(s.Faults, doubleVote(a.t, accused))
	}
	return s
}

// operators are those of the genesis.
func (a *adversary) operators() (out []common.Address) {
	for i := range testOperators {
		out = append(out, crypto.PubkeyToAddress(testKey(a.t, "operator", i).PublicKey))
	}
	return out
}

// systemAttack changes the system section of an otherwise honest block, with roots that fit.
func systemAttack(name string, change func(a *adversary, s *block.System) bool) attack {
	return attack{"system: " + name, func(a *adversary) [][]byte {
		honest := a.system()
		s := block.System{Votes: bytes.Clone(honest.Votes), Faults: slices.Clone(honest.Faults)}
		if !change(a, &s) {
			return nil
		}
		body := block.Body{System: s, Batches: []block.Batch{a.mine(a.batch(a.honest())...)}}
		c, err := block.Assemble(body, block.AsListed)
		if err != nil {
			return nil
		}
		h := makeHeader(a.rules.ChainID(), a.p, a.s, c.Table.Root(), c.IDs.Root())
		return [][]byte{h.Encode(), body.Encode()}
	}}
}

// batch is the transactions of an honest block, in the order of its body.
func (a *adversary) batch(c *candidate) []*tx.Tx {
	body, err := block.DecodeBody(c.body, math.MaxInt, tx.Decode)
	if err != nil {
		a.t.Fatal(err)
	}
	return body.Batches[0].Txs
}

// forge makes a block whose header fits its body, whatever the transactions are; nil if there is no such block.
func (a *adversary) forge(rule func(ledger.View) ruleOf, batches ...block.Batch) [][]byte {
	for i, b := range batches {
		batches[i].Txs = block.Order(block.Body{Batches: []block.Batch{b}}, rule(a.p.ledger.View))
	}
	body := block.Body{System: a.system(), Batches: batches}
	c, err := block.Assemble(body, block.AsListed)
	if err != nil {
		return nil
	}
	h := makeHeader(a.rules.ChainID(), a.p, a.s, c.Table.Root(), c.IDs.Root())
	return [][]byte{h.Encode(), body.Encode()}
}

func (a *adversary) mine(txs ...*tx.Tx) block.Batch {
	return block.Batch{Author: a.s.proposer, Txs: txs}
}

// bad finds a transaction for which the parent state or the parameters give the reason.
func (a *adversary) bad(code tx.Code) *tx.Tx {
	for _, i := range a.rng.Perm(len(a.txs)) {
		if tx.CodeOf(a.rules.Begin(a.p.ledger.View, a.s.height).Add(a.txs[i])) == code {
			return a.txs[i]
		}
	}
	return nil
}

// attack is a proposal that every honest operator must reject; nil when the state of things has no room for it.
type attack struct {
	name string
	make func(a *adversary) [][]byte
}

// header changes one field of an honest block's header.
func headerAttack(name string, change func(h *block.Header, a *adversary)) attack {
	return attack{"header: " + name, func(a *adversary) [][]byte {
		c := a.honest()
		h := c.header
		change(&h, a)
		return [][]byte{h.Encode(), c.body}
	}}
}

// member puts a transaction into an otherwise honest block, with roots that fit.
func memberAttack(name string, member func(a *adversary, honest []*tx.Tx) []*tx.Tx) attack {
	return attack{"body: " + name, func(a *adversary) [][]byte {
		honest := a.batch(a.honest())
		bad := member(a, honest)
		if bad == nil {
			return nil
		}
		return a.forge(ownRules, a.mine(append(bad, honest[:len(honest)/2]...)...))
	}}
}

func stateAttack(code tx.Code) attack {
	return memberAttack(string(code), func(a *adversary, _ []*tx.Tx) []*tx.Tx {
		if t := a.bad(code); t != nil {
			return []*tx.Tx{t}
		}
		return nil
	})
}

func attacks() []attack {
	out := []attack{
		headerAttack("chain id", func(h *block.Header, _ *adversary) { h.ChainID = "another" }),
		headerAttack("height before", func(h *block.Header, _ *adversary) { h.Height = max(2, h.Height) - 1; h.TimeMS-- }),
		headerAttack("height after", func(h *block.Header, _ *adversary) { h.Height++ }),
		headerAttack("time before", func(h *block.Header, _ *adversary) { h.TimeMS-- }),
		headerAttack("time after", func(h *block.Header, _ *adversary) { h.TimeMS++ }),
		headerAttack("no time", func(h *block.Header, _ *adversary) { h.TimeMS = 0 }),
		headerAttack("parent", func(h *block.Header, a *adversary) { h.ParentHash[a.rng.IntN(32)]++ }),
		headerAttack("proposer", func(h *block.Header, a *adversary) { h.Proposer[a.rng.IntN(20)]++ }),
		systemAttack("a vote more or less", func(a *adversary, s *block.System) bool {
			if len(s.Votes) > 0 {
				s.Votes[0] ^= 0x80
			}
			return len(s.Votes) > 0
		}),
		systemAttack("a longer bitmap", func(_ *adversary, s *block.System) bool { s.Votes = append(s.Votes, 0); return true }),
		systemAttack("no votes", func(_ *adversary, s *block.System) bool { had := len(s.Votes) > 0; s.Votes = nil; return had }),
		systemAttack("an invented fault", func(a *adversary, s *block.System) bool {
			s.Faults = append(s.Faults, block.Fault{Step: block.Prevote, Height: a.s.height})
			return true
		}),
		systemAttack("a true fault that consensus does not know", func(a *adversary, s *block.System) bool {
			s.Faults = append(s.Faults, doubleVote(a.t, accused{a.s.proposer, a.s.height}))
			return true
		}),
		systemAttack("a fault of another", func(a *adversary, s *block.System) bool {
			if len(s.Faults) > 0 {
				at := a.s.past.accused[0]
				for _, m := range a.operators() {
					if m != at.operator {
						s.Faults[0] = doubleVote(a.t, accused{m, at.height})
					}
				}
			}
			return len(s.Faults) > 0
		}),
		systemAttack("a fault at another height", func(a *adversary, s *block.System) bool {
			if len(s.Faults) > 0 {
				s.Faults[0] = doubleVote(a.t, accused{a.s.past.accused[0].operator, s.Faults[0].Height + 1})
			}
			return len(s.Faults) > 0
		}),
		systemAttack("a fault with one vote twice", func(_ *adversary, s *block.System) bool {
			if len(s.Faults) > 0 {
				s.Faults[0].Votes[1] = s.Faults[0].Votes[0]
			}
			return len(s.Faults) > 0
		}),
		systemAttack("a fault with a forged signature", func(_ *adversary, s *block.System) bool {
			if len(s.Faults) > 0 {
				s.Faults[0].Votes[1].Signature[40]++
			}
			return len(s.Faults) > 0
		}),
		systemAttack("a fault left out", func(_ *adversary, s *block.System) bool { had := len(s.Faults) > 0; s.Faults = nil; return had }),
		systemAttack("a forged late vote", func(a *adversary, s *block.System) bool {
			s.Late = []block.LateVote{{Operator: uint32(a.rng.IntN(4)), Signature: tx.Signature{1}}}
			return true
		}),
		headerAttack("data root", func(h *block.Header, a *adversary) { h.DataRoot[a.rng.IntN(len(h.DataRoot))]++ }),
		headerAttack("tx root", func(h *block.Header, a *adversary) { h.TxRoot[a.rng.IntN(32)]++ }),
		headerAttack("ledger root", func(h *block.Header, a *adversary) { h.LedgerRoot[a.rng.IntN(32)]++ }),
		headerAttack("operators", func(h *block.Header, a *adversary) { h.OperatorsHash[a.rng.IntN(32)]++ }),
		headerAttack("next operators", func(h *block.Header, a *adversary) { h.NextOperatorsHash[a.rng.IntN(32)]++ }),
		headerAttack("DA head", func(h *block.Header, _ *adversary) { h.DAHead++ }),
		headerAttack("published height", func(h *block.Header, _ *adversary) { h.PublishedHeight++ }),
	}
	out = append(out, memberAttacks()...)
	out = append(out, shapeAttacks()...)
	for _, code := range []tx.Code{
		ledger.Expired, ledger.ExpiryTooFar, ledger.UnknownNamespace, ledger.FeeTooLow, ledger.Spent, ledger.Unfunded, tx.WrongChain,
	} {
		out = append(out, stateAttack(code))
	}
	return out
}

func memberAttacks() []attack {
	return []attack{
		memberAttack("not signed by its payer", func(a *adversary, honest []*tx.Tx) []*tx.Tx {
			if len(honest) == 0 {
				return nil
			}
			f := honest[len(honest)-1].Fields()
			f.Tip++
			return a.build(f)
		}),
		memberAttack("signed by nobody", func(a *adversary, honest []*tx.Tx) []*tx.Tx {
			if len(honest) == 0 {
				return nil
			}
			f := honest[len(honest)-1].Fields()
			f.Signature = tx.Signature{}
			return a.build(f)
		}),
		memberAttack("half a bundle", func(a *adversary, honest []*tx.Tx) []*tx.Tx {
			i := slices.IndexFunc(honest, (*tx.Tx).Spans)
			if i < 0 {
				return nil
			}
			f := honest[i].Fields()
			f.Legs = f.Legs[:1]
			return a.build(f)
		}),
		memberAttack("two that spend one salt", func(a *adversary, _ []*tx.Tx) []*tx.Tx {
			for _, t := range a.txs {
				for _, u := range a.txs {
					if t != u && t.Payer() == u.Payer() && t.Salt() == u.Salt() && a.stands(t) && a.stands(u) {
						return []*tx.Tx{t, u}
					}
				}
			}
			return nil
		}),
		memberAttack("more than one can pay for", func(a *adversary, _ []*tx.Tx) []*tx.Tx {
			var payer []*tx.Tx // each could be paid for on its own
			for _, t := range a.txs {
				if t.Payer() == a.poor && a.stands(t) {
					payer = append(payer, t)
				}
			}
			pass := a.rules.Begin(a.p.ledger.View, a.s.height)
			for i, t := range payer {
				if tx.CodeOf(pass.Add(t)) == ledger.Unfunded {
					return payer[:i+1]
				}
			}
			return nil
		}),
	}
}

func (a *adversary) build(f tx.Fields) []*tx.Tx {
	t, err := tx.New(f)
	if err != nil {
		a.t.Fatal(err)
	}
	return []*tx.Tx{t}
}

// stands says whether a transaction may be in the block on its own.
func (a *adversary) stands(t *tx.Tx) bool {
	return a.rules.Begin(a.p.ledger.View, a.s.height).Add(t) == nil
}

func shapeAttacks() []attack {
	shape := func(name string, change func(a *adversary, c *candidate) [][]byte) attack {
		return attack{"shape: " + name, func(a *adversary) [][]byte { return change(a, a.honest()) }}
	}
	return []attack{
		shape("nothing", func(*adversary, *candidate) [][]byte { return [][]byte{} }),
		shape("no body", func(_ *adversary, c *candidate) [][]byte { return [][]byte{c.raw} }),
		shape("no header", func(_ *adversary, c *candidate) [][]byte { return [][]byte{c.body} }),
		shape("three transactions", func(_ *adversary, c *candidate) [][]byte { return [][]byte{c.raw, c.body, c.body} }),
		shape("swapped", func(_ *adversary, c *candidate) [][]byte { return [][]byte{c.body, c.raw} }),
		shape("empty", func(*adversary, *candidate) [][]byte { return [][]byte{{}, {}} }),
		shape("a byte after the header", func(_ *adversary, c *candidate) [][]byte { return [][]byte{append(bytes.Clone(c.raw), 0), c.body} }),
		shape("a byte after the body", func(_ *adversary, c *candidate) [][]byte { return [][]byte{c.raw, append(bytes.Clone(c.body), 0)} }),
		shape("half a header", func(_ *adversary, c *candidate) [][]byte { return [][]byte{c.raw[:len(c.raw)/2], c.body} }),
		shape("a cut body", func(a *adversary, c *candidate) [][]byte { return [][]byte{c.raw, c.body[:a.rng.IntN(len(c.body))]} }),
		shape("a flipped bit in the header", func(a *adversary, c *candidate) [][]byte { return [][]byte{a.flip(c.raw), c.body} }),
		shape("garbage", func(a *adversary, _ *candidate) [][]byte { return [][]byte{a.noise(200), a.noise(2000)} }),
		shape("a large header", func(a *adversary, c *candidate) [][]byte { return [][]byte{a.noise(block.MaxHeaderSize + 1), c.body} }),
		shape("a large body", func(a *adversary, c *candidate) [][]byte {
			return [][]byte{c.raw, a.noise(int(a.rules.Params().MaxBodyBytes) + 1)}
		}),
		shape("more bytes than allowed", func(a *adversary, _ *candidate) [][]byte {
			return a.overfull(1<<20, int(a.rules.Params().MaxBodyBytes))
		}),
		shape("more transactions than allowed", func(a *adversary, _ *candidate) [][]byte {
			return a.overfull(int(a.rules.Params().MaxSignatures), 1<<20)
		}),
		shape("no batch", func(a *adversary, _ *candidate) [][]byte { return a.forge(ownRules) }),
		shape("two batches", func(a *adversary, c *candidate) [][]byte { return a.forge(ownRules, a.mine(a.batch(c)...), a.mine()) }),
		shape("another's batch", func(a *adversary, c *candidate) [][]byte {
			return a.forge(ownRules, block.Batch{Author: common.Address{1}, Txs: a.batch(c)})
		}),
		shape("one twice", func(a *adversary, c *candidate) [][]byte {
			txs := a.batch(c)
			if len(txs) == 0 {
				return nil
			}
			body := block.Body{System: a.system(), Batches: []block.Batch{a.mine(append(txs, txs[0])...)}}
			return [][]byte{c.raw, body.Encode()}
		}),
		shape("one left out of the body", func(a *adversary, c *candidate) [][]byte {
			txs := a.batch(c)
			if len(txs) == 0 {
				return nil
			}
			body := block.Body{System: a.system(), Batches: []block.Batch{a.mine(txs[1:]...)}}
			return [][]byte{c.raw, body.Encode()}
		}),
		shape("reordered against the rule", func(a *adversary, c *candidate) [][]byte {
			txs := a.batch(c)
			slices.Reverse(txs)
			forged := a.forge(byProposer, a.mine(txs...))
			if len(forged) == 0 || bytes.Equal(forged[0], a.forge(ownRules, a.mine(txs...))[0]) {
				return nil // the rule leads to that order too
			}
			return forged
		}),
		shape("a block that was decided before", func(a *adversary, _ *candidate) [][]byte { return a.old }),
	}
}

type ruleOf = func(namespaces.Namespace) block.Rule

func ownRules(v ledger.View) ruleOf { return ledger.OrderIn(v) }
func byProposer(ledger.View) ruleOf { return block.AsListed }

func (a *adversary) noise(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(a.rng.Uint32())
	}
	return out
}

func (a *adversary) flip(in []byte) []byte {
	out := bytes.Clone(in)
	out[a.rng.IntN(len(out))] ^= 1 << a.rng.IntN(8)
	return out
}

// overfull takes good transactions until one of the bounds is passed.
func (a *adversary) overfull(txs, size int) [][]byte {
	pass, all := a.rules.Begin(a.p.ledger.View, a.s.height), []*tx.Tx(nil)
	for _, t := range a.txs {
		if len(all) > txs || size < 0 {
			break
		}
		if err := pass.Add(t); err == nil || tx.CodeOf(err) == ledger.BlockFull { // whoever overfills does not mind
			all, size = append(all, t), size-len(t.Raw())
		}
	}
	if len(all) <= txs && size >= 0 {
		return nil
	}
	return a.forge(ownRules, a.mine(all...))
}
