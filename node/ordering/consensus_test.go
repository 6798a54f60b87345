package ordering

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/keys"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ordering/engine"
	"github.com/lockstep-network/lockstep/node/pool"
	"github.com/lockstep-network/lockstep/node/store"
)

// Operators run in processes of their own: the test binary again, told by childEnv what to be.
const childEnv = "LOCKSTEP_ORDERING_CHILD"

func TestMain(m *testing.M) {
	if spec := os.Getenv(childEnv); spec != "" {
		if err := runChild(spec); err != nil {
			fmt.Fprintln(os.Stderr, "child:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// childSpec is one operator process. It puts its own transactions into its own pool: there is no gossip here.
type childSpec struct {
	Home    string
	Listen  string
	Peers   []string
	Genesis json.RawMessage
	Txs     [][]byte
}

// runChild writes a line per committed block to standard output: height, header hash, transactions, and whether the
// votes that it has seen by the next block make a certificate.
func runChild(spec string) error {
	var c childSpec
	if err := json.Unmarshal([]byte(spec), &c); err != nil {
		return err
	}
	g, err := genesis.Decode(c.Genesis)
	if err != nil {
		return err
	}
	operator, err := keys.LoadOperator(filepath.Join(c.Home, keys.OperatorFile), "test")
	if err != nil {
		return err
	}
	node, err := keys.LoadNode(filepath.Join(c.Home, keys.NodeFile))
	if err != nil {
		return err
	}
	s, err := store.Open(store.Config{Dir: filepath.Join(c.Home, "store"), Genesis: g})
	if err != nil {
		return err
	}
	p, err := pool.New(pool.DefaultConfig(ledger.NewRules(g)), s, s)
	if err != nil {
		return err
	}
	if _, err := p.Offer(c.Txs); err != nil { // those that are included already are dropped
		return err
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	app, err := New(Config{
		Genesis: g, Pool: p, Store: s, Begin: func() Check { return p.Checker().Begin() }, BlockInterval: 100 * time.Millisecond, Logger: logger,
	})
	if err != nil {
		return err
	}
	consensus, err := EngineGenesis(g)
	if err != nil {
		return err
	}
	ctx := context.Background()
	e, err := engine.Start(ctx, engine.Config{
		Genesis: consensus, Home: filepath.Join(c.Home, "consensus"), Keyring: engine.OneKey{Key: operator}, Node: node,
		Listen: c.Listen, Peers: c.Peers, Local: true, BlockInterval: 100 * time.Millisecond, Logger: logger,
	}, app)
	if err != nil {
		return err
	}
	failed := make(chan error, 3)
	go func() { failed <- e.Watchdog(ctx) }()
	go func() { failed <- p.Follow(ctx) }()
	go func() { failed <- childReports(ctx, g, s, e) }()
	return <-failed
}

func childReports(ctx context.Context, g *genesis.Genesis, s *store.Store, e *engine.Engine) error {
	set, err := g.Set()
	if err != nil {
		return err
	}
	votes := map[uint64][]cert.Vote{}
	var mu sync.Mutex
	go func() {
		for v := range e.LateVotes() {
			if v.Check(g.ChainID, v.Height) == nil {
				mu.Lock()
				votes[v.Height] = append(votes[v.Height], v.Vote)
				mu.Unlock()
			}
		}
	}()
	for height := uint64(1); ; height++ {
		if err := s.Wait(ctx, height+1); err != nil {
			return err
		}
		header, err := s.Header(height)
		if err != nil {
			return err
		}
		contents, err := s.Contents(height)
		if err != nil {
			return err
		}
		stored, err := e.ExtendedCommit(height)
		if err != nil {
			return err
		}
		mu.Lock()
		late := votes[height]
		delete(votes, height)
		mu.Unlock()
		c, err := cert.Assemble(set, height, header.Hash(), append(stored, late...))
		if err == nil {
			err = c.Verify(g.ChainID, set)
		}
		fmt.Printf("block %d %s %d %v\n", height, header.Hash(), len(contents.Txs), err == nil)
	}
}

// fleet is four operator processes.
type fleet struct {
	t     *testing.T
	specs []childSpec
	cmds  []*exec.Cmd
	ended []chan struct{}

	mu     sync.Mutex
	news   *sync.Cond
	height []uint64
	hashes map[uint64]string
	txs    map[uint64]int
	bare   int // reports of blocks without a certificate
	forks  []string
}

func (f *fleet) start(i int) {
	f.t.Helper()
	spec, err := json.Marshal(f.specs[i])
	if err != nil {
		f.t.Fatal(err)
	}
	log, err := os.OpenFile(filepath.Join(f.specs[i].Home, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		f.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), childEnv+"="+string(spec)), log
	out, err := cmd.StdoutPipe()
	if err != nil {
		f.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	ended := make(chan struct{})
	f.cmds[i], f.ended[i] = cmd, ended
	go func() {
		f.listen(i, out)
		_ = cmd.Wait()
		close(ended)
		f.news.Broadcast()
	}()
}

func (f *fleet) listen(i int, out io.Reader) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var height uint64
		var hash string
		var txs int
		var certified bool
		if _, err := fmt.Sscanf(lines.Text(), "block %d %s %d %t", &height, &hash, &txs, &certified); err != nil {
			continue
		}
		f.mu.Lock()
		if old, ok := f.hashes[height]; ok && old != hash {
			f.forks = append(f.forks, fmt.Sprintf("%d: %s, %s", height, old, hash))
		}
		f.hashes[height], f.txs[height], f.height[i] = hash, txs, height
		if !certified {
			f.bare++
		}
		f.mu.Unlock()
		f.news.Broadcast()
	}
}

func (f *fleet) kill(i int) {
	_ = f.cmds[i].Process.Kill() // it may have ended
	<-f.ended[i]
}

// await waits until the condition holds, which is asked under the lock.
func (f *fleet) await(what string, holds func() bool) {
	f.t.Helper()
	late := time.Now().Add(2 * time.Minute)
	wake := time.AfterFunc(2*time.Minute, f.news.Broadcast)
	defer wake.Stop()
	f.mu.Lock()
	defer f.mu.Unlock()
	for !holds() {
		if time.Now().After(late) {
			f.t.Fatalf("%s: heights %v, transactions by height %v", what, f.height, f.txs)
		}
		f.news.Wait()
	}
}

func newFleet(t *testing.T, txs [][]byte) *fleet {
	t.Helper()
	f := &fleet{
		t: t, cmds: make([]*exec.Cmd, testOperators), ended: make([]chan struct{}, testOperators),
		height: make([]uint64, testOperators), hashes: map[uint64]string{}, txs: map[uint64]int{},
	}
	f.news = sync.NewCond(&f.mu)
	g := testGenesis(t, func(p *genesis.Params) { p.MaxBodyBytes, p.MaxSignatures, p.ExpiryWindow = 100_000, 100, 1024 })
	g.TimeMS = uint64(time.Now().UnixMilli()) - 1000
	var peers []string
	for i := range testOperators {
		c := childSpec{Home: t.TempDir(), Listen: fmt.Sprintf("127.0.0.1:%d", freePort(t, i))}
		if _, err := keys.ImportOperator(filepath.Join(c.Home, keys.OperatorFile), "test", keys.Light, testKey(t, "operator", i)); err != nil {
			t.Fatal(err)
		}
		node, err := keys.CreateNode(filepath.Join(c.Home, keys.NodeFile))
		if err != nil {
			t.Fatal(err)
		}
		peers = append(peers, node.ConsensusID()+"@"+c.Listen)
		f.specs = append(f.specs, c)
	}
	document, err := g.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for i := range f.specs {
		c := &f.specs[i]
		c.Peers, c.Genesis = peers, document
		for k := i; k < len(txs); k += testOperators {
			c.Txs = append(c.Txs, txs[k])
		}
		f.start(i)
	}
	t.Cleanup(f.end)
	return f
}

func (f *fleet) end() {
	for i := range f.cmds {
		f.kill(i)
	}
	if !f.t.Failed() {
		return
	}
	for i, s := range f.specs {
		text, err := os.ReadFile(filepath.Join(s.Home, "log"))
		lines := strings.Split(string(text), "\n")
		f.t.Logf("operator %d (%v):\n%s", i, err, strings.Join(lines[max(0, len(lines)-10):], "\n"))
	}
}

// freePort finds a port below the ephemeral range.
func freePort(t *testing.T, i int) int {
	t.Helper()
	for port := 14_000 + os.Getpid()%500*10 + i; port < 21_000; port += testOperators {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return port
	}
	t.Fatal("no free port")
	return 0
}

// Four operators with real consensus, pool and store order what each of them was given; one is killed meanwhile and comes
// back. Every transaction stands once, no height has two headers, and heights are certified.
func TestOrderingOverRealConsensus(t *testing.T) {
	if testing.Short() {
		t.Skip("starts operator processes, which takes seconds: run without -short")
	}
	t.Parallel()
	var txs [][]byte
	for salt := range 400 {
		legs := []tx.Leg{{Namespace: testNamespace(salt % lanesHere), Data: make([]byte, 100)}}
		if salt%5 == 0 {
			legs = append(legs, tx.Leg{Namespace: testNamespace((salt + 1) % lanesHere), Data: make([]byte, 100)})
		}
		txs = append(txs, sign(t, salt%4, tx.Fields{Salt: uint64(salt), Expiry: 1000, Tip: uint64(salt % 3), Legs: legs}).Raw())
	}
	f := newFleet(t, txs)
	f.await("four operators make blocks", func() bool { return f.height[3] >= 3 })
	f.kill(3)
	f.await("three go on", func() bool { return min(f.height[0], f.height[1], f.height[2]) >= 12 })
	f.start(3)
	f.await("all transactions are included, and all operators are there", func() bool {
		sum := 0
		for _, n := range f.txs {
			sum += n
		}
		top := max(f.height[0], f.height[1], f.height[2])
		return sum == len(txs) && f.height[3]+3 >= top && top >= 20
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.forks) > 0 {
		t.Fatalf("two headers at one height: %v", f.forks)
	}
	t.Logf("heights %v, %d reports of a block without a certificate by the next one", f.height, f.bare)
	if f.bare > 0 {
		t.Errorf("%d blocks were not certified by their own commit among honest operators", f.bare)
	}
}
