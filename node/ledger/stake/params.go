package stake

import (
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces/genesis"
)

// million is the denominator of parts per million.
const million = 1_000_000

// Params are the network's parameters, those of stake in wei.
type Params struct {
	genesis.Params

	PowerUnit, MinStake, SubsidyPerSecond uint256.Int
}

// ParamsOf takes the rules of the stake from valid parameters.
func ParamsOf(p genesis.Params) Params {
	out := Params{Params: p, PowerUnit: *uint256.NewInt(p.PowerUnit), SubsidyPerSecond: *uint256.NewInt(p.SubsidyPerSecond)}
	out.MinStake.Mul(uint256.NewInt(p.MinPower), &out.PowerUnit)
	return out
}
