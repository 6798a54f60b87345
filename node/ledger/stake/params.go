package stake

import (
	"errors"
	"fmt"

	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/cert"
)

// MaxPower bounds one operator's voting power: two whole sets stay below CometBFT's bound of a set's total, which it applies while one takes the
// place of the other.
const MaxPower = 1<<51 - 1

// Million is the denominator of parts per million.
const million = 1_000_000

// Params are the rules of a network's stake (specs/09-operators.md, "Parameters"). Times are in milliseconds of header time, amounts in wei.
type Params struct {
	EpochMS          uint64      `json:"epochMs"`
	MaxOperators     uint64      `json:"maxOperators"`     // members of a set
	PowerUnit        uint256.Int `json:"powerUnit"`        // stake for each unit of voting power
	MinStake         uint256.Int `json:"minStake"`         // what an operator's owner must have bonded itself
	UnbondingMS      uint64      `json:"unbondingMs"`      // from the end of the epoch in which stake left
	EvidenceMS       uint64      `json:"evidenceMs"`       // how long after its epoch a fault is punished
	CommissionStep   uint64      `json:"commissionStep"`   // hundredths of a percent; the largest change in an epoch
	SlashBase        uint64      `json:"slashBase"`        // parts per million, of a lone fault
	Correlation      uint64      `json:"correlation"`      // factor on the part of the power that is at fault together
	CorrelationMS    uint64      `json:"correlationMs"`    // faults within it are together
	Reporter         uint64      `json:"reporter"`         // parts per million of what a report slashes
	DowntimeMS       uint64      `json:"downtimeMs"`       // of absence, before the jail
	JailMS           uint64      `json:"jailMs"`           // in jail, at least
	SubsidyPerSecond uint256.Int `json:"subsidyPerSecond"` // new wei
}

// DefaultParams returns what a network uses unless it has reasons of its own.
func DefaultParams() Params {
	const hour, day = 3_600_000, 24 * 3_600_000
	return Params{
		EpochMS: hour, MaxOperators: 64, PowerUnit: *uint256.NewInt(1e18), MinStake: *uint256.NewInt(1e18),
		UnbondingMS: 21 * day, EvidenceMS: 21 * day, CommissionStep: 100,
		SlashBase: 50_000, Correlation: 3, CorrelationMS: 7 * day, Reporter: 50_000,
		DowntimeMS: 600_000, JailMS: hour,
	}
}

// Validate checks every bound.
func (p Params) Validate() error {
	for _, b := range []struct {
		name               string
		value, least, most uint64
	}{
		{"epochMs", p.EpochMS, 1_000, 1 << 32},
		{"maxOperators", p.MaxOperators, 1, cert.MaxOperators},
		{"unbondingMs", p.UnbondingMS, p.EvidenceMS, 1 << 40},
		{"evidenceMs", p.EvidenceMS, p.EpochMS, 1 << 40},
		{"commissionStep", p.CommissionStep, 1, fullCommission},
		{"slashBase", p.SlashBase, 0, million},
		{"correlation", p.Correlation, 0, 100},
		{"correlationMs", p.CorrelationMS, 0, 1 << 40},
		{"reporter", p.Reporter, 0, million / 2},
		{"downtimeMs", p.DowntimeMS, 1_000, 1 << 40},
		{"jailMs", p.JailMS, 1_000, 1 << 40},
	} {
		if b.value < b.least || b.value > b.most {
			return fmt.Errorf("%s is %d, want %d to %d", b.name, b.value, b.least, b.most)
		}
	}
	switch {
	case p.PowerUnit.IsZero() || p.PowerUnit.BitLen() > 128:
		return errors.New("powerUnit is zero or above 2^128")
	case p.MinStake.Lt(&p.PowerUnit) || p.MinStake.BitLen() > 128:
		return errors.New("minStake is below powerUnit or above 2^128")
	case p.SubsidyPerSecond.BitLen() > 96:
		return errors.New("subsidyPerSecond is above 2^96")
	}
	return nil
}
