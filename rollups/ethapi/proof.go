package ethapi

import (
	"context"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/ethdb/memorydb"
	"github.com/ethereum/go-ethereum/rpc"
	"github.com/ethereum/go-ethereum/trie"
	"github.com/holiman/uint256"
)

// proofSlots is how many storage slots one eth_getProof may ask for: go-ethereum's bound.
const proofSlots = 1024

// accountProof is the answer of eth_getProof (EIP-1186).
type accountProof struct {
	Address      common.Address `json:"address"`
	AccountProof []string       `json:"accountProof"`
	Balance      *hexutil.Big   `json:"balance"`
	CodeHash     common.Hash    `json:"codeHash"`
	Nonce        hexutil.Uint64 `json:"nonce"`
	StorageHash  common.Hash    `json:"storageHash"`
	StorageProof []slotProof    `json:"storageProof"`
}

type slotProof struct {
	Key   string       `json:"key"` // as it was asked for
	Value *hexutil.Big `json:"value"`
	Proof []string     `json:"proof"`
}

// GetProof is eth_getProof: an account and slots of its storage, with Merkle proofs against the block's state root.
func (a *stateAPI) GetProof(ctx context.Context, who common.Address, slots []string, at *rpc.BlockNumberOrHash) (*accountProof, error) {
	if len(slots) > proofSlots {
		return nil, invalid("too many storage slots: %d, at most %d", len(slots), proofSlots)
	}
	keys := make([]common.Hash, len(slots))
	for i, slot := range slots {
		key, err := slotKey(slot)
		if err != nil {
			return nil, err
		}
		keys[i] = key
	}
	own, done, err := a.b.work(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	st, header, err := a.b.state(at)
	if err != nil {
		return nil, err
	}
	tries := st.Database().TrieDB()
	accounts, err := trie.NewStateTrie(trie.StateTrieID(header.Root), tries)
	if err != nil {
		return nil, fmt.Errorf("open state trie: %w", err)
	}
	account, err := accounts.GetAccount(who)
	if err != nil {
		return nil, fmt.Errorf("read account: %w", err)
	}
	if account == nil {
		account = types.NewEmptyStateAccount()
	}
	out := &accountProof{
		Address: who, Balance: (*hexutil.Big)(account.Balance.ToBig()), CodeHash: common.BytesToHash(account.CodeHash),
		Nonce: hexutil.Uint64(account.Nonce), StorageHash: account.Root, StorageProof: make([]slotProof, 0, len(slots)),
	}
	if out.AccountProof, err = prove(accounts, crypto.Keccak256(who[:])); err != nil {
		return nil, err
	}
	storage, err := trie.NewStateTrie(trie.StorageTrieID(header.Root, crypto.Keccak256Hash(who[:]), account.Root), tries)
	if err != nil {
		return nil, fmt.Errorf("open storage trie: %w", err)
	}
	for i, key := range keys {
		if own.Err() != nil {
			return nil, a.b.stopped(own)
		}
		p := slotProof{Key: slots[i], Proof: []string{}}
		value, err := storage.GetStorage(who, key[:])
		if err != nil {
			return nil, fmt.Errorf("read slot: %w", err)
		}
		p.Value = (*hexutil.Big)(new(uint256.Int).SetBytes(value).ToBig())
		if account.Root != types.EmptyRootHash {
			if p.Proof, err = prove(storage, crypto.Keccak256(key[:])); err != nil {
				return nil, err
			}
		}
		out.StorageProof = append(out.StorageProof, p)
	}
	return out, nil
}

// prove lists the nodes on the way to a key, from the root on.
func prove(t *trie.StateTrie, key []byte) ([]string, error) {
	nodes := &proofList{Database: memorydb.New(), list: []string{}}
	if err := t.Prove(key, nodes); err != nil {
		return nil, fmt.Errorf("prove: %w", err)
	}
	return nodes.list, nil
}

// proofList keeps the nodes in the order in which they are given.
type proofList struct {
	*memorydb.Database
	list []string
}

// Put takes a node.
func (p *proofList) Put(_, value []byte) error {
	p.list = append(p.list, hexutil.Encode(value))
	return nil
}
