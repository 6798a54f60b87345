package datest_test

import (
	"testing"

	"github.com/lockstep-network/lockstep/da"
	"github.com/lockstep-network/lockstep/da/datest"
)

func TestForked(t *testing.T) {
	datest.Run(t, func(*testing.T) da.Layer { return datest.NewForked(3) })
}
