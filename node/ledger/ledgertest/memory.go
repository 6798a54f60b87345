// Package ledgertest keeps a ledger in memory, for tests: what node/store keeps on disk.
package ledgertest

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// Memory is a ledger after some height. It is used by one goroutine.
type Memory struct {
	Head    ledger.Head
	Nodes   map[string][]byte
	Records map[state.Key][]byte
	Pairs   map[ledger.Pair]uint64 // height at which each was spent
	Reads   int                    // of nodes
	window  uint64
}

// New makes the ledger of a valid genesis document.
func New(g *genesis.Genesis) (*Memory, error) {
	m := &Memory{
		Nodes: make(map[string][]byte), Records: make(map[state.Key][]byte), Pairs: make(map[ledger.Pair]uint64),
		window: g.Params.ExpiryWindow,
	}
	e, err := ledger.Genesis(g)
	if err != nil {
		return nil, err
	}
	m.Write(e)
	return m, nil
}

// Write takes effects over, which must be of this ledger.
func (m *Memory) Write(e *ledger.Effects) {
	m.Head = e.Head
	for _, n := range e.Nodes {
		if len(n.Blob) == 0 {
			delete(m.Nodes, string(n.Path))
		} else {
			m.Nodes[string(n.Path)] = n.Blob
		}
	}
	for _, r := range e.Records {
		if len(r.Value) == 0 {
			delete(m.Records, r.Key)
		} else {
			m.Records[r.Key] = r.Value
		}
	}
	for _, p := range e.Spent {
		m.Pairs[p] = e.Head.Height
	}
	// any order: each pair is judged by itself
	for p, at := range m.Pairs {
		if at+m.window <= m.Head.Height {
			delete(m.Pairs, p)
		}
	}
}

// Parent is the ledger for the next block.
func (m *Memory) Parent() ledger.Parent { return ledger.Parent{Head: m.Head, Nodes: m, View: m} }

// Balance is what the address holds, in wei.
func (m *Memory) Balance(a common.Address) uint256.Int {
	b, err := ledger.Balance(m, a)
	if err != nil {
		panic(err) // the ledger wrote it
	}
	return b
}

// Record implements [state.Reader].
func (m *Memory) Record(k state.Key) ([]byte, error) { return m.Records[k], nil }

// Spent implements [ledger.View].
func (m *Memory) Spent(payer common.Address, salt uint64) (bool, error) {
	_, spent := m.Pairs[ledger.Pair{Payer: payer, Salt: salt}]
	return spent, nil
}

// Node implements [state.Nodes].
func (m *Memory) Node(path []byte, hash common.Hash) ([]byte, error) {
	m.Reads++
	blob, there := m.Nodes[string(path)]
	if !there || crypto.Keccak256Hash(blob) != hash {
		return nil, fmt.Errorf("no node %x with hash %s", path, hash)
	}
	return blob, nil
}

// System is a system section that is true of the block after the parent: everybody has voted.
func System(p ledger.Parent) (block.System, error) {
	if p.Head.Height == 0 {
		return block.System{}, nil
	}
	set, err := stake.LoadSet(p.View, stake.Last)
	if err != nil {
		return block.System{}, err
	}
	votes := make([]byte, (len(set.Members)+7)/8)
	for i := range set.Members {
		votes[i/8] |= 0x80 >> (i % 8)
	}
	return block.System{Votes: votes}, nil
}
