package ethapi

import (
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
)

// headerJSON is a block's header as Ethereum's JSON-RPC has it. A pending block has no hash, nonce and beneficiary yet.
type headerJSON struct {
	Number           *hexutil.Big      `json:"number"`
	Hash             *common.Hash      `json:"hash"`
	ParentHash       common.Hash       `json:"parentHash"`
	Nonce            *types.BlockNonce `json:"nonce"`
	MixHash          common.Hash       `json:"mixHash"`
	UncleHash        common.Hash       `json:"sha3Uncles"`
	Bloom            types.Bloom       `json:"logsBloom"`
	StateRoot        common.Hash       `json:"stateRoot"`
	Miner            *common.Address   `json:"miner"`
	Difficulty       *hexutil.Big      `json:"difficulty"`
	Extra            hexutil.Bytes     `json:"extraData"`
	GasLimit         hexutil.Uint64    `json:"gasLimit"`
	GasUsed          hexutil.Uint64    `json:"gasUsed"`
	Time             hexutil.Uint64    `json:"timestamp"`
	TxRoot           common.Hash       `json:"transactionsRoot"`
	ReceiptRoot      common.Hash       `json:"receiptsRoot"`
	BaseFee          *hexutil.Big      `json:"baseFeePerGas"`
	WithdrawalsRoot  *common.Hash      `json:"withdrawalsRoot"`
	BlobGasUsed      *hexutil.Uint64   `json:"blobGasUsed"`
	ExcessBlobGas    *hexutil.Uint64   `json:"excessBlobGas"`
	ParentBeaconRoot *common.Hash      `json:"parentBeaconBlockRoot"`
	RequestsHash     *common.Hash      `json:"requestsHash"`
}

func encodeHeader(h *types.Header) headerJSON {
	hash := h.Hash()
	return headerJSON{
		Number: (*hexutil.Big)(h.Number), Hash: &hash, ParentHash: h.ParentHash, Nonce: &h.Nonce, MixHash: h.MixDigest, UncleHash: h.UncleHash,
		Bloom: h.Bloom, StateRoot: h.Root, Miner: &h.Coinbase, Difficulty: (*hexutil.Big)(h.Difficulty), Extra: h.Extra,
		GasLimit: hexutil.Uint64(h.GasLimit), GasUsed: hexutil.Uint64(h.GasUsed), Time: hexutil.Uint64(h.Time), TxRoot: h.TxHash,
		ReceiptRoot: h.ReceiptHash, BaseFee: (*hexutil.Big)(h.BaseFee), WithdrawalsRoot: h.WithdrawalsHash,
		BlobGasUsed: (*hexutil.Uint64)(h.BlobGasUsed), ExcessBlobGas: (*hexutil.Uint64)(h.ExcessBlobGas), ParentBeaconRoot: h.ParentBeaconRoot,
		RequestsHash: h.RequestsHash,
	}
}

// blockJSON is a block: its transactions are hashes, or *txJSON.
type blockJSON struct {
	headerJSON
	Size         hexutil.Uint64      `json:"size"`
	Transactions []any               `json:"transactions"`
	Uncles       []common.Hash       `json:"uncles"`
	Withdrawals  []*types.Withdrawal `json:"withdrawals"`
}

func (b *backend) encodeBlock(block *types.Block, full bool) *blockJSON {
	out := &blockJSON{
		headerJSON: encodeHeader(block.Header()), Size: hexutil.Uint64(block.Size()), Transactions: make([]any, 0, len(block.Transactions())),
		Uncles: []common.Hash{}, Withdrawals: []*types.Withdrawal{},
	}
	for i, tx := range block.Transactions() {
		if full {
			out.Transactions = append(out.Transactions, b.encodeTx(tx, place{block.Header(), *out.Hash, i}))
		} else {
			out.Transactions = append(out.Transactions, tx.Hash())
		}
	}
	return out
}

// place is where a transaction stands; no header: it is pending.
type place struct {
	header *types.Header
	hash   common.Hash
	index  int
}

// txJSON is a transaction. What its type does not have is left out, where it stands is null while it is pending.
type txJSON struct {
	BlockHash   *common.Hash                 `json:"blockHash"`
	BlockNumber *hexutil.Big                 `json:"blockNumber"`
	BlockTime   *hexutil.Uint64              `json:"blockTimestamp,omitempty"`
	Index       *hexutil.Uint64              `json:"transactionIndex"`
	Hash        common.Hash                  `json:"hash"`
	From        common.Address               `json:"from"`
	To          *common.Address              `json:"to"`
	Type        hexutil.Uint64               `json:"type"`
	ChainID     *hexutil.Big                 `json:"chainId,omitempty"`
	Nonce       hexutil.Uint64               `json:"nonce"`
	Value       *hexutil.Big                 `json:"value"`
	Gas         hexutil.Uint64               `json:"gas"`
	GasPrice    *hexutil.Big                 `json:"gasPrice"`
	FeeCap      *hexutil.Big                 `json:"maxFeePerGas,omitempty"`
	TipCap      *hexutil.Big                 `json:"maxPriorityFeePerGas,omitempty"`
	Input       hexutil.Bytes                `json:"input"`
	AccessList  *types.AccessList            `json:"accessList,omitempty"`
	AuthList    []types.SetCodeAuthorization `json:"authorizationList,omitempty"`
	V           *hexutil.Big                 `json:"v"`
	R           *hexutil.Big                 `json:"r"`
	S           *hexutil.Big                 `json:"s"`
	YParity     *hexutil.Uint64              `json:"yParity,omitempty"`
}

func (b *backend) encodeTx(tx *types.Transaction, at place) *txJSON {
	v, r, s := tx.RawSignatureValues()
	out := &txJSON{
		Hash: tx.Hash(), From: b.sender(tx), To: tx.To(), Type: hexutil.Uint64(tx.Type()), Nonce: hexutil.Uint64(tx.Nonce()),
		Value: (*hexutil.Big)(tx.Value()), Gas: hexutil.Uint64(tx.Gas()), GasPrice: (*hexutil.Big)(tx.GasPrice()), Input: tx.Data(),
		V: (*hexutil.Big)(v), R: (*hexutil.Big)(r), S: (*hexutil.Big)(s), ChainID: (*hexutil.Big)(tx.ChainId()),
	}
	if at.header != nil {
		out.BlockHash, out.BlockNumber = &at.hash, (*hexutil.Big)(at.header.Number)
		out.BlockTime, out.Index = ref(hexutil.Uint64(at.header.Time)), ref(hexutil.Uint64(at.index))
	}
	if tx.Type() == types.LegacyTxType {
		return out
	}
	list := tx.AccessList()
	if list == nil {
		list = types.AccessList{}
	}
	out.AccessList, out.YParity, out.AuthList = &list, ref(hexutil.Uint64(v.Uint64())), tx.SetCodeAuthorizations()
	if tx.Type() != types.AccessListTxType {
		out.FeeCap, out.TipCap = (*hexutil.Big)(tx.GasFeeCap()), (*hexutil.Big)(tx.GasTipCap())
		if at.header != nil {
			out.GasPrice = (*hexutil.Big)(price(tx, at.header.BaseFee))
		}
	}
	return out
}

// sender recovers a transaction's sender. All that is in the chain or the gateway has one.
func (b *backend) sender(tx *types.Transaction) common.Address {
	from, err := types.Sender(b.Chain.Signer(), tx)
	if err != nil {
		return common.Address{}
	}
	return from
}

// price is what a transaction pays for its gas in a block of this base fee, in wei.
func price(tx *types.Transaction, baseFee *big.Int) *big.Int {
	sum := new(big.Int).Add(tx.GasTipCap(), baseFee)
	if sum.Cmp(tx.GasFeeCap()) > 0 {
		return tx.GasFeeCap()
	}
	return sum
}

// receiptJSON is a receipt.
type receiptJSON struct {
	BlockHash   common.Hash     `json:"blockHash"`
	BlockNumber *hexutil.Big    `json:"blockNumber"`
	Hash        common.Hash     `json:"transactionHash"`
	Index       hexutil.Uint64  `json:"transactionIndex"`
	From        common.Address  `json:"from"`
	To          *common.Address `json:"to"`
	Type        hexutil.Uint64  `json:"type"`
	Status      hexutil.Uint64  `json:"status"`
	Cumulative  hexutil.Uint64  `json:"cumulativeGasUsed"`
	GasUsed     hexutil.Uint64  `json:"gasUsed"`
	GasPrice    *hexutil.Big    `json:"effectiveGasPrice"`
	Contract    *common.Address `json:"contractAddress"`
	Logs        []*types.Log    `json:"logs"`
	Bloom       types.Bloom     `json:"logsBloom"`
}

func (b *backend) encodeReceipt(tx *types.Transaction, r *types.Receipt) *receiptJSON {
	out := &receiptJSON{
		BlockHash: r.BlockHash, BlockNumber: (*hexutil.Big)(r.BlockNumber), Hash: r.TxHash, Index: hexutil.Uint64(r.TransactionIndex),
		From: b.sender(tx), To: tx.To(), Type: hexutil.Uint64(r.Type), Status: hexutil.Uint64(r.Status), Cumulative: hexutil.Uint64(r.CumulativeGasUsed),
		GasUsed: hexutil.Uint64(r.GasUsed), GasPrice: (*hexutil.Big)(r.EffectiveGasPrice), Logs: r.Logs, Bloom: r.Bloom,
	}
	if out.Logs == nil {
		out.Logs = []*types.Log{}
	}
	if tx.To() == nil {
		out.Contract = ref(r.ContractAddress)
	}
	return out
}

func ref[T any](v T) *T { return &v }
