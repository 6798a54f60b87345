package e2e

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/node/api"
)

// Short times of this story, in milliseconds.
const (
	stakeEpoch     = 2_000
	stakeUnbonding = 6_000
	stakeDowntime  = 5_000
	stakeJail      = 3_000
)

// stakeStory is what TestStakeIsPaidAndBurned moves about.
type stakeStory struct {
	*network
	owner, delegator string // files with the keys of accounts
}

// TestStakeIsPaidAndBurned: the one operator that publishes is paid for it, by what all have read back; a namespace's tank pays for what its gateway lets
// in; a rollup's namespace leaves at a height, and its node goes on without blocks; a delegator has its stake back after the time, and not before the
// change is published; an operator that is away is jailed and comes back; and one whose key signs in two processes at once loses what it has at stake.
func TestStakeIsPaidAndBurned(t *testing.T) {
	realProcesses(t)
	n := newNetwork(t, options{operators: 4, rollups: 1})
	s := &stakeStory{network: n, owner: keyFileOf(t, n.payers[0]), delegator: keyFileOf(t, n.payers[1])}
	publisher := n.operators[0]
	n.reshape(func(g *genesis.Genesis) {
		g.Params.EpochMS, g.Params.EvidenceMS, g.Params.UnbondingMS = stakeEpoch, stakeUnbonding, stakeUnbonding
		g.Params.DowntimeMS, g.Params.JailMS = stakeDowntime, stakeJail
		g.Params.DAPrice = g.Params.LanePrice // so that a batch costs enough to be seen
		g.Namespaces[0].Owner = addressOf(n.payers[0])
		for i := range g.Operators {
			if g.Operators[i].Address != publisher.address {
				g.Operators[i].Power = 30 // so that hardly any of what the publisher earns is for its votes
			} else {
				g.Operators[i].Power = 1
			}
		}
	})
	twin := s.twin(n.operators[3])
	n.startAll()

	s.filled()
	s.gated()
	s.publisherEarns(publisher)
	s.leaves(n.rollups[0])
	s.unbonds(n.operators[1], n.operators[2])
	s.votesTwice(n.operators[3], twin)
	for _, o := range n.operators[:3] {
		o.stop()
	}
	n.sameRoots(n.rollups[0])
}

func keyFileOf(t testing.TB, key *ecdsa.PrivateKey) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte(hexutil.Encode(crypto.FromECDSA(key))), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func newKey() *ecdsa.PrivateKey {
	key, _ := crypto.GenerateKey()
	return key
}

// by runs a verb that a key pays for, by way of the second operator.
func (s *stakeStory) by(key string, args ...string) said {
	s.t.Helper()
	at := slices.IndexFunc(args, func(a string) bool { return strings.HasPrefix(a, "--") }) // flags stand before the argument
	if at < 0 {
		at = len(args) - 1
	}
	return run(s.t, nil, slices.Insert(slices.Clone(args), at, "--rpc", s.operators[1].url, "--key-file", key)...)
}

// done is by for what must succeed.
func (s *stakeStory) done(key string, args ...string) {
	s.t.Helper()
	if out := s.by(key, args...); out.code != 0 {
		s.t.Fatalf("lockstep %s: %s%s", strings.Join(args, " "), out.out, out.err)
	}
}

func (s *stakeStory) balance(a common.Address) *uint256.Int {
	s.t.Helper()
	account, err := s.operators[1].client.Account(s.t.Context(), a)
	if err != nil {
		s.t.Fatal(err)
	}
	return account.Balance
}

func (s *stakeStory) supply() *api.Supply {
	s.t.Helper()
	out, err := s.operators[1].client.Supply(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	sum := new(uint256.Int)
	for _, part := range []*uint256.Int{out.Held, out.Treasury, out.Staked, out.Unbonding, out.Voters, out.Publishers, out.DA, out.Earned, out.Owed, out.Unclaimed} {
		sum.Add(sum, part)
	}
	if !sum.Eq(out.Total) {
		s.t.Fatalf("the parts of the supply are %s wei, it is %s", sum, out.Total)
	}
	return out
}

func (s *stakeStory) rewards(a common.Address) *api.Rewards {
	s.t.Helper()
	r, err := s.operators[1].client.Rewards(s.t.Context(), a, api.RewardOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// filled pays for a large leg, so that there is something to earn.
func (s *stakeStory) filled() {
	s.t.Helper()
	s.done(s.owner, "ns", "send", "--leg", hexutil.Encode(make([]byte, 40_000)), s.rollups[0].namespace.String())
}

// gated: a lane takes what its gateway lets in, from a payer that has nothing; the tank pays. After the exit no operator takes anything, and the owner has
// tank and deposit back.
func (s *stakeStory) gated() {
	s.t.Helper()
	ns, gateway, user := namespaces.Namespace{0: 'g', 9: 'd'}, newKey(), newKey()
	leg := []string{"--leg", "0x0102"}
	letIn := append([]string{"--tank", "--consent", keyFileOf(s.t, gateway)}, leg...)
	send := func(flags []string) said {
		return s.by(keyFileOf(s.t, user), append(append([]string{"ns", "send"}, flags...), ns.String())...)
	}
	s.done(s.owner, "ns", "register", "--policy", "gated", "--gateway", addressOf(gateway).Hex(), ns.String())
	if out := send(leg); out.code == 0 || !strings.Contains(out.err, "takes nothing without its owner's consent") {
		s.t.Errorf("without consent: %+v", out)
	}
	if out := send(letIn); out.code == 0 || !strings.Contains(out.err, "tank") {
		s.t.Errorf("with an empty tank: %+v", out)
	}
	s.done(s.owner, "ns", "tank", "fill", "--amount", "1", ns.String())
	if out := send(letIn); out.code != 0 {
		s.t.Fatalf("with a full tank: %+v", out)
	}
	now, err := s.operators[1].client.Namespace(s.t.Context(), ns)
	if err != nil {
		s.t.Fatal(err)
	}
	full := uint256.NewInt(1e18)
	if left := s.balance(addressOf(user)); !left.IsZero() || !now.Tank.Lt(full) {
		s.t.Errorf("the user has %s wei, the tank %s", left, now.Tank)
	}
	s.done(s.owner, "ns", "exit", ns.String())
	s.refusedEverywhere(ns)
	before := s.balance(addressOf(s.payers[0]))
	s.done(s.owner, "ns", "tank", "drain", "--amount", "0."+fmt.Sprintf("%018s", now.Tank.Dec()), ns.String())
	if got := new(uint256.Int).Sub(s.balance(addressOf(s.payers[0])), before); new(uint256.Int).Add(got, uint256.NewInt(1e16)).Lt(now.Tank) {
		s.t.Errorf("of the tank's %s wei the owner got %s", now.Tank, got)
	}
}

// refusedEverywhere: no operator takes a leg of a namespace that has left.
func (s *stakeStory) refusedEverywhere(ns namespaces.Namespace) {
	s.t.Helper()
	for _, o := range s.operators {
		said := refused(s.t, nil, "ns", "send", "--rpc", o.url, "--key-file", s.owner, "--leg", "0x01", ns.String())
		if !strings.Contains(said, "has left at height") {
			s.t.Errorf("%s says %q about a namespace that has left", o.name, said)
		}
	}
}

// publisherEarns: all operators attest what they have read back. So the publisher, and nobody else, has its cost back, and the eighth that belongs to
// who publishes is its own.
func (s *stakeStory) publisherEarns(publisher *operator) {
	s.t.Helper()
	first := s.highest()
	s.until("the publisher has its cost back", func(context.Context) error {
		if now := s.supply(); now.PaidHeight < first {
			return fmt.Errorf("publishers are paid to height %d of %d", now.PaidHeight, first)
		}
		if r := s.rewards(publisher.address); r.Lifetime.IsZero() || !r.Lifetime.Eq(r.Unclaimed) {
			return fmt.Errorf("it has %s wei, in its life %s", r.Unclaimed, r.Lifetime)
		}
		return nil
	})
	s.until("the publisher is owed its part", func(context.Context) error {
		if all, its := s.supply().Owed, s.rewards(publisher.address).Owed; new(uint256.Int).Mul(its, uint256.NewInt(20)).Lt(all) {
			return fmt.Errorf("of %s wei that operators are owed, %s are its own", all, its)
		}
		return nil
	})
	for _, o := range s.operators[1:] {
		if r := s.rewards(o.address); !r.Lifetime.IsZero() {
			s.t.Errorf("%s, which publishes nothing and has claimed nothing, has %s wei", o.name, r.Lifetime)
		}
	}
	s.until("headers say what is published", func(ctx context.Context) error {
		c := s.operators[2].client
		status, err := c.Status(ctx)
		if err != nil {
			return err
		}
		h, err := c.Header(ctx, api.HeightOf(status.Head))
		if err == nil && h.PublishedHeight < first {
			err = fmt.Errorf("header %d says %d", h.Height, h.PublishedHeight)
		}
		return err
	})
	before := s.rewards(publisher.address)
	must(s.t, nil, "rewards", "claim", "--rpc", s.operators[1].url, "--keystore", filepath.Join(publisher.home, "keys", "operator.json"))
	if after := s.rewards(publisher.address); after.Lifetime.Lt(new(uint256.Int).Add(before.Lifetime, before.Owed)) {
		s.t.Errorf("the publisher was owed %s wei; its life's rewards were %s and are %s", before.Owed, before.Lifetime, after.Lifetime)
	}
}

// leaves: the rollup's namespace leaves at a height. Up to there its wallets are served, from there on its lane is empty, and its node's heads go on.
func (s *stakeStory) leaves(r *rollup) {
	s.t.Helper()
	w := s.startTransfers(r, s.payers[2])
	w.more(1)
	exit := s.highest() + 40
	s.done(s.owner, "ns", "exit", "--height", fmt.Sprint(exit), r.namespace.String())
	s.follows(r, exit-1)
	before, err := r.heads(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	if before.Soft.Number == 0 {
		s.t.Error("the rollup has no block before the exit")
	}
	w.end()
	s.certifies(s.operators[1], exit)
	s.refusedEverywhere(r.namespace)
	s.follows(r, exit+5)
	after, err := r.heads(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	last := 0
	for i, entries := range s.readLanes(s.operators[1], r.namespace, s.readHeaders(s.operators[1], uint64(after.Soft.Height))) {
		if len(entries) > 0 {
			last = i + 1
		}
	}
	if last == 0 || uint64(last) >= exit {
		s.t.Errorf("the last leg stands at height %d, the namespace left at %d", last, exit)
	}
	s.t.Logf("the last leg stands at height %d, the namespace left at %d, the rollup is at %d", last, exit, after.Soft.Height)
}

// unbonds: a delegator bonds with one operator and takes its stake back, while another operator is away long enough to be jailed. The DA layer is away until the
// unbonding time is over: the stake is paid when it has both.
func (s *stakeStory) unbonds(with, away *operator) {
	s.t.Helper()
	s.done(s.delegator, "operator", "bond", "--operator", with.address.Hex(), "--amount", "10", "--yes")
	s.until(with.name+" has more power", func(ctx context.Context) error { return s.state(ctx, with, "power 40 of 101") })
	away.kill()
	s.da.kill()
	stood := s.sent(s.by(s.delegator, "operator", "unbond", "--operator", with.address.Hex(), "--all", "--json"))
	epoch := s.epochOf(stood.Height)
	withdraw := func() *api.Transaction {
		return s.sent(s.by(s.delegator, "operator", "withdraw", "--operator", with.address.Hex(), "--epoch", fmt.Sprint(epoch), "--json"))
	}
	if code := failure(withdraw()); code != "unbonding_time" {
		s.t.Errorf("withdraw at once: %q", code)
	}
	due := s.endOf(epoch) + stakeUnbonding
	s.until(away.name+" is jailed", func(ctx context.Context) error { return s.state(ctx, away, "state jailed until") })
	s.until("the unbonding time is over", func(context.Context) error {
		t := withdraw()
		over := t.TimeMS >= due
		if code := failure(t); code == "unbonding_unpublished" != over || code == "unbonding_time" == over {
			s.t.Fatalf("withdraw says %q at %d, the stake is due at %d", code, t.TimeMS, due)
		}
		if !over {
			return fmt.Errorf("it is %d, and due is %d", t.TimeMS, due)
		}
		return nil
	})
	s.da.start()
	away.start()
	before := s.balance(addressOf(s.payers[1]))
	s.until("the stake is paid", func(context.Context) error {
		switch code := failure(withdraw()); code {
		case "":
			return nil
		case "unbonding_unpublished":
			return errors.New(code)
		default:
			s.t.Fatalf("withdraw says %q", code)
			return nil
		}
	})
	if got, least := new(uint256.Int).Sub(s.balance(addressOf(s.payers[1])), before), uint256.NewInt(9_900_000_000_000_000_000); got.Lt(least) {
		s.t.Errorf("10 ether came back as %s wei", got)
	}
	if code := failure(withdraw()); code != "nothing_unbonding" {
		s.t.Errorf("withdraw again: %q", code)
	}
	s.until(away.name+" may come back", func(context.Context) error {
		out := run(s.t, nil, "operator", "unjail", "--rpc", s.operators[1].url, "--home", away.home)
		if out.code != 0 && !strings.Contains(out.err, "still_jailed") {
			s.t.Fatalf("unjail: %+v", out)
		}
		if out.code != 0 {
			return errors.New("it is still jailed")
		}
		return nil
	})
	s.until(away.name+" is in the set", func(ctx context.Context) error { return s.state(ctx, away, "state in the set") })
	s.votes(away)
}

// sent reads what a verb with --json says of its transaction, whatever its actions did.
func (s *stakeStory) sent(out said) *api.Transaction {
	s.t.Helper()
	t := new(api.Transaction)
	if err := json.Unmarshal([]byte(out.out), t); err != nil {
		s.t.Fatalf("%v: %+v", err, out)
	}
	return t
}

// failure is the code of an action that did nothing.
func failure(t *api.Transaction) string {
	if len(t.Failures) == 0 {
		return ""
	}
	return t.Failures[0].Code
}

// epochOf is the epoch of a height that is not long past.
func (s *stakeStory) epochOf(height uint64) uint64 {
	s.t.Helper()
	r := s.rewards(addressOf(s.payers[1]))
	epoch := r.Epoch
	for _, ended := range r.Roots { // newest first
		if ended.Height >= height {
			epoch = ended.Epoch
		}
	}
	return epoch
}

// endOf waits for the end of an epoch, and returns its time in milliseconds.
func (s *stakeStory) endOf(epoch uint64) (ms uint64) {
	s.t.Helper()
	s.until(fmt.Sprintf("epoch %d ends", epoch), func(context.Context) error {
		for _, ended := range s.rewards(addressOf(s.payers[1])).Roots {
			if ended.Epoch == epoch {
				ms = ended.EndMS
				return nil
			}
		}
		return errors.New("it is open")
	})
	return ms
}

// state looks for words that operator status says of an operator.
func (s *stakeStory) state(_ context.Context, o *operator, words string) error {
	s.t.Helper()
	said := must(s.t, nil, "operator", "status", "--rpc", s.operators[1].url, o.address.Hex())
	if !strings.Contains(strings.Join(strings.Fields(said), " "), words) {
		return fmt.Errorf("it says\n%s", said)
	}
	return nil
}

// twin is another home with an operator's key, as of somebody who starts it on a second host to be safe. Its links are let in by all.
func (s *stakeStory) twin(o *operator) *operator {
	s.t.Helper()
	ip, _, _ := strings.Cut(strings.TrimPrefix(o.url, "http://"), ":")
	h := handmade{filepath.Join(s.dir, "operators", "twin"), ip[:strings.LastIndexByte(ip, '.')] + ".32"}
	makeKeys(s.t, h) // a node key of its own
	for _, name := range []string{"genesis.json", "keys/operator.json", "keys/password"} {
		if err := os.WriteFile(filepath.Join(h.home, name), readFile(s.t, filepath.Join(o.home, name)), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	writeSettings(s.t, filepath.Join(h.home, "config.toml"), map[string]string{
		"p2p-listen": fmt.Sprintf("[%q]", "/ip4/"+h.ip+"/tcp/26650"), "consensus-listen": fmt.Sprintf("%q", h.at(26651)), "rpc-listen": fmt.Sprintf("%q", h.at(26652)),
		"block-interval": `"100ms"`, "local": "true",
	})
	_, id, _ := strings.Cut(must(s.t, nil, "keys", "show", "--home", h.home), "consensus id")
	id, _, _ = strings.Cut(strings.TrimSpace(id), "\n")
	for _, honest := range s.operators[:3] {
		honest.env = append(honest.env, "LOCKSTEP_CONSENSUS_PEERS="+id+"@"+h.at(26651))
	}
	return s.operator("twin", h.home, "http://"+h.at(26652), newProcess(s.t, filepath.Dir(s.dir), "twin", nil, "start", "--home", h.home))
}

// votesTwice: the twin votes beside the operator. When it is their turn to propose, each proposes its own block and votes for it. Consensus proves that, the ledger burns the
// stake and bars the key for good, and the others go on.
func (s *stakeStory) votesTwice(o, twin *operator) {
	s.t.Helper()
	before := s.supply()
	twin.start()
	s.until(o.name+" is tombstoned", func(ctx context.Context) error { return s.state(ctx, o, "state tombstoned") })
	twin.end()
	o.end()
	after := s.supply()
	burned := new(uint256.Int).Sub(after.Burned, before.Burned)
	// A twentieth, and three times its part of the power, which is 30 of 91: more than there is.
	if all := new(uint256.Int).Mul(uint256.NewInt(30), uint256.NewInt(1e18)); !burned.Eq(all) {
		s.t.Errorf("of 30 ether %s wei were burned", burned)
	}
	s.until(o.name+" is in no set", func(ctx context.Context) error { return s.state(ctx, o, "power 0 of 61, then 0") })
	s.certifies(s.operators[1], s.highest()+3)
	if out := run(s.t, nil, "operator", "leave", "--back", "--rpc", s.operators[1].url, "--home", o.home); out.code == 0 || !strings.Contains(out.err, "tombstoned") {
		s.t.Errorf("a way back: %+v", out)
	}
}
