package node

import (
	"math/bits"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/da/readback"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/fee"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
	"github.com/lockstep-network/lockstep/node/ledger/state"
)

// attestWorth is how many times what all operators' attestations cost they must move out of the pots before any is sent: they then cost an eighth of that
// at most. All operators read the pots from the ledger, so they come to it together.
const attestWorth = 8

// readBack is what has been read back from the DA layer; a [readback.Follower] is one.
type readBack interface {
	// Firm is the newest block that stands whole on the layer.
	Firm() (readback.Tip, uint64)
	// Runs tells who published a range of heights.
	Runs(first, last uint64) []readback.Run
	// Forget drops what is known of the heights up to one.
	Forget(height uint64)
}

// attestation is what this operator attests now of who has published (specs/09-operators.md, "Publisher"); nil if there is nothing to say, nothing new, or
// nothing worth its fee. prices are those of the ledger's namespace.
func attestation(seen readBack, parent ledger.Parent, self common.Address, prices fee.Prices) (*action.AttestBatch, error) {
	pots, err := stake.LoadPots(parent.View)
	if err != nil {
		return nil, err
	}
	seen.Forget(pots.Paid)
	tip, _ := seen.Firm()
	firm := min(tip.Height, parent.Head.Height)
	if firm <= pots.Paid {
		return nil, nil
	}
	set, err := stake.LoadSet(parent.View, stake.Next)
	if err != nil {
		return nil, err
	}
	i := set.Acting(self)
	if i < 0 {
		return nil, nil
	}
	a := attested(seen, pots.Paid+1, firm)
	raw, err := action.Encode(a)
	if err != nil {
		return nil, err
	}
	var cost uint256.Int
	cost.Mul(uint256.NewInt(uint64(len(raw)*len(set.Members)*attestWorth)), uint256.NewInt(prices.Sum()))
	if moves := stake.Payable(pots, a, parent.Head.Height+1, prices.DA); moves.Lt(&cost) {
		return nil, nil
	}
	mine, err := stake.Attestation(a)
	if err != nil {
		return nil, err
	}
	last, _, err := state.Load[common.Hash](parent.View, stake.AttestationKey(set.Members[i].Owner))
	if err != nil || last == mine {
		return nil, err
	}
	return a, nil
}

// attested sums up who published the heights from first to the boundary that firm has passed.
func attested(seen readBack, first, firm uint64) *action.AttestBatch {
	a := &action.AttestBatch{First: first}
	if firm-first >= readback.Remembered {
		a.Runs = []action.BatchRun{{Last: boundary(first, firm-readback.Remembered)}}
		return a
	}
	for _, r := range seen.Runs(first, boundary(first, firm)) {
		if len(a.Runs) == action.MaxRuns {
			break
		}
		a.Runs = append(a.Runs, action.BatchRun{Last: r.Last, Publisher: r.Publisher, Bytes: r.Bytes})
	}
	return a
}

// boundary is the height from first to firm that most powers of two divide. Operators whose firm heights differ by a little come to the same one but for moments
// that grow ever rarer the longer they wait, so equal attestations arise without a word between them.
func boundary(first, firm uint64) uint64 {
	k := bits.Len64((first-1)^firm) - 1
	return firm >> k << k
}
