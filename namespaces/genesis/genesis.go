// Package genesis holds the document that a network starts from, and its hash: the parent of the first header, and all that a verifier
// needs to trust. Format: specs/01-formats.md, "Genesis".
package genesis

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// Version is the only genesis version that this code understands.
const Version = 1

// MaxTimeMS is the latest time that a network may start at, in unix milliseconds: the first moment of the year 9999, the last year that
// CometBFT can encode.
const MaxTimeMS = 253_370_764_800_000

// MaxSize bounds an encoded genesis document in bytes.
const MaxSize = 16 << 20

const (
	maxExpiryWindow = 1 << 16 // heights; the spent set is remembered through it
	maxNameLength   = 64      // bytes of an operator's or a namespace's name
	compressedKey   = 33      // bytes of a compressed secp256k1 point
)

// Bounds of the fee parameters (specs/10-fees.md, "Parameters"): with them no sum of the rule leaves 64 bits and no product 256.
const (
	MaxCapacity = 1 << 26   // bytes per block
	MaxDamping  = 1 << 12   // blocks
	MaxPrice    = 1<<62 - 1 // wei per byte; three of them add up in 64 bits
)

// Genesis is the document. Its JSON form is what people keep; its hash is over the RLP form, so that white space and the order of keys do
// not matter, and addresses of machines, which change, are left out.
type Genesis struct {
	Version    uint64      `json:"version"`
	ChainID    string      `json:"chainId"`
	TimeMS     uint64      `json:"timeMs"` // unix milliseconds, at most MaxTimeMS; no block is older
	Params     Params      `json:"params"`
	Operators  []Operator  `json:"operators"`
	Namespaces []Namespace `json:"namespaces"`
	Balances   []Balance   `json:"balances"`
}

// Params are the network's parameters.
type Params struct {
	MaxBodyBytes  uint64 `json:"maxBodyBytes"`  // of an encoded body, at most block.MaxBodySize
	MaxTxBytes    uint64 `json:"maxTxBytes"`    // of an encoded Tx, at most tx.MaxSize
	MaxLegBytes   uint64 `json:"maxLegBytes"`   // of one leg's data, at most tx.MaxLegData
	MaxSignatures uint64 `json:"maxSignatures"` // transactions in one block: each costs every operator a signature check
	ExpiryWindow  uint64 `json:"expiryWindow"`  // heights that an expiry may lie ahead, and that a salt is remembered
	Capacity      uint64 `json:"capacity"`      // bytes per block that transactions take together (specs/10-fees.md, "Size")
	LaneShare     uint64 `json:"laneShare"`     // bytes per block that a namespace may take without raising its price
	Damping       uint64 `json:"damping"`       // full blocks that raise a price by the factor e
	LanePrice     uint64 `json:"lanePrice"`     // wei per byte of weight, a namespace's least
	GlobalPrice   uint64 `json:"globalPrice"`   // wei per byte of weight, the least for the pool of capacity
	ReservePrice  uint64 `json:"reservePrice"`  // wei per second for each reserved byte per block, the least
	DAPrice       uint64 `json:"daPrice"`       // wei per byte of weight passed through to the DA layer, at first; 0: nothing, for ever

	NamespaceDeposit uint64 `json:"namespaceDeposit"` // wei that a namespace's owner leaves with the ledger until it exits
	EpochMS          uint64 `json:"epochMs"`          // milliseconds of block time
	SilenceMS        uint64 `json:"silenceMs"`        // milliseconds without its owner after which an owned lane opens

	// Of the forced way in (specs/12-forced.md); in DA heights.
	DAStart        uint64 `json:"daStart"`        // the first that counts for this network
	ForcedDelay    uint64 `json:"forcedDelay"`    // between an item and its turn
	ForcedWindow   uint64 `json:"forcedWindow"`   // within which blocks are to land
	MaxUnpublished uint64 `json:"maxUnpublished"` // of blocks that may wait to be published

	// Of operators (specs/09-operators.md, "Parameters"); times in milliseconds of block time.
	MaxOperators     uint64 `json:"maxOperators"`     // members of a set
	PowerUnit        uint64 `json:"powerUnit"`        // wei of stake for each unit of voting power
	MinPower         uint64 `json:"minPower"`         // what an operator's owner must have bonded itself, in units of power
	UnbondingMS      uint64 `json:"unbondingMs"`      // from the end of the epoch in which stake left
	EvidenceMS       uint64 `json:"evidenceMs"`       // how long after its epoch a fault is punished
	CommissionStep   uint64 `json:"commissionStep"`   // hundredths of a percent; the largest change in an epoch
	SlashBase        uint64 `json:"slashBase"`        // parts per million, of a lone fault
	Correlation      uint64 `json:"correlation"`      // factor on the part of the power that is at fault together
	CorrelationMS    uint64 `json:"correlationMs"`    // faults within it are together
	Reporter         uint64 `json:"reporter"`         // parts per million of what a report slashes
	DowntimeMS       uint64 `json:"downtimeMs"`       // of absence, before the jail
	JailMS           uint64 `json:"jailMs"`           // in jail, at least
	SubsidyPerSecond uint64 `json:"subsidyPerSecond"` // new wei
	LeastLeaf        uint64 `json:"leastLeaf"`        // wei that an address must have earned to stand under the rewards root

	ProtocolVersion uint64 `json:"protocolVersion"` // what rules are in force
}

// DefaultParams returns what a network uses unless it has reasons of its own.
func DefaultParams() Params {
	const day = 24 * 3_600_000
	return Params{
		MaxBodyBytes:  block.MaxBodySize,
		MaxTxBytes:    tx.MaxSize,
		MaxLegBytes:   tx.MaxLegData,
		MaxSignatures: 8_192, // about 0.3 s of one core to check a block that nobody has seen
		ExpiryWindow:  1_024,
		Capacity:      8 << 20,
		LaneShare:     512 << 10,
		Damping:       32,
		LanePrice:     500_000_000,
		GlobalPrice:   500_000_000,
		ReservePrice:  50_000_000,
		DAPrice:       1_000_000,

		NamespaceDeposit: 1_000_000_000_000_000_000,
		EpochMS:          3_600_000,
		SilenceMS:        600_000,

		DAStart: 1, ForcedDelay: 64, ForcedWindow: 3_600, MaxUnpublished: 1_200,

		MaxOperators: 64, PowerUnit: 1_000_000_000_000_000_000, MinPower: 1,
		UnbondingMS: 21 * day, EvidenceMS: 21 * day, CommissionStep: 100,
		SlashBase: 50_000, Correlation: 3, CorrelationMS: 7 * day, Reporter: 50_000,
		DowntimeMS: 600_000, JailMS: 3_600_000, LeastLeaf: 1_000_000_000_000_000,

		ProtocolVersion: 1,
	}
}

// LeastPrice is what a byte of weight costs in wei as long as nobody is over a share and the DA price is the first one.
func (p Params) LeastPrice() uint64 { return p.LanePrice + p.GlobalPrice + p.DAPrice }

// Operator is a member of the first set.
type Operator struct {
	Name      string         `json:"name"`
	Address   common.Address `json:"address"`
	PublicKey hexutil.Bytes  `json:"publicKey"` // compressed secp256k1, 33 bytes; leads to Address
	Power     uint64         `json:"power"`
	PeerID    string         `json:"peerId"`              // libp2p identity of its node, base58, of no other operator's; empty: it names none
	Addresses []string       `json:"addresses,omitempty"` // libp2p multiaddresses; hints, not under the hash
	Consensus string         `json:"consensus,omitempty"` // host:port of its CometBFT link; a hint, not under the hash
}

// Namespace is a rollup's registration.
type Namespace struct {
	Namespace namespaces.Namespace `json:"namespace"`
	Name      string               `json:"name"`
	Order     block.Rule           `json:"order"` // how its own transactions are ordered within a block
	Owner     common.Address       `json:"owner"` // zero: nobody, and nothing about it ever changes
}

// Balance is what an address holds at the start, in wei.
type Balance struct {
	Address common.Address `json:"address"`
	Amount  *uint256.Int   `json:"amount"`
}

// Decode reads the JSON form and validates it. Unknown fields are errors: a misspelt parameter must not become a default.
func Decode(raw []byte) (*Genesis, error) {
	if len(raw) > MaxSize {
		return nil, fmt.Errorf("decode genesis: %d bytes, at most %d", len(raw), MaxSize)
	}
	var g Genesis
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&g); err != nil {
		return nil, fmt.Errorf("decode genesis: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("decode genesis: something follows the document")
	}
	if err := g.Validate(); err != nil {
		return nil, fmt.Errorf("decode genesis: %w", err)
	}
	return &g, nil
}

// Encode returns the JSON form, indented.
func (g *Genesis) Encode() ([]byte, error) {
	raw, err := json.MarshalIndent(g, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode genesis: %w", err)
	}
	return append(raw, '\n'), nil
}

// Validate checks every bound, and that namespaces and balances ascend strictly.
func (g *Genesis) Validate() error {
	if g.Version != Version {
		return fmt.Errorf("version %d, want %d", g.Version, Version)
	}
	if err := validateChainID(g.ChainID); err != nil {
		return err
	}
	if g.TimeMS > MaxTimeMS {
		return fmt.Errorf("timeMs is %d, want at most %d", g.TimeMS, uint64(MaxTimeMS))
	}
	if err := g.Params.Validate(); err != nil {
		return fmt.Errorf("params: %w", err)
	}
	if err := g.validateOperators(); err != nil {
		return err
	}
	for i, n := range g.Namespaces {
		if err := n.validate(); err != nil {
			return fmt.Errorf("namespace %d: %w", i, err)
		}
		if i > 0 && g.Namespaces[i-1].Namespace.Compare(n.Namespace) >= 0 {
			return fmt.Errorf("namespace %d is not above the one before it", i)
		}
	}
	var supply, stake uint256.Int
	for _, o := range g.Operators {
		stake.Mul(stake.SetUint64(o.Power), uint256.NewInt(g.Params.PowerUnit)) // below 2^115, and there are at most 256
		supply.Add(&supply, &stake)
	}
	for i, b := range g.Balances {
		if b.Amount == nil || b.Amount.IsZero() {
			return fmt.Errorf("balance %d is zero", i)
		}
		if i > 0 && g.Balances[i-1].Address.Cmp(b.Address) >= 0 {
			return fmt.Errorf("balance %d is not above the one before it", i)
		}
		if _, over := supply.AddOverflow(&supply, b.Amount); over {
			return errors.New("balances and stakes add up to more than 2^256-1")
		}
	}
	return nil
}

func (g *Genesis) validateOperators() error {
	for i, o := range g.Operators {
		if err := o.validate(); err != nil {
			return fmt.Errorf("operator %d: %w", i, err)
		}
		if slices.ContainsFunc(g.Operators[:i], func(other Operator) bool { return o.PeerID != "" && other.PeerID == o.PeerID }) {
			return fmt.Errorf("operator %d: its node is another operator's too", i)
		}
	}
	_, err := g.Set()
	return err
}

// validateChainID keeps chain ids to what stands safely in paths, topics and CometBFT's files.
func validateChainID(id string) error {
	if id == "" || len(id) > tx.MaxChainID {
		return fmt.Errorf("chain id of %d bytes, want 1 to %d", len(id), tx.MaxChainID)
	}
	if strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fmt.Errorf("chain id %q: only a-z, 0-9 and - are allowed", id)
	}
	return nil
}

func (o Operator) validate() error {
	if len(o.Name) > maxNameLength {
		return fmt.Errorf("name of %s is too long", o.Address)
	}
	if o.PeerID != "" {
		if _, err := action.ParsePeerID(o.PeerID); err != nil {
			return fmt.Errorf("node of %s: %w", o.Address, err)
		}
	}
	if o.Power > MaxPower {
		return fmt.Errorf("power of %s is %d, at most %d", o.Address, o.Power, uint64(MaxPower))
	}
	if len(o.PublicKey) != compressedKey {
		return fmt.Errorf("public key of %s has %d bytes, want %d", o.Address, len(o.PublicKey), compressedKey)
	}
	pub, err := crypto.DecompressPubkey(o.PublicKey)
	if err != nil {
		return fmt.Errorf("public key of %s: %w", o.Address, err)
	}
	if crypto.PubkeyToAddress(*pub) != o.Address {
		return fmt.Errorf("public key of %s leads to another address", o.Address)
	}
	return nil
}

func (n Namespace) validate() error {
	if err := n.Namespace.ValidateForRollup(); err != nil {
		return err
	}
	if len(n.Name) > maxNameLength {
		return fmt.Errorf("name of %s is longer than %d bytes", n.Namespace, maxNameLength)
	}
	if n.Order != block.ByTip && n.Order != block.ByProposer {
		return fmt.Errorf("order of %s is %q, want %q or %q", n.Namespace, n.Order, block.ByTip, block.ByProposer)
	}
	return nil
}

// Set returns the first operators as a certificate verifier wants them.
func (g *Genesis) Set() (cert.Set, error) {
	ops := make([]cert.Operator, len(g.Operators))
	for i, o := range g.Operators {
		ops[i] = cert.Operator{Address: o.Address, Power: o.Power}
	}
	return cert.NewSet(ops)
}

// Rule returns how a namespace orders its own transactions; ByTip for unknown ones.
func (g *Genesis) Rule(ns namespaces.Namespace) block.Rule {
	i, found := slices.BinarySearchFunc(g.Namespaces, ns, func(n Namespace, ns namespaces.Namespace) int { return n.Namespace.Compare(ns) })
	if !found {
		return block.ByTip
	}
	return g.Namespaces[i].Order
}

// Registered says whether a rollup has the namespace.
func (g *Genesis) Registered(ns namespaces.Namespace) bool {
	_, found := slices.BinarySearchFunc(g.Namespaces, ns, func(n Namespace, ns namespaces.Namespace) int { return n.Namespace.Compare(ns) })
	return found
}

// Trust is what a verifier starts from.
func (g *Genesis) Trust() (cert.Trust, error) {
	set, err := g.Set()
	if err != nil {
		return cert.Trust{}, err
	}
	return cert.Trust{ChainID: g.ChainID, Hash: g.Hash(), TimeMS: g.TimeMS, Set: set}, nil
}

// The RLP forms: all but hints.
type wire struct {
	Version    uint64
	ChainID    string
	TimeMS     uint64
	Params     Params
	Operators  []operatorWire
	Namespaces []namespaceWire
	Balances   []Balance
}

type operatorWire struct {
	Name      string
	Address   common.Address
	PublicKey []byte
	Power     uint64
	PeerID    string
}

type namespaceWire struct {
	Namespace namespaces.Namespace
	Name      string
	Order     string
	Owner     common.Address
}

// Hash is keccak256 of the RLP form: the parent hash of the first header. The document must be valid.
func (g *Genesis) Hash() common.Hash {
	w := wire{Version: g.Version, ChainID: g.ChainID, TimeMS: g.TimeMS, Params: g.Params, Balances: g.Balances}
	for _, o := range g.Operators {
		w.Operators = append(w.Operators, operatorWire{o.Name, o.Address, o.PublicKey, o.Power, o.PeerID})
	}
	for _, n := range g.Namespaces {
		w.Namespaces = append(w.Namespaces, namespaceWire{n.Namespace, n.Name, string(n.Order), n.Owner})
	}
	raw, err := rlp.EncodeToBytes(&w)
	if err != nil {
		panic(fmt.Sprintf("encode genesis: %v", err)) // integers, arrays and strings always encode
	}
	return crypto.Keccak256Hash(raw)
}
