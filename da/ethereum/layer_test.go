package ethereum

import (
	"testing"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/datest"
)

func TestConformance(t *testing.T) {
	l1 := startL1(t)
	blob := l1.config(3)
	calldata := blob
	calldata.Fees = Fees{LeavePercent: 1}
	for name, c := range map[string]Config{"blobs": blob, "calldata": calldata} {
		t.Run(name, func(t *testing.T) {
			l := open(t, c)
			datest.Run(t, func(*testing.T) da.Layer { return l })
		})
	}
}
