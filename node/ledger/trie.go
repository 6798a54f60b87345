package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/ethereum/go-ethereum/trie"
	"github.com/ethereum/go-ethereum/triedb/database"
	"github.com/holiman/uint256"
)

// account is a leaf of the trie: key keccak256(address), value rlp([balance]). An account without balance has no leaf
// (specs/05-ledger.md, "Accounts").
type account struct{ Balance *uint256.Int }

// accountTrie is go-ethereum's Merkle-Patricia trie over nodes that somebody else stores. It is used for one block.
type accountTrie struct{ *trie.Trie }

func openTrie(p Parent) (accountTrie, error) {
	tr, err := trie.New(trie.StateTrieID(p.Head.StateRoot), nodeDatabase{p.Nodes})
	if err != nil {
		return accountTrie{}, fmt.Errorf("open account trie: %w", err)
	}
	return accountTrie{tr}, nil
}

func (t accountTrie) balance(a common.Address) (uint256.Int, error) {
	raw, err := t.Get(crypto.Keccak256(a[:]))
	if err != nil || len(raw) == 0 {
		return uint256.Int{}, err
	}
	var leaf account
	if err := rlp.DecodeBytes(raw, &leaf); err != nil {
		return uint256.Int{}, fmt.Errorf("decode account %s: %w", a, err)
	}
	return *leaf.Balance, nil
}

// commit writes the balances and returns the new root and the changed nodes, ascending. The trie is spent afterwards.
func (t accountTrie) commit(accounts []Account) (common.Hash, []Node, error) {
	for i := range accounts {
		key := crypto.Keccak256(accounts[i].Address[:])
		if accounts[i].Balance.IsZero() {
			if err := t.Delete(key); err != nil {
				return common.Hash{}, nil, fmt.Errorf("delete account %s: %w", accounts[i].Address, err)
			}
			continue
		}
		raw, err := rlp.EncodeToBytes(&account{&accounts[i].Balance})
		if err != nil {
			return common.Hash{}, nil, fmt.Errorf("encode account %s: %w", accounts[i].Address, err)
		}
		if err := t.Update(key, raw); err != nil {
			return common.Hash{}, nil, fmt.Errorf("write account %s: %w", accounts[i].Address, err)
		}
	}
	root, set := t.Commit(false)
	if set == nil {
		return root, nil, nil
	}
	nodes := make([]Node, 0, len(set.Nodes))
	for path, n := range set.Nodes {
		nodes = append(nodes, Node{Path: []byte(path), Blob: n.Blob})
	}
	slices.SortFunc(nodes, func(a, b Node) int { return strings.Compare(string(a.Path), string(b.Path)) })
	return root, nodes, nil
}

// nodeDatabase gives the trie its nodes.
type nodeDatabase struct{ nodes Nodes }

// NodeReader implements [database.NodeDatabase].
func (d nodeDatabase) NodeReader(common.Hash) (database.NodeReader, error) {
	if d.nodes == nil {
		return nil, errors.New("no nodes")
	}
	return d, nil
}

// Node implements [database.NodeReader].
func (d nodeDatabase) Node(_ common.Hash, path []byte, hash common.Hash) ([]byte, error) {
	return d.nodes.Node(path, hash)
}

// trieView reads balances from the trie that the root commits to, and the rest from the view beside it.
type trieView struct {
	accountTrie

	view View
}

// Balance implements [View].
func (v trieView) Balance(a common.Address) (uint256.Int, error) { return v.balance(a) }

// Spent implements [View].
func (v trieView) Spent(payer common.Address, salt uint64) (bool, error) {
	return v.view.Spent(payer, salt)
}
