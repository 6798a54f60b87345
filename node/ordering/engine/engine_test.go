package engine

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
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

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/node/keys"
)

// The tests run each engine in a process of its own, as operators do: the test binary again, told by childEnv what to be.
const childEnv = "LOCKSTEP_ENGINE_CHILD"

const (
	exitWatchdog = 3
	exitError    = 4
)

func TestMain(m *testing.M) {
	if spec := os.Getenv(childEnv); spec != "" {
		os.Exit(child(spec))
	}
	os.Exit(m.Run())
}

// childSpec is one engine process.
type childSpec struct {
	Home    string
	Listen  string
	Peers   []string
	Genesis Genesis
	PanicAt int64 // the application panics in this block
	HangAt  int64 // the application never returns from this block
	Stall   time.Duration
	Junk    bool // signs extensions that are no header's hash
}

// child runs one engine and writes a line per block to standard output:
//
//	block <height> <application hash> <votes for its header in the stored commit> <votes for the header before, in time or late>
func child(spec string) int {
	fail := func(err error) int { fmt.Fprintln(os.Stderr, "child:", err); return exitError }
	var c childSpec
	if err := json.Unmarshal([]byte(spec), &c); err != nil {
		return fail(err)
	}
	operator, err := keys.LoadOperator(filepath.Join(c.Home, keys.OperatorFile), "test")
	if err != nil {
		return fail(err)
	}
	node, err := keys.LoadNode(filepath.Join(c.Home, keys.NodeFile))
	if err != nil {
		return fail(err)
	}
	app, err := openApp(c)
	if err != nil {
		return fail(err)
	}
	ctx := context.Background()
	e, err := Start(ctx, Config{
		Genesis: c.Genesis, Home: filepath.Join(c.Home, "consensus"), Operator: operator, Node: node,
		Listen: c.Listen, Peers: c.Peers, Local: true, BlockInterval: 100 * time.Millisecond, StallTimeout: c.Stall,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}, app)
	if err != nil {
		return fail(err)
	}
	stop := make(chan error, 2)
	go func() { stop <- e.Watchdog(ctx) }()
	go func() { // the parent closes standard input to stop the child
		_, _ = os.Stdin.Read(make([]byte, 1))
		stop <- nil
	}()
	go report(e, app, c.Genesis.ChainID)
	if err := <-stop; err != nil {
		fmt.Fprintln(os.Stderr, "watchdog:", err)
		return exitWatchdog
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := e.Stop(ctx); err != nil {
		return fail(err)
	}
	return 0
}

func report(e *Engine, app *testApp, chainID string) {
	type vote struct{ operator, header string }
	seen := map[uint64]map[vote]bool{}
	var before committed
	for {
		select {
		case v, ok := <-e.LateVotes():
			if !ok {
				return
			}
			if v.Check(chainID, v.Height) != nil {
				continue
			}
			if seen[v.Height] == nil {
				seen[v.Height] = map[vote]bool{}
			}
			seen[v.Height][vote{v.Operator.Hex(), v.HeaderHash.Hex()}] = true
		case b := <-app.committed:
			votes, err := e.ExtendedCommit(uint64(b.height))
			if err != nil {
				fmt.Fprintln(os.Stderr, "child:", err)
			}
			stored, late := 0, 0
			for _, v := range votes {
				if v.HeaderHash == b.header && v.Check(chainID, uint64(b.height)) == nil {
					stored++
				}
			}
			for v := range seen[uint64(before.height)] {
				if v.header == before.header.Hex() {
					late++
				}
			}
			fmt.Printf("block %d %x %d %d\n", b.height, b.hash, stored, late)
			delete(seen, uint64(before.height))
			before = b
		}
	}
}

// testApp decides nothing: two transactions, header and body, whose hashes it chains. Its state is a file.
type testApp struct {
	abci.BaseApplication

	spec      childSpec
	path      string
	committed chan committed

	stored, next appState
	header       common.Hash
}

type appState struct {
	Height int64
	Hash   []byte
}

type committed struct {
	height int64
	hash   []byte
	header common.Hash
}

func openApp(c childSpec) (*testApp, error) {
	a := &testApp{spec: c, path: filepath.Join(c.Home, "app.json"), committed: make(chan committed, 1<<16)}
	text, err := os.ReadFile(a.path)
	if os.IsNotExist(err) {
		return a, nil
	}
	if err != nil {
		return nil, err
	}
	return a, json.Unmarshal(text, &a.stored)
}

func (a *testApp) Info(context.Context, *abci.RequestInfo) (*abci.ResponseInfo, error) {
	return &abci.ResponseInfo{LastBlockHeight: a.stored.Height, LastBlockAppHash: a.stored.Hash}, nil
}

func (a *testApp) PrepareProposal(_ context.Context, r *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	header := fmt.Sprintf("header %d %x %d", r.Height, r.ProposerAddress, r.Time.UnixNano())
	return &abci.ResponsePrepareProposal{Txs: [][]byte{[]byte(header), make([]byte, 200_000)}}, nil
}

func (a *testApp) ProcessProposal(_ context.Context, r *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	status := abci.ResponseProcessProposal_ACCEPT
	if len(r.Txs) != 2 {
		status = abci.ResponseProcessProposal_REJECT
	}
	return &abci.ResponseProcessProposal{Status: status}, nil
}

func (a *testApp) ExtendVote(_ context.Context, r *abci.RequestExtendVote) (*abci.ResponseExtendVote, error) {
	if a.spec.Junk {
		return &abci.ResponseExtendVote{VoteExtension: crypto.Keccak256([]byte("junk"), r.Txs[0])}, nil
	}
	return &abci.ResponseExtendVote{VoteExtension: crypto.Keccak256(r.Txs[0])}, nil
}

func (a *testApp) VerifyVoteExtension(_ context.Context, r *abci.RequestVerifyVoteExtension) (*abci.ResponseVerifyVoteExtension, error) {
	status := abci.ResponseVerifyVoteExtension_ACCEPT
	if len(r.VoteExtension) != 32 {
		status = abci.ResponseVerifyVoteExtension_REJECT
	}
	return &abci.ResponseVerifyVoteExtension{Status: status}, nil
}

func (a *testApp) FinalizeBlock(_ context.Context, r *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	if r.Height == a.spec.PanicAt {
		panic("the application panics, as told")
	}
	if r.Height == a.spec.HangAt {
		select {}
	}
	a.header = crypto.Keccak256Hash(r.Txs[0])
	a.next = appState{Height: r.Height, Hash: crypto.Keccak256(a.stored.Hash, a.header[:], r.Txs[1])}
	return &abci.ResponseFinalizeBlock{AppHash: a.next.Hash, TxResults: []*abci.ExecTxResult{{}, {}}}, nil
}

func (a *testApp) Commit(context.Context, *abci.RequestCommit) (*abci.ResponseCommit, error) {
	text, err := json.Marshal(a.next)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(a.path+".new", text, 0o600); err != nil {
		return nil, err
	}
	if err := os.Rename(a.path+".new", a.path); err != nil {
		return nil, err
	}
	a.stored = a.next
	a.committed <- committed{a.stored.Height, a.stored.Hash, a.header}
	return &abci.ResponseCommit{}, nil
}

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
	deadline := time.Now().Add(30 * time.Second)
	wake := time.AfterFunc(30*time.Second, w.news.Broadcast)
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
			case <-time.After(30 * time.Second):
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
