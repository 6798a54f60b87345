package node

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/genesis"
	"github.com/lockstep-network/lockstep/namespaces/tx"
	"github.com/lockstep-network/lockstep/node/internal/chaintest"
	"github.com/lockstep-network/lockstep/node/keys"
	"github.com/lockstep-network/lockstep/node/ledger/stake"
	"github.com/lockstep-network/lockstep/node/ordering/engine"
	"github.com/lockstep-network/lockstep/node/store"
)

// rotation is a chain on which the first operator rotates its key, with that operator's keys folder.
type rotation struct {
	t      *testing.T
	net    *chaintest.Network
	store  *store.Store
	folder keys.Folder
	first  *keys.Operator
	owner  common.Address
}

func newRotation(t *testing.T) *rotation {
	t.Helper()
	key := chaintest.Key("operator 0")
	r := &rotation{t: t, owner: crypto.PubkeyToAddress(key.PublicKey)}
	r.net = chaintest.New(t, 1, func(g *genesis.Genesis) {
		g.Params.EpochMS = 1000
		g.Balances = append(g.Balances, genesis.Balance{Address: r.owner, Amount: uint256.NewInt(1 << 60)})
		slices.SortFunc(g.Balances, func(a, b genesis.Balance) int { return a.Address.Cmp(b.Address) })
	})
	r.net.Payers = append(r.net.Payers, key)
	r.store = r.net.Open(t, t.TempDir())
	dir := t.TempDir()
	r.folder = keys.NewFolder(dir, "secret")
	var err error
	if r.first, err = keys.ImportOperator(filepath.Join(dir, keys.OperatorFile), "secret", keys.Light, key); err != nil {
		t.Fatal(err)
	}
	return r
}

// open makes the keyring that a node has after a restart now.
func (r *rotation) open() *keyring {
	r.t.Helper()
	k, err := newKeyring(r.first, r.folder, r.store.Ledger, slog.New(slog.DiscardHandler))
	if err != nil {
		r.t.Fatal(err)
	}
	return k
}

// rotate sends the action for the next key.
func (r *rotation) rotate(next *keys.Operator) {
	r.t.Helper()
	proof, err := crypto.Sign(action.KeyDigest(r.net.Genesis.ChainID, r.owner).Bytes(), next.PrivateKey())
	if err != nil {
		r.t.Fatal(err)
	}
	data, err := action.Encode(&action.OperatorRotate{Key: action.Key(next.PublicKey()), Proof: tx.Signature(proof)})
	if err != nil {
		r.t.Fatal(err)
	}
	r.net.Commit(r.t, r.store, r.net.Signed(r.t, 1, tx.Fields{Salt: r.store.Head(), Expiry: r.store.Head() + 5, Legs: []tx.Leg{{Namespace: namespaces.Ledger(), Data: data}}}))
	record, _, err := stake.LoadOperator(r.store.Ledger().View, r.owner)
	if err != nil || len(record.NextKey) == 0 {
		r.t.Fatalf("the rotation was refused: %+v, %v", record, err)
	}
}

// expects holds a keyring against the set of the next height, and says which key is due there.
func (r *rotation) expects(k *keyring) common.Address {
	r.t.Helper()
	set, err := stake.LoadSet(r.store.Ledger().View, stake.Next)
	if err != nil {
		r.t.Fatal(err)
	}
	i := slices.IndexFunc(set.Members, func(m stake.Member) bool { return m.Owner == r.owner })
	if i < 0 {
		r.t.Fatal("the operator is not in the set")
	}
	want, height := set.Members[i].Address, r.store.Head()+1
	if got := k.Next().Address(); got != want {
		r.t.Errorf("height %d: consensus is told %s, the set has %s", height, got, want)
	}
	if key, err := k.At(height); err != nil || key.Address() != want {
		r.t.Errorf("height %d: signed by %v (%v), the set has %s", height, key, err, want)
	}
	for _, other := range []uint64{height - 1, height + 1} {
		if key, err := k.At(other); !errors.Is(err, engine.ErrNoKey) {
			r.t.Errorf("height %d: %v signs for height %d (%v)", height, key, other, err)
		}
	}
	return want
}

// Each height is signed with the key that stands in its set, by a node that runs on and by one that is started again at any moment; the old key ends
// for good.
func TestKeyringFollowsTheLedgerThroughARotation(t *testing.T) {
	r := newRotation(t)
	running := r.open()
	r.net.Commit(t, r.store)
	next, err := r.folder.Create(keys.Light)
	if err != nil {
		t.Fatal(err)
	}
	if err := running.refresh(t.Context()); err != nil || running.has(next.Address()) {
		t.Errorf("a key that the ledger does not know is opened (%v)", err)
	}
	r.rotate(next)
	if err := running.refresh(t.Context()); err != nil || !running.has(next.Address()) {
		t.Fatalf("the next key is not opened (%v)", err)
	}
	var signed []common.Address
	for len(signed) < 4 || signed[len(signed)-4] != next.Address() {
		signed = append(signed, r.expects(running))
		r.expects(r.open())
		r.net.Commit(t, r.store)
		if len(signed) > 50 {
			t.Fatal("the epoch does not end")
		}
	}
	switched := slices.Index(signed, next.Address())
	if switched == 0 || slices.Contains(signed[switched:], r.first.Address()) {
		t.Errorf("the keys did not change once: %s", signed)
	}
	old, _, err := stake.LoadKey(r.store.Ledger().View, r.first.Address())
	if err != nil || old.Until == 0 || old.Until >= r.store.Head() {
		t.Errorf("the old key's record is %+v (%v) at height %d", old, err, r.store.Head())
	}
	again, err := r.folder.Create(keys.Light)
	if err != nil {
		t.Fatal(err)
	}
	r.rotate(again)
	later := r.open()
	if !later.has(next.Address()) || !later.has(again.Address()) {
		t.Error("the second rotation does not find its keys")
	}
}

// Without its next key a node signs up to the switch and nothing after it, until the key is there.
func TestKeyringWithoutItsNextKey(t *testing.T) {
	r := newRotation(t)
	k := r.open()
	elsewhere := keys.NewFolder(t.TempDir(), "secret")
	next, err := elsewhere.Create(keys.Light)
	if err != nil {
		t.Fatal(err)
	}
	r.rotate(next)
	for head := r.store.Head(); ; head++ {
		if head > 50 {
			t.Fatal("the epoch does not end")
		}
		if err := k.refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		set, err := stake.LoadSet(r.store.Ledger().View, stake.Next)
		if err != nil {
			t.Fatal(err)
		}
		if set.Index(next.Address()) >= 0 {
			break
		}
		r.expects(k)
		r.net.Commit(t, r.store)
	}
	if k.missed != next.Address() {
		t.Error("nobody is told that the next key is missing")
	}
	if key, err := k.At(r.store.Head() + 1); !errors.Is(err, engine.ErrNoKey) {
		t.Errorf("signed by %v (%v)", key, err)
	}
	if got := k.Next(); got.Address() != r.first.Address() {
		t.Errorf("consensus is told %s, which is nobody's here", got)
	}
	if _, err := keys.ImportOperator(filepath.Join(r.folder.String(), "operator-late.json"), "secret", keys.Light, next.PrivateKey()); err != nil {
		t.Fatal(err)
	}
	if err := k.refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.expects(k)
}

// Keys of the set's other operators that lie in the home are never used: their nodes may sign with them. So it is in a home that one operator leaves to
// another, and in one whose first key is nobody's.
func TestKeyringUsesNoOtherOperatorsKey(t *testing.T) {
	r := newRotation(t)
	var others []common.Address
	for i := 1; i < 4; i++ {
		key := chaintest.Key(fmt.Sprintf("operator %d", i))
		others = append(others, crypto.PubkeyToAddress(key.PublicKey))
		r.put(r.folder.String(), key)
	}
	k := r.open()
	if slices.ContainsFunc(others, k.has) {
		t.Error("another operator's key is open")
	}
	if got := r.expects(k); got != r.first.Address() {
		t.Errorf("signed by %s", got)
	}
	fresh := keys.NewOperator(chaintest.Key("newcomer"))
	var out bytes.Buffer
	k, err := newKeyring(fresh, r.folder, r.store.Ledger, slog.New(slog.NewTextHandler(&out, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if key, err := k.At(r.store.Head() + 1); !errors.Is(err, engine.ErrNoKey) {
		t.Errorf("a home whose first key is nobody's signs with %v (%v)", key, err)
	}
	if err := k.refresh(t.Context()); err != nil || strings.Count(out.String(), "a home of its own") != 4 {
		t.Errorf("%v, want one line for each of four keys:\n%s", err, out.String())
	}
	if k.orders() || !r.open().orders() {
		t.Error("who orders is told wrongly")
	}
}

// The account of the home's first key may own an operator that signs with a further key.
func TestKeyringOfAnOwnerWithAFurtherKey(t *testing.T) {
	r := newRotation(t)
	dir := t.TempDir()
	folder := keys.NewFolder(dir, "secret")
	further, err := folder.Create(keys.Light)
	if err != nil {
		t.Fatal(err)
	}
	mine := keys.NewOperator(r.net.Payers[0])
	k, err := newKeyring(mine, folder, r.store.Ledger, slog.New(slog.DiscardHandler))
	if err != nil || k.has(further.Address()) {
		t.Fatalf("opened %v (%v)", k.has(further.Address()), err)
	}
	proof, err := crypto.Sign(action.KeyDigest(r.net.Genesis.ChainID, mine.Address()).Bytes(), further.PrivateKey())
	if err != nil {
		t.Fatal(err)
	}
	id, _ := peerOf(t, "further")
	seed := sha256.Sum256([]byte("further"))
	data, err := action.Encode(&action.OperatorCreate{
		NodeProof: action.NodeProof(ed25519.Sign(ed25519.NewKeyFromSeed(seed[:]), action.NodeStatement(r.net.Genesis.ChainID, mine.Address()))),
		Key:       action.Key(further.PublicKey()), Proof: tx.Signature(proof), Amount: uint256.NewInt(1e18),
		Node: action.Node{PeerID: id, Addresses: []string{"/ip4/10.0.0.5/tcp/1"}, Consensus: "10.0.0.5:2", Name: "further"},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.net.Commit(t, r.store, r.net.Signed(t, 0, tx.Fields{Salt: 1, Expiry: r.store.Head() + 5, Legs: []tx.Leg{{Namespace: namespaces.Ledger(), Data: data}}}))
	if err := k.refresh(t.Context()); err != nil || !k.has(further.Address()) {
		t.Fatalf("the operator's key is not opened (%v)", err)
	}
}

// put stores a key as a further one.
func (r *rotation) put(dir string, key *ecdsa.PrivateKey) {
	r.t.Helper()
	name := "operator-" + crypto.PubkeyToAddress(key.PublicKey).Hex() + ".json"
	if _, err := keys.ImportOperator(filepath.Join(dir, name), "secret", keys.Light, key); err != nil {
		r.t.Fatal(err)
	}
}

// A file that nobody can read keeps no other key from being opened.
func TestKeyringWithABrokenFile(t *testing.T) {
	r := newRotation(t)
	k := r.open()
	next, err := r.folder.Create(keys.Light)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.folder.String(), "operator-broken.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.rotate(next)
	if err := k.refresh(t.Context()); err != nil || !k.has(next.Address()) {
		t.Errorf("the next key is not opened (%v)", err)
	}
	if !strings.Contains(k.skipped, "operator-broken.json") {
		t.Errorf("nobody is told of the broken file: %q", k.skipped)
	}
}

// A key that does not open is tried again, ever more rarely, and signs once it opens.
func TestKeyringTriesAgain(t *testing.T) {
	r := newRotation(t)
	k := r.open()
	now := time.Unix(1_700_000_000, 0)
	k.now = func() time.Time { return now }
	next, err := keys.NewFolder(r.folder.String(), "another").Create(keys.Light)
	if err != nil {
		t.Fatal(err)
	}
	r.rotate(next)
	for i, seconds := range []int64{1, 2, 4, 8, 16, 32, 60, 60} {
		want := time.Unix(seconds, 0).Sub(time.Unix(0, 0))
		if err := k.refresh(t.Context()); err != nil || k.failed[next.Address()].pause != want {
			t.Fatalf("attempt %d: the next one after %s, want %s (%v)", i, k.failed[next.Address()].pause, want, err)
		}
		now = now.Add(want - 1)
		if err := k.refresh(t.Context()); err != nil || k.failed[next.Address()].pause != want {
			t.Fatalf("attempt %d: not waited for (%v)", i, err)
		}
		now = now.Add(1)
	}
	path := filepath.Join(r.folder.String(), "operator-"+next.Address().Hex()+".json")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	r.put(r.folder.String(), next.PrivateKey())
	if err := k.refresh(t.Context()); err != nil || !k.has(next.Address()) {
		t.Errorf("a key that opens by now is not opened (%v)", err)
	}
}

// A key that does not open, because its password is another, does not end the node.
func TestKeyringWithAKeyThatDoesNotOpen(t *testing.T) {
	r := newRotation(t)
	k := r.open()
	next, err := keys.NewFolder(r.folder.String(), "another").Create(keys.Light)
	if err != nil {
		t.Fatal(err)
	}
	r.rotate(next)
	if err := k.refresh(t.Context()); err != nil || k.has(next.Address()) || k.failed[next.Address()].pause == 0 {
		t.Errorf("%v, open %v, told %v", err, k.has(next.Address()), k.failed[next.Address()])
	}
	r.expects(k)
}

// A node whose key is no operator's follows with it.
func TestKeyringOfANewcomer(t *testing.T) {
	r := newRotation(t)
	mine := keys.NewOperator(chaintest.Key("newcomer"))
	k, err := newKeyring(mine, keys.NewFolder(t.TempDir(), "secret"), r.store.Ledger, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if got := k.Next(); got.Address() != mine.Address() {
		t.Errorf("consensus is told %s", got)
	}
	if key, err := k.At(1); !errors.Is(err, engine.ErrNoKey) {
		t.Errorf("signed by %v (%v)", key, err)
	}
	if _, found, err := k.owner(r.store.Ledger()); found || err != nil {
		t.Errorf("found %v (%v)", found, err)
	}
}
