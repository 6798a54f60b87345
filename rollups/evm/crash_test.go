package evm

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/rollups"
)

// lostBound is the most blocks that a kill may make Open execute again: 128 layers, and
// what two of pathdb's buffers hold of the smallest blocks there are.
const lostBound = 128 + 2*64

// story is the shared block of a height in the tests that compare executors: it depends on
// the height only. Four accounts transfer, a fifth deploys a token and then moves it, and
// what is invalid in as many ways as fit is mixed in.
func story(height uint64) rollups.Input {
	nonce := height - 1
	token := crypto.CreateAddress(addr(4), 0)
	entries := [][]byte{
		transfer(0, nonce, addr(1)),
		{0x00, 0x01},
		transfer(2, nonce+1, addr(0)), // too early, becomes a duplicate next time
		transfer(1, nonce, common.BytesToAddress(crypto.Keccak256([]byte{byte(height), byte(height >> 8)}))),
		transfer(2, nonce, addr(3)),
		transfer(0, nonce, addr(1)), // a duplicate
		transfer(3, nonce+7, addr(1)),
		signFor(testChainID+1, 3, dynamic(nonce, &common.Address{}, nil)),
	}
	if nonce == 0 {
		entries = append(entries, sign(4, dynamic(0, nil, deployToken(1_000_000))))
	} else {
		entries = append(entries, sign(4, dynamic(nonce, &token, callToken("transfer(address,uint256)", addr(int(height%100)+5), 3))))
	}
	return input(height, "story", entries...)
}

const (
	childDir = "LOCKSTEP_EVM_TEST_DIR"
	// killRounds and linesPerRound size the kill test.
	killRounds    = 4
	linesPerRound = 250
)

// TestKilled kills a child process that executes blocks, at random points, and checks each
// time that what the child had acknowledged is still there and equal to an executor's that
// was never interrupted, after a bounded number of blocks executed again.
func TestKilled(t *testing.T) {
	if dir := os.Getenv(childDir); dir != "" {
		runChild(t, dir)
		return
	}
	if testing.Short() {
		t.Skip("starts processes and kills them: run without -short")
	}
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	cfg := testConfig(t.TempDir(), testGenesis(5))
	reference := open(t, testConfig(t.TempDir(), testGenesis(5)))
	for round := range killRounds {
		acknowledged := killChild(t, cfg.Dir, 1+rnd.IntN(linesPerRound))
		c, err := Open(t.Context(), cfg)
		if err != nil {
			t.Fatalf("round %d: open after kill: %v", round, err)
		}
		head := c.Head()
		if head.Height < acknowledged {
			t.Fatalf("round %d: head %d, the child had acknowledged %d", round, head.Height, acknowledged)
		}
		if c.restored > lostBound {
			t.Errorf("round %d: %d blocks executed again, bound %d", round, c.restored, lostBound)
		}
		t.Logf("round %d: head %d, executed again %d", round, head.Height, c.restored)
		for height := reference.Head().Height + 1; height <= head.Height; height++ {
			execute(t, reference, story(height))
		}
		if want := reference.Head(); head != want {
			t.Fatalf("round %d: head %+v, uninterrupted %+v", round, head, want)
		}
		if _, _, err := c.StateAt(head.Number - min(head.Number, 127)); err != nil {
			t.Errorf("round %d: recent state after kill: %v", round, err)
		}
		if round%2 == 0 { // every other round goes on from the kill, without a clean close
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := abandon(c); err != nil {
			t.Fatal(err)
		}
	}
}

// abandon closes the store without the journal, so that the state in memory is lost.
func abandon(c *Chain) error {
	c.write.Lock()
	defer c.write.Unlock()
	c.closed = true
	c.heads.close()
	if err := c.states.tries.Close(); err != nil {
		return err
	}
	return c.disk.Close()
}

// killChild starts a child on dir, kills it after it printed some lines, and returns the
// last height that it printed.
func killChild(t *testing.T, dir string, lines int) uint64 {
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$", "-test.count=1")
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var height uint64
	scanner := bufio.NewScanner(out)
	for i := 0; i < lines && scanner.Scan(); i++ {
		if _, err := fmt.Sscanf(scanner.Text(), "executed %d", &height); err != nil {
			t.Fatalf("child said %q", scanner.Text())
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	return height
}

// runChild executes the story until it is killed, bounded in case nobody does.
func runChild(t *testing.T, dir string) {
	c, err := Open(t.Context(), testConfig(dir, testGenesis(5)))
	if err != nil {
		t.Fatal(err)
	}
	for height := c.Head().Height + 1; height < 100_000; height++ {
		execute(t, c, story(height))
		fmt.Printf("executed %d\n", height)
	}
}
