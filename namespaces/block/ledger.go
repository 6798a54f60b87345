package block

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"
)

// ledgerVersion is the only version of the ledger that this code understands.
const ledgerVersion = 1

// LedgerRoot is what a header says of the ledger after the height before it (specs/05-ledger.md, "Root").
func LedgerRoot(stateRoot, spentRoot common.Hash, daHead, publishedHeight uint64) common.Hash {
	raw, err := rlp.EncodeToBytes(&struct {
		Version              uint64
		StateRoot, SpentRoot common.Hash
		DAHead, Published    uint64
	}{ledgerVersion, stateRoot, spentRoot, daHead, publishedHeight})
	if err != nil {
		panic(fmt.Sprintf("encode ledger root: %v", err)) // integers and arrays always encode
	}
	return crypto.Keccak256Hash(raw)
}
