package ledger_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger"
)

// crowd is a ledger of so many operators, after two blocks, and the first of them, who pays for all that comes.
func crowd(tb testing.TB, n int) (ledger.Rules, ledger.Parent, common.Address) {
	tb.Helper()
	g := &genesis.Genesis{Version: genesis.Version, ChainID: "ledger-test", Params: genesis.DefaultParams()}
	g.Params.LanePrice, g.Params.GlobalPrice, g.Params.DAPrice, g.Params.MaxOperators = 1, 1, 1, 256
	for i := range n {
		key := testKey(fmt.Sprint("operator ", i))
		g.Operators = append(g.Operators, genesis.Operator{Address: address(key), PublicKey: crypto.CompressPubkey(&key.PublicKey), Power: 10})
		g.Balances = append(g.Balances, genesis.Balance{Address: address(key), Amount: new(uint256.Int).Lsh(uint256.NewInt(1), 80)})
	}
	slices.SortFunc(g.Balances, func(a, b genesis.Balance) int { return a.Address.Cmp(b.Address) })
	if err := g.Validate(); err != nil {
		tb.Fatal(err)
	}
	r, s := ledger.NewRules(g), newState(tb, g)
	for range 2 {
		e, err := ledger.Apply(r, s.Parent(), blockOf(s.Parent(), nil))
		if err != nil {
			tb.Fatal(err)
		}
		s.Write(e)
	}
	return r, s.Parent(), g.Operators[0].Address
}

// floods are actions that cost their sender little and might cost everybody much: the i-th of a member of the set.
func floods(tb testing.TB) map[string]func(member common.Address, i uint32) action.Action {
	tb.Helper()
	forged := &action.Report{Height: 1, HashA: common.Hash{1}, HashB: common.Hash{2}}
	for hash, s := range map[common.Hash]*tx.Signature{forged.HashA: &forged.SignatureA, forged.HashB: &forged.SignatureB} {
		d := cert.ExtensionDigest("ledger-test", 1, 0, hash)
		raw, err := crypto.Sign(d[:], testKey("stranger"))
		if err != nil {
			tb.Fatal(err)
		}
		*s = tx.Signature(raw)
	}
	return map[string]func(common.Address, uint32) action.Action{
		"transfers to new accounts": func(_ common.Address, i uint32) action.Action {
			to := common.Address{0: 0xaa}
			binary.BigEndian.PutUint32(to[4:], i)
			return &action.Transfer{To: to, Amount: uint256.NewInt(1)}
		},
		"reports about a stranger": func(common.Address, uint32) action.Action { return forged },
		"delegations of a wei": func(member common.Address, _ uint32) action.Action {
			return &action.Delegate{Operator: member, Amount: uint256.NewInt(1)}
		},
		"undelegations of a share": func(member common.Address, _ uint32) action.Action {
			return &action.Undelegate{Operator: member, Shares: uint256.NewInt(1)}
		},
		"votes": func(_ common.Address, i uint32) action.Action {
			return &action.Vote{Height: 1_000 + uint64(i), Changes: []action.Change{{Name: "lanePrice", Value: uint256.NewInt(4)}}}
		},
		"views": func(_ common.Address, i uint32) action.Action {
			return &action.DAView{DAHeight: uint64(i), PublishedHeight: 1, Price: 1}
		},
		"attestations": func(member common.Address, i uint32) action.Action {
			return &action.AttestBatch{First: 1, Runs: []action.BatchRun{{Last: 1, Publisher: member, Bytes: uint64(i)}}}
		},
	}
}

// full is a block of so many such actions.
func full(tb testing.TB, p ledger.Parent, member common.Address, actions int, one func(common.Address, uint32) action.Action) ledger.Block {
	tb.Helper()
	var txs []*tx.Tx
	for done := 0; done < actions; {
		var legs []tx.Leg
		for ; len(legs) < tx.MaxLegs && done < actions; done++ {
			legs = append(legs, act(tb, one(member, uint32(done))))
		}
		txs = append(txs, unsigned(tb, member, uint64(done), 100, 0, legs...))
	}
	return blockOf(p, txs)
}

// mostAllocations is what one action may take of memory's manager: what it decodes, reads and writes. A walk over a set of operators takes thousands.
const mostAllocations = 120

// No action of a few bytes makes everybody walk over the operators: a block of them is as much work with 256 operators as with four.
func TestFloodsOfActionsCostNoWalks(t *testing.T) {
	const actions = 1_000
	work := func(operators int, one func(common.Address, uint32) action.Action) float64 {
		r, p, member := crowd(t, operators)
		cost := func(n int) float64 {
			b := full(t, p, member, n, one)
			return testing.AllocsPerRun(1, func() {
				if _, err := ledger.Apply(r, p, b); err != nil {
					t.Fatal(err)
				}
			})
		}
		return (cost(actions+1) - cost(1)) / actions // what a block reads once is in both
	}
	for name, one := range floods(t) {
		few, many := work(4, one), work(256, one)
		t.Logf("%-28s %3.0f allocations an action among 4 operators, %3.0f among 256", name, few, many)
		if many > mostAllocations || many > 1.5*few {
			t.Errorf("%s: %.0f allocations an action among 256 operators, %.0f among 4", name, many, few)
		}
	}
}

// BenchmarkFloods applies blocks that are full of actions of one member of 256.
func BenchmarkFloods(b *testing.B) {
	for name, one := range floods(b) {
		b.Run(name, func(b *testing.B) {
			r, p, member := crowd(b, 256)
			params := r.Params()
			// a transaction of the most legs takes as many checks, and one for its signature
			block := full(b, p, member, int(params.MaxSignatures)*tx.MaxLegs/(tx.MaxLegs+1), one)
			b.ResetTimer()
			for range b.N {
				if _, err := ledger.Apply(r, p, block); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
