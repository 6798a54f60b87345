package genesis

import (
	"errors"
	"fmt"
	"iter"
	"math"

	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/tx"
)

// MaxPower bounds one operator's voting power: two whole sets stay below CometBFT's bound of a set's total, which it applies while one takes the
// place of the other.
const MaxPower = 1<<51 - 1

const million = 1_000_000

// ErrParameter says that a parameter is unknown, or cannot change after genesis.
var ErrParameter = errors.New("no such parameter can change")

// parameter is one of the parameters, with its bounds.
type parameter struct {
	name        string
	value       *uint64
	least, most uint64
	fixed       bool // does not change after genesis: memory and messages are laid out by it, or rollups derive by it
}

func (p *Params) list() []parameter {
	return []parameter{
		{"maxBodyBytes", &p.MaxBodyBytes, 1, block.MaxBodySize, true},
		{"maxTxBytes", &p.MaxTxBytes, 1, tx.MaxSize, true},
		{"maxLegBytes", &p.MaxLegBytes, 1, tx.MaxLegData, true},
		{"maxSignatures", &p.MaxSignatures, 1, 1 << 20, true},
		{"expiryWindow", &p.ExpiryWindow, 1, maxExpiryWindow, true},
		{"capacity", &p.Capacity, p.MaxSignatures, MaxCapacity, false},
		{"laneShare", &p.LaneShare, 1, p.Capacity / 2, false},
		{"damping", &p.Damping, 1, MaxDamping, false},
		{"lanePrice", &p.LanePrice, 1, MaxPrice, false},
		{"globalPrice", &p.GlobalPrice, 1, MaxPrice, false},
		{"reservePrice", &p.ReservePrice, 1, MaxPrice, false},
		{"daPrice", &p.DAPrice, 0, MaxPrice, true},
		{"namespaceDeposit", &p.NamespaceDeposit, 0, math.MaxUint64, false},
		{"epochMs", &p.EpochMS, 1_000, 1 << 32, false},
		{"silenceMs", &p.SilenceMS, 1_000, 1 << 40, false},
		{"daStart", &p.DAStart, 1, 1 << 62, true},
		{"forcedDelay", &p.ForcedDelay, 1, 1 << 16, true},
		{"forcedWindow", &p.ForcedWindow, 2, 1 << 20, true},
		{"maxUnpublished", &p.MaxUnpublished, 1, p.ForcedWindow - 1, false},
		{"maxOperators", &p.MaxOperators, 1, cert.MaxOperators, false},
		{"powerUnit", &p.PowerUnit, 1, math.MaxUint64, true},
		{"minPower", &p.MinPower, 1, MaxPower, false},
		{"unbondingMs", &p.UnbondingMS, 1, 1 << 40, false},
		{"evidenceMs", &p.EvidenceMS, 1, 1 << 40, true},
		{"commissionStep", &p.CommissionStep, 1, 10_000, false},
		{"slashBase", &p.SlashBase, 0, million, false},
		{"correlation", &p.Correlation, 0, 100, false},
		{"correlationMs", &p.CorrelationMS, 0, 1 << 40, false},
		{"reporter", &p.Reporter, 0, million / 2, false},
		{"downtimeMs", &p.DowntimeMS, 1_000, 1 << 40, false},
		{"jailMs", &p.JailMS, 1_000, 1 << 40, false},
		{"subsidyPerSecond", &p.SubsidyPerSecond, 0, math.MaxUint64, false},
		{"leastLeaf", &p.LeastLeaf, 1, math.MaxUint64, false},
		{"protocolVersion", &p.ProtocolVersion, 1, 1 << 16, false},
	}
}

// Validate checks every bound.
func (p Params) Validate() error {
	for _, b := range p.list() {
		if *b.value < b.least || *b.value > b.most {
			return fmt.Errorf("%s is %d, want %d to %d", b.name, *b.value, b.least, b.most)
		}
	}
	if p.UnbondingMS < p.EvidenceMS || p.EvidenceMS < p.EpochMS {
		return errors.New("want epochMs <= evidenceMs <= unbondingMs")
	}
	if p.MaxTxBytes > p.MaxBodyBytes || p.MaxLegBytes > p.MaxTxBytes {
		return errors.New("want maxLegBytes <= maxTxBytes <= maxBodyBytes")
	}
	return nil
}

// Set changes the parameter of the name, without a look at its bounds: see [Params.Validate]. The error wraps [ErrParameter].
func (p *Params) Set(name string, value *uint256.Int) error {
	for _, b := range p.list() {
		switch {
		case b.name != name:
		case b.fixed:
			return fmt.Errorf("%s is fixed at genesis: %w", name, ErrParameter)
		case !value.IsUint64():
			return fmt.Errorf("%s is %s, want %d to %d", name, value.Dec(), b.least, b.most)
		default:
			*b.value = value.Uint64()
			return nil
		}
	}
	return fmt.Errorf("%q: %w", name, ErrParameter)
}

// All goes through the parameters by name, in the order of the document.
func (p Params) All() iter.Seq2[string, uint64] {
	return func(yield func(string, uint64) bool) {
		for _, b := range p.list() {
			if !yield(b.name, *b.value) {
				return
			}
		}
	}
}
