package engine

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestFourOperatorsSurviveKills(t *testing.T) {
	t.Parallel()
	w := newNetwork(t, 4, nil)
	began := time.Now()
	w.await("four operators make blocks", 1, 0, 1, 2, 3)
	first := time.Now()
	w.await("four operators make blocks", 31, 0, 1, 2, 3)
	t.Logf("first block after %s, then an interval of %s", first.Sub(began), time.Since(first)/30)

	w.kill(3)
	w.await("three of four go on", w.height(0)+10, 0, 1, 2)
	w.start(3)
	w.await("the killed one catches up", w.height(0)+5, 3)

	w.kill(2)
	w.kill(3)
	settled := w.height(0) + 1  // a block may have been decided already
	time.Sleep(3 * time.Second) // that nothing happens cannot be waited for
	if h := max(w.height(0), w.height(1)); h > settled {
		t.Fatalf("two of four made blocks %d to %d", settled+1, h)
	}
	for i := range 2 {
		select {
		case <-w.nodes[i].exited:
			t.Fatalf("operator %d gave up while the others were down", i)
		default:
		}
	}
	back := time.Now()
	w.start(2)
	w.await("three of four resume", settled+10, 0, 1, 2)
	t.Logf("resumed ten blocks after %s", time.Since(back))
	w.start(3)
	w.await("all four again", w.height(0)+5, 0, 1, 2, 3)

	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.forks) > 0 {
		t.Fatalf("two hashes at one height: %v", w.forks)
	}
	for i, p := range w.nodes[:2] {
		if p.thin > 0 {
			t.Errorf("operator %d stored %d commits without a quorum of valid extensions", i, p.thin)
		}
		if p.votes[4] == 0 {
			t.Errorf("operator %d never saw all four votes", i)
		}
	}
}

// An operator that signs junk costs neither blocks nor, where the other votes come in time, certificates.
func TestJunkExtensionsCostNoBlocks(t *testing.T) {
	t.Parallel()
	n := 0
	w := newNetwork(t, 4, func(s *childSpec) { s.Junk = n == 3; n++ })
	w.await("three honest operators and one that signs junk", 30, 0, 1, 2, 3)
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.forks) > 0 {
		t.Fatalf("two hashes at one height: %v", w.forks)
	}
	for i, p := range w.nodes {
		if p.votes[4] > 0 || p.votes[3] == 0 {
			t.Errorf("operator %d saw blocks by number of votes %v: want three at most, and three at times", i, p.votes)
		}
	}
	t.Logf("operator 0: %d of %d stored commits have no quorum for their header; blocks by votes seen: %v", w.nodes[0].thin, w.nodes[0].height, w.nodes[0].votes)
}

func TestOperatorStopsAndGoesOn(t *testing.T) {
	t.Parallel()
	w := newNetwork(t, 1, nil)
	for range 3 {
		w.await("a single operator makes blocks", w.height(0)+10, 0)
		before := w.height(0)
		if err := w.nodes[0].stdin.Close(); err != nil {
			t.Fatal(err)
		}
		<-w.nodes[0].exited
		if code := w.nodes[0].cmd.ProcessState.ExitCode(); code != 0 {
			t.Fatalf("exit code %d after a stop", code)
		}
		w.start(0)
		w.await("goes on", before+5, 0)
	}
	if len(w.forks) > 0 {
		t.Fatalf("two hashes at one height: %v", w.forks)
	}
}

func TestWatchdogEndsAFailedOperator(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*childSpec){
		"the application panics":        func(s *childSpec) { s.PanicAt = 5 },
		"the application never returns": func(s *childSpec) { s.HangAt, s.Stall = 5, 2*time.Second },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newNetwork(t, 1, change)
			select {
			case <-w.nodes[0].exited:
			case <-time.After(2 * time.Minute):
				t.Fatal("still running")
			}
			if code := w.nodes[0].cmd.ProcessState.ExitCode(); code != exitWatchdog {
				t.Fatalf("exit code %d, want the watchdog's %d", code, exitWatchdog)
			}
			if h := w.height(0); h != 4 {
				t.Fatalf("ended at height %d, want 4", h)
			}
		})
	}
}

func TestOneProcessPerHome(t *testing.T) {
	t.Parallel()
	w := newNetwork(t, 1, nil)
	w.await("runs", 1, 0)
	spec, err := json.Marshal(w.specs[0])
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(spec))
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "another process runs this operator") {
		t.Fatalf("%v: %s", err, out)
	}
}
