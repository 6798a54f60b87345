package e2e

import (
	"path/filepath"
	"strings"
	"testing"
)

const apartRounds = 10

// TestExecutorApart: a rollup node is two processes, and either or both are killed while a wallet sends transfers. Everything that was
// acknowledged is in a block, and a node of one process derives the same blocks with the same state from the DA layer.
func TestExecutorApart(t *testing.T) {
	realProcesses(t)
	random := chance(t)
	n := newNetwork(t, options{operators: 4, rollups: 1})
	n.startOperators()
	driver := n.rollups[0]
	socket := filepath.Join(driver.home, "data", "executor.sock")
	driver.args = append(driver.args, "--executor", socket)
	executor := newProcess(t, filepath.Dir(n.dir), "executor", driver.env, "rollup", "executor", "--home", driver.home, "--metrics-listen", "")
	driver.start() // it waits for the executor
	executor.start()
	n.answers(driver)
	w := n.startTransfers(driver, n.payers[0])
	w.more(3)

	for round := range apartRounds {
		which := random.IntN(3)
		switch which {
		case 0:
			executor.kill()
			executor.start()
		case 1:
			driver.kill()
			driver.start()
		case 2:
			driver.kill()
			executor.kill()
			executor.start()
			driver.start()
		}
		n.answers(driver)
		w.more(1 + random.IntN(6))
		t.Logf("round %d: %s killed, %d transfers acknowledged in all", round, []string{"the executor was", "the driver was", "both were"}[which], w.count())
	}
	w.result()
	w.landed()
	n.finalizes(driver)
	n.sameRoots(driver)

	// An executor of another rollup at the same socket is not driven.
	driver.stop()
	executor.stop()
	other := newProcess(t, filepath.Dir(n.dir), "stranger", driver.env, "rollup", "executor", "--home", driver.home, "--metrics-listen", "",
		"--namespace", "0x01000000000000000007")
	other.start()
	driver.start()
	if said := driver.fails(); !strings.Contains(said, "the driver is of namespace") {
		t.Errorf("the driver says %s", said)
	}
	other.stop()
}
