package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
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
		Genesis: c.Genesis, Home: filepath.Join(c.Home, "consensus"), Keyring: OneKey{Key: operator}, Node: node,
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
