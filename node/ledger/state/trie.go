package state

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/trie"
	"github.com/ethereum/go-ethereum/triedb/database"
)

// Nodes reads the nodes of a trie that somebody else stores.
type Nodes interface {
	// Node returns the node at the path (one nibble a byte) if its keccak256 is the hash; an error if it is missing or another.
	Node(path []byte, hash common.Hash) ([]byte, error)
}

// Node is a changed trie node; an empty Blob deletes the one at the path.
type Node struct {
	Path []byte // one nibble a byte
	Blob []byte
}

// EmptyRoot is the root of no records.
func EmptyRoot() common.Hash { return types.EmptyRootHash }

// Commit enters changes into the trie at the root and returns the new root and the changed nodes, ascending by path. The order of the changes
// makes no difference. nodes may be nil at the empty root.
func Commit(root common.Hash, nodes Nodes, changes []Record) (common.Hash, []Node, error) {
	tr, err := openTrie(root, nodes)
	if err != nil {
		return common.Hash{}, nil, err
	}
	for _, c := range changes {
		path := c.Key.path()
		if len(c.Value) == 0 {
			err = tr.Delete(path)
		} else {
			err = tr.Update(path, c.Value)
		}
		if err != nil {
			return common.Hash{}, nil, fmt.Errorf("write record %x: %w", string(c.Key), err)
		}
	}
	next, set := tr.Commit(false)
	if set == nil {
		return next, nil, nil
	}
	out := make([]Node, 0, len(set.Nodes))
	for path, n := range set.Nodes {
		out = append(out, Node{Path: []byte(path), Blob: n.Blob})
	}
	slices.SortFunc(out, func(a, b Node) int { return strings.Compare(string(a.Path), string(b.Path)) })
	return next, out, nil
}

// Prove returns the nodes from the root to where the record stands, or would stand: Ethereum's own form of a proof.
func Prove(root common.Hash, nodes Nodes, k Key) ([][]byte, error) {
	tr, err := openTrie(root, nodes)
	if err != nil {
		return nil, err
	}
	var p path
	if err := tr.Prove(k.path(), &p); err != nil {
		return nil, fmt.Errorf("prove record %x: %w", string(k), err)
	}
	return p, nil
}

// path collects the nodes of a proof, from the root downwards.
type path [][]byte

// Put implements ethdb.KeyValueWriter.
func (p *path) Put(_, blob []byte) error {
	*p = append(*p, slices.Clone(blob))
	return nil
}

// Delete implements ethdb.KeyValueWriter; a proof deletes nothing.
func (*path) Delete([]byte) error { return errors.New("a proof deletes nothing") }

func openTrie(root common.Hash, nodes Nodes) (*trie.Trie, error) {
	tr, err := trie.New(trie.StateTrieID(root), nodeDatabase{nodes})
	if err != nil {
		return nil, fmt.Errorf("open ledger trie: %w", err)
	}
	return tr, nil
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
