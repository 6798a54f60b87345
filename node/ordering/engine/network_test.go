package engine

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lockstep-network/lockstep/node/keys"
)

// network is a set of engine processes and what they have said.
type network struct {
	t     *testing.T
	specs []childSpec

	mu     sync.Mutex
	news   *sync.Cond
	hashes map[int64]string // first hash seen for a height
	forks  []string
	nodes  []*process
}

type process struct {
	cmd    *exec.Cmd
	stdin  interface{ Close() error }
	height int64         // last block, under network.mu
	thin   int           // blocks whose stored commit has no quorum of valid votes, under network.mu
	votes  map[int]int   // blocks by the number of votes for their header, in time or late, under network.mu
	exited chan struct{} // closed after exit
}

func newNetwork(t *testing.T, n int, change func(*childSpec)) *network {
	t.Helper()
	if testing.Short() {
		t.Skip("starts operator processes, which takes seconds: run without -short")
	}
	w := &network{t: t, hashes: map[int64]string{}, nodes: make([]*process, n)}
	w.news = sync.NewCond(&w.mu)
	genesis := Genesis{ChainID: "engine-test", Time: time.Now().Add(-time.Second)}
	var peers []string
	ports := freePorts(t, n)
	for i := range n {
		home := filepath.Join(t.TempDir(), fmt.Sprintf("operator%d", i))
		operator, err := keys.CreateOperator(filepath.Join(home, keys.OperatorFile), "test", keys.Light)
		if err != nil {
			t.Fatal(err)
		}
		node, err := keys.CreateNode(filepath.Join(home, keys.NodeFile))
		if err != nil {
			t.Fatal(err)
		}
		genesis.Validators = append(genesis.Validators, Validator{
			Address: operator.Address(), PublicKey: operator.PublicKey(), Power: 10, Name: fmt.Sprintf("operator%d", i),
		})
		listen := fmt.Sprintf("127.0.0.1:%d", ports[i])
		peers = append(peers, node.ConsensusID()+"@"+listen)
		w.specs = append(w.specs, childSpec{Home: home, Listen: listen})
	}
	for i := range w.specs {
		w.specs[i].Peers, w.specs[i].Genesis = peers, genesis
		if change != nil {
			change(&w.specs[i])
		}
		w.start(i)
	}
	t.Cleanup(func() {
		for i := range w.nodes {
			w.kill(i)
		}
		if t.Failed() {
			w.showLogs()
		}
	})
	return w
}

// tried counts the ports that this process has looked at, so that parallel tests do not take the same.
var tried atomic.Int32

// freePorts finds n ports below the ephemeral range, from which the links' own outgoing ends are taken.
func freePorts(t *testing.T, n int) []int {
	t.Helper()
	var out []int
	for len(out) < n && tried.Load() < 1000 {
		port := 21000 + os.Getpid()%500*20 + int(tried.Add(1))
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		out = append(out, port)
	}
	if len(out) < n {
		t.Fatalf("found %d free ports, want %d", len(out), n)
	}
	return out
}

func (w *network) start(i int) {
	w.t.Helper()
	spec, err := json.Marshal(w.specs[i])
	if err != nil {
		w.t.Fatal(err)
	}
	log, err := os.OpenFile(filepath.Join(w.specs[i].Home, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		w.t.Fatal(err)
	}
	defer log.Close()
	p := &process{cmd: exec.Command(os.Args[0]), votes: map[int]int{}, exited: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), childEnv+"="+string(spec))
	p.cmd.Stderr = log
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		w.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	w.nodes[i] = p
	w.mu.Unlock()
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			w.heard(p, lines.Text())
		}
		_ = p.cmd.Wait()
		close(p.exited)
		w.news.Broadcast()
	}()
}

func (w *network) heard(p *process, line string) {
	var height int64
	var hash string
	var stored, seen int
	if _, err := fmt.Sscanf(line, "block %d %s %d %d", &height, &hash, &stored, &seen); err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if old, ok := w.hashes[height]; ok && old != hash {
		w.forks = append(w.forks, fmt.Sprintf("height %d: %s and %s", height, old, hash))
	}
	w.hashes[height] = hash
	p.height = max(p.height, height)
	if 3*stored <= 2*len(w.specs) {
		p.thin++
	}
	p.votes[seen]++
	w.news.Broadcast()
}

// await waits until every listed node has at least the height.
func (w *network) await(what string, height int64, nodes ...int) {
	w.t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	wake := time.AfterFunc(2*time.Minute, w.news.Broadcast)
	defer wake.Stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, i := range nodes {
		for w.nodes[i].height < height {
			select {
			case <-w.nodes[i].exited:
				w.t.Fatalf("%s: operator %d has ended at height %d, want %d", what, i, w.nodes[i].height, height)
			default:
			}
			if time.Now().After(deadline) {
				w.t.Fatalf("%s: operator %d is at height %d, want %d", what, i, w.nodes[i].height, height)
			}
			w.news.Wait()
		}
	}
}

func (w *network) height(i int) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.nodes[i].height
}

func (w *network) kill(i int) {
	p := w.nodes[i]
	_ = p.cmd.Process.Signal(syscall.SIGKILL) // it may have ended
	<-p.exited
}

func (w *network) showLogs() {
	for i, s := range w.specs {
		text, _ := os.ReadFile(filepath.Join(s.Home, "log"))
		lines := strings.Split(string(text), "\n")
		w.t.Logf("operator %d, last lines:\n%s", i, strings.Join(lines[max(0, len(lines)-15):], "\n"))
	}
}
