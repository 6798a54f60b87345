package ethapi

import (
	"context"
	"errors"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/rpc"
	"github.com/ethereum/go-ethereum/trie"

	"github.com/lockstep-network/lockstep/rollups/evm"
)

// Bounds of what is shown of the gateway's queue.
const (
	pendingShown = 1000 // transactions in the block "pending"
	behindShown  = 16   // shared heights behind the newest known that count as keeping up: 4 s at four blocks a second
)

// blocksAPI reads blocks.
type blocksAPI struct{ b *backend }

// ChainId is eth_chainId.
func (a *blocksAPI) ChainId() hexutil.Uint64 { //nolint:revive,staticcheck // the method's name follows from it
	return hexutil.Uint64(a.b.Chain.Genesis().ChainID)
}

// BlockNumber is eth_blockNumber.
func (a *blocksAPI) BlockNumber() hexutil.Uint64 { return hexutil.Uint64(a.b.latest()) }

// Accounts is eth_accounts: a node holds no accounts.
func (a *blocksAPI) Accounts() []common.Address { return []common.Address{} }

// progress is the answer of eth_syncing of a node that is behind.
type progress struct {
	Starting hexutil.Uint64 `json:"startingBlock"`
	Current  hexutil.Uint64 `json:"currentBlock"`
	Highest  hexutil.Uint64 `json:"highestBlock"` // at most: each shared block makes at most one block here
}

// Syncing is eth_syncing: false, or how far a node has come that is behind the newest shared block known.
func (a *blocksAPI) Syncing() any {
	soft, known := a.b.Heads.Status().Soft, a.b.Announced()
	if known <= soft.Height+behindShown {
		return false
	}
	return progress{Current: hexutil.Uint64(soft.Output.Number), Highest: hexutil.Uint64(soft.Output.Number + known - soft.Height)}
}

// GetBlockByNumber is eth_getBlockByNumber.
func (a *blocksAPI) GetBlockByNumber(_ context.Context, number rpc.BlockNumber, full bool) (*blockJSON, error) {
	if number == rpc.PendingBlockNumber && a.b.Gateway != nil {
		return a.b.pending(full), nil
	}
	block, err := a.b.block(rpc.BlockNumberOrHashWithNumber(number))
	return a.encode(block, full, err)
}

// GetBlockByHash is eth_getBlockByHash.
func (a *blocksAPI) GetBlockByHash(_ context.Context, hash common.Hash, full bool) (*blockJSON, error) {
	block, err := a.b.Chain.BlockByHash(hash)
	return a.encode(block, full, err)
}

func (a *blocksAPI) encode(block *types.Block, full bool, err error) (*blockJSON, error) {
	if err != nil {
		return absent[blockJSON](nil, err)
	}
	return a.b.encodeBlock(block, full), nil
}

// GetHeaderByNumber is eth_getHeaderByNumber.
func (a *blocksAPI) GetHeaderByNumber(number rpc.BlockNumber) (*headerJSON, error) {
	return a.encodeHeader(a.b.header(rpc.BlockNumberOrHashWithNumber(number)))
}

// GetHeaderByHash is eth_getHeaderByHash.
func (a *blocksAPI) GetHeaderByHash(hash common.Hash) (*headerJSON, error) {
	return a.encodeHeader(a.b.Chain.HeaderByHash(hash))
}

func (a *blocksAPI) encodeHeader(header *types.Header, err error) (*headerJSON, error) {
	if err != nil {
		return absent[headerJSON](nil, err)
	}
	return ref(encodeHeader(header)), nil
}

// GetBlockTransactionCountByNumber is eth_getBlockTransactionCountByNumber.
func (a *blocksAPI) GetBlockTransactionCountByNumber(number rpc.BlockNumber) (*hexutil.Uint64, error) {
	if number == rpc.PendingBlockNumber && a.b.Gateway != nil {
		return ref(hexutil.Uint64(len(a.b.Gateway.PendingList(pendingShown)))), nil
	}
	return a.count(rpc.BlockNumberOrHashWithNumber(number))
}

// GetBlockTransactionCountByHash is eth_getBlockTransactionCountByHash.
func (a *blocksAPI) GetBlockTransactionCountByHash(hash common.Hash) (*hexutil.Uint64, error) {
	return a.count(rpc.BlockNumberOrHashWithHash(hash, false))
}

func (a *blocksAPI) count(at rpc.BlockNumberOrHash) (*hexutil.Uint64, error) {
	block, err := a.b.block(at)
	if err != nil {
		return absent[hexutil.Uint64](nil, err)
	}
	return ref(hexutil.Uint64(len(block.Transactions()))), nil
}

// GetUncleCountByBlockNumber is eth_getUncleCountByBlockNumber: a rollup has no uncles.
func (a *blocksAPI) GetUncleCountByBlockNumber(number rpc.BlockNumber) (*hexutil.Uint64, error) {
	return a.noUncles(rpc.BlockNumberOrHashWithNumber(number))
}

// GetUncleCountByBlockHash is eth_getUncleCountByBlockHash.
func (a *blocksAPI) GetUncleCountByBlockHash(hash common.Hash) (*hexutil.Uint64, error) {
	return a.noUncles(rpc.BlockNumberOrHashWithHash(hash, false))
}

func (a *blocksAPI) noUncles(at rpc.BlockNumberOrHash) (*hexutil.Uint64, error) {
	if _, err := a.b.header(at); err != nil {
		return absent[hexutil.Uint64](nil, err)
	}
	return new(hexutil.Uint64), nil
}

// GetBlockReceipts is eth_getBlockReceipts.
func (a *blocksAPI) GetBlockReceipts(at rpc.BlockNumberOrHash) ([]*receiptJSON, error) {
	block, err := a.b.block(at)
	if errors.Is(err, evm.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	receipts, err := a.b.receipts(block)
	if err != nil {
		return nil, err
	}
	out := make([]*receiptJSON, 0, len(receipts))
	for i, r := range receipts {
		out = append(out, a.b.encodeReceipt(block.Transactions()[i], r))
	}
	return out, nil
}

// receipts reads the receipts of this very block.
func (b *backend) receipts(block *types.Block) (types.Receipts, error) {
	receipts, err := b.Chain.ReceiptsByNumber(block.NumberU64())
	if errors.Is(err, evm.ErrNotFound) || (len(receipts) > 0 && receipts[0].BlockHash != block.Hash()) ||
		(err == nil && len(receipts) != len(block.Transactions())) {
		return nil, errNoBlock // rolled back since
	}
	return receipts, err
}

// pending is the block that does not exist yet: what the gateway holds, on top of the head.
func (b *backend) pending(full bool) *blockJSON {
	parent := b.Chain.HeadHeader()
	var txs types.Transactions
	for _, raw := range b.Gateway.PendingList(pendingShown) {
		if tx := new(types.Transaction); tx.UnmarshalBinary(raw) == nil {
			txs = append(txs, tx)
		}
	}
	header := types.CopyHeader(parent)
	header.ParentHash, header.Number = parent.Hash(), new(big.Int).Add(parent.Number, common.Big1)
	header.GasUsed, header.Bloom = 0, types.Bloom{}
	header.TxHash, header.ReceiptHash = types.DeriveSha(txs, trie.NewStackTrie(nil)), types.EmptyReceiptsHash
	out := &blockJSON{headerJSON: encodeHeader(header), Transactions: make([]any, 0, len(txs)), Uncles: []common.Hash{}, Withdrawals: []*types.Withdrawal{}}
	out.Hash, out.Nonce, out.Miner = nil, nil, nil
	for _, tx := range txs {
		if full {
			out.Transactions = append(out.Transactions, b.encodeTx(tx, place{}))
		} else {
			out.Transactions = append(out.Transactions, tx.Hash())
		}
	}
	return out
}
