package ledger

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// Reasons of a rejection that need the network's parameters or its state, beside those of package tx (specs/05-ledger.md, "Codes").
const (
	Expired            tx.Code = "expired"           // expiry lies below the height
	ExpiryTooFar       tx.Code = "expiry_too_far"    // expiry lies more than the window above the height
	UnknownNamespace   tx.Code = "unknown_namespace" // a leg's namespace is not a registered rollup's
	UnexpectedAuth     tx.Code = "unexpected_auth"   // an auth that no leg's namespace asks for
	NamespaceExited    tx.Code = "namespace_exited"  // the namespace has left
	ConsentMissing     tx.Code = "consent_missing"   // a gated or owned lane without its auth
	BadConsent         tx.Code = "bad_consent"       // an auth of the wrong kind, or by the wrong key
	LaneEpoch          tx.Code = "lane_epoch"        // an owner's auth of another epoch
	LaneSeq            tx.Code = "lane_seq"          // an owner's auth that is not the lane's next one
	QuotaExceeded      tx.Code = "quota_exceeded"    // the tank pays no more for this payer in this epoch
	TankEmpty          tx.Code = "tank_empty"        // the tank cannot pay its part
	BadAction          tx.Code = "bad_action"        // a leg in the ledger's namespace that is no action
	FeeTooLow          tx.Code = "fee_too_low"       // max_fee_per_byte lies below what a byte costs
	Spent              tx.Code = "spent"             // (payer, salt) is spent within the window
	Duplicate          tx.Code = "duplicate"         // the same id is there already
	BlockFull          tx.Code = "block_full"        // the block has no room for it
	TooMuchUnpublished tx.Code = "unpublished"       // what blocks before it hold waits for too long to be published
	Unfunded           tx.Code = "unfunded"          // the payer cannot pay all that it has pending
)

// View reads the state after some height. Errors mean that the state could not be read, never that a record or a pair is unknown.
type View interface {
	state.Reader
	// Spent says whether the pair was spent within the last window heights.
	Spent(payer common.Address, salt uint64) (bool, error)
}

// Rules are what a network's genesis says about transactions. The zero value is not usable: see [NewRules].
type Rules struct{ genesis *genesis.Genesis }

// NewRules takes the rules from a valid genesis document, which must not change afterwards.
func NewRules(g *genesis.Genesis) Rules { return Rules{g} }

// Params are the parameters of the genesis: those that never change hold for ever, of the others see [ParamsOf].
func (r Rules) Params() genesis.Params { return r.genesis.Params }

// ChainID names the network.
func (r Rules) ChainID() string { return r.genesis.ChainID }

// MaxFee is the most that the transaction may cost, in wei: weight x (max_fee_per_byte + tip).
func (r Rules) MaxFee(t *tx.Tx) uint256.Int { return maxFee(t, t.Weight()) }

// maxFee is the most that so much of the transaction's weight may cost.
func maxFee(t *tx.Tx, weight uint64) uint256.Int {
	var price, by uint256.Int
	price.Add(price.SetUint64(t.MaxFeePerByte()), by.SetUint64(t.Tip()))
	price.Mul(&price, by.SetUint64(weight)) // below 2^65 x 2^20
	return price
}

// Check says whether the transaction may stand in the block at the height as far as its own fields and the parameters of the genesis tell
// (specs/05-ledger.md, "Rules of one transaction"). What the state tells is a [Pass]'s to say. Every error is a [*tx.Reject].
func (r Rules) Check(t *tx.Tx, height uint64) error {
	p := &r.genesis.Params
	switch {
	case t.ChainID() != r.genesis.ChainID:
		return tx.NewReject(tx.WrongChain, "for chain %q, this is %q", t.ChainID(), r.genesis.ChainID)
	case t.Expiry() < height:
		return tx.NewReject(Expired, "expired at height %d, the next block is %d", t.Expiry(), height)
	case t.Expiry()-height > p.ExpiryWindow:
		return tx.NewReject(ExpiryTooFar, "expires at height %d, at most %d now", t.Expiry(), height+p.ExpiryWindow)
	case uint64(len(t.Raw())) > p.MaxTxBytes:
		return tx.NewReject(tx.TxTooLarge, "%d bytes, this network takes %d", len(t.Raw()), p.MaxTxBytes)
	}
	legs := t.Legs()
	for i := range legs {
		if uint64(len(legs[i].Data)) > p.MaxLegBytes {
			return tx.NewReject(tx.LegTooLarge, "leg %d has %d bytes, this network takes %d", i, len(legs[i].Data), p.MaxLegBytes)
		}
		if legs[i].Namespace != namespaces.Ledger() {
			continue
		}
		a, err := action.Decode(legs[i].Data)
		if err != nil {
			return tx.NewReject(BadAction, "leg %d: %v", i, err)
		}
		if handler(a) == nil {
			return tx.NewReject(BadAction, "leg %d: this network has no action of kind %d", i, a.Kind())
		}
	}
	return nil
}

// CheckBody says whether a body keeps to the network's parameters: it has a bound, unless it holds nothing but the system section, which nobody chooses
// (specs/09-operators.md, "System section"). Its transactions are counted by [block.DecodeBody].
func (r Rules) CheckBody(bytes, txs int) error {
	if most := r.genesis.Params.MaxBodyBytes; uint64(bytes) > most && txs > 0 {
		return fmt.Errorf("body of %d bytes with %d transactions, at most %d", bytes, txs, most)
	}
	return nil
}
