package rollups

import (
	"github.com/ethereum/go-ethereum/common"

	"github.com/lockstep-network/lockstep/namespaces/forced"
)

// Head is how far one view of the rollup has come.
type Head struct {
	Height uint64      // shared height, 0 at genesis
	Hash   common.Hash // its header's hash; the genesis hash at height 0
	Output Output      // newest rollup block of a shared height not above Height

	// Where derivation stood then (specs/12-forced.md).
	TimeMS   uint64       // of the newest input
	Forced   forced.Place // up to which forced items are inserted
	DAHeight uint64       // at which Height and all below were readable, or of a fallback block after it; 0 while that is not known
}

// Heads are the three views: Final is never above Firm, Firm never above Soft. Soft is revocable until it is Firm, Firm until it is Final.
type Heads struct {
	Soft  Head // certified and executed
	Firm  Head // its copy on the DA layer was read back and is equal; goes back, not below Final, when the layer takes the copy back
	Final Head // the DA layer cannot take that copy back
}

// Numbers returns the rollup block numbers of the three.
func (h Heads) Numbers() (soft, firm, final uint64) {
	return h.Soft.Output.Number, h.Firm.Output.Number, h.Final.Output.Number
}
