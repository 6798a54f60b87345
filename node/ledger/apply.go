package ledger

import (
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// Treasury is where fees go until the reward rules split them: the last 20 bytes of keccak256("lockstep/treasury"). Nobody has a key for it.
func Treasury() common.Address {
	return common.BytesToAddress(crypto.Keccak256([]byte("lockstep/treasury")))
}

// Parent is the state that a block is applied to: the state after the height before it.
type Parent struct {
	Head  Head
	Nodes Nodes
	View  View
}

// Nodes reads the nodes of the account trie at [Head.StateRoot].
type Nodes interface {
	// Node returns the node at the path (one nibble a byte) if its keccak256 is the hash; an error if it is missing or another.
	Node(path []byte, hash common.Hash) ([]byte, error)
}

// Effects is what a block changes: all of it is written in one piece, together with the block, or not at all.
type Effects struct {
	Parent   common.Hash // ledger root that it applies to; zero for genesis
	Head     Head        // the ledger afterwards
	Nodes    []Node      // changed trie nodes, ascending by path
	Accounts []Account   // changed balances, ascending by address
	Spent    []Pair      // pairs spent at this height, ascending
	Charges  []Charge    // what each transaction paid, in shared order: the ledger's events
}

// Node is a changed trie node; an empty Blob deletes the one at the path.
type Node struct {
	Path []byte // one nibble a byte
	Blob []byte
}

// Account is an address with its new balance in wei; zero means that it is no longer in the trie.
type Account struct {
	Address common.Address
	Balance uint256.Int
}

// Genesis returns the effects that make the ledger of a valid genesis document out of nothing.
func Genesis(g *genesis.Genesis) (*Effects, error) {
	head := emptyHead(g.Params.ExpiryWindow)
	accounts := make([]Account, len(g.Balances))
	for i, b := range g.Balances {
		accounts[i] = Account{b.Address, *b.Amount}
	}
	tr, err := openTrie(Parent{Head: head})
	if err != nil {
		return nil, err
	}
	var nodes []Node
	if head.StateRoot, nodes, err = tr.commit(accounts); err != nil {
		return nil, err
	}
	return &Effects{Head: head, Nodes: nodes, Accounts: accounts}, nil
}

// Apply computes what the block after parent changes. txs are its verified transactions in shared order. An error means that the block is
// invalid (it wraps a [*tx.Reject]) or that the state could not be read; nothing has happened then. Equal parents and transactions give
// equal effects on every machine.
func Apply(r Rules, parent Parent, txs []*tx.Tx) (*Effects, error) {
	height := parent.Head.Height + 1
	tr, err := openTrie(parent)
	if err != nil {
		return nil, fmt.Errorf("apply block %d: %w", height, err)
	}
	pass := r.Begin(trieView{tr, parent.View}, height)
	for i, t := range txs {
		if err = pass.Add(t); err != nil {
			return nil, fmt.Errorf("apply block %d: transaction %d: %w", height, i, err)
		}
	}
	accounts, err := pass.settle()
	if err != nil {
		return nil, fmt.Errorf("apply block %d: %w", height, err)
	}
	root, nodes, err := tr.commit(accounts)
	if err != nil {
		return nil, fmt.Errorf("apply block %d: %w", height, err)
	}
	spent := pass.spent()
	return &Effects{
		Parent: parent.Head.Root(), Head: parent.Head.next(root, Digest(spent)),
		Nodes: nodes, Accounts: accounts, Spent: spent, Charges: pass.charges,
	}, nil
}

// settle credits all charges to the treasury and lists the changed accounts, ascending.
func (p *Pass) settle() ([]Account, error) {
	if len(p.charges) == 0 {
		return nil, nil
	}
	treasury, err := p.balance(Treasury())
	if err != nil {
		return nil, err
	}
	for i := range p.charges {
		treasury.Add(treasury, &p.charges[i].Fee) // no overflow: the supply fits, and every unit was taken from a payer
	}
	accounts := make([]Account, 0, len(p.left))
	for a, b := range p.left {
		accounts = append(accounts, Account{a, *b})
	}
	slices.SortFunc(accounts, func(a, b Account) int { return a.Address.Cmp(b.Address) })
	return accounts, nil
}

// spent lists the block's pairs, ascending.
func (p *Pass) spent() []Pair {
	pairs := make([]Pair, 0, len(p.pairs))
	for pair := range p.pairs {
		pairs = append(pairs, pair)
	}
	slices.SortFunc(pairs, Pair.Compare)
	return pairs
}
