package node

import (
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"

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

// A key that does not open, because its password is another, does not end the node.
func TestKeyringWithAKeyThatDoesNotOpen(t *testing.T) {
	r := newRotation(t)
	k := r.open()
	next, err := keys.NewFolder(r.folder.String(), "another").Create(keys.Light)
	if err != nil {
		t.Fatal(err)
	}
	r.rotate(next)
	if err := k.refresh(t.Context()); err != nil || k.has(next.Address()) || !k.failed[next.Address()] {
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
