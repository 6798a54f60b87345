package ledger

import (
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// ProtocolVersion is the newest version of the rules that this program knows.
const ProtocolVersion = 1

// UpgradeError says that the next block follows rules that this program does not know.
type UpgradeError struct {
	Height  uint64 // of that block
	Version uint64 // of those rules
}

// Error tells what to do.
func (e *UpgradeError) Error() string {
	return fmt.Sprintf("from height %d the network follows protocol version %d, this program knows %d: install a release that knows it, "+
		"and start it on the same data", e.Height, e.Version, ProtocolVersion)
}

// Supported returns an [*UpgradeError] if the block after the parent follows rules that this program does not know.
func Supported(p Parent) error {
	params, err := ParamsOf(p.View)
	if err != nil {
		return err
	}
	if params.ProtocolVersion > ProtocolVersion {
		return &UpgradeError{p.Head.Height + 1, params.ProtocolVersion}
	}
	return nil
}

// clockOf reads the clock.
func clockOf(r state.Reader) (Clock, error) {
	c, _, err := state.Load[Clock](r, clockKey())
	return c, err
}

// tick counts a block: a rotation is full when operators of more than two thirds of the power have proposed in it.
func (c Clock) tick(b Block, operators []Power) Clock {
	next := Clock{TimeMS: b.TimeMS, Rotation: c.Rotation, Seen: slices.Clone(c.Seen)}
	if at, there := slices.BinarySearchFunc(next.Seen, b.Proposer, common.Address.Cmp); !there {
		next.Seen = slices.Insert(next.Seen, at, b.Proposer)
	}
	if twoThirds(operators, func(a common.Address) bool {
		_, there := slices.BinarySearchFunc(next.Seen, a, common.Address.Cmp)
		return there
	}) {
		next.Rotation, next.Seen = next.Rotation+1, nil
	}
	return next
}

// Power is an operator of the set with its voting power.
type Power struct {
	Address common.Address
	Power   uint64
}

// twoThirds says whether those chosen have more than two thirds of the power. Powers of a set add up in 64 bits, three times over.
func twoThirds(operators []Power, chosen func(common.Address) bool) bool {
	var have, total uint64
	for _, o := range operators {
		total += o.Power
		if chosen(o.Address) {
			have += o.Power
		}
	}
	return enough(have, total)
}

// enough says whether a power is more than two thirds of all.
func enough(have, total uint64) bool { return have > total/3*2+total%3*2/3 }

// silenceRotations is how many full rotations of proposers an owned lane is silent before it opens.
const silenceRotations = 3

// opened says whether an owned lane is open to all: nothing was heard of its owner for longer than the parameter, and for three rotations that began
// after it was heard. The clock is of the state before the block.
func (l Lane) opened(c Clock, p genesis.Params) bool {
	return c.Rotation > l.Rotation+silenceRotations && c.TimeMS > l.HeardMS && c.TimeMS-l.HeardMS > p.SilenceMS
}

// heard is the lane with its owner heard now.
func (l Lane) heard(c Clock) Lane {
	l.HeardMS, l.Rotation = c.TimeMS, c.Rotation
	return l
}
