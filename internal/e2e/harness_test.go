package e2e

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/ethclient"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/node/api"
	"github.com/lockstep-network/lockstep/node/api/client"
)

func TestMain(m *testing.M) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "lockstep-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	built = dir
	code := m.Run()
	_ = os.RemoveAll(dir) // what MkdirTemp has made, never a path that is computed
	os.Exit(code)
}

// realProcesses skips a story where there is no time for it.
func realProcesses(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts real processes: run without -short")
	}
}

// soak skips a long story unless it is asked for.
func soak(t *testing.T) {
	t.Helper()
	realProcesses(t)
	if os.Getenv("LOCKSTEP_SOAK") != "1" {
		t.Skip("takes long: set LOCKSTEP_SOAK=1")
	}
}

// soakRounds is how many rounds a long story has.
func soakRounds(t *testing.T) int {
	t.Helper()
	const usual = 60 // about seven minutes on two busy cores
	s := os.Getenv("LOCKSTEP_SOAK_ROUNDS")
	if s == "" {
		return usual
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		t.Fatalf("LOCKSTEP_SOAK_ROUNDS=%q: need a number of rounds, at least 1", s)
	}
	return n
}

// chance is where a story's choices come from, repeatable by its printed seed.
func chance(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("LOCKSTEP_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("LOCKSTEP_SEED: %v", err)
		}
		seed = n
	}
	t.Logf("LOCKSTEP_SEED=%d repeats this story's choices", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// options say what network a story needs; the zero value is four operators and two rollups.
type options struct {
	operators, rollups int      // 0: 4 and 2
	env                []string // for all processes
}

// network is processes that can be started, and how to reach them. None runs before it is started.
type network struct {
	t         *testing.T
	dir       string
	genesis   *genesis.Genesis
	payers    []*ecdsa.PrivateKey // funded on the ledger and on each rollup
	da        *process
	operators []*operator
	rollups   []*rollup
}

type operator struct {
	*process
	home, url string
	address   common.Address
	client    *client.Client
}

type rollup struct {
	*process
	home, url string
	chainID   uint64
	namespace namespaces.Namespace
	env       []string
}

// loopback returns an address block of its own, "127.x.y": where nothing listens.
func loopback(t testing.TB) string {
	t.Helper()
	for range 100 {
		block := fmt.Sprintf("127.%d.%d", 16+rand.IntN(230), rand.IntN(256))
		if l, err := net.Listen("tcp", block+".1:"+portDA); err == nil {
			_ = l.Close()
			return block
		}
	}
	t.Fatal("no loopback address is free")
	return ""
}

// All ports are below the range that systems hand out by themselves.
const (
	portDA       = "26658"
	portOperator = 26650 // first of ten
	portRollup   = 8540  // first of ten
)

// newNetwork generates folders, keys and genesis as an operator does by hand.
func newNetwork(t *testing.T, o options) *network {
	t.Helper()
	realProcesses(t)
	if o.operators == 0 {
		o.operators, o.rollups = 4, 2
	}
	n := &network{t: t, dir: filepath.Join(t.TempDir(), "net")}
	block := loopback(t)
	da := block + ".1:" + portDA
	args := []string{
		"init", "network", "--out", n.dir, "--chain-id", "lockstep-e2e", "--light", "--local", "--block-interval", "100ms", "--da", "http://" + da,
	}
	for i := range o.operators {
		args = append(args, "--operator", fmt.Sprintf("%s.%d:%d", block, 11+i, portOperator))
	}
	for i := range o.rollups {
		args = append(args, "--rollup", fmt.Sprintf("%s.%d:%d", block, 101+i, portRollup))
	}
	must(t, nil, args...)
	logs := filepath.Dir(n.dir)
	n.da = newProcess(t, logs, "da", o.env, "da", "serve", "--dir", filepath.Join(n.dir, "da"), "--listen", da, "--interval", "200ms")
	n.read(logs, append([]string{"LOCKSTEP_PUBLISH_AGE=300ms"}, o.env...))
	return n
}

// read takes the folders' own description of the network.
func (n *network) read(logs string, env []string) {
	n.t.Helper()
	n.genesis = readGenesis(n.t, filepath.Join(n.dir, "genesis.json"))
	var description struct {
		Operators, Rollups []struct {
			Name, Home, RPC, Namespace string
			ChainID                    uint64
		}
	}
	readJSON(n.t, filepath.Join(n.dir, "network.json"), &description)
	for _, m := range description.Operators {
		home := filepath.Join(n.dir, m.Home)
		n.operators = append(n.operators, n.operator(m.Name, home, m.RPC, newProcess(n.t, logs, m.Name, env, "start", "--home", home)))
	}
	for _, m := range description.Rollups {
		ns, err := namespaces.Parse(m.Namespace)
		if err != nil {
			n.t.Fatal(err)
		}
		home := filepath.Join(n.dir, m.Home)
		p := newProcess(n.t, logs, m.Name, env, "rollup", "start", "--home", home)
		n.rollups = append(n.rollups, &rollup{process: p, home: home, url: m.RPC, chainID: m.ChainID, namespace: ns, env: env})
	}
	var accounts []struct{ PrivateKey string }
	readJSON(n.t, filepath.Join(n.dir, "accounts.json"), &accounts)
	for _, a := range accounts {
		n.payers = append(n.payers, privateKey(n.t, a.PrivateKey))
	}
}

func (n *network) operator(name, home, url string, p *process) *operator {
	n.t.Helper()
	c, err := client.Dial(n.t.Context(), url)
	if err != nil {
		n.t.Fatalf("%s: %v", name, err)
	}
	n.t.Cleanup(c.Close)
	p.supervised = true
	o := &operator{process: p, home: home, url: url, client: c}
	for _, g := range n.genesis.Operators {
		if g.Name == name {
			o.address = g.Address
		}
	}
	return o
}

// processes lists all, running or not.
func (n *network) processes() []*process {
	out := []*process{n.da}
	for _, o := range n.operators {
		out = append(out, o.process)
	}
	for _, r := range n.rollups {
		out = append(out, r.process)
	}
	return out
}

// until waits for a condition; a process that ends by itself fails the story.
func (n *network) until(what string, check func(context.Context) error) {
	n.t.Helper()
	eventually(n.t, what, n.processes(), check)
}

// startOperators starts the DA layer and the operators, and waits until all of them certify blocks.
func (n *network) startOperators() {
	n.t.Helper()
	n.da.start()
	for _, o := range n.operators {
		o.start()
	}
	for _, o := range n.operators {
		n.certifies(o, 1)
	}
}

// startAll starts the rollups too, and waits until they answer wallets.
func (n *network) startAll() {
	n.t.Helper()
	n.startOperators()
	for _, r := range n.rollups {
		r.start()
	}
	for _, r := range n.rollups {
		n.answers(r)
	}
}

// certifies waits until an operator has certified a height.
func (n *network) certifies(o *operator, height uint64) {
	n.t.Helper()
	n.until(fmt.Sprintf("%s certifies block %d", o.name, height), func(ctx context.Context) error {
		s, err := o.client.Status(ctx)
		if err == nil && s.Certified < height {
			err = fmt.Errorf("it has certified block %d of %d", s.Certified, s.Head)
		}
		return err
	})
}

// votes waits until an operator has caught up and votes: certificates of new blocks bear its signature.
func (n *network) votes(o *operator) {
	n.t.Helper()
	from := n.highest()
	n.until(o.name+" votes", func(ctx context.Context) error {
		s, err := o.client.Status(ctx)
		if err != nil {
			return err
		}
		for height := max(from, s.Certified-min(s.Certified, 20)) + 1; height <= s.Certified; height++ {
			c, err := o.client.Certificate(ctx, api.HeightOf(height))
			if err != nil {
				return err
			}
			if slices.Contains(c.Signers, o.address) {
				return nil
			}
		}
		return fmt.Errorf("it has certified block %d, and signed none from %d on", s.Certified, from)
	})
}

// status asks an operator where it is.
func (n *network) status(o *operator) *api.Status {
	n.t.Helper()
	s, err := o.client.Status(n.t.Context())
	if err != nil {
		n.t.Fatalf("%s: %v", o.name, err)
	}
	return s
}

// answers waits until a rollup node answers wallets.
func (n *network) answers(r *rollup) {
	n.t.Helper()
	n.until(r.name+" answers wallets", func(ctx context.Context) error {
		_, err := r.heads(ctx)
		return err
	})
}

// follows waits until a rollup node has derived a shared height.
func (n *network) follows(r *rollup, height uint64) {
	n.t.Helper()
	n.until(fmt.Sprintf("%s derives shared block %d", r.name, height), func(ctx context.Context) error {
		h, err := r.heads(ctx)
		if err == nil && uint64(h.Soft.Height) < height {
			err = fmt.Errorf("it is at %d", h.Soft.Height)
		}
		return err
	})
}

// wallet opens an unmodified go-ethereum client.
func (n *network) wallet(r *rollup) *ethclient.Client {
	n.t.Helper()
	c, err := ethclient.DialContext(n.t.Context(), r.url)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(c.Close)
	return c
}

// rollupHeads is lockstep_status.
type rollupHeads struct{ Soft, Firm, Final rollupHead }

type rollupHead struct {
	Height, Number       hexNumber
	SharedHash           common.Hash
	BlockHash, StateRoot common.Hash
}

func (r *rollup) heads(ctx context.Context) (rollupHeads, error) {
	var h rollupHeads
	c, err := rpc.DialContext(ctx, r.url)
	if err != nil {
		return h, err
	}
	defer c.Close()
	return h, c.CallContext(ctx, &h, "lockstep_status")
}

// hexNumber is a number as Ethereum's JSON-RPC writes it.
type hexNumber uint64

func (n *hexNumber) UnmarshalJSON(raw []byte) error {
	v, err := strconv.ParseUint(strings.Trim(string(raw), `"`), 0, 64)
	*n = hexNumber(v)
	return err
}

func socketURL(url string) string { return "ws" + strings.TrimPrefix(url, "http") }

func readJSON(t testing.TB, path string, v any) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func readGenesis(t testing.TB, path string) *genesis.Genesis {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	g, err := genesis.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func privateKey(t testing.TB, s string) *ecdsa.PrivateKey {
	t.Helper()
	key, err := crypto.HexToECDSA(strings.TrimPrefix(s, "0x"))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func addressOf(key *ecdsa.PrivateKey) common.Address { return crypto.PubkeyToAddress(key.PublicKey) }
