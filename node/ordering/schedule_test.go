package ordering

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"strconv"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/crypto/encoding"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/namespaces/cert"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
)

// TestAnyLegalSchedule drives the applications of four operators in any order in which CometBFT may call them: several
// rounds a height, proposals that lose, proposals of a byzantine operator, nodes that have not seen what is decided, that
// lag and catch up, that crash before and after each step and replay. Each schedule follows from its seed alone;
// LOCKSTEP_SCHEDULE_SEED=<seed> runs one again.
func TestAnyLegalSchedule(t *testing.T) {
	w := &schedules{
		t: t, genesis: testGenesis(t, nil), txs: universe(t), sigs: &signatures{verified: map[string]*tx.Tx{}}, attacks: attacks(),
		tried: map[string]int{}, poor: crypto.PubkeyToAddress(testKey(t, "payer", payers-1).PublicKey),
	}
	if text := os.Getenv("LOCKSTEP_SCHEDULE_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		w.run(seed)
		return
	}
	fixed, drawn := uint64(490), uint64(1600) // the fixed ones give each attack its chances, ten schedules each
	if testing.Short() {
		fixed, drawn = 196, 30
	}
	began := time.Now()
	for seed := range fixed {
		w.run(seed)
	}
	for _, a := range w.attacks {
		if w.tried[a.name] == 0 {
			t.Errorf("the attack %q never had a chance", a.name)
		}
	}
	if s := w.stats; s.txs == 0 || s.lost == 0 || s.crashes == 0 || s.replays == 0 || s.unseen == 0 || s.rejected == 0 || s.changes == 0 {
		t.Errorf("a case is missing: %+v", s)
	}
	first := uint64(began.UnixNano())
	t.Logf("seeds 0 to %d, and %d to %d", fixed-1, first, first+drawn-1)
	for i := range drawn {
		w.run(first + i)
	}
	t.Logf("%d schedules in %s: %+v", fixed+drawn, time.Since(began).Round(time.Millisecond), w.stats)
}

// schedules runs one schedule after the other and counts what happened in them.
type schedules struct {
	t       *testing.T
	genesis *genesis.Genesis
	txs     []*tx.Tx
	sigs    *signatures
	attacks []attack
	tried   map[string]int
	poor    common.Address // who can pay for little
	stats   struct{ blocks, txs, lost, rejected, crashes, replays, unseen, changes int }
}

// decided is a block as CometBFT's store keeps it.
type decided struct {
	s    slot
	txs  [][]byte
	hash []byte // the application's, after it

	updates []abci.ValidatorUpdate
}

// operator is one node: a store, and an application that a crash takes away.
type operator struct {
	store *memory
	pool  *bag
	app   *App
	seen  bool // has judged the block that was decided
}

// schedule is one run.
type schedule struct {
	*schedules

	seed      uint64
	rng       *rand.Rand
	operators []*operator
	chain     []decided
	doubles   []block.Fault // what every operator's consensus knows of double votes
}

func (w *schedules) run(seed uint64) {
	s := &schedule{schedules: w, seed: seed, rng: rand.New(rand.NewPCG(seed, 1))}
	defer func() {
		if w.t.Failed() {
			w.t.Logf("again with LOCKSTEP_SCHEDULE_SEED=%d", seed)
		}
	}()
	for range testOperators {
		o := &operator{store: newMemory(w.t, w.genesis), pool: &bag{rng: s.rng}}
		s.restart(o)
		s.operators = append(s.operators, o)
	}
	for range 3 + s.rng.IntN(6) {
		s.gossip()
		s.height()
	}
	for _, o := range s.operators {
		s.catchUp(o)
	}
	s.check()
}

func (s *schedule) fatalf(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("seed %d, height %d: %s", s.seed, len(s.chain)+1, fmt.Sprintf(format, args...))
}

// chance is true once in n times.
func (s *schedule) chance(n int) bool { return s.rng.IntN(n) == 0 }

// gossip gives each pool some of the transactions.
func (s *schedule) gossip() {
	for _, o := range s.operators {
		o.pool.txs = nil
		for _, t := range s.txs {
			if s.chance(3) {
				o.pool.txs = append(o.pool.txs, t)
			}
		}
	}
}

// restart is a crash and a start: what the application held in memory is gone.
func (s *schedule) restart(o *operator) {
	o.app, o.seen = newApp(s.t, s.genesis, o.store, o.pool, s.sigs), false
	o.app.config.Faults = func() []block.Fault { return s.doubles }
	s.info(o)
	if o.store.Head.Height == 0 {
		s.initChain(o)
	}
}

// info must tell what is committed and nothing else.
func (s *schedule) info(o *operator) {
	info, err := o.app.Info(s.t.Context(), &abci.RequestInfo{})
	if err != nil {
		s.fatalf("info: %v", err)
	}
	root := o.store.Head.Root()
	if uint64(info.LastBlockHeight) != o.store.Head.Height || !bytes.Equal(info.LastBlockAppHash, root[:]) {
		s.fatalf("info tells height %d, committed is %d", info.LastBlockHeight, o.store.Head.Height)
	}
}

func (s *schedule) initChain(o *operator) {
	g, err := EngineGenesis(s.genesis)
	if err != nil {
		s.fatalf("%v", err)
	}
	res, err := o.app.InitChain(s.t.Context(), &abci.RequestInitChain{ChainId: g.ChainID, AppStateBytes: g.AppState})
	if err != nil || !bytes.Equal(res.AppHash, g.AppHash) {
		s.fatalf("init chain: %v", err)
	}
}

// height decides one block, in one or more rounds.
func (s *schedule) height() {
	at := s.genesis.TimeMS
	if n := len(s.chain); n > 0 {
		at = s.chain[n-1].s.timeMS + 1 + s.rng.Uint64N(1000)
	}
	for _, o := range s.operators {
		o.seen = false
	}
	for round := 0; ; round++ {
		turn := (len(s.chain) + round) % testOperators
		if s.behind(s.operators[turn]) {
			s.catchUp(s.operators[turn])
		}
		slot := slot{uint64(len(s.chain) + 1), at, s.genesis.Operators[turn].Address, s.past(s.operators[turn])}
		what, txs, good := s.proposal(s.operators[turn], slot)
		if txs == nil {
			continue
		}
		s.judge(what, slot, txs, good)
		if good && !s.chance(3) {
			s.decide(slot, txs)
			return
		}
		s.stats.lost++
	}
}

// voters is how many CometBFT lists of the height before.
func (s *schedule) voters(o *operator) int {
	set, err := stake.LoadSet(o.store.Ledger().View, stake.Last)
	if err != nil {
		s.fatalf("%v", err)
	}
	return len(set.Members)
}

func (s *schedule) behind(o *operator) bool { return int(o.store.Head.Height) < len(s.chain) }

// proposal is that of an honest operator, of a selfish one (valid, but of its own choice), or an attack.
func (s *schedule) proposal(o *operator, at slot) (what string, txs [][]byte, good bool) {
	kind := s.rng.IntN(10)
	if kind < 6 {
		return "honest", s.prepare(o, at), true
	}
	p, err := o.app.parent()
	if err != nil {
		s.fatalf("%v", err)
	}
	a := &adversary{t: s.t, rng: s.rng, rules: o.app.rules, p: p, s: at, txs: s.txs, poor: s.poor}
	if kind < 7 {
		c := a.honest()
		return "selfish", [][]byte{c.raw, c.body}, true
	}
	if n := len(s.chain); n > 0 {
		a.old = s.chain[s.rng.IntN(n)].txs
	}
	attack := s.attacks[s.rng.IntN(len(s.attacks))]
	if s.chance(2) {
		attack = s.attacks[s.seed%uint64(len(s.attacks))] // a schedule has one that it likes
	}
	if txs = attack.make(a); txs != nil {
		s.tried[attack.name]++
	}
	return attack.name, txs, false
}

func (s *schedule) prepare(o *operator, at slot) [][]byte {
	if s.chance(10) { // a proposal that never leaves the node, and a crash
		s.prepareOnce(o, at)
		s.stats.crashes++
		s.restart(o)
	}
	return s.prepareOnce(o, at)
}

func (s *schedule) prepareOnce(o *operator, at slot) [][]byte {
	held := len(o.pool.txs)
	res, err := o.app.PrepareProposal(s.t.Context(), &abci.RequestPrepareProposal{
		MaxTxBytes: 1 << 20, Height: int64(at.height), Time: at.time(), ProposerAddress: at.proposer[:],
		LocalLastCommit: at.past.extended(s.voters(o)), Misbehavior: at.past.misbehavior(),
	})
	if err != nil {
		s.fatalf("prepare: %v", err)
	}
	if len(o.pool.txs) != held {
		s.fatalf("preparing took transactions out of the pool")
	}
	return res.Txs
}

func (s slot) time() time.Time { return time.UnixMilli(int64(s.timeMS)).Add(time.Microsecond) }

// judge shows the proposal to some operators, now and then twice or after a restart. All must say the same.
func (s *schedule) judge(what string, at slot, txs [][]byte, good bool) {
	for _, o := range s.operators {
		if s.behind(o) {
			if s.chance(2) { // CometBFT would not ask; the answer must be no and nothing worse
				if s.verdict(o, at, txs) {
					s.fatalf("a node that is behind accepts a proposal")
				}
				continue
			}
			s.catchUp(o)
		}
		if s.chance(5) {
			continue
		}
		for range 1 + s.rng.IntN(5)/4 {
			if got := s.verdict(o, at, txs); got != good {
				s.fatalf("a proposal (%s) that is valid: %v; the verdict is %v", what, good, got)
			}
		}
		o.seen = good
		if s.chance(12) {
			s.stats.crashes++
			s.restart(o)
			if got := s.verdict(o, at, txs); got != good {
				s.fatalf("a proposal (%s) has another verdict after a restart: %v", what, got)
			}
		}
	}
}

func (s *schedule) verdict(o *operator, at slot, txs [][]byte) bool {
	res, err := o.app.ProcessProposal(s.t.Context(), &abci.RequestProcessProposal{
		Txs: txs, Height: int64(at.height), Time: at.time(), ProposerAddress: at.proposer[:],
		ProposedLastCommit: at.past.commit(s.voters(o)), Misbehavior: at.past.misbehavior(),
	})
	if err != nil {
		s.fatalf("process: %v", err)
	}
	if !res.IsAccepted() {
		s.stats.rejected++
	}
	return res.IsAccepted()
}

// decide lets some operators apply the block at once; the others will replay it.
func (s *schedule) decide(at slot, txs [][]byte) {
	for _, o := range s.operators {
		s.extend(o, txs)
	}
	s.chain = append(s.chain, decided{s: at, txs: txs})
	s.stats.blocks++
	for _, o := range s.operators {
		if s.chance(6) {
			continue
		}
		if !o.seen {
			s.stats.unseen++
		}
		s.catchUp(o)
	}
}

func (s *schedule) extend(o *operator, txs [][]byte) {
	res, err := o.app.ExtendVote(s.t.Context(), &abci.RequestExtendVote{Txs: txs})
	if err != nil || !bytes.Equal(res.VoteExtension, crypto.Keccak256(txs[0])) {
		s.fatalf("extension %x, %v", res.GetVoteExtension(), err)
	}
	junk := make([]byte, 30+s.rng.IntN(4))
	verdict, err := o.app.VerifyVoteExtension(s.t.Context(), &abci.RequestVerifyVoteExtension{VoteExtension: junk})
	if err != nil || verdict.IsAccepted() != (len(junk) == 32) {
		s.fatalf("an extension of %d bytes: %v, %v", len(junk), verdict, err)
	}
}

// catchUp applies what the store lacks, with crashes at each step.
func (s *schedule) catchUp(o *operator) {
	for s.behind(o) {
		b := &s.chain[o.store.Head.Height]
		if o.store.Head.Height+1 < uint64(len(s.chain)) {
			s.stats.replays++
		}
		if s.crash(o) {
			continue
		}
		res, err := o.app.FinalizeBlock(s.t.Context(), &abci.RequestFinalizeBlock{
			Txs: b.txs, Height: int64(b.s.height), Time: b.s.time(), ProposerAddress: b.s.proposer[:],
		})
		if err != nil {
			s.fatalf("finalise height %d: %v", b.s.height, err)
		}
		if b.hash == nil {
			b.hash, b.updates = res.AppHash, res.ValidatorUpdates
		}
		if !bytes.Equal(b.hash, res.AppHash) || len(res.TxResults) != len(b.txs) || !reflect.DeepEqual(b.updates, res.ValidatorUpdates) {
			s.fatalf("height %d: application hash %x, another node has %x", b.s.height, res.AppHash, b.hash)
		}
		s.info(o)
		if s.crash(o) {
			continue
		}
		if _, err := o.app.Commit(s.t.Context(), &abci.RequestCommit{}); err != nil {
			s.fatalf("commit height %d: %v", b.s.height, err)
		}
		s.crash(o)
	}
}

func (s *schedule) crash(o *operator) bool {
	if !s.chance(12) {
		return false
	}
	s.stats.crashes++
	s.restart(o)
	return true
}

// validators are the operator sets by CometBFT's own rule: what FinalizeBlock of H returns acts at H+2.
type validators struct {
	power map[common.Address]uint64
	sets  []common.Hash // of heights 1, 2, ...
}

func newValidators(s *schedule) *validators {
	set, err := s.genesis.Set()
	if err != nil {
		s.fatalf("%v", err)
	}
	v := &validators{power: map[common.Address]uint64{}, sets: []common.Hash{set.Hash(), set.Hash()}}
	for _, o := range set.Operators() {
		v.power[o.Address] = o.Power
	}
	return v
}

func (v *validators) hash(i int) common.Hash { return v.sets[i] }

func (v *validators) after(s *schedule, updates []abci.ValidatorUpdate) {
	for _, u := range updates {
		key, err := encoding.PubKeyFromProto(u.PubKey)
		if err != nil {
			s.fatalf("%v", err)
		}
		s.stats.changes++
		if v.power[common.BytesToAddress(key.Address())] = uint64(u.Power); u.Power == 0 {
			delete(v.power, common.BytesToAddress(key.Address()))
		}
	}
	operators := make([]cert.Operator, 0, len(v.power))
	for a, p := range v.power { // any order: a set sorts
		operators = append(operators, cert.Operator{Address: a, Power: p})
	}
	set, err := cert.NewSet(operators)
	if err != nil {
		s.fatalf("%v", err)
	}
	v.sets = append(v.sets, set.Hash())
}
