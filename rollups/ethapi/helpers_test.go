package ethapi_test

import (
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/ethclient/gethclient"
	"github.com/ethereum/go-ethereum/ethdb/memorydb"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/ethereum/go-ethereum/trie"
)

// viem is the folder of the wallet's story.
const viem = "../../internal/e2e/viem"

// verifyProof checks an account's proof against a state root, and its slots' against the account.
func verifyProof(t *testing.T, root common.Hash, p *gethclient.AccountResult) {
	t.Helper()
	value, err := trie.VerifyProof(root, crypto.Keccak256(p.Address[:]), nodes(t, p.AccountProof))
	if err != nil {
		t.Fatal(err)
	}
	var account types.StateAccount
	if err := rlp.DecodeBytes(value, &account); err != nil {
		t.Fatal(err)
	}
	if account.Root != p.StorageHash || account.Nonce != p.Nonce || account.Balance.ToBig().Cmp(p.Balance) != 0 ||
		common.BytesToHash(account.CodeHash) != p.CodeHash {
		t.Fatalf("proven %+v, answered %+v", account, p)
	}
	for _, slot := range p.StorageProof {
		value, err := trie.VerifyProof(account.Root, crypto.Keccak256(common.HexToHash(slot.Key).Bytes()), nodes(t, slot.Proof))
		if err != nil {
			t.Fatal(err)
		}
		var content []byte
		if err := rlp.DecodeBytes(value, &content); err != nil {
			t.Fatal(err)
		}
		if common.BytesToHash(content) != common.BigToHash(slot.Value) {
			t.Fatalf("slot %s: proven %x, answered %s", slot.Key, content, slot.Value)
		}
	}
}

func nodes(t *testing.T, list []string) *memorydb.Database {
	t.Helper()
	db := memorydb.New()
	for _, node := range list {
		b := hexutil.MustDecode(node)
		if err := db.Put(crypto.Keccak256(b), b); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// txStatus is what lockstep_transactionStatus answers.
type txStatus struct {
	Stage       string
	SharedTx    *common.Hash
	Reason      string
	BlockNumber *hexutil.Uint64
	Height      *hexutil.Uint64
	Head        string
	Skipped     *struct{ Reason, Text string }
}

func status(t *testing.T, n *node, hash common.Hash) txStatus {
	t.Helper()
	var s txStatus
	if err := n.dial(n.url).CallContext(t.Context(), &s, "lockstep_transactionStatus", hash); err != nil {
		t.Fatal(err)
	}
	return s
}
