package ordering

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/keys"
	"github.com/lockstep-network/lockstep/node/ledger"
	"github.com/lockstep-network/lockstep/node/ledger/state"
	"github.com/lockstep-network/lockstep/node/ordering/engine"
)

// single is one application at height 0 with its parts.
type single struct {
	genesis *genesis.Genesis
	store   *memory
	pool    *bag
	app     *App
}

func newSingle(t testing.TB, change func(*genesis.Params)) *single {
	t.Helper()
	g := testGenesis(t, change)
	s := &single{genesis: g, store: newMemory(t, g), pool: &bag{rng: rand.New(rand.NewPCG(1, 1))}}
	s.app = newApp(t, g, s.store, s.pool, &signatures{verified: map[string]*tx.Tx{}})
	return s
}

func (s *single) prepare(t testing.TB, room int64) [][]byte {
	t.Helper()
	res, err := s.app.PrepareProposal(t.Context(), &abci.RequestPrepareProposal{
		MaxTxBytes: room, Height: 1, Time: time.UnixMilli(int64(s.genesis.TimeMS)), ProposerAddress: s.genesis.Operators[0].Address[:],
	})
	if err != nil {
		t.Fatal(err)
	}
	return res.Txs
}

func (s *single) process(t testing.TB, txs [][]byte) bool {
	t.Helper()
	res, err := s.app.ProcessProposal(t.Context(), &abci.RequestProcessProposal{
		Txs: txs, Height: 1, Time: time.UnixMilli(int64(s.genesis.TimeMS)), ProposerAddress: s.genesis.Operators[0].Address[:],
	})
	if err != nil {
		t.Fatal(err)
	}
	return res.IsAccepted()
}

func (s *single) finalize(t testing.TB, height int64, txs [][]byte) error {
	t.Helper()
	_, err := s.app.FinalizeBlock(t.Context(), &abci.RequestFinalizeBlock{
		Txs: txs, Height: height, Time: time.UnixMilli(int64(s.genesis.TimeMS)), ProposerAddress: s.genesis.Operators[0].Address[:],
	})
	return err
}

func TestEmptyBlocksAreLegal(t *testing.T) {
	s := newSingle(t, nil)
	txs := s.prepare(t, 1<<20)
	if len(txs) != 2 || !s.process(t, txs) {
		t.Fatal("an empty block is not accepted")
	}
	if err := s.finalize(t, 1, txs); err != nil {
		t.Fatal(err)
	}
	if _, err := s.app.Commit(t.Context(), &abci.RequestCommit{}); err != nil {
		t.Fatal(err)
	}
}

// A proposal never takes more room than CometBFT grants, counted as CometBFT counts.
func TestProposalFitsWhatIsGranted(t *testing.T) {
	s := newSingle(t, nil)
	s.pool.txs = universe(t)
	for room := int64(700); room < 5000; room += 97 {
		var used int64
		for _, raw := range s.prepare(t, room) {
			used += int64(len(raw) + 1 + len(uvarint(len(raw))))
		}
		if used > room {
			t.Fatalf("%d bytes where %d are granted", used, room)
		}
	}
}

func uvarint(n int) []byte {
	var out []byte
	for ; n > 127; n >>= 7 {
		out = append(out, 0x80)
	}
	return append(out, 0)
}

// Bundles repeat their legs in each lane, so a body within its bound can make a lane that is not. The proposer must come to
// a block all the same.
func TestProposerGivesWayWhenALaneIsFull(t *testing.T) {
	s := newSingle(t, func(p *genesis.Params) {
		p.MaxBodyBytes, p.MaxTxBytes, p.MaxLegBytes, p.MaxSignatures = block.MaxBodySize, tx.MaxSize, tx.MaxLegData, 8192
		p.Capacity = genesis.MaxCapacity
	})
	for salt := range 1800 {
		f := tx.Fields{Salt: uint64(salt), Expiry: 3, Legs: make([]tx.Leg, tx.MaxBundleLegs)}
		for i := range f.Legs {
			f.Legs[i] = tx.Leg{Namespace: testNamespace(0), Data: []byte{1}}
		}
		f.Legs[0].Namespace = testNamespace(1)
		s.pool.txs = append(s.pool.txs, sign(t, salt%2, f))
	}
	if _, err := block.Assemble(block.Body{Batches: []block.Batch{{Txs: s.pool.txs}}}, block.AsListed); err == nil {
		t.Fatal("the lane is not full: this test tests nothing")
	}
	txs := s.prepare(t, 8<<20)
	p, err := s.app.parent()
	if err != nil {
		t.Fatal(err)
	}
	c, err := judge(s.app.rules, p, slot{1, s.genesis.TimeMS, s.genesis.Operators[0].Address, new(past)}, txs, s.app.config.Begin())
	if err != nil {
		t.Fatal(err)
	}
	if n := len(c.contents.Txs); n < 800 || n > 900 {
		t.Fatalf("%d transactions, want half of what does not fit", n)
	}
}

func TestDecidedRubbishEndsConsensusWithoutEffect(t *testing.T) {
	s := newSingle(t, nil)
	good := s.prepare(t, 1<<20)
	for name, c := range map[string]struct {
		height int64
		txs    [][]byte
	}{
		"garbage":     {1, [][]byte{{1}, {2}}},
		"no txs":      {1, nil},
		"height 2":    {2, good},
		"height 0":    {0, good},
		"wrong roots": {1, [][]byte{good[0], append(bytes.Clone(good[1]), 0)}},
	} {
		if err := s.finalize(t, c.height, c.txs); err == nil {
			t.Errorf("%s: finalised", name)
		}
		if _, err := s.app.Commit(t.Context(), &abci.RequestCommit{}); err == nil {
			t.Errorf("%s: committed", name)
		}
	}
	if s.store.Head.Height != 0 {
		t.Fatal("the store has moved")
	}
}

// Consensus is told to keep what the store keeps: nothing may be dropped unless somebody says so.
func TestCommitTellsWhatToRetain(t *testing.T) {
	for name, c := range map[string]struct {
		retain func() uint64
		want   int64
	}{
		"all":   {nil, 0},
		"floor": {func() uint64 { return 1 }, 1},
	} {
		s := newSingle(t, nil)
		s.app.config.Retain = c.retain
		if err := s.finalize(t, 1, s.prepare(t, 1<<20)); err != nil {
			t.Fatal(err)
		}
		res, err := s.app.Commit(t.Context(), &abci.RequestCommit{})
		if err != nil || res.RetainHeight != c.want {
			t.Errorf("%s: retain %d, %v, want %d", name, res.GetRetainHeight(), err, c.want)
		}
	}
}

func TestInitChainRefusesAnotherGenesis(t *testing.T) {
	s := newSingle(t, nil)
	g, err := EngineGenesis(s.genesis)
	if err != nil {
		t.Fatal(err)
	}
	other, err := EngineGenesis(testGenesis(t, func(p *genesis.Params) { p.LanePrice = 3 }))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		chain string
		state []byte
		good  bool
	}{
		"ours":            {g.ChainID, g.AppState, true},
		"another chain":   {"another", g.AppState, false},
		"another genesis": {g.ChainID, other.AppState, false},
		"no state":        {g.ChainID, nil, false},
		"rubbish":         {g.ChainID, []byte("{"), false},
	} {
		_, err := s.app.InitChain(t.Context(), &abci.RequestInitChain{ChainId: c.chain, AppStateBytes: c.state})
		if (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEngineGenesisIsValid(t *testing.T) {
	dir := t.TempDir()
	operator, err := keys.CreateOperator(filepath.Join(dir, "o"), "p", keys.Light)
	if err != nil {
		t.Fatal(err)
	}
	node, err := keys.CreateNode(filepath.Join(dir, "n"))
	if err != nil {
		t.Fatal(err)
	}
	const month = 30 * 24 * time.Hour
	g, err := EngineGenesis(testGenesis(t, func(p *genesis.Params) {
		p.MaxBodyBytes, p.EvidenceMS, p.UnbondingMS = block.MaxBodySize, uint64(month/time.Millisecond), uint64(month/time.Millisecond)
	}))
	if err != nil {
		t.Fatal(err)
	}
	if g.EvidenceAge < month+time.Hour {
		t.Errorf("consensus forgets double votes after %s; the ledger punishes them for %s after their epoch", g.EvidenceAge, month)
	}
	c := engine.Config{Genesis: g, Home: dir, Keyring: engine.OneKey{Key: operator}, Node: node, Listen: "127.0.0.1:1"}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if DefaultIdleWait > engine.DefaultProposeTimeout/2 {
		t.Error("the idle wait leaves too little of the propose timeout")
	}
}

// broken is a store that cannot be read.
type broken struct{ *memory }

func (b broken) Ledger() ledger.Parent { p := b.memory.Ledger(); p.View = b; return p }
func (broken) Record(state.Key) ([]byte, error) {
	return nil, errors.New("input/output error")
}

func TestUnreadableStateIsNoVerdictOnTransactions(t *testing.T) {
	s := newSingle(t, nil)
	s.pool.txs = []*tx.Tx{sign(t, 0, tx.Fields{Expiry: 2, Legs: []tx.Leg{{Namespace: testNamespace(0), Data: []byte{1}}}})}
	good := s.prepare(t, 1<<20)
	s.app = newApp(t, s.genesis, broken{s.store}, s.pool, &signatures{verified: map[string]*tx.Tx{}})
	_, err := s.app.PrepareProposal(t.Context(), &abci.RequestPrepareProposal{
		MaxTxBytes: 1 << 20, Height: 1, Time: time.UnixMilli(int64(s.genesis.TimeMS)), ProposerAddress: s.genesis.Operators[0].Address[:],
	})
	if err == nil {
		t.Error("a proposal is made of a state that cannot be read")
	}
	if s.process(t, good) {
		t.Error("a proposal is accepted on a state that cannot be read")
	}
	if err := s.finalize(t, 1, good); err == nil || errors.Is(err, errInvalid) {
		t.Errorf("finalised on a state that cannot be read: %v", err)
	}
}

// panics is a check with a defect.
type panics struct{}

func (panics) Decode([]byte) (*tx.Tx, error) { panic("a defect") }
func (panics) Verify() error                 { panic("a defect") }

func TestAPanicIsARejection(t *testing.T) {
	s := newSingle(t, nil)
	txs := s.prepare(t, 1<<20)
	s.app.judged = nil
	s.app.config.Begin = func() Check { return panics{} }
	if s.process(t, txs) {
		t.Fatal("accepted")
	}
}

// clocked is a pool in which the first transaction appears after a while.
type clocked struct {
	bag

	after time.Duration
}

func (c *clocked) Wait(ctx context.Context, _ uint64) error {
	select {
	case <-time.After(c.after):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestProposerKeepsThePace tells when a proposal leaves, in virtual time, after the one before was seen.
func TestProposerKeepsThePace(t *testing.T) {
	const interval, idle = 100 * time.Millisecond, 400 * time.Millisecond
	for _, c := range []struct {
		name   string
		since  time.Duration // from the proposal before to the request for this one
		height int64         // of the proposal before; 5 is asked for
		first  time.Duration // from the end of the pace to the first transaction
		want   time.Duration // from the request to the proposal
	}{
		{"transactions wait already", 60 * time.Millisecond, 4, 0, 40 * time.Millisecond},
		{"the round took the whole interval", 150 * time.Millisecond, 4, 0, 0},
		{"nothing known of the height before", 0, 2, 0, 0},
		{"a second round of the same height", 10 * time.Millisecond, 5, 0, 0},
		{"the first transaction comes later", 60 * time.Millisecond, 4, 100 * time.Millisecond, 140 * time.Millisecond},
		{"nothing comes", 60 * time.Millisecond, 4, time.Hour, idle},
		{"nothing comes, late", time.Second, 4, time.Hour, idle},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSingle(t, nil)
				s.app.config.Pool = &clocked{after: c.first}
				s.app.config.IdleWait, s.app.config.BlockInterval, s.app.pace.interval = idle, interval, interval
				s.app.pace.seen(uint64(c.height))
				time.Sleep(c.since)
				began := time.Now()
				s.app.wait(t.Context(), 5)
				if got := time.Since(began); got != c.want {
					t.Fatalf("waited %s, want %s", got, c.want)
				}
			})
		})
	}
}

func TestConfigIsComplete(t *testing.T) {
	s := newSingle(t, nil)
	for name, spoil := range map[string]func(*Config){
		"no genesis": func(c *Config) { c.Genesis = nil },
		"no pool":    func(c *Config) { c.Pool = nil },
		"no store":   func(c *Config) { c.Store = nil },
		"no check":   func(c *Config) { c.Begin = nil },
	} {
		c := s.app.config
		spoil(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// A program that does not know the next block's rules takes no part in it, and says from which height and what to do.
func TestUnknownRulesEndTheProgram(t *testing.T) {
	s := newSingle(t, func(p *genesis.Params) { p.ProtocolVersion = ledger.ProtocolVersion + 1 })
	var unknown *ledger.UpgradeError
	check := func(what string, err error) {
		t.Helper()
		if !errors.As(err, &unknown) || unknown.Height != 1 || !strings.Contains(err.Error(), "install a release") {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := s.app.PrepareProposal(t.Context(), &abci.RequestPrepareProposal{Height: 1, MaxTxBytes: 1 << 20, Time: time.UnixMilli(int64(s.genesis.TimeMS))})
	check("prepare", err)
	_, err = s.app.ProcessProposal(t.Context(), &abci.RequestProcessProposal{Height: 1})
	check("judge", err)
	_, err = s.app.FinalizeBlock(t.Context(), &abci.RequestFinalizeBlock{Height: 1})
	check("finalise", err)
	check("the node's part", s.app.Upgrade(t.Context()))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := newSingle(t, nil).app.Upgrade(ended); err != nil {
		t.Errorf("known rules: %v", err)
	}
}
