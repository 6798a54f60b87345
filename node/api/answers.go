package api

import (
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/proof"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// Genesis is what seq_genesis answers.
type Genesis struct {
	Hash     common.Hash      `json:"hash"`
	Document *genesis.Genesis `json:"document"`
}

// Status is what seq_status answers.
type Status struct {
	ChainID     string      `json:"chainId"`
	GenesisHash common.Hash `json:"genesisHash"`
	Version     string      `json:"version"`
	Head        uint64      `json:"head"`      // newest committed height
	Certified   uint64      `json:"certified"` // newest height that certificates cover
	Published   uint64      `json:"published"` // newest height that this node knows to be submitted to the DA layer; 0 if it has none
	Firm        uint64      `json:"firm"`      // newest height that this node has read back from the DA layer and verified
	Floor       uint64      `json:"floor"`     // lowest height that is kept
	HeadTimeMS  uint64      `json:"headTimeMs"`
	Peers       int         `json:"peers"`
	Pool        PoolStatus  `json:"pool"`
}

// PoolStatus is how much the pool holds.
type PoolStatus struct {
	Count int `json:"count"`
	Bytes int `json:"bytes"`
}

// Sent is what seq_sendTransaction and seq_sendBundle answer.
type Sent struct {
	ID           common.Hash `json:"id"`
	Acknowledged string      `json:"acknowledged"` // "journaled": on this node's disk, gossiped until it is included or expires; "volatile": in memory only
}

// The two kinds of acknowledgement.
const (
	Journaled = "journaled"
	Volatile  = "volatile"
)

// Transaction is what seq_getTransaction answers.
type Transaction struct {
	ID           common.Hash `json:"id"`
	Status       string      `json:"status"`                 // pending, included, expired, rejected or unknown
	Acknowledged string      `json:"acknowledged,omitempty"` // pending: see Sent
	Height       uint64      `json:"height,omitempty"`       // included
	Position     *uint32     `json:"position,omitempty"`     // included: its place in the block
	TimeMS       uint64      `json:"timeMs,omitempty"`       // included, while the block is kept
	Legs         []Leg       `json:"legs,omitempty"`         // included, while the block is kept
	Failures     []Failure   `json:"failures,omitempty"`     // included, while the block is kept: actions that did nothing, by leg
	Certified    bool        `json:"certified"`              // included, and a certificate covers the block
	Reason       *ErrorData  `json:"reason,omitempty"`       // rejected, expired
	Message      string      `json:"message,omitempty"`      // rejected, expired
}

// The states of a transaction.
const (
	StatusPending  = "pending"
	StatusIncluded = "included"
	StatusExpired  = "expired"
	StatusRejected = "rejected"
	StatusUnknown  = "unknown"
)

// Leg tells where one leg stands: in the namespace's lane, at the transaction's position and this index.
type Leg struct {
	Namespace namespaces.Namespace `json:"namespace"`
	Index     int                  `json:"index"`
	Size      int                  `json:"size"` // bytes
}

// Failure is an action that did nothing; its transaction stands and has paid (specs/05-ledger.md, "Actions").
type Failure struct {
	Leg  uint32 `json:"leg"`
	Code string `json:"code"`
}

// Header is a header with its hash and its encoding.
type Header struct {
	Hash              common.Hash    `json:"hash"`
	ChainID           string         `json:"chainId"`
	Height            uint64         `json:"height"`
	TimeMS            uint64         `json:"timeMs"`
	ParentHash        common.Hash    `json:"parentHash"`
	Proposer          common.Address `json:"proposer"`
	DataRoot          hexutil.Bytes  `json:"dataRoot"`
	TxRoot            common.Hash    `json:"txRoot"`
	LedgerRoot        common.Hash    `json:"ledgerRoot"`
	OperatorsHash     common.Hash    `json:"operatorsHash"`
	NextOperatorsHash common.Hash    `json:"nextOperatorsHash"`
	DAHead            uint64         `json:"daHead"`
	PublishedHeight   uint64         `json:"publishedHeight"`
	Certified         bool           `json:"certified"`
	Raw               hexutil.Bytes  `json:"raw"` // RLP: keccak256 of it is the hash
}

func headerOf(h block.Header, certified uint64) Header {
	return Header{
		Hash: h.Hash(), ChainID: h.ChainID, Height: h.Height, TimeMS: h.TimeMS, ParentHash: h.ParentHash, Proposer: h.Proposer,
		DataRoot: h.DataRoot[:], TxRoot: h.TxRoot, LedgerRoot: h.LedgerRoot, OperatorsHash: h.OperatorsHash,
		NextOperatorsHash: h.NextOperatorsHash, DAHead: h.DAHead, PublishedHeight: h.PublishedHeight,
		Certified: h.Height <= certified, Raw: h.Encode(),
	}
}

// Block is what seq_getBlock answers.
type Block struct {
	Header       Header             `json:"header"`
	Transactions []BlockTransaction `json:"transactions"` // in shared order
	Lanes        []BlockLane        `json:"lanes"`        // the lane table
}

// BlockTransaction is one transaction of a block.
type BlockTransaction struct {
	ID       common.Hash    `json:"id"`
	Position int            `json:"position"`
	Payer    common.Address `json:"payer"`
	Legs     []Leg          `json:"legs"`
	Raw      hexutil.Bytes  `json:"raw,omitempty"` // RLP, if asked for
}

// BlockLane is one line of a block's lane table.
type BlockLane struct {
	Namespace  namespaces.Namespace `json:"namespace"`
	Size       uint32               `json:"size"` // bytes
	Commitment common.Hash          `json:"commitment"`
}

func legsOf(t *tx.Tx) []Leg {
	legs := make([]Leg, len(t.Legs()))
	for i, l := range t.Legs() {
		legs[i] = Leg{l.Namespace, i, len(l.Data)}
	}
	return legs
}

// Certificate is what seq_getCertificate answers.
type Certificate struct {
	Height     uint64           `json:"height"` // of the header that it signs: the one asked for, or the next that has a certificate
	Round      uint32           `json:"round"`
	HeaderHash common.Hash      `json:"headerHash"`
	Signers    []common.Address `json:"signers"`
	Power      uint64           `json:"power"` // that signed
	Total      uint64           `json:"total"` // of the set
	Raw        hexutil.Bytes    `json:"raw"`   // RLP
}

// Account is what seq_getAccount answers.
type Account struct {
	Address common.Address `json:"address"`
	Balance *uint256.Int   `json:"balance"` // wei, in decimal digits
	Height  uint64         `json:"height"`  // the ledger after this height

	Proof *proof.Document `json:"proof,omitempty"` // of the record, if asked for
}

// Namespace is what seq_getNamespace answers.
type Namespace struct {
	Namespace        namespaces.Namespace `json:"namespace"`
	Registered       bool                 `json:"registered"` // false: nobody has it, and what follows is zero
	Owner            common.Address       `json:"owner"`
	Metadata         hexutil.Bytes        `json:"metadata"`
	Lane             LanePolicy           `json:"lane"`
	Deposit          *uint256.Int         `json:"deposit,omitempty"` // wei, in decimal digits
	RegisteredHeight uint64               `json:"registeredHeight"`  // 0: genesis
	ExitHeight       uint64               `json:"exitHeight"`        // no block at this height or above takes a leg; 0: it stays
	Tank             *uint256.Int         `json:"tank"`              // wei, in decimal digits
	Reserved         Reserved             `json:"reserved"`
	Owned            *OwnedLane           `json:"owned,omitempty"` // of an owned lane
	Height           uint64               `json:"height"`          // the ledger after this height

	Proof *proof.Document `json:"proof,omitempty"` // of the records, if asked for
}

// LanePolicy is what an owner has decided about its lane.
type LanePolicy struct {
	Order    block.Rule       `json:"order"`
	Policy   string           `json:"policy"` // open, gated or owned
	Gateways []common.Address `json:"gateways,omitempty"`
	Quota    uint64           `json:"quota,omitempty"` // bytes of weight for one payer in one period
	Key      *common.Address  `json:"key,omitempty"`
}

// Reserved is what a namespace has reserved, in bytes per block.
type Reserved struct {
	Epoch uint64 `json:"epoch"` // that is open
	Now   uint64 `json:"now"`
	Next  uint64 `json:"next"` // in the epoch after it
}

// OwnedLane is where an owned lane stands.
type OwnedLane struct {
	Epoch   uint64 `json:"epoch"`
	Next    uint64 `json:"next"` // lane_seq of the next message
	HeardMS uint64 `json:"heardMs"`
}

// The names of policies.
const (
	PolicyOpen  = "open"
	PolicyGated = "gated"
	PolicyOwned = "owned"
)

func policyName(p action.Policy) string {
	return [...]string{action.Open: PolicyOpen, action.Gated: PolicyGated, action.Owned: PolicyOwned}[p]
}

// NamespaceLine is one line of what seq_getNamespaces answers.
type NamespaceLine struct {
	Namespace  namespaces.Namespace `json:"namespace"`
	Name       string               `json:"name"` // its metadata as text
	Order      block.Rule           `json:"order"`
	Policy     string               `json:"policy"`
	Owner      common.Address       `json:"owner"`
	ExitHeight uint64               `json:"exitHeight,omitempty"`
}

// Fee is what seq_estimateFee answers.
type Fee struct {
	Height        uint64       `json:"height"`        // the ledger after this height: what the next block is charged by
	Weight        uint64       `json:"weight"`        // bytes
	LanePrice     uint64       `json:"lanePrice"`     // wei per byte, the highest among the namespaces
	GlobalPrice   uint64       `json:"globalPrice"`   // wei per byte
	DAPrice       uint64       `json:"daPrice"`       // wei per byte
	FeePerByte    uint64       `json:"feePerByte"`    // wei: the sum of the three, the least that maxFeePerByte may be now
	MaxFeePerByte uint64       `json:"maxFeePerByte"` // wei: what to sign, so that prices may double meanwhile
	Fee           *uint256.Int `json:"fee"`           // wei, in decimal digits: what the payer is charged now at most, tip included
}

// Lanes is what seq_getLane answers.
type Lanes struct {
	Document *proof.Document `json:"document"` // to the end of the run that covers the last lane
	Next     uint64          `json:"next"`     // the first height whose lane is not in the document; ask from here for more
}

// HeaderNotice is one notification of the subscription "headers".
type HeaderNotice struct {
	Header      Header          `json:"header"`
	Certificate hexutil.Bytes   `json:"certificate,omitempty"` // RLP, at the end of each run
	Next        []cert.Operator `json:"next,omitempty"`        // the operators that follow, if this header changes them
}

// LaneNotice is one notification of the subscription "lane".
type LaneNotice struct {
	HeaderNotice
	Lane proof.Lane `json:"lane"`
}
